"""What must turn each test of this scenario red: `make red SCENARIO=no_preempt`."""

from __future__ import annotations

from harness.breaks import KEEPALIVED, Row, edit_live, edited, slow_adverts, unbroken
from harness.cluster import Cluster
from harness.lab import Lab

TAKING_BACK = edit_live(KEEPALIVED, "/nopreempt/d", "systemctl reload keepalived")
TEMPLATE = "roles/keepalived/templates/keepalived.conf.j2"


def rows(cluster: Cluster, lab: Lab) -> list[Row]:  # noqa: ARG001
    return [
        edited(
            "the preferred director takes the address back",
            # Of those that follow each other every second one, at least, breaks the preferred one.
            "one_switch and (power or cable)",
            "lvs1 lvs2",
            TAKING_BACK,
        ),
        slow_adverts("one_switch and (power or cable)", "lvs1 lvs2"),
        unbroken("one_switch and (power or cable)"),
        Row(
            "nothing is stopped when keepalived should be",
            "one_switch and keepalived",
            edits={"tests/harness/faults.py": ('"systemctl", "stop", unit', '"true"')},
        ),
        Row(
            "adverts are as slow as ever",
            "every_tenth",
            edits={TEMPLATE: ("    advert_int {{ instance.advert_int }}", "    advert_int 1")},
        ),
        Row(
            "nobody waits before it takes the address back",
            "waits_takes",
            edits={TEMPLATE: ("    preempt_delay {{", "    # preempt_delay {{")},
        ),
    ]

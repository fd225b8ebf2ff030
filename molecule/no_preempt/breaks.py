"""What must turn each test of this scenario red: `make red SCENARIO=no_preempt`."""

from __future__ import annotations

from harness.breaks import Row, edit_live, everywhere
from harness.cluster import Cluster
from harness.lab import Lab

KEEPALIVED = "/etc/keepalived/keepalived.conf"
TAKING_BACK = edit_live(KEEPALIVED, "/nopreempt/d", "systemctl reload keepalived")
SLOW_ADVERTS = edit_live(KEEPALIVED, "s/advert_int 1/advert_int 4/", "systemctl reload keepalived")
TEMPLATE = "roles/keepalived/templates/keepalived.conf.j2"


def rows(cluster: Cluster, lab: Lab) -> list[Row]:  # noqa: ARG001
    return [
        Row(
            "the preferred director takes the address back",
            # Of those that follow each other every second one, at least, breaks the preferred one.
            "one_switch and (power or cable)",
            everywhere("lvs1 lvs2", TAKING_BACK[0]),
            everywhere("lvs1 lvs2", TAKING_BACK[1]),
        ),
        Row(
            "adverts come every four seconds",
            "one_switch and (power or cable)",
            everywhere("lvs1 lvs2", SLOW_ADVERTS[0]),
            everywhere("lvs1 lvs2", SLOW_ADVERTS[1]),
        ),
        Row(
            "nothing is broken when power should be lost",
            "one_switch and (power or cable)",
            edits={"tests/harness/faults.py": ("        self._lab(breaking, host)\n", "        self._lab('status')\n")},
        ),
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

"""What must turn each test of this scenario red: `make red SCENARIO=dual_master`."""

from __future__ import annotations

from harness.breaks import (
    KEEPALIVED,
    Row,
    always_changed,
    answers_arp,
    edit_live,
    edited,
    everywhere,
    has_address,
    slow_adverts,
    unbroken,
)
from harness.cluster import Cluster
from harness.lab import Lab

BOUND = edit_live(KEEPALIVED, "s/lvs_sync_daemon eth0/& web_1/", "systemctl restart keepalived")
KEEPING = edit_live(KEEPALIVED, "s/advert_int 1/&\\n    nopreempt/", "systemctl reload keepalived")
ONE_ORDER = edit_live("/etc/knot/knot.conf", "s/answer-rotation: on/answer-rotation: off/", "systemctl restart knot")
NAMES = "plugins/module_utils/_description/views/dns.py"
MODEL = "plugins/module_utils/_description/model/vrrp.py"
NOT_SPREAD = {MODEL: ("hosts=_preferring(self.hosts or (), place),", "hosts=self.hosts,")}


def rows(cluster: Cluster, lab: Lab) -> list[Row]:  # noqa: ARG001
    second = cluster.services[1].vip
    return [
        answers_arp("both_directors_serve", "web1"),
        has_address("a director has the other's address too", "both_directors_serve", "lvs1", second),
        Row("one host is preferred for all", "both_directors_serve or three_directors", edits=NOT_SPREAD),
        edited(
            "the sync daemon is bound to the first instance", "under_one_id or stands_in and second", "lvs1 lvs2", BOUND
        ),
        Row(
            "the backup sends to a group too",
            "tell_on",
            {"lvs2": "systemd-run --unit=noise ping -q -I eth0 224.0.0.81"},
            {"lvs2": "systemctl stop noise"},
        ),
        slow_adverts("stands_in", "lvs1 lvs2"),
        Row(
            "nobody takes its own back",
            "stands_in and first",
            everywhere("lvs1 lvs2", KEEPING[0]),
            everywhere("lvs1 lvs2", f"{KEEPING[1]} && systemctl restart keepalived"),
        ),
        unbroken("stands_in"),
        always_changed("nothing_to_do"),
        edited("the name server answers in one order", "name_of_the_site", "ns1", ONE_ORDER),
        Row(
            "what is taken out stays",
            "name_of_the_site",
            edits={NAMES: ("if each not in leaving]", "]")},
        ),
        Row(
            "a name may lead nowhere",
            "lead_nowhere",
            edits={NAMES: ("if leaving.issuperset(held):", "if not held:")},
        ),
    ]

"""What must turn each test of this scenario red: `make red SCENARIO=dual_master`."""

from __future__ import annotations

from harness.breaks import Row, edit_live, everywhere
from harness.cluster import Cluster
from harness.lab import Lab

KEEPALIVED = "/etc/keepalived/keepalived.conf"
ARP = "for i in all lo eth0; do sysctl -qw net.ipv4.conf.$i.arp_ignore={} net.ipv4.conf.$i.arp_announce={}; done"
BOUND = edit_live(KEEPALIVED, "s/lvs_sync_daemon eth0/& web_1/", "systemctl restart keepalived")
SLOW_ADVERTS = edit_live(KEEPALIVED, "s/advert_int 1/advert_int 4/", "systemctl reload keepalived")
KEEPING = edit_live(KEEPALIVED, "s/advert_int 1/&\\n    nopreempt/", "systemctl reload keepalived")
MODEL = "plugins/module_utils/_description/model/vrrp.py"
NOT_SPREAD = {MODEL: ("hosts=_preferring(self.hosts or (), place),", "hosts=self.hosts,")}


def rows(cluster: Cluster, lab: Lab) -> list[Row]:  # noqa: ARG001
    second = cluster.services[1].vip
    return [
        Row(
            "a real server answers arp",
            "both_directors_serve",
            {"web1": ARP.format(0, 0)},
            {"web1": ARP.format(1, 2)},
        ),
        Row(
            "a director has the other's address too",
            "both_directors_serve",
            {"lvs1": f"ip address add {second}/32 dev eth0"},
            {"lvs1": f"ip address delete {second}/32 dev eth0"},
        ),
        Row("one host is preferred for all", "both_directors_serve or three_directors", edits=NOT_SPREAD),
        Row(
            "the sync daemon is bound to the first instance",
            "under_one_id or stands_in and second",
            everywhere("lvs1 lvs2", BOUND[0]),
            everywhere("lvs1 lvs2", BOUND[1]),
        ),
        Row(
            "the backup sends to a group too",
            "tell_on",
            {"lvs2": "systemd-run --unit=noise ping -q -I eth0 224.0.0.81"},
            {"lvs2": "systemctl stop noise"},
        ),
        Row(
            "adverts come every four seconds",
            "stands_in",
            everywhere("lvs1 lvs2", SLOW_ADVERTS[0]),
            everywhere("lvs1 lvs2", SLOW_ADVERTS[1]),
        ),
        Row(
            "nobody takes its own back",
            "stands_in and first",
            everywhere("lvs1 lvs2", KEEPING[0]),
            everywhere("lvs1 lvs2", f"{KEEPING[1]} && systemctl restart keepalived"),
        ),
        Row(
            "nothing is broken when power should be lost",
            "stands_in",
            edits={"tests/harness/faults.py": ("        self._lab(breaking, host)\n", "        self._lab('status')\n")},
        ),
        Row(
            "every run changes something",
            "nothing_to_do",
            edits={"roles/keepalived/tasks/stage.yml": ("  changed_when: false", "  changed_when: true")},
        ),
    ]

"""What must turn each test of this scenario red: `make red SCENARIO=vrrp`."""

from __future__ import annotations

from harness.breaks import Row, edit_live, everywhere
from harness.cluster import Cluster
from harness.lab import Lab

KEEPALIVED = "/etc/keepalived/keepalived.conf"
UNIT = "/etc/systemd/system/keepalived.service.d/lvs.conf"
ARP = "for i in all lo eth0; do sysctl -qw net.ipv4.conf.$i.arp_ignore={} net.ipv4.conf.$i.arp_announce={}; done"


def live(name: str, tests: str, hosts: str, expression: str, how: str = "reload") -> Row:
    """Something else in the file that runs."""
    change, back = edit_live(KEEPALIVED, expression, f"systemctl {how} keepalived")
    return Row(name, tests, everywhere(hosts, change), everywhere(hosts, back))


def rows(cluster: Cluster, lab: Lab) -> list[Row]:  # noqa: ARG001
    return [
        Row(
            "a real server answers arp",
            "three_versions",
            {"web1": ARP.format(0, 0)},
            {"web1": ARP.format(1, 2)},
        ),
        live("another password", "adverts_go", "lvs1 lvs2", "s/auth_pass .*/auth_pass other/"),
        live(
            "adverts come from another address",
            "adverts_go",
            "lvs1",
            "s/mcast_src_ip 198.18.40.11/mcast_src_ip 198.18.41.11/",
        ),
        live("no mac of its own", "mac_of_vrrps", "lvs2 lvs3", "/use_vmac/d", "restart"),
        live(
            "nothing tracks the interface",
            "mac_of_vrrps",
            "lvs2",
            "/^vrrp_instance vmac/,/^}/{/track_interface/,/}/d}",
        ),
        live("no label", "route_and_a_label", "lvs1 lvs2", "s/ label eth0:web//", "restart"),
        Row(
            "the backup has the route too",
            "route_and_a_label",
            {"lvs2": "ip route add default via 198.18.40.1 dev eth0 table 100"},
            {"lvs2": "ip route delete default via 198.18.40.1 dev eth0 table 100"},
        ),
        Row(
            "nobody takes the mail",
            "mail_tells",
            {"client": "systemctl stop opensmtpd"},
            {"client": "systemctl start opensmtpd"},
        ),
        live("nothing runs when it is master", "scripts_mark", "lvs1", "/notify_master/d"),
        live("the group runs nothing", "scripts_mark", "lvs1", "/^vrrp_sync_group/,/^}/{/notify/d}"),
        live(
            "each instance for itself", "both_addresses and outer", "lvs1 lvs2", "/^vrrp_sync_group/,/^}/d", "restart"
        ),
        live("nobody says a word at a fault", "both_addresses", "lvs1", "/notify_fault/d"),
        live("no file is watched", "lower_priority and file", "lvs3", "/^    track_file {/,/}/d"),
        live("no script with a weight", "lower_priority and script", "lvs3", "/^        eager$/d"),
        live("no interface with a weight", "lower_priority and interface", "lvs3", "/^        eth1 weight/d"),
        live("nobody asks a neighbour", "asks_the_master", "lvs3", "/^    track_bfd {/,/}/d"),
        Row(
            "systemd ends what keepalived has started",
            "scripts_mark",
            {"lvs1": f"echo KillMode=control-group >>{UNIT} && systemctl daemon-reload"},
            {"lvs1": f"sed -i '$d' {UNIT} && systemctl daemon-reload"},
        ),
        live("no raw line", "raw_line", "lvs3", "/notify_priority_changes/d"),
        live("no script without a weight", "without_a_weight", "lvs3", "/^        able$/d"),
        Row(
            "every run changes something",
            "nothing_to_do",
            edits={"roles/keepalived/tasks/stage.yml": ("  changed_when: false", "  changed_when: true")},
        ),
    ]

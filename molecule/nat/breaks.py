"""What must turn each test of this scenario red: `make red SCENARIO=nat`."""

from __future__ import annotations

from harness.breaks import KEEPALIVED, Row, always_changed, edit_live, edited, unbroken
from harness.cluster import Cluster
from harness.lab import Lab

FACTS = "plugins/module_utils/_description/facts.py"
DIRECTORS = "lvs1 lvs2"
LED = "/etc/network/interfaces.d/lvs-gateway-eth0"
SYSCTLS = "/etc/sysctl.d/60-lvs-director.conf"


def rows(cluster: Cluster, lab: Lab) -> list[Row]:  # noqa: ARG001
    service = cluster.service
    rule = f"ipvsadm -e -t {service.vip}:{service.port} -r {cluster.addresses['web3']}:{service.port} -w 1"
    restarted = "systemctl restart keepalived"
    apart = edit_live(KEEPALIVED, "/^vrrp_sync_group/,/^}/d", restarted)
    silent = edit_live(KEEPALIVED, "/lvs_sync_daemon/d", restarted)
    way = "ip route replace default via {} dev eth0"
    return [
        Row(
            "answers of a real server pass the director by",
            "served_and_seen or go_back",
            {"web1": way.format("198.18.122.1")},
            {"web1": way.format("198.18.122.100")},
        ),
        Row(
            "half of the world is led elsewhere",
            "served_and_seen or go_back",
            {"web2": "ip route delete 128.0.0.0/1"},
            {"web2": "ip route replace 128.0.0.0/1 via 198.18.122.100 dev eth0"},
        ),
        Row(
            "a boot leads nobody",
            "is_led",
            {"web2": f"mv {LED} /var/tmp/led"},
            {"web2": f"mv /var/tmp/led {LED}"},
        ),
        Row("a real server outside gets packets by nat", "go_back", {"lvs1": f"{rule} -m"}, {"lvs1": f"{rule} -g"}),
        Row(
            "a real server inside has the address",
            "know_nothing",
            {"web1": f"ip address add {service.vip}/32 dev lo"},
            {"web1": f"ip address delete {service.vip}/32 dev lo"},
        ),
        Row(
            "a director tells of a shorter way",
            "directors_forward",
            {"lvs2": "sysctl -w net.ipv4.conf.eth1.send_redirects=1"},
            {"lvs2": "sysctl -w net.ipv4.conf.eth1.send_redirects=0"},
        ),
        always_changed("second_run"),
        Row("nobody looks at gateways", "is_refused", edits={FACTS: ("elif host.near(each) and", "elif False and")}),
        unbroken("loses_power"),
        edited("directors tell no connections", "loses_power or cable", DIRECTORS, silent),
        Row(
            "a boot forwards nothing",
            "loses_power",
            {"lvs1": f"cp {SYSCTLS} /var/tmp/kept && sed -i '/ip_forward/d' {SYSCTLS}"},
            {"lvs1": f"mv /var/tmp/kept {SYSCTLS} && sysctl -p {SYSCTLS}"},
        ),
        edited("each address for itself", "cable", DIRECTORS, apart),
    ]

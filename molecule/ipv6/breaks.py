"""What must turn each test of this scenario red: `make red SCENARIO=ipv6`."""

from __future__ import annotations

from harness.breaks import (
    KEEPALIVED,
    Row,
    always_changed,
    edit_live,
    edited,
    has_address,
    slow_adverts,
    unbroken,
)
from harness.cluster import Cluster
from harness.lab import Lab

DIRECTORS = "lvs1 lvs2"
# What tc knows packets by: those of VRRP, and what is told to all neighbours.
ADVERTS = ("ip u32 match ip protocol 112 0xff", "ipv6 u32 match u8 112 0xff at 6")
TO_ALL_NODES = "ipv6 u32 match ip6 dst ff02::1/128"
NGINX = "/etc/nginx/conf.d/lvs.conf"
IFUPDOWN = "/etc/network/interfaces.d/lvs-loopback"
NETWORKD = "/etc/systemd/network/10-lvs-loopback.network.d/lvs-loopback.conf"


def rows(cluster: Cluster, lab: Lab) -> list[Row]:  # noqa: ARG001
    six = next(each for each in cluster.services if ":" in each.vip)

    def live(name: str, tests: str, expression: str) -> Row:
        return edited(name, tests, DIRECTORS, edit_live(KEEPALIVED, expression, "systemctl restart keepalived"))

    def lost(name: str, tests: str, way: str, *packets: str) -> Row:
        """Packets that do not get through the backup's card, out or in."""
        drops = [f"tc filter add dev eth0 {way} protocol {each} action drop" for each in packets]
        return Row(
            name,
            tests,
            {six.backup: " && ".join(["tc qdisc add dev eth0 clsact", *drops])},
            {six.backup: "tc qdisc delete dev eth0 clsact"},
        )

    return [
        has_address("a real server answers for the address", "see_all", "web1", six.vip),
        # By one family alone it would still know better: the instances of a sync group move together.
        lost("the backup hears no master", "see_all", "ingress", *ADVERTS),
        edited(
            "nginx hides the client",
            "are_seen",
            "web1 web2",
            edit_live(NGINX, "s/\\$remote_addr/127.0.0.9/", "nginx -s reload"),
        ),
        Row(
            "a real server asks whether another one has the address",
            "ask_nobody",
            {"web1": f"ip address delete {six.vip}/128 dev lo && ip address add {six.vip}/128 dev lo"},
            {"web1": f"ip address delete {six.vip}/128 dev lo && ip address add {six.vip}/128 dev lo nodad"},
        ),
        slow_adverts("loses_power", DIRECTORS),
        lost("the new master tells nobody", "loses_power", "egress", TO_ALL_NODES),
        live("nobody tells connections", "loses_power", "/lvs_sync_daemon/d"),
        unbroken("loses_power"),
        live(
            "nobody asks by IPv6",
            "nginx_stops",
            f"/^virtual_server {six.vip}/,/^}}/{{/HTTP_GET {{/,/^        }}/d}}",
        ),
        Row(
            "networkd brings no address back",
            "from_a_reboot",
            {"web1": f"mv {NETWORKD} /var/tmp"},
            {"web1": f"mv /var/tmp/lvs-loopback.conf {NETWORKD} && networkctl reload"},
        ),
        Row(
            "ifupdown brings no address back",
            "from_a_reboot",
            {"web2": f"mv {IFUPDOWN} /var/tmp"},
            {"web2": f"mv /var/tmp/lvs-loopback {IFUPDOWN} && ifup -a"},
        ),
        Row(
            "keepalived is restarted and not reloaded",
            "goes_and_returns",
            edits={"plugins/module_utils/_host/systemd.py": ('"systemctl", "reload"', '"systemctl", "restart"')},
        ),
        always_changed("goes_and_returns"),
        # The last one: it leaves a ruin.
        Row(
            "a teardown lets go of nothing",
            "teardown",
            edits={
                "roles/realserver/tasks/teardown.yml": (
                    'loop: "{{ [realserver_interface] + __realserver_former }}"',
                    "loop: []",
                )
            },
        ),
    ]

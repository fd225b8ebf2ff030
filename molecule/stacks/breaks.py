"""What must turn each test of this scenario red: `make red SCENARIO=stacks`."""

from __future__ import annotations

from harness.breaks import Row, answers_arp, everywhere
from harness.cluster import Cluster
from harness.lab import Lab

IFUPDOWN = "/etc/network/interfaces.d/lvs-loopback"


def rows(cluster: Cluster, lab: Lab) -> list[Row]:  # noqa: ARG001
    keeps = "/etc/systemd/network/10-eth0.network.d/lvs-keepalived.conf"
    return [
        Row(
            "a stack's file is gone",
            "where_the_stack",
            {"web-netplan": "mv /etc/netplan/60-lvs-loopback.yaml /var/tmp"},
            {"web-netplan": "mv /var/tmp/60-lvs-loopback.yaml /etc/netplan"},
        ),
        answers_arp("served_through", "web-manager"),
        Row(
            "a loopback has an address of nobody's",
            "beside_those",
            everywhere("web-ifupdown", "ip -6 address add 2001:db8::71/128 dev lo"),
            everywhere("web-ifupdown", "ip -6 address delete 2001:db8::71/128 dev lo"),
        ),
        Row(
            "networkd takes keepalived's address away",
            "told and lvs-networkd",
            {"lvs-networkd": f"mv {keeps} /var/tmp && networkctl reload"},
            {"lvs-networkd": f"mv /var/tmp/lvs-keepalived.conf {keeps} && networkctl reload"},
        ),
        answers_arp("told and web-networkd", "web-networkd"),
        Row(
            "ifupdown brings no address back",
            "told and web-ifupdown",
            {"web-ifupdown": f"sed -i 's/up ip address replace/up true/' {IFUPDOWN}"},
            {
                "web-ifupdown": f"sed -i 's/up true/up ip address replace/' {IFUPDOWN}"
                f" && for name in $(sed -n 's/^auto //p' {IFUPDOWN}); do ifup --force $name; done"
            },
        ),
        Row(
            "a host's next boot has no addresses",
            "back_from_a_reboot",
            {"web-ifupdown": "mv /etc/network/interfaces.d/lvs-loopback /var/tmp"},
            {"web-ifupdown": "mv /var/tmp/lvs-loopback /etc/network/interfaces.d && ifup -a"},
        ),
        Row(
            "what stood on another interface stays there",
            "dummy",
            edits={"roles/realserver/tasks/purge.yml": ('loop: "{{ __realserver_former }}"', "loop: []")},
        ),
        Row(
            "nothing goes",
            "goes_alone",
            edits={
                "plugins/module_utils/_host/boot.py": (
                    "if not module.check_mode and differing:\n        files.apply()\n        running.tell_gone()",
                    "if False:\n        files.apply()\n        running.tell_gone()",
                )
            },
        ),
    ]

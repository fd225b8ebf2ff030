"""What must turn each test of this scenario red: `make red SCENARIO=hosts`."""

from __future__ import annotations

from harness.breaks import Row
from harness.cluster import Cluster
from harness.lab import Lab

FORWARDING = "sysctl -qw net.ipv4.ip_forward={0} net.ipv6.conf.all.forwarding={0}"
TESTS = "molecule/hosts/tests/test_hosts.py"


def rows(cluster: Cluster, lab: Lab) -> list[Row]:  # noqa: ARG001
    nodes = {node.name: node for node in lab.inventory.nodes}
    card = nodes["networkd"].interfaces[0]
    near_leg = lab.inventory.networks[0].leg[0].partition("/")[0]
    return [
        Row(
            "a kind of host is missing",
            "manager_is_there",
            edits={"molecule/hosts/inventory/hosts.yml": (", lab_network_manager: netplan", "")},
        ),
        Row(
            "a network manager does not run",
            "its_own_manager",
            {"manager": "systemctl stop NetworkManager"},
            {"manager": "systemctl start NetworkManager"},
        ),
        Row(
            "an address is not there",
            "no_other",
            {"networkd": f"ip address del {card.addresses[1]} dev {card.name}"},
            {"networkd": f"ip address add {card.addresses[1]} dev {card.name} nodad"},
        ),
        Row(
            "a cable has another mtu",
            "networks_mtu",
            {"netplan": "ip link set eth0 mtu 1400"},
            {"netplan": "ip link set eth0 mtu 1500"},
        ),
        Row(
            "a router does not forward",
            "over_two_routers",
            {"far": FORWARDING.format(0)},
            {"far": FORWARDING.format(1)},
        ),
        Row(
            "a network takes less than it says",
            "takes_is_refused",
            {"near": "ip link set eth1 mtu 1300"},
            {"near": "ip link set eth1 mtu 1400"},
        ),
        Row(
            "somebody forwards",
            "forwards_nothing",
            edits={TESTS: ('str(networks["near"].subnet[1])', f'"{nodes["near"].address}"')},
        ),
        Row(
            "all cables are cut",
            "one_of_several",
            edits={"lab/lvslab/nodes.py": ("if network in (None, interface.network)]", "if network]")},
        ),
        Row(
            "an address does not come back",
            "same_after_a_reboot",
            {"manager": f"ip address add {near_leg[:-1]}77/24 dev eth0"},
        ),
        Row(
            "a login knows no language",
            "own_language",
            {"german": "mv /etc/ssh/sshd_config.d/locale.conf /var/tmp && systemctl reload ssh"},
            {"german": "mv /var/tmp/locale.conf /etc/ssh/sshd_config.d && systemctl reload ssh"},
        ),
        Row(
            "a shell is another",
            "own_language",
            {"netplan": "ln -sf dash /bin/sh"},
            {"netplan": "ln -sf bash /bin/sh"},
        ),
        Row(
            "resolved does not run",
            "resolved_is_where",
            {"german": "systemctl stop systemd-resolved"},
            {"german": "systemctl start systemd-resolved"},
        ),
        Row(
            "a distribution has moved on",
            "here_for",
            edits={"lab/distributions/trixie.toml": ('keepalived = "2.3.3"', 'keepalived = "2.3.9"')},
        ),
    ]

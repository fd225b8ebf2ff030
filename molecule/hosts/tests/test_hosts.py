"""What the inventory says of hosts and networks, and what the hosts have of it."""

from __future__ import annotations

import pytest
from lvslab import distribution

MANAGERS = {
    "networkd": ["systemd-networkd"],
    "netplan": ["systemd-networkd"],
    "ifupdown": ["networking"],
    "NetworkManager": ["NetworkManager"],
}


@pytest.fixture(scope="session")
def nodes(lab):
    return lab.inventory.nodes


@pytest.fixture(scope="session")
def networks(lab):
    return {network.name: network for network in lab.inventory.networks}


@pytest.fixture(scope="session")
def pinged(lab):
    """Whether an answer comes from an address, to a packet of so many bytes in all that nobody may divide."""

    def ping(host, address, size=100):
        payload = size - (48 if ":" in address else 28)
        words = ["ping", "-c", "3", "-i", "0.2", "-W", "2", "-M", "do", "-s", str(payload), address]
        return lab.try_all({host: words})[host].status == 0

    return ping


@pytest.fixture(scope="session")
def distant(nodes):
    """Two routers away from most."""
    (node,) = (node for node in nodes if node.name == "german")
    return node


def test_every_network_manager_is_there(nodes):
    assert {node.image.network_manager for node in nodes} == set(MANAGERS)


def test_each_hosts_network_is_the_work_of_its_own_manager(lab, nodes):
    everyone = sorted({unit for units in MANAGERS.values() for unit in units})
    for node in nodes:
        states = lab.exec(node.name, "systemctl", "is-active", *everyone, check=False).split()
        active = [unit for unit, state in zip(everyone, states, strict=True) if state == "active"]
        assert active == MANAGERS[node.image.network_manager], node


def test_every_address_is_on_its_interface_and_no_other(lab, nodes):
    shown = lab.exec_all([node.name for node in nodes], "ip", "-brief", "address", "show", "scope", "global")
    for node in nodes:
        cards = {}
        for line in shown[node.name].splitlines():
            name, _state, *addresses = line.split()
            cards[name.partition("@")[0]] = set(addresses)
        assert cards == {each.name: set(each.addresses) for each in node.interfaces}


def test_every_cable_has_its_networks_mtu(lab, nodes, networks):
    assert len({network.mtu for network in networks.values()}) > 1
    for node in nodes:
        links = {link["ifname"]: link["mtu"] for link in lab.json(node.name, "ip", "-json", "link")}
        for interface in node.interfaces:
            assert links[interface.name] == networks[interface.network].mtu, (node.name, interface)


def test_hosts_reach_each_other_over_two_routers(lab, pinged, distant):
    for address in (distant.interfaces[0].ipv4, distant.interfaces[0].ipv6):
        assert pinged("netplan", address), address
        gateway = lab.route("netplan", address).gateway
        assert gateway
        assert lab.owner(gateway) == "near"


def test_a_packet_that_is_larger_than_a_network_on_the_way_takes_is_refused(networks, pinged, distant):
    narrow = min(network.mtu for network in networks.values())
    for address in (distant.interfaces[0].ipv4, distant.interfaces[0].ipv6):
        assert pinged("networkd", address, narrow), address
        assert not pinged("networkd", address, narrow + 1), address


def test_the_machine_that_runs_ansible_forwards_nothing(lab, networks, pinged, distant):
    """It has a leg in each network, and could."""
    assert pinged("networkd", distant.address)
    route = [f"{distant.address}/32", "via", str(networks["near"].subnet[1])]
    lab.exec("networkd", "ip", "route", "add", *route)
    try:
        assert not pinged("networkd", distant.address)
    finally:
        lab.exec("networkd", "ip", "route", "del", *route)


def test_a_cut_network_is_one_of_several(lab, pinged, nodes, distant):
    """The cable between the routers, and not the one that Ansible and the near hosts use."""
    (near,) = (node for node in nodes if node.name == "near")
    lab("cut", "near", "between")
    try:
        assert not pinged("networkd", distant.address)
        assert pinged("networkd", near.address)
    finally:
        lab("join", "near", "between")
    assert pinged("networkd", distant.address)


def test_a_host_is_the_same_after_a_reboot(lab, nodes, faults):
    """Boot configuration: what came at the first boot comes at each."""
    before = lab.exec_all([node.name for node in nodes], "ip", "-brief", "address", "show", "scope", "global")
    for host in ("manager", "netplan", "german"):
        faults.reboot(host)
        after = lab.exec(host, "ip", "-brief", "address", "show", "scope", "global")
        assert after.split()[2:] == before[host].split()[2:], host


def test_a_host_speaks_its_own_language_and_has_its_own_shell(lab, nodes, on):
    for node in nodes:
        assert lab.exec(node.name, "readlink", "-f", "/bin/sh").strip() == f"/usr/bin/{node.shell}"
        refused = on(node.name).run("ls /nowhere").stderr
        assert ("nicht" in refused) == node.image.locale.startswith("de"), refused


def test_resolved_is_where_it_was_asked_for(lab, nodes):
    for node in nodes:
        link = lab.exec(node.name, "readlink", "-f", "/etc/resolv.conf").strip()
        assert (link == "/run/systemd/resolve/stub-resolv.conf") == node.image.resolved, node
        state = lab.exec(node.name, "systemctl", "is-active", "systemd-resolved", check=False).strip()
        assert (state == "active") == node.image.resolved, node


def test_the_packages_of_a_distribution_are_the_versions_that_it_is_here_for(lab, nodes):
    for node in nodes:
        for package, version in distribution.load(node.image.distribution).cached:
            told = lab.exec(node.name, "apt-cache", "show", "--no-all-versions", package)
            (found,) = (line.split()[1] for line in told.splitlines() if line.startswith("Version: "))
            assert found.rpartition(":")[2].startswith(version), (node.name, package)

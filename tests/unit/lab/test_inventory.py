"""What the lab takes from an inventory. inventory.json is the output of ansible-inventory --list (core 2.19.14)."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from lvslab.distribution import Image
from lvslab.errors import UsageError
from lvslab.inventory import Interface, Network, Node, lab_name, parse, parse_networks

LISTING: dict[str, Any] = json.loads(Path(__file__).with_name("inventory.json").read_text(encoding="utf-8"))
PATH = Path("inventories/lab")


def listing(**changes: dict[str, Any]) -> dict[str, Any]:
    """The recorded listing with some hosts' variables changed."""
    changed = deepcopy(LISTING)
    for host, facts in changes.items():
        changed["_meta"]["hostvars"].setdefault(host, {}).update(facts)
    return changed


def nodes(**changes: dict[str, Any]) -> dict[str, Node]:
    return {node.name: node for node in parse(PATH, listing(**changes)).nodes}


def test_every_host_of_the_networks_is_a_node() -> None:
    told = nodes()
    assert sorted(told) == ["app1", "app2", "client", "lvs1", "lvs2", "router", "web1", "web2"]
    assert told["app1"] == Node(
        "app1",
        "198.18.0.31",
        (Interface("eth0", "lan", ("198.18.0.31/24", "2001:2::31/64")),),
        Image("trixie", "networkd"),
        ("198.18.0.253", "2001:2::253"),
        services=("lab-backend",),
    )
    assert told["lvs2"].image == Image("bookworm", "ifupdown")


def test_networks_come_in_the_order_of_their_addresses() -> None:
    assert parse(PATH, LISTING).networks == (
        Network("lan", "198.18.0.0/24", "2001:2::/64"),
        Network("clients", "198.18.1.0/24", "2001:2:0:1::/64"),
    )


def test_a_router_has_an_interface_in_each_of_its_networks_and_the_others_go_by_it() -> None:
    told = nodes()
    assert [(each.name, each.network, each.ipv4) for each in told["router"].interfaces] == [
        ("eth0", "lan", "198.18.0.253"),
        ("eth1", "clients", "198.18.1.253"),
    ]
    assert told["client"].gateways == ("198.18.1.253", "2001:2:0:1::253")
    assert told["router"].gateways == ("198.18.0.1", "2001:2::1"), "the machine that forwards nothing"


def test_a_host_may_choose_its_gateway() -> None:
    assert nodes(web1={"lab_gateway": "198.18.0.11"})["web1"].gateways == ("198.18.0.11", "2001:2::11")


def test_without_a_router_the_gateway_is_a_dead_end() -> None:
    assert nodes(router={"lab_router": False})["client"].gateways == ("198.18.1.1", "2001:2:0:1::1")


def test_a_host_chooses_what_it_is() -> None:
    chosen = nodes(
        web1={"lab_network_manager": "NetworkManager", "lab_resolved": True, "lab_locale": "de_DE.UTF-8"}
        | {"lab_shell": "bash", "lab_packages": ["opensmtpd", "dnsmasq"]}
    )["web1"]
    packages = ("dnsmasq", "opensmtpd")
    assert chosen.image == Image("trixie", "NetworkManager", resolved=True, locale="de_DE.UTF-8", packages=packages)
    assert chosen.image.name == "trixie-NetworkManager-resolved-de_DE.UTF-8-dnsmasq-opensmtpd"
    assert chosen.shell == "bash"


def test_a_host_elsewhere_is_no_node() -> None:
    changed = listing(other={"ansible_host": "192.0.2.1"}, named={"ansible_host": "router.example"}, bare={})
    assert parse(PATH, changed).nodes == parse(PATH, LISTING).nodes


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        pytest.param({"lvs1": {"lab_networks": {"a": {"ipv4": "198.18.5.0/24"}}}}, "must be the same", id="two-labs"),
        pytest.param({"lvs1": {"lab_image": "buster"}}, "lvs1: lab_image is 'buster'", id="unknown-distribution"),
        pytest.param({"lvs1": {"lab_network_manager": "wicked"}}, "choose from networkd, ifupdown", id="manager"),
        pytest.param({"lvs1": {"lab_resolved": "yes"}}, "lab_resolved is 'yes'", id="no-boolean"),
        pytest.param({"lvs1": {"lab_locale": "german"}}, "lab_locale is 'german'", id="locale"),
        pytest.param({"lvs1": {"lab_advmss": "small"}}, "lab_advmss must be a number", id="segments"),
        pytest.param(
            {"lvs1": {"lab_advmss": 1440, "lab_network_manager": "netplan"}},
            "lab_advmss is for networkd and ifupdown, not for netplan",
            id="segments-of-another",
        ),
        pytest.param({"lvs1": {"lab_packages": "opensmtpd"}}, "lab_packages must be a list", id="packages-no-list"),
        pytest.param({"lvs1": {"lab_packages": ["--help"]}}, "lab_packages must be a list", id="no-package"),
        pytest.param({"lvs1": {"lab_services": "sshd"}}, "lvs1: lab_services must be a list", id="services-no-list"),
        pytest.param({"lvs1": {"ansible_host": "198.18.0.12"}}, "already belongs to", id="address-twice"),
        pytest.param({"lvs1": {"ansible_host": "198.18.0.1"}}, "the machine that runs Ansible", id="first-address"),
        pytest.param({"client": {"ansible_host": "198.18.1.1"}}, "the machine that runs Ansible", id="second-network"),
        pytest.param({"lvs1": {"ansible_host": "198.18.0.254"}}, "that runs the nodes", id="last-but-one"),
        pytest.param({"router": {"lab_interfaces": ["198.18.1.253"]}}, "among them", id="without-ansible-host"),
        pytest.param(
            {"router": {"lab_interfaces": ["198.18.0.253", "198.18.7.1"]}},
            r"lab_interfaces\[1\]",
            id="interface-nowhere",
        ),
        pytest.param(
            {"router": {"lab_interfaces": ["198.18.0.253", "198.18.0.252"]}}, "two addresses of one", id="one-network"
        ),
        pytest.param({"web1": {"lab_gateway": "198.18.1.253"}}, "in none of its networks: lan", id="gateway-elsewhere"),
    ],
)
def test_an_inventory_that_cannot_be_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        parse(PATH, listing(**changes))


def test_an_inventory_without_networks_says_what_to_set() -> None:
    with pytest.raises(UsageError, match="set it in group_vars/all"):
        parse(PATH, {"_meta": {"hostvars": {"a": {"ansible_host": "198.18.0.2"}}}})


def test_an_inventory_without_nodes_is_refused() -> None:
    with pytest.raises(UsageError, match="no host has an ansible_host inside"):
        parse(PATH, {"_meta": {"hostvars": {"a": {"lab_networks": {"lan": {"ipv4": "198.18.0.0/24"}}}}}})


@pytest.mark.parametrize(
    "network",
    [
        *({"ipv4": subnet} for subnet in ("192.168.0.0/24", "198.16.0.0/14", "198.18.0.1/24", "198.18.0.0/29", "web")),
        *({"ipv4": "198.18.0.0/24", "ipv6": prefix} for prefix in ("2001:db8::/64", "2001:2::/48", "198.18.0.0/24")),
        *({"ipv4": "198.18.0.0/24", "mtu": mtu} for mtu in (1000, 9001, "1500")),
        {"ipv6": "2001:2::/64"},
        {"ipv4": "198.18.0.0/24", "vlan": 7},
        "198.18.0.0/24",
    ],
    ids=str,
)
def test_only_a_test_network_is_a_network_of_the_lab(network: object) -> None:
    with pytest.raises(UsageError, match=r"lab_networks[.]lan"):
        parse_networks({"lan": network})


@pytest.mark.parametrize("subnet", ["198.18.0.0/15", "198.19.255.0/24", "198.18.0.16/28"])
def test_any_part_of_the_test_networks_will_do(subnet: str) -> None:
    assert parse_networks({"lan": {"ipv4": subnet, "ipv6": "2001:2:0:ffff::/64", "mtu": 9000}}) == (
        Network("lan", subnet, "2001:2:0:ffff::/64", 9000),
    )


@pytest.mark.parametrize(
    "other",
    [{"ipv4": "198.18.0.128/25"}, {"ipv4": "198.18.1.0/24", "ipv6": "2001:2::/64"}],
    ids=["ipv4", "ipv6"],
)
def test_networks_that_share_addresses_are_refused(other: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="share addresses"):
        parse_networks({"lan": {"ipv4": "198.18.0.0/24", "ipv6": "2001:2::/64"}, "other": other})


def test_no_networks_are_refused() -> None:
    with pytest.raises(UsageError, match="networks by their names"):
        parse_networks([])


def test_a_lab_is_named_after_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / "failover"
    folder.mkdir()
    assert lab_name(folder) == lab_name(folder / "hosts.yml") == "failover"


def test_a_scenarios_lab_is_named_after_the_scenario_or_what_it_links_to(tmp_path: Path) -> None:
    own, shared = tmp_path / "hosts" / "inventory", tmp_path / "default" / "inventory"
    own.mkdir(parents=True)
    shared.parent.mkdir()
    shared.symlink_to(own)
    assert lab_name(own) == lab_name(shared) == "hosts"


def test_a_name_that_the_shell_would_stumble_over_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="letters, digits"):
        lab_name(tmp_path / "my lab")

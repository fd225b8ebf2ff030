# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._description.facts import interface_addresses, interface_of
from ansible_collections.lvs.cluster.plugins.module_utils._facts import network, system

# Of iproute2 6.15, but for what is not read.
ADDRESSES = [
    {
        "ifname": "lo",
        "mtu": 65536,
        "addr_info": [
            {"family": "inet", "local": "127.0.0.1", "prefixlen": 8, "label": "lo"},
            {"family": "inet", "local": "192.0.2.100", "prefixlen": 32, "label": "lo:0"},
            {"family": "inet6", "local": "::1", "prefixlen": 128, "scope": "host"},
        ],
    },
    {
        "ifname": "br-lan.7",
        "link": "eth1",
        "mtu": 1400,
        "addr_info": [
            {"family": "inet", "local": "192.0.2.11", "prefixlen": 24, "label": "br-lan.7"},
            {"family": "inet", "local": "203.0.113.5", "prefixlen": 32, "label": "br-lan.7:1"},
        ],
    },
    {"ifname": "eth1", "mtu": 1500, "addr_info": []},
]
ROUTE = [{"dst": "8.8.8.8", "gateway": "192.0.2.254", "dev": "br-lan.7", "prefsrc": "192.0.2.11", "uid": 0}]
ROUTES = [
    {"dst": "default", "gateway": "192.0.2.254", "dev": "br-lan.7", "flags": []},
    {"dst": "198.51.100.0/24", "table": "100", "dev": "br-lan.7", "gateway": "192.0.2.254", "flags": []},
    {"dst": "203.0.113.0/24", "nexthops": [{"gateway": "192.0.2.254"}, {"gateway": "192.0.2.253"}], "flags": []},
    {"dst": "192.0.2.0/24", "dev": "br-lan.7", "protocol": "kernel", "scope": "link", "prefsrc": "192.0.2.11"},
    {"type": "unreachable", "dst": "198.18.0.0/24", "protocol": "kernel", "metric": 4000000000, "flags": []},
]


def test_network_is_told_as_setup_tells_it() -> None:
    told = network(json.dumps(ADDRESSES), {"ipv4": json.dumps(ROUTE)}, [json.dumps(ROUTES)])
    assert told["interfaces"] == ["lo", "br-lan.7", "eth1"]
    assert told["all_ipv4_addresses"] == ["192.0.2.100", "192.0.2.11", "203.0.113.5"]
    assert told["default_ipv4"] == {"interface": "br-lan.7", "gateway": "192.0.2.254", "address": "192.0.2.11"}
    assert told["eth1"] == {"device": "eth1", "mtu": 1500}
    assert told["br_lan.7"]["ipv4"] == {
        "address": "192.0.2.11",
        "prefix": "24",
        "netmask": "255.255.255.0",
        "network": "192.0.2.0",
    }
    assert network(json.dumps(ADDRESSES), {}, [])["default_ipv4"] == {}


def test_where_routes_lead_is_told_by_their_gateways() -> None:
    told = network(json.dumps(ADDRESSES), {"ipv4": json.dumps(ROUTE)}, [json.dumps(ROUTES)])
    assert told["lvs_gateways"] == {
        "192.0.2.254": ["default", "198.51.100.0/24", "203.0.113.0/24"],
        "192.0.2.253": ["203.0.113.0/24"],
    }


def test_what_the_default_route_has_others_send_is_told_where_it_says_so() -> None:
    assert network(json.dumps(ADDRESSES), {"ipv4": json.dumps(ROUTE)}, [])["lvs_advmss"] == 0
    assert network(json.dumps(ADDRESSES), {}, [])["lvs_advmss"] == 0
    way = [{**ROUTE[0], "metrics": [{"mtu": 1480, "advmss": 1440}]}]
    assert network(json.dumps(ADDRESSES), {"ipv4": json.dumps(way)}, [])["lvs_advmss"] == 1440
    way = [{**ROUTE[0], "metrics": [{"mtu": 1480}]}]
    assert network(json.dumps(ADDRESSES), {"ipv4": json.dumps(way)}, [])["lvs_advmss"] == 1440


@pytest.mark.parametrize(
    ("flags", "is_up"),
    [
        pytest.param(["NOARP", "UP", "LOWER_UP"], True, id="up"),
        pytest.param(["NOARP"], False, id="down"),
    ],
)
def test_whether_tunnels_are_taken_packets_out_of(flags: list[str], is_up: bool) -> None:
    held = [{"family": "inet", "local": "192.0.2.100", "prefixlen": 32}]
    tunnel = {"ifname": "tunl0", "mtu": 1480, "flags": flags, "addr_info": held, "linkinfo": {"info_kind": "ipip"}}
    told = network(json.dumps([*ADDRESSES, tunnel]), {}, [])
    assert (told["lvs_tunnel_up"], told["lvs_cards"]) == (is_up, ["br-lan.7"])
    assert network(json.dumps(ADDRESSES), {}, [])["lvs_tunnel_up"] is False


def test_a_dummy_device_is_no_card() -> None:
    held = [{"family": "inet", "local": "192.0.2.100", "prefixlen": 32}]
    link = {"ifname": "lvs0", "mtu": 1500, "addr_info": held}
    card = {**link, "ifname": "eth0", "linkinfo": {"info_kind": "veth"}}
    dummy = {**link, "linkinfo": {"info_kind": "dummy"}}
    told = network(json.dumps([card, dummy]), {}, [])
    assert (told["lvs_cards"], told["interfaces"]) == (["eth0"], ["eth0", "lvs0"])


def test_an_interface_that_keepalived_makes_is_no_card() -> None:
    held = [{"family": "inet", "local": "192.0.2.100", "prefixlen": 32}]
    made = {"ifname": "vrrp.51", "mtu": 1500, "addr_info": held, "linkinfo": {"info_kind": "macvlan"}}
    card = {**made, "ifname": "eth0", "address": "02:00:5e:00:01:33"}
    for family in ("01", "02"):
        told = network(json.dumps([card, {**made, "address": f"00:00:5e:00:{family}:33"}]), {}, [])
        assert (told["lvs_cards"], told["interfaces"]) == (["eth0"], ["eth0", "vrrp.51"])


def test_an_address_with_a_label_is_told_with_its_interface() -> None:
    told = network(json.dumps(ADDRESSES), {}, [])
    assert interface_of("203.0.113.5", told) == "br-lan.7"
    assert interface_addresses(told, "lo", "ipv4") == ["127.0.0.1", "192.0.2.100"]


@pytest.mark.parametrize(
    ("os_release", "family", "distribution"),
    [
        ('NAME="Debian GNU/Linux"\nID=debian\n', "Debian", "Debian GNU/Linux"),
        ("NAME=Ubuntu\nID=ubuntu\nID_LIKE=debian\n", "Debian", "Ubuntu"),
        ('NAME="Linux Mint"\nID=linuxmint\nID_LIKE="ubuntu debian"\n', "Debian", "Linux Mint"),
        ('NAME="Rocky Linux"\nID="rocky"\nID_LIKE="rhel centos fedora"\n', "RedHat", "Rocky Linux"),
        (
            '# of a build\nNAME="Red Hat Enterprise Linux"\nID="rhel"\nID_LIKE="fedora"\n',
            "RedHat",
            "Red Hat Enterprise Linux",
        ),
        ('NAME="Alpine Linux"\nID=alpine\n', "alpine", "Alpine Linux"),
        ("", "linux", "linux"),
    ],
)
def test_family_is_told_by_the_distribution_and_its_kin(os_release: str, family: str, distribution: str) -> None:
    assert system(os_release) == {"os_family": family, "distribution": distribution}

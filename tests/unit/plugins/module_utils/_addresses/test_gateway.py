# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What leads a host by a gateway: in the kernel, and in the files of each network stack."""

from __future__ import annotations

import json

import pytest
import yaml
from ansible_collections.lvs.cluster.plugins.module_utils._addresses import ifupdown, keyfile, netplan, stacks
from ansible_collections.lvs.cluster.plugins.module_utils._addresses.gateway import (
    Led,
    missing,
    overruled,
    read_memory,
    rival,
    standing,
    surplus,
    write_memory,
)
from ansible_collections.lvs.cluster.plugins.module_utils._addresses.stacks import STACKS
from ansible_collections.lvs.cluster.plugins.module_utils._addresses.wish import Found, Route, Wish

from .test_stacks import CARD

GATEWAY = "198.51.100.1"
NOWHERE = Led("eth0", [])
LED = Led("eth0", [GATEWAY])
BOTH = Led("eth0", [GATEWAY, "2001:db8::1"])
# `ip -json route show dev eth0`, and that of IPv6.
SHOWN = [
    json.dumps([{"dst": "default", "gateway": "198.51.100.254"}, {"dst": "198.51.100.0/24", "scope": "link"}]),
    "",
]


def wish(led: Led = BOTH, former: Led = NOWHERE) -> Wish:
    return Wish("eth0", "lvs-gateway", [], "# ours\n", routes=led.routes, former=former.routes)


def only(stack: str, found: Found) -> tuple[str, str]:
    ((path, content, _mode),) = STACKS[stack].files(wish(), found)
    assert content is not None
    return path, content


def test_the_halves_are_brought_and_taken_away_and_nothing_else():
    there = standing(SHOWN)
    assert there == {Route("default", "198.51.100.254")}
    brought = [" ".join(each) for each in missing(LED, there)]
    assert brought == [
        f"ip route replace 0.0.0.0/1 via {GATEWAY} dev eth0",
        f"ip route replace 128.0.0.0/1 via {GATEWAY} dev eth0",
    ]
    assert surplus(LED, there) == []
    there |= set(LED.routes)
    assert missing(LED, there) == []
    assert [" ".join(each) for each in surplus(LED, there)] == [each.replace("replace", "delete") for each in brought]


@pytest.mark.parametrize("leds", [[], [LED], [BOTH, Led("eth1", ["198.51.100.2"])]])
def test_what_was_led_is_remembered(leds: list[Led]):
    assert read_memory(write_memory(leds)) == leds


def test_of_an_interface_all_gateways_are_remembered_once():
    moved = Led("eth0", ["198.51.100.2"])
    assert read_memory(write_memory([moved, BOTH, LED])) == [Led("eth0", ["198.51.100.2", *BOTH.gateways])]


@pytest.mark.parametrize(
    ("others", "found"),
    [
        ([], None),
        ([LED], None),
        ([Led("eth0", ["198.51.100.2", GATEWAY])], None),
        ([Led("eth0", ["2001:db8::2"])], ("2001:db8::1", Led("eth0", ["2001:db8::2"]))),
        ([Led("eth1", [GATEWAY])], (GATEWAY, Led("eth1", [GATEWAY]))),
    ],
)
def test_a_rival_leads_the_same_family_elsewhere(others: list[Led], found):
    assert rival(BOTH, others) == found


def test_networkd_adds_routes_to_the_file_of_the_card():
    path, text = only("networkd", Found("20-card.network"))
    assert path == "/etc/systemd/network/20-card.network.d/lvs-gateway-eth0.conf"
    assert text == "# ours\n" + "".join(
        f"\n[Route]\nDestination={to}\nGateway={via}\n"
        for to, via in [
            ("0.0.0.0/1", GATEWAY),
            ("128.0.0.0/1", GATEWAY),
            ("::/1", "2001:db8::1"),
            ("8000::/1", "2001:db8::1"),
        ]
    )
    assert stacks.led(text) == set(BOTH.routes)


def test_netplan_adds_routes_to_the_card():
    path, text = only("netplan", Found("card"))
    assert path == "/etc/netplan/60-lvs-gateway-eth0.yaml"
    card = yaml.safe_load(text)["network"]["ethernets"]["card"]
    assert card == {"routes": [{"to": each.to, "via": each.via} for each in BOTH.routes]}


OWN = {"dst": "default", "gateway": "198.51.100.254", "dev": "eth0"}
HOPS = [{"gateway": "198.51.100.253", "dev": "eth0"}, {"gateway": "198.51.100.254", "dev": "eth0"}]


@pytest.mark.parametrize(
    ("way", "now"),
    [
        (OWN, "via 198.51.100.254 dev eth0"),
        ({"dst": "default", "dev": "ppp0"}, "dev ppp0"),
        ({"dst": "default", "nexthops": HOPS}, "via 198.51.100.253 dev eth0"),
        ({"dst": "default", "gateway": "2001:db8::fe", "dev": "eth0"}, "via 2001:db8::fe dev eth0"),
        (OWN | {"gateway": GATEWAY}, ""),
        (OWN | {"table": "100"}, ""),
        (OWN | {"dst": "203.0.113.0/24"}, ""),
        (OWN | {"dst": "0.0.0.0/1", "gateway": "198.51.100.2"}, ""),
        ({"dst": "198.51.100.0/24", "dev": "eth0"}, ""),
    ],
)
def test_a_default_route_of_the_host_is_overruled_and_no_other(way: dict, now: str):
    assert overruled(json.dumps([way]), BOTH) == now
    assert overruled("", BOTH) == ""


# `netplan get` of Debian 13, shortened.
NETPLAN = """network:
  version: 2
  renderer: networkd
  ethernets:
    eth0:
      addresses:
      - "198.51.100.21/24"
  bonds:
    bond0:
      interfaces:
      - eth0
    "7": {}
  vlans:
    bond0.5:
      id: 5
      link: "bond0"
"""


def test_netplan_has_each_interface_in_a_section():
    assert netplan.sections(NETPLAN) == {"eth0": "ethernets", "bond0": "bonds", "7": "bonds", "bond0.5": "vlans"}
    _path, text = only("netplan", Found("bond0", section="bonds"))
    assert set(yaml.safe_load(text)["network"]) == {"version", "bonds"}


def test_netplan_is_known_to_have_written_them_by_the_file_that_it_makes():
    """As netplan 1.1 of Debian 13 does, shortened."""
    text = "[Network]\nAddress=198.51.100.21/24\n\n[Route]\nDestination=0.0.0.0/1\nGateway=198.51.100.1\n\n"
    assert stacks.led(text) == {Route("0.0.0.0/1", GATEWAY)}
    assert stacks.led("[Network]\nGateway=198.51.100.1\n") == set()


def test_ifupdown_brings_them_whether_the_card_has_its_address_or_not():
    path, text = only("ifupdown", Found())
    assert path == "/etc/network/interfaces.d/lvs-gateway-eth0"
    assert ifupdown.started(wish()) == ["eth0:lvs-gateway"]
    assert text.splitlines()[1:6] == [
        "",
        "auto eth0:lvs-gateway",
        "iface eth0:lvs-gateway inet manual",
        "    up ip link set dev eth0 up",
        f"    up ip route replace 0.0.0.0/1 via {GATEWAY} dev eth0 onlink",
    ]
    assert f"    down ip route delete 128.0.0.0/1 via {GATEWAY} dev eth0 || :\n" in text


def test_network_manager_has_them_in_the_profile_of_the_card_and_lets_go_of_those_alone():
    own = CARD.replace("dns=", "route1=203.0.113.0/24,198.51.100.9\ndns=")
    path, text = only("NetworkManager", Found("/etc/card", {"/etc/card": own}))
    assert path == "/etc/card"
    assert f"\nroute2=0.0.0.0/1,{GATEWAY}\nroute3=128.0.0.0/1,{GATEWAY}\n" in text
    assert "\nroute1=::/1,2001:db8::1\n" in text
    assert keyfile.edited(text, wish(), ours=False) == text
    other = Led("eth0", ["198.51.100.2"])
    moved = keyfile.edited(text, wish(other, former=BOTH), ours=False)
    assert moved is not None
    assert (GATEWAY in moved.replace("192.0.2.1;", ""), "route2=0.0.0.0/1,198.51.100.2\n" in moved) == (False, True)
    assert keyfile.edited(text, wish(NOWHERE, former=BOTH), ours=False) == own


def test_files_of_initscripts_have_no_place_for_them():
    assert [name for name, stack in STACKS.items() if not stack.has_routes] == ["ifcfg"]

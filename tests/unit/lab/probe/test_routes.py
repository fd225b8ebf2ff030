# Copyright: Contributors to the lvs.cluster collection
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""Where the probe may send."""

from __future__ import annotations

import re

import pytest
from ansible_collections.lvs.cluster.tests.unit.lab.probe import route_tables
from ansible_collections.lvs.cluster.tests.unit.lab.probe.route_tables import (
    CONNECTED,
    CONNECTED_DOWN,
    DEFAULT,
    GUARD,
    HEADER,
    LAB_DEFAULT,
    LAB_IS_UP,
    ON_LINK_DEFAULT,
    ON_LINK_GATEWAY,
    OTHER_INTERFACE,
    ROUTED,
    TWO_GATEWAYS,
    UNREACHABLE,
    UNREACHABLE_TOO,
)
from lvsprobe.routes import parse_ipv4_routes, parse_ipv6_routes, permitted_route
from lvsprobe.targets import TargetError


def test_a_directly_connected_lab_address_is_permitted() -> None:
    route = permitted_route("198.18.5.100", parse_ipv4_routes(LAB_IS_UP))
    assert (route.interface, str(route.network)) == ("eth0", "198.18.5.0/24")


@pytest.mark.parametrize(
    ("address", "routes"),
    [
        pytest.param("198.18.7.100", LAB_IS_UP, id="a route of its own"),
        pytest.param("198.18.7.100", HEADER + CONNECTED + LAB_DEFAULT, id="the default route"),
    ],
)
def test_a_lab_address_behind_a_neighbour_of_the_lab_is_permitted(address: str, routes: str) -> None:
    route = permitted_route(address, parse_ipv4_routes(routes))
    assert (route.interface, str(route.gateway)) == ("eth0", "198.18.5.1")


@pytest.mark.parametrize(
    ("address", "routes", "reason"),
    [
        ("192.0.2.1", LAB_IS_UP, "is not in 198.18.0.0/15"),
        ("127.0.0.1", LAB_IS_UP, "is not in 198.18.0.0/15"),
        ("198.20.0.1", LAB_IS_UP, "is not in 198.18.0.0/15"),
        ("198.18.5.100", HEADER, "no route to 198.18.5.100: is the lab up?"),
        ("198.18.5.100", HEADER + CONNECTED_DOWN, "no route"),
        ("198.18.5.100", HEADER + UNREACHABLE, "the lab is down"),
        ("198.18.5.100", HEADER + UNREACHABLE + UNREACHABLE_TOO + DEFAULT, "the lab is down"),
        ("198.18.5.100", HEADER + DEFAULT, "has the gateway 10.0.0.1"),
        ("198.18.5.100", HEADER + ON_LINK_DEFAULT, "0.0.0.0/0, is wider than 198.18.0.0/15"),
        ("198.18.7.100", HEADER + ROUTED, "has the gateway 198.18.5.1"),
        ("198.18.7.100", HEADER + CONNECTED + GUARD + DEFAULT, "the lab is down"),
        ("198.18.7.100", HEADER + CONNECTED + ON_LINK_GATEWAY, "has the gateway 198.18.8.1"),
        ("198.18.7.100", HEADER + CONNECTED + TWO_GATEWAYS + ON_LINK_GATEWAY, "has the gateway 198.18.8.1"),
        ("198.18.7.100", HEADER + CONNECTED + OTHER_INTERFACE, "has the gateway 198.18.5.1"),
        ("198.18.7.100", HEADER + UNREACHABLE_TOO + LAB_DEFAULT, "has the gateway 198.18.5.1"),
        ("198.18.9.100", LAB_IS_UP, "leads to lo"),
        ("198.19.0.1", LAB_IS_UP, "the lab is down"),
        ("vip.example", LAB_IS_UP, "is not an IPv4 or IPv6 address"),
    ],
)
def test_any_other_address_is_refused_with_the_reason(address: str, routes: str, reason: str) -> None:
    with pytest.raises(TargetError, match=re.escape(reason)):
        permitted_route(address, parse_ipv4_routes(routes))


def test_a_named_interface_must_be_the_connected_one() -> None:
    routes = parse_ipv4_routes(LAB_IS_UP)
    assert permitted_route("198.18.5.1", routes, "eth0").interface == "eth0"
    with pytest.raises(TargetError, match=re.escape("no route to 198.18.5.1 on eth7")):
        permitted_route("198.18.5.1", routes, "eth7")


@pytest.mark.parametrize(
    ("address", "routes", "gateway"),
    [
        pytest.param("2001:2::64", route_tables.IPV6_LAB_IS_UP, None, id="a neighbour"),
        pytest.param("2001:2::41", route_tables.IPV6_LAB_IS_UP, None, id="this host itself, as with IPv4"),
        pytest.param(
            "2001:2:0:1::64",
            route_tables.IPV6_LAB_IS_UP + route_tables.IPV6_LAB_DEFAULT,
            "2001:2::253",
            id="behind a neighbour",
        ),
    ],
)
def test_ipv6_addresses_follow_the_same_rule(address: str, routes: str, gateway: str | None) -> None:
    route = permitted_route(address, parse_ipv4_routes(LAB_IS_UP) + parse_ipv6_routes(routes))
    assert (route.interface, route.gateway and str(route.gateway)) == ("eth0", gateway)


@pytest.mark.parametrize(
    ("address", "routes", "reason"),
    [
        ("2001:db8::1", route_tables.IPV6_LAB_IS_UP, "is not in 198.18.0.0/15 or 2001:2::/48"),
        ("::1", route_tables.IPV6_LAB_IS_UP, "is not in 198.18.0.0/15 or 2001:2::/48"),
        ("::ffff:198.18.5.100", route_tables.IPV6_LAB_IS_UP, "is not in 198.18.0.0/15 or 2001:2::/48"),
        ("2001:2:1::64", route_tables.IPV6_LAB_IS_UP, "is not in 198.18.0.0/15 or 2001:2::/48"),
        ("2001:2::64%eth0", route_tables.IPV6_LAB_IS_UP, "is not an IPv4 or IPv6 address"),
        ("2001:2::64", "", "no route to 2001:2::64: is the lab up?"),
        ("2001:2::64", route_tables.IPV6_CONNECTED_DOWN, "no route"),
        ("2001:2::64", route_tables.IPV6_UNREACHABLE + route_tables.IPV6_DEFAULT, "the lab is down"),
        ("2001:2::64", route_tables.IPV6_NOTHING_ELSE, "the lab is down"),
        ("2001:2::64", route_tables.IPV6_DEFAULT + route_tables.IPV6_NOTHING_ELSE, "has the gateway fd00::1"),
        (
            "2001:2:0:1::64",
            route_tables.IPV6_CONNECTED + route_tables.IPV6_LINK_LOCAL_DEFAULT,
            "has the gateway fe80::1",
        ),
        ("2001:2:0:1::64", route_tables.IPV6_LAB_DEFAULT, "has the gateway 2001:2::253"),
        ("2001:2::64", route_tables.ipv6_route("2001:2::", 47, "eth0", 0x1), "2001:2::/47, is wider than 2001:2::/48"),
        ("2001:2::64", route_tables.ipv6_route("2001:2::", 64, "lo", 0x1), "leads to lo"),
    ],
)
def test_any_other_ipv6_address_is_refused_with_the_reason(address: str, routes: str, reason: str) -> None:
    with pytest.raises(TargetError, match=re.escape(reason)):
        permitted_route(address, parse_ipv4_routes(LAB_IS_UP) + parse_ipv6_routes(routes))

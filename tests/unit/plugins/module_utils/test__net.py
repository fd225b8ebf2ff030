"""Addresses, endpoints and ports: how they are read, and the one spelling of each."""

from __future__ import annotations

import ipaddress

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils import _net
from hypothesis import given
from hypothesis import strategies as st

addresses = st.ip_addresses().map(str)
ports = st.integers(0, _net.HIGHEST_PORT)


@given(addresses, ports)
def test_endpoint_is_read_as_it_is_written(address: str, port: int) -> None:
    assert _net.parse_endpoint(_net.endpoint(address, port)) == (address, port)


@given(addresses)
def test_address_alone_has_no_port(address: str) -> None:
    assert _net.parse_endpoint(address) == (address, None)


@pytest.mark.parametrize("text", ["[2001:db8::10]", "[2001:db8::10", "192.0.2.10:65536", "192.0.2.10:-1", "web:http"])
def test_what_is_no_endpoint_is_refused(text: str) -> None:
    with pytest.raises(_net.AddressError):
        _net.parse_endpoint(text)


@given(st.ip_addresses())
def test_every_spelling_of_an_address_has_one_normal_form(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    assert _net.canonical_address(address.exploded.upper()) == _net.canonical_address(str(address))


@pytest.mark.parametrize("text", ["", "192.0.2", "192.0.2.10/32", "web", "2001:db8::10%eth0", "192.0.2.10\0"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(_net.AddressError):
        _net.canonical_address(text)


def test_address_is_told_from_its_length_and_what_is_none_equals_nothing() -> None:
    assert _net.bare("192.0.2.10/24") == _net.bare("192.0.2.10") == "192.0.2.10"
    assert _net.bare("2001:DB8::10/64") == "2001:db8::10"
    assert _net.bare("eth0") == "eth0"


@pytest.mark.parametrize(
    ("address", "unicast", "multicast"),
    [
        ("192.0.2.10", True, False),
        ("0.0.0.0", False, False),
        ("224.0.0.81", False, True),
        ("255.255.255.255", False, False),
        ("2001:db8::10", True, False),
        ("::", False, False),
        ("fe80::1", False, False),
        ("ff02::81", False, True),
        ("::ffff:192.0.2.10", False, False),
    ],
)
def test_what_one_host_can_have_is_told_from_what_a_group_has(address: str, unicast: bool, multicast: bool) -> None:
    assert (_net.is_unicast(address), _net.is_multicast(address)) == (unicast, multicast)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("fe80::1", True),
        ("febf::1", True),
        ("fec0::1", False),
        ("fe7f::1", False),
        ("fe80::1%eth0", False),
        ("inet6", False),
    ],
)
def test_what_each_link_has_anew_is_told_and_what_is_no_address_is_none(text: str, expected: bool) -> None:
    assert _net.is_of_link(text) is expected


@pytest.mark.parametrize("address", ["0.0.0.0", "127.0.0.1", "224.0.0.18", "255.255.255.255"])
def test_address_that_no_host_can_be_reached_at_is_told_why(address: str) -> None:
    assert _net.no_host(ipaddress.IPv4Address(address)).startswith("is ")
    assert _net.no_host(ipaddress.IPv4Address("192.0.2.10")) == ""


def test_ends_of_a_network_are_no_host_s_but_a_network_of_two_has_none() -> None:
    network = ipaddress.IPv4Network("192.0.2.0/24")
    ends = [_net.end_of_network(network[place], network) for place in (0, 10, -1)]
    assert ends == ["the network address", "", "the broadcast address"]
    two = ipaddress.IPv4Network("192.0.2.0/31")
    assert [_net.end_of_network(each, two) for each in two] == ["", ""]

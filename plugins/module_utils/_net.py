# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""What all packages know of addresses, endpoints and ports: how they are read, and the one spelling of each."""

from __future__ import annotations

import ipaddress
import socket
from functools import lru_cache
from typing import Optional, Tuple, Union

HIGHEST_PORT = 65535

FAMILIES = {"ipv4": socket.AF_INET, "ipv6": socket.AF_INET6}
# As messages name them.
TITLES = {"ipv4": "IPv4", "ipv6": "IPv6"}
# What stands for every address of a family, where a program listens.
EVERY = {"ipv4": "", "ipv6": "::"}
IPV6_LENGTH = 16
IPV4_MAPPED = bytes(10) + b"\xff\xff"
LINK = (0xFE, 0x80)
# Addresses of IPv6 that each link has anew, RFC 4291 2.5.6.
OF_LINK = ipaddress.ip_network("fe80::/10")

IpAddress = Union[ipaddress.IPv4Address, ipaddress.IPv6Address]
IpNetwork = Union[ipaddress.IPv4Network, ipaddress.IPv6Network]

# What no host can have, or be reached at from another one; RFC 6890.
NO_HOSTS = {
    ipaddress.ip_network(network): what
    for network, what in {
        "127.0.0.0/8": "an address of the loopback, where every host finds itself",
        "0.0.0.0/8": "an address of no network",
        "224.0.0.0/4": "a multicast address",
        "255.255.255.255/32": "the broadcast address",
        "240.0.0.0/4": "a reserved address",
        "::1/128": "an address of the loopback, where every host finds itself",
        "::/96": "an address of no network",
        "::ffff:0:0/96": "an IPv4 address in the form of IPv6",
        "fe80::/10": "an address of one link, which each link has anew",
        "ff00::/8": "a multicast address",
    }.items()
}


class AddressError(ValueError):
    """Text that is no address, or no port; it says why."""


def family_of(address: str) -> str:
    """The family of a numeric address."""
    return "ipv6" if ":" in address else "ipv4"


def url_host(address: str) -> str:
    """An address as a URL has it."""
    return f"[{address}]" if ":" in address else address


def endpoint(address: str, port: int) -> str:
    """An address with a port, as ipvsadm writes it."""
    return f"{url_host(address)}:{port}"


def parse_endpoint(text: str) -> Tuple[str, Optional[int]]:
    """An address, as it stands there, and its port; None where it has none. IPv6 with a port stands in brackets."""
    if text.startswith("["):
        address, bracket, port = text[1:].partition("]:")
        if not bracket:
            raise AddressError(f"{text} is not an address with a port")
        return address, parse_port(port)
    if text.count(":") == 1:
        address, _colon, port = text.partition(":")
        return address, parse_port(port)
    return text, None


def parse_port(text: str) -> int:
    """A port, 0 among them, which stands for all of them."""
    try:
        port = int(text)
    except ValueError:
        port = -1
    if not 0 <= port <= HIGHEST_PORT:
        raise AddressError(f"{text} is not a number from 0 to {HIGHEST_PORT}")
    return port


@lru_cache(maxsize=4096)
def canonical_address(text: str) -> str:
    """A numeric address in the one spelling that ipvsadm prints, which is that of C(inet_ntop)."""
    family = FAMILIES[family_of(text)]
    try:
        return socket.inet_ntop(family, socket.inet_pton(family, text))
    except (OSError, ValueError):  # ValueError: a null character
        raise AddressError("is not an IPv4 or IPv6 address") from None


def bare(text: str) -> str:
    """The address of one that may have the length of its network, in its one spelling; what is none stays as it is."""
    try:
        return str(ipaddress.ip_interface(text).ip)
    except ValueError:
        return text


def _packed(address: str) -> bytes:
    return socket.inet_pton(FAMILIES[family_of(address)], address)


def is_multicast(address: str) -> bool:
    """Whether an address is that of a group."""
    packed = _packed(address)
    return packed[0] == 0xFF if len(packed) == IPV6_LENGTH else 224 <= packed[0] < 240


def is_of_link(text: str) -> bool:
    """Whether text is an address that each link has anew, without the name of the link."""
    try:
        return ipaddress.ip_address(text) in OF_LINK and "%" not in text
    except ValueError:
        return False


# Many services have the same servers.
@lru_cache(maxsize=4096)
def is_unicast(address: str) -> bool:
    """Whether a director can send a packet to a single host at this address; the kernel refuses others as servers.

    Those of IPv4 in the form of IPv6 (RFC 4291, 2.5.5.2) and those of a link (2.5.6) are among the others.
    """
    packed = _packed(address)
    if len(packed) == IPV6_LENGTH:
        return (
            any(packed) and packed[0] != 0xFF and packed[:12] != IPV4_MAPPED and (packed[0], packed[1] & 0xC0) != LINK
        )
    return 0 < packed[0] < 224


def no_host(address: IpAddress) -> str:
    """Why no host can be reached at an address, if none can."""
    return next((f"is {what}" for network, what in NO_HOSTS.items() if address in network), "")


def overlap(one: IpNetwork, other: IpNetwork) -> bool:
    """Whether two networks have an address in common."""
    return one.version == other.version and one.overlaps(other)


def end_of_network(address: IpAddress, network: IpNetwork) -> str:
    """Which of the addresses that no host of a network has an address is, if it is one.

    RFC 3021: a /31 has none. IPv6 has no broadcast; its first address is that of all routers there (RFC 4291, 2.6.1),
    but for a /127 (RFC 6164).
    """
    if network.max_prefixlen - network.prefixlen < 2:
        return ""
    ends = {network.network_address: "the network address", network.broadcast_address: "the broadcast address"}
    if network.version == 6:
        ends = {network.network_address: "the address of all routers"}
    return ends.get(address, "")

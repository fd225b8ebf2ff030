# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""What IPVS holds: services, their servers, and a table of both.

Values are canonical, as C(ipvsadm --save -n) prints them, so that equality means "nothing to do": a default that
was written out is the default, and an address or a mask has one spelling.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import Dict, NamedTuple

from ansible_collections.lvs.cluster.plugins.module_utils._net import (
    AddressError,
    canonical_address,
    endpoint,
    family_of,
)

# ipvsadm(8), --persistent: the default, and the longest that it accepts (31 days).
PERSISTENCE_TIMEOUT = 360
LONGEST_TIMEOUT = 31 * 86400

# The kernel knows flags by number; the hash schedulers print the first two by name, and the third not at all.
FLAG_NAMES = {
    "mh": {"flag-1": "mh-fallback", "flag-2": "mh-port"},
    "sh": {"flag-1": "sh-fallback", "flag-2": "sh-port"},
}
PLAIN_FLAGS = ("flag-1", "flag-2", "flag-3")

# A server of weight 0 keeps its share of the hash, and without a fallback the kernel drops what falls there.
# dh has no fallback at all (net/netfilter/ipvs/ip_vs_dh.c).
FALLBACK_FLAGS = {"dh": None, "mh": "mh-fallback", "sh": "sh-fallback"}

# How packets get to a server where ipvsadm has no option for it; only other programs make such servers.
BYPASS = "BYPASS"


class IpvsValueError(ValueError):
    """A value that IPVS cannot hold; the text says why."""


class ServiceKey(NamedTuple):
    """What tells a service from the others: protocol, address and port, or firewall mark and family."""

    protocol: str
    family: str
    address: str
    port: int
    fwmark: int

    def __str__(self) -> str:
        if self.fwmark:
            return f"fwmark {self.fwmark}" + (" IPv6" if self.family == "ipv6" else "")
        return f"{self.protocol} {endpoint(self.address, self.port)}"


class ServerKey(NamedTuple):
    """What tells a server from the others of its service."""

    address: str
    port: int

    def __str__(self) -> str:
        return endpoint(self.address, self.port)


@dataclass(frozen=True)
class Service:
    """A virtual service."""

    key: ServiceKey
    lb_algo: str = "wlc"
    lb_flags: tuple[str, ...] = ()
    persistence_timeout: int | None = None
    # None for single clients; a dotted mask for IPv4, the length of a prefix for IPv6.
    persistence_granularity: str | None = None
    persistence_engine: str | None = None
    ops: bool = False

    @property
    def drops_quiesced(self) -> bool:
        """Whether new connections that hash to a server of weight 0 are dropped."""
        return self.lb_algo in FALLBACK_FLAGS and FALLBACK_FLAGS[self.lb_algo] not in self.lb_flags


class Server(NamedTuple):
    """A real server of a service; a tuple, for tables have tens of thousands."""

    key: ServerKey
    lb_kind: str = "DR"
    weight: int = 1
    uthreshold: int = 0
    lthreshold: int = 0
    tun_type: str | None = None
    tun_port: int | None = None
    tun_checksum: str | None = None


class Pool(NamedTuple):
    """A service with its servers."""

    service: Service
    servers: dict[ServerKey, Server]


Table = Dict[ServiceKey, Pool]


def address_service(protocol: str, address: str, port: int) -> ServiceKey:
    """The key of a service on an address."""
    canonical = canonical_address(address)
    return ServiceKey(protocol, family_of(canonical), canonical, port, 0)


def fwmark_service(fwmark: int, family: str = "ipv4") -> ServiceKey:
    """The key of a service on a firewall mark; each family has marks of its own."""
    return ServiceKey("fwmark", family, "", 0, fwmark)


def server_key(address: str, port: int) -> ServerKey:
    """The key of a server."""
    return ServerKey(canonical_address(address), port)


def canonical_flags(lb_algo: str, flags: tuple[str, ...]) -> tuple[str, ...]:
    """Flags under the names that ipvsadm prints for this scheduler, sorted."""
    known = FLAG_NAMES.get(lb_algo, {})
    names = {known.get(flag, flag) for flag in flags}
    allowed = set(known.values()) if known else set(PLAIN_FLAGS)
    unknown = sorted(names - allowed)
    if unknown:
        raise IpvsValueError(f"has no flag {unknown[0]}; its flags are {', '.join(sorted(allowed))}")
    return tuple(sorted(names))


def _is_number(text: str) -> bool:
    # isdigit() alone takes the digits of all scripts, and superscripts that int() does not.
    return text.isascii() and text.isdigit()


def canonical_granularity(family: str, text: str) -> str | None:
    """A persistence mask, or the length of a prefix, as ipvsadm prints it; None where it means single clients."""
    if family == "ipv6":
        if not _is_number(text) or not 1 <= int(text) <= 128:
            raise IpvsValueError("is not the length of an IPv6 prefix, from 1 to 128")
        return None if int(text) == 128 else str(int(text))
    if _is_number(text) and int(text) <= 32:
        length = int(text)
        mask = (0xFFFFFFFF << (32 - length)) & 0xFFFFFFFF
        text = socket.inet_ntop(socket.AF_INET, mask.to_bytes(4, "big"))
    try:
        canonical = canonical_address(text)
    except AddressError:
        canonical = ""
    if not canonical or ":" in canonical:
        raise IpvsValueError("is neither a netmask as 255.255.255.0 nor the length of a prefix from 0 to 32")
    return None if canonical == "255.255.255.255" else canonical

# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""What clients of a service connect to: an address with its port, a group of them, or what carries a mark."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterator, NamedTuple, Optional, Tuple

from ansible_collections.lvs.cluster.plugins.module_utils._description.kinds import (
    ADDRESS,
    PORT,
    choice,
    integer,
    list_of,
    numbered,
    option,
    table,
)

WAYS = ("address", "fwmark", "group")
# What some of them need beside them, and no other has.
BESIDE = {"address": "port", "fwmark": "marked"}


class Socket(NamedTuple):
    """An address and a port that clients connect to.

    path: where the address stands in its service.
    """

    path: str
    protocol: str
    address: str
    port: int


@dataclass(frozen=True)
class GroupSocket:
    """One of the addresses and ports of a C(virtual_server_group)."""

    address: str = option(ADDRESS, "an address that an instance of lvs_vrrp_instances carries, or that hosts have")
    port: int = option(PORT, "the port that clients connect to")


@dataclass(frozen=True)
class Marked:
    """What of an address gets the mark, on its way into a director."""

    address: str = option(ADDRESS, "an address that an instance of lvs_vrrp_instances carries, or that hosts have")
    ports: Tuple[int, ...] = option(list_of(PORT), "the ports that clients connect to")
    protocol: str = option(choice(["TCP", "UDP", "SCTP"], "protocol"), "what is marked", default="TCP")


@dataclass(frozen=True)
class Served:
    """One of the ways, and what belongs to it."""

    address: str = option(
        ADDRESS, "an address that an instance of lvs_vrrp_instances carries, or that hosts have", default=""
    )
    port: int = option(
        integer(0, 65535),
        "the port that clients connect to, of an address; 0 is all of them, with a persistence_timeout",
        default=None,
    )
    fwmark: Optional[int] = option(
        integer(1, 2**32 - 1),
        "in place of an address: packets with this mark, which directors give to those of marked",
        default=None,
    )
    marked: Tuple[Marked, ...] = option(
        list_of(table(Marked)), "of a fwmark: addresses, ports and protocols whose packets get it", default=()
    )
    group: Tuple[GroupSocket, ...] = option(
        list_of(table(GroupSocket)),
        "in place of an address: several addresses and ports, whose servers are checked once for all of them",
        default=(),
    )

    def _sockets(self, protocol: str) -> Iterator[Socket]:
        if self.address:
            yield Socket("address", protocol, self.address, self.port)
        for place, each in numbered(self.group):
            if each.address is not None:
                yield Socket(f"group[{place}].address", protocol, each.address, each.port)
        for place, marked in numbered(self.marked) if self.fwmark else ():
            if marked.address is not None:
                for _place, port in numbered(marked.ports):
                    yield Socket(f"marked[{place}].address", marked.protocol, marked.address, port)

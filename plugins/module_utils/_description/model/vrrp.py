# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""Addresses that float over hosts, in the words of keepalived.conf(5)."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import ClassVar, Iterator, List, Mapping, Optional, Sequence, Tuple

from ansible_collections.lvs.cluster.plugins.module_utils._description.kinds import (
    BOOLEAN,
    INTERFACE,
    INTERFACE_ADDRESS,
    LABEL,
    LONGEST_NAME,
    WORD,
    choice,
    integer,
    list_of,
    numbered,
    option,
    raw_lines,
    seconds,
    secret,
    table,
    word,
)

# What keepalived reads as options of lvs_sync_daemon, where the name of an instance stands.
SYNC_DAEMON_WORDS = ("id", "inst", "group", "maxlen", "port", "ttl")


@dataclass(frozen=True)
class Authentication:
    """C(authentication) of a VRRPv2 instance; RFC 9568 has none."""

    auth_pass: str = option(secret(longest=8), "a password of at most 8 characters")
    auth_type: str = option(choice(["PASS"], "auth_type"), "how it is used", default="PASS")


@dataclass(frozen=True)
class VirtualAddress:
    """An address that floats, in the words of ip-address(8)."""

    address: str = option(INTERFACE_ADDRESS, "the address, by default of a network of its own (/32)", bare=True)
    dev: str = option(INTERFACE, "its interface, if that is not the instance's", default="")
    label: str = option(LABEL, "a name for it, INTERFACE:WORD of at most 15 characters", default="")
    scope: str = option(choice(["global", "site", "link", "host"], "scope"), "how far it is valid", default="")
    brd: str = option(choice(["+", "-"], "brd"), "a broadcast address: the highest (+) or lowest (-)", default="")


@dataclass(frozen=True)
class Floating:
    """What floats over which hosts, and how they tell each other."""

    name: str = option(
        word(LONGEST_NAME, SYNC_DAEMON_WORDS, "is a word of keepalived's lvs_sync_daemon, which names an instance"),
        "a name for the instance",
    )
    virtual_router_id: int = option(integer(1, 255), "a number from 1 to 255 that no other instance on the network has")
    virtual_ipaddress: Tuple[VirtualAddress, ...] = option(
        list_of(table(VirtualAddress, shorthand="address")), "the addresses that float"
    )
    hosts: Tuple[str, ...] = option(list_of(WORD), "the hosts that it floats over, the preferred master first")
    version: int = option(integer(2, 3), "VRRP version, 2 or 3", default=2)
    interface: str = option(INTERFACE, "the interface; by default the one that has the host's address", default="")
    advert_int: float = option(seconds(0.01, 255), "seconds between adverts", default=1)
    preempt: bool = option(BOOLEAN, "whether a preferred director takes the addresses back", default=True)
    preempt_delay: float = option(seconds(0, 1000), "seconds to wait before taking them back", default=0)
    authentication: Optional[Authentication] = option(table(Authentication), "VRRPv2 password", default=None)
    unicast: bool = option(BOOLEAN, "adverts straight to the other directors, not by multicast", default=True)
    spread: bool = option(
        BOOLEAN,
        "whether each address gets an instance of its own, and each instance another host as preferred master",
        default=False,
    )


@dataclass(frozen=True)
class Mailing:
    """What mails when it becomes another state."""

    smtp_alert: Optional[bool] = option(
        BOOLEAN, "whether to mail each change of state; by default as lvs_global_defs says", default=None
    )


@dataclass(frozen=True)
class VrrpInstance(Mailing, Floating):
    """C(vrrp_instance): addresses that float over hosts."""

    raw: Tuple[str, ...] = raw_lines()

    # Keywords that follow from something else, and from what.
    DERIVED: ClassVar[Mapping[str, str]] = {
        "state": "hosts",
        "priority": "hosts",
        "nopreempt": "preempt",
        "unicast_src_ip": "unicast",
        "unicast_peer": "unicast",
    }

    @property
    def floating(self) -> Iterator[Tuple[str, VirtualAddress]]:
        """Each sound floating address with the path to it."""
        for place, each in numbered(self.virtual_ipaddress):
            if each.address is not None:
                yield f"virtual_ipaddress[{place}]", each

    @property
    def addresses(self) -> Tuple[str, ...]:
        """The floating addresses without their prefix lengths."""
        return tuple(each.address.split("/")[0] for _path, each in self.floating)

    @property
    def addresses_known(self) -> bool:
        """Whether none of them was refused."""
        held = self.virtual_ipaddress
        return held is not None and all(each is not None and each.address is not None for each in held)

    @property
    def instances(self) -> Tuple[VrrpInstance, ...]:
        """What VRRP gets: itself, or with C(spread) one for each address, numbered from its own number on."""
        if not self.spread:
            return (self,)
        return tuple(
            dataclasses.replace(
                self,
                name=self.name and f"{self.name}_{place + 1}",
                virtual_router_id=self.virtual_router_id and self.virtual_router_id + place,
                virtual_ipaddress=(address,),
                hosts=_preferring(self.hosts or (), place),
                spread=False,
            )
            for place, address in numbered(self.virtual_ipaddress)
        )


def _preferring(hosts: Tuple[str, ...], place: int) -> Tuple[str, ...]:
    """The hosts with the one before the others whose turn it is.

    After each round the others begin with another one: what a host that dies leaves is taken by several.
    """
    if not hosts:
        return ()
    master, *others = _turned(hosts, place)
    return (master, *_turned(others, place // len(hosts)))


def _turned(hosts: Sequence[str], by: int) -> List[str]:
    first = by % max(1, len(hosts))
    return [*hosts[first:], *hosts[:first]]

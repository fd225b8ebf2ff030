# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""Which C(ip address) commands give an interface the virtual addresses of a host, and which addresses are ours.

No label tells whose an address is: C(lo:0) is what every guide writes. What was put there is remembered instead.
"""

from __future__ import annotations

import ipaddress
import json
import re
from typing import AbstractSet, Any, Dict, Iterable, List, Mapping, NamedTuple, Optional, Sequence, Set

from ansible_collections.lvs.cluster.plugins.module_utils._net import AddressError, canonical_address, is_unicast
from ansible_collections.lvs.cluster.plugins.module_utils._problems import BadValue, Problem

Labels = Dict[str, str]  # address -> label; empty for none


class Standing(NamedTuple):
    """An address of an interface."""

    address: str
    length: int
    label: str
    is_global: bool = True  # others the kernel gives by itself

    def __str__(self) -> str:
        return f"{self.address}/{self.length}"


class Link(NamedTuple):
    """An interface; of hardware it has no kind."""

    kind: str
    is_up: bool
    standing: List[Standing]


class Plan(NamedTuple):
    """What is to be done, and which addresses are ours once it is."""

    commands: List[List[str]]
    ours: Set[str]


LOOPBACK = "lo"
# The kernel's IFNAMSIZ counts a NUL.
LONGEST_LABEL = 15
INTERFACE = re.compile(r"[^\s/:]{1,15}")
# What every network configuration takes behind the colon of a label.
LABEL = re.compile(r"[^\s/:]+:[0-9A-Za-z_.-]+")
OWNER = re.compile(r"[0-9A-Za-z][0-9A-Za-z_.-]*")


def problems_of(
    addresses: Sequence[Mapping[str, Optional[str]]], owner: str, interface: str = LOOPBACK, is_dummy: bool = False
) -> List[Problem]:
    """What is wrong with the options.

    ip-address(8) would take most of it for something else: 192.0.2.010 for 192.0.2.8, and 192.0.2 for 192.0.2.0.
    """
    problems: List[Problem] = []
    seen: Set[str] = set()
    for number, each in enumerate(addresses):
        address, label = str(each["address"]), each.get("label")
        try:
            require_service_address(address)
            if address in seen:
                raise BadValue("stands there twice")
        except BadValue as bad:
            problems.append(Problem(f"addresses[{number}].address", repr(address), bad.reason, bad.remedy))
        seen.add(address)
        if label and not is_label(label, interface):
            room = LONGEST_LABEL - len(f"{interface}:")
            remedy = (
                f"Write '{interface}:0', '{interface}:1' and so on; up to {room} letters, digits, '_', '.' and '-' "
                "may follow the colon"
            )
            problems.append(
                Problem(f"addresses[{number}].label", repr(label), f"is not a label of {interface}", remedy)
            )
    problems += problems_of_owner(owner)
    if is_dummy and interface == LOOPBACK:
        problems.append(Problem("interface", repr(interface), "is no dummy device", "Write another name, as lvs0"))
    return problems + problems_of_interface(interface, "Write it as 'ip link' has it")


def problems_of_owner(owner: str) -> List[Problem]:
    """A file has his name."""
    if OWNER.fullmatch(owner):
        return []
    remedy = "Write letters, digits, '_', '.' and '-', as of a cluster"
    return [Problem("owner", repr(owner), "is not a name", remedy)]


def problems_of_interface(interface: str, remedy: str) -> List[Problem]:
    return (
        []
        if INTERFACE.fullmatch(interface)
        else [Problem("interface", repr(interface), "is not a name of one", remedy)]
    )


def is_label(label: str, interface: str) -> bool:
    """Whether the kernel takes a label, and people see by it which interface has the address."""
    return label.startswith(f"{interface}:") and bool(LABEL.fullmatch(label)) and len(label) <= LONGEST_LABEL


def require_service_address(address: str) -> None:
    """Refuse what cannot be the address of a service."""
    try:
        # Before Python 3.9.5 ipaddress takes leading zeros.
        if canonical_address(address) != address or str(ipaddress.ip_address(address)) != address:
            raise AddressError
    except ValueError:
        remedy = "Write it as 192.0.2.100 or 2001:db8::100, without leading zeros and without a length"
        raise BadValue("is not an address", remedy) from None
    # Networks of no host, of this host, of a link, and of groups.
    if not is_unicast(address) or ipaddress.ip_address(address).is_loopback:
        raise BadValue("is not the address of a service", "Write one that clients send to, as 192.0.2.100")


def own_length(address: str) -> int:
    """The length with which an address stands for itself alone."""
    return 128 if ":" in address else 32


def alone(address: str) -> str:
    """An address as one that stands for itself alone."""
    return f"{address}/{own_length(address)}"


def standing(text: str) -> List[Standing]:
    """The addresses in the output of C(ip -json address show dev INTERFACE)."""
    return [each for link in json.loads(text) for each in _standing_on(link)]


def _standing_on(link: Mapping[str, Any]) -> List[Standing]:
    return [
        Standing(each["local"], each["prefixlen"], each.get("label", ""), each.get("scope", "global") == "global")
        for each in link.get("addr_info", [])
        if "local" in each
    ]


def links(text: str) -> Dict[str, Link]:
    """The interfaces in the output of C(ip -json -details address show)."""
    return {
        each["ifname"]: Link(
            each.get("linkinfo", {}).get("info_kind", ""), "UP" in each.get("flags", []), _standing_on(each)
        )
        for each in json.loads(text)
    }


def making(link: Optional[Link], interface: str) -> List[List[str]]:
    """Commands that have a dummy device there, ready for addresses."""
    commands = [] if link else [["ip", "link", "add", interface, "type", "dummy"]]
    return commands if link and link.is_up else [*commands, ["ip", "link", "set", interface, "up"]]


def unmaking(link: Optional[Link], interface: str, going: AbstractSet[str]) -> List[List[str]]:
    """Commands that take a dummy device away once these addresses have gone, unless somebody has others there."""
    if link is None or any(each.is_global and each.address not in going for each in link.standing):
        return []
    return [["ip", "link", "delete", interface, "type", "dummy"]]


def held(current: Iterable[Standing]) -> Labels:
    """Those of them that stand for themselves alone."""
    return {each.address: each.label for each in current if each.length == own_length(each.address)}


def too_wide(current: Iterable[Standing], wanted: Iterable[str]) -> List[Standing]:
    """The addresses that are wanted and stand there for more than themselves."""
    return [each for each in current if each.address in wanted and each.length != own_length(each.address)]


def plan(current: Labels, wanted: Labels, ours: AbstractSet[str], purge: bool, interface: str = LOOPBACK) -> Plan:
    """Commands that lead from current to wanted.

    An address that is wanted and there is right, and ours from now on, whatever its label: that is for people, and to
    change it would take the address away for a moment. Of the rest only what is ours goes; and new ones
    come before old ones go.

    Without a broadcast address, which a /32 needs as little: networkd, which has none either, would take the address
    away for a moment and put its own there, at a reload when it may be in service. Those of IPv6 have no labels, and
    are not asked for on the network first, which other hosts that hold them would answer.
    """
    commands = [
        ["ip", "address", "add", alone(address), "dev", interface, *_manner(address, label, interface)]
        for address, label in wanted.items()
        if address not in current
    ]
    if not purge:
        return Plan(commands, set(wanted) | ours)
    commands += [["ip", "address", "delete", alone(each), "dev", interface] for each in surplus(current, wanted, ours)]
    return Plan(commands, set(wanted))


def _manner(address: str, label: str, interface: str) -> List[str]:
    if ":" in address:
        return ["nodad", "preferred_lft", "0"] if is_never_source(address, interface) else ["nodad"]
    return ["label", label] if label else []


def is_never_source(address: str, interface: str) -> bool:
    """Whether an address must be kept from being what the host sends from, unless a program says so.

    Of a card's addresses of IPv6 the kernel takes the one that has most in common with whom it sends to (RFC 6724, 5,
    rule 8), and a real server takes what comes from the virtual one for forged: it has that too. Of IPv4 it takes
    the one of the network, and of the loopback none.
    """
    return ":" in address and interface != LOOPBACK


def surplus(current: Labels, wanted: Labels, ours: AbstractSet[str]) -> List[str]:
    """The addresses that are ours and there, and not wanted."""
    return [address for address in current if address in ours and address not in wanted]


def render(current: Labels, ours: AbstractSet[str], commands: List[List[str]]) -> str:
    """The addresses that are ours as the commands leave them, for C(--diff), in the words of ip-address(8)."""
    labels = {address: label for address, label in current.items() if address in ours}
    for _ip, _address, verb, prefixed, *rest in commands:
        address = prefixed.split("/")[0]
        if verb == "add":
            labels[address] = rest[-1]  # without one it is the name of the interface, as ip has it too
        else:
            labels.pop(address, None)
    return "".join(sorted(_line(address, label) for address, label in labels.items()))


def _line(address: str, label: str) -> str:
    if ":" in address:
        return f"inet6 {alone(address)} scope global\n"
    return f"inet {alone(address)} scope global {label}\n"


def read_memory(text: str) -> Set[str]:
    """The addresses in a memory."""
    return set(json.loads(text)["addresses"]) if text else set()


def write_memory(addresses: Iterable[str]) -> str:
    """A memory of addresses."""
    return json.dumps({"addresses": sorted(addresses)}, indent=2) + "\n"

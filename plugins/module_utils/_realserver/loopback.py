# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""Which C(ip address) commands give the loopback the addresses of a real server, and which addresses are ours.

No label tells whose an address is: C(lo:0) is what every guide writes. What was put there is remembered instead.
"""

from __future__ import annotations

import ipaddress
import json
import re
from typing import AbstractSet, Dict, Iterable, List, Mapping, NamedTuple, Optional, Sequence, Set

from ansible_collections.lvs.cluster.plugins.module_utils._problems import BadValue, Problem

Labels = Dict[str, str]  # address -> label; empty for none


class Standing(NamedTuple):
    """An address of the loopback."""

    address: str
    length: int
    label: str

    def __str__(self) -> str:
        return f"{self.address}/{self.length}"


class Plan(NamedTuple):
    """What is to be done, and which addresses are ours once it is."""

    commands: List[List[str]]
    ours: Set[str]


# The kernel's IFNAMSIZ counts a NUL; what follows the colon is what every network configuration takes there.
LABEL = re.compile(r"lo:[0-9A-Za-z_.-]{1,12}")
OWNER = re.compile(r"[0-9A-Za-z][0-9A-Za-z_.-]*")


def problems_of(addresses: Sequence[Mapping[str, Optional[str]]], owner: str) -> List[Problem]:
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
        if label is not None and not LABEL.fullmatch(label):
            remedy = "Write 'lo:0', 'lo:1' and so on; up to 12 letters, digits, '_', '.' and '-' may follow the colon"
            problems.append(Problem(f"addresses[{number}].label", repr(label), "is not a label of lo", remedy))
    if not OWNER.fullmatch(owner):
        remedy = "Write letters, digits, '_', '.' and '-', as of a cluster"
        problems.append(Problem("owner", repr(owner), "is not a name", remedy))
    return problems


def require_service_address(address: str) -> None:
    """Refuse what cannot be the address of a service."""
    try:
        # Before Python 3.9.5 it takes leading zeros.
        parsed = ipaddress.IPv4Address(address if str(ipaddress.IPv4Address(address)) == address else "")
    except ValueError:
        remedy = "Write four numbers as in 192.0.2.100, without leading zeros and without a length"
        raise BadValue("is not an IPv4 address", remedy) from None
    # The first number: networks of no host, of this host, and of groups.
    if parsed.packed[0] in (0, 127) or parsed.packed[0] >= 224:
        raise BadValue("is not the address of a service", "Write one that clients send to, as 192.0.2.100")


def standing(text: str) -> List[Standing]:
    """The addresses in the output of C(ip -json -4 address show dev lo)."""
    return [
        Standing(each["local"], each["prefixlen"], each.get("label", ""))
        for link in json.loads(text)
        for each in link.get("addr_info", [])
        if "local" in each
    ]


def held(current: Iterable[Standing]) -> Labels:
    """Those of them that stand for themselves alone."""
    return {each.address: each.label for each in current if each.length == 32}


def too_wide(current: Iterable[Standing], wanted: Iterable[str]) -> List[Standing]:
    """The addresses that are wanted and stand there for more than themselves."""
    return [each for each in current if each.address in wanted and each.length != 32]


def plan(
    current: Labels, wanted: Labels, ours: AbstractSet[str], purge: bool, shared: AbstractSet[str] = frozenset()
) -> Plan:
    """Commands that lead from current to wanted.

    An address that is wanted and there is right, and ours from now on, whatever its label: that is for people, and to
    change it would take the address away for a moment. Of the rest only what is ours goes, unless it is shared with
    another owner; and new ones come before old ones go.

    Without a broadcast address, which a /32 needs as little: networkd, which has none either, would take the address
    away for a moment and put its own there, at a reload when it may be in service.
    """
    commands = [
        ["ip", "address", "add", f"{address}/32", "dev", "lo", *(["label", label] if label else [])]
        for address, label in wanted.items()
        if address not in current
    ]
    if not purge:
        return Plan(commands, set(wanted) | ours)
    commands += [
        ["ip", "address", "delete", f"{each}/32", "dev", "lo"]
        for each in surplus(current, wanted, ours)
        if each not in shared
    ]
    return Plan(commands, set(wanted))


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
    lines = [f"inet {address}/32 scope global {label}\n" for address, label in labels.items()]
    return "".join(sorted(lines))


def named(text: str) -> Set[str]:
    """The addresses that a file of this collection for networkd or ifupdown gives to the loopback."""
    return set(re.findall(r"^(?:Address=|\s*up ip address replace )([\d.]+)/32\b", text, re.MULTILINE))


def read_memory(text: str) -> Set[str]:
    """The addresses in a memory."""
    return set(json.loads(text)["addresses"]) if text else set()


def write_memory(addresses: Iterable[str]) -> str:
    """A memory of addresses."""
    return json.dumps({"addresses": sorted(addresses)}, indent=2) + "\n"

# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""A gateway that all packets go by, beside the default route that somebody else set, which counts again without it."""

from __future__ import annotations

import ipaddress
import json
from dataclasses import dataclass
from typing import Dict, List, Optional, Sequence, Set, Tuple

from ansible_collections.lvs.cluster.plugins.module_utils._net import (
    TITLES,
    AddressError,
    canonical_address,
    family_of,
)
from ansible_collections.lvs.cluster.plugins.module_utils._problems import Problem

from .held import problems_of_interface, problems_of_owner
from .wish import Route

# Each family's whole in two: of several routes to an address the kernel takes the narrowest, whatever their metrics.
HALVES = {"ipv4": ("0.0.0.0/1", "128.0.0.0/1"), "ipv6": ("::/1", "8000::/1")}


@dataclass(frozen=True)
class Led:
    """Where packets are led: by an interface, to a gateway of each family."""

    interface: str
    gateways: Sequence[str]

    @property
    def routes(self) -> List[Route]:
        return [Route(half, each) for each in self.gateways for half in HALVES[family_of(each)]]


NOWHERE = Led("", ())


def problems_of(interface: str, gateways: Sequence[str], owner: str) -> List[Problem]:
    """What is wrong with the options; a gateway in another spelling than the kernel's never would be there."""
    problems: List[Problem] = []
    for number, each in enumerate(gateways):
        reason, remedy = _fault(each, gateways[:number])
        if reason:
            problems.append(Problem(f"gateways[{number}]", repr(each), reason, remedy))
    if gateways:
        remedy = "Write the one by which the gateways are reached, as 'ip link' has it"
        problems += problems_of_interface(interface, remedy)
    return problems + problems_of_owner(owner)


def _fault(gateway: str, before: Sequence[str]) -> Tuple[str, str]:
    """Why a gateway cannot be one beside those before it, and what to write; empty where it can."""
    remedy = "Write it as 198.51.100.1 or 2001:db8::1, in lower case, without leading zeros and without a length"
    try:
        spelling = canonical_address(gateway)
    except AddressError as error:
        return str(error), remedy
    if spelling != gateway:
        return f"is not in the kernel's spelling, {spelling}", remedy
    known = ipaddress.ip_address(gateway)
    if known.is_multicast or known.is_loopback or known.is_unspecified:
        return "is not the address of a gateway", "Write the director's in a network of the interface"
    family = family_of(gateway)
    if family in map(family_of, before):
        return f"is a second one of {TITLES[family]}", "Write one of each family"
    return "", ""


def standing(shown: Sequence[str]) -> Set[Route]:
    """The routes by gateways in the outputs of C(ip -json route show dev INTERFACE)."""
    return {
        Route(each["dst"], each["gateway"]) for text in shown for each in json.loads(text or "[]") if "gateway" in each
    }


def missing(led: Led, there: Set[Route]) -> List[List[str]]:
    """The commands that bring what is not there."""
    return [_command("replace", each, led.interface) for each in led.routes if each not in there]


def surplus(led: Led, there: Set[Route], others: Sequence[Led] = ()) -> List[List[str]]:
    """Those that take away what is there, and what no other owner wants."""
    wanted = {each for other in others if other.interface == led.interface for each in other.routes}
    return [_command("delete", each, led.interface) for each in led.routes if each in there - wanted]


def overruled(told: str, led: Led) -> str:
    """The way that packets to somebody take now, where they are led past it, in the words of ip-route(8); else empty.

    told: the output of C(ip -json route get fibmatch ADDRESS). A narrower route stays, and so does another table.
    """
    for way in json.loads(told or "[]"):
        hops = [way, *way.get("nexthops", [])]
        gateways = [hop["gateway"] for hop in hops if "gateway" in hop]
        is_default = way["dst"] == "default" and way.get("table", "main") == "main"
        if is_default and not set(gateways) & set(led.gateways):
            named = ["via", gateways[0]] if gateways else []
            return " ".join([*named, "dev", next(hop["dev"] for hop in hops if "dev" in hop)])
    return ""


def _command(verb: str, route: Route, interface: str) -> List[str]:
    return ["ip", "route", verb, route.to, "via", route.via, "dev", interface]


def rival(led: Led, other: Sequence[Led]) -> Optional[Tuple[str, Led]]:
    """A gateway, and where another owner leads its family instead; what he is about to leave does not count."""
    for gateway in led.gateways:
        theirs = [
            Led(each.interface, [way])
            for each in other
            for way in each.gateways
            if family_of(way) == family_of(gateway)
        ]
        if theirs and Led(led.interface, [gateway]) not in theirs:
            return gateway, theirs[0]
    return None


def read_memory(text: str) -> List[Led]:
    """Where an owner leads packets, or has begun to; each interface once."""
    return [Led(interface, gateways) for interface, gateways in json.loads(text or "{}").items()]


def write_memory(leds: Sequence[Led]) -> str:
    """A memory of where packets are led; empty for nowhere."""
    gateways: Dict[str, List[str]] = {}
    for led in leds:
        known = gateways.setdefault(led.interface, [])
        known += [each for each in led.gateways if each not in known]
    return json.dumps(gateways, indent=2) + "\n" if gateways else ""

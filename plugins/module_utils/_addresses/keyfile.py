# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""NetworkManager has one profile for an interface: addresses are added to the one that the host has, or to one of ours.

Whose an address is stands in the profile too, as data of the user's, which NetworkManager keeps: several owners share
one profile, and what somebody else wrote into it stays. Of labels it knows nothing.
"""

from __future__ import annotations

import re
from typing import Dict, List, Optional, Sequence, Tuple

from .held import LOOPBACK, alone
from .wish import Found, StackFile, Wish, place

FOLDER = "/etc/NetworkManager/system-connections"
# From this version on it activates profiles on the loopback.
LOOPBACK_SINCE = (1, 42)
CLAIM = "lvs-cluster."
ADDRESS = re.compile(r"address(?:es)?(\d*)\s*=\s*([0-9a-fA-F.:]+(?:/\d+)?)")
ROUTE = re.compile(r"routes?(\d*)\s*=\s*(\S+)")
FAMILIES = ("ipv4", "ipv6")

# What stands before the first section has no name.
Sections = List[Tuple[str, List[str]]]


def path_of(interface: str) -> str:
    """Of a profile of ours."""
    return f"{FOLDER}/{identity(interface)}.nmconnection"


def identity(interface: str) -> str:
    return f"lvs-{place(interface)}"


def files(wish: Wish, found: Found) -> List[StackFile]:
    """own_file of what is found: the host's profile for the interface. texts: of routes that go, all with them."""
    if not wish.addresses and not wish.routes and wish.former:
        return [StackFile(path, edited(text, wish, ours=False), 0o600) for path, text in found.texts.items()]
    path = found.own_file or path_of(wish.interface)
    text = found.texts.get(path)
    if text is None and not wish.addresses:
        return []
    content = edited(text or _blank(wish), wish, ours=not found.own_file)
    return [StackFile(path, content, None if content is None else 0o600)]


def _blank(wish: Wish) -> str:
    kind = "dummy" if wish.is_dummy else "loopback" if wish.interface == LOOPBACK else "ethernet"
    # Without a word on it a dummy device would get an address of IPv6 by itself.
    families = FAMILIES if wish.is_dummy else FAMILIES[:1]
    return (
        f"{wish.header}[connection]\nid={identity(wish.interface)}\ntype={kind}\ninterface-name={wish.interface}\n"
        + "".join(f"\n[{family}]\nmethod=disabled\n" for family in families)
    )


def edited(text: str, wish: Wish, ours: bool) -> Optional[str]:
    """A profile that has the wish's addresses, and no more those that the owner had; None for none.

    ours: whether it is a profile of ours, which nobody needs without an address.
    """
    sections = _parse(text)
    claims = _claims(sections)
    before = claims.pop(wish.owner, [])
    wanted = [each.address for each in wish.addresses]
    others = [address for each in claims.values() for address in each]
    if ours and not wanted and not others:
        return None
    going = [each for each in before if each not in wanted and each not in others]
    for family in FAMILIES:
        coming = [each for each in wanted if (":" in each) == (family == "ipv6")]
        _set_addresses(sections, family, coming, going)
    if wish.interface == LOOPBACK:
        # On the loopback no family can be disabled.
        for family in FAMILIES:
            lines = _section(sections, family, create=False) or []
            lines[:] = ["method=auto" if line == "method=disabled" else line for line in lines]
    _set_claim(sections, wish.owner, wanted)
    for family in FAMILIES:
        coming, going = (
            [f"{each.to},{each.via}" for each in routes if (":" in each.to) == (family == "ipv6")]
            for routes in (wish.routes, wish.going)
        )
        _set_routes(sections, family, coming, going)
    return _render(sections)


def has_going(text: str, wish: Wish) -> bool:
    """Whether a profile has routes that are to go."""
    return not {f"{each.to},{each.via}" for each in wish.going}.isdisjoint(map(_route, text.splitlines()))


def _set_addresses(sections: Sections, family: str, coming: Sequence[str], going: Sequence[str]) -> None:
    lines = _section(sections, family, create=bool(coming))
    if lines is None:
        return
    # One that stands for a network is the host's own.
    lines[:] = [line for line in lines if _prefixed(line) not in map(alone, going)]
    there = [_prefixed(line).partition("/")[0] for line in lines]
    numbers = [int(match.group(1) or 0) for match in map(ADDRESS.match, lines) if match]
    added = [each for each in coming if each not in there]
    lines += [f"address{number}={alone(each)}" for number, each in enumerate(added, max(numbers, default=0) + 1)]
    has_addresses = any(ADDRESS.match(line) for line in lines)
    method = next((line.partition("=")[2].strip() for line in lines if line.startswith("method")), "")
    if added and method not in ("manual", "auto"):
        _set(lines, "method", "manual")
    elif method == "manual" and not has_addresses:
        _set(lines, "method", "disabled")


def _set_routes(sections: Sections, family: str, coming: Sequence[str], going: Sequence[str]) -> None:
    lines = _section(sections, family, create=bool(coming))
    if lines is None:
        return
    lines[:] = [line for line in lines if _route(line) not in going]
    there = [_route(line) for line in lines]
    numbers = [int(match.group(1) or 0) for match in map(ROUTE.match, lines) if match]
    added = [each for each in coming if each not in there]
    lines += [f"route{number}={each}" for number, each in enumerate(added, max(numbers, default=0) + 1)]


def _route(line: str) -> str:
    match = ROUTE.match(line)
    return match.group(2) if match else ""


def _prefixed(line: str) -> str:
    match = ADDRESS.match(line)
    return match.group(2) if match else ""


def _set(lines: List[str], key: str, value: str) -> None:
    lines[:] = [line for line in lines if line.partition("=")[0].strip() != key]
    lines.insert(0, f"{key}={value}")


def _claims(sections: Sections) -> Dict[str, List[str]]:
    lines = _section(sections, "user", create=False) or []
    pairs = [line.partition("=") for line in lines if line.startswith(CLAIM)]
    return {name.strip()[len(CLAIM) :]: value.split() for name, _equals, value in pairs}


def _set_claim(sections: Sections, owner: str, addresses: Sequence[str]) -> None:
    lines = _section(sections, "user", create=bool(addresses))
    if lines is None:
        return
    key = f"{CLAIM}{owner}"
    lines[:] = [line for line in lines if line.partition("=")[0].strip() != key]
    if addresses:
        lines.append(f"{key}={' '.join(addresses)}")
    if not lines:
        sections[:] = [each for each in sections if each[0] != "user"]


def _section(sections: Sections, name: str, create: bool) -> Optional[List[str]]:
    for each, lines in sections:
        if each == name:
            return lines
    if not create:
        return None
    sections.append((name, []))
    return sections[-1][1]


def _parse(text: str) -> Sections:
    sections: Sections = [("", [])]
    for line in text.splitlines():
        match = re.fullmatch(r"\[(.+)\]\s*", line)
        if match:
            sections.append((match.group(1), []))
        elif line.strip() or not sections[-1][0]:
            sections[-1][1].append(line)
    return sections


def _render(sections: Sections) -> str:
    head = "".join(f"{line}\n" for line in sections[0][1])
    parts = ["".join([f"[{name}]\n", *(f"{line}\n" for line in lines)]) for name, lines in sections[1:]]
    return head + "\n".join(parts)


def version(told: str) -> Tuple[int, ...]:
    """From the output of C(nmcli --version)."""
    match = re.search(r"(\d+)\.(\d+)", told)
    return (int(match.group(1)), int(match.group(2))) if match else ()

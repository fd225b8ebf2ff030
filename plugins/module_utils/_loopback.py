# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""Which C(ip address) commands give the loopback the addresses that a real server is to hold."""

from __future__ import annotations

import json
import re
from typing import Dict, List

Labels = Dict[str, str]  # address -> label
LABEL = re.compile(r"lo:\d+")


def held(text: str) -> Labels:
    """The /32 addresses in the output of C(ip -json -4 address show dev lo)."""
    return {
        each["local"]: each.get("label", "")
        for link in json.loads(text)
        for each in link.get("addr_info", [])
        if each.get("prefixlen") == 32
    }


def plan(current: Labels, wanted: Labels, purge: bool) -> List[List[str]]:
    """Commands that lead from current to wanted.

    An address that has any label C(lo:N) is right: its number is for people, and to change it would take the address
    away for a moment. Addresses without such a label are others', and stay.
    """
    ours = [address for address, label in current.items() if LABEL.fullmatch(label)]
    commands = [
        ["ip", "address", "delete", f"{address}/32", "dev", "lo"]
        for address in current
        if address in wanted and address not in ours
    ]
    for address, label in wanted.items():
        if address not in ours:
            commands.append(
                ["ip", "address", "add", f"{address}/32", "broadcast", address, "dev", "lo", "label", label]
            )
    if purge:
        commands += [["ip", "address", "delete", f"{each}/32", "dev", "lo"] for each in surplus(current, wanted)]
    return commands


def surplus(current: Labels, wanted: Labels) -> List[str]:
    """The addresses under a label C(lo:N) that are not wanted."""
    return [address for address, label in current.items() if LABEL.fullmatch(label) and address not in wanted]


def render(current: Labels, commands: List[List[str]]) -> str:
    """The addresses under a label C(lo:N) as the commands leave them, for C(--diff), in the words of ip-address(8)."""
    labels = dict(current)
    for _ip, _address, verb, prefixed, *rest in commands:
        address = prefixed.split("/")[0]
        if verb == "add":
            labels[address] = rest[-1]
        else:
            del labels[address]
    lines = [f"inet {address}/32 scope global {label}\n" for address, label in labels.items() if LABEL.fullmatch(label)]
    return "".join(sorted(lines))

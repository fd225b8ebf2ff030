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


def plan(current: Labels, wanted: Labels) -> List[List[str]]:
    """Commands that lead from current to wanted. Addresses without a label C(lo:N) are others', and stay."""
    commands = []
    for address, label in current.items():
        if wanted.get(address, label) != label:
            commands.append(["ip", "address", "delete", f"{address}/32", "dev", "lo"])
    for address, label in wanted.items():
        if current.get(address) != label:
            commands.append(
                ["ip", "address", "add", f"{address}/32", "broadcast", address, "dev", "lo", "label", label]
            )
    for address, label in current.items():
        if address not in wanted and LABEL.fullmatch(label):
            commands.append(["ip", "address", "delete", f"{address}/32", "dev", "lo"])
    return commands


def render(labels: Labels) -> str:
    """The addresses as C(--diff) shows them, in the words of ip-address(8)."""
    lines = [f"inet {address}/32 scope global {label}\n" for address, label in labels.items() if LABEL.fullmatch(label)]
    return "".join(sorted(lines))

# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""Which addresses stand on which interfaces, as the kernel says."""

from __future__ import annotations

import json
from typing import NamedTuple

from ansible_collections.lvs.cluster.plugins.module_utils._net import canonical_address


class Address(NamedTuple):
    """An address that stands on an interface."""

    address: str
    prefix: int
    interface: str
    secondary: bool = False

    def __str__(self) -> str:
        return f"{self.address}/{self.prefix} dev {self.interface}"


def parse_addresses(text: str) -> tuple[Address, ...]:
    """Read C(ip -json address show)."""
    return tuple(
        Address(canonical_address(each["local"]), each["prefixlen"], link["ifname"], bool(each.get("secondary")))
        for link in json.loads(text)
        for each in link.get("addr_info", [])
        if "local" in each
    )

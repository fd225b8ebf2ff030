# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""What the info module returns, put together from what ipvsadm and the kernel print."""

from __future__ import annotations

import re
from typing import Any, List, Union

from .commands import IpvsParseError
from .daemons import Daemons
from .listing import Listing
from .options import key_options

Sysctl = Union[int, List[int], str]


def statistics(stats: Listing, rate: Listing, persistent: Listing) -> list[dict[str, Any]]:
    """Counters, rates and numbers of connections of each service and its servers."""
    found: dict[Any, dict[str, Any]] = {
        key: {"service": key_options(key), **numbers, **rate.services.get(key, {}), "real_servers": []}
        for key, numbers in stats.services.items()
    }
    for (service, server), numbers in stats.servers.items():
        each = (service, server)
        found[service]["real_servers"].append(
            {
                "address": server.address,
                "port": server.port,
                **numbers,
                **rate.servers.get(each, {}),
                **persistent.servers.get(each, {}),
            }
        )
    return list(found.values())


def daemon_options(daemons: Daemons) -> list[dict[str, Any]]:
    """The daemons, in the names of the options that start them."""
    return [daemons[role]._asdict() for role in sorted(daemons, reverse=True)]


def parse_title(text: str) -> dict[str, Any]:
    """The first line of C(/proc/net/ip_vs)."""
    found = re.match(r"IP Virtual Server version (\S+) \(size=(\d+)\)", text)
    if not found:
        raise IpvsParseError(f"not a title: {text.strip()}")
    return {"version": found.group(1), "connection_table_size": int(found.group(2))}


def parse_sysctl(text: str) -> Sysctl:
    """A number, several of them, or text."""
    words = text.split()
    if not words or not all(re.fullmatch(r"-?\d+", word) for word in words):
        return text.strip()
    numbers = [int(word) for word in words]
    return numbers[0] if len(numbers) == 1 else numbers

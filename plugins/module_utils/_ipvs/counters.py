# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""Counters: which are not zero, and how to have them zero."""

from __future__ import annotations

from .commands import Command, service_options
from .listing import Listing, Numbers
from .model import ServiceKey


def plan_zero(counters: Listing, key: ServiceKey | None) -> list[Command]:
    """What sets the counters of one service, or of all, to zero; nothing if they are."""
    services = [counters.services[each] for each in counters.services if key in (None, each)]
    servers = [counters.servers[each] for each in counters.servers if key in (None, each[0])]
    if not any(any(numbers.values()) for numbers in services + servers):
        return []
    return [("-Z",) if key is None else ("-Z", *service_options(key))]


def zeroed(counters: Listing, key: ServiceKey | None) -> Listing:
    """The counters afterwards."""
    return Listing(
        {each: _zero(numbers) if key in (None, each) else numbers for each, numbers in counters.services.items()},
        {each: _zero(numbers) if key in (None, each[0]) else numbers for each, numbers in counters.servers.items()},
    )


def _zero(numbers: Numbers) -> Numbers:
    return dict.fromkeys(numbers, 0)


def render_counters(counters: Listing) -> str:
    """As C(ipvsadm --list --stats) prints them, without its columns."""
    text = {key: [f"{key}{_columns(numbers)}"] for key, numbers in counters.services.items()}
    for (service, server), numbers in counters.servers.items():
        text[service].append(f"  -> {server}{_columns(numbers)}")
    return "".join(line + "\n" for lines in text.values() for line in lines)


def _columns(numbers: Numbers) -> str:
    return "".join(f" {each}" for each in numbers.values())

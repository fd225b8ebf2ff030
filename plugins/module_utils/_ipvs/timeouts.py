# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""How long IPVS remembers connections: the three timeouts that C(ipvsadm --set) sets together."""

from __future__ import annotations

import re
from typing import Any, Mapping, NamedTuple

from ansible_collections.lvs.cluster.plugins.module_utils._problems import bad_option

from .commands import Command, IpvsParseError
from .model import LONGEST_TIMEOUT
from .options import is_number


class Timeouts(NamedTuple):
    """Seconds; None, in what is wanted, for one that stays as it is."""

    tcp: int | None
    tcp_fin: int | None
    udp: int | None


def desired_timeouts(options: Mapping[str, Any]) -> Timeouts:
    """What options want."""
    for name in Timeouts._fields:
        if options[name] is not None and not is_number(options[name], 1, LONGEST_TIMEOUT):
            raise bad_option(name, options[name], f"is not a number of seconds from 1 to {LONGEST_TIMEOUT} (31 days)")
    return Timeouts(*(options[name] for name in Timeouts._fields))


def parse_timeouts(text: str) -> Timeouts:
    """Read C(ipvsadm --list --timeout)."""
    found = re.fullmatch(r"Timeout \(tcp tcpfin udp\): (\d+) (\d+) (\d+)\s*", text)
    if not found:
        raise IpvsParseError(f"not the timeouts: {text.strip()}")
    return Timeouts(*(int(each) for each in found.groups()))


def merged(current: Timeouts, wanted: Timeouts) -> Timeouts:
    """The current timeouts with those that are wanted."""
    return Timeouts(*(old if new is None else new for old, new in zip(current, wanted)))


def plan_timeouts(current: Timeouts, wanted: Timeouts) -> list[Command]:
    """What sets the timeouts; 0 leaves one as it is (ipvsadm(8), --set)."""
    return set_timeouts(Timeouts(*(None if new == old else new for old, new in zip(current, wanted))))


def set_timeouts(wanted: Timeouts) -> list[Command]:
    """What sets them, whatever they were; C(ipvsadm --restore) reads it too."""
    return [("--set", *(str(each or 0) for each in wanted))] if any(wanted) else []


def render_timeouts(timeouts: Timeouts) -> str:
    """As C(ipvsadm --list --timeout) prints them."""
    return f"Timeout (tcp tcpfin udp): {timeouts.tcp} {timeouts.tcp_fin} {timeouts.udp}\n"

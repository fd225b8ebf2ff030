# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""The daemons that synchronise connections between directors: one that sends (master), one that receives (backup)."""

from __future__ import annotations

import re
from typing import Any, Dict, Mapping, NamedTuple

from ansible_collections.lvs.cluster.plugins.module_utils._net import (
    AddressError,
    canonical_address,
    family_of,
    is_multicast,
)
from ansible_collections.lvs.cluster.plugins.module_utils._problems import bad_option

from .commands import Command, IpvsParseError
from .options import is_number


class Daemon(NamedTuple):
    """A daemon; None for what an old kernel does not tell, and, in what is wanted, for a length that is left to it."""

    role: str
    interface: str
    syncid: int = 0
    mcast_group: str | None = None
    mcast_port: int | None = None
    mcast_ttl: int | None = None
    sync_maxlen: int | None = None


Daemons = Dict[str, Daemon]

_LINE = re.compile(
    r"(?P<role>master|backup) sync daemon \(mcast=(?P<interface>[^,]+), syncid=(?P<syncid>\d+)"
    r"(?:, maxlen=(?P<maxlen>\d+))?(?:, group=(?P<group>[^,]+), port=(?P<port>\d+), ttl=(?P<ttl>\d+))?\)"
)


# ipvsadm(8), --start-daemon.
RANGES = {"syncid": (0, 255), "mcast_port": (1, 65535), "mcast_ttl": (1, 255)}
# What fits into a packet after the headers of IP and UDP, and what a receiver has room for at least: the kernel takes
# other lengths and silently uses the nearest of these.
LONGEST_MESSAGE = {"ipv4": 65535 - 20 - 8, "ipv6": 65535 - 40 - 8}
SHORTEST_MESSAGE = {"master": 1, "backup": 1024}
# IFNAMSIZ, less the null that ends it: ipvsadm cuts off what is longer, and starts another interface's daemon.
LONGEST_INTERFACE = 15


def desired_daemon(options: Mapping[str, Any]) -> Daemon:
    """What options want."""
    for name, (low, high) in RANGES.items():
        if not is_number(options[name], low, high):
            raise bad_option(name, options[name], f"is not a number from {low} to {high}")
    if not 0 < len(options["interface"]) <= LONGEST_INTERFACE or not options["interface"].isprintable():
        raise bad_option("interface", options["interface"], f"is not a name of 1 to {LONGEST_INTERFACE} characters")
    remedy = "Write one as 224.0.0.81 or ff02::81"
    try:
        group = canonical_address(options["mcast_group"])
    except AddressError as error:
        raise bad_option("mcast_group", options["mcast_group"], str(error), remedy) from None
    if not is_multicast(group):
        raise bad_option("mcast_group", group, "is not a multicast address", remedy)
    length, low, high = options["sync_maxlen"], SHORTEST_MESSAGE[options["role"]], LONGEST_MESSAGE[family_of(group)]
    if length is not None and not is_number(length, low, high):
        reason = f"is not a number from {low} to {high}, which is what a {options['role']} can have with {group}"
        raise bad_option("sync_maxlen", length, reason)
    return Daemon(
        role=options["role"],
        interface=options["interface"],
        syncid=options["syncid"],
        mcast_group=group,
        mcast_port=options["mcast_port"],
        mcast_ttl=options["mcast_ttl"],
        sync_maxlen=length,
    )


def parse_daemons(text: str) -> Daemons:
    """Read C(ipvsadm --list --daemon), which prints nothing when no daemon runs."""
    daemons = {}
    for number, line in enumerate(text.splitlines(), start=1):
        found = _LINE.fullmatch(line.strip())
        if not found:
            raise IpvsParseError(f"line {number}: {line}: not a sync daemon")
        daemons[found["role"]] = Daemon(
            role=found["role"],
            interface=found["interface"],
            syncid=int(found["syncid"]),
            mcast_group=found["group"],
            mcast_port=_number(found["port"]),
            mcast_ttl=_number(found["ttl"]),
            sync_maxlen=_number(found["maxlen"]),
        )
    return daemons


def _number(text: str | None) -> int | None:
    return None if text is None else int(text)


def satisfies(running: Daemon, wanted: Daemon) -> bool:
    """Whether a daemon has all the settings that are wanted; what is None is not looked at."""
    return all(new is None or old == new for old, new in zip(running, wanted))


def plan_start(current: Daemons, wanted: Daemon) -> list[Command]:
    """What makes a daemon run with these settings; the kernel cannot change one that runs."""
    running = current.get(wanted.role)
    if running is not None and satisfies(running, wanted):
        return []
    return [*plan_stop(current, wanted.role), start_command(wanted)]


def plan_undo(current: Daemons, after: Daemons) -> list[Command]:
    """What makes the daemons run that ran before a restart that failed."""
    return [start_command(daemon) for role, daemon in current.items() if role not in after]


def plan_stop(current: Daemons, role: str) -> list[Command]:
    """What makes no daemon of this role run."""
    return [("--stop-daemon", role)] if role in current else []


def start_command(wanted: Daemon) -> Command:
    """The command that starts a daemon."""
    words = ["--start-daemon", wanted.role, "--mcast-interface", wanted.interface, "--syncid", str(wanted.syncid)]
    optional = {
        "--mcast-group": wanted.mcast_group,
        "--mcast-port": wanted.mcast_port,
        "--mcast-ttl": wanted.mcast_ttl,
        "--sync-maxlen": wanted.sync_maxlen,
    }
    for option, value in optional.items():
        if value is not None:
            words += [option, str(value)]
    return tuple(words)


def run_daemons(commands: list[Command], daemons: Daemons) -> Daemons:
    """The daemons after the commands, for a diff; what the kernel chooses itself is not known before."""
    after = dict(daemons)
    for command in commands:
        role = command[1]
        if command[0] == "--stop-daemon":
            del after[role]
        else:
            after[role] = _started(command)
    return after


def _started(command: Command) -> Daemon:
    options = dict(zip(command[::2], command[1::2]))
    group = options.get("--mcast-group")
    return Daemon(
        role=options["--start-daemon"],
        interface=options["--mcast-interface"],
        syncid=int(options["--syncid"]),
        mcast_group=canonical_address(group) if group else None,
        mcast_port=_number(options.get("--mcast-port")),
        mcast_ttl=_number(options.get("--mcast-ttl")),
        sync_maxlen=_number(options.get("--sync-maxlen")),
    )


def render_daemons(daemons: Daemons) -> str:
    """As the commands that would start them."""
    return "".join(" ".join(start_command(daemons[role])) + "\n" for role in sorted(daemons, reverse=True))

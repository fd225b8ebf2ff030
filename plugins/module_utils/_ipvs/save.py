# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""Tables as text: what C(ipvsadm --save -n) prints, C(ipvsadm --restore) reads, and a diff shows."""

from __future__ import annotations

from typing import Iterator, Mapping, Sequence, Tuple

from .commands import Command, IpvsParseError, pool_commands, run_numbered
from .model import Pool, Server, ServerKey, ServiceKey, Table

Thresholds = Mapping[Tuple[ServiceKey, ServerKey], Tuple[int, int]]


ADDING = ("-A", "-a", "--add-service", "--add-server")


def parse(text: str) -> Table:
    """Read a saved table; a line that is not understood is an error that names it."""
    return run_numbered(_rules(text), {}, saved=True)


def _rules(text: str) -> Iterator[Tuple[int, Sequence[str]]]:
    # One at a time: the words of ten thousand rules at once would be half of the module's memory.
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if words[0] not in ADDING:
            raise IpvsParseError(f"line {number}: {line.strip()}: {words[0]} does not belong in a table")
        yield number, words


def with_thresholds(table: Table, thresholds: Thresholds) -> Table:
    """A saved table with the thresholds that saving leaves out."""
    if not thresholds:
        return table
    return {
        key: Pool(
            pool.service, {each: _limited(server, thresholds.get((key, each))) for each, server in pool.servers.items()}
        )
        for key, pool in table.items()
    }


def _limited(server: Server, limits: tuple[int, int] | None) -> Server:
    return server._replace(uthreshold=limits[0], lthreshold=limits[1]) if limits else server


def commands_for(table: Table) -> list[Command]:
    """What makes this table out of an empty one, in a fixed order."""
    return [command for key in sorted(table) for command in pool_commands(table[key])]


def lines(commands: Sequence[Command]) -> str:
    """Commands as the text that C(ipvsadm --restore) reads."""
    return "".join(" ".join(command) + "\n" for command in commands)


def render(table: Table) -> str:
    """A table as text; unlike C(ipvsadm --save) it keeps the thresholds."""
    return lines(commands_for(table))

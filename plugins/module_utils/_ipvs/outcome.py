# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""Which rules of a batch failed.

C(ipvsadm --restore) says why a rule failed but not which one, goes on after it, and exits with the status of the
last. What the kernel holds afterwards tells.
"""

from __future__ import annotations

from typing import NamedTuple, Sequence

from .commands import Command, read_command
from .model import Server, ServerKey, Service, Table


class Failure(NamedTuple):
    """A rule that had no effect; line 0 for what no line could be told of."""

    line: int
    command: Command
    reason: str


def has_effect(command: Command, after: Table) -> bool:
    """Whether a table is as a rule wants it."""
    rule = read_command(command)
    pool = after.get(rule.key)
    if rule.what is None:
        return pool is None
    if isinstance(rule.what, Service):
        return pool is not None and pool.service == rule.what
    if isinstance(rule.what, Server):
        return pool is not None and pool.servers.get(rule.what.key) == rule.what
    return pool is None or not isinstance(rule.what, ServerKey) or rule.what not in pool.servers


def failures(commands: Sequence[Command], messages: Sequence[str], after: Table) -> list[Failure]:
    """The rules without effect, each with its message; those that were never tried have none."""
    without = [(line, command) for line, command in enumerate(commands, start=1) if not has_effect(command, after)]
    if not without:  # the messages were no more than warnings
        return []
    if len(messages) > len(without):
        # Somebody else changed the table meanwhile: no message can be told to belong to a line.
        return [Failure(0, (), message) for message in messages]
    reasons = [*messages, *[""] * (len(without) - len(messages))]
    return [Failure(line, command, reason) for (line, command), reason in zip(without, reasons)]

# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""What has to be done to get from one table to another."""

from __future__ import annotations

from .commands import Command, delete_server, delete_service, pool_commands, server_command, service_command
from .model import Pool, Server, ServiceKey, Table


def plan(current: Table, desired: Table) -> list[Command]:
    """The commands that turn the current table into the desired one.

    What is added and edited comes first and what is deleted last, so that a server that takes over is there before
    the one that it replaces is gone. Nothing that stays is ever deleted, so no connection through it is lost.
    """
    changes: list[Command] = []
    deletions: list[Command] = []
    for key in sorted(desired):
        if key in current:
            _edit(current[key], desired[key], changes, deletions)
        else:
            changes += pool_commands(desired[key])
    deletions += [delete_service(key) for key in sorted(current) if key not in desired]
    return changes + deletions


def _edit(current: Pool, desired: Pool, changes: list[Command], deletions: list[Command]) -> None:
    key = desired.service.key
    if current.service != desired.service:
        changes.append(service_command("-E", desired.service))
    if current.servers == desired.servers:
        return
    for each, server in sorted(desired.servers.items()):
        if each not in current.servers:
            changes.append(server_command("-a", key, server))
        elif current.servers[each] != server:
            changes.append(server_command("-e", key, server))
    deletions += [delete_server(key, each) for each in sorted(current.servers) if each not in desired.servers]


def plan_server(service: ServiceKey, current: Server | None, desired: Server | None) -> list[Command]:
    """The commands that turn one server of a service into another; None for none."""
    if current == desired:
        return []
    if desired is None:
        return [delete_server(service, current.key)] if current else []
    return [server_command("-e" if current else "-a", service, desired)]


def is_deletion(command: Command) -> bool:
    """Whether a command takes something out of the table."""
    return command[0] in ("-d", "-D")


def differing(current: Table, desired: Table) -> tuple[Table, Table]:
    """Of both tables the services that are not the same in both, each with its servers."""
    return (
        {key: pool for key, pool in current.items() if desired.get(key) != pool},
        {key: pool for key, pool in desired.items() if current.get(key) != pool},
    )


def overlaid(current: Table, named: Table) -> Table:
    """The current table with only what is named changed: other services, and other servers of a service, stay."""
    result = dict(current)
    for key, pool in named.items():
        kept = current[key].servers if key in current else {}
        result[key] = Pool(pool.service, {**kept, **pool.servers})
    return result


def with_weights_of(current: Table, desired: Table) -> Table:
    """The desired table with the weights that its servers have now; those that are new get their own."""
    return {
        key: Pool(
            pool.service,
            {
                each: server._replace(weight=current[key].servers[each].weight)
                if key in current and each in current[key].servers
                else server
                for each, server in pool.servers.items()
            },
        )
        for key, pool in desired.items()
    }

# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""What a table can hold that ipvsadm cannot make: keepalived and others reach the kernel without it.

It is read, shown and deleted as all else; what it cannot be is added, edited, or restored at boot.
"""

from __future__ import annotations

from .model import BYPASS, LONGEST_TIMEOUT, Pool, Server, Service, ServiceKey, Table


def service_beyond(service: Service) -> str:
    """Why ipvsadm cannot make a service; empty if it can."""
    timeout = service.persistence_timeout
    if timeout is not None and not 1 <= timeout <= LONGEST_TIMEOUT:
        return f"ipvsadm has no persistence of {timeout} s"
    return ""


def server_beyond(service: ServiceKey, server: Server) -> str:
    """Why ipvsadm cannot make, or edit, a server; empty if it can."""
    if server.lb_kind == BYPASS:
        return "ipvsadm has no option for its way to forward"
    if server.lb_kind != "NAT" and not service.fwmark and server.key.port != service.port:
        return f"ipvsadm cannot name a {server.lb_kind} server of another port than the service's"
    return ""


def within(table: Table) -> tuple[Table, list[str]]:
    """What ipvsadm can make of a table, and why not the rest; a service that it cannot make takes its servers along."""
    kept: Table = {}
    reasons = []
    for key, pool in table.items():
        reason = service_beyond(pool.service)
        if reason:
            reasons.append(f"{key}: {reason}")
            continue
        beyond = {each: server_beyond(key, server) for each, server in pool.servers.items()}
        reasons += [f"{key} -> {each}: {why}" for each, why in beyond.items() if why]
        kept[key] = Pool(pool.service, {each: pool.servers[each] for each, why in beyond.items() if not why})
    return kept, reasons

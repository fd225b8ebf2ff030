# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""Taking servers out of service: which, why not, and what is left on them."""

from __future__ import annotations

import json
from typing import Any, Dict, Mapping, NamedTuple, Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._problems import OptionsError, Problem, bad_option

from .beyond import server_beyond
from .listing import Listing, Numbers
from .model import FALLBACK_FLAGS, ServerKey, Service, ServiceKey, Table
from .options import key_options

# What may be waited for, and the column of C(ipvsadm --list --persistent-conn) that counts it.
COUNTED = {
    "active": "active_connections",
    "inactive": "inactive_connections",
    "persistent": "persistent_connections",
}

# Weights that servers had before: the texts of service and server, and a number.
Weights = Dict[str, Dict[str, int]]

KEEPALIVED_NEXT = (
    "keepalived runs here and owns the services that are its virtual_servers. It leaves the weight of their servers as"
    " it is now through a reload, if the configured weight stays the same, and sets the configured one at a restart,"
    " and when the checks of the server fail and succeed again. To keep the server out for longer, set its weight to 0"
    " in the configuration"
)


class Target(NamedTuple):
    """A server in a service."""

    service: ServiceKey
    server: ServerKey


def check_wait(options: Mapping[str, Any]) -> None:
    """Refuse what draining cannot go by."""
    if options["timeout"] < 0:
        raise bad_option("timeout", options["timeout"], "is not a number of seconds from 0 on")
    if not options["interval"] > 0:
        raise bad_option("interval", options["interval"], "is not a number of seconds above 0")
    if options["weight"] is not None and options["state"] == "drained":
        raise bad_option(
            "weight", options["weight"], "does not go with state drained, which is weight 0", "Leave it out"
        )


def targets(table: Table, service: ServiceKey | None, address: str, port: int | None) -> list[Target]:
    """The servers with an address, and a port if one is given, in one service or in all."""
    found = [
        Target(key, server)
        for key in sorted(table)
        for server in sorted(table[key].servers)
        if service in (None, key) and server.address == address and port in (None, server.port)
    ]
    if not found:
        where = "in no service" if service is None else f"not in {service}"
        raise bad_option("address", address, f"is {where}", "See what is there with lvs.cluster.ipvs_info")
    return found


def check_fallback(table: Table, chosen: Sequence[Target]) -> None:
    """Refuse what would drop connections instead of sending them elsewhere."""
    problems = [
        _drops(table[each.service].service)
        for each in chosen
        if table[each.service].service.drops_quiesced and table[each.service].servers[each.server].weight
    ]
    if problems:
        raise OptionsError(problems)


def _drops(service: Service) -> Problem:
    flag = FALLBACK_FLAGS[service.lb_algo]
    remedy = (
        f"Add the flag {flag} to its lb_flags"
        if flag
        else "It has no flag for that: use sh with sh-fallback or mh with mh-fallback, or remove the server"
    )
    reason = f"scheduler {service.lb_algo} drops the new connections that fall on a server of weight 0"
    return Problem(str(service.key), None, reason, f"{remedy}. With force: true the server is drained all the same")


def check_nameable(table: Table, weights: Mapping[Target, int]) -> None:
    """Refuse other weights for servers that ipvsadm cannot edit."""
    problems = []
    for target, weight in weights.items():
        server = table[target.service].servers[target.server]
        reason = server_beyond(target.service, server)
        if reason and server.weight != weight:
            remedy = (
                "Set its weight where it was made, with keepalived in its configuration, or drain the others with"
                " service and port"
            )
            problems.append(Problem(f"{target.service} -> {target.server}", None, reason, remedy))
    if problems:
        raise OptionsError(problems)


def with_weights(table: Table, weights: Mapping[Target, int]) -> Table:
    """The table with other weights for some servers."""
    after = dict(table)
    for target, weight in weights.items():
        pool = after[target.service]
        changed = pool.servers[target.server]._replace(weight=weight)
        after[target.service] = pool._replace(servers={**pool.servers, target.server: changed})
    return after


def with_drained(current: Table, desired: Table, weights: Weights) -> Table:
    """The desired table with weight 0 for the servers that were drained, and still are.

    weights: the memory of drained servers. One whose weight something else brought back is not drained any more.
    """
    drained = {
        Target(key, server): 0
        for key, pool in desired.items()
        for server in pool.servers
        if str(server) in weights.get(str(key), {})
        and key in current
        and server in current[key].servers
        and current[key].servers[server].weight == 0
    }
    return with_weights(desired, drained)


def remembered(weights: Weights, table: Table, chosen: Sequence[Target]) -> Weights:
    """The memory of weights with those that the chosen servers have now; 0 is no news of a drained one."""
    after = {service: dict(servers) for service, servers in weights.items()}
    for target in chosen:
        weight = table[target.service].servers[target.server].weight
        known = after.setdefault(str(target.service), {})
        known[str(target.server)] = weight or known.get(str(target.server), 0)
    return after


def forgotten(weights: Weights, chosen: Sequence[Target]) -> Weights:
    """The memory without the chosen servers."""
    gone = {(str(each.service), str(each.server)) for each in chosen}
    kept = {
        service: {server: weight for server, weight in servers.items() if (service, server) not in gone}
        for service, servers in weights.items()
    }
    return {service: servers for service, servers in kept.items() if servers}


def restored_weights(weights: Weights, table: Table, chosen: Sequence[Target], weight: int | None) -> dict[Target, int]:
    """The weights that drained servers get back: the one that is given, or what each had."""
    found: dict[Target, int] = {}
    problems = []
    for target in chosen:
        before = weights.get(str(target.service), {}).get(str(target.server))
        if weight is not None:
            found[target] = weight
        elif before is not None:
            if not table[target.service].servers[target.server].weight:
                found[target] = before
        elif not table[target.service].servers[target.server].weight:
            name = f"{target.service} -> {target.server}"
            problems.append(Problem(name, None, "nobody knows its weight before", "Set weight"))
    if problems:
        raise OptionsError(problems)
    return found


def zero_warnings(weights: Mapping[Target, int]) -> list[str]:
    """What a user has to know of servers that come back with the weight of a drained one."""
    return [
        f"{target.service} -> {target.server} had weight 0 when it was drained, and keeps it. Set weight for another"
        for target, weight in weights.items()
        if not weight
    ]


def empty_warnings(desired: Table, chosen: Sequence[Target]) -> list[str]:
    """What a user has to know of services that no server of theirs serves any more."""
    return [
        f"{key} has no server left with a weight above 0: its new connections are refused"
        for key in sorted({each.service for each in chosen})
        if not any(server.weight for server in desired[key].servers.values())
    ]


def persistent_warnings(table: Table, chosen: Sequence[Target], expire_quiescent_template: bool | None) -> list[str]:
    """What a user has to know of services that bring known clients back to a server of weight 0."""
    if expire_quiescent_template:
        return []
    return [
        f"{key} is persistent and net.ipv4.vs.expire_quiescent_template is off: clients that it knows still get new"
        " connections to the drained server. Set expire_quiescent_template: true"
        for key in sorted({each.service for each in chosen})
        if table[key].service.persistence_timeout is not None
    ]


def read_weights(text: str) -> Weights:
    """The memory from its file; an empty one where it is damaged, for it is a convenience."""
    try:
        weights = json.loads(text or "{}")
        return {str(key): {str(each): int(weight) for each, weight in inner.items()} for key, inner in weights.items()}
    except (ValueError, AttributeError, TypeError):
        return {}


def write_weights(weights: Weights) -> str:
    """The memory as text."""
    return json.dumps(weights, indent=1, sort_keys=True) + "\n"


def remaining(listing: Listing, chosen: Sequence[Target]) -> list[tuple[Target, Numbers]]:
    """What the chosen servers still have."""
    return [(each, {name: listing.servers.get(each, {}).get(name, 0) for name in COUNTED.values()}) for each in chosen]


def is_drained(left: Sequence[tuple[Target, Numbers]], wait_for: Sequence[str]) -> bool:
    """Whether all that is waited for is gone."""
    return not any(numbers[COUNTED[what]] for _target, numbers in left for what in wait_for)


def remaining_options(left: Sequence[tuple[Target, Numbers]]) -> list[dict[str, Any]]:
    """What is left, as a module returns it."""
    return [
        {
            "service": key_options(target.service),
            "address": target.server.address,
            "port": target.server.port,
            **numbers,
        }
        for target, numbers in left
    ]

# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""What a running keepalived believes that the kernel holds, and what has to be done where the kernel holds else.

keepalived writes the table, the sync daemons and the addresses once and never looks again; what somebody changes
meanwhile stays changed. It is the judge: nothing here knows a configuration file.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, replace
from typing import Any, Dict, Mapping, NamedTuple, Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.commands import Command
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.daemons import Daemon, Daemons, plan_start, plan_stop
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.drain import Weights
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import (
    Pool,
    Server,
    ServerKey,
    ServiceKey,
    Table,
)
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.options import desired_table
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.plan import plan
from ansible_collections.lvs.cluster.plugins.module_utils._net import canonical_address
from ansible_collections.lvs.cluster.plugins.module_utils._problems import OptionsError

from .addresses import Address

Dict_ = Dict[str, Any]

# Any other is on its way to one of them.
SETTLED = ("MASTER", "BACKUP", "FAULT")

# check_data.h: IPVS_WEIGHT_LIMIT, and real_weight(), which cuts what a check's weight adds.
HIGHEST_WEIGHT = 65535


class Instance(NamedTuple):
    """A VRRP instance, and its addresses with their interfaces."""

    name: str
    state: str
    addresses: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Belief:
    """What the kernel holds, if keepalived is right; two that are equal say the same."""

    instances: tuple[Instance, ...] = ()
    #: None where keepalived has no virtual servers: the table is not its own.
    table: Table | None = None
    #: Whether all services that are its own are in it.
    whole: bool = True
    #: None where it is not known.
    daemons: Daemons | None = None
    #: What is not compared, each with the reason.
    left_alone: tuple[str, ...] = ()

    @property
    def settled(self) -> bool:
        """Whether no instance is on its way to another state."""
        return all(each.state in SETTLED for each in self.instances)


@dataclass(frozen=True)
class Kernel:
    """What the kernel holds."""

    table: Table
    daemons: Daemons
    addresses: tuple[Address, ...]


@dataclass(frozen=True)
class Repairs:
    """What turns what the kernel holds into what keepalived believes."""

    addresses: tuple[Address, ...]
    table: Table
    rules: list[Command]
    daemons: list[Command]
    drained: list[str]
    #: Servers that ipvs_drain took out and somebody brought back without it.
    undrained: list[str]
    left_alone: list[str]
    #: Addresses that a master has lost; keepalived brings them back itself.
    missing: list[str]

    @property
    def nothing(self) -> bool:
        """Whether the kernel holds what it should."""
        return not (self.addresses or self.rules or self.daemons)


# What keepalived says


def believed(
    instances: Sequence[Dict_],
    addresses: Mapping[str, Sequence[tuple[str, str]]],
    virtual_servers: Sequence[Dict_] | None,
    sync_daemon: Dict_ | None,
) -> Belief:
    """The belief of a keepalived from what L(status) reads; None for virtual servers where no process has any."""
    known = tuple(
        Instance(
            each["name"],
            each["state"],
            tuple((canonical_address(address), interface) for address, interface in addresses[each["name"]]),
        )
        for each in instances
    )
    if virtual_servers is None:
        return Belief(instances=known)
    table, left_alone = _table(virtual_servers)
    daemons, why = _daemons(sync_daemon, {each.name: each.state for each in known})
    return Belief(known, table, not left_alone, daemons, (*left_alone, *why))


class UntoldError(Exception):
    """keepalived does not say all of what it has put into the table."""


def _table(virtual_servers: Sequence[Dict_]) -> tuple[Table, list[str]]:
    table: Table = {}
    left_alone = []
    for each in virtual_servers:
        pools, why = _pools(each) if each["alive"] else ({}, [])
        table.update(pools)
        left_alone += why
    return table, left_alone


def _pools(virtual_server: Dict_) -> tuple[Table, list[str]]:
    try:
        return desired_table([_options(each) for each in _rules(virtual_server)], "virtual_server"), []
    except (OptionsError, UntoldError) as error:
        return {}, [f"virtual_server {_name(virtual_server)}: {error}"]


def _name(virtual_server: Dict_) -> str:
    if "group" in virtual_server:
        return f"group {virtual_server['group']}"
    if "fwmark" in virtual_server:
        return f"fwmark {virtual_server['fwmark']}"
    return f"{virtual_server['address']} {virtual_server['port']}"


def _rules(virtual_server: Dict_) -> list[Dict_]:
    """A virtual server as the kernel has it: of a group, one for each of its addresses and marks."""
    if "group" not in virtual_server:
        return [virtual_server]
    if any("range" in each for each in virtual_server["sockets"]):
        raise UntoldError("a group with a range of addresses")
    return [{**virtual_server, **each} for each in virtual_server["sockets"]]


def _options(virtual_server: Dict_) -> Dict_:
    """A virtual server as the options of the table module, with the servers that keepalived has put into the table."""
    naming = ("fwmark", "family") if "fwmark" in virtual_server else ("protocol", "address", "port")
    settings = ("lb_algo", "lb_flags", "ops", "persistence_timeout", "persistence_granularity")
    options = {name: virtual_server[name] for name in (*naming, *settings) if name in virtual_server}
    if "persistence_timeout" not in options:
        options.pop("persistence_granularity", None)  # keepalived tells the kernel nothing of it
    sorry = virtual_server.get("sorry_server")
    replaced = bool(sorry and sorry["in_use"])
    options["real_servers"] = [
        _server(each, virtual_server, _weight(each, replaced))
        for each in virtual_server["real_servers"]
        if each["in_table"]
    ]
    if sorry and (replaced or sorry["inhibit_on_failure"]):
        if sorry["is_real_server"]:
            raise UntoldError("a sorry_server that is also a real_server has no weight that can be told")
        options["real_servers"].append(_server(sorry, virtual_server, int(replaced)))
    return options


def _weight(server: Dict_, replaced: bool) -> int:
    """What is inhibited stays in the table: while its checks fail, and while the sorry server is in use."""
    if server["inhibit_on_failure"] and (replaced or not server["alive"]):
        return 0
    return min(max(int(server["effective_weight"]), 0), HIGHEST_WEIGHT)


def _server(server: Dict_, virtual_server: Dict_, weight: int) -> Dict_:
    # Nothing rewrites the port of a packet that is not translated: ipvswrapper.c: ipvs_cmd().
    port = server["port"] if server["lb_kind"] == "NAT" else virtual_server.get("port", 0)
    options: Dict_ = {
        name: server[name]
        for name in ("address", "lb_kind", "tun_type", "tun_port", "tun_checksum", "uthreshold", "lthreshold")
        if name in server
    }
    return {**options, "port": port, "weight": weight}


def _daemons(configured: Dict_ | None, states: Mapping[str, str]) -> tuple[Daemons | None, list[str]]:
    """Both halves where no instance is named, else the half that goes with the instance's state."""
    if configured is None:
        return {}, []
    settings = dict(configured)
    instance = settings.pop("vrrp_instance", None)
    # As in net/netfilter/ipvs/ip_vs_sync.c, for what keepalived leaves to the kernel.
    settings = {"mcast_group": "224.0.0.81", "mcast_port": 8848, "mcast_ttl": 1, **settings}
    settings["mcast_group"] = canonical_address(settings["mcast_group"])
    halves = {role: Daemon(role=role, **settings) for role in ("master", "backup")}
    if instance is None:
        return halves, []
    state = states.get(instance, "not known")
    role = {"MASTER": "master", "BACKUP": "backup"}.get(state)
    if role is None:
        return None, [f"lvs_sync_daemon: the state of its VRRP instance {instance} is {state}"]
    return {role: halves[role]}, []


# What differs


def repairs(belief: Belief, kernel: Kernel, memory: Weights) -> Repairs:
    """What has to be done; C(memory) are the servers that were drained, with the weights that they had."""
    foreign, kept, missing = _compare_addresses(belief, kernel.addresses)
    table, drained, undrained = _desired(belief, kernel.table, memory)
    return Repairs(
        addresses=tuple(foreign),
        table=table,
        rules=plan(kernel.table, table),
        daemons=_plan_daemons(belief.daemons, kernel.daemons),
        drained=drained,
        undrained=undrained,
        left_alone=[*belief.left_alone, *kept],
        missing=missing,
    )


def _desired(belief: Belief, current: Table, memory: Weights) -> tuple[Table, list[str], list[str]]:
    """The believed table with drained servers drained; what is not known to be a stranger's stays."""
    if belief.table is None:
        return current, [], []
    desired: Table = {} if belief.whole else dict(current)
    drained: list[str] = []
    undrained: list[str] = []
    for key, pool in belief.table.items():
        present = current.get(key)
        # No dump of keepalived's has the persistence engine.
        engine = present.service.persistence_engine if present and pool.service.persistence_timeout else None
        servers: dict[ServerKey, Server] = {}
        for each, server in pool.servers.items():
            servers[each] = server
            if not server.weight or str(each) not in memory.get(str(key), {}):
                continue
            if present and each in present.servers and present.servers[each].weight:
                undrained.append(_told(key, each))
            else:
                servers[each] = server._replace(weight=0)
                drained.append(_told(key, each))
        desired[key] = Pool(replace(pool.service, persistence_engine=engine), servers)
    return desired, sorted(drained), sorted(undrained)


def _told(service: ServiceKey, server: ServerKey) -> str:
    return f"{service} -> {server}"


def _plan_daemons(wanted: Daemons | None, current: Daemons) -> list[Command]:
    if wanted is None:
        return []
    surplus = [command for role in sorted(current) if role not in wanted for command in plan_stop(current, role)]
    return surplus + [command for role in sorted(wanted) for command in plan_start(current, wanted[role])]


def _compare_addresses(belief: Belief, standing: Sequence[Address]) -> tuple[list[Address], list[str], list[str]]:
    """Addresses that stand where no master is, those of them that stay all the same, and those that a master lacks."""
    foreign, kept, missing = [], [], []
    held = {
        address for instance in belief.instances if instance.state == "MASTER" for address, _on in instance.addresses
    }
    for instance in belief.instances:
        if instance.state == "MASTER":
            there = {each.address for each in standing if each.interface != "lo"}
            missing += [
                f"{address} dev {interface} (VRRP instance {instance.name})"
                for address, interface in instance.addresses
                if address not in there
            ]
            continue
        addresses = {address for address, _interface in instance.addresses} - held
        for each in standing:
            if each.address not in addresses:
                continue
            if instance.state not in SETTLED:
                kept.append(f"{each}: the state of VRRP instance {instance.name} is {instance.state}")
            elif _carries_others(each, standing):
                kept.append(
                    f"{each}: the kernel may take the other addresses of its network away with it; remove it by hand"
                )
            else:
                foreign.append(each)
    return foreign, kept, missing


def _carries_others(address: Address, standing: Sequence[Address]) -> bool:
    """Whether other addresses are secondary to this one, which go with it unless promote_secondaries is set."""
    if address.secondary:
        return False
    network = ipaddress.ip_network(f"{address.address}/{address.prefix}", strict=False)
    return any(
        each.secondary
        and (each.interface, each.prefix) == (address.interface, address.prefix)
        and ipaddress.ip_address(each.address) in network
        for each in standing
    )


def delete_address(address: Address) -> list[str]:
    """The command that takes an address away."""
    return ["ip", "address", "delete", f"{address.address}/{address.prefix}", "dev", address.interface]


def render_addresses(addresses: Sequence[Address]) -> str:
    """For a diff, in the words of ip-address(8)."""
    return "".join(f"{'inet6' if ':' in each.address else 'inet'} {each}\n" for each in sorted(addresses))

# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""What a director is described to run, against what its keepalived says that it runs."""

from __future__ import annotations

from typing import Any, Dict, FrozenSet, Iterable, Iterator, List, Mapping, Optional, Sequence, Tuple

from ansible_collections.lvs.cluster.plugins.module_utils._net import bare

from . import agreement
from .addresses import Address

# What clients come to, protocol, scheduler, forwarding; and the servers with address, port, weight and forwarding.
Service = Tuple[str, str, str, str]
Server = Tuple[str, int, int, str]

SPARE_SECONDS = 1.0


# The one problem of a host on which nobody can be asked.
NOT_RUNNING = "keepalived does not run; see its log (journalctl -u keepalived)"


def settling_seconds(instances: Sequence[Mapping[str, Any]]) -> float:
    """After how long a director that hears nobody has made itself master of all instances."""
    return max((float(each["settling"]) + SPARE_SECONDS for each in instances), default=0.0)


def problems_of(
    instances: Sequence[Mapping[str, Any]],
    services: Sequence[Mapping[str, Any]],
    scripts: Sequence[str],
    running: Mapping[str, Sequence[Any]],
    standing: Iterable[Address],
) -> List[str]:
    """What runs otherwise than it is described, and what stands where it must not."""
    return differences(instances, services, scripts, running) + misplaced(running["states"], standing)


def differences(
    instances: Sequence[Mapping[str, Any]],
    services: Sequence[Mapping[str, Any]],
    scripts: Sequence[str],
    running: Mapping[str, Sequence[Any]],
) -> List[str]:
    """What runs otherwise than it is described.

    instances, services: of the host's view. scripts: the paths of those. running: as C(dumped) reads it.
    """
    described = [agreement.of_view(each) for each in instances]
    runs = [agreement.of_dump(each) for each in running["terms"]]
    found = [f"vrrp_instance {each.name}: {each.how}" for each in agreement.changes(runs, described)]
    found += [f"vrrp_instance {name} runs and is not described" for name in agreement.gone(runs, described)]
    found += _excluded(instances, running["states"])
    runs_scripts = [command[0] for command in running["scripts"]]
    found += [
        f"script {path} is not run by keepalived; its log says why" for path in scripts if path not in runs_scripts
    ]
    found += _services(_by_service(services), _by_service(running["services"] or ()))
    return found + list(_how_served(services, running["services"] or ()))


# What else a service has, and what holds where it has not.
SETTINGS = (("ops", False), ("persistence_timeout", 0), ("persistence_granularity", ""), ("lb_flags", ()))


def _how_served(described: Iterable[Mapping[str, Any]], running: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """What services that run have otherwise, and the checks that keepalived has left out."""
    runs = {_service(each): each for each in running}
    for service in described:
        other = runs.get(_service(service))
        if other is None:
            continue
        for name, none in SETTINGS:
            old, new = (_plain(each.get(name) or none) for each in (other, service))
            if old != new:
                yield f"virtual_server {_shown(_service(service))}: {name} {old or 'none'} -> {new or 'none'}"
        checked = {_address(each): _types(each.get("checkers", ()), "type") for each in other["real_servers"]}
        for server in service["real_servers"]:
            missing = _types(server.get("checkers", ()), "keyword")
            for each in checked.get(_address(server), missing):
                if each in missing:
                    missing.remove(each)
            if missing and _address(server) in checked:
                told = f"{server['address']} {server['port']} is not checked by {', '.join(missing)}"
                yield f"virtual_server {_shown(_service(service))}: {told}; keepalived's log says why"


def _types(checkers: Iterable[Mapping[str, Any]], name: str) -> List[str]:
    return sorted(each[name] for each in checkers)


def _address(server: Mapping[str, Any]) -> Tuple[str, int]:
    return bare(server["address"]), int(server["port"])


def _plain(value: Any) -> Any:
    """A single address is what holds where no other granularity is told."""
    if isinstance(value, (list, tuple)):
        return " ".join(sorted(value))
    return "" if value == "255.255.255.255" else value


def _excluded(instances: Sequence[Mapping[str, Any]], states: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """No advert carries these, so no terms have them."""
    runs = {each["name"]: each["virtual_ipaddress_excluded"] for each in states}
    for each in instances:
        old, new = (
            sorted(map(bare, some)) for some in (runs.get(each["name"], ()), each["virtual_ipaddress_excluded"])
        )
        if old != new and each["name"] in runs:
            told = f"{' '.join(old) or 'none'} -> {' '.join(new) or 'none'}"
            yield f"vrrp_instance {each['name']}: virtual_ipaddress_excluded {told}"


def _by_service(services: Iterable[Mapping[str, Any]]) -> Dict[Service, FrozenSet[Server]]:
    return {_service(each): _server_set(each) for each in services}


def _service(service: Mapping[str, Any]) -> Service:
    if service.get("fwmark"):
        return f"fwmark {service['fwmark']}", "", service["lb_algo"], service["lb_kind"]
    sockets = service.get("sockets") or [service]
    told = " and ".join(sorted(_socket(each) for each in sockets))
    return told, service["protocol"].upper(), service["lb_algo"], service["lb_kind"]


def _socket(socket: Mapping[str, Any]) -> str:
    """Of a group also what no description has: a range of addresses, a mark."""
    if "address" in socket:
        return f"{bare(socket['address'])} {socket['port']}"
    return " ".join(f"{name} {value}" for name, value in socket.items())


def _server_set(service: Mapping[str, Any]) -> FrozenSet[Server]:
    return frozenset(
        (*_address(each), int(each["weight"]), _way(each.get("lb_kind", service["lb_kind"]), each.get("tun_port")))
        for each in service["real_servers"]
    )


def _way(lb_kind: str, tun_port: Optional[int]) -> str:
    """How packets get to a server; a tunnel in UDP has a port."""
    return f"{lb_kind} gue {tun_port}" if tun_port else lb_kind


def _services(
    described: Mapping[Service, FrozenSet[Server]], running: Mapping[Service, FrozenSet[Server]]
) -> List[str]:
    found = [f"virtual_server {_shown(each)} does not run" for each in sorted(set(described) - set(running))]
    unknown = sorted(set(running) - set(described))
    found += [f"virtual_server {_shown(each)} runs and is not described" for each in unknown]
    for service in sorted(set(described) & set(running)):
        missing = described[service] - running[service]
        more = running[service] - described[service]
        if missing or more:
            found.append(f"virtual_server {_shown(service)}: real servers {_servers(more)} -> {_servers(missing)}")
    return found


def _shown(service: Service) -> str:
    return f"{service[0]} ({', '.join(filter(None, service[1:]))})"


def _servers(servers: Iterable[Server]) -> str:
    return (
        ", ".join(f"{address} {port} weight {weight} {kind}" for address, port, weight, kind in sorted(servers))
        or "none"
    )


def misplaced(states: Sequence[Mapping[str, Any]], standing: Iterable[Address]) -> List[str]:
    """Addresses that stand on a host that is not their master, or not on the one that is.

    states: the instances as C(parse_vrrp_data) reads them. On the loopback a real server has virtual addresses.
    """
    found = []
    for instance in states:
        for each in [*instance["virtual_ipaddress"], *instance["virtual_ipaddress_excluded"]]:
            address = bare(each)
            held = [each for each in standing if each.address == address and each.interface != "lo"]
            if instance["state"] == "MASTER" and not held:
                found.append(f"vrrp_instance {instance['name']}: it is MASTER and has not its address {address}")
            elif instance["state"] in ("BACKUP", "FAULT") and held:
                found.append(
                    f"vrrp_instance {instance['name']}: it is {instance['state']}, and {address} stands on"
                    f" {held[0].interface} all the same, where it answers beside the master's. Take it away: ip address"
                    f" delete {held[0]}"
                )
    return found

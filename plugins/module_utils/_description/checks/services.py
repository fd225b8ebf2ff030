# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""What must hold between the virtual servers of a description, their real servers and their instances."""

from __future__ import annotations

import ipaddress
from typing import Iterator, List, Optional, Sequence, Set, Tuple, Union

from ansible_collections.lvs.cluster.plugins.module_utils._description.kinds import numbered
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.servers import Server
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.services import (
    DR,
    GUE,
    NAT,
    TUN,
    ServiceServer,
    VirtualServer,
)
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.vrrp import VrrpInstance
from ansible_collections.lvs.cluster.plugins.module_utils._description.parts import (
    gue_ports_of,
    kind_of,
    sockets_of,
    tun_type_of,
)
from ansible_collections.lvs.cluster.plugins.module_utils._net import IpNetwork, family_of
from ansible_collections.lvs.cluster.plugins.module_utils._problems import Problem

from .directed import check_directed
from .served import check_served
from .servers import Hosts, address_of, check_machines, check_server
from .whole import Whole


def check_service(
    service: VirtualServer, path: str, earlier: Sequence[VirtualServer], whole: Whole
) -> Iterator[Problem]:
    instance = whole.carrier(service)
    yield from check_served(service, path, earlier, whole)
    yield from check_directed(service, path, earlier, whole)
    yield from _check_real_servers(service, path, instance, whole)
    yield from _check_quorum(service, path)
    yield from _check_balancing(service, path)
    yield from _check_tunnels(service, path, earlier)
    yield from _check_suspended(service, path)
    if instance:
        yield from _check_one_network(service, path, instance, whole)
    for flag, scheduler in ((service.mh_port, "mh"), (service.sh_port, "sh")):
        if flag and service.lb_algo not in (None, scheduler):
            remedy = f"Remove it, or write lb_algo: {scheduler}"
            yield Problem(f"{path}.{scheduler}-port", flag, f"has no effect without lb_algo {scheduler}", remedy)


def _check_balancing(service: VirtualServer, path: str) -> Iterator[Problem]:
    """How packets are told apart, and which of them belong together."""
    if service.port == 0 and service.persistence_timeout == 0:
        reason = (
            "is all ports, which nothing would keep together: connections of one client would go to several servers"
        )
        yield Problem(f"{path}.port", 0, reason, "Write a persistence_timeout too, or one port")
    for name in ("persistence_granularity", "persistence_engine"):
        value = getattr(service, name)
        if value and service.persistence_timeout == 0:
            remedy = "Write that too, or remove it"
            yield Problem(f"{path}.{name}", value, "has no effect without a persistence_timeout", remedy)
    other = next((each for each in service.protocols if each not in ("UDP", None)), "")
    for name in ("ops", "persistence_engine"):
        value = getattr(service, name)
        if value and other:
            remedy = f"Remove it, or write protocol: UDP{'' if service.fwmark is None else ' in marked'}"
            yield Problem(f"{path}.{name}", value, f"is not for {other}", remedy)
    if service.sorry_server_inhibit and service.sorry_server is None:
        yield Problem(f"{path}.sorry_server_inhibit", True, "has no sorry_server", "Name one, or remove it")
    for index, server in numbered(service.real_servers):
        low, high = server.lthreshold, server.uthreshold
        if low is not None and low > (high or 0):
            reason = f"is more than uthreshold, {high}" if high else "has no effect without uthreshold"
            remedy = f"Write at most {high}" if high else "Write that too, or remove it"
            yield Problem(f"{path}.real_servers[{index}].lthreshold", low, reason, remedy)


def _check_tunnels(service: VirtualServer, path: str, earlier: Sequence[VirtualServer]) -> Iterator[Problem]:
    """A type is that of a tunnel, and a port that of one in UDP, which nobody else has."""
    ways = {here: (kind_of(server, service), tun_type_of(server, service)) for here, server in _placed(service, path)}
    yield from _check_tunnel(service, path, [*ways.values(), (service.lb_kind, service.tun_type)])
    for here, server in _placed(service, path):
        yield from _check_tunnel(server, here, [ways[here]])
    tunnels, served = _tunnel_ports(service), _udp_ports(service)
    for other in [*earlier, service]:
        for host, port in sorted(tunnels & _udp_ports(other) if tunnels else ())[:1]:
            reason = f"is where {host} serves virtual server {other.name} by UDP"
            yield Problem(f"{path}.tun_port", port, reason, "Choose another one")
        for host, port in sorted(served & _tunnel_ports(other) if served and other is not service else ())[:1]:
            reason = f"is where {host} takes packets of virtual server {other.name} out of tunnels in UDP"
            yield Problem(f"{path}.port", port, reason, "Choose another tun_port there")


def _check_tunnel(
    told: Union[VirtualServer, ServiceServer], path: str, ways: Sequence[Tuple[Optional[str], Optional[str]]]
) -> Iterator[Problem]:
    """ways: the kind and the type of those that it is told of."""
    tunnels = [tun_type for kind, tun_type in ways if kind in (TUN, None)]
    name, value = ("tun_type", GUE) if told.tun_type == GUE else ("tun_port", told.tun_port)
    if value is not None and not tunnels:
        reason = f"does not go with lb_kind {ways[-1][0]}, by which there are no tunnels"
        yield Problem(f"{path}.{name}", value, reason, "Write lb_kind: TUN, or remove it")
    elif told.tun_port is not None and not {GUE, None}.intersection(tunnels):
        reason = f"is of tunnels in UDP, and with tun_type {tunnels[-1]} there are none"
        yield Problem(f"{path}.tun_port", told.tun_port, reason, "Write tun_type: gue, or remove it")


def _tunnel_ports(service: VirtualServer) -> Set[Tuple[str, int]]:
    """Hosts, and the ports to which tunnels in UDP come there."""
    return set(gue_ports_of(service))


def _udp_ports(service: VirtualServer) -> Set[Tuple[str, int]]:
    """Hosts, and the ports at which they serve it by UDP."""
    sockets = sockets_of(service) if "UDP" in service.protocols else {}
    return {(host, port) for host, found in sockets.items() for _address, port in found}


def _check_suspended(service: VirtualServer, path: str) -> Iterator[Problem]:
    yield from check_alpha(service.alpha, f"{path}.alpha", service)
    for index, server in numbered(service.real_servers):
        yield from check_alpha(server.alpha, f"{path}.real_servers[{index}].alpha", service)


def check_alpha(alpha: Optional[bool], path: str, service: VirtualServer) -> Iterator[Problem]:
    """What a service, a server of it or a check of one says of servers that nobody has checked yet."""
    if alpha and service.ha_suspend:
        reason = "with ha_suspend leaves a director that takes over without servers until it has checked them"
        yield Problem(path, alpha, reason, "Write alpha: false, or remove ha_suspend")


def _check_real_servers(
    service: VirtualServer, path: str, instance: Optional[VrrpInstance], whole: Whole
) -> Iterator[Problem]:
    servers = _placed(service, path)
    named = [
        (here, server.host or server.address)
        for here, server in servers
        if server is not service.sorry_server and server.address not in whole.owners
    ]
    directors = (instance.hosts if instance else service.hosts) or ()
    for here, server in servers:
        yield from _check_real_server(server, here, service, directors, whole)
        if server.address in whole.floating:
            carrier = whole.floating[server.address][-1].name
            reason = f"floats with instance {carrier}: a director would send to itself"
            yield Problem(f"{here}.address", server.address, reason, "Write the server's own address")
        elif server.address and server.address in whole.serving:
            reason = f"is the address of virtual server {whole.serving[server.address][0].name}"
            yield Problem(f"{here}.address", server.address, reason, "Write the server's own address")
    yield from check_machines([(here, name) for here, name in named if name], whole.hosts)
    sorry = address_of(service.sorry_server, whole.hosts, service.family)
    for _index, server in numbered(service.real_servers):
        own = server.inhibit_on_failure
        if sorry and sorry == address_of(server, whole.hosts, service.family):
            yield from _check_sorry_server(service, path, sorry, service.inhibit_on_failure if own is None else own)


def _placed(service: VirtualServer, path: str) -> List[Tuple[str, ServiceServer]]:
    """The servers of a service, each with its place; the sorry server is the last."""
    servers: List[Tuple[str, ServiceServer]]
    servers = [(f"{path}.real_servers[{index}]", server) for index, server in numbered(service.real_servers)]
    return [*servers, (f"{path}.sorry_server", service.sorry_server)] if service.sorry_server else servers


def _check_real_server(
    server: ServiceServer, path: str, service: VirtualServer, directors: Sequence[str], whole: Whole
) -> Iterator[Problem]:
    yield from check_server(server, path, whole.hosts, service.family)
    yield from _check_port(server, path, service)
    owner = whole.hosts_at.get(server.address)
    director = _machine(server, directors, whole.hosts)
    if director:
        name = "" if director == server.host else f"the same machine as {director}, "
        reason = f"is {name}a director of this address, and cannot be its real server too"
        yield Problem(path, server.host or server.address, reason, "Use another host as real server, or as director")
    elif owner and not server.host:
        reason = f"is the address of host {owner}, which is set up as real server only if its name stands here"
        yield Problem(f"{path}.address", server.address, reason, f"Write host: {owner}")


def _check_port(server: ServiceServer, path: str, service: VirtualServer) -> Iterator[Problem]:
    ports = list(dict.fromkeys(each.port for each in service.sockets))
    if server.port is None or None in ports or not ports or server.port in ports:
        return
    kind = kind_of(server, service)
    if kind == NAT and service.fwmark is not None:
        reason = "is for a service with a mark, and nothing rewrites the port of what is marked"
        yield Problem(f"{path}.port", server.port, reason, "Remove it")
    elif kind == NAT and not service.server_port:
        reason = f"is one, and the service has {'all' if ports == [0] else 'several'} ports, none of which is rewritten"
        yield Problem(f"{path}.port", server.port, reason, "Remove it, or give the service one port")
    elif kind not in (NAT, None):
        their = " or ".join(map(str, ports))
        reason = f"with lb_kind {kind} nothing rewrites the port, so it must be the service's, {their}"
        yield Problem(f"{path}.port", server.port, reason, f"Remove it, or write port: {their}")


def _check_sorry_server(service: VirtualServer, path: str, sorry: str, inhibits: Optional[bool]) -> Iterator[Problem]:
    """One that is a real server too."""
    if inhibits:
        reason = "is a real server too: as inhibit_on_failure keeps it in the table, it cannot be added as sorry server"
        yield Problem(f"{path}.sorry_server", sorry, reason, "Choose another one, or remove inhibit_on_failure")
    elif service.sorry_server_inhibit:
        reason = "keeps what is a real server too in the table, where it cannot be added again"
        yield Problem(f"{path}.sorry_server_inhibit", True, reason, "Remove it, or choose another sorry_server")


def _machine(server: Server, names: Sequence[str], hosts: Hosts) -> Optional[str]:
    """Which of the named hosts a server is, by its name or by its address."""
    address = address_of(server, hosts)
    same = (name for name in names if address and name in hosts and address in hosts[name].every_address)
    return server.host if server.host in names else next(same, None)


def _check_one_network(service: VirtualServer, path: str, instance: VrrpInstance, whole: Whole) -> Iterator[Problem]:
    """With lb_kind DR a director sends frames to a server's own MAC address, so both need a network in common.

    A description tells networks by the prefix lengths of floating addresses alone. Nothing is checked unless all that
    is known of the directors' addresses lies in these.
    """
    hosts = whole.hosts
    networks = [each for address in service.addresses for each in whole.networks.get(address, ())]

    def inside(addresses: Sequence[str]) -> List[Optional[IpNetwork]]:
        return [next((each for each in networks if ipaddress.ip_address(own) in each), None) for own in addresses]

    def addresses_of(host: str) -> List[str]:
        held = hosts[host].every_address if host in hosts else []
        return [each for each in held if family_of(each) == service.family]

    directors = [addresses_of(host) for _index, host in numbered(instance.hosts)]
    if not directors or not all(own and all(inside(own)) for own in directors):
        return
    for index, server in numbered(service.real_servers):
        if kind_of(server, service) != DR:
            continue
        own = [server.address] if server.address else addresses_of(server.host)
        if own and not any(inside(own)):
            theirs = inside(directors[0])[0]
            reason = f"is not in {theirs}, the network of the directors; lb_kind DR reaches no other network"
            remedy = (
                "Set lvs_address of the host to its address there, or add the directors' other addresses to their "
                "lvs_addresses; or write lb_kind: TUN for it, which passes routers (docs/tun.md)"
            )
            yield Problem(f"{path}.real_servers[{index}]", f"{server.host or own[0]}", reason, remedy)


def _check_quorum(service: VirtualServer, path: str) -> Iterator[Problem]:
    """A quorum or a hysteresis that keepalived would lower by itself, so that another one runs than is described."""
    servers = [server for _index, server in numbered(service.real_servers)]
    weights = [server.weight for server in servers]
    if service.quorum is None:
        return
    if service.hysteresis is not None and service.hysteresis >= service.quorum:
        reason = f"is not below quorum, which is {service.quorum}"
        yield Problem(
            f"{path}.hysteresis", service.hysteresis, reason, f"Write at most {service.quorum - 1}, or raise quorum"
        )
    # A server with weight 0 is drained: it comes back, with a weight that is not known.
    known = service.real_servers is not None and None not in service.real_servers and None not in weights
    if known and 0 not in weights and service.quorum > sum(weights):
        reason = f"is more than all real servers weigh together, {sum(weights)}"
        yield Problem(f"{path}.quorum", service.quorum, reason, f"Write at most {sum(weights)}")

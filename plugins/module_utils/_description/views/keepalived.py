# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""What a director's keepalived gets, named as keepalived.conf(5) names it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, List, Mapping, Optional, Sequence, Tuple

from ansible_collections.lvs.cluster.plugins.module_utils._description.kinds import options
from ansible_collections.lvs.cluster.plugins.module_utils._description.members import Member
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.checkers import CHECKERS, Checker, HttpGet
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.cluster import Cluster
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.proxies import Upstream
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.services import (
    HASH_SCHEDULERS,
    VirtualServer,
)
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.vrrp import VrrpInstance

# RFC 9568, 5.2.4: 255 is the owner of the address, and no director owns a floating one. Neighbours
# differ by one, so that the skew of a planned switchover is milliseconds.
HIGHEST_PRIORITY = 254


@dataclass(frozen=True)
class Block:
    """A block of keepalived.conf as it is printed: keywords with their values, in order.

    A value that is true is no value: the keyword alone says it. One that is a list is a block within.
    """

    keyword: str
    lines: Sequence[Tuple[str, Any]]


@dataclass(frozen=True)
class Instance:
    """A C(vrrp_instance) of the host."""

    name: str
    hosts: Sequence[str]
    interface: str
    version: int
    virtual_router_id: int
    priority: int
    advert_int: float
    nopreempt: bool
    preempt_delay: float
    auth_type: str
    auth_pass: str
    unicast_src_ip: Optional[str]
    unicast_peer: Sequence[Optional[str]]
    virtual_ipaddress: Sequence[str]


@dataclass(frozen=True)
class SyncDaemon:
    """The C(lvs_sync_daemon)."""

    interface: str
    vrrp_instance: str
    id: int


@dataclass(frozen=True)
class Server:
    """A C(real_server)."""

    name: str
    address: str
    port: int
    weight: int


@dataclass(frozen=True)
class Service:
    """A C(virtual_server)."""

    name: str
    address: str
    port: int
    protocol: str
    lb_algo: str
    lb_flags: Sequence[str]
    lb_kind: str
    delay_loop: float
    persistence_timeout: int
    alpha: bool
    inhibit_on_failure: bool
    quorum: int
    hysteresis: int
    sorry_server: str
    check: Block
    real_servers: Sequence[Server]


@dataclass(frozen=True)
class Keepalived:
    """All of C(keepalived.conf) that the description tells."""

    router_id: str
    vrrp_instances: Sequence[Instance]
    lvs_sync_daemon: Optional[SyncDaemon]
    virtual_servers: Sequence[Service]


def priority(instance: VrrpInstance, director: str) -> int:
    """VRRP priority of a director: 254 for the first that is listed, 253 for the next, and so on."""
    return HIGHEST_PRIORITY - instance.hosts.index(director)


def takeover_seconds(instance: VrrpInstance, director: str) -> float:
    """Seconds without adverts after which a director makes itself master.

    RFC 9568, 6.1 (Active_Down_Interval): three adverts and the skew. RFC 3768 (VRRPv2) counts the
    skew in seconds, VRRPv3 in parts of advert_int.
    """
    unit = 1 if instance.version == 2 else instance.advert_int
    return 3 * instance.advert_int + (256 - priority(instance, director)) / 256 * unit


def check_of(service: VirtualServer, upstream: Optional[Upstream]) -> Checker:
    """How a service's servers are checked: as is given, or else as nginx tells most of a host.

    upstream: what its nginx proxies to, if it has one. What is no host of the inventory may have no nginx of ours.
    """
    if service.check is None and upstream and all(each.host for each in service.real_servers):
        return HttpGet(path=upstream.health_path)
    return service.check or CHECKERS[0]()


def block(entry: Checker) -> Block:
    """An entry of the description as the block of its keyword; its options stand in the order of its model.

    What was not given is not printed: then keepalived's own default holds.
    """
    lines: List[Tuple[str, Any]] = []
    for name, field in options(type(entry)).items():
        value, within = getattr(entry, field.name), field.metadata["within"]
        if value is None or value is False:
            continue
        if not within:
            lines.append((name, value))
        elif lines and lines[-1][0] == within:
            lines[-1][1].append((name, value))
        else:
            lines.append((within, [(name, value)]))
    return Block(entry.keyword, lines)


def instance_view(instance: VrrpInstance, host: str, members: Mapping[str, Member]) -> Instance:
    """A VRRP instance on one of its hosts."""
    peers = [members[each].source(instance) for each in instance.hosts if each != host]
    authentication = instance.authentication
    return Instance(
        name=instance.name,
        hosts=instance.hosts,
        interface=instance.interface or members[host].interface,
        version=instance.version,
        virtual_router_id=instance.virtual_router_id,
        priority=priority(instance, host),
        advert_int=instance.advert_int,
        nopreempt=not instance.preempt,
        preempt_delay=instance.preempt_delay,
        auth_type=authentication.auth_type if authentication else "",
        auth_pass=authentication.auth_pass if authentication else "",
        unicast_src_ip=members[host].source(instance) if instance.unicast and peers else "",
        unicast_peer=peers if instance.unicast else [],
        virtual_ipaddress=instance.virtual_ipaddress,
    )


def sync_daemon_view(cluster: Cluster, instances: Sequence[VrrpInstance], interface: str) -> Optional[SyncDaemon]:
    """The connection sync daemon, bound to an instance: unbound, both directors would run both halves."""
    instance = next((each for each in instances if len(each.hosts) > 1), None)
    if instance is None or not cluster.lvs_sync_daemon:
        return None
    return SyncDaemon(instance.interface or interface, instance.name, instance.virtual_router_id)


def service_view(service: VirtualServer, check: Checker, addresses: Mapping[str, str]) -> Service:
    """A virtual server, the same on every director.

    addresses: those of the hosts.
    """
    sorry = service.sorry_server
    return Service(
        name=service.name,
        address=service.address,
        port=service.port,
        protocol=service.protocol,
        lb_algo=service.lb_algo,
        lb_flags=_scheduler_flags(service),
        lb_kind=service.lb_kind,
        delay_loop=service.delay_loop,
        persistence_timeout=service.persistence_timeout,
        alpha=service.alpha,
        inhibit_on_failure=service.inhibit_on_failure,
        quorum=service.quorum,
        hysteresis=service.hysteresis,
        sorry_server=sorry.address or addresses[sorry.host] if sorry else "",
        check=block(check),
        real_servers=[
            Server(each.host, each.address or addresses[each.host], each.port or service.port, each.weight)
            for each in service.real_servers
        ],
    )


def _scheduler_flags(service: VirtualServer) -> List[str]:
    """Flags of a hash scheduler; without fallback the share of a server of weight 0 would be dropped."""
    if service.lb_algo not in HASH_SCHEDULERS:
        return []
    port = service.mh_port if service.lb_algo == "mh" else service.sh_port
    return [f"{service.lb_algo}-fallback"] + ([f"{service.lb_algo}-port"] if port else [])

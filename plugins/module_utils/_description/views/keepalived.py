# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""What a director's keepalived gets, named as keepalived.conf(5) names it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, List, Mapping, Optional, Sequence, Set

from ansible_collections.lvs.cluster.plugins.module_utils._description.kinds import given
from ansible_collections.lvs.cluster.plugins.module_utils._description.members import Member
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.checkers import CHECKERS, Checker, HttpGet
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.cluster import Cluster
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.globals import GlobalDefs
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.proxies import Upstream
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.services import (
    HASH_SCHEDULERS,
    VirtualServer,
)
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.vrrp import Mailing, VrrpInstance

from .lines import Line, as_they_are, in_one_line, lines_of

# RFC 9568, 5.2.4: 255 is the owner of the address, and no director owns a floating one. Neighbours
# differ by one, so that the skew of a planned switchover is milliseconds.
HIGHEST_PRIORITY = 254


@dataclass(frozen=True)
class Need:
    """An option that not every keepalived knows, with the first version that does."""

    path: str
    value: Any
    since: str


@dataclass(frozen=True)
class Block:
    """A block of keepalived.conf as it is printed."""

    keyword: str
    lines: Sequence[Line]


@dataclass(frozen=True)
class Instance:
    """A C(vrrp_instance) of the host.

    interfaces: those that it names beside its own.
    lines: what it ends with, its addresses first.
    """

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
    interfaces: Sequence[str]
    lines: Sequence[Line]


@dataclass(frozen=True)
class SyncDaemon:
    """The C(lvs_sync_daemon); bound to no instance it is both halves, whatever state the instances have."""

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
    lines: Sequence[Line]


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
    lines: Sequence[Line]
    check: Block
    real_servers: Sequence[Server]


@dataclass(frozen=True)
class Keepalived:
    """All of C(keepalived.conf) that the description tells."""

    router_id: str
    global_defs: Sequence[Line]
    vrrp_instances: Sequence[Instance]
    lvs_sync_daemon: Optional[SyncDaemon]
    virtual_servers: Sequence[Service]
    needs: Sequence[Need]


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
    """An entry of the description as the block of its keyword."""
    return Block(entry.keyword, lines_of(entry, type(entry)))


def global_defs_view(cluster: Cluster) -> List[Line]:
    """What stands in C(global_defs) of every host."""
    return lines_of(cluster.lvs_global_defs or GlobalDefs(), GlobalDefs)


def needs_of(path: str, entry: Any) -> List[Need]:
    """What an entry of the description needs of a keepalived that the oldest one has not."""
    return [
        Need(here, value, field.metadata["since"])
        for here, value, field in given(entry, path)
        if field.metadata["since"]
    ]


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
        virtual_ipaddress=[each.address for each in instance.virtual_ipaddress],
        interfaces=list(dict.fromkeys(each.dev for each in instance.virtual_ipaddress if each.dev)),
        lines=[
            ("virtual_ipaddress", as_they_are([in_one_line(each) for each in instance.virtual_ipaddress])),
            *lines_of(instance, Mailing),
            *as_they_are(instance.raw),
        ],
    )


def synced_instances(cluster: Cluster) -> List[VrrpInstance]:
    """The instances whose master has connections to tell to somebody."""
    served = {each.address for each in cluster.lvs_virtual_servers} if cluster.lvs_sync_daemon else set()
    return [each for each in cluster.instances if len(each.hosts) > 1 and served.intersection(each.addresses)]


def sync_daemon_view(host: str, synced: Sequence[VrrpInstance], interface: str) -> Optional[SyncDaemon]:
    """The connection sync daemon of a director.

    Where one is preferred as master of all instances it is bound to one: the master sends, the others receive. Where
    several are, each must do both at once, so it is bound to none.
    """
    own = next((each for each in synced if host in each.hosts), None)
    if own is None:
        return None
    together = _together(own, synced)
    masters = {each.hosts[0] for each in together}
    name = own.name if len(masters) == 1 else ""
    return SyncDaemon(own.interface or interface, name, together[0].virtual_router_id)


def _together(own: VrrpInstance, synced: Sequence[VrrpInstance]) -> Sequence[VrrpInstance]:
    """The instances whose directors must hear each other: those that share one, and those that share one with them."""
    hosts: Set[str] = set()
    found: Sequence[VrrpInstance] = [own]
    while not all(hosts.issuperset(each.hosts) for each in found):
        hosts.update(*(each.hosts for each in found))
        found = [each for each in synced if hosts.intersection(each.hosts)]
    return found


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
        lines=as_they_are(service.raw),
        check=block(check),
        real_servers=[
            Server(
                name=each.host,
                address=each.address or addresses[each.host],
                port=each.port or service.port,
                weight=each.weight,
                lines=as_they_are(each.raw),
            )
            for each in service.real_servers
        ],
    )


def _scheduler_flags(service: VirtualServer) -> List[str]:
    """Flags of a hash scheduler; without fallback the share of a server of weight 0 would be dropped."""
    if service.lb_algo not in HASH_SCHEDULERS:
        return []
    port = service.mh_port if service.lb_algo == "mh" else service.sh_port
    return [f"{service.lb_algo}-fallback"] + ([f"{service.lb_algo}-port"] if port else [])

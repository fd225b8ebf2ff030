# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""What a director's keepalived gets, named as keepalived.conf(5) names it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterable, List, Mapping, Optional, Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._description.kinds import given
from ansible_collections.lvs.cluster.plugins.module_utils._description.members import Member
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.checkers import CHECKERS, Checker, HttpGet
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.cluster import Cluster
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.globals import GlobalDefs
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.scripts import (
    InstanceScripted,
    Script,
    VrrpScript,
)
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.services import (
    HASH_SCHEDULERS,
    VirtualServer,
)
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.vrrp import (
    Carried,
    Mailing,
    Settings,
    VrrpInstance,
)
from ansible_collections.lvs.cluster.plugins.module_utils._description.parts import upstream_service

from .lines import Line, as_they_are, in_one_line, lines_of

# RFC 9568, 5.2.4: 255 is the owner of the address, and no director owns a floating one. Neighbours
# differ by one, so that the skew of a planned switchover is milliseconds.
HIGHEST_PRIORITY = 254
# RFC 9568, 6.1: how many adverts must be missed.
DOWN_TIMER_ADVERTS = 3


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
    down_timer_adverts: int
    nopreempt: bool
    preempt_delay: float
    auth_type: str
    auth_pass: str
    unicast_src_ip: Optional[str]
    unicast_peer: Sequence[Optional[str]]
    mcast_src_ip: Optional[str]
    virtual_ipaddress: Sequence[str]
    virtual_ipaddress_excluded: Sequence[str]
    interfaces: Sequence[str]
    lines: Sequence[Line]


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
class ScriptFile:
    """A script as it is put on the host."""

    path: str
    content: str


@dataclass(frozen=True)
class Scripts:
    """What keepalived runs.

    user: who runs it; empty where there is nothing to run.
    programs: what the host must have.
    """

    user: str
    files: Sequence[ScriptFile]
    programs: Sequence[str]


@dataclass(frozen=True)
class Keepalived:
    """All of C(keepalived.conf) that the description tells."""

    router_id: str
    global_defs: Sequence[Line]
    scripts: Scripts
    vrrp_scripts: Sequence[Block]
    vrrp_instances: Sequence[Instance]
    lvs_sync_daemon: Optional[SyncDaemon]
    virtual_servers: Sequence[Service]
    needs: Sequence[Need]


def priority(instance: VrrpInstance, director: str) -> int:
    """VRRP priority of a director: 254 for the first that is listed, 253 for the next, and so on."""
    return HIGHEST_PRIORITY - instance.hosts.index(director)


def takeover_seconds(instance: VrrpInstance, director: str) -> float:
    """Seconds without adverts after which a director makes itself master.

    RFC 9568, 6.1 (Active_Down_Interval): the adverts that must be missed, and the skew. RFC 3768 (VRRPv2) counts the
    skew in seconds, VRRPv3 in parts of advert_int.
    """
    unit = 1 if instance.version == 2 else instance.advert_int
    adverts = instance.down_timer_adverts or DOWN_TIMER_ADVERTS
    return adverts * instance.advert_int + (256 - priority(instance, director)) / 256 * unit


def check_of(cluster: Cluster, service: VirtualServer) -> Checker:
    """How a service's servers are checked: as is given, or else as nginx tells most of a host.

    What is no host of the inventory may have no nginx of ours.
    """
    if service.check is None and all(each.host for each in service.real_servers):
        for upstream in cluster.lvs_nginx_upstreams:
            if upstream_service(cluster, upstream) == service:
                return HttpGet(path=upstream.health_path)
    return service.check or CHECKERS[0]()


def block(entry: Checker) -> Block:
    """An entry of the description as the block of its keyword."""
    return Block(entry.keyword, lines_of(entry, type(entry)))


def global_defs_view(cluster: Cluster, scripts: Scripts) -> List[Line]:
    """What stands in C(global_defs) of a host."""
    told = lines_of(cluster.lvs_global_defs or GlobalDefs(), GlobalDefs)
    secured = [("enable_script_security", True), ("script_user", scripts.user)] if scripts.user else []
    return [*secured, *(line for line in told if line[0] != "script_user")]


def scripts_view(cluster: Cluster, scripts: Iterable[Script]) -> Scripts:
    """What a host's keepalived runs."""
    held = {each.place: each for each in scripts}
    return Scripts(
        user=(cluster.lvs_global_defs or GlobalDefs()).script_user if held else "",
        files=[ScriptFile(place, each.content) for place, each in held.items() if not each.path],
        programs=[each.path for each in held.values() if each.path],
    )


def vrrp_script_view(script: VrrpScript) -> Block:
    """A C(vrrp_script), the same on every director."""
    lines: List[Line] = []
    for keyword, value in lines_of(script, VrrpScript):
        if keyword == "weight" and script.reverse:
            lines.append((keyword, f"{value} reverse"))
        elif keyword not in ("name", "reverse"):
            lines.append((keyword, value))
    return Block(f"vrrp_script {script.name}", lines)


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
    source = members[host].source(instance)
    highest = max((priority(instance, each) for each in instance.hosts if each != host), default=None)
    return Instance(
        name=instance.name,
        hosts=instance.hosts,
        interface=instance.interface or members[host].interface,
        version=instance.version,
        virtual_router_id=instance.virtual_router_id,
        priority=priority(instance, host),
        advert_int=instance.advert_int,
        down_timer_adverts=instance.down_timer_adverts or DOWN_TIMER_ADVERTS,
        nopreempt=not instance.preempt,
        preempt_delay=instance.preempt_delay,
        auth_type=authentication.auth_type if authentication else "",
        auth_pass=authentication.auth_pass if authentication else "",
        unicast_src_ip=source if instance.unicast and peers else "",
        unicast_peer=peers if instance.unicast else [],
        mcast_src_ip=source if instance.mcast_src_ip else "",
        virtual_ipaddress=[each.address for each in instance.virtual_ipaddress],
        virtual_ipaddress_excluded=[each.address for each in instance.virtual_ipaddress_excluded],
        interfaces=instance.interfaces,
        lines=[
            ("virtual_ipaddress", as_they_are([in_one_line(each) for each in instance.virtual_ipaddress])),
            *lines_of(instance, Carried),
            *lines_of(instance, Settings),
            *([("timer_expired_backup", highest)] if instance.timer_expired_backup else []),
            *lines_of(instance, Mailing),
            *lines_of(instance, InstanceScripted),
            *as_they_are(instance.raw),
        ],
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

# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""What a director's keepalived gets, named as keepalived.conf(5) names it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Optional, Sequence, Set, Type, TypeVar

from ansible_collections.lvs.cluster.plugins.module_utils._description.kinds import INTERFACE, given
from ansible_collections.lvs.cluster.plugins.module_utils._description.members import Member, shared_family
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.checkers import (
    Answer,
    Asking,
    BfdCheck,
    Checker,
    FileCheck,
    HttpGet,
    Pages,
    PingCheck,
    Protocol,
    Raw,
    Reading,
    TcpCheck,
    Tls,
    UdpCheck,
    several,
)
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.cluster import Cluster
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.globals import GlobalDefs
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.scripts import (
    Checking,
    InstanceNotifying,
    Runs,
    VrrpScript,
)
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.services import (
    GUE,
    HASH_SCHEDULERS,
    RealServer,
    ServiceServer,
    SorryServer,
    Thresholds,
    VirtualServer,
    Watched,
)
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.tracking import (
    BfdInstance,
    BfdSettings,
    Tracks,
)
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.vrrp import (
    Carried,
    Mailing,
    OnHost,
    Route,
    Rule,
    Settings,
    SyncGroup,
    VirtualAddress,
    VrrpInstance,
)
from ansible_collections.lvs.cluster.plugins.module_utils._description.parts import (
    checked_port_of,
    kind_of,
    port_of,
    tun_port_of,
)
from ansible_collections.lvs.cluster.plugins.module_utils._description.scripts import scripts_in
from ansible_collections.lvs.cluster.plugins.module_utils._description.sites import Asked
from ansible_collections.lvs.cluster.plugins.module_utils._net import family_of

from .lines import Block, Line, as_they_are, block, in_one_line, lines_of

T = TypeVar("T")

# RFC 9568, 5.2.4: 255 is the owner of the address, and no director owns a floating one. Neighbours
# differ by one, so that the skew of a planned switchover is milliseconds.
HIGHEST_PRIORITY = 254
# RFC 9568, 6.1: how many adverts must be missed.
DOWN_TIMER_ADVERTS = 3
# RFC 9568, 5.1.1.2 and 5.1.2.2.
MCAST_GROUPS = {"ipv4": "224.0.0.18", "ipv6": "ff02::12"}


@dataclass(frozen=True)
class Need:
    """An option that not every keepalived knows, with the first version that does."""

    path: str
    value: Any
    since: str


@dataclass(frozen=True)
class Named:
    """An interface, and where it is named."""

    path: str
    interface: str


@dataclass(frozen=True)
class Instance:
    """A C(vrrp_instance) of the host.

    mcast_group: where its adverts go, if they are no unicast.
    settling: seconds after which it has made itself master on a host that starts and hears nobody.
    lines: what it ends with, its addresses first.
    """

    name: str
    hosts: Sequence[str]
    interface: str
    version: int
    virtual_router_id: int
    priority: int
    advert_int: float
    settling: float
    nopreempt: bool
    preempt_delay: float
    auth_type: str
    auth_pass: str
    unicast_src_ip: Optional[str]
    unicast_peer: Sequence[Optional[str]]
    mcast_src_ip: Optional[str]
    mcast_group: str
    virtual_ipaddress: Sequence[str]
    virtual_ipaddress_excluded: Sequence[str]
    track_interface: Sequence[str]
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
    inhibit_on_failure: bool
    uthreshold: Optional[int]
    lthreshold: Optional[int]
    lb_kind: str
    tun_port: Optional[int]
    lines: Sequence[Line]
    checkers: Sequence[Block]


@dataclass(frozen=True)
class GroupSocket:
    """An address of a C(virtual_server_group)."""

    address: str
    port: int


@dataclass(frozen=True)
class Service:
    """A C(virtual_server).

    address: empty where clients come by a mark, or to a group of addresses; sockets: those of such a group.
    server_port: that of its servers; 0 where it is that of each packet.
    persistence_timeout: 0 where there is none, as what depends on it is then empty.
    sorry_server: its address and port; empty where there is none.
    lines: what stands before its servers.
    """

    name: str
    address: str
    port: int
    fwmark: Optional[int]
    sockets: Sequence[GroupSocket]
    server_port: int
    protocol: str
    lb_algo: str
    lb_flags: Sequence[str]
    lb_kind: str
    lvs_method: str
    delay_loop: float
    ops: bool
    persistence_timeout: int
    persistence_granularity: str
    persistence_engine: str
    alpha: bool
    quorum: int
    hysteresis: int
    sorry_server: str
    lines: Sequence[Line]
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
    """All of C(keepalived.conf) that the description tells.

    blocks: what instances refer to, and what they are grouped by.
    processes: the names of those that are watched.
    """

    router_id: str
    global_defs: Sequence[Line]
    scripts: Scripts
    blocks: Sequence[Block]
    vrrp_instances: Sequence[Instance]
    lvs_sync_daemon: Optional[SyncDaemon]
    virtual_servers: Sequence[Service]
    needs: Sequence[Need]
    interfaces: Sequence[Named]
    processes: Sequence[str]


def priority(instance: VrrpInstance, director: str) -> int:
    """VRRP priority of a director: 254 for the first that is listed, 253 for the next, and so on."""
    return HIGHEST_PRIORITY - instance.hosts.index(director)


def takeover_seconds(instance: VrrpInstance, director: str) -> float:
    """Seconds without adverts after which a director makes itself master.

    RFC 9568, 6.1 (Active_Down_Interval): the adverts that must be missed, and the skew. RFC 3768 (VRRPv2) counts the
    skew in seconds, VRRPv3 in parts of advert_int.
    """
    unit = 1 if instance.vrrp_version == 2 else instance.advert_int
    adverts = instance.down_timer_adverts or DOWN_TIMER_ADVERTS
    return adverts * instance.advert_int + (256 - priority(instance, director)) / 256 * unit


def checks_of(service: VirtualServer, asked: Optional[Asked]) -> Sequence[Checker]:
    """How a service's servers are checked: as is given, or else as nginx tells most of a host.

    asked: how its nginx is asked, if it has one of ours.
    """
    if service.check is not None:
        return several(service.check)
    if not asked or (asked.port is None and not asked.tls):
        # All ports are none to connect to.
        return [CHECKS_OF_PROTOCOLS[service.protocols[0]]() if service.checked_port else PingCheck()]
    page = [HttpGet(path=asked.path, connect_port=_unless(asked.port, asked, service))] if asked.port else []
    # What answers at the plain port tells nothing of the one with TLS, which may be gone alone.
    return [*page, *(TcpCheck(connect_port=_unless(each, asked, service)) for each in asked.tls)]


def _unless(port: int, asked: Asked, service: VirtualServer) -> Optional[int]:
    """A port to connect to, unless it is asked anyway.

    Where the ports of a service answer differently, that which a server says of itself is not for each check.
    """
    either = service.server_port or not asked.tls
    return None if either and port == service.checked_port else port


# What a service's servers are asked of which nothing else is known. Nothing speaks SCTP.
CHECKS_OF_PROTOCOLS: Mapping[str, Type[Checker]] = {"TCP": TcpCheck, "UDP": UdpCheck, "SCTP": PingCheck}
# What a check has from its service where it does not say itself.
OF_THE_SERVICE = ("connect_timeout", "retry", "delay_before_retry")


def settled_check(check: Checker, service: VirtualServer) -> Checker:
    """A check with what it has from its service."""
    silent = [name for name in OF_THE_SERVICE if getattr(check, name, "") is None]
    return dataclasses.replace(check, **{name: getattr(service, name) for name in silent})


def checker_view(check: Checker, service: VirtualServer, host: str, neighbours: Mapping[str, Sequence[str]]) -> Block:
    """A checker as it is printed.

    host: the server, empty where it is none of the inventory.
    neighbours: by the name of each C(bfd_instance), its hosts.
    """
    check = settled_check(check, service)
    if isinstance(check, BfdCheck):
        hosts = neighbours[check.name]
        name = check.name if len(hosts) == 2 else f"{check.name}:{hosts.index(host) + 1}"
        return block(dataclasses.replace(check, name=name))
    if isinstance(check, FileCheck):
        return Block(check.keyword, [*lines_of(check, Reading), *weight_lines(check), *lines_of(check, Raw)])
    if isinstance(check, Pages):
        urls = [("url", [("path", each.path), *lines_of(each, Answer)]) for each in check.pages]
        tls = lines_of(check, Tls) if isinstance(check, Tls) else []
        return Block(check.keyword, [*urls, *lines_of(check, Protocol), *tls, *lines_of(check, Asking)])
    return block(check)


def weight_lines(entry: Any) -> List[Line]:
    """A weight, and whether it is subtracted, in one line."""
    return [] if entry.weight is None else [("weight", f"{entry.weight}{' reverse' if entry.reverse else ''}")]


def global_defs(cluster: Cluster) -> GlobalDefs:
    """What is said of keepalived as a whole, with its defaults."""
    return cluster.lvs_global_defs or GlobalDefs()


def global_defs_view(whole: GlobalDefs, scripts: Scripts) -> List[Line]:
    """What stands in C(global_defs) of a host."""
    secured = [("enable_script_security", True), ("script_user", scripts.user)] if scripts.user else []
    return [*secured, *(line for line in lines_of(whole, GlobalDefs) if line[0] != "script_user")]


def scripts_view(cluster: Cluster, whole: GlobalDefs, host: str) -> Scripts:
    """What a host's keepalived runs."""
    instances = instances_on(cluster, host)
    entries = [whole, *scripts_tracked(cluster, host), *groups_on(cluster, host), *instances] if instances else []
    entries += services_on(cluster, host)
    held = {each.place: each for entry in entries for each in scripts_in(entry)}
    return Scripts(
        user=whole.script_user if held else "",
        files=[ScriptFile(place, each.content) for place, each in held.items() if not each.path],
        programs=[each.path for each in held.values() if each.path],
    )


def vrrp_script_view(script: VrrpScript) -> Block:
    """A C(vrrp_script), the same on every director."""
    lines = [*lines_of(script, Checking), *weight_lines(script), *lines_of(script, Runs)]
    return Block(f"vrrp_script {script.name}", lines)


def needs_of(path: str, entry: Any) -> List[Need]:
    """What an entry of the description needs of a keepalived that the oldest one has not."""
    return [
        Need(here, value, field.metadata["since"])
        for here, value, field in given(entry, path)
        if field.metadata["since"]
    ]


def interfaces_of(path: str, entry: Any) -> List[Named]:
    """The interfaces that an entry of the description names."""
    return [Named(here, value) for here, value, field in given(entry, path) if field.metadata["reader"] is INTERFACE]


def is_on(entry: Any, host: str) -> bool:
    """Whether an entry that may say which hosts it is for is for this one."""
    if isinstance(entry, OnHost):
        return bool(host == entry.host)
    hosts = getattr(entry, "hosts", ())
    return not hosts or host in hosts


def static_views(cluster: Cluster, host: str) -> List[Block]:
    """What a host has whoever is master."""
    found = []
    tables = (
        ("static_ipaddress", cluster.lvs_static_ipaddress, VirtualAddress),
        ("static_routes", cluster.lvs_static_routes, Route),
        ("static_rules", cluster.lvs_static_rules, Rule),
    )
    for keyword, entries, table in tables:
        lines = [in_one_line(each, table) for each in entries if is_on(each, host)]
        if lines:
            found.append(Block(keyword, as_they_are(lines)))
    return found


def neighbours_of(cluster: Cluster, host: str) -> Dict[str, List[str]]:
    """By the name of each C(bfd_instance) of the description that a host is in, those that it becomes there.

    One for each neighbour: its name, and its place among the hosts where there are several.
    """
    return {
        each.name: [
            each.name if len(each.hosts) == 2 else f"{each.name}:{place}"
            for place, other in enumerate(each.hosts, 1)
            if other != host
        ]
        for each in cluster.lvs_bfd_instances
        if host in each.hosts
    }


def bfd_views(
    cluster: Cluster, host: str, members: Mapping[str, Member], neighbours: Mapping[str, Sequence[str]]
) -> List[Block]:
    """The neighbours that a host asks."""

    def address_of(name: str, each: BfdInstance) -> str:
        return members[name].on(each.interface)[shared_family([members[one] for one in each.hosts], each.interface)]

    return [
        Block(
            f"bfd_instance {name}",
            [
                ("neighbor_ip", address_of(other, each)),
                ("source_ip", address_of(host, each)),
                *lines_of(each, BfdSettings),
            ],
        )
        for each in cluster.lvs_bfd_instances
        if host in each.hosts
        for name, other in zip(neighbours[each.name], [other for other in each.hosts if other != host])
    ]


def group_views(cluster: Cluster, host: str, neighbours: Mapping[str, Sequence[str]]) -> List[Block]:
    """The sync groups whose instances a host has."""
    return [block(_tracking(each, neighbours)) for each in groups_on(cluster, host)]


def instances_on(cluster: Cluster, host: str) -> List[VrrpInstance]:
    """The instances of the description that a host has."""
    return [each for each in cluster.lvs_vrrp_instances if is_on(each, host)]


def services_on(cluster: Cluster, host: str) -> List[VirtualServer]:
    """The services that a host's keepalived directs."""
    instances = instances_on(cluster, host)
    carried = {address for each in instances for address in each.addresses}
    return [
        each
        for each in cluster.lvs_virtual_servers
        if carried.intersection(each.addresses) or (instances and host in each.hosts)
    ]


def groups_on(cluster: Cluster, host: str) -> List[SyncGroup]:
    """The sync groups whose instances a host has."""
    instances = {each.name: each for each in cluster.lvs_vrrp_instances}
    return [each for each in cluster.lvs_vrrp_sync_groups if is_on(instances[each.group[0]], host)]


def scripts_tracked(cluster: Cluster, host: str) -> List[VrrpScript]:
    """The scripts that the instances or groups of a host track."""
    names = {script.name for each in _watching(cluster, host) for script in each.track_script}
    return [each for each in cluster.lvs_vrrp_scripts if each.name in names]


def processes_tracked(cluster: Cluster, host: str) -> List[str]:
    """The names of the processes that the instances or groups of a host track."""
    return sorted({process.name for each in _watching(cluster, host) for process in each.track_process})


def _watching(cluster: Cluster, host: str) -> List[Tracks]:
    return [*instances_on(cluster, host), *groups_on(cluster, host)]


def _tracking(entry: T, neighbours: Mapping[str, Sequence[str]]) -> T:
    """What watches neighbours, by the names that they have on a host."""
    watched = [
        dataclasses.replace(each, name=name)
        for each in getattr(entry, "track_bfd", ())
        for name in neighbours[each.name]
    ]
    changed: T = dataclasses.replace(entry, track_bfd=tuple(watched))  # type: ignore[type-var]
    return changed


def instance_view(
    instance: VrrpInstance,
    host: str,
    members: Mapping[str, Member],
    whole: GlobalDefs,
    neighbours: Mapping[str, Sequence[str]],
) -> Instance:
    """A VRRP instance on one of its hosts.

    neighbours: as of L(neighbours_of) that host.
    """
    peers = [members[each].source(instance) for each in instance.hosts if each != host]
    authentication = instance.authentication
    groups = {"ipv4": whole.vrrp_mcast_group4, "ipv6": whole.vrrp_mcast_group6}
    source = members[host].source(instance)
    highest = max((priority(instance, each) for each in instance.hosts if each != host), default=None)
    return Instance(
        name=instance.name,
        hosts=instance.hosts,
        interface=instance.interface or members[host].interface,
        version=instance.vrrp_version or 0,
        virtual_router_id=instance.virtual_router_id,
        priority=priority(instance, host),
        advert_int=instance.advert_int,
        settling=(whole.vrrp_startup_delay or 0) + takeover_seconds(instance, host),
        nopreempt=not instance.preempt,
        preempt_delay=instance.preempt_delay,
        auth_type=authentication.auth_type if authentication else "",
        auth_pass=authentication.auth_pass if authentication else "",
        unicast_src_ip=source if instance.unicast and peers else "",
        unicast_peer=peers if instance.unicast else [],
        mcast_src_ip=source if instance.mcast_src_ip else "",
        mcast_group="" if instance.unicast and peers else groups[instance.family] or MCAST_GROUPS[instance.family],
        virtual_ipaddress=[each.address for each in instance.virtual_ipaddress],
        virtual_ipaddress_excluded=[each.address for each in instance.virtual_ipaddress_excluded],
        track_interface=[each.interface for each in instance.track_interface],
        lines=[
            *(
                (name, as_they_are([_floating(each) for each in getattr(instance, name)]))
                for name in ("virtual_ipaddress", "virtual_ipaddress_excluded")
                if getattr(instance, name)
            ),
            *lines_of(instance, Carried, ("virtual_routes", "virtual_rules")),
            *lines_of(_tracking(instance, neighbours), Tracks),
            *lines_of(instance, Settings),
            *([("timer_expired_backup", highest)] if instance.timer_expired_backup else []),
            *lines_of(instance, Mailing),
            *lines_of(instance, InstanceNotifying),
            *as_they_are(instance.raw),
        ],
    )


def _floating(each: VirtualAddress) -> str:
    """A floating address of IPv6 is for those who come to it, and no director sends from it: else real servers, which
    have it too, would answer its checks to themselves. Of a /128 keepalived knows that by itself.
    """
    told = str(in_one_line(each, VirtualAddress))
    return told if family_of(each.address) == "ipv4" or each.address.endswith("/128") else f"{told} preferred_lft 0"


def synced_instances(cluster: Cluster) -> List[VrrpInstance]:
    """The instances whose master has connections to tell to somebody."""
    served = {address for each in cluster.lvs_virtual_servers for address in each.addresses}
    if not cluster.lvs_sync_daemon:
        return []
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


# What stands in a virtual_server as its options are, after its sorry_server.
SERVICE_LINES = (
    "sorry_server_inhibit",
    "ha_suspend",
    "omega",
    "warmup",
    "virtualhost",
    "smtp_alert",
    "quorum_up",
    "quorum_down",
    "raw",
)


def service_view(
    service: VirtualServer,
    checks: Sequence[Checker],
    addresses: Mapping[str, str],
    neighbours: Mapping[str, Sequence[str]],
) -> Service:
    """A virtual server, the same on every director.

    checks: those of servers that have none of their own.
    addresses: those of the hosts, of the service's family.
    neighbours: by the name of each C(bfd_instance), its hosts.
    """

    def checkers(server: RealServer) -> Sequence[Block]:
        if server.check is None and shared and (server.port is None or service.server_port):
            return shared
        own = checks if server.check is None else several(server.check)
        port = checked_port_of(server, service)
        return [checker_view(_asking(each, service, port), service, server.host, neighbours) for each in own]

    # Neighbours are called otherwise on each server; all else is worked out once.
    shared: Sequence[Block] = []
    if not any(isinstance(each, BfdCheck) for each in checks):
        shared = [
            checker_view(_asking(each, service, service.checked_port), service, "", neighbours) for each in checks
        ]
    sorry = service.sorry_server
    return Service(
        name=service.name,
        address=service.address,
        port=service.checked_port,
        fwmark=service.fwmark,
        sockets=[GroupSocket(each.address, each.port) for each in service.group],
        server_port=service.server_port,
        protocol=service.protocol,
        lb_algo=service.lb_algo,
        lb_flags=_scheduler_flags(service),
        lb_kind=service.lb_kind,
        lvs_method=_method(ServiceServer(), service),
        delay_loop=service.delay_loop,
        ops=service.ops,
        persistence_timeout=service.persistence_timeout,
        persistence_granularity=service.persistence_granularity,
        persistence_engine=service.persistence_engine,
        alpha=service.alpha,
        quorum=service.quorum,
        hysteresis=service.hysteresis,
        sorry_server=_sorry_server(sorry, service, addresses) if sorry else "",
        lines=[
            *(_method_lines("sorry_server_lvs_method", sorry, service) if sorry else []),
            *lines_of(service, VirtualServer, SERVICE_LINES),
        ],
        real_servers=[
            Server(
                name=each.host,
                address=each.address or addresses[each.host],
                port=port_of(each, service),
                weight=each.weight,
                inhibit_on_failure=service.inhibit_on_failure
                if each.inhibit_on_failure is None
                else each.inhibit_on_failure,
                uthreshold=each.uthreshold,
                lthreshold=each.lthreshold,
                lb_kind=each.lb_kind or service.lb_kind,
                tun_port=tun_port_of(each, service),
                lines=[
                    *_method_lines("lvs_method", each, service),
                    *lines_of(each, Thresholds),
                    *lines_of(each, Watched),
                    *as_they_are(each.raw),
                ],
                checkers=checkers(each),
            )
            for each in service.real_servers
        ],
    )


def _sorry_server(sorry: SorryServer, service: VirtualServer, addresses: Mapping[str, str]) -> str:
    port = port_of(sorry, service)
    return f"{sorry.address or addresses[sorry.host]}{f' {port}' if port else ''}"


def _asking(check: T, service: VirtualServer, port: int) -> T:
    """A checker; where its server has no port of its own, one that is told this one."""
    if service.server_port or not port or getattr(check, "connect_port", port) is not None:
        return check
    changed: T = dataclasses.replace(check, connect_port=port)  # type: ignore[type-var]
    return changed


def _method(server: ServiceServer, service: VirtualServer) -> str:
    port = tun_port_of(server, service)
    return f"{kind_of(server, service)}{f' type {GUE} port {port}' if port else ''}"


def _method_lines(keyword: str, server: ServiceServer, service: VirtualServer) -> List[Line]:
    """Of a server that has its own: no part of the service's is kept then."""
    is_own = server.lb_kind or server.tun_type or server.tun_port
    return [(keyword, _method(server, service))] if is_own else []


def _scheduler_flags(service: VirtualServer) -> List[str]:
    """Flags of a hash scheduler; without fallback the share of a server of weight 0 would be dropped."""
    if service.lb_algo not in HASH_SCHEDULERS:
        return []
    port = service.mh_port if service.lb_algo == "mh" else service.sh_port
    return [f"{service.lb_algo}-fallback"] + ([f"{service.lb_algo}-port"] if port else [])

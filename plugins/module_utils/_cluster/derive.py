# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""What follows from a description for one host: the values that its roles and their templates print.

Everything here takes a description that has passed the checks. The views are plain dicts and lists,
named as keepalived.conf(5), ipvsadm(8) and nginx name them, so that a template adds nothing.
"""

from __future__ import annotations

import math
from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence, Set, Tuple

from .kinds import numbered
from .members import Member
from .model import HASH_SCHEDULERS, Check, Cluster, Upstream, VirtualServer, VrrpInstance

Addresses = Mapping[str, str]
View = Dict[str, Any]

# RFC 9568, 5.2.4: 255 is the owner of the address, and no director owns a floating one. Neighbours
# differ by one, so that the skew of a planned switchover is milliseconds.
HIGHEST_PRIORITY = 254


def priority(instance: VrrpInstance, director: str) -> int:
    """VRRP priority of a director: 254 for the first that is listed, 253 for the next, and so on."""
    return HIGHEST_PRIORITY - instance.directors.index(director)


def takeover_seconds(instance: VrrpInstance, director: str) -> float:
    """Seconds without adverts after which a director makes itself master.

    RFC 9568, 6.1 (Active_Down_Interval): three adverts and the skew. RFC 3768 (VRRPv2) counts the
    skew in seconds, VRRPv3 in parts of advert_int.
    """
    unit = 1 if instance.version == 2 else instance.advert_int
    return 3 * instance.advert_int + (256 - priority(instance, director)) / 256 * unit


def instance_of(cluster: Cluster, address: Optional[str]) -> Optional[VrrpInstance]:
    """The VRRP instance that carries an address, if any does."""
    carrying = (each for _index, each in numbered(cluster.lvs_vrrp_instances) if address in each.addresses)
    return next(carrying, None)


def directed_services(cluster: Cluster, host: str) -> List[VirtualServer]:
    """The virtual servers whose address floats over this host."""
    services = []
    for service in cluster.lvs_virtual_servers:
        instance = instance_of(cluster, service.address)
        if instance and host in instance.directors:
            services.append(service)
    return services


def directors(cluster: Cluster) -> List[str]:
    """The hosts that direct something, in the order of their first mention."""
    instances = numbered(cluster.lvs_vrrp_instances)
    return list(dict.fromkeys(host for _place, each in instances for _p, host in numbered(each.directors)))


def real_servers(cluster: Cluster) -> List[str]:
    """The hosts that hold the address of a service, in the order of their first mention."""
    hosts: List[str] = []
    for _place, service in numbered(cluster.lvs_virtual_servers):
        servers = [server for _p, server in numbered(service.real_servers)]
        hosts.extend(each.host for each in [*servers, service.sorry_server] if each and each.host)
    return list(dict.fromkeys(hosts))


def settled_hosts(cluster: Cluster) -> List[str]:
    """The hosts that a play sets up."""
    return list(dict.fromkeys([*directors(cluster), *real_servers(cluster)]))


def backends(cluster: Cluster) -> List[str]:
    """The hosts behind nginx."""
    upstreams = numbered(cluster.lvs_nginx_upstreams)
    servers = (server for _place, each in upstreams for _p, server in numbered(each.servers))
    return list(dict.fromkeys(each.host for each in servers if each.host))


def cluster_view(cluster: Cluster) -> View:
    """The cluster as a whole."""
    return {"name": cluster.lvs_cluster, "directors": directors(cluster), "real_servers": real_servers(cluster)}


def keepalived_view(cluster: Cluster, host: str, members: Mapping[str, Member], interface: str) -> View:
    """keepalived.conf of a host, as data."""
    addresses = {name: member.address for name, member in members.items() if member.address}
    instances = [each for each in cluster.lvs_vrrp_instances if host in each.directors]
    services = directed_services(cluster, host)
    return {
        "router_id": host,
        "vrrp_instances": [_instance_view(each, host, members, interface) for each in instances],
        "lvs_sync_daemon": _sync_daemon_view(cluster, services, interface),
        "virtual_servers": [_service_view(each, check_of(cluster, each), addresses) for each in services],
    }


def _instance_view(instance: VrrpInstance, host: str, members: Mapping[str, Member], interface: str) -> View:
    peers = [members[each].source(instance) for each in instance.directors if each != host]
    authentication = instance.authentication
    return {
        "name": instance.name,
        "directors": list(instance.directors),
        "interface": instance.interface or interface,
        "version": instance.version,
        "virtual_router_id": instance.virtual_router_id,
        "priority": priority(instance, host),
        "advert_int": instance.advert_int,
        "nopreempt": not instance.preempt,
        "preempt_delay": instance.preempt_delay,
        "auth_type": authentication.auth_type if authentication else "",
        "auth_pass": authentication.auth_pass if authentication else "",
        "unicast_src_ip": members[host].source(instance) if instance.unicast and peers else "",
        "unicast_peer": peers if instance.unicast else [],
        "virtual_ipaddress": list(instance.virtual_ipaddress),
    }


def _sync_daemon_view(cluster: Cluster, services: Sequence[VirtualServer], interface: str) -> View:
    """The connection sync daemon, bound to an instance: unbound, both directors would run both halves."""
    if not cluster.lvs_sync_daemon:
        return {}
    instances = [instance_of(cluster, each.address) for each in services]
    instance = next((each for each in instances if each and len(each.directors) > 1), None)
    if instance is None:
        return {}
    return {
        "interface": instance.interface or interface,
        "vrrp_instance": instance.name,
        "id": instance.virtual_router_id,
    }


def _service_view(service: VirtualServer, check: Check, addresses: Addresses) -> View:
    sorry = service.sorry_server
    return {
        "name": service.name,
        "address": service.address,
        "port": service.port,
        "protocol": service.protocol,
        "lb_algo": service.lb_algo,
        "lb_flags": _scheduler_flags(service),
        "lb_kind": service.lb_kind,
        "delay_loop": service.delay_loop,
        "persistence_timeout": service.persistence_timeout,
        "alpha": service.alpha,
        "inhibit_on_failure": service.inhibit_on_failure,
        "quorum": service.quorum,
        "hysteresis": service.hysteresis,
        "sorry_server": _server_address(sorry, addresses) if sorry else "",
        "check": _check_view(check),
        "real_servers": [
            {
                "name": each.host,
                "address": _server_address(each, addresses),
                "port": each.port or service.port,
                "weight": each.weight,
            }
            for each in service.real_servers
        ],
    }


def _scheduler_flags(service: VirtualServer) -> List[str]:
    """Flags of a hash scheduler; without fallback the share of a server of weight 0 would be dropped."""
    if service.lb_algo not in HASH_SCHEDULERS:
        return []
    port = service.mh_port if service.lb_algo == "mh" else service.sh_port
    return [f"{service.lb_algo}-fallback"] + ([f"{service.lb_algo}-port"] if port else [])


def check_of(cluster: Cluster, service: VirtualServer) -> Check:
    """How a service's servers are checked: as is given, or else as nginx tells most of a host.

    What is no host of the inventory may have no nginx of ours.
    """
    if service.check is None and all(each.host for each in service.real_servers):
        for upstream in cluster.lvs_nginx_upstreams:
            if upstream_service(cluster, upstream) == service:
                return Check(type="HTTP_GET", path=upstream.health_path)
    return service.check or Check()


def _check_view(check: Check) -> View:
    return {
        "type": check.type,
        "path": check.path or "/",
        "status_code": check.status_code or 200,
        "connect_port": check.connect_port or 0,
        "connect_timeout": check.connect_timeout,
        "retry": check.retry,
        "delay_before_retry": check.delay_before_retry,
    }


def _server_address(server: Any, addresses: Addresses) -> str:
    return server.address or addresses[server.host]


def director_view(cluster: Cluster, host: str) -> View:
    """What a director's kernel needs."""
    services = directed_services(cluster, host)
    return {
        "modules": ["ip_vs", *sorted({f"ip_vs_{each.lb_algo}" for each in services})],
    }


def serves(service: VirtualServer, host: str) -> bool:
    """Whether a host must accept packets for the service's address."""
    hosts = [each.host for each in service.real_servers]
    if service.sorry_server:
        hosts.append(service.sorry_server.host)
    return host in hosts


def realserver_view(cluster: Cluster, host: str, interface: str) -> View:
    """The addresses that a host holds on its loopback, each with a label.

    A label's number is the address's place in the description, so it is the same on every host.
    """
    places: Dict[str, int] = {}
    for service in cluster.lvs_virtual_servers:
        places.setdefault(service.address, len(places))
    held = {service.address for service in cluster.lvs_virtual_servers if serves(service, host)}
    return {
        "interface": interface,
        "vips": [{"address": each, "label": f"lo:{place}"} for each, place in places.items() if each in held],
    }


def nginx_view(cluster: Cluster, host: str, addresses: Addresses) -> View:
    """The pools that a host's nginx proxies to, and where it listens for them."""
    pools = list(_pools(cluster, host))
    servers = []
    ports: Set[int] = set()
    for upstream, service in pools:
        # keepalived's checks come to the host's own address, where nginx takes the first server of the port.
        listen = [f"{service.address}:{service.port}"]
        if service.port not in ports:
            listen.insert(0, str(service.port))
        ports.add(service.port)
        servers.append(
            {
                "name": service.name,
                "listen": listen,
                "port": service.port,
                "health": _health_view(pools, service.port),
                "upstream": upstream.name,
                # nginx takes no fractions.
                "proxy_connect_timeout": f"{round(1000 * upstream.proxy_connect_timeout)}ms",
                "proxy_read_timeout": f"{round(1000 * upstream.proxy_read_timeout)}ms",
            }
        )
    return {
        "address": addresses.get(host, ""),
        "checks": [
            {"port": port, "path": path}
            for port, path in sorted({(service.port, upstream.health_path) for upstream, service in pools})
        ],
        "upstreams": [_upstream_view(upstream, addresses) for upstream, _service in pools],
        "servers": servers,
    }


def _health_view(pools: Sequence[Tuple[Upstream, VirtualServer]], port: int) -> List[View]:
    """The paths of a port that nginx answers itself, and the hops from virtual address to virtual address before.

    A check does not tell which of the services it is for, so it goes by the addresses of all that have its path.
    """
    held: Dict[str, List[str]] = {}
    for upstream, service in pools:
        if service.port == port:
            held.setdefault(upstream.health_path, []).append(service.address)
    return [
        {"path": path, "hops": [{"address": each, "path": f"{path.rstrip('/')}/at/{each}"} for each in held[path]]}
        for path in sorted(held)
    ]


def upstream_service(cluster: Cluster, upstream: Upstream) -> VirtualServer:
    """The service whose real servers proxy to an upstream."""
    services = {service.name: service for service in cluster.lvs_virtual_servers}
    return services[upstream.virtual_server or cluster.lvs_virtual_servers[0].name]


def _pools(cluster: Cluster, host: str) -> Iterator[Tuple[Upstream, VirtualServer]]:
    for upstream in cluster.lvs_nginx_upstreams:
        service = upstream_service(cluster, upstream)
        if serves(service, host):
            yield upstream, service


def _upstream_view(upstream: Upstream, addresses: Addresses) -> View:
    return {
        "name": upstream.name,
        "method": "" if upstream.method == "round_robin" else upstream.method,
        "keepalive": upstream.keepalive,
        # nginx puts 63 servers into 64k, and 143 into 128k.
        "zone": f"{64 * math.ceil(len(upstream.servers) / 32)}k",
        "servers": [
            {
                "address": _server_address(each, addresses),
                "port": each.port or upstream.port,
                "weight": each.weight,
                "max_fails": each.max_fails,
                "fail_timeout": each.fail_timeout,
                "backup": each.backup,
            }
            for each in upstream.servers
        ],
    }

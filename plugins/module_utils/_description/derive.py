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
from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple

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
    return HIGHEST_PRIORITY - instance.hosts.index(director)


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


def directors(cluster: Cluster) -> List[str]:
    """The hosts that direct something, in the order of their first mention."""
    instances = numbered(cluster.lvs_vrrp_instances)
    return list(dict.fromkeys(host for _place, each in instances for _p, host in numbered(each.hosts)))


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


class Views:
    """What follows from a description for each host; what is the same for many of them is worked out once."""

    def __init__(self, cluster: Cluster, members: Mapping[str, Member]) -> None:
        self._cluster = cluster
        self._members = members
        self._addresses = {name: member.address for name, member in members.items() if member.address}
        self._whole = {
            "name": cluster.lvs_cluster,
            "directors": directors(cluster),
            "real_servers": real_servers(cluster),
        }
        carrying = {address: each for each in reversed(cluster.lvs_vrrp_instances) for address in each.addresses}
        self._carried = [(each, carrying.get(each.address)) for each in cluster.lvs_virtual_servers]
        self._upstreams = [(each, upstream_service(cluster, each)) for each in cluster.lvs_nginx_upstreams]
        # A label's number is the address's place in the description, so it is the same on every host.
        self._places: Dict[str, int] = {}
        for service in cluster.lvs_virtual_servers:
            self._places.setdefault(service.address, len(self._places))
        self._served: Dict[str, List[VirtualServer]] = {}
        for service in cluster.lvs_virtual_servers:
            for host in dict.fromkeys(_servers_of(service)):
                self._served.setdefault(host, []).append(service)
        self._service_views = {
            each.name: _service_view(each, check_of(cluster, each), self._addresses)
            for each in cluster.lvs_virtual_servers
        }
        self._upstream_views = {
            each.name: _upstream_view(each, self._addresses) for each in cluster.lvs_nginx_upstreams
        }

    def of(self, host: str) -> Dict[str, View]:
        """By role, what follows for one host. Interfaces that the description does not name are left empty."""
        directed = [(each, instance) for each, instance in self._carried if instance and host in instance.hosts]
        services = [each for each, _instance in directed]
        served = self._served.get(host, [])
        interface = self._members[host].interface
        return {
            "host": {"name": host, "address": self._addresses.get(host, "")},
            "cluster": self._whole,
            "keepalived": {
                "router_id": host,
                "vrrp_instances": [
                    _instance_view(each, host, self._members, interface)
                    for each in self._cluster.lvs_vrrp_instances
                    if host in each.hosts
                ],
                "lvs_sync_daemon": _sync_daemon_view(self._cluster, [each for _s, each in directed], interface),
                "virtual_servers": [self._service_views[each.name] for each in services],
            },
            "director": {"modules": ["ip_vs", *sorted({f"ip_vs_{each.lb_algo}" for each in services})]},
            "realserver": {"interface": interface, "vips": self._vips(served)},
            "nginx": self._nginx_view(served),
        }

    def _vips(self, served: Sequence[VirtualServer]) -> List[View]:
        """The addresses that a host holds on its loopback, each with a label."""
        held = {service.address for service in served}
        return [{"address": each, "label": f"lo:{place}"} for each, place in self._places.items() if each in held]

    def _nginx_view(self, served: Sequence[VirtualServer]) -> View:
        """The pools that a host's nginx proxies to, and where it listens for them."""
        names = {each.name for each in served}
        pools = [(upstream, service) for upstream, service in self._upstreams if service.name in names]
        ports: Dict[int, List[Tuple[Upstream, VirtualServer]]] = {}
        for pool in pools:
            ports.setdefault(pool[1].port, []).append(pool)
        health = {port: _health_view(each) for port, each in ports.items()}
        return {
            "checks": [
                {"port": port, "path": path}
                for port, path in sorted({(service.port, upstream.health_path) for upstream, service in pools})
            ],
            "upstreams": [self._upstream_views[upstream.name] for upstream, _service in pools],
            "servers": [
                _server_view(upstream, service, health[service.port], first=ports[service.port][0][0] is upstream)
                for upstream, service in pools
            ],
        }


def placed(view: Mapping[str, View], interface: str) -> Dict[str, View]:
    """A view with the host's interface in the cluster's network, where the description names none."""
    keepalived, realserver = view["keepalived"], view["realserver"]
    daemon = keepalived["lvs_sync_daemon"]
    return {
        **view,
        "keepalived": {
            **keepalived,
            "vrrp_instances": [
                {**each, "interface": each["interface"] or interface} for each in keepalived["vrrp_instances"]
            ],
            "lvs_sync_daemon": {**daemon, "interface": daemon["interface"] or interface} if daemon else daemon,
        },
        "realserver": {**realserver, "interface": realserver["interface"] or interface},
    }


def _instance_view(instance: VrrpInstance, host: str, members: Mapping[str, Member], interface: str) -> View:
    peers = [members[each].source(instance) for each in instance.hosts if each != host]
    authentication = instance.authentication
    return {
        "name": instance.name,
        "hosts": list(instance.hosts),
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


def _sync_daemon_view(cluster: Cluster, instances: Sequence[VrrpInstance], interface: str) -> View:
    """The connection sync daemon, bound to an instance: unbound, both directors would run both halves."""
    if not cluster.lvs_sync_daemon:
        return {}
    instance = next((each for each in instances if len(each.hosts) > 1), None)
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


def _servers_of(service: VirtualServer) -> Iterator[str]:
    """The hosts that must accept packets for the service's address."""
    for each in [*service.real_servers, service.sorry_server]:
        if each and each.host:
            yield each.host


def _server_view(upstream: Upstream, service: VirtualServer, health: List[View], first: bool) -> View:
    """Where nginx listens for a service; first: of those on its port."""
    address = f"{service.address}:{service.port}"
    return {
        "name": service.name,
        # keepalived's checks come to the host's own address, where nginx takes the first server of the port.
        "listen": [str(service.port), address] if first else [address],
        "port": service.port,
        "health": health,
        "upstream": upstream.name,
        # nginx takes no fractions.
        "proxy_connect_timeout": f"{round(1000 * upstream.proxy_connect_timeout)}ms",
        "proxy_read_timeout": f"{round(1000 * upstream.proxy_read_timeout)}ms",
    }


def _health_view(pools: Sequence[Tuple[Upstream, VirtualServer]]) -> List[View]:
    """The paths of a port that nginx answers itself, and the hops from virtual address to virtual address before.

    A check does not tell which of the services it is for, so it goes by the addresses of all that have its path.
    """
    held: Dict[str, List[str]] = {}
    for upstream, service in pools:
        held.setdefault(upstream.health_path, []).append(service.address)
    return [
        {"path": path, "hops": [{"address": each, "path": f"{path.rstrip('/')}/at/{each}"} for each in held[path]]}
        for path in sorted(held)
    ]


def upstream_service(cluster: Cluster, upstream: Upstream) -> VirtualServer:
    """The service whose real servers proxy to an upstream."""
    services = {service.name: service for service in cluster.lvs_virtual_servers}
    return services[upstream.virtual_server or cluster.lvs_virtual_servers[0].name]


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

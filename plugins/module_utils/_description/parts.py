# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""Which hosts have which part in a cluster, and what of its description belongs together."""

from __future__ import annotations

from typing import Any, Collection, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple

from ansible_collections.lvs.cluster.plugins.module_utils._net import EVERY

from .kinds import numbered
from .model.cluster import Cluster
from .model.proxies import Upstream
from .model.services import GUE, GUE_PORT, NAT, TUN, ServiceServer, VirtualServer


def vrrp_hosts(cluster: Cluster) -> List[str]:
    """The hosts that have a VRRP instance, and so keepalived, in the order of their first mention."""
    instances = numbered(cluster.lvs_vrrp_instances)
    return list(dict.fromkeys(host for _place, each in instances for _p, host in numbered(each.hosts)))


def with_keepalived(service: VirtualServer, having: Collection[str]) -> bool:
    """Whether a service that no instance carries is directed by hosts that have keepalived all the same."""
    hosts = [host for _place, host in numbered(service.hosts)]
    return bool(hosts) and all(host in having for host in hosts)


def static_directors(cluster: Cluster) -> List[str]:
    """The hosts that direct services without keepalived, in the order of their first mention."""
    services = numbered(cluster.lvs_virtual_servers)
    return list(dict.fromkeys(host for _place, each in services for _p, host in numbered(each.hosts)))


def directors(cluster: Cluster) -> List[str]:
    """The hosts that direct something, in the order of their first mention."""
    return list(dict.fromkeys([*vrrp_hosts(cluster), *static_directors(cluster)]))


def kind_of(server: ServiceServer, service: VirtualServer) -> Optional[str]:
    """How packets of a service reach a server of it."""
    return service.lb_kind if server.lb_kind == "" else server.lb_kind


def tun_type_of(server: ServiceServer, service: VirtualServer) -> Optional[str]:
    """What a tunnel to a server of a service is made of, where it gets one."""
    return service.tun_type if server.tun_type == "" else server.tun_type


def tun_port_of(server: ServiceServer, service: VirtualServer) -> Optional[int]:
    """The port of the tunnel in UDP by which packets of a service reach a server of it; None where it is none."""
    if kind_of(server, service) != TUN or tun_type_of(server, service) != GUE:
        return None
    return server.tun_port or service.tun_port or GUE_PORT


def port_of(server: ServiceServer, service: VirtualServer) -> int:
    """The port of a server in IPVS; 0 where it is that of each packet."""
    return (server.port or service.server_port) if service.server_port else 0


def checked_port_of(server: ServiceServer, service: VirtualServer) -> int:
    """The port at which a server is asked, where a check names none."""
    return server.port or service.checked_port


def every_server(service: VirtualServer) -> Iterator[ServiceServer]:
    """The servers of a service, with the sorry server."""
    servers = [server for _place, server in numbered(service.real_servers)]
    return (each for each in [*servers, service.sorry_server] if each)


def hosts_of(service: VirtualServer) -> Iterator[ServiceServer]:
    """Those of them that are hosts of the inventory."""
    return (each for each in every_server(service) if each.host)


def servers_of(service: VirtualServer) -> Iterator[str]:
    """The hosts that a service is balanced over."""
    return (each.host for each in hosts_of(service))


def holders_of(service: VirtualServer) -> Iterator[str]:
    """Those of them that must accept packets for the service's address: to others they come with their own."""
    return (each.host for each in hosts_of(service) if kind_of(each, service) != NAT)


def tunnelled_of(service: VirtualServer) -> Iterator[str]:
    """Those to whom they come in tunnels, which only a device for these takes them out of."""
    return (each.host for each in hosts_of(service) if kind_of(each, service) == TUN)


def gue_ports_of(service: VirtualServer) -> Iterator[Tuple[str, int]]:
    """Those to whom they come in tunnels in UDP, each with the port."""
    ports = ((each.host, tun_port_of(each, service)) for each in hosts_of(service))
    return ((host, port) for host, port in ports if port)


def sockets_of(service: VirtualServer, ports: Collection[int] = ()) -> Mapping[str, Sequence[Tuple[str, int]]]:
    """By host, the addresses and ports that a service's packets come to; no address, or ::, stands for the host's own.

    ports: those of the service that are meant; none for all.
    """
    found: Dict[str, List[Tuple[str, int]]] = {}
    for each in hosts_of(service):
        is_held = kind_of(each, service) != NAT
        sockets = [socket for socket in service.sockets if socket.port and (not ports or socket.port in ports)]
        own, every = port_of(each, service), EVERY[service.family or "ipv4"]
        told = [(socket.address, socket.port) if is_held else (every, own or socket.port) for socket in sockets]
        found[each.host] = list(dict.fromkeys([*found.get(each.host, ()), *told]))
    return found


def real_servers(cluster: Cluster) -> List[str]:
    """The hosts that services are balanced over, in the order of their first mention."""
    services = numbered(cluster.lvs_virtual_servers)
    return list(dict.fromkeys(host for _place, service in services for host in servers_of(service)))


def settled_hosts(cluster: Cluster) -> List[str]:
    """The hosts that a play sets up."""
    return list(dict.fromkeys([*directors(cluster), *real_servers(cluster)]))


def backends(cluster: Cluster) -> List[str]:
    """The hosts behind nginx."""
    upstreams = numbered(cluster.lvs_nginx_upstreams)
    servers = (server for _place, each in upstreams for _p, server in numbered(each.servers))
    return list(dict.fromkeys(each.host for each in servers if each.host))


def fronted(upstream: Upstream, services: Collection[str]) -> str:
    """The name of the service whose real servers proxy to an upstream; empty where that is not known."""
    if upstream.virtual_server == "" and len(services) == 1:
        return next(iter(services))
    return upstream.virtual_server if upstream.virtual_server in services else ""


# The tables that keepalived.conf is made of.
KEEPALIVED_TABLES = (
    "lvs_static_ipaddress",
    "lvs_static_routes",
    "lvs_static_rules",
    "lvs_vrrp_track_processes",
    "lvs_vrrp_track_files",
    "lvs_bfd_instances",
    "lvs_vrrp_scripts",
    "lvs_vrrp_sync_groups",
    "lvs_vrrp_instances",
    "lvs_virtual_servers",
)


def keepalived_entries(cluster: Cluster) -> Iterator[Tuple[str, Any]]:
    """What the description has for keepalived.conf, each entry with its path."""
    if cluster.lvs_global_defs is not None:
        yield "lvs_global_defs", cluster.lvs_global_defs
    for name in KEEPALIVED_TABLES:
        for place, entry in numbered(getattr(cluster, name)):
            yield f"{name}[{place}]", entry

# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""The sites of nginx: those that are described, and one for each upstream that none of them names.

All of it can be asked of a description that has mistakes: what was refused is passed over.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, FrozenSet, Iterable, List, Mapping, Optional, Sequence, Set, Tuple, Union

from ansible_collections.lvs.cluster.plugins.module_utils._net import EVERY, family_of

from .kinds import numbered
from .model.cluster import Cluster
from .model.proxies import Location, NginxServer, Upstream
from .model.services import VirtualServer
from .model.vrrp import VrrpInstance
from .parts import fronted, port_of, sockets_of


@dataclass(frozen=True)
class Site:
    """A site, and what leads to it: services, or an instance whose addresses its hosts have.

    path: where it is described. implied: whether it follows from an upstream. serving: of each service, by host, where
    its packets come to.
    """

    path: str
    server: NginxServer
    services: Tuple[VirtualServer, ...]
    serving: Tuple[Mapping[str, Sequence[Tuple[str, int]]], ...]
    instance: Optional[VrrpInstance]
    implied: bool
    hosts: FrozenSet[str]

    @property
    def title(self) -> str:
        """What a message calls it."""
        return f"upstream {self.upstreams[0]}" if self.implied and self.upstreams else f"site {self.server.name}"

    @property
    def is_tls(self) -> bool:
        return bool(self.server.ssl_certificate)

    @property
    def takes_all(self) -> bool:
        """Whether it answers what is for no other site of its addresses."""
        return self.server.server_name == ()

    @property
    def upstreams(self) -> List[str]:
        """The names of the upstreams that its locations ask."""
        locations = (each for _place, each in numbered(self.server.locations))
        return list(dict.fromkeys(each.upstream for each in locations if each.upstream))

    def sockets(self, host: Optional[str] = None) -> List[Tuple[str, int]]:
        """Where it listens, of one host or of all: address and port; an instance's addresses need not be there.

        The script that asks the proxies of an instance does so by IPv4.
        """
        if self.instance:
            families = {"ipv4", *map(family_of, self.instance.addresses)}
            every = [EVERY[family] for family in EVERY if family in families]
            return [(address, port) for _place, port in numbered(self.server.listen) for address in every]
        told = (sockets for each in self.serving for name, sockets in each.items() if host in (None, name))
        return list(dict.fromkeys(socket for sockets in told for socket in sockets))


def named_upstreams(cluster: Cluster) -> Set[str]:
    """The upstreams that locations name."""
    servers = (each for _place, each in numbered(cluster.lvs_nginx_servers))
    return {each.upstream for server in servers for _place, each in numbered(server.locations) if each.upstream}


def sites_of(cluster: Cluster) -> List[Site]:
    """All sites whose place is known, the described ones first."""
    services = {each.name: each for _place, each in numbered(cluster.lvs_virtual_servers) if each.name}
    instances = {each.name: each for _place, each in numbered(cluster.lvs_vrrp_instances) if each.name}
    named = named_upstreams(cluster)
    described = [(f"lvs_nginx_servers[{place}]", each, False) for place, each in numbered(cluster.lvs_nginx_servers)]
    implied = [
        (f"lvs_nginx_upstreams[{place}]", _implied(each, services), True)
        for place, each in numbered(cluster.lvs_nginx_upstreams)
        if each.name not in named
    ]
    found = []
    for path, server, follows in [*described, *implied]:
        instance = instances.get(server.vrrp_instance)
        names = [] if instance else before_of(server, services)
        ports = {port for _place, port in numbered(server.listen)}
        told = tuple(sockets_of(services[name], ports) for name in names)
        hosts = frozenset(host for _place, host in numbered(instance.hosts)) if instance else frozenset().union(*told)
        if instance or names:
            found.append(Site(path, server, tuple(services[name] for name in names), told, instance, follows, hosts))
    return found


def _implied(upstream: Upstream, services: Mapping[str, VirtualServer]) -> NginxServer:
    """The site of an upstream that none names: it has all paths of its service."""
    service = fronted(upstream, services)
    return NginxServer(
        name=service or upstream.name,
        virtual_server=(service,) if service else (),
        vrrp_instance=upstream.vrrp_instance,
        listen=upstream.listen,
        locations=(Location("/", upstream=upstream.name),),
        health_path=upstream.health_path,
    )


def before_of(entry: Union[NginxServer, Upstream], services: Mapping[str, VirtualServer]) -> List[str]:
    """The names of the services before a site, or an upstream, as far as they are known."""
    told = entry.virtual_server
    if told in ("", ()) and entry.vrrp_instance == "" and len(services) == 1:
        return list(services)
    names = [told] if isinstance(told, str) else [name for _place, name in numbered(told)]
    return [name for name in names if name in services]


@dataclass(frozen=True)
class Asked:
    """How keepalived asks an nginx of ours whether it serves.

    port: the plain one at which it asks for the page; none where there is no such. tls: those that take connections.
    """

    port: Optional[int]
    path: str
    tls: Sequence[int]


def asked_of(sites: Sequence[Site], services: Iterable[VirtualServer]) -> Dict[str, Asked]:
    """By the name of the service before it; none of one with servers outside the inventory, whose nginx is no ours."""
    told = [each for each in services if all(server.host for server in each.real_servers)]
    behind = {each.name: [site for site in sites if each in site.services] for each in told}
    plain = {each.name: _ports(each, [site for site in behind[each.name] if not site.is_tls]) for each in told}
    found: Dict[str, Asked] = {}
    for each in told:
        if behind[each.name]:
            ways = ((one, port) for one in _others(each, told) for port in _asked_at(one, each, plain[one.name]))
            through, port = (each, plain[each.name][0]) if plain[each.name] else next(ways, (None, None))
            pages = [site for site in behind[through.name] if not site.is_tls] if through else []
            found[each.name] = Asked(
                port,
                pages[0].server.health_path if pages else "",
                _ports(each, [site for site in behind[each.name] if site.is_tls]),
            )
    return found


def _ports(service: VirtualServer, sites: Sequence[Site]) -> List[int]:
    """The ports of a service that lead to sites, that which its checks ask first."""
    named = [{port for _place, port in numbered(site.server.listen)} for site in sites]
    ports = dict.fromkeys(each.port for each in service.sockets if each.port)
    return [port for port in ports if any(port in some or not some for some in named)]


def _others(service: VirtualServer, services: Sequence[VirtualServer]) -> List[VirtualServer]:
    """The services that all real servers of a service serve too, that of its own addresses first."""
    hosts = {each.host for each in service.real_servers}
    shared = [each for each in services if hosts <= {server.host for server in each.real_servers}]
    own = set(service.addresses)
    return sorted(shared, key=lambda each: (not own & set(each.addresses), each.checked_port))


def _asked_at(other: VirtualServer, service: VirtualServer, plain: Sequence[int]) -> List[int]:
    """Where the servers of a service answer for another one, if all do at one port of theirs."""
    hosts = {each.host for each in service.real_servers}
    if not other.server_port:
        return list(plain)
    own = {port_of(each, other) for each in other.real_servers if each.host in hosts}
    return list(own) if plain and len(own) == 1 else []

# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""What must hold between the sites of nginx, what leads to them, and the upstreams that they ask."""

from __future__ import annotations

from typing import Iterator, List, Optional, Sequence, Set, Tuple, Union

from ansible_collections.lvs.cluster.plugins.module_utils._description.kinds import numbered
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.cluster import Cluster
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.proxies import (
    Location,
    NginxServer,
    NginxSettings,
    Upstream,
)
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.services import VirtualServer
from ansible_collections.lvs.cluster.plugins.module_utils._description.sites import Site, before_of
from ansible_collections.lvs.cluster.plugins.module_utils._net import EVERY, endpoint
from ansible_collections.lvs.cluster.plugins.module_utils._nginx.grammar import place_of
from ansible_collections.lvs.cluster.plugins.module_utils._problems import Problem

from .tables import first
from .whole import Whole


def check_nginx_server(server: NginxServer, path: str, whole: Whole) -> Iterator[Problem]:
    """A site by itself."""
    yield from check_place(server, path, whole)
    yield from _check_tls(server, path)
    if server.locations == () and server.return_ == "" and server.raw == "":
        remedy = "Write locations: [{location: /, upstream: NAME}], or return: 301 https://$host$request_uri"
        yield Problem(path, None, "answers nothing", remedy)
    taken: Set[str] = set()
    for index, location in numbered(server.locations):
        here = f"{path}.locations[{index}]"
        yield from _check_location(location, here, server, whole)
        place = location.location and place_of([location.location])
        if place in taken:
            remedy = "Make it one location"
            yield Problem(f"{here}.location", location.location, "is a location of this site already", remedy)
        taken.update(filter(None, [place]))
    if server.return_ and "/" in taken:
        remedy = "Remove it, or that location"
        yield Problem(f"{path}.return", server.return_, "answers nothing, as location / takes all that is left", remedy)


def check_place(entry: Union[NginxServer, Upstream], path: str, whole: Whole) -> Iterator[Problem]:
    """Where a site is: behind virtual servers, or behind an instance without any."""
    told = entry.virtual_server
    given = [each for _place, each in numbered((told,) if isinstance(told, str) else told) if each]
    names = whole.names
    here = f"{path}.virtual_server"
    if entry.vrrp_instance:
        yield from _check_behind_instance(entry, path, bool(given), whole)
    elif entry.vrrp_instance is None or told is None:
        return
    elif not given and not names and whole.names_known:
        yield Problem(here, None, "there is no virtual server to stand behind", "Describe one in lvs_virtual_servers")
    elif not given and len(names) > 1:
        remedy = f"Write virtual_server: {' or '.join(filter(None, names)) or 'the name of one'}"
        yield Problem(here, None, f"is needed, as there are {len(names)} virtual servers", remedy)
    for place, name in enumerate(given):
        if name not in names and whole.names_known:
            where = here if isinstance(told, str) or len(told) == 1 else f"{here}[{place}]"
            remedy = f"Write one of {', '.join(names)}" if names else "Describe it in lvs_virtual_servers"
            yield Problem(where, name, "is not a virtual server", remedy)
    if entry.vrrp_instance == "":
        yield from _check_ports(entry, path, [whole.services[name] for name in before_of(entry, whole.services)])


def _check_ports(
    entry: Union[NginxServer, Upstream], path: str, services: Sequence[VirtualServer]
) -> Iterator[Problem]:
    """Each port is one of a service, and each service has one of them: a site is not behind it otherwise."""
    known = {each.port for service in services for each in service.sockets} - {None}
    ports = [port for _place, port in numbered(entry.listen)]
    for index, port in numbered(entry.listen if known else ()):
        if port not in known:
            remedy = f"Write of {', '.join(str(each) for each in sorted(known))}, or leave listen out"
            yield Problem(f"{path}.listen[{index}]", port, "is no port of the virtual server", remedy)
    for service in services if ports and known.issuperset(ports) else ():
        own = {each.port for each in service.sockets}
        if own and not own & {None, *ports}:
            reason = f"has none of the ports of virtual server {service.name}, which so leads elsewhere"
            remedy = f"Write {' or '.join(map(str, sorted(own)))} too, or take {service.name} out of virtual_server"
            yield Problem(f"{path}.listen", ports, reason, remedy)


def _check_behind_instance(
    entry: Union[NginxServer, Upstream], path: str, has_service: bool, whole: Whole
) -> Iterator[Problem]:
    if has_service:
        remedy = "Remove one of them: an instance is for hosts before which nothing is balanced"
        yield Problem(f"{path}.vrrp_instance", entry.vrrp_instance, "stands beside virtual_server", remedy)
    else:
        yield from first(_check_balanced(entry, path, whole))
    if entry.vrrp_instance not in whole.instance_names and whole.addresses_known:
        remedy = f"Write one of {', '.join(whole.instance_names)}" if whole.instance_names else "Describe it there"
        yield Problem(f"{path}.vrrp_instance", entry.vrrp_instance, "is not an instance of lvs_vrrp_instances", remedy)
    if entry.listen == ():
        yield Problem(f"{path}.listen", None, "is missing", "Write the ports that clients connect to, as listen: [80]")


def _check_balanced(entry: Union[NginxServer, Upstream], path: str, whole: Whole) -> Iterator[Problem]:
    """A port of an instance's address that is balanced never gets to the nginx of the host."""
    ports = [port for _place, port in numbered(entry.listen)]
    for address, instances in whole.floating.items():
        if entry.vrrp_instance in [each.name for each in instances]:
            for service in whole.serving.get(address, ()):
                theirs = {each.port for each in service.sockets if each.address == address and each.protocol == "TCP"}
                taken = next((port for port in ports if theirs & {0, port}), None)
                if taken:
                    reason = f"has port {taken} of {address}, which virtual server {service.name} balances"
                    remedy = "Remove that port, or write virtual_server in the place of vrrp_instance"
                    yield Problem(f"{path}.listen", ports, reason, remedy)


def _check_tls(server: NginxServer, path: str) -> Iterator[Problem]:
    for one, other in (("ssl_certificate", "ssl_certificate_key"), ("ssl_certificate_key", "ssl_certificate")):
        if getattr(server, one) and getattr(server, other) == "":
            yield Problem(f"{path}.{other}", None, f"is missing beside {one}", f"Write both, or remove {one}")
    if server.http2 and server.ssl_certificate == "":
        reason = "is for a site with TLS: no browser speaks it without"
        yield Problem(f"{path}.http2", True, reason, "Write ssl_certificate and ssl_certificate_key, or remove it")


def _check_location(location: Location, path: str, server: NginxServer, whole: Whole) -> Iterator[Problem]:
    if location.location and location.location == f"= {server.health_path}":
        reason = "is health_path, which nginx answers itself"
        yield Problem(f"{path}.location", location.location, reason, "Write another health_path, or another location")
    given = {"upstream": location.upstream, "root": location.root, "return": location.return_}
    held = [name for name, value in given.items() if value]
    if len(held) > 1:
        yield Problem(path, None, f"has {' and '.join(held)}", "Keep one of them")
    if not held and None not in given.values() and location.raw == "":
        yield Problem(path, None, "answers nothing", "Write upstream, root, return or raw")
    if location.upstream and location.upstream not in whole.upstreams and whole.upstreams_known:
        names = ", ".join(whole.upstreams)
        remedy = f"Write one of {names}" if names else "Describe it there"
        yield Problem(f"{path}.upstream", location.upstream, "is not an upstream of lvs_nginx_upstreams", remedy)


def check_nginx_settings(cluster: Cluster) -> Iterator[Problem]:
    """Whom to believe who the client is, and what a worker needs."""
    told = cluster.lvs_nginx_settings or NginxSettings()
    for index, network in numbered(told.set_real_ip_from):
        if network in ("0.0.0.0/0", "::/0"):
            reason = "is everybody: a client would say of itself who it is"
            remedy = "Write the networks of the proxies before the virtual servers"
            yield Problem(f"lvs_nginx_settings.set_real_ip_from[{index}]", network, reason, remedy)
    connections, files = told.worker_connections, told.worker_rlimit_nofile
    if connections and files and files < connections:
        reason = f"is less than worker_connections, {connections}, each of which is a file to a worker"
        yield Problem("lvs_nginx_settings.worker_rlimit_nofile", files, reason, "Remove it, or write twice as many")
    if told.set_real_ip_from == ():
        for name in ("real_ip_header", "real_ip_recursive"):
            if getattr(told, name) not in (None, getattr(NginxSettings(), name)):
                reason = "has no effect where nobody is believed"
                remedy = "Write set_real_ip_from, or remove it"
                yield Problem(f"lvs_nginx_settings.{name}", getattr(told, name), reason, remedy)


def check_sites(whole: Whole) -> Iterator[Problem]:
    """What several sites have in common."""
    for place, site in enumerate(whole.sites):
        earlier = whole.sites[:place]
        yield from _check_served(site)
        yield from first(_check_own_names(site))
        yield from first(_check_name(site, earlier))
        yield from first(_check_health_path(site, earlier))
        if not site.implied or any(not each.implied for each in earlier):
            yield from first(_check_one_port(site, earlier))
        else:
            yield from first(_check_own_port(site, earlier))


def _check_own_names(site: Site) -> Iterator[Problem]:
    """nginx ignores a name of a site that another one of its names has."""
    names = _spelt_out(site)
    for name in first(each for each in names if names.count(each) > 1):
        reason = "is said twice: .example.com stands for example.com and *.example.com"
        yield Problem(f"{site.path}.server_name", name, reason, "Write one of them")


def _check_served(site: Site) -> Iterator[Problem]:
    """nginx listens on one port, and speaks HTTP."""
    for service in site.services:
        path = f"{site.path}.virtual_server"
        for protocol in first(each for each in service.protocols if each not in ("TCP", None)):
            remedy = "Name a virtual server of protocol TCP"
            yield Problem(path, service.name, f"is of {protocol}, and nginx serves HTTP", remedy)
        if service.port == 0:
            remedy = "Name a virtual server of one port"
            yield Problem(path, service.name, "has all ports, and nginx listens on one", remedy)


def _check_name(site: Site, earlier: Sequence[Site]) -> Iterator[Problem]:
    """The log of a site has its name, and that of an upstream alone the name of its service."""
    for other in earlier:
        if site.implied and not other.implied and site.server.name == other.server.name:
            reason = f"is the name of site {other.server.name} too, and so of its log"
            yield Problem(f"{site.path}.virtual_server", site.server.name, reason, "Give the site another name")


def shared(site: Site, other: Site) -> Optional[Tuple[int, str]]:
    """A port that both are on, and the first host on which they are."""
    for port in sorted({port for _address, port in site.sockets()} & {port for _address, port in other.sockets()}):
        hosts = [host for host in site.hosts & other.hosts if _on(site, host, port) and _on(other, host, port)]
        if hosts:
            return port, min(hosts)
    return None


def _on(site: Site, host: str, port: int) -> bool:
    return port in [each for _address, each in site.sockets(host)]


def _check_health_path(site: Site, earlier: Sequence[Site]) -> Iterator[Problem]:
    """A check asks a host's own address and names no site, so the sites that share a port need the same path."""
    mine = site.server.health_path
    for other in earlier:
        theirs = other.server.health_path
        both = shared(site, other) if None not in (mine, theirs) and mine != theirs else None
        if both:
            reason = (
                f"is not {theirs}, the health_path of {other.title}: both use the same port of host {both[1]}, whose "
                "nginx cannot tell their checks apart"
            )
            remedy = f"Write the same path for both, as health_path: {theirs}"
            yield Problem(f"{site.path}.health_path", mine, reason, remedy)


def _check_one_port(site: Site, earlier: Sequence[Site]) -> Iterator[Problem]:
    for other in earlier:
        both = shared(site, other)
        if both and None not in (site.server.ssl_certificate, other.server.ssl_certificate):
            port, host = both
            if site.is_tls != other.is_tls:
                reason = f"and {other.title} are both on port {port} of host {host}, and only one of them has TLS"
                remedy = "Give both a certificate, or neither, or another port"
                yield Problem(site.path, site.server.name, reason, remedy)
            elif site.server.http2 != other.server.http2:
                reason = (
                    f"is not as {other.title} has it, and nginx before 1.25.1 has it on all of port {port} or on none"
                )
                yield Problem(f"{site.path}.http2", site.server.http2, reason, "Write the same for both")
            yield from _check_same_names(site, other, port, host)


def _check_own_port(site: Site, earlier: Sequence[Site]) -> Iterator[Problem]:
    """Of what follows from upstreams alone: services that come to one port of a host, whatever address they had."""
    for other in earlier:
        both = shared(site, other)
        if both and not (site.instance or other.instance):
            port, host = both
            common = set(site.sockets(host)) & set(other.sockets(host))
            if any((every, port) in common for every in EVERY.values()):
                yield from _check_same_names(site, other, port, host)


def _check_same_names(site: Site, other: Site, port: int, host: str) -> Iterator[Problem]:
    again = sorted(set(_spelt_out(site)) & set(_spelt_out(other)))
    if again:
        reason = f"is a name of {other.title} too, on port {port} of the same host"
        yield Problem(f"{site.path}.server_name", again[0], reason, "Make it one site, or remove the name from one")
    both = sorted(set(site.sockets(host)) & set(other.sockets(host)))
    if both and site.takes_all and other.takes_all:
        address = endpoint(both[0][0] or "*", both[0][1])
        reason = f"is needed: {other.title} takes already what is for no other site of {address}"
        path = f"{site.path}.{'virtual_server' if site.implied else 'server_name'}"
        yield Problem(path, None, reason, "Name the site, or make both one")


def _spelt_out(site: Site) -> List[str]:
    """The names of a site; C(.example.com) stands for two."""
    names = [name for _place, name in numbered(site.server.server_name)]
    return [each for name in names for each in ((name[1:], f"*{name}") if name.startswith(".") else (name,))]

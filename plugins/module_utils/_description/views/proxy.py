# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""What a host's nginx listens on, what answers there, and where it proxies to."""

from __future__ import annotations

import dataclasses
import hashlib
import math
import re
from dataclasses import dataclass
from typing import Dict, FrozenSet, List, Mapping, Optional, Sequence, Tuple

from ansible_collections.lvs.cluster.plugins.module_utils._description.asking import asked as asked_by_script
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.asking import AskHttp
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.checkers import several
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.cluster import Cluster
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.proxies import (
    Location,
    NginxSettings,
    Upstream,
    UpstreamServer,
)
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.services import VirtualServer
from ansible_collections.lvs.cluster.plugins.module_utils._description.parts import holders_of
from ansible_collections.lvs.cluster.plugins.module_utils._description.sites import Asked, Site
from ansible_collections.lvs.cluster.plugins.module_utils._net import EVERY, endpoint, family_of, url_host
from ansible_collections.lvs.cluster.plugins.module_utils._nginx.grammar import parse, place_of, within
from ansible_collections.lvs.cluster.plugins.module_utils._nginx.questions import NO_PATH, Question

from .former import Former

# A directive and its value.
Line = Tuple[str, str]

# What an application is told of the client, whatever the client says of itself. The variables are the template's, and
# {} is what their names end in.
HEADERS = (
    ("Host", "$lvs_host_{}"),
    ("Upgrade", "$lvs_upgrade_{}"),
    ("Connection", "$lvs_connection_{}"),
    ("X-Real-IP", "$remote_addr"),
    ("X-Forwarded-For", "$lvs_forwarded_for_{}"),
    ("X-Forwarded-Proto", "$scheme"),
)
# How much of a cluster's name a variable of nginx has room for: more of it, and nginx does not start.
LONGEST_END = 24
# Stands for a * where a site is asked by a name: a site that has this very name would be asked in its place.
ANY_LABEL = "asked-by-lvs-cluster"


@dataclass(frozen=True)
class Check:
    """A page that keepalived asks nginx for."""

    port: int
    path: str


@dataclass(frozen=True)
class Server:
    """A C(server) of an C(upstream); address: as a URL has it."""

    address: str
    port: int
    weight: int
    max_fails: int
    fail_timeout: int
    max_conns: int
    backup: bool
    down: bool


@dataclass(frozen=True)
class Pooled:
    """An C(upstream); zone: the size of its shared memory; raw: its lines as they are."""

    name: str
    method: str
    keepalive: int
    keepalive_timeout: str
    zone: str
    servers: Sequence[Server]
    raw: Sequence[str]


@dataclass(frozen=True)
class Hop:
    """Where nginx asks itself from a virtual address, which it can only do while the host holds it.

    host: the address as a URL has it.
    """

    address: str
    host: str
    path: str


@dataclass(frozen=True)
class Health:
    """A path that nginx answers itself, after hops by way of virtual addresses.

    server_name: of a site with TLS, the name by which it asks itself; empty where the site has none.
    answers: whether the site is the one that answers after the last hop; else it only knows the first.
    """

    path: str
    hops: Sequence[Hop]
    server_name: str = ""
    answers: bool = True


@dataclass(frozen=True)
class Place:
    """A C(location), with its directives; raw: its lines as they are."""

    location: str
    lines: Sequence[Line]
    raw: Sequence[str]


@dataclass(frozen=True)
class Served:
    """A C(server).

    name: empty for the one that is ours alone, which answers what is for no site.
    about: what leads to it, a service as its questions tell of it now, or told of it with other ways to connect to it.
    takes_all: whether it is a site that answers what is for no other one.
    listen: words behind C(listen), but for C(http2), which is written in two ways.
    """

    name: str
    listen: Sequence[str]
    port: int
    server_name: Sequence[str]
    ssl: bool
    ssl_certificate: str
    ssl_certificate_key: str
    http2: bool
    lines: Sequence[Line]
    health: Sequence[Health]
    locations: Sequence[Place]
    raw: Sequence[str]
    about: Sequence[str] = ()
    takes_all: bool = False


@dataclass(frozen=True)
class Presented:
    """A site with TLS that answers on a socket; server_name: one of its names that can be asked for, or empty."""

    name: str
    server_name: str
    ssl_certificate: str


@dataclass(frozen=True)
class Certificate:
    """A certificate that nginx needs, and what it must be good for."""

    ssl_certificate: str
    ssl_certificate_key: str
    server_name: Sequence[str]


@dataclass(frozen=True)
class Socket:
    """Where nginx must listen; address: empty for every IPv4 address of the host, :: for every one of IPv6."""

    address: str
    port: int
    ssl: bool
    default_server: bool
    sites: Sequence[Presented]


@dataclass(frozen=True)
class RealIp:
    """Whom nginx believes who the client is."""

    set_real_ip_from: Sequence[str]
    real_ip_header: str
    real_ip_recursive: bool


@dataclass(frozen=True)
class Settings:
    """What holds for nginx as a whole.

    variables: what the names of our variables end in.
    main: what stands outside of C(http). worker_connections: None for those that the distribution's nginx.conf has.
    """

    variables: str
    log_format: str
    real_ip: Optional[RealIp]
    server_names_hash_bucket_size: int
    main: Sequence[Line]
    worker_connections: Optional[int]
    raw: Sequence[str]


@dataclass(frozen=True)
class Nginx:
    """All of the host's nginx that the description tells.

    pair: whether addresses of a VRRP instance lead to it.
    named_files: what the nginx of any host has in it, by whole paths.
    questions: what keepalived asks it, a line each; former: what it asked before, as facts tell.
    """

    pair: bool
    checks: Sequence[Check]
    listens: Sequence[Socket]
    certificates: Sequence[Certificate]
    settings: Settings
    upstreams: Sequence[Pooled]
    servers: Sequence[Served]
    named_files: Sequence[str]
    questions: Sequence[str]
    former: Sequence[Former] = ()


@dataclass(frozen=True)
class OnPort:
    """A site where it is on one port of a host.

    addresses: its virtual ones. everywhere: what stands for the host's own, if packets come to it by these too.
    """

    site: Site
    addresses: Sequence[str] = ()
    everywhere: Sequence[str] = ()


def _named_files(cluster: Cluster, sites: Sequence[Site]) -> Sequence[str]:
    """The certificates and keys of all sites, and whatever stands in raw like a file."""
    servers = [each.server for each in sites]
    raw = [
        *(each.raw for each in cluster.lvs_nginx_upstreams),
        *(server.raw for server in servers),
        *(location.raw for server in servers for location in server.locations),
        *([cluster.lvs_nginx_settings.raw] if cluster.lvs_nginx_settings else []),
    ]
    words = (word for each in raw for directive in within(parse(each)) for word in directive.words)
    named = [path for server in servers for path in (server.ssl_certificate, server.ssl_certificate_key)]
    return list(dict.fromkeys([*filter(None, named), *(word for word in words if word.startswith("/"))]))


class Proxies:
    """What all hosts of a cluster have in common of their nginx."""

    def __init__(
        self, cluster: Cluster, sites: Sequence[Site], asked: Mapping[str, Asked], addresses: Mapping[str, str]
    ) -> None:
        """asked: how the services before sites are checked; addresses: those of the hosts."""
        self._sites = sites
        self._named_files = _named_files(cluster, sites)
        self._name = cluster.lvs_cluster
        self._variables = end_of_variables(cluster.lvs_cluster)
        self._settings = cluster.lvs_nginx_settings or NginxSettings()
        self._instances = cluster.lvs_vrrp_instances
        #: By service, the ports at which its checks ask, beside its own.
        self._checked = {each.name: _checked(each, asked.get(each.name)) for each in cluster.lvs_virtual_servers}
        self._upstreams = {each.name: each for each in cluster.lvs_nginx_upstreams}
        self._pooled = {name: _pooled(each, addresses) for name, each in self._upstreams.items()}
        #: The addresses of services with TLS, with their hosts, by the plain port through which they are checked.
        self._through: Dict[int, List[Tuple[str, FrozenSet[str]]]] = {}
        for service in cluster.lvs_virtual_servers:
            told = asked.get(service.name)
            if told and told.tls and told.port and service.check is None:
                hosts = frozenset(holders_of(service))
                self._through.setdefault(told.port, []).extend((each, hosts) for each in service.addresses)

    def view(self, host: str) -> Nginx:
        """What a host's nginx has."""
        on_host = [each for each in self._sites if host in each.hosts]
        ports: Dict[int, Dict[str, OnPort]] = {}
        for site in on_host:
            for address, port in site.sockets(host):
                before = ports.setdefault(port, {}).get(site.path, OnPort(site))
                own = [address] if address in EVERY.values() else []
                ports[port][site.path] = OnPort(
                    site, [*before.addresses, *([] if own else [address])], [*before.everywhere, *own]
                )
        named = {name for each in on_host for name in each.upstreams}
        plain = [(port, each) for port, held in ports.items() for each in held.values() if not each.site.is_tls]
        served = [server for port, held in ports.items() for server in self._servers(host, port, list(held.values()))]
        return Nginx(
            pair=any(each.instance for each in on_host),
            checks=[
                Check(port, path)
                for port, path in sorted({(port, each.site.server.health_path) for port, each in plain})
            ],
            listens=_sockets(served),
            certificates=[
                Certificate(each.server.ssl_certificate, each.server.ssl_certificate_key, each.server.server_name)
                for each in on_host
                if each.is_tls
            ],
            settings=_settings(self._settings, self._variables, served),
            upstreams=[self._pooled[name] for name in self._upstreams if name in named],
            servers=served,
            named_files=self._named_files,
            questions=[str(each) for each in self._questions(host, on_host, ports)],
        )

    def _questions(self, host: str, sites: Sequence[Site], ports: Mapping[int, Mapping[str, OnPort]]) -> List[Question]:
        """What is asked at ports that nginx has here; sites that share one have the same path."""
        at = {port: next(iter(held.values())).site for port, held in ports.items()}
        found: List[Question] = []
        for site in sites:
            for service, serving in zip(site.services, site.serving):
                own = [port for _address, port in serving.get(host, ())]
                asked = [*own, *self._checked[service.name]] if own else []
                found.extend(_page(at[port], port, _about(service)) for port in asked if port in at)
        for instance in self._instances:
            told = asked_by_script(instance, self._sites) if host in instance.hosts else None
            if told and told.connect_port in at:
                site, port = at[int(told.connect_port)], int(told.connect_port)
                is_page = isinstance(told, AskHttp) and told.path.split("?")[0] == site.server.health_path
                found.append(
                    _page(site, port, instance.name) if is_page else Question("tcp", port, NO_PATH, instance.name)
                )
        return list(dict.fromkeys(found))

    def _servers(self, host: str, port: int, held: Sequence[OnPort]) -> List[Served]:
        """What answers on a port: first what is for no site, unless all of them follow from upstreams alone."""
        is_tls = held[0].site.is_tls
        every = _everywhere(held)
        through = [address for address, hosts in self._through.get(port, ()) if host in hosts]
        chains = {} if is_tls else _chains(held, through)
        if all(each.site.implied for each in held):
            default = {
                address: next((each for each in held if address in each.everywhere), held[0]) for address in every
            }
            own = {
                each.site.path: [_socket(address, port) for address in every if default[address] is each]
                for each in held
            }
            return [self._server(host, each, port, [*own[each.site.path], *_on(each, port)], chains) for each in held]
        taken = {address for each in held if each.site.takes_all for address in (*each.everywhere, *each.addresses)}
        ours = [address for address in every if address not in taken]
        ours += dict.fromkeys(address for each in held for address in each.addresses if address not in taken)
        suffix = " ssl" if is_tls else ""
        listen = [f"{_socket(address, port)}{suffix} default_server" for address in ours]
        return [
            *([_ours(port, listen, is_tls, chains)] if listen else []),
            *(self._server(host, each, port, _listen(each, port, suffix, every), chains) for each in held),
        ]

    def _server(
        self, host: str, each: OnPort, port: int, listen: Sequence[str], chains: Mapping[str, Health]
    ) -> Served:
        server = each.site.server
        places = [self._place(location) for location in server.locations]
        said = parse(server.raw)
        taken = {place_of([place.location]) for place in places}
        taken.update(place_of(each.words[1:]) for each in said if each.keyword == "location")
        # What no location takes would be looked for in the folder that nginx was built with.
        if "/" not in taken and "root" not in [each.keyword for each in said]:
            places.append(Place("/", [("return", server.return_ or "404")], []))
        return Served(
            name=server.name,
            listen=listen,
            port=port,
            server_name=server.server_name
            or [url_host(address) for address in (_addresses(each.site) if each.everywhere else each.addresses)],
            ssl=each.site.is_tls,
            ssl_certificate=server.ssl_certificate,
            ssl_certificate_key=server.ssl_certificate_key,
            http2=server.http2,
            lines=[("client_max_body_size", server.client_max_body_size)] if server.client_max_body_size else [],
            health=[_health(each, chains)],
            locations=places,
            raw=server.raw.splitlines(),
            about=_all_about(each.site, host),
            takes_all=each.site.takes_all,
        )

    def _place(self, location: Location) -> Place:
        lines: List[Line] = []
        if location.upstream:
            lines = _asking(self._upstreams[location.upstream], f"{self._name}_{location.upstream}", self._variables)
        elif location.root:
            lines = [("root", location.root)]
        elif location.return_:
            lines = [("return", location.return_)]
        said = {_said(each.words) for each in parse(location.raw)}
        return Place(
            location.location,
            [each for each in lines if _said((each[0], *each[1].split())) not in said],
            location.raw.splitlines(),
        )


def _checked(service: VirtualServer, asked: Optional[Asked]) -> List[int]:
    given = [getattr(each, "connect_port", None) for each in several(service.check)] if service.check else []
    return [port for port in [asked.port if asked else None, *given] if port]


def _about(service: VirtualServer) -> str:
    """As keepalived knows a service; one of a mark or of a group has its name alone."""
    return endpoint(service.address, service.port) if service.address else service.name


def _all_about(site: Site, host: str) -> List[str]:
    """By what a question has told, or tells, of what leads to a site on a host."""
    if site.instance:
        return [site.instance.name]
    services = [each for each, serving in zip(site.services, site.serving) if host in serving]
    sockets = [endpoint(each.address, each.port) for service in services for each in service.sockets]
    return list(dict.fromkeys([*sockets, *(service.name for service in services)]))


def _page(site: Site, port: int, about: str) -> Question:
    return Question("https" if site.is_tls else "http", port, site.server.health_path, about)


def _said(words: Sequence[str]) -> Tuple[str, ...]:
    """What a directive is about: two that are about the same contradict each other."""
    return (words[0], words[1].lower()) if words[0] == "proxy_set_header" else (words[0],)


def end_of_variables(cluster: str) -> str:
    """A cluster's name as the end of a variable's: nginx takes letters, digits and _, all small, and few of them.

    Two clusters on a host have variables of their own: of two of one name nginx takes the later one without a word.
    """
    if re.fullmatch(rf"[a-z0-9]{{1,{LONGEST_END}}}", cluster):
        return cluster
    digest = hashlib.sha256(cluster.encode()).hexdigest()[:8]
    start = re.sub(r"[^a-z0-9]", "_", cluster.lower())[: LONGEST_END - len(digest) - 1]
    return f"{start}_{digest}"


def _asking(upstream: Upstream, name: str, variables: str) -> List[Line]:
    """How an upstream is asked."""
    lines = [("proxy_pass", f"http://{name}"), ("proxy_http_version", "1.1")]
    lines += [("proxy_set_header", f"{header} {value.format(variables)}") for header, value in HEADERS]
    lines += [
        ("proxy_connect_timeout", _milliseconds(upstream.proxy_connect_timeout)),
        ("proxy_read_timeout", _milliseconds(upstream.proxy_read_timeout)),
    ]
    if upstream.proxy_send_timeout is not None:
        lines.append(("proxy_send_timeout", _milliseconds(upstream.proxy_send_timeout)))
    if upstream.proxy_next_upstream:
        lines.append(("proxy_next_upstream", " ".join(upstream.proxy_next_upstream)))
    if upstream.proxy_next_upstream_tries:
        lines.append(("proxy_next_upstream_tries", str(upstream.proxy_next_upstream_tries)))
    if upstream.proxy_next_upstream_timeout:
        lines.append(("proxy_next_upstream_timeout", _milliseconds(upstream.proxy_next_upstream_timeout)))
    return lines


def _milliseconds(seconds: float) -> str:
    """nginx takes no fractions."""
    return f"{round(1000 * seconds)}ms"


def _pooled(upstream: Upstream, addresses: Mapping[str, str]) -> Pooled:
    """An upstream, the same on every host.

    addresses: those of the hosts.
    """
    # nginx never takes the only server of a pool for failed, and knows none that is down to be no second one.
    alive = [each for each in upstream.servers if not each.down]
    alone = len(alive) == 1 and len(upstream.servers) > 1
    return Pooled(
        name=upstream.name,
        method="" if upstream.method == "round_robin" else upstream.method,
        keepalive=upstream.keepalive,
        keepalive_timeout=_milliseconds(upstream.keepalive_timeout),
        # nginx puts 63 servers into 64k, and 143 into 128k.
        zone=f"{64 * math.ceil(len(upstream.servers) / 32)}k",
        servers=[_pool_server(each, upstream, addresses, alone and not each.down) for each in upstream.servers],
        raw=upstream.raw.splitlines(),
    )


def _pool_server(each: UpstreamServer, upstream: Upstream, addresses: Mapping[str, str], is_last: bool) -> Server:
    return Server(
        address=url_host(each.address or addresses[each.host]),
        port=each.port or upstream.port,
        weight=each.weight,
        max_fails=0 if is_last else each.max_fails,
        fail_timeout=each.fail_timeout,
        max_conns=each.max_conns,
        backup=each.backup,
        down=each.down,
    )


def _socket(address: str, port: int) -> str:
    return endpoint(address, port) if address else str(port)


def _everywhere(held: Sequence[OnPort]) -> List[str]:
    """What stands for the host's own addresses, on a port to which these sites come, where checks ask.

    By IPv4 in any case, as long as IPv6 is not all that a host has.
    """
    addresses = [address for each in held for address in (*each.everywhere, *each.addresses)]
    return [EVERY["ipv4"], *([EVERY["ipv6"]] if "ipv6" in map(family_of, addresses) else [])]


def _on(each: OnPort, port: int) -> List[str]:
    return [_socket(address, port) for address in each.addresses]


def _addresses(site: Site) -> List[str]:
    """All that lead to a site, whether or not its host has them."""
    if site.instance:
        return list(site.instance.addresses)
    return list(dict.fromkeys(address for each in site.services for address in each.addresses))


def _listen(each: OnPort, port: int, suffix: str, every: Sequence[str]) -> List[str]:
    """Where a site listens beside what is for no site; what follows from an upstream alone has its address alone.

    every: what stands for the host's own addresses on this port.
    """
    default = " default_server" if each.site.takes_all else ""
    return [
        *(
            f"{_socket(address, port)}{suffix}{default if address in each.everywhere else ''}"
            for address in every
            if address in each.everywhere or not each.site.implied
        ),
        *(f"{socket}{suffix}{default}" for socket in _on(each, port)),
    ]


def _ours(port: int, listen: Sequence[str], is_tls: bool, chains: Mapping[str, Health]) -> Served:
    """Answers checks, and what is for no site not at all."""
    return Served(
        name="",
        listen=listen,
        port=port,
        server_name=[],
        ssl=is_tls,
        ssl_certificate="",
        ssl_certificate_key="",
        http2=False,
        lines=[],
        health=[] if is_tls else list(chains.values()),
        locations=[] if is_tls else [Place("/", [("return", "404")], [])],
        raw=[],
    )


def _chains(held: Sequence[OnPort], through: Sequence[str]) -> Dict[str, Health]:
    """The paths of a plain port that nginx answers itself, after hops from virtual address to virtual address.

    A check does not tell which of the services it is for, so it goes by the addresses of all that have its path.

    through: the addresses of the services with TLS that are checked here too.
    """
    found: Dict[str, List[str]] = {}
    for each in held:
        found.setdefault(each.site.server.health_path, []).extend(each.addresses)
    return {path: _chain(path, [*found[path], *through]) for path in sorted(found)}


def _chain(path: str, addresses: Sequence[str]) -> Health:
    hops = [Hop(each, url_host(each), f"{path.rstrip('/')}/at/{each}") for each in dict.fromkeys(addresses)]
    return Health(path, hops)


def _health(each: OnPort, chains: Mapping[str, Health]) -> Health:
    """What a site answers itself. One without TLS, and with names, hands on to the one that answers by addresses."""
    path = each.site.server.health_path
    if each.site.is_tls:
        return dataclasses.replace(_chain(path, each.addresses), server_name=_asked_name(each.site.server.server_name))
    chain = chains[path]
    if each.site.takes_all or not chain.hops:
        return chain
    return dataclasses.replace(chain, hops=chain.hops[:1], answers=False)


def _asked_name(names: Sequence[str]) -> str:
    """A name that leads to a site; empty where it has none but its addresses."""
    named = (name for name in names if not re.fullmatch(r"[0-9.]+|\[.+\]", name))
    return next(named, "").replace("*", ANY_LABEL).lstrip(".")


def _sockets(served: Sequence[Served]) -> List[Socket]:
    """Where nginx must listen, and which sites with TLS answer there."""
    found: Dict[Tuple[str, int], List[Served]] = {}
    for each in served:
        for told in each.listen:
            address, _colon, _port = told.split()[0].rpartition(":")
            found.setdefault((address.strip("[]"), each.port), []).append(each)
    return [
        Socket(
            address=address,
            port=port,
            ssl=held[0].ssl,
            default_server=any("default_server" in told.split() for each in held for told in each.listen),
            sites=[
                Presented(each.name, _asked_name(each.server_name), each.ssl_certificate)
                for each in held
                if each.ssl_certificate
            ],
        )
        for (address, port), held in found.items()
    ]


def _settings(told: NginxSettings, variables: str, served: Sequence[Served]) -> Settings:
    longest = max((len(name) for each in served for name in each.server_name), default=0)
    main = []
    files = told.worker_rlimit_nofile or (told.worker_connections and 2 * told.worker_connections)
    if files:
        main.append(("worker_rlimit_nofile", str(files)))
    if told.worker_shutdown_timeout is not None:
        main.append(("worker_shutdown_timeout", _milliseconds(told.worker_shutdown_timeout)))
    header = told.real_ip_header or "X-Forwarded-For"
    trusted = told.set_real_ip_from
    return Settings(
        variables=variables,
        log_format=told.log_format,
        real_ip=RealIp(trusted, header, told.real_ip_recursive) if trusted else None,
        # nginx keeps a name in a line of the processor's cache, with 18 bytes of its own, where it is not told.
        server_names_hash_bucket_size=2 ** math.ceil(math.log2(longest + 18)) if longest > 40 else 0,
        main=main,
        worker_connections=told.worker_connections,
        raw=told.raw.splitlines(),
    )

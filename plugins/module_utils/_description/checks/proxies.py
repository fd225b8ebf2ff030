# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""What must hold between the upstreams of nginx, the services that they stand behind, and their servers."""

from __future__ import annotations

from typing import Dict, Iterator, Optional, Sequence, Set, Tuple

from ansible_collections.lvs.cluster.plugins.module_utils._description.kinds import numbered
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.cluster import Cluster
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.proxies import Upstream, UpstreamServer
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.services import VirtualServer
from ansible_collections.lvs.cluster.plugins.module_utils._description.parts import fronted, servers_of
from ansible_collections.lvs.cluster.plugins.module_utils._problems import Problem

from .servers import address_of, check_server
from .tables import entries, first
from .whole import Whole


def check_upstream(upstream: Upstream, path: str, earlier: Sequence[Upstream], whole: Whole) -> Iterator[Problem]:
    here = f"{path}.virtual_server"
    names = whole.names
    if upstream.virtual_server == "" and not names and whole.names_known:
        yield Problem(here, None, "there is no virtual server to stand behind", "Describe one in lvs_virtual_servers")
    elif upstream.virtual_server == "" and len(names) > 1:
        remedy = f"Write virtual_server: {' or '.join(filter(None, names)) or 'the name of one'}"
        yield Problem(here, None, f"is needed, as there are {len(names)} virtual servers", remedy)
    elif upstream.virtual_server and upstream.virtual_server not in names and whole.names_known:
        remedy = f"Write one of {', '.join(names)}" if names else "Describe it in lvs_virtual_servers"
        yield Problem(here, upstream.virtual_server, "is not a virtual server", remedy)
    service = fronted(upstream, names)
    yield from _check_served(upstream, here, whole)
    for other in first(each for each in earlier if service and service == fronted(each, names)):
        remedy = "Put the servers of both into one pool"
        yield Problem(here, service, f"has upstream {other.name} already", remedy)
    for other in first(each for each in earlier if each.name and upstream.name and _one_in_nginx(each, upstream)):
        reason = f"is the name of upstream {other.name} too for nginx, which ignores upper and lower case"
        yield Problem(f"{path}.name", upstream.name, reason, "Give each a name of its own")
    yield from _check_health_path(upstream, path, earlier, whole)
    for index, server in numbered(upstream.servers):
        here = f"{path}.servers[{index}]"
        yield from check_server(server, here, whole.hosts)
        if server.backup and upstream.method in ("ip_hash", "random"):
            reason = f"nginx has no backup servers with method {upstream.method}"
            yield Problem(f"{here}.backup", True, reason, "Remove it, or choose round_robin or least_conn")
        yield from _check_upstream_address(server, here, upstream, whole)
    servers = [server for _index, server in numbered(upstream.servers)]
    if servers and all(server.backup for server in servers):
        yield Problem(f"{path}.servers", None, "has only backup servers", "Remove backup from at least one")


def _check_served(upstream: Upstream, path: str, whole: Whole) -> Iterator[Problem]:
    """nginx listens on one port, and speaks HTTP."""
    service = _fronted_service(upstream, whole)
    for protocol in first(each for each in (service.protocols if service else ()) if each not in ("TCP", None)):
        remedy = "Name a virtual server of protocol TCP"
        yield Problem(path, fronted(upstream, whole.names), f"is of {protocol}, and nginx serves HTTP", remedy)
    if service and service.port == 0:
        yield Problem(
            path, service.name, "has all ports, and nginx listens on one", "Name a virtual server of one port"
        )


def _one_in_nginx(one: Upstream, other: Upstream) -> bool:
    """Whether nginx takes two different names for one."""
    return one.name != other.name and one.name.lower() == other.name.lower()


def _check_health_path(upstream: Upstream, path: str, earlier: Sequence[Upstream], whole: Whole) -> Iterator[Problem]:
    """A check asks a host's own address and names no site, so the sites that share a port need the same path."""
    mine = _fronted_service(upstream, whole)
    for other in earlier:
        if not mine or None in (upstream.health_path, other.health_path) or upstream.health_path == other.health_path:
            continue
        theirs = _fronted_service(other, whole)
        shared = set(servers_of(mine)) & set(servers_of(theirs)) if theirs and _one_port(mine, theirs) else None
        if shared:
            reason = (
                f"is not {other.health_path}, the health_path of upstream {other.name}: both use the same port of host "
                f"{min(shared)}, whose nginx cannot tell their checks apart"
            )
            remedy = f"Write the same path for both, as health_path: {other.health_path}"
            yield Problem(f"{path}.health_path", upstream.health_path, reason, remedy)
            return


def _one_port(one: VirtualServer, other: VirtualServer) -> bool:
    return bool({each.port for each in one.sockets} & {each.port for each in other.sockets} - {None})


def _check_upstream_address(server: UpstreamServer, path: str, upstream: Upstream, whole: Whole) -> Iterator[Problem]:
    """A server whose address nginx's own host holds for a service: nginx would ask itself."""
    mine = _fronted_service(upstream, whole)
    for each in whole.serving.get(server.address, ()) if server.address else ():
        held = set(servers_of(each)) & set(servers_of(mine)) if mine else None
        if held:
            reason = (
                f"is the address of virtual server {each.name}, which host {min(held)} has too: "
                "its nginx would ask itself"
            )
            yield Problem(f"{path}.address", server.address, reason, "Write the address of what is behind nginx")
            return


def check_circles(cluster: Cluster, whole: Whole) -> Iterator[Problem]:
    """Servers of upstreams that lead back to the nginx that asks them, directly or through other upstreams."""
    upstreams = [each for _path, each, _earlier in entries(cluster.lvs_nginx_upstreams, "lvs_nginx_upstreams")]
    hosts = whole.hosts
    # At a host's own address the first site of a port answers.
    sites: Dict[Tuple[str, int], Upstream] = {}
    for upstream in upstreams:
        for each in _listened(upstream, whole):
            sites.setdefault(each, upstream)

    def asked(upstream: Upstream, server: UpstreamServer) -> Optional[Upstream]:
        return sites.get((address_of(server, hosts) or "", server.port or upstream.port))

    def comes_back(upstream: Upstream, asking: Upstream, passed: Set[str]) -> bool:
        if upstream is asking or upstream.name in passed:
            return upstream is asking
        passed.add(upstream.name)
        following = (asked(upstream, server) for _index, server in numbered(upstream.servers))
        return any(each and comes_back(each, asking, passed) for each in following)

    for path, upstream, _earlier in entries(cluster.lvs_nginx_upstreams, "lvs_nginx_upstreams"):
        for index, server in numbered(upstream.servers):
            first = asked(upstream, server)
            if first and comes_back(first, upstream, set()):
                reason = "is an nginx whose requests come back to this upstream, in a circle"
                port = server.port or upstream.port
                yield Problem(
                    f"{path}.servers[{index}]",
                    f"{server.host or server.address}, port {port}",
                    reason,
                    "Write the host and port of what is behind nginx",
                )


def _listened(upstream: Upstream, whole: Whole) -> Iterator[Tuple[str, int]]:
    """Where nginx listens for an upstream: at each address of its service, and at the hosts' own."""
    service = _fronted_service(upstream, whole)
    if service:
        hosts = [whole.hosts[each] for each in servers_of(service) if each in whole.hosts]
        own = [address for host in hosts for address in host.every_address]
        for socket in service.sockets:
            if socket.port is not None:
                yield from ((address, socket.port) for address in [socket.address, *own])


def _fronted_service(upstream: Upstream, whole: Whole) -> Optional[VirtualServer]:
    name = fronted(upstream, whole.services)
    return whole.services[name] if name else None

# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""What must hold between the upstreams of nginx, the services that they stand behind, and their servers."""

from __future__ import annotations

from typing import Dict, Iterator, List, Sequence, Set, Tuple

from ansible_collections.lvs.cluster.plugins.module_utils._description.kinds import numbered, options
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.cluster import Cluster
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.proxies import Upstream, UpstreamServer
from ansible_collections.lvs.cluster.plugins.module_utils._description.parts import fronted, holders_of
from ansible_collections.lvs.cluster.plugins.module_utils._description.sites import Site
from ansible_collections.lvs.cluster.plugins.module_utils._net import EVERY
from ansible_collections.lvs.cluster.plugins.module_utils._problems import Problem

from .servers import Hosts, address_of, check_server
from .sites import check_place
from .tables import entries, first
from .whole import Whole


def check_upstream(upstream: Upstream, path: str, earlier: Sequence[Upstream], whole: Whole) -> Iterator[Problem]:
    if upstream.name in whole.named_upstreams:
        yield from _check_named(upstream, path)
    else:
        yield from check_place(upstream, path, whole)
        yield from _check_service(upstream, path, earlier, whole)
    for other in first(each for each in earlier if each.name and upstream.name and _one_in_nginx(each, upstream)):
        reason = f"is the name of upstream {other.name} too for nginx, which ignores upper and lower case"
        yield Problem(f"{path}.name", upstream.name, reason, "Give each a name of its own")
    yield from _check_pool(upstream, path, whole)
    if upstream.proxy_next_upstream and len(upstream.proxy_next_upstream) > 1 and "off" in upstream.proxy_next_upstream:
        reason = "has off, after which none is asked, beside others"
        yield Problem(f"{path}.proxy_next_upstream", None, reason, "Write off alone, or remove it")


def _check_named(upstream: Upstream, path: str) -> Iterator[Problem]:
    """What has no effect where locations of sites name an upstream."""
    for name in ("virtual_server", "vrrp_instance", "listen", "health_path"):
        value = getattr(upstream, name)
        if value not in (None, options(Upstream)[name].default):
            reason = "is said by the sites whose locations name this upstream"
            yield Problem(f"{path}.{name}", None if name == "listen" else value, reason, "Remove it")


def _check_service(upstream: Upstream, path: str, earlier: Sequence[Upstream], whole: Whole) -> Iterator[Problem]:
    here = f"{path}.virtual_server"
    service = fronted(upstream, whole.names)
    others = (each for each in earlier if each.name not in whole.named_upstreams)
    for other in first(each for each in others if service and service == fronted(each, whole.names)):
        yield Problem(here, service, f"has upstream {other.name} already", "Put the servers of both into one pool")
    described = (each for each in whole.sites if not each.implied)
    for site in first(each for each in described if service in [one.name for one in each.services]):
        remedy = f"Name the upstream in a location of a site: upstream: {upstream.name}"
        yield Problem(here, service, f"has site {site.server.name}", remedy)


def _check_pool(upstream: Upstream, path: str, whole: Whole) -> Iterator[Problem]:
    for index, server in numbered(upstream.servers):
        here = f"{path}.servers[{index}]"
        yield from check_server(server, here, whole.hosts)
        if server.backup and upstream.method and upstream.method.split()[0] in ("ip_hash", "random", "hash"):
            reason = f"nginx has no backup servers with method {upstream.method}"
            yield Problem(f"{here}.backup", True, reason, "Remove it, or choose round_robin or least_conn")
        yield from _check_upstream_address(server, here, upstream, whole)
    servers = [server for _index, server in numbered(upstream.servers)]
    if servers and all(server.backup for server in servers):
        yield Problem(f"{path}.servers", None, "has only backup servers", "Remove backup from at least one")
    elif servers and all(server.down for server in servers):
        yield Problem(f"{path}.servers", None, "has only servers that are down", "Remove down from at least one")


def _one_in_nginx(one: Upstream, other: Upstream) -> bool:
    """Whether nginx takes two different names for one."""
    return one.name != other.name and one.name.lower() == other.name.lower()


def _check_upstream_address(server: UpstreamServer, path: str, upstream: Upstream, whole: Whole) -> Iterator[Problem]:
    """A server whose address nginx's own host holds for a service: nginx would ask itself."""
    asking = {host for site in whole.sites if upstream.name in site.upstreams for host in site.hosts}
    for each in whole.serving.get(server.address, ()) if server.address else ():
        held = asking.intersection(holders_of(each))
        if held:
            reason = (
                f"is the address of virtual server {each.name}, which host {min(held)} has too: "
                "its nginx would ask itself"
            )
            yield Problem(f"{path}.address", server.address, reason, "Write the address of what is behind nginx")
            return


def _leading_to(site: Site, hosts: Hosts) -> Set[Tuple[str, int]]:
    """Where what is asked is answered by a site."""
    own = [address for host in site.hosts if host in hosts for address in hosts[host].every_address]
    own += site.instance.addresses if site.instance else ()
    found = {(each, port) for address, port in site.sockets() for each in {address, *own} - set(EVERY.values())}
    return found.union((socket.address, socket.port) for each in site.services for socket in each.sockets)


def check_circles(cluster: Cluster, whole: Whole) -> Iterator[Problem]:
    """Servers of upstreams that lead back to the nginx that asks them, directly or through other upstreams."""
    upstreams = {each.name: each for _place, each in numbered(cluster.lvs_nginx_upstreams)}
    hosts = whole.hosts
    answering: Dict[Tuple[str, int], List[str]] = {}
    for site in whole.sites:
        for each in _leading_to(site, hosts):
            answering.setdefault(each, []).extend(site.upstreams)

    def asked(upstream: Upstream, server: UpstreamServer) -> List[Upstream]:
        names = answering.get((address_of(server, hosts) or "", server.port or upstream.port), ())
        return [upstreams[name] for name in dict.fromkeys(names) if name in upstreams]

    def comes_back(upstream: Upstream, asking: Upstream, passed: Set[str]) -> bool:
        if upstream is asking or upstream.name in passed:
            return upstream is asking
        passed.add(upstream.name)
        following = (each for _index, server in numbered(upstream.servers) for each in asked(upstream, server))
        return any(comes_back(each, asking, passed) for each in following)

    for path, upstream, _earlier in entries(cluster.lvs_nginx_upstreams, "lvs_nginx_upstreams"):
        for index, server in numbered(upstream.servers):
            if any(comes_back(each, upstream, set()) for each in asked(upstream, server)):
                reason = "is an nginx whose requests come back to this upstream, in a circle"
                port = server.port or upstream.port
                yield Problem(
                    f"{path}.servers[{index}]",
                    f"{server.host or server.address}, port {port}",
                    reason,
                    "Write the host and port of what is behind nginx",
                )

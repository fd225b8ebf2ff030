# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""What a real server's nginx listens on, and where it proxies to."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Dict, List, Mapping, Sequence, Tuple

from ansible_collections.lvs.cluster.plugins.module_utils._description.model.proxies import Upstream
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.services import VirtualServer

# An upstream, and the service whose real servers proxy to it.
Pool = Tuple[Upstream, VirtualServer]


@dataclass(frozen=True)
class Check:
    """A page that keepalived asks nginx for."""

    port: int
    path: str


@dataclass(frozen=True)
class Server:
    """A C(server) of an C(upstream)."""

    address: str
    port: int
    weight: int
    max_fails: int
    fail_timeout: int
    backup: bool


@dataclass(frozen=True)
class Pooled:
    """An C(upstream); zone: the size of its shared memory."""

    name: str
    method: str
    keepalive: int
    zone: str
    servers: Sequence[Server]


@dataclass(frozen=True)
class Hop:
    """Where nginx asks itself from a virtual address, which it can only do while the host holds it."""

    address: str
    path: str


@dataclass(frozen=True)
class Health:
    """A path that nginx answers itself, after hops by way of all virtual addresses."""

    path: str
    hops: Sequence[Hop]


@dataclass(frozen=True)
class Site:
    """A C(server): what nginx listens on for a service."""

    name: str
    listen: Sequence[str]
    port: int
    upstream: str
    proxy_connect_timeout: str
    proxy_read_timeout: str


@dataclass(frozen=True)
class Nginx:
    """All of the host's nginx that the description tells.

    health: by port, what all sites of that port answer.
    """

    checks: Sequence[Check]
    health: Mapping[str, Sequence[Health]]
    upstreams: Sequence[Pooled]
    servers: Sequence[Site]


def nginx_view(pools: Sequence[Pool], upstreams: Mapping[str, Pooled]) -> Nginx:
    """The pools that a host's nginx proxies to, and where it listens for them.

    upstreams: what L(pooled) gave, by name.
    """
    ports: Dict[int, List[Pool]] = {}
    for pool in pools:
        for port in _listened(pool[1]):
            ports.setdefault(port, []).append(pool)
    return Nginx(
        checks=[
            Check(port, path)
            for port, path in sorted({(port, pool[0].health_path) for port, each in ports.items() for pool in each})
        ],
        health={str(port): _health(each, port) for port, each in ports.items()},
        upstreams=[upstreams[upstream.name] for upstream, _service in pools],
        servers=[
            _site(upstream, service, port, first=ports[port][0][0] is upstream)
            for upstream, service in pools
            for port in _listened(service)
        ],
    )


def _listened(service: VirtualServer) -> Dict[int, List[str]]:
    """The ports of a service, each with its addresses."""
    found: Dict[int, List[str]] = {}
    for each in service.sockets:
        found.setdefault(each.port or 0, []).append(each.address)
    return found


def pooled(upstream: Upstream, addresses: Mapping[str, str]) -> Pooled:
    """An upstream, the same on every host.

    addresses: those of the hosts.
    """
    return Pooled(
        name=upstream.name,
        method="" if upstream.method == "round_robin" else upstream.method,
        keepalive=upstream.keepalive,
        # nginx puts 63 servers into 64k, and 143 into 128k.
        zone=f"{64 * math.ceil(len(upstream.servers) / 32)}k",
        servers=[
            Server(
                address=each.address or addresses[each.host],
                port=each.port or upstream.port,
                weight=each.weight,
                max_fails=each.max_fails,
                fail_timeout=each.fail_timeout,
                backup=each.backup,
            )
            for each in upstream.servers
        ],
    )


def _site(upstream: Upstream, service: VirtualServer, port: int, first: bool) -> Site:
    """Where nginx listens for a service on a port; first: of those on it."""
    addresses = [f"{each}:{port}" for each in _listened(service)[port]]
    return Site(
        name=service.name,
        # keepalived's checks come to the host's own address, where nginx takes the first server of the port.
        listen=[str(port), *addresses] if first else addresses,
        port=port,
        upstream=upstream.name,
        # nginx takes no fractions.
        proxy_connect_timeout=f"{round(1000 * upstream.proxy_connect_timeout)}ms",
        proxy_read_timeout=f"{round(1000 * upstream.proxy_read_timeout)}ms",
    )


def _health(pools: Sequence[Pool], port: int) -> List[Health]:
    """The paths of a port that nginx answers itself, and the hops from virtual address to virtual address before.

    A check does not tell which of the services it is for, so it goes by the addresses of all that have its path.
    """
    held: Dict[str, List[str]] = {}
    for upstream, service in pools:
        held.setdefault(upstream.health_path, []).extend(_listened(service)[port])
    return [Health(path, [Hop(each, f"{path.rstrip('/')}/at/{each}") for each in held[path]]) for path in sorted(held)]

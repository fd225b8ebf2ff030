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
        ports.setdefault(pool[1].port, []).append(pool)
    return Nginx(
        checks=[
            Check(port, path) for port, path in sorted({(service.port, each.health_path) for each, service in pools})
        ],
        health={str(port): _health(each) for port, each in ports.items()},
        upstreams=[upstreams[upstream.name] for upstream, _service in pools],
        servers=[_site(upstream, service, first=ports[service.port][0][0] is upstream) for upstream, service in pools],
    )


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


def _site(upstream: Upstream, service: VirtualServer, first: bool) -> Site:
    """Where nginx listens for a service; first: of those on its port."""
    address = f"{service.address}:{service.port}"
    return Site(
        name=service.name,
        # keepalived's checks come to the host's own address, where nginx takes the first server of the port.
        listen=[str(service.port), address] if first else [address],
        port=service.port,
        upstream=upstream.name,
        # nginx takes no fractions.
        proxy_connect_timeout=f"{round(1000 * upstream.proxy_connect_timeout)}ms",
        proxy_read_timeout=f"{round(1000 * upstream.proxy_read_timeout)}ms",
    )


def _health(pools: Sequence[Pool]) -> List[Health]:
    """The paths of a port that nginx answers itself, and the hops from virtual address to virtual address before.

    A check does not tell which of the services it is for, so it goes by the addresses of all that have its path.
    """
    held: Dict[str, List[str]] = {}
    for upstream, service in pools:
        held.setdefault(upstream.health_path, []).append(service.address)
    return [Health(path, [Hop(each, f"{path.rstrip('/')}/at/{each}") for each in held[path]]) for path in sorted(held)]

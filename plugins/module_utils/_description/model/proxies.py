# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""What stands behind nginx, in its own words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, Tuple

from ansible_collections.lvs.cluster.plugins.module_utils._description.kinds import (
    BOOLEAN,
    LOCATION,
    NAME,
    PORT,
    WORD,
    choice,
    integer,
    list_of,
    option,
    seconds,
    table,
)

from .servers import Server

# Built into nginx; of the nginx.conf of nginx.org and of Red Hat. Ours has the cluster's name.
LOG_FORMATS = ("combined", "main")


@dataclass(frozen=True)
class UpstreamServer(Server):
    """A C(server) of an nginx upstream."""

    port: Optional[int] = option(PORT, "by default the upstream's", default=None)
    weight: int = option(integer(1, 65535), "share of the requests", default=1)
    max_fails: int = option(integer(0, 1000), "failures within fail_timeout that take it out", default=1)
    fail_timeout: int = option(integer(1, 86400, "seconds"), "for how long it is out, in seconds", default=10)
    backup: bool = option(BOOLEAN, "asked only when all the others are out", default=False)


@dataclass(frozen=True)
class Upstream:
    """C(upstream) of ngx_http_upstream_module: what stands behind nginx."""

    name: str = option(NAME, "a name for the pool")
    servers: Tuple[UpstreamServer, ...] = option(
        list_of(table(UpstreamServer, shorthand="host")), "host names, or mappings with host or address"
    )
    virtual_server: str = option(
        WORD, "whose real servers run this nginx; needed when there are several virtual servers", default=""
    )
    port: int = option(PORT, "where the servers listen", default=8080)
    method: str = option(
        choice(["round_robin", "least_conn", "ip_hash", "random"], "method"),
        "how a server is chosen",
        default="round_robin",
    )
    health_path: str = option(
        LOCATION,
        "the path that nginx answers itself, for a check of nginx and not of what is behind it",
        default="/healthz",
    )
    keepalive: int = option(integer(0, 10000), "idle connections kept to the servers, a worker", default=16)
    proxy_connect_timeout: float = option(seconds(0.001, 75), "seconds to wait for a connection", default=2)
    proxy_read_timeout: float = option(seconds(0.001, 86400), "seconds to wait for an answer", default=60)

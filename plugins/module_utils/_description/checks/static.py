# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""What must hold between what hosts have whoever is master, and the rest of a description."""

from __future__ import annotations

from typing import Iterator, Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._description.kinds import numbered
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.cluster import Cluster
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.vrrp import Route
from ansible_collections.lvs.cluster.plugins.module_utils._description.parts import vrrp_hosts
from ansible_collections.lvs.cluster.plugins.module_utils._problems import Problem

from .tables import entries
from .whole import Whole


def check_static(cluster: Cluster, whole: Whole) -> Iterator[Problem]:
    having = vrrp_hosts(cluster)
    for path, each, _earlier in entries(cluster.lvs_static_ipaddress, "lvs_static_ipaddress"):
        address = (each.address or "").split("/")[0]
        yield from _check_director(each.host, f"{path}.host", having)
        if each.dev == "":
            yield Problem(f"{path}.dev", None, "is missing", "Write dev: INTERFACE")
        if address in whole.floating:
            reason = f"floats with instance {whole.floating[address][0].name}"
            yield Problem(f"{path}.address", each.address, reason, "Choose an address that no host has")
    for table in ("lvs_static_routes", "lvs_static_rules"):
        for path, each, _earlier in entries(getattr(cluster, table), table):
            for index, host in numbered(each.hosts):
                yield from _check_director(host, f"{path}.hosts[{index}]", having)
    for path, route, _earlier in entries(cluster.lvs_static_routes, "lvs_static_routes"):
        yield from check_route(route, path)


def _check_director(host: str, path: str, having: Sequence[str]) -> Iterator[Problem]:
    if host is not None and host not in having:
        yield Problem(
            path, host, "is in no VRRP instance, so it has no keepalived", "Name a host of lvs_vrrp_instances"
        )


def check_route(route: Route, path: str) -> Iterator[Problem]:
    if route.dev == "" and (route.via == "" or route.no_track is False):
        reason = "is missing: keepalived watches the routes of an interface"
        yield Problem(f"{path}.dev", None, reason, "Write dev: INTERFACE, or with via also no_track: true")

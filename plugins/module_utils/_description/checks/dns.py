# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""What must hold between the names in DNS and what they lead to."""

from __future__ import annotations

from typing import Any, Iterator, Optional, Sequence, Tuple

from ansible_collections.lvs.cluster.plugins.module_utils._description.kinds import numbered
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.cluster import Cluster
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.dns import full_name
from ansible_collections.lvs.cluster.plugins.module_utils._problems import Problem

from .tables import entries, first


def check_dns(cluster: Cluster) -> Iterator[Problem]:
    zone = cluster.lvs_dns_server.zone if cluster.lvs_dns_server else ""
    tables = {"virtual_servers": cluster.lvs_virtual_servers, "vrrp_instances": cluster.lvs_vrrp_instances}
    for path, name, earlier in entries(cluster.lvs_dns_names, "lvs_dns_names"):
        if name.name:
            if full_name(name.name) in [full_name(each.name) for each in earlier if each.name]:
                remedy = "Write one entry, with the addresses of both"
                yield Problem(f"{path}.name", name.name, "is the name of an earlier entry too", remedy)
            if zone and not f".{full_name(name.name)}".endswith(f".{full_name(zone)}"):
                remedy = "Write a name in it, or leave zone out: the server is asked then"
                yield Problem(f"{path}.name", name.name, f"is not in {zone}, the zone of lvs_dns_server", remedy)
        for key, table in tables.items():
            yield from _check_named(getattr(name, key), f"{path}.{key}", table, f"lvs_{key}")


def _check_named(named: Any, path: str, table: Optional[Sequence[Any]], where: str) -> Iterator[Problem]:
    """Names of entries of a table; where one of these was refused, a name that is not found may be that one."""
    if table is None or any(each is None or each.name is None for each in table):
        return
    names = [each.name for each in table]
    for place, each in numbered(named):
        if each not in names:
            remedy = f"Write one of {', '.join(names)}" if names else f"Describe it in {where}"
            yield Problem(f"{path}[{place}]", each, f"is not in {where}", remedy)


def check_shared_names(cluster: Cluster, others: Sequence[Tuple[str, Cluster]]) -> Iterator[Problem]:
    """A name that clusters share is one set of records, of one server."""
    for path, name, _earlier in entries(cluster.lvs_dns_names, "lvs_dns_names"):
        theirs = [
            (cluster_name, other, each)
            for cluster_name, other in others
            for _place, each in numbered(other.lvs_dns_names)
            if name.name and each.name and full_name(name.name) == full_name(each.name)
        ]
        for other_name, _other, each in first(found for found in theirs if found[2].ttl != name.ttl):
            remedy = "Write one ttl for both"
            yield Problem(
                f"{path}.ttl", name.ttl, f"is {each.ttl} in cluster {other_name}, which has the same name", remedy
            )
        for other_name, _other, _each in first(
            found for found in theirs if found[1].lvs_dns_server != cluster.lvs_dns_server
        ):
            reason = f"is another one than that of cluster {other_name}, which has {name.name} too"
            yield Problem("lvs_dns_server", None, reason, "Write the same one for both")

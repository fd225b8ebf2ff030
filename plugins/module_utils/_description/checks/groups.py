# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""What must hold between a description and the groups of the inventory."""

from __future__ import annotations

from typing import Iterator, Mapping, Optional, Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._description.kinds import numbered
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.cluster import Cluster
from ansible_collections.lvs.cluster.plugins.module_utils._description.parts import directors, real_servers
from ansible_collections.lvs.cluster.plugins.module_utils._problems import Problem

from .tables import entries


def check_groups(
    cluster: Cluster, groups_of: Mapping[str, Sequence[str]], parts: Mapping[str, str]
) -> Iterator[Problem]:
    """Every director and every real server that is not in the group whose hosts are set up as such.

    groups_of: by host, the groups that it is in.
    parts: the groups whose hosts are set up as C(directors) and as C(real_servers); one left out is not checked.
    """
    for here, instance, _earlier in entries(cluster.lvs_vrrp_instances, "lvs_vrrp_instances"):
        for index, director in numbered(instance.hosts):
            yield from _check_group(director, f"{here}.hosts[{index}]", groups_of, parts.get("directors"))
    for here, service, _earlier in entries(cluster.lvs_virtual_servers, "lvs_virtual_servers"):
        for index, director in numbered(service.hosts):
            yield from _check_group(director, f"{here}.hosts[{index}]", groups_of, parts.get("directors"))
        servers = [(f"{here}.real_servers[{index}]", server.host) for index, server in numbered(service.real_servers)]
        if service.sorry_server:
            servers.append((f"{here}.sorry_server", service.sorry_server.host))
        for path, host in servers:
            yield from _check_group(host, path, groups_of, parts.get("real_servers"))


def _check_group(
    host: Optional[str], path: str, groups_of: Mapping[str, Sequence[str]], group: Optional[str]
) -> Iterator[Problem]:
    if host and group and group not in groups_of.get(host, [group]):
        yield Problem(path, host, f"is not in the group {group}, so nothing would set it up", f"Add it to {group}")


def unnamed(cluster: Cluster, groups_of: Mapping[str, Sequence[str]], parts: Mapping[str, str]) -> Iterator[str]:
    """A remark on every host of these groups that the description does not name: it may leave, or be forgotten.

    groups_of: by host of the cluster, the groups that it is in.
    """
    named = {"directors": directors(cluster), "real_servers": real_servers(cluster)}
    for part, group in parts.items():
        for host, groups in groups_of.items():
            if group in groups and host not in named[part]:
                yield (
                    f"host {host} is in the group {group}, and no list of cluster {cluster.lvs_cluster} names it: it "
                    f"loses what hosts of this group get. Name it in the list to keep that, or take it out of {group}."
                )

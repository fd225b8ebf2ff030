# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""What must hold between the clusters of an inventory."""

from __future__ import annotations

import itertools
from typing import Iterator, Sequence, Tuple

from ansible_collections.lvs.cluster.plugins.module_utils._description.model.cluster import Cluster
from ansible_collections.lvs.cluster.plugins.module_utils._problems import Problem

from .dns import check_shared_names
from .networks import near, networks
from .servers import Hosts
from .tables import entries
from .vrrp import taken_number


def check_between(cluster: Cluster, hosts: Hosts, others: Sequence[Tuple[str, Cluster, Hosts]]) -> Iterator[Problem]:
    """Addresses and VRRP numbers of this cluster that another one of the inventory uses too.

    others: the other clusters: the name, the description and the hosts of each.
    """
    yield from check_shared_names(cluster, [(name, other) for name, other, _hosts in others])
    for name, other, other_hosts in others:
        theirs = dict(_virtual_addresses(other))
        # An address is told where it stands first: in an instance before a service.
        mine = dict(reversed(list(_virtual_addresses(cluster))))
        for address, path in mine.items():
            if address in theirs:
                remedy = "Choose another one for one of the two"
                yield Problem(path, address, f"is an address of cluster {name} too", remedy)
        for path, told, _earlier in entries(cluster.lvs_vrrp_instances, "lvs_vrrp_instances"):
            for instance, each in itertools.product(told.instances, other.instances):
                if (
                    instance.virtual_router_id is not None
                    and instance.virtual_router_id == each.virtual_router_id
                    and near(networks(instance, hosts), networks(each, other_hosts))
                ):
                    whose = f"the virtual_router_id of instance {each.name} of cluster {name}, on the same network"
                    remedy = "Choose an unused one for one of the two, 1 to 255"
                    yield taken_number(path, told, instance, whose, remedy)


def _virtual_addresses(cluster: Cluster) -> Iterator[Tuple[str, str]]:
    """Each floating address and each service's address, and where it stands."""
    for path, instance, _earlier in entries(cluster.lvs_vrrp_instances, "lvs_vrrp_instances"):
        for inner, each in instance.floating:
            yield each.address.split("/")[0], f"{path}.{inner}"
    for path, service, _earlier in entries(cluster.lvs_virtual_servers, "lvs_virtual_servers"):
        for each in service.sockets:
            yield each.address, f"{path}.{each.path}"

# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""What the check of one part of a description needs to know of the other parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import AbstractSet, Dict, List, Mapping, Optional, Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._description.kinds import numbered
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.cluster import Cluster
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.services import VirtualServer
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.vrrp import VrrpInstance
from ansible_collections.lvs.cluster.plugins.module_utils._description.sites import Site, named_upstreams, sites_of
from ansible_collections.lvs.cluster.plugins.module_utils._net import IpNetwork

from .networks import told_networks
from .servers import Hosts


@dataclass(frozen=True)
class Whole:
    """What the checks look up for every server of every service, worked out once."""

    hosts: Hosts
    #: The host, by each of its addresses.
    owners: Mapping[str, str]
    #: The host, by its address in the cluster's network; of several that have it, the first.
    hosts_at: Mapping[str, str]
    #: The instances, by the addresses that float with them. Several for one address are a problem already.
    floating: Mapping[str, Sequence[VrrpInstance]]
    #: The networks of the first instance's floating addresses, by each of these addresses.
    networks: Mapping[str, Sequence[IpNetwork]]
    #: The first instance, by each of its hosts.
    instances: Mapping[str, VrrpInstance]
    #: The names of the instances of each sync group.
    synced: Sequence[Sequence[str]]
    #: Whether all of these are known. Where one was refused, an instance that is not found may be in that one.
    synced_known: bool
    #: Whether all floating addresses are known. Where one was refused, an address that is not found may be that one.
    addresses_known: bool
    #: The virtual servers, by their names.
    services: Mapping[str, VirtualServer]
    #: The virtual servers, by their addresses.
    serving: Mapping[str, Sequence[VirtualServer]]
    #: The names of all virtual servers, in their order.
    names: Sequence[str]
    #: Whether all of these are known. Where one was refused, a name that is not found may be that one.
    names_known: bool
    #: The names of all instances, as they are described.
    instance_names: Sequence[str]
    #: The names of all upstreams.
    upstreams: Sequence[str]
    #: Whether all of these are known.
    upstreams_known: bool
    #: The sites of nginx.
    sites: Sequence[Site]
    #: The upstreams that locations name.
    named_upstreams: AbstractSet[str]

    def carrier(self, service: VirtualServer) -> Optional[VrrpInstance]:
        """The first instance that an address of a service floats with."""
        return next((self.floating[each][0] for each in service.addresses if each in self.floating), None)


def whole_of(cluster: Cluster, hosts: Hosts) -> Whole:
    """What there is to know of a cluster and of its hosts."""
    instances = [instance for _index, instance in numbered(cluster.lvs_vrrp_instances)]
    services = [service for _index, service in numbered(cluster.lvs_virtual_servers)]
    names = [service.name for service in services]
    floating: Dict[str, List[VrrpInstance]] = {}
    networks: Dict[str, List[IpNetwork]] = {}
    for instance in instances:
        told = told_networks(instance)
        for address in dict.fromkeys(instance.addresses):
            floating.setdefault(address, []).append(instance)
            networks.setdefault(address, told)
    serving: Dict[str, List[VirtualServer]] = {}
    for service in services:
        for address in service.addresses:
            serving.setdefault(address, []).append(service)
    groups = [each.group for _index, each in numbered(cluster.lvs_vrrp_sync_groups)]
    return Whole(
        hosts=hosts,
        owners={address: name for name, member in hosts.items() for address in member.every_address},
        hosts_at={each: name for name, member in reversed(list(hosts.items())) for each in member.own.values()},
        floating=floating,
        networks=networks,
        instances={host: each for each in reversed(instances) for _index, host in numbered(each.hosts)},
        synced=[[name for _index, name in numbered(each)] for each in groups],
        synced_known=cluster.lvs_vrrp_sync_groups is not None
        and None not in (*cluster.lvs_vrrp_sync_groups, *groups)
        and all(None not in each for each in groups if each),
        addresses_known=cluster.lvs_vrrp_instances is not None
        and all(each is not None and each.addresses_known for each in cluster.lvs_vrrp_instances),
        services={service.name: service for service in services},
        serving=serving,
        names=names,
        instance_names=[each.name for each in instances if each.name],
        upstreams=[each.name for _index, each in numbered(cluster.lvs_nginx_upstreams) if each.name],
        upstreams_known=cluster.lvs_nginx_upstreams is not None
        and all(each is not None and each.name is not None for each in cluster.lvs_nginx_upstreams),
        sites=sites_of(cluster),
        named_upstreams=named_upstreams(cluster),
        names_known=cluster.lvs_virtual_servers is not None and None not in (*cluster.lvs_virtual_servers, *names),
    )

# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""What follows from a description for one host: the values that its roles and their templates print.

Everything here takes a description that has passed the checks. The views are named as keepalived.conf(5), ipvsadm(8)
and nginx name them, so that a template adds nothing.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from ansible_collections.lvs.cluster.plugins.module_utils._description.asking import with_checks
from ansible_collections.lvs.cluster.plugins.module_utils._description.members import Member
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.cluster import Cluster
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.services import VirtualServer
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.vrrp import VrrpInstance
from ansible_collections.lvs.cluster.plugins.module_utils._description.parts import (
    directors,
    holders_of,
    keepalived_entries,
    real_servers,
    servers_of,
    vrrp_hosts,
    with_keepalived,
)
from ansible_collections.lvs.cluster.plugins.module_utils._description.sites import asked_of, sites_of
from ansible_collections.lvs.cluster.plugins.module_utils._net import FAMILIES

from .director import Director, director_view, placed_cards
from .dns import Dns, dns_view
from .former import former
from .keepalived import (
    Keepalived,
    bfd_views,
    checks_of,
    global_defs,
    global_defs_view,
    group_views,
    instance_view,
    instances_on,
    interfaces_of,
    is_on,
    needs_of,
    neighbours_of,
    processes_tracked,
    scripts_tracked,
    scripts_view,
    service_view,
    static_views,
    sync_daemon_view,
    synced_instances,
    vrrp_script_view,
)
from .lines import Block, block
from .marks import Marking, marking_view
from .proxy import Nginx, Proxies
from .realserver import Gateway, RealServer, gateway_of, label_places, realserver_view

Plain = Dict[str, Any]


@dataclass(frozen=True)
class Host:
    """The host itself, and its addresses in the cluster's network; the first is empty where it has none."""

    name: str
    address: str
    addresses: Sequence[str]


@dataclass(frozen=True)
class Whole:
    """The cluster that the host is of."""

    name: str
    directors: Sequence[str]
    #: Those that have keepalived.
    vrrp_hosts: Sequence[str]
    real_servers: Sequence[str]
    dns: Dns


@dataclass(frozen=True)
class View:
    """By role, what follows for one host. Interfaces that the description does not name are left empty."""

    host: Host
    cluster: Whole
    keepalived: Keepalived
    director: Director
    marking: Marking
    realserver: RealServer
    nginx: Nginx


class Views:
    """What follows from a description for each host; what is the same for many of them is worked out once."""

    def __init__(self, described: Cluster, members: Mapping[str, Member]) -> None:
        self._cluster = cluster = with_checks(described)
        self._members = members
        addresses = {name: member.address for name, member in members.items() if member.address}
        self._whole = Whole(
            cluster.lvs_cluster, directors(cluster), vrrp_hosts(cluster), real_servers(cluster), dns_view(cluster)
        )
        self._instances = cluster.instances
        carrying = {address: each for each in reversed(self._instances) for address in each.addresses}
        self._carriers = {
            entry.address.split("/")[0]: entry.dev or each.interface
            for each in reversed(self._instances)
            for _path, entry in each.floating
        }
        # Of several addresses the instances have the same hosts.
        self._carried = [
            _directed(each, carrying.get(each.addresses[0]), self._whole) for each in cluster.lvs_virtual_servers
        ]
        self._synced = synced_instances(cluster)
        sites = sites_of(cluster)
        asked = asked_of(sites, cluster.lvs_virtual_servers)
        self._proxies = Proxies(cluster, sites, asked, addresses)
        self._places = label_places(cluster.lvs_virtual_servers)
        self._held: Dict[str, List[VirtualServer]] = {}
        self._gateways: Dict[str, List[Gateway]] = {}
        every_address = {name: member.every_address for name, member in members.items()}
        for service, hosts in self._carried:
            holders = set(holders_of(service))
            for host in holders:
                self._held.setdefault(host, []).append(service)
            gateway = gateway_of(service, hosts, cluster, every_address)
            for host in dict.fromkeys(servers_of(service)):
                if host not in holders:
                    self._gateways.setdefault(host, []).append(gateway)
        neighbours = {each.name: each.hosts for each in cluster.lvs_bfd_instances}
        reached = {
            family: {name: member.own[family] for name, member in members.items() if family in member.own}
            for family in FAMILIES
        }
        self._services = {
            each.name: service_view(each, checks_of(each, asked.get(each.name)), reached[each.family], neighbours)
            for each in cluster.lvs_virtual_servers
        }
        self._global_defs = global_defs(cluster)
        # keepalived makes these itself.
        self._vmacs = {each.use_vmac for each in cluster.lvs_vrrp_instances}
        self._entries = [
            (entry, needs_of(path, entry), interfaces_of(path, entry)) for path, entry in keepalived_entries(cluster)
        ]

    def of(self, host: str) -> View:
        directed = [each for each, hosts in self._carried if host in hosts]
        instances = instances_on(self._cluster, host)
        its = {each.name for each in directed} if instances else set()
        entries = [
            each
            for each in (self._entries if instances else ())
            if (each[0].name in its if isinstance(each[0], VirtualServer) else is_on(each[0], host))
        ]
        neighbours = neighbours_of(self._cluster, host)
        scripts = scripts_view(self._cluster, self._global_defs, host)
        interface = self._members[host].interface
        return View(
            host=Host(host, self._members[host].address or "", list(self._members[host].own.values())),
            cluster=self._whole,
            keepalived=Keepalived(
                router_id=host,
                global_defs=global_defs_view(self._global_defs, scripts),
                scripts=scripts,
                blocks=self._blocks(host, neighbours) if instances else [],
                vrrp_instances=[
                    instance_view(each, host, self._members, self._global_defs, neighbours)
                    for each in self._instances
                    if host in each.hosts
                ],
                lvs_sync_daemon=sync_daemon_view(host, self._synced, interface),
                virtual_servers=[self._services[each.name] for each in directed if each.name in its],
                needs=[each for _entry, needs, _interfaces in entries for each in needs],
                interfaces=[
                    each for _entry, _needs, named in entries for each in named if each.interface not in self._vmacs
                ],
                processes=processes_tracked(self._cluster, host),
            ),
            director=director_view(
                interface,
                directed,
                self._services,
                self._global_defs,
                self._places,
            ),
            marking=marking_view(interface, directed, self._carriers),
            realserver=realserver_view(
                self._members[host], self._held.get(host, []), self._places, self._gateways.get(host, [])
            ),
            nginx=self._proxies.view(host),
        )

    def _blocks(self, host: str, neighbours: Mapping[str, Sequence[str]]) -> List[Block]:
        """keepalived knows a name only after the block that describes it."""
        cluster = self._cluster
        return [
            *static_views(cluster, host),
            *(block(each) for each in (*cluster.lvs_vrrp_track_processes, *cluster.lvs_vrrp_track_files)),
            *map(vrrp_script_view, scripts_tracked(cluster, host)),
            *bfd_views(cluster, host, self._members, neighbours),
            *group_views(cluster, host, neighbours),
        ]


def _directed(
    service: VirtualServer, instance: Optional[VrrpInstance], whole: Whole
) -> Tuple[VirtualServer, Sequence[str]]:
    """A service and those who direct it; without its hosts, where those have keepalived."""
    if instance is None and not with_keepalived(service, whole.vrrp_hosts):
        return service, service.hosts
    return dataclasses.replace(service, hosts=()), instance.hosts if instance else service.hosts


def as_json(view: Any) -> str:
    """A view, or what holds some, as it is kept for the tasks that follow."""
    # Not dataclasses.asdict, which copies what hundreds of hosts share for each of them.
    return json.dumps(view, default=vars)


def plain(view: View) -> Plain:
    """A view as roles and templates read it: mappings and lists."""
    read: Plain = json.loads(as_json(view))
    return read


def placed(view: Mapping[str, Any], interface: str, asked: Sequence[str] = ()) -> Plain:
    """A plain view with the host's interface in the cluster's network, where the description names none.

    asked: what the host's nginx is asked until now.
    """
    keepalived, director, realserver = view["keepalived"], view["director"], view["realserver"]
    daemon = keepalived["lvs_sync_daemon"]
    return {
        **view,
        "keepalived": {
            **keepalived,
            "vrrp_instances": [
                {**each, "interface": each["interface"] or interface} for each in keepalived["vrrp_instances"]
            ],
            "lvs_sync_daemon": {**daemon, "interface": daemon["interface"] or interface} if daemon else daemon,
        },
        "director": {**director, "cards": placed_cards(director["cards"], interface)},
        "marking": {
            **view["marking"],
            "interfaces": list(dict.fromkeys(each or interface for each in view["marking"]["interfaces"])),
        },
        "realserver": {**realserver, "interface": realserver["interface"] or interface},
        "nginx": {**view["nginx"], "former": [dataclasses.asdict(each) for each in former(view["nginx"], asked)]},
    }

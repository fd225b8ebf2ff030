# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""What must hold for the addresses, ports and marks that clients of a service come by."""

from __future__ import annotations

from typing import Dict, Iterator, Sequence, Tuple

from ansible_collections.lvs.cluster.plugins.module_utils._description.model.services import NAT, TUN, VirtualServer
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.vrrp import VrrpInstance
from ansible_collections.lvs.cluster.plugins.module_utils._description.parts import (
    every_server,
    kind_of,
    with_keepalived,
)
from ansible_collections.lvs.cluster.plugins.module_utils._net import TITLES, family_of
from ansible_collections.lvs.cluster.plugins.module_utils._problems import Problem, listed

from .tables import first
from .whole import Whole


def check_served(
    service: VirtualServer, path: str, earlier: Sequence[VirtualServer], whole: Whole
) -> Iterator[Problem]:
    yield from _check_family(service, path, whole)
    yield from _check_carried(service, path, whole)
    yield from _check_sockets(service, path, earlier)
    if service.fwmark is not None:
        for other in first(each for each in earlier if each.fwmark == service.fwmark):
            reason = f"is the mark of virtual server {other.name} too"
            yield Problem(f"{path}.fwmark", service.fwmark, reason, "Choose another one, or make it one service")
        if service.protocol not in (None, "TCP"):
            reason = "is told of a mark, which packets of any protocol may have"
            yield Problem(f"{path}.protocol", service.protocol, reason, "Write it in marked, and nothing here")
        if service.ha_suspend:
            reason = "waits for an address, and keepalived knows none of a mark"
            yield Problem(f"{path}.ha_suspend", True, reason, "Remove it, or write an address or a group")


def _check_family(service: VirtualServer, path: str, whole: Whole) -> Iterator[Problem]:
    """Its servers are reached at addresses of one family, and so clients come by those of one."""
    for socket in first(each for each in service.sockets if family_of(each.address) != service.family):
        reason = f"is not of {TITLES[service.family]}, as the first address of this service is"
        yield Problem(f"{path}.{socket.path}", socket.address, reason, "Write a service for each family")
    if service.fwmark is not None and service.family == "ipv6":
        reason = "is of IPv6, and directors mark packets of IPv4 alone"
        yield Problem(f"{path}.{service.sockets[0].path}", service.addresses[0], reason, "Write an address or a group")
    if service.family == "ipv6" and TUN in [kind_of(each, service) for each in every_server(service)]:
        reason = "is of IPv4 alone: no real server is set up to take packets of IPv6 out of tunnels"
        yield Problem(f"{path}.lb_kind", TUN, reason, "Write DR or NAT for the service and each of its servers")
    told = service.persistence_granularity
    if told and service.family and told.isdigit() != (service.family == "ipv6"):
        remedy = "Write a length as 64" if service.family == "ipv6" else "Write a netmask as 255.255.255.0"
        reason = f"is not what tells networks of {TITLES[service.family]}"
        yield Problem(f"{path}.persistence_granularity", told, reason, remedy)
    elif told and service.group and (service.hosts == () or with_keepalived(service, whole.instances)):
        # ipvswrapper.c: ipvs_group_range_cmd().
        reason = "is what keepalived leaves out of the services of a group, each client for itself"
        yield Problem(f"{path}.persistence_granularity", told, reason, "Remove it, or write a service for each address")


def _check_carried(service: VirtualServer, path: str, whole: Whole) -> Iterator[Problem]:
    """Who has one of the addresses must have all: a director knows the service as a whole."""
    places = {each.address: f"{path}.{each.path}" for each in reversed(service.sockets)}
    carriers = {each: whole.floating[each][0] for each in service.addresses if each in whole.floating}
    for address in service.addresses:
        if address not in carriers and service.hosts == () and whole.addresses_known:
            remedy = (
                f"Add {address} to the virtual_ipaddress of one of lvs_vrrp_instances; or write hosts: [HOST], "
                "who directs it without keepalived"
            )
            yield Problem(places[address], address, "is carried by no VRRP instance", remedy)
    by_nat = NAT in [kind_of(each, service) for each in every_server(service)]
    for address, instance in carriers.items():
        one, *_others = carriers.values()
        if None not in (one.hosts, instance.hosts) and set(instance.hosts) != set(one.hosts):
            reason = (
                f"floats over {listed(instance.hosts)}, and another address of this service over {listed(one.hosts)}"
            )
            yield Problem(
                places[address], address, reason, "Have both float over the same hosts, or write two services"
            )
        elif by_nat and whole.synced_known and _may_part(one, instance, whole):
            reason = (
                f"floats with instance {instance.name}, and another address of this service with {one.name}: once "
                "they are on two directors, a real server with lb_kind NAT answers by one of them alone"
            )
            remedy = "Name both instances in one of lvs_vrrp_sync_groups, or write two services"
            yield Problem(places[address], address, reason, remedy)


def _may_part(one: VrrpInstance, other: VrrpInstance, whole: Whole) -> bool:
    """Whether two instances of the same hosts may be on two of them."""
    together = any(one.name in each and other.name in each for each in whole.synced)
    return one is not other and not together and one.hosts is not None and len(set(one.hosts)) > 1


def _check_sockets(service: VirtualServer, path: str, earlier: Sequence[VirtualServer]) -> Iterator[Problem]:
    taken: Dict[Tuple[str, str, int], VirtualServer] = {}
    for other in reversed(earlier):
        taken.update({each[1:]: other for each in other.sockets if each.port is not None})
    for socket in service.sockets:
        known = taken.get(socket[1:]) if socket.port is not None else None
        if known:
            name = f"virtual server {known.name}" if known is not service else "an earlier entry"
            reason = f"port {socket.port} of this address already belongs to {name}"
            remedy = "Make it one service, or choose another port"
            yield Problem(f"{path}.{socket.path}", socket.address, reason, remedy)
        elif socket.port is not None:
            taken[socket[1:]] = service

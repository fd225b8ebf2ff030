# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""What a real server holds on its loopback, and by whom it answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, Iterable, List, Mapping, Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._addresses.gateway import NOWHERE, Led
from ansible_collections.lvs.cluster.plugins.module_utils._description.members import Member
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.cluster import Cluster
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.services import VirtualServer
from ansible_collections.lvs.cluster.plugins.module_utils._description.parts import gue_ports_of, tunnelled_of
from ansible_collections.lvs.cluster.plugins.module_utils._net import family_of


@dataclass(frozen=True)
class HeldAddress:
    """A virtual address, and the label that people know it by; one of IPv6 has none."""

    address: str
    label: str


@dataclass(frozen=True)
class Gateway:
    """The director as gateway of those who get packets of a service by NAT: what they answer must go back by it.

    vips: what clients connect to. addresses: those of the director that serves. apart: those that float by themselves,
    each with its instance. floats: whether one director takes it from another.
    """

    service: str
    vips: Sequence[str]
    addresses: Sequence[str]
    apart: Mapping[str, str]
    floats: bool


@dataclass(frozen=True)
class RealServer:
    """interface: that of the cluster's network, empty where the description names none.

    tunnelled: the services whose packets come in tunnels; direct: those whose packets come as they are.
    gue: the ports to which tunnels in UDP come.
    sets_gateway: whether it is made to answer by the gateways.
    led: by which of them then, as its facts tell.
    """

    interface: str
    vips: Sequence[HeldAddress]
    tunnelled: Sequence[str]
    direct: Sequence[str]
    gue: Sequence[int]
    gateways: Sequence[Gateway]
    sets_gateway: bool
    led: Led = NOWHERE


def label_places(services: Iterable[VirtualServer]) -> Dict[str, int]:
    """The number of each IPv4 address's label: its place in the description, so that it is the same on every host."""
    places: Dict[str, int] = {}
    for address in (each for service in services for each in service.addresses):
        if family_of(address) == "ipv4":
            places.setdefault(address, len(places))
    return places


def gateway_of(
    service: VirtualServer, hosts: Sequence[str], cluster: Cluster, addresses: Mapping[str, Sequence[str]]
) -> Gateway:
    """hosts: who directs the service; addresses: those that hosts have for themselves."""
    carrying = {each.name for each in cluster.instances if set(service.addresses) & set(each.addresses)}
    groups = [each.group for each in cluster.lvs_vrrp_sync_groups if carrying.intersection(each.group)]
    together = carrying.union(*groups)
    near = [each for each in cluster.instances if set(hosts) & set(each.hosts)]

    def its(found: Iterable[str]) -> List[str]:
        return [each for each in found if family_of(each) == service.family]

    # Of several without an instance of the service's somebody else knows which one serves.
    moving = [each for each in near if each.name in together or not carrying or len({*hosts, *each.hosts}) == 1]
    floating = [address for each in moving for address in its(each.addresses)]
    own = [address for host in hosts for address in its(addresses.get(host, ()))]
    return Gateway(
        service=service.name,
        vips=service.addresses,
        addresses=list(dict.fromkeys([*floating, *(own if len(hosts) == 1 or not carrying else ())])),
        apart={address: each.name for each in near if each not in moving for address in its(each.addresses)},
        floats=bool(carrying) and len(hosts) > 1,
    )


def realserver_view(
    member: Member,
    held: Sequence[VirtualServer],
    places: Mapping[str, int],
    gateways: Sequence[Gateway],
) -> RealServer:
    """held: the services whose packets the host accepts."""
    addresses = dict.fromkeys(address for service in held for address in service.addresses)
    vips = [HeldAddress(each, f"lo:{place}") for each, place in places.items() if each in addresses]
    vips.extend(HeldAddress(each, "") for each in addresses if each not in places)
    tunnelled = [each.name for each in held if member.name in tunnelled_of(each)]
    direct = [each.name for each in held if each.name not in tunnelled]
    gue = sorted({port for each in held for host, port in gue_ports_of(each) if host == member.name})
    return RealServer(member.interface, vips, tunnelled, direct, gue, gateways, member.sets_gateway and bool(gateways))

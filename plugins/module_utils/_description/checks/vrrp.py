# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""What must hold between the VRRP instances of a description, and between them and their hosts."""

from __future__ import annotations

import ipaddress
import itertools
from typing import Iterator, Mapping, Sequence, Set

from ansible_collections.lvs.cluster.plugins.module_utils._description.kinds import LONGEST_NAME, numbered
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.vrrp import VrrpInstance
from ansible_collections.lvs.cluster.plugins.module_utils._net import TITLES, end_of_network, family_of
from ansible_collections.lvs.cluster.plugins.module_utils._problems import Problem

from .networks import near, networks
from .servers import Hosts, check_host, check_machines
from .settings import check_settings
from .tables import first
from .whole import Whole

VRRP_MAX_ADVERT_INT = 40.95  # RFC 9568, 5.2.7: 12 bits of centiseconds
VRRP_MAX_ID = 255  # RFC 9568, 5.2.3: 8 bits
# RFC 9568, 5.2.5: 8 bits. keepalived leaves out what its packet has no room for: of IPv6, on a link that has no more
# than each must have, of 1280 octets (RFC 8200, 5).
VRRP_MAX_ADDRESSES = {"ipv4": 255, "ipv6": 76}
# What only one instance can have.
OF_ONE_MASTER = ("virtual_ipaddress_excluded", "virtual_routes", "virtual_rules")
VRRP_MAX_HOSTS = 254  # RFC 9568, 5.2.4: priorities 254, 253, ... 1


def check_instance(
    instance: VrrpInstance, path: str, earlier: Sequence[VrrpInstance], whole: Whole
) -> Iterator[Problem]:
    hosts = whole.hosts
    # The address that each sends its unicast adverts from, and that the others are told.
    names_source = instance.mcast_src_ip or (instance.unicast and len(instance.hosts or ()) > 1)
    for index, director in numbered(instance.hosts):
        here = f"{path}.hosts[{index}]"
        member = hosts.get(director)
        if not names_source or not instance.interface or member is None or not member.every_address:
            yield from check_host(director, here, hosts, instance.family if names_source else "")
        elif member.source(instance) is None and not member.refused:
            title = TITLES[instance.family]
            reason = f"has no known {title} address on {instance.interface}, the interface of the instance"
            remedy = f"Set lvs_addresses of that host to {{{instance.interface}: ADDRESS}}"
            yield Problem(here, director, reason, remedy)
    yield from check_machines([(f"{path}.hosts[{index}]", each) for index, each in numbered(instance.hosts)], hosts)
    if len(instance.hosts or ()) > VRRP_MAX_HOSTS:
        reason = f"are more hosts than VRRP has priorities ({VRRP_MAX_HOSTS})"
        yield Problem(f"{path}.hosts", len(instance.hosts), reason, "Spread them over several instances")
    yield from _check_floating_addresses(instance, path, whole)
    pairs = itertools.product(instance.instances, (each for told in earlier for each in told.instances))
    for mine, other in first(pair for pair in pairs if _clash(*pair, hosts)):
        whose = f"the virtual_router_id of instance {other.name} on the same interface"
        if not set(mine.hosts or ()) & set(other.hosts or ()):
            whose = f"the virtual_router_id of instance {other.name}, on the same network"
        elif mine.interface != other.interface:
            whose = f"the virtual_router_id of instance {other.name}, whose interface may be the same"
        yield taken_number(path, instance, mine, whose, "Choose an unused one, 1 to 255")
    if instance.spread:
        yield from _check_spread(instance, path)
    yield from _check_names(instance, path, earlier)
    yield from _check_family(instance, path)
    yield from _check_version(instance, path)
    yield from check_settings(instance, path, earlier, whole)
    if instance.preempt_delay and instance.preempt is False:
        remedy = "Remove it, or remove preempt: false"
        yield Problem(f"{path}.preempt_delay", instance.preempt_delay, "has no effect with preempt: false", remedy)


def taken_number(path: str, told: VrrpInstance, instance: VrrpInstance, whose: str, remedy: str) -> Problem:
    """A number that is another's already.

    told: the entry of the description. instance: what VRRP gets of it.
    """
    number = instance.virtual_router_id
    reason = f"is {whose}" if number == told.virtual_router_id else f"makes {number} with spread, {whose}"
    return Problem(f"{path}.virtual_router_id", told.virtual_router_id, reason, remedy)


def _check_spread(instance: VrrpInstance, path: str) -> Iterator[Problem]:
    count, number, name = len(instance.virtual_ipaddress or ()), instance.virtual_router_id, instance.name
    if number is not None and number + count - 1 > VRRP_MAX_ID:
        reason = f"leaves no number for the last of {count} addresses, as spread gives each the next one"
        remedy = f"Write at most {VRRP_MAX_ID + 1 - count}" if count <= VRRP_MAX_ID else "Spread them over several"
        yield Problem(f"{path}.virtual_router_id", number, reason, remedy)
    if name is not None and len(f"{name}_{count}") > LONGEST_NAME:
        reason = f"has {len(name)} characters, and spread adds _1, _2 and so on"
        yield Problem(f"{path}.name", name, reason, f"Write at most {LONGEST_NAME - len(f'_{count}')}")
    if instance.preempt is False:
        reason = "has no effect with preempt: false, where who starts first has all addresses and keeps them"
        yield Problem(f"{path}.spread", instance.spread, reason, "Remove it, or remove preempt: false")
    for name in OF_ONE_MASTER:
        for index, _each in numbered(getattr(instance, name)):
            reason = "is for one master, and spread makes one for each address"
            yield Problem(f"{path}.{name}[{index}]", None, reason, "Give it to an instance without spread")
            break
    if isinstance(instance.use_vmac, str) and count > 1:
        reason = "names one interface, and spread makes an instance for each address"
        yield Problem(f"{path}.use_vmac", instance.use_vmac, reason, "Write true: keepalived chooses the names")


def _check_names(instance: VrrpInstance, path: str, earlier: Sequence[VrrpInstance]) -> Iterator[Problem]:
    """A name that only spread makes the same as another one."""
    taken = {each.name: told for told in earlier for each in told.instances}
    for name in first(each.name for each in instance.instances if each.name in taken):
        # Where both are written alike, that is told already.
        if name is not None and instance.name != taken[name].name:
            reason = f"is an instance that spread makes of {taken[name].name}"
            if instance.spread:
                reason = f"makes {name} with spread, the name of an earlier entry"
            yield Problem(f"{path}.name", instance.name, reason, "Choose another name")


def _check_floating_addresses(instance: VrrpInstance, path: str, whole: Whole) -> Iterator[Problem]:
    count = len(instance.virtual_ipaddress or ())
    most = VRRP_MAX_ADDRESSES[instance.family]
    if count > most and not instance.spread:
        reason = f"are more addresses than a VRRP advert can name ({most})"
        yield Problem(f"{path}.virtual_ipaddress", count, reason, "Spread them over several instances")
    seen: Set[str] = set()
    others = {**dict.fromkeys(instance.addresses, ""), **whole.owners}
    for inner, each in instance.floating:
        cidr, here = each.address, f"{path}.{inner}"
        address = cidr.split("/")[0]
        yield from _check_ends(cidr, here, others)
        if address in whole.owners:
            reason = f"is already the address of host {whole.owners[address]}"
            yield Problem(here, address, reason, "Choose an address that no host has")
        if address in seen:
            yield Problem(here, address, "is listed in another way too", "List it once")
        seen.add(address)
        other = whole.floating[address][0]
        if other is not instance:
            yield Problem(here, address, f"floats with instance {other.name} already", "List it in one instance")


def _check_ends(cidr: str, path: str, others: Mapping[str, str]) -> Iterator[Problem]:
    """Every other address that the prefix length makes the network's or the broadcast address: no host can have it.

    others: by address, the host whose own it is; empty for a floating one.
    """
    network, address = ipaddress.ip_interface(cidr).network, cidr.split("/", maxsplit=1)[0]
    ends = {str(end): end_of_network(end, network) for end in (network.network_address, network.broadcast_address)}
    for other, host in others.items():
        end = ends.get(other)
        # Where the address is one itself, its kind has refused it.
        if end and other != address:
            whose = f", the address of host {host}," if host else ""
            reason = f"makes {other}{whose} {end} of {network}"
            remedy = f"Write {address}/{network.max_prefixlen}, or the prefix length of its network"
            yield Problem(path, cidr, reason, remedy)


def _check_family(instance: VrrpInstance, path: str) -> Iterator[Problem]:
    """An advert names addresses of the family that it is sent by."""
    other = (
        (place, each.address)
        for place, each in numbered(instance.virtual_ipaddress)
        if each.address and family_of(each.address) != instance.family
    )
    for place, address in first(other):
        reason = f"is not of {TITLES[instance.family]}, as the first one is, and an advert names those of one family"
        remedy = "Give it to an instance of its own, and name both in one of lvs_vrrp_sync_groups"
        if not instance.spread:
            remedy += "; or move it to virtual_ipaddress_excluded"
        yield Problem(f"{path}.virtual_ipaddress[{place}]", address, reason, remedy)
    if instance.family == "ipv6" and instance.version == 2:
        yield Problem(f"{path}.version", 2, "has no addresses of IPv6", "Write 3, or leave version out")


def _check_version(instance: VrrpInstance, path: str) -> Iterator[Problem]:
    """What the VRRP version of the instance cannot do."""
    version = instance.vrrp_version
    if instance.authentication and version == 3:
        remedy = "Remove it, or write version: 2" if instance.family == "ipv4" else "Remove it"
        yield Problem(f"{path}.authentication", None, "VRRPv3 has no authentication (RFC 9568, 9)", remedy)
    if instance.advert_int is not None and version is not None:
        if version == 2 and instance.advert_int != int(instance.advert_int):
            remedy = "Write whole seconds, or version: 3 for fractions"
            yield Problem(
                f"{path}.advert_int", instance.advert_int, "VRRPv2 counts in whole seconds (RFC 3768)", remedy
            )
        if version == 3 and instance.advert_int > VRRP_MAX_ADVERT_INT:
            remedy = f"Write at most {VRRP_MAX_ADVERT_INT}"
            yield Problem(f"{path}.advert_int", instance.advert_int, "is more than VRRPv3 can express", remedy)
        if version == 3 and instance.advert_int != round(instance.advert_int, 2):
            reason, remedy = "VRRPv3 counts in hundredths of a second", "Write at most 2 decimals"
            yield Problem(f"{path}.advert_int", instance.advert_int, reason, remedy)


def _clash(one: VrrpInstance, other: VrrpInstance, hosts: Hosts) -> bool:
    """Whether the hosts of one instance may hear adverts of another one that has the same number.

    An instance that names no interface runs on the host's own, which the description does not tell: it may be any.
    """
    refused = None in (one.interface, other.interface, one.virtual_router_id) or not (one.addresses and other.addresses)
    # Each family has numbers of its own (RFC 9568, 5.2.3).
    if refused or (one.family, one.virtual_router_id) != (other.family, other.virtual_router_id):
        return False
    mine, theirs = networks(one, hosts), networks(other, hosts)
    # Without a host in common, interfaces of one name are not one interface: the networks tell.
    if mine and theirs and not set(one.hosts or ()) & set(other.hosts or ()):
        return near(mine, theirs)
    return one.interface == other.interface or "" in (one.interface, other.interface)

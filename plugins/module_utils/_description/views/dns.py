# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""Which addresses the names of clusters lead to, as records of DNS (RFC 1035, RFC 3596)."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Dict, Iterator, List, Optional, Sequence, Set, Tuple

from ansible_collections.lvs.cluster.plugins.module_utils._description.model.cluster import Cluster
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.dns import DnsName, full_name
from ansible_collections.lvs.cluster.plugins.module_utils._problems import listed

# By the version of the address, in the order in which a zone has them.
TYPES = {4: "A", 6: "AAAA"}


@dataclass(frozen=True)
class Address:
    """An address of a name.

    instances: the names of what it floats with: the entry of the description, and with C(spread) the instance as well.
    """

    address: str
    instances: Sequence[str]


@dataclass(frozen=True)
class Name:
    """What one cluster has of a name."""

    name: str
    ttl: int
    addresses: Sequence[Address]


@dataclass(frozen=True)
class Server:
    """Who is told of the names; the secret of the key stays where it is described. No zone: the server is asked."""

    address: str
    port: int
    zone: str
    key_name: str
    key_algorithm: str


@dataclass(frozen=True)
class Dns:
    """The names of a cluster, in the order of its description."""

    names: Sequence[Name]
    server: Optional[Server]


@dataclass(frozen=True)
class Record:
    """All records of one type that a name has; none where they are taken out.

    host: one whose variables describe the name, and the server.
    """

    host: str
    name: str
    type: str
    ttl: int
    addresses: Sequence[str]
    server: Optional[Server]


@dataclass(frozen=True)
class Told:
    """What a cluster tells of its names; host: one of those that describe it."""

    host: str
    cluster: str
    dns: Dns


class CannotLeave(ValueError):
    """What is to be taken out of the names cannot be; its text says why."""


def dns_view(cluster: Cluster) -> Dns:
    """What a description says of names."""
    names = [Name(full_name(each.name), each.ttl, _addresses_of(each, cluster)) for each in cluster.lvs_dns_names]
    told = cluster.lvs_dns_server
    if not told:
        return Dns(names, None)
    zone = full_name(told.zone) if told.zone else ""
    key_name, algorithm = (told.key.name, told.key.algorithm) if told.key else ("", "")
    return Dns(names, Server(told.address, told.port, zone, key_name, algorithm))


def _addresses_of(name: DnsName, cluster: Cluster) -> List[Address]:
    whole = not name.virtual_servers and not name.vrrp_instances
    named_services = [each for each in cluster.lvs_virtual_servers if whole or each.name in name.virtual_servers]
    found = [address for each in named_services for address in each.addresses]
    # Of a cluster without services, as of a pair of proxies, what floats is what serves.
    if not found or name.vrrp_instances:
        named = [each for each in cluster.lvs_vrrp_instances if whole or each.name in name.vrrp_instances]
        found.extend(address for each in named for address in each.addresses)
    floating: Dict[str, List[str]] = {}
    for instance in (*cluster.lvs_vrrp_instances, *cluster.instances):
        for address in instance.addresses:
            floating.setdefault(address, []).append(instance.name)
    return [Address(each, list(dict.fromkeys(floating.get(each, ())))) for each in dict.fromkeys(found)]


def records(told: Sequence[Told], without: Sequence[str]) -> List[Record]:
    """What the zones must have, by name and type.

    told: each cluster once.
    without: the clusters and the instances whose addresses are taken out. Raises L(CannotLeave) where one is not known,
    or is of two clusters, or a cluster and an instance with other addresses, or where a name would lead nowhere.
    """
    leaving = {address for word in without for address in _leaving(word, told)}
    of_name: Dict[str, List[Tuple[Told, Name]]] = {}
    for each in told:
        for name in each.dns.names:
            of_name.setdefault(name.name, []).append((each, name))
    return [each for parts in of_name.values() for each in _records_of(parts, leaving)]


def _leaving(word: str, told: Sequence[Told]) -> Set[str]:
    """The addresses of a cluster, or of an instance."""
    held = [(each.cluster, address) for each in told for name in each.dns.names for address in name.addresses]
    of_cluster = {address.address for cluster, address in held if cluster == word}
    found = [(cluster, address) for cluster, address in held if word in address.instances]
    of_instance = {address.address for _cluster, address in found}
    clusters = sorted({cluster for cluster, _address in found})
    if not of_cluster and not found:
        known = sorted({each for cluster, address in held for each in (cluster, *address.instances)})
        raise CannotLeave(f"{word}: no name has addresses of such an instance or cluster. Write one of {listed(known)}")
    if of_cluster and found and of_cluster != of_instance:
        raise CannotLeave(f"{word} is a cluster, and an instance of {listed(clusters)}. Give one of them another name")
    if not of_cluster and len(clusters) > 1:
        raise CannotLeave(f"{word} is an instance of the clusters {listed(clusters)}. Write the name of one of these")
    return of_cluster or of_instance


def _records_of(parts: Sequence[Tuple[Told, Name]], leaving: Set[str]) -> Iterator[Record]:
    (told, first), *_others = parts
    held = list(dict.fromkeys(each.address for _told, part in parts for each in part.addresses))
    if leaving.issuperset(held):
        raise CannotLeave(f"{first.name} would lead nowhere without {listed(held)}. Leave it one of them at least")
    for version, kind in TYPES.items():
        its = [each for each in held if ipaddress.ip_address(each).version == version]
        if its:
            kept = [each for each in its if each not in leaving]
            yield Record(told.host, first.name, kind, first.ttl, kept, told.dns.server)


def zone_lines(found: Sequence[Record]) -> List[str]:
    """Records as the file of a zone has them."""
    return [f"{each.name} {each.ttl} IN {each.type} {address}" for each in found for address in each.addresses]

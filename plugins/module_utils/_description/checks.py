# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""What must hold between the parts of a description.

Each check yields problems of its own; a part that was already refused by its kind is None and is
passed over, so that one mistake is reported once.
"""

from __future__ import annotations

import ipaddress
import itertools
from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence, Set, Tuple, TypeVar

from ansible_collections.lvs.cluster.plugins.module_utils._net import end_of_network
from ansible_collections.lvs.cluster.plugins.module_utils._problems import Problem

from .derive import directors, instance_of, real_servers
from .kinds import numbered
from .members import Member
from .model import Check, Cluster, Upstream, VirtualServer, VrrpInstance

T = TypeVar("T")
# The hosts that are named and that the inventory has.
Hosts = Mapping[str, Member]

VRRP_MAX_ADVERT_INT = 40.95  # RFC 9568, 5.2.7: 12 bits of centiseconds
VRRP_MAX_ADDRESSES = 255  # RFC 9568, 5.2.5: 8 bits
LOWEST_PRIORITY_STEP = 254  # priorities 254, 253, ... 1


def check_cluster(cluster: Cluster, hosts: Hosts) -> Iterator[Problem]:
    """Every problem between the parts of the description, and between it and the inventory."""
    for path, instance, earlier in _entries(cluster.lvs_vrrp_instances, "lvs_vrrp_instances"):
        yield from _check_name(instance, path, earlier)
        yield from _check_instance(instance, path, earlier, hosts)
    for path, service, earlier in _entries(cluster.lvs_virtual_servers, "lvs_virtual_servers"):
        yield from _check_name(service, path, earlier)
        yield from _check_service(service, path, earlier, cluster, hosts)
    for path, upstream, earlier in _entries(cluster.lvs_nginx_upstreams, "lvs_nginx_upstreams"):
        yield from _check_name(upstream, path, earlier)
        yield from _check_upstream(upstream, path, earlier, cluster, hosts)
    yield from _check_circles(cluster, hosts)


def check_between(cluster: Cluster, hosts: Hosts, others: Sequence[Tuple[str, Cluster, Hosts]]) -> Iterator[Problem]:
    """What no two clusters of an inventory may share.

    others: the other ones, with their names.
    """
    for name, other, other_hosts in others:
        theirs = dict(_virtual_addresses(other))
        # The first place of each: an instance's, rather than a service's.
        mine = dict(reversed(list(_virtual_addresses(cluster))))
        for address, path in mine.items():
            if address in theirs:
                remedy = "Choose another one for one of the two"
                yield Problem(path, address, f"is an address of cluster {name} too", remedy)
        pairs = itertools.product(
            _entries(cluster.lvs_vrrp_instances, "lvs_vrrp_instances"), numbered(other.lvs_vrrp_instances)
        )
        for (path, instance, _earlier), (_index, each) in pairs:
            number = instance.virtual_router_id
            if (
                number is not None
                and number == each.virtual_router_id
                and _near(_networks(instance, hosts), _networks(each, other_hosts))
            ):
                reason = f"is the virtual_router_id of instance {each.name} of cluster {name}, on the same network"
                remedy = "Choose an unused one for one of the two, 1 to 255"
                yield Problem(f"{path}.virtual_router_id", number, reason, remedy)


def _virtual_addresses(cluster: Cluster) -> Iterator[Tuple[str, str]]:
    """Each floating address and each service's address, and where it stands."""
    for path, instance, _earlier in _entries(cluster.lvs_vrrp_instances, "lvs_vrrp_instances"):
        for index, cidr in numbered(instance.virtual_ipaddress):
            yield cidr.split("/")[0], f"{path}.virtual_ipaddress[{index}]"
    for path, service, _earlier in _entries(cluster.lvs_virtual_servers, "lvs_virtual_servers"):
        if service.address is not None:
            yield service.address, f"{path}.address"


def _networks(instance: VrrpInstance, hosts: Hosts) -> List[ipaddress.IPv4Network]:
    """The networks that an instance speaks in, as far as a description tells.

    Of a host's address it does not tell the prefix length: 24 is the usual one. A floating address may have one.
    """
    sources = [hosts[host].source(instance) for _index, host in numbered(instance.hosts) if host in hosts]
    told = [ipaddress.IPv4Interface(cidr).network for _index, cidr in numbered(instance.virtual_ipaddress)]
    usual = [ipaddress.IPv4Network(f"{source}/24", strict=False) for source in sources if source]
    return [*usual, *(each for each in told if each.prefixlen < each.max_prefixlen)]


def _near(one: Sequence[ipaddress.IPv4Network], other: Sequence[ipaddress.IPv4Network]) -> bool:
    return any(mine.overlaps(theirs) for mine in one for theirs in other)


def check_groups(
    cluster: Cluster, groups_of: Mapping[str, Sequence[str]], parts: Mapping[str, str]
) -> Iterator[Problem]:
    """Every host that has a part in the description and is not in the group that gets this part.

    groups_of: the groups of every host of the inventory.
    parts: the groups that get C(directors) and C(real_servers); a part that is left out is not checked.
    """
    for here, instance, _earlier in _entries(cluster.lvs_vrrp_instances, "lvs_vrrp_instances"):
        for index, director in numbered(instance.hosts):
            yield from _check_group(director, f"{here}.hosts[{index}]", groups_of, parts.get("directors"))
    for here, service, _earlier in _entries(cluster.lvs_virtual_servers, "lvs_virtual_servers"):
        servers = [(f"{here}.real_servers[{index}]", server.host) for index, server in numbered(service.real_servers)]
        if service.sorry_server:
            servers.append((f"{here}.sorry_server", service.sorry_server.host))
        for path, host in servers:
            yield from _check_group(host, path, groups_of, parts.get("real_servers"))


def unnamed(cluster: Cluster, groups_of: Mapping[str, Sequence[str]], parts: Mapping[str, str]) -> Iterator[str]:
    """Every host that is in a group and that no list of its cluster names: it may be meant to leave, or forgotten.

    groups_of: the groups of every host of the cluster.
    """
    named = {"directors": directors(cluster), "real_servers": real_servers(cluster)}
    for part, group in parts.items():
        for host, groups in groups_of.items():
            if group in groups and host not in named[part]:
                yield (
                    f"host {host} is in the group {group}, and no list of cluster {cluster.lvs_cluster} names it: it "
                    f"loses what it had as one of them. Name it if it is to be one, or take it out of {group}."
                )


def _check_group(
    host: Optional[str], path: str, groups_of: Mapping[str, Sequence[str]], group: Optional[str]
) -> Iterator[Problem]:
    if host and group and group not in groups_of.get(host, [group]):
        yield Problem(path, host, f"is not in the group {group}, so nothing would set it up", f"Add it to {group}")


def _entries(held: Optional[Sequence[Any]], name: str) -> Iterator[Tuple[str, Any, List[Any]]]:
    """Each entry of a table, with its path and the entries before it."""
    earlier: List[Any] = []
    for index, entry in numbered(held):
        yield f"{name}[{index}]", entry, list(earlier)
        earlier.append(entry)


def _first(found: Iterator[T]) -> Iterator[T]:
    """At most one: what is wrong with three of a kind is said once of each that is too many."""
    return itertools.islice(found, 1)


def _check_name(entry: Any, path: str, earlier: Sequence[Any]) -> Iterator[Problem]:
    if entry.name is not None and entry.name in [each.name for each in earlier]:
        yield Problem(f"{path}.name", entry.name, "is the name of an earlier entry too", "Give each a name of its own")


def _check_host(name: Optional[str], path: str, hosts: Hosts) -> Iterator[Problem]:
    if name and name not in hosts:
        yield Problem(path, name, "is not a host of the inventory", "Add the host, or mend the name")
    elif name and hosts[name].address is None and not hosts[name].refused:
        remedy = "Set lvs_address (or ansible_host) of that host to its IPv4 address in the cluster's network"
        yield Problem(path, name, "is a host without an address", remedy)


def _is_address(text: str) -> bool:
    try:
        return bool(ipaddress.ip_address(text))
    except ValueError:
        return False


def _check_instance(
    instance: VrrpInstance, path: str, earlier: Sequence[VrrpInstance], hosts: Hosts
) -> Iterator[Problem]:
    told_apart = instance.unicast and instance.interface and len(instance.hosts or ()) > 1
    for index, director in numbered(instance.hosts):
        here = f"{path}.hosts[{index}]"
        member = hosts.get(director)
        if not told_apart or member is None or not member.every_address:
            yield from _check_host(director, here, hosts)
        elif member.source(instance) is None and not member.refused:
            reason = f"is a host whose address on {instance.interface}, the interface of the instance, is not told"
            remedy = f"Set lvs_addresses of that host to {{{instance.interface}: ADDRESS}}"
            yield Problem(here, director, reason, remedy)
    yield from _check_machines([(f"{path}.hosts[{index}]", each) for index, each in numbered(instance.hosts)], hosts)
    if len(instance.hosts or ()) > LOWEST_PRIORITY_STEP:
        reason = f"are more than the {LOWEST_PRIORITY_STEP} priorities of VRRP"
        yield Problem(f"{path}.hosts", len(instance.hosts), reason, "Spread them over several instances")
    yield from _check_floating_addresses(instance, path, earlier, hosts)
    for other in _first(each for each in earlier if _clash(instance, each, hosts)):
        reason = f"is the virtual_router_id of instance {other.name} on the same interface"
        if not set(instance.hosts or ()) & set(other.hosts or ()):
            reason = f"is the virtual_router_id of instance {other.name}, on the same network"
        elif instance.interface != other.interface:
            reason = f"is the virtual_router_id of instance {other.name}, whose interface may be the same"
        yield Problem(f"{path}.virtual_router_id", instance.virtual_router_id, reason, "Choose an unused one, 1 to 255")
    yield from _check_version(instance, path)
    if instance.preempt_delay and instance.preempt is False:
        remedy = "Remove one of the two"
        yield Problem(f"{path}.preempt_delay", instance.preempt_delay, "delays what preempt: false forbids", remedy)


def _check_floating_addresses(
    instance: VrrpInstance, path: str, earlier: Sequence[VrrpInstance], hosts: Hosts
) -> Iterator[Problem]:
    owners = {owned: host for host, member in hosts.items() for owned in member.every_address}
    count = len(instance.virtual_ipaddress or ())
    if count > VRRP_MAX_ADDRESSES:
        reason = f"are more than the {VRRP_MAX_ADDRESSES} that an advert can name"
        yield Problem(f"{path}.virtual_ipaddress", count, reason, "Spread them over several instances")
    seen: Set[str] = set()
    already = [(each, set(each.addresses)) for each in earlier]
    others = {**dict.fromkeys(instance.addresses, ""), **owners}
    for index, cidr in numbered(instance.virtual_ipaddress):
        address = cidr.split("/")[0]
        here = f"{path}.virtual_ipaddress[{index}]"
        yield from _check_ends(cidr, here, others)
        if address in owners:
            reason = f"is the own address of host {owners[address]}"
            yield Problem(here, address, reason, "Choose an address that no host has")
        if address in seen:
            yield Problem(here, address, "is listed with another prefix length too", "List it once")
        seen.add(address)
        for other in _first(each for each, theirs in already if address in theirs):
            yield Problem(here, address, f"floats with instance {other.name} already", "List it in one instance")


def _check_ends(cidr: str, path: str, others: Mapping[str, str]) -> Iterator[Problem]:
    """others: addresses, each with its host where it is a host's own."""
    network, address = ipaddress.IPv4Interface(cidr).network, cidr.split("/", maxsplit=1)[0]
    for other, host in others.items() if network.prefixlen < network.max_prefixlen else ():
        end = end_of_network(ipaddress.IPv4Address(other), network)
        # Its own is refused by its kind.
        if end and other != address:
            whose = f", the address of host {host}," if host else ""
            reason = f"makes {other}{whose} {end} of {network}"
            yield Problem(path, cidr, reason, f"Write {address}/32, or the length of its network")


def _check_version(instance: VrrpInstance, path: str) -> Iterator[Problem]:
    """What one version of VRRP has, and the other has not."""
    if instance.authentication and instance.version == 3:
        remedy = "Remove it, or write version: 2"
        yield Problem(f"{path}.authentication", None, "VRRPv3 has no authentication (RFC 9568, 9)", remedy)
    if instance.advert_int is not None and instance.version is not None:
        if instance.version == 2 and instance.advert_int != int(instance.advert_int):
            remedy = "Write whole seconds, or version: 3 for fractions"
            yield Problem(
                f"{path}.advert_int", instance.advert_int, "VRRPv2 counts in whole seconds (RFC 3768)", remedy
            )
        if instance.version == 3 and instance.advert_int > VRRP_MAX_ADVERT_INT:
            remedy = f"Write at most {VRRP_MAX_ADVERT_INT}"
            yield Problem(f"{path}.advert_int", instance.advert_int, "is more than VRRPv3 can express", remedy)
        if instance.version == 3 and instance.advert_int != round(instance.advert_int, 2):
            reason, remedy = "VRRPv3 counts in hundredths of a second", "Write at most 2 decimals"
            yield Problem(f"{path}.advert_int", instance.advert_int, reason, remedy)


def _clash(one: VrrpInstance, other: VrrpInstance, hosts: Hosts) -> bool:
    """Whether two instances may be heard as one; which interface a host's own is, only the host knows."""
    refused = None in (one.interface, other.interface, one.virtual_router_id)
    if refused or one.virtual_router_id != other.virtual_router_id:
        return False
    mine, theirs = _networks(one, hosts), _networks(other, hosts)
    # The name of an interface tells something on one machine alone.
    if mine and theirs and not set(one.hosts or ()) & set(other.hosts or ()):
        return _near(mine, theirs)
    return one.interface == other.interface or "" in (one.interface, other.interface)


def _check_service(
    service: VirtualServer, path: str, earlier: Sequence[VirtualServer], cluster: Cluster, hosts: Hosts
) -> Iterator[Problem]:
    # Where an address of an instance was refused, nobody can say that it was not this one.
    instances = cluster.lvs_vrrp_instances
    addresses_known = instances is not None and all(
        each is not None and each.virtual_ipaddress is not None and None not in each.virtual_ipaddress
        for each in instances
    )
    instance = instance_of(cluster, service.address)
    if service.address is not None and instance is None and addresses_known:
        remedy = f"Add {service.address}/32 to the virtual_ipaddress of one of lvs_vrrp_instances"
        yield Problem(f"{path}.address", service.address, "is carried by no VRRP instance", remedy)
    socket = (service.address, service.port)
    for other in _first(each for each in earlier if None not in socket and socket == (each.address, each.port)):
        reason = f"port {service.port} of this address is virtual server {other.name} already"
        yield Problem(f"{path}.address", service.address, reason, "Make it one service, or choose another port")

    yield from _check_real_servers(service, path, instance, cluster, hosts)
    yield from _check_quorum(service, path)
    if instance:
        yield from _check_one_network(service, path, instance, hosts)
    yield from _check_check(service.check, f"{path}.check")
    for flag, scheduler in ((service.mh_port, "mh"), (service.sh_port, "sh")):
        if flag and service.lb_algo not in (None, scheduler):
            remedy = "Remove one of the two"
            yield Problem(f"{path}.{scheduler}-port", flag, f"is a flag of lb_algo {scheduler}", remedy)


def _check_check(check: Optional[Check], path: str) -> Iterator[Problem]:
    if check and check.type == "TCP_CHECK":
        for name in ("path", "status_code"):
            if getattr(check, name) is not None:
                remedy = "Remove it, or write type: HTTP_GET"
                yield Problem(f"{path}.{name}", getattr(check, name), "belongs to HTTP_GET", remedy)


def _check_real_servers(
    service: VirtualServer, path: str, instance: Optional[VrrpInstance], cluster: Cluster, hosts: Hosts
) -> Iterator[Problem]:
    servers: List[Tuple[str, Any]]
    servers = [(f"{path}.real_servers[{index}]", server) for index, server in numbered(service.real_servers)]
    owned = {address for member in hosts.values() for address in member.every_address}
    named = [(here, server.host or server.address) for here, server in servers if server.address not in owned]
    if service.sorry_server:
        servers.append((f"{path}.sorry_server", service.sorry_server))
    floating = _floating(cluster)
    for here, server in servers:
        yield from _check_real_server(server, here, service, (instance.hosts if instance else None) or (), hosts)
        if server.address in floating:
            reason = f"floats with instance {floating[server.address]}, so that a director would send to itself"
            yield Problem(f"{here}.address", server.address, reason, "Write the address that a server has for itself")
    yield from _check_machines([(here, name) for here, name in named if name], hosts)
    sorry = _address_of(service.sorry_server, hosts)
    if service.inhibit_on_failure and sorry and sorry in [_address_of(each, hosts) for _here, each in servers[:-1]]:
        reason = "is a real server too, which inhibit_on_failure keeps in the table when it fails"
        yield Problem(f"{path}.sorry_server", sorry, reason, "Choose another one, or remove inhibit_on_failure")


def _check_one_network(service: VirtualServer, path: str, instance: VrrpInstance, hosts: Hosts) -> Iterator[Problem]:
    """With lb_kind DR a director hands frames to real servers, so they need a network in common.

    A floating address with a prefix length tells the network of the directors that have an address there, if it is all
    that is known of them.
    """
    networks = [ipaddress.IPv4Interface(cidr).network for _index, cidr in numbered(instance.virtual_ipaddress)]

    def inside(addresses: Sequence[str]) -> List[Optional[ipaddress.IPv4Network]]:
        return [next((each for each in networks if ipaddress.IPv4Address(own) in each), None) for own in addresses]

    directors = [hosts[host].every_address if host in hosts else [] for _index, host in numbered(instance.hosts)]
    if not directors or not all(own and all(inside(own)) for own in directors):
        return
    for index, server in numbered(service.real_servers):
        own = hosts[server.host].every_address if server.host in hosts else [server.address] if server.address else []
        if own and not any(inside(own)):
            reason = (
                f"is not in {inside(directors[0])[0]}, the network of the directors, and lb_kind DR reaches no other"
            )
            remedy = (
                "Set lvs_address of the host to its address there, or lvs_addresses of the directors to all they have"
            )
            yield Problem(f"{path}.real_servers[{index}]", f"{server.host or own[0]}", reason, remedy)


def _check_quorum(service: VirtualServer, path: str) -> Iterator[Problem]:
    """What keepalived makes smaller by itself."""
    servers = [server for _index, server in numbered(service.real_servers)]
    weights = [server.weight for server in servers]
    if service.quorum is None:
        return
    if service.hysteresis is not None and service.hysteresis >= service.quorum:
        reason = f"is not below quorum, {service.quorum}"
        yield Problem(
            f"{path}.hysteresis", service.hysteresis, reason, f"Write at most {service.quorum - 1}, or more quorum"
        )
    # One that is drained comes back.
    known = service.real_servers is not None and None not in service.real_servers and None not in weights
    if known and 0 not in weights and service.quorum > sum(weights):
        reason = f"is more than the weight of all real servers, {sum(weights)}"
        yield Problem(f"{path}.quorum", service.quorum, reason, f"Write at most {sum(weights)}")


def _floating(cluster: Cluster) -> Mapping[str, str]:
    """The names of the instances by the addresses that float with them."""
    instances = [each for _index, each in numbered(cluster.lvs_vrrp_instances)]
    return {address: each.name for each in instances for address in each.addresses}


def _machine(server: Any, names: Sequence[str], hosts: Hosts) -> Optional[str]:
    """Which of the named hosts a server is, by its name or by its address."""
    address = _address_of(server, hosts)
    same = (name for name in names if address and name in hosts and address in hosts[name].every_address)
    return server.host if server.host in names else next(same, None)


def _address_of(server: Any, hosts: Hosts) -> Optional[str]:
    """Where a server is, which is what tells it from others: a machine may have several names."""
    if server and server.host in hosts:
        return hosts[server.host].address
    return (server and server.address) or None


def _check_machines(named: Sequence[Tuple[str, str]], hosts: Hosts) -> Iterator[Problem]:
    """What stands in a list twice; named: hosts, or addresses, with their paths."""
    seen: Dict[str, str] = {}
    for path, name in named:
        own = (hosts[name].every_address if name in hosts else []) or [name]
        first = next((seen[each] for each in own if each in seen), None)
        if first == name:
            yield Problem(path, name, "is listed twice", "Remove one, and give the other the weight of both")
        elif first:
            reason = (
                f"is the same machine as {first}, by its address {' and '.join(each for each in own if each in seen)}"
            )
            yield Problem(path, name, reason, "Name the machine once, or give each an address of its own")
        seen.update(dict.fromkeys(own, name))


def _check_server(server: Any, path: str, hosts: Hosts) -> Iterator[Problem]:
    if server.host and server.address:
        yield Problem(path, server.host, "has an address of its own in the inventory", "Remove host, or address")
    if server.host == "" and server.address == "":
        yield Problem(path, None, "names no server", "Write host: NAME or address: 192.0.2.10")
    if server.host and server.host not in hosts and _is_address(server.host):
        remedy = f"Write {{address: {server.host}}} for a server outside the inventory"
        yield Problem(path, server.host, "is not a host of the inventory", remedy)
    else:
        yield from _check_host(server.host, path, hosts)


def _check_real_server(
    server: Any, path: str, service: VirtualServer, directors: Sequence[str], hosts: Hosts
) -> Iterator[Problem]:
    yield from _check_server(server, path, hosts)
    if server.port is not None and service.port is not None and server.port != service.port:
        reason = f"with lb_kind DR nothing rewrites the port, so it must be the service's, {service.port}"
        remedy = f"Remove it, or write port: {service.port}"
        yield Problem(f"{path}.port", server.port, reason, remedy)
    owner = next((host for host, each in hosts.items() if server.address and each.address == server.address), None)
    director = _machine(server, directors, hosts)
    if director:
        name = "" if director == server.host else f"the same machine as {director}, "
        reason = f"is {name}a director of this address too, and would answer for it twice"
        yield Problem(path, server.host or server.address, reason, "Use another host as real server, or as director")
    elif owner and not server.host:
        reason = f"is host {owner} of the inventory, which holds the service's address only if it is named"
        yield Problem(f"{path}.address", server.address, reason, f"Write host: {owner}")


def _fronted(upstream: Upstream, names: Sequence[str]) -> Optional[str]:
    """The name of the virtual server that an upstream stands behind, if that is known."""
    if upstream.virtual_server == "" and len(names) == 1:
        return names[0]
    return upstream.virtual_server if upstream.virtual_server in names else None


def _fronted_service(upstream: Upstream, cluster: Cluster) -> Optional[VirtualServer]:
    services = {service.name: service for _index, service in numbered(cluster.lvs_virtual_servers)}
    name = _fronted(upstream, list(services))
    return services[name] if name else None


def _nginx_hosts(service: VirtualServer) -> List[str]:
    """The hosts that hold a service's address, and answer for it with nginx where an upstream stands behind it."""
    servers = [server for _index, server in numbered(service.real_servers)]
    return [each.host for each in [*servers, service.sorry_server] if each and each.host]


def _one_in_nginx(one: Upstream, other: Upstream) -> bool:
    return one.name != other.name and one.name.lower() == other.name.lower()


def _check_health_path(
    upstream: Upstream, path: str, earlier: Sequence[Upstream], cluster: Cluster
) -> Iterator[Problem]:
    """A check comes to a host's own address and does not tell for which site: all sites of a port answer it."""
    mine = _fronted_service(upstream, cluster)
    for other in earlier:
        if not mine or None in (upstream.health_path, other.health_path) or upstream.health_path == other.health_path:
            continue
        theirs = _fronted_service(other, cluster)
        shared = set(_nginx_hosts(mine)) & set(_nginx_hosts(theirs)) if theirs and theirs.port == mine.port else None
        if shared:
            reason = (
                f"is not {other.health_path}, that of upstream {other.name} on the same port of host {min(shared)}, "
                "whose nginx would answer both paths of both"
            )
            remedy = f"Write one path for both, as health_path: {other.health_path}"
            yield Problem(f"{path}.health_path", upstream.health_path, reason, remedy)
            return


def _check_upstream_address(server: Any, path: str, upstream: Upstream, cluster: Cluster) -> Iterator[Problem]:
    """A floating address that nginx's own host holds leads nginx to itself."""
    services = [service for _index, service in numbered(cluster.lvs_virtual_servers)]
    for each in services if server.address else ():
        mine = _fronted_service(upstream, cluster) if server.address == each.address else None
        held = set(_nginx_hosts(each)) & set(_nginx_hosts(mine)) if mine else None
        if held:
            reason = f"is the address of virtual server {each.name}, which host {min(held)} of this nginx holds itself"
            yield Problem(f"{path}.address", server.address, reason, "Write the address of what is behind nginx")
            return


def _check_circles(cluster: Cluster, hosts: Hosts) -> Iterator[Problem]:
    """Servers of upstreams that lead back to the nginx that asks, maybe by way of others."""
    upstreams = [each for _path, each, _earlier in _entries(cluster.lvs_nginx_upstreams, "lvs_nginx_upstreams")]
    # At a host's own address the first site of a port answers.
    sites: Dict[Tuple[str, int], Upstream] = {}
    for upstream in upstreams:
        service = _fronted_service(upstream, cluster)
        if service and service.address is not None and service.port is not None:
            own = [address for host in _nginx_hosts(service) if host in hosts for address in hosts[host].every_address]
            for address in [service.address, *own]:
                sites.setdefault((address, service.port), upstream)

    def asked(upstream: Upstream, server: Any) -> Optional[Upstream]:
        return sites.get((_address_of(server, hosts) or "", server.port or upstream.port))

    def comes_back(upstream: Upstream, asking: Upstream, passed: Set[str]) -> bool:
        if upstream is asking or upstream.name in passed:
            return upstream is asking
        passed.add(upstream.name)
        following = (asked(upstream, server) for _index, server in numbered(upstream.servers))
        return any(each and comes_back(each, asking, passed) for each in following)

    for path, upstream, _earlier in _entries(cluster.lvs_nginx_upstreams, "lvs_nginx_upstreams"):
        for index, server in numbered(upstream.servers):
            first = asked(upstream, server)
            if first and comes_back(first, upstream, set()):
                reason = "is an nginx that asks this upstream again"
                port = server.port or upstream.port
                yield Problem(
                    f"{path}.servers[{index}]",
                    f"{server.host or server.address}, port {port}",
                    reason,
                    "Write the host and port of what is behind nginx",
                )


def _check_upstream(
    upstream: Upstream,
    path: str,
    earlier: Sequence[Upstream],
    cluster: Cluster,
    hosts: Hosts,
) -> Iterator[Problem]:
    here = f"{path}.virtual_server"
    services = [service for _index, service in numbered(cluster.lvs_virtual_servers)]
    names = [service.name for service in services]
    # Where a virtual server or its name was refused, nobody can say that it was not the one that is meant.
    names_known = cluster.lvs_virtual_servers is not None and None not in (*cluster.lvs_virtual_servers, *names)
    if upstream.virtual_server == "" and not services and names_known:
        yield Problem(here, None, "there is no virtual server to stand behind", "Describe one in lvs_virtual_servers")
    elif upstream.virtual_server == "" and len(services) > 1:
        remedy = f"Write virtual_server: {' or '.join(filter(None, names)) or 'the name of one'}"
        yield Problem(here, None, f"is needed, as there are {len(services)} virtual servers", remedy)
    elif upstream.virtual_server and upstream.virtual_server not in names and names_known:
        remedy = f"Write one of {', '.join(names)}" if services else "Describe it in lvs_virtual_servers"
        yield Problem(here, upstream.virtual_server, "is not a virtual server", remedy)
    fronted = _fronted(upstream, names)
    for other in _first(each for each in earlier if fronted and fronted == _fronted(each, names)):
        remedy = "Put the servers of both into one pool"
        yield Problem(here, fronted, f"has upstream {other.name} already", remedy)
    for other in _first(each for each in earlier if each.name and upstream.name and _one_in_nginx(each, upstream)):
        reason = f"differs from the name of upstream {other.name} in case alone, which nginx does not see"
        yield Problem(f"{path}.name", upstream.name, reason, "Give each a name of its own")
    yield from _check_health_path(upstream, path, earlier, cluster)
    for index, server in numbered(upstream.servers):
        here = f"{path}.servers[{index}]"
        yield from _check_server(server, here, hosts)
        if server.backup and upstream.method in ("ip_hash", "random"):
            reason = f"nginx has no backup servers with method {upstream.method}"
            yield Problem(f"{here}.backup", True, reason, "Remove it, or choose round_robin or least_conn")
        yield from _check_upstream_address(server, here, upstream, cluster)
    servers = [server for _index, server in numbered(upstream.servers)]
    if servers and all(server.backup for server in servers):
        yield Problem(f"{path}.servers", None, "has backup servers alone", "Leave at least one without backup")

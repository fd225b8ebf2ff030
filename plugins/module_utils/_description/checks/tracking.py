# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""What must hold between what instances and groups watch, and what they are grouped by."""

from __future__ import annotations

from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple, Union

from ansible_collections.lvs.cluster.plugins.module_utils._description.kinds import numbered
from ansible_collections.lvs.cluster.plugins.module_utils._description.members import shared_family
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.cluster import Cluster
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.tracking import (
    BfdInstance,
    TrackProcess,
)
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.vrrp import SyncGroup, VrrpInstance
from ansible_collections.lvs.cluster.plugins.module_utils._net import TITLES
from ansible_collections.lvs.cluster.plugins.module_utils._problems import Problem, listed

from .servers import Hosts, check_host
from .tables import check_name, entries

Tracking = Union[VrrpInstance, SyncGroup]

# Where what is watched by its name is described.
TABLES = {
    "track_process": "lvs_vrrp_track_processes",
    "track_file": "lvs_vrrp_track_files",
    "track_bfd": "lvs_bfd_instances",
    "track_script": "lvs_vrrp_scripts",
}
LISTS = ("track_interface", *TABLES)
# The kernel cuts the name of a program (TASK_COMM_LEN).
LONGEST_PROGRAM = 15
HIGHEST_TTL = 255


def check_tracking(cluster: Cluster, hosts: Hosts) -> Iterator[Problem]:
    for name in ("lvs_vrrp_sync_groups", *TABLES.values()):
        for path, entry, earlier in entries(getattr(cluster, name), name):
            yield from check_name(entry, path, earlier)
    for path, process, _earlier in entries(cluster.lvs_vrrp_track_processes, "lvs_vrrp_track_processes"):
        yield from _check_process(process, path)
    for path, bfd, others in entries(cluster.lvs_bfd_instances, "lvs_bfd_instances"):
        yield from _check_bfd(bfd, path, others, hosts)
    for path, instance, _earlier in entries(cluster.lvs_vrrp_instances, "lvs_vrrp_instances"):
        yield from _check_watched(instance, path, cluster, [instance], hosts)
    members: Dict[str, str] = {}
    instances = {each.name: each for _place, each in numbered(cluster.lvs_vrrp_instances)}
    for path, group, _earlier in entries(cluster.lvs_vrrp_sync_groups, "lvs_vrrp_sync_groups"):
        found = [instances[each] for _place, each in numbered(group.group) if each in instances]
        yield from _check_members(group, path, cluster, found, members)
        yield from _check_watched(group, path, cluster, found, hosts)
        yield from _check_weights(group, cluster, found)
        members.update({each.name: group.name for each in found})


def _check_process(process: TrackProcess, path: str) -> Iterator[Problem]:
    name = process.process
    if name is not None and process.full_command is False and ("/" in name or len(name) > LONGEST_PROGRAM):
        reason = f"is not what the kernel calls a program: a name of at most {LONGEST_PROGRAM} characters"
        yield Problem(f"{path}.process", name, reason, "Write that, or full_command: true")
    if process.quorum is not None and process.quorum_max is not None and process.quorum > process.quorum_max:
        yield Problem(
            f"{path}.quorum", process.quorum, "is more than quorum_max", f"Write at most {process.quorum_max}"
        )


def _check_bfd(bfd: BfdInstance, path: str, others: Sequence[BfdInstance], hosts: Hosts) -> Iterator[Problem]:
    if len(bfd.hosts or ()) == 1:
        yield Problem(f"{path}.hosts", None, "has one host, which has no neighbour", "Name another one, or remove it")
    family = shared_family([hosts.get(name) for _place, name in numbered(bfd.hosts)], bfd.interface or "")
    for index, name in numbered(bfd.hosts):
        here, member = f"{path}.hosts[{index}]", hosts.get(name)
        if member is None or not bfd.interface or not member.every_address:
            yield from check_host(name, here, hosts, family)
        elif family not in member.on(bfd.interface) and not member.refused:
            reason = f"has no known {TITLES[family]} address on {bfd.interface}, where its neighbours are"
            yield Problem(here, name, reason, f"Set lvs_addresses of that host to {{{bfd.interface}: ADDRESS}}")
    for other in others:
        both = [name for _place, name in numbered(bfd.hosts) if name in (other.hosts or ())]
        if len(both) > 1 and other.interface == bfd.interface:
            reason = f"ask each other by {other.name} already"
            yield Problem(f"{path}.hosts", listed(both), reason, "Describe two neighbours once")
            break
    ttl = HIGHEST_TTL if bfd.ttl is None else bfd.ttl
    if bfd.max_hops is not None and bfd.max_hops > ttl:
        yield Problem(f"{path}.max_hops", bfd.max_hops, f"is more than the ttl, {ttl}", f"Write at most {ttl}")


def _check_watched(
    entry: Tracking, path: str, cluster: Cluster, instances: Sequence[VrrpInstance], hosts: Hosts
) -> Iterator[Problem]:
    for name, place, each in _watched(entry):
        here = f"{path}.{name}[{place}]"
        if each.reverse and not each.weight:
            remedy = "Write a weight, or remove reverse"
            yield Problem(f"{here}.reverse", True, "has no effect without a weight", remedy)
        if name in TABLES:
            yield from check_named(each.name, here, TABLES[name], cluster)
    for name in LISTS:
        seen: List[str] = []
        for place, each in numbered(getattr(entry, name)):
            if _key(each) in seen:
                yield Problem(f"{path}.{name}[{place}]", _key(each), "is watched already", "List it once")
            seen.append(_key(each))
    own = {name for instance in instances for name in _interfaces(instance, hosts)}
    for place, each in numbered(entry.track_interface):
        if each.interface in own:
            reason, remedy = "is the instance's own interface, which is watched anyway", "Remove it"
            yield Problem(f"{path}.track_interface[{place}]", each.interface, reason, remedy)
    described = {each.name: each for _place, each in numbered(cluster.lvs_bfd_instances)}
    for place, each in numbered(entry.track_bfd):
        yield from _check_neighbour(each, f"{path}.track_bfd[{place}]", described.get(each.name), instances)


def _interfaces(instance: VrrpInstance, hosts: Hosts) -> Iterator[str]:
    """Its own interface on each of its hosts, as far as a description tells."""
    for _place, name in numbered(instance.hosts):
        interface = instance.interface or (hosts[name].interface if name in hosts else "")
        if interface:
            yield interface


def _watched(entry: Tracking) -> Iterator[Tuple[str, int, Any]]:
    for name in LISTS:
        for place, each in numbered(getattr(entry, name)):
            yield name, place, each


def _key(watched: Any) -> str:
    return str(watched.interface if hasattr(watched, "interface") else watched.name)


def check_named(name: Optional[str], path: str, table: str, cluster: Cluster) -> Iterator[Problem]:
    held = getattr(cluster, table)
    known = held is not None and None not in (*held, *(each.name for each in held if each))
    if known and name is not None and name not in [each.name for each in held]:
        yield Problem(path, name, f"is not described in {table}", "Describe it there, or mend the name")


def _check_neighbour(
    each: Any, path: str, bfd: Optional[BfdInstance], instances: Sequence[VrrpInstance]
) -> Iterator[Problem]:
    """A director whose neighbour is gone must take its addresses, and not make a fault of it."""
    if each.reverse and each.weight:
        asked = bfd.hosts if bfd else None
        for instance in instances if asked else ():
            missing = [name for _place, name in numbered(instance.hosts) if name not in (asked or ())]
            if missing:
                reason = f"does not ask {listed(missing)} of instance {instance.name}"
                yield Problem(path, each.name, reason, "Add the host to the hosts of lvs_bfd_instances")
                return
    elif not each.reverse:
        reason = "takes a director whose neighbour is gone out, or makes it worse"
        yield Problem(path, each.name, reason, "Write a weight and reverse: true")


def _check_members(
    group: SyncGroup, path: str, cluster: Cluster, found: Sequence[VrrpInstance], grouped: Mapping[str, str]
) -> Iterator[Problem]:
    if len(group.group or ()) == 1:
        yield Problem(f"{path}.group", None, "has one instance alone", "Name another one, or remove the group")
    for place, name in numbered(group.group):
        here = f"{path}.group[{place}]"
        yield from check_named(name, here, "lvs_vrrp_instances", cluster)
        if name in grouped:
            yield Problem(here, name, f"is in group {grouped[name]} already", "List it in one group")
    for each in found:
        if each.spread:
            reason = "has a master for each address with spread, and a group has one state"
            yield Problem(
                f"{path}.group[{list(group.group).index(each.name)}]", each.name, reason, "Remove one of both"
            )
    for one, other in zip(found, found[1:]):
        if one.hosts != other.hosts and None not in (one.hosts, other.hosts):
            reason = f"has other hosts than {one.name}, or in another order: one state needs one order of preference"
            here = f"{path}.group[{list(group.group).index(other.name)}]"
            yield Problem(here, other.name, reason, f"Write the hosts of {one.name} there too")


def _check_weights(group: SyncGroup, cluster: Cluster, found: Sequence[VrrpInstance]) -> Iterator[Problem]:
    """keepalived forgets the weights of the members of a group that has none; and each is watched in one place."""
    own = {(name, _key(each)) for name, _place, each in _watched(group)}
    for start, member, _earlier in entries(cluster.lvs_vrrp_instances, "lvs_vrrp_instances"):
        for name, place, each in _watched(member) if any(member is other for other in found) else ():
            here = f"{start}.{name}[{place}]"
            if (name, _key(each)) in own:
                yield Problem(here, _key(each), f"is watched by group {group.name} already", "Watch it in one place")
            elif group.sync_group_tracking_weight is False and _weighs(name, each, cluster):
                reason = f"has a weight, and the instance is in group {group.name}, which takes none"
                remedy = "Remove the weight, or write sync_group_tracking_weight: true for the group"
                yield Problem(here, _key(each), reason, remedy)


def _weighs(name: str, watched: Any, cluster: Cluster) -> bool:
    scripts = {each.name: each.weight for _place, each in numbered(cluster.lvs_vrrp_scripts)}
    by_default = {"track_file": 1, "track_script": scripts.get(watched.name)}.get(name) if name in TABLES else None
    return bool(by_default if watched.weight is None else watched.weight)


def tracking_remarks(cluster: Cluster) -> Iterator[str]:
    """A master whose priority falls gives its addresses up only to one that preempts."""
    for path, instance, _earlier in entries(cluster.lvs_vrrp_instances, "lvs_vrrp_instances"):
        weighed = [_key(each) for name, _place, each in _watched(instance) if _weighs(name, each, cluster)]
        weighed += ["its proxy (check)"] if instance.check and instance.check.weight else []
        if instance.preempt is False and weighed:
            yield (
                f"{path} watches {listed(weighed)} with a weight, and nobody preempts: a master stays master however "
                "low its priority falls. Remove the weight, so that a failure is a fault, or write preempt: true."
            )

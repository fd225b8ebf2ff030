# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""The clusters of an inventory, from the variables that Ansible holds of its hosts (C(hostvars))."""

from __future__ import annotations

import dataclasses
from typing import Any, Dict, Iterable, Iterator, List, Mapping, Optional, Sequence, Tuple

from ansible_collections.lvs.cluster.plugins.module_utils._problems import Problem, listed

from .checks.between import check_between
from .checks.cluster import check_cluster
from .checks.directed import unchecked_remarks
from .checks.directives import directive_remarks
from .checks.groups import check_groups, unnamed
from .checks.raw import raw_remarks
from .checks.tracking import tracking_remarks
from .facts import placed
from .members import Member, Variables, read_member
from .model.cluster import Cluster
from .parts import backends, settled_hosts
from .scripts import Files, ReadFile, no_file, with_texts
from .views.host import Plain, Views, plain

HostVars = Mapping[str, Mapping[str, Any]]
Groups = Mapping[str, str]


class BadDescription(ValueError):
    """The description has problems; its text lists all of them."""

    def __init__(self, problems: Iterable[object]) -> None:
        super().__init__("\n".join(["The description of the cluster has problems:", *map(str, problems)]))


class Inventory:
    """The hosts of an inventory, of which only those that are asked for are read."""

    def __init__(self, hostvars: HostVars, read: ReadFile) -> None:
        """read: what a file of the user's has."""
        self._hostvars = hostvars
        self._read_file = read
        self._read: Dict[str, Variables] = {}

    def __contains__(self, host: str) -> bool:
        return host in self._hostvars

    def __getitem__(self, host: str) -> Variables:
        if host not in self._read:
            raw = self._hostvars[host]
            unrendered = getattr(self._hostvars, "raw_get", self._hostvars.get)(host)
            self._read[host] = Variables(host, raw, unrendered or raw)
        return self._read[host]

    def files(self, host: str) -> Files:
        """The files that a host's variables may name."""
        folders = [self[host][name] for name in ("inventory_dir", "playbook_dir")]
        return Files(list(dict.fromkeys(filter(None, folders))), self._read_file)

    def in_groups(self, hosts: Sequence[str], groups: Iterable[str]) -> List[str]:
        """The hosts, and those of the groups, which a limit of the run leaves out."""
        known = self[hosts[0]]["groups"] if hosts else None
        return list(dict.fromkeys([*hosts, *(host for group in groups for host in (known or {}).get(group, ()))]))


class Described:
    """One cluster as its members describe it, and all that is wrong with that."""

    def __init__(self, inventory: Inventory, hosts: Sequence[str], parts: Groups) -> None:
        """hosts: those that say of themselves that they are of this cluster, at least one."""
        telling = next((host for host in hosts if inventory[host].describes), hosts[0])
        self.hosts = hosts
        self.name = inventory[telling].cluster_name
        self.problems: List[Problem] = []
        told = inventory[telling].cluster(self.problems)
        self.cluster = with_texts(told, inventory.files(telling), self.problems)
        settled = [name for name in settled_hosts(self.cluster) if name in inventory]
        around = list(dict.fromkeys([*hosts, *settled, *backends(self.cluster)]))
        variables = {name: inventory[name] for name in around if name in inventory}
        own: Dict[str, List[Problem]] = {name: [] for name in variables}
        self.members = {name: read_member(each, own[name]) for name, each in variables.items()}
        self.problems.extend(check_cluster(self.cluster, self.members))
        self._compare(told, inventory[telling], [variables[name] for name in dict.fromkeys([*hosts, *settled])])
        groups_of = {name: inventory[name]["group_names"] or () for name in settled} if parts else {}
        self.problems.extend(check_groups(self.cluster, groups_of, parts))
        own_groups = {name: inventory[name]["group_names"] or () for name in hosts} if parts else {}
        self.remarks = [*unnamed(self.cluster, own_groups, parts), *tracking_remarks(self.cluster)]
        self.remarks.extend(directive_remarks(self.cluster))
        self.remarks.extend([*raw_remarks(self.cluster), *unchecked_remarks(self.cluster)])
        for name, each in variables.items():
            own[name].extend([*each.problems, *each.unknown()])
        self.problems.extend(_of_hosts(own))

    def _compare(self, cluster: Cluster, telling: Variables, hosts: Sequence[Variables]) -> None:
        """All hosts of a cluster must describe it, and in the same way.

        What is written in the same way means the same: it is not worked out anew for each of two hundred hosts.

        cluster: as the one that tells it has written it.
        """
        silent = [each.host for each in hosts if not each.describes]
        if silent:
            reason = (
                f"nothing is described for host {listed(silent)} (is group_vars beside the inventory, and named after "
                "a group?)"
            )
            remedy = "Describe the cluster in group_vars of a group that all its hosts are in, or take them out of it"
            self.problems.append(Problem("lvs_*", None, reason, remedy))
        told, written = [cluster], [telling.written]
        for each in hosts:
            if not each.describes:
                continue
            if each.cluster_name != self.name:
                reason = f"is not {self.name}, the cluster that names this host"
                remedy = "A host is of one cluster: give it this lvs_cluster, or do not name it"
                self.problems.append(Problem(f"lvs_cluster of host {each.host}", each.cluster_name, reason, remedy))
                continue
            if each.written in written:
                continue
            written.append(each.written)
            other = each.cluster([])
            if other not in told:  # of many hosts that tell the same, one is enough
                told.append(other)
                reason = (
                    f"host {each.host} has another description than host {telling.host}, both of cluster {self.name}"
                )
                remedy = (
                    "Put it into group_vars of a group that all hosts of the cluster are in; if they are two clusters, "
                    "give each a name of its own with lvs_cluster"
                )
                self.problems.append(Problem("lvs_*", None, reason, remedy))


def _of_hosts(own: Mapping[str, Sequence[Problem]]) -> Iterator[Problem]:
    """What is wrong with the hosts' own variables: what is the same on many of them once."""
    found: Dict[str, Tuple[Problem, List[str]]] = {}
    for host, problems in own.items():
        for problem in problems:
            found.setdefault(str(problem), (problem, []))[1].append(host)
    for problem, hosts in found.values():
        yield dataclasses.replace(problem, path=f"{problem.path} of host {listed(hosts)}")


def described(
    hostvars: HostVars, host: str, read: ReadFile = no_file
) -> Tuple[Cluster, Dict[str, Member], List[Problem]]:
    """The cluster that a host's variables describe, the hosts that it is about, and all that is wrong."""
    found = Described(Inventory(hostvars, read), [host], {})
    return found.cluster, found.members, found.problems


def views(
    hostvars: HostVars, hosts: Sequence[str], groups: Optional[Groups] = None, read: ReadFile = no_file
) -> List[Dict[str, Any]]:
    """For each of the hosts its cluster, what is, or may be, wrong with that one's description, and its view.

    groups: the groups that get C(directors) and C(real_servers), where they are known. All their hosts count.
    read: what the first of some paths has that leads to a file of the user's.
    """
    inventory = Inventory(hostvars, read)
    parts = groups or {}
    of_cluster: Dict[str, List[str]] = {}
    for host in inventory.in_groups(hosts, parts.values()):
        of_cluster.setdefault(inventory[host].cluster_name, []).append(host)
    found = [Described(inventory, members, parts) for members in of_cluster.values()]
    entries: Dict[str, Dict[str, Any]] = {}
    for each in found:
        others = [(other.name, other.cluster, other.members) for other in found if other is not each]
        between = check_between(each.cluster, each.members, others)
        problems = list(dict.fromkeys(str(problem) for problem in [*each.problems, *between]))
        derived = None if problems else Views(each.cluster, each.members)
        whole = {
            "name": each.name,
            "hosts": list(each.hosts),
            "problems": problems,
            # What is refused may be what would name them.
            "remarks": [] if problems else each.remarks,
        }
        for host in each.hosts:
            entries[host] = {"host": host, "cluster": whole, "view": derived.of(host) if derived else {}}
    return [entries[host] for host in hosts]


def view(hostvars: HostVars, host: str, read: ReadFile = no_file) -> Plain:
    """What follows from the description for one host, by role, with its interface where its facts are there.

    Raises L(BadDescription) where it has problems.
    """
    cluster, members, problems = described(hostvars, host, read)
    if problems:
        raise BadDescription(problems)
    return placed(plain(Views(cluster, members).of(host)), hostvars[host].get("ansible_facts", {}))

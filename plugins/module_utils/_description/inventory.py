# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""The clusters of an inventory, from the variables that Ansible holds of its hosts (C(hostvars))."""

from __future__ import annotations

import dataclasses
from typing import Any, Dict, Iterable, Iterator, List, Mapping, Optional, Sequence, Tuple

from ansible_collections.lvs.cluster.plugins.module_utils._problems import Problem

from .checks.between import check_between
from .checks.cluster import check_cluster
from .checks.groups import check_groups, unnamed
from .members import Member, Variables, read_member
from .model.cluster import Cluster
from .parts import backends, settled_hosts
from .views import host as views_of_hosts
from .views.host import Plain, Views, plain

HostVars = Mapping[str, Mapping[str, Any]]
Facts = Mapping[str, Any]
Groups = Mapping[str, str]


class BadDescription(ValueError):
    """The description has problems; its text lists all of them."""


class Inventory:
    """The hosts of an inventory, of which only those that are asked for are read."""

    def __init__(self, hostvars: HostVars) -> None:
        self._hostvars = hostvars
        self._read: Dict[str, Variables] = {}

    def __contains__(self, host: str) -> bool:
        return host in self._hostvars

    def __getitem__(self, host: str) -> Variables:
        if host not in self._read:
            raw = self._hostvars[host]
            unrendered = getattr(self._hostvars, "raw_get", self._hostvars.get)(host)
            self._read[host] = Variables(host, raw, unrendered or raw)
        return self._read[host]

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
        self.cluster = inventory[telling].cluster(self.problems)
        settled = [name for name in settled_hosts(self.cluster) if name in inventory]
        around = list(dict.fromkeys([*hosts, *settled, *backends(self.cluster)]))
        variables = {name: inventory[name] for name in around if name in inventory}
        own: Dict[str, List[Problem]] = {name: [] for name in variables}
        self.members = {name: read_member(each, own[name]) for name, each in variables.items()}
        self.problems.extend(check_cluster(self.cluster, self.members))
        self._compare(inventory[telling], [variables[name] for name in dict.fromkeys([*hosts, *settled])])
        groups_of = {name: inventory[name]["group_names"] or () for name in settled} if parts else {}
        self.problems.extend(check_groups(self.cluster, groups_of, parts))
        own_groups = {name: inventory[name]["group_names"] or () for name in hosts} if parts else {}
        self.remarks = list(unnamed(self.cluster, own_groups, parts))
        for name, each in variables.items():
            own[name].extend([*each.problems, *each.unknown()])
        self.problems.extend(_of_hosts(own))

    def _compare(self, telling: Variables, hosts: Sequence[Variables]) -> None:
        """All hosts of a cluster must describe it, and in the same way.

        What is written in the same way means the same: it is not worked out anew for each of two hundred hosts.
        """
        silent = [each.host for each in hosts if not each.describes]
        if silent:
            reason = (
                f"nothing is described for host {_listed(silent)} (is group_vars beside the inventory, and named after "
                "a group?)"
            )
            remedy = "Describe the cluster in group_vars of a group that all its hosts are in, or take them out of it"
            self.problems.append(Problem("lvs_*", None, reason, remedy))
        told, written = [self.cluster], [telling.written]
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
        yield dataclasses.replace(problem, path=f"{problem.path} of host {_listed(hosts)}")


def _listed(hosts: Sequence[str]) -> str:
    more = f" and {len(hosts) - 3} more" if len(hosts) > 3 else ""
    return f"{', '.join(hosts[:3])}{more}"


def described(hostvars: HostVars, host: str) -> Tuple[Cluster, Dict[str, Member], List[Problem]]:
    """The cluster that a host's variables describe, the hosts that it is about, and all that is wrong."""
    found = Described(Inventory(hostvars), [host], {})
    return found.cluster, found.members, found.problems


def views(hostvars: HostVars, hosts: Sequence[str], groups: Optional[Groups] = None) -> List[Dict[str, Any]]:
    """For each of the hosts its cluster, what is, or may be, wrong with that one's description, and its view.

    groups: the groups that get C(directors) and C(real_servers), where they are known. All their hosts count.
    """
    inventory = Inventory(hostvars)
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


def view(hostvars: HostVars, host: str) -> Plain:
    """What follows from the description for one host, by role, with its interface where its facts are there.

    Raises L(BadDescription) where it has problems.
    """
    cluster, members, problems = described(hostvars, host)
    if problems:
        raise BadDescription("\n".join(str(problem) for problem in problems))
    return placed(plain(Views(cluster, members).of(host)), hostvars[host].get("ansible_facts", {}))


def placed(view_of_host: Mapping[str, Any], facts: Facts) -> Plain:
    """A view with the interface that a host's facts tell to have its address, where the description names none."""
    return views_of_hosts.placed(view_of_host, interface_of(view_of_host["host"]["address"], facts))


def compared(
    entries: Sequence[Mapping[str, Any]],
    facts: Mapping[str, Facts],
    os_families: Sequence[str],
    unseen: Mapping[str, str],
) -> List[Dict[str, Any]]:
    """What L(views) gave for some hosts, each view with its interface, together with C(findings): what keeps the host
    from being that; and C(refused): the hosts of its cluster that have findings.

    facts: by host, what was gathered.
    os_families: the families of operating systems that are known.
    unseen: by host, why nothing could be gathered.
    """
    found = []
    refused: Dict[str, List[str]] = {}
    for entry in entries:
        host, its = entry["host"], facts[entry["host"]]
        view_of_host = placed(entry["view"], its)
        if host in unseen:
            problems = [f"{host} cannot be looked at: {unseen[host]}"]
        else:
            problems = [*_system_findings(host, its, os_families), *findings(view_of_host, its)]
        found.append({**entry, "view": view_of_host, "findings": problems})
        if problems:
            refused.setdefault(entry["cluster"]["name"], []).append(host)
    return [{**each, "refused": refused.get(each["cluster"]["name"], [])} for each in found]


def _system_findings(host: str, facts: Facts, os_families: Sequence[str]) -> Iterator[str]:
    if facts["os_family"] not in os_families:
        yield f"{host} runs {facts['distribution']}; the roles know {' and '.join(os_families)}."


def findings(wanted: Mapping[str, Any], facts: Facts) -> List[str]:
    """What keeps a host from being what its view says, by its facts, a line each."""
    keepalived, host = wanted["keepalived"], wanted["host"]["name"]
    there = [str(each) for each in facts.get("interfaces", [])]
    needed = dict.fromkeys(each["interface"] for each in keepalived["vrrp_instances"])
    # Where a director's instances all name their interface, its own is nobody's concern.
    if host not in wanted["cluster"]["directors"] or host in wanted["cluster"]["real_servers"]:
        needed[wanted["realserver"]["interface"]] = None
    found = []
    if "" in needed:
        found.append(
            f"no interface of {host} has its address in the cluster's network; it has "
            f"{', '.join(facts.get('all_ipv4_addresses', [])) or 'none'}. "
            "Set lvs_address of the host to one of them, or lvs_interface to the interface that will have it."
        )
    found.extend(
        f"{host} has no interface {interface}; it has {', '.join(there)}. "
        "Set lvs_interface of the host, or interface of the VRRP instance, to one of them."
        for interface in needed
        if interface and interface not in there
    )
    for each in keepalived["vrrp_instances"]:
        if each["interface"] in there:
            found.extend(_source_finding(host, each, facts))
    daemon = (keepalived["lvs_sync_daemon"] or {}).get("interface")
    if daemon in there and not interface_addresses(facts, daemon):
        found.append(
            f"{host} has no address on {daemon}, where the sync daemon tells connections. "
            "Give it one, or write lvs_sync_daemon: false."
        )
    return found


def _source_finding(host: str, instance: Mapping[str, Any], facts: Facts) -> Iterator[str]:
    """keepalived sends from an address of the host, and does not start with one that is on no interface of it."""
    source, interface = instance["unicast_src_ip"], instance["interface"]
    owned = interface_addresses(facts, interface)
    # An address with a label of its own is not told with its interface.
    labelled = source in facts.get("all_ipv4_addresses", []) and not interface_of(source, facts)
    if source and source not in owned and not labelled:
        yield (
            f"{source}, from which {host} is to send the adverts of VRRP instance {instance['name']}, is not on its "
            f"interface {interface}, which has {', '.join(owned) or 'no IPv4 address'}. "
            f"Set lvs_addresses of the host to {{{interface}: ADDRESS}}."
        )


def interface_addresses(facts: Facts, interface: str) -> List[str]:
    """The IPv4 addresses of an interface, by the facts of its host."""
    # In the keys of its facts, and there alone, setup writes _ for -.
    details = facts.get(interface.replace("-", "_"), {})
    # The label of an address (eth0:1) is listed like an interface, but is no device.
    owned = [details.get("ipv4", {}), *details.get("ipv4_secondaries", [])] if "device" in details else []
    return [str(each["address"]) for each in owned if each.get("address")]


def interface_of(address: Optional[str], facts: Facts) -> str:
    """The interface that has an address; empty where the host's network facts do not tell."""
    having = (each for each in facts.get("interfaces", []) if address and address in interface_addresses(facts, each))
    return str(next(having, ""))

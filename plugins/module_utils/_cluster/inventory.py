# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""A host's cluster, from the variables that Ansible holds of every host (C(hostvars))."""

from __future__ import annotations

import ipaddress
from typing import Any, Dict, List, Mapping, Optional, Set, Tuple

from . import derive
from .checks import check_cluster, check_groups
from .kinds import numbered
from .model import Cluster, read_cluster
from .problems import Problem

HostVars = Mapping[str, Mapping[str, Any]]


class BadDescription(ValueError):
    """The description has problems; its text lists all of them."""


def host_address(variables: Mapping[str, Any]) -> Optional[str]:
    """The address of a host in the cluster's network: C(lvs_address), else C(ansible_host) if that is an address."""
    given = variables.get("lvs_address", variables.get("ansible_host"))
    try:
        return str(ipaddress.IPv4Address(str(given)))
    except ValueError:
        return None


def host_interface(variables: Mapping[str, Any]) -> str:
    """The interface of a host in the cluster's network: C(lvs_interface), else the one that has its address.

    Empty where the host's network facts do not tell.
    """
    if variables.get("lvs_interface"):
        return str(variables["lvs_interface"])
    facts = variables.get("ansible_facts", {})
    address = host_address(variables)
    for interface in facts.get("interfaces", []):
        # In the keys of its facts, and there alone, setup writes _ for -.
        details = facts.get(interface.replace("-", "_"), {})
        owned = [details.get("ipv4", {}), *details.get("ipv4_secondaries", [])]
        # The label of an address (eth0:1) is listed like an interface, but is no device.
        if address and "device" in details and address in [each.get("address") for each in owned]:
            return str(interface)
    return ""


def named_hosts(cluster: Cluster) -> Set[str]:
    """The directors and real servers that a description names."""
    names = {name for _place, each in numbered(cluster.lvs_vrrp_instances) for _p, name in numbered(each.directors)}
    for _place, service in numbered(cluster.lvs_virtual_servers):
        servers = [server for _p, server in numbered(service.real_servers)]
        names.update(server.host for server in [*servers, service.sorry_server] if server and server.host)
    return names


def described(hostvars: HostVars, host: str) -> Tuple[Cluster, Dict[str, Optional[str]], List[Problem]]:
    """The cluster that a host's variables describe, the address of every host, and all that is wrong."""
    hosts = {name: host_address(hostvars[name]) for name in hostvars}
    problems: List[Problem] = []
    cluster = read_cluster(hostvars[host], problems)
    problems.extend(check_cluster(cluster, hosts))
    for name in sorted(named_hosts(cluster)):
        if name in hosts and read_cluster(hostvars[name], []) != cluster:
            remedy = "Put it into group_vars of a group that all hosts of the cluster are in"
            problems.append(Problem("lvs_*", None, f"host {name} has another description than host {host}", remedy))
    return cluster, hosts, problems


def problems_of(hostvars: HostVars, host: str, groups: Optional[Mapping[str, str]] = None) -> List[str]:
    """What is wrong with the description, a line each; empty where nothing is.

    groups: the groups that get C(directors) and C(real_servers), where they are known.
    """
    cluster, _hosts, problems = described(hostvars, host)
    groups_of = {name: hostvars[name].get("group_names", ()) for name in hostvars}
    return [str(problem) for problem in [*problems, *check_groups(cluster, groups_of, groups or {})]]


def view(hostvars: HostVars, host: str) -> Dict[str, derive.View]:
    """What follows from the description for one host, by role.

    Raises L(BadDescription) where it has problems.
    """
    cluster, hosts, problems = described(hostvars, host)
    if problems:
        raise BadDescription("\n".join(str(problem) for problem in problems))
    addresses = {name: address for name, address in hosts.items() if address}
    interface = host_interface(hostvars[host])
    return {
        "cluster": {"name": "lvs"},
        "keepalived": derive.keepalived_view(cluster, host, addresses, interface),
        "director": derive.director_view(cluster, host),
        "realserver": derive.realserver_view(cluster, host, interface),
        "nginx": derive.nginx_view(cluster, host, addresses),
    }

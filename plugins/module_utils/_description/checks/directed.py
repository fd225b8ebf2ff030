# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""What must hold for services that no VRRP instance carries, and for the hosts that direct them without keepalived."""

from __future__ import annotations

from typing import Iterator, Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._description.kinds import numbered, options
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.cluster import Cluster
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.services import VirtualServer, Watched
from ansible_collections.lvs.cluster.plugins.module_utils._description.parts import (
    holders_of,
    vrrp_hosts,
    with_keepalived,
)
from ansible_collections.lvs.cluster.plugins.module_utils._problems import Problem, listed

from .servers import check_host, check_machines
from .tables import first
from .whole import Whole

# What only one that checks its servers does, or only keepalived.
OF_KEEPALIVED = (
    "check",
    "delay_loop",
    "connect_timeout",
    "retry",
    "delay_before_retry",
    "warmup",
    "virtualhost",
    "sorry_server",
    "sorry_server_inhibit",
    "inhibit_on_failure",
    "ha_suspend",
    "alpha",
    "omega",
    "smtp_alert",
    "quorum_up",
    "quorum_down",
    "quorum",
    "hysteresis",
    "raw",
)
OF_SERVERS = ("check", *options(Watched), "inhibit_on_failure", "raw")
# How a host has the address.
PLACING = ("interface", "label")


def check_directed(
    service: VirtualServer, path: str, earlier: Sequence[VirtualServer], whole: Whole
) -> Iterator[Problem]:
    instance = whole.carrier(service)
    if service.hosts is None:
        return
    if service.hosts and instance:
        floating, *_others = (each for each in service.addresses if each in whole.floating)
        reason = f"are told for {floating}, which floats with instance {instance.name} over hosts of its own"
        yield Problem(f"{path}.hosts", None, reason, "Remove hosts, or take the address out of the instance")
        return
    kept = with_keepalived(service, whole.instances)
    yield from _check_placing(service, path, kept)
    if not service.hosts:
        return
    yield from _check_hosts(service, path, whole)
    if not kept:
        yield from _check_unchecked(service, path)
    for socket in service.sockets:
        if socket.address in whole.owners:
            reason = f"is already the address of host {whole.owners[socket.address]}, and "
            reason += (
                "real servers get it too" if set(holders_of(service)) else "that of a service comes and goes with it"
            )
            yield Problem(f"{path}.{socket.path}", socket.address, reason, "Choose an address that no host has")
    same = (each for each in earlier if set(each.addresses) & set(service.addresses))
    for other in first(same):
        yield from _check_alike(service, other, path)


def _check_hosts(service: VirtualServer, path: str, whole: Whole) -> Iterator[Problem]:
    named = [(f"{path}.hosts[{index}]", host) for index, host in numbered(service.hosts)]
    for here, host in named:
        yield from check_host(host, here, whole.hosts)
        if host in whole.instances and not with_keepalived(service, whole.instances):
            reason = f"is a host of instance {whole.instances[host].name}, whose keepalived owns its IPVS table"
            given = listed(service.addresses)
            remedy = f"Give {given} to an instance, or name hosts that all have one, or none of which has"
            yield Problem(here, host, reason, remedy)
    yield from check_machines(named, whole.hosts)


def _check_unchecked(service: VirtualServer, path: str) -> Iterator[Problem]:
    known = options(VirtualServer)
    told = [(name, getattr(service, name)) for name in OF_KEEPALIVED]
    found = [(name, value) for name, value in told if value is not None and value != known[name].default]
    own = [
        (f"real_servers[{index}].{name}", getattr(each, name))
        for index, each in numbered(service.real_servers)
        for name in OF_SERVERS
    ]
    for name, value in [*found, *(each for each in own if each[1] not in (None, (), ""))]:
        shown = value if isinstance(value, (bool, int, float)) else None
        reason = "is for keepalived, and no keepalived runs on hosts: nothing there checks a real server"
        remedy = "Remove it, or have an instance carry the address instead of hosts"
        yield Problem(f"{path}.{name}", shown, reason, remedy)


def _check_alike(service: VirtualServer, other: VirtualServer, path: str) -> Iterator[Problem]:
    """What is told of an address with each of its services."""
    for name in ("hosts", *PLACING):
        mine, theirs = getattr(service, name), getattr(other, name)
        if mine != theirs and None not in (mine, theirs):
            reason = f"is not that of virtual server {other.name}, which has the same address"
            told = theirs if isinstance(theirs, str) else listed(theirs)
            yield Problem(f"{path}.{name}", None, reason, f"Write the same for both: {told or 'nothing'}")


def _check_placing(service: VirtualServer, path: str, kept: bool) -> Iterator[Problem]:
    """How a host has an address that it does not get.

    kept: whether its hosts have keepalived, which gives them none.
    """
    if kept:
        for name in PLACING:
            if getattr(service, name):
                reason = "is for an address that a host without keepalived gets"
                remedy = "Remove it; lvs_static_ipaddress gives an address to hosts of instances"
                yield Problem(f"{path}.{name}", getattr(service, name), reason, remedy)
        return
    if len(service.hosts) == 1:
        if service.label and service.family == "ipv6":
            yield Problem(f"{path}.label", service.label, "is nothing that an IPv6 address has", "Remove it")
        elif service.interface and service.label and not service.label.startswith(f"{service.interface}:"):
            remedy = f"Write {service.interface}:WORD"
            yield Problem(f"{path}.label", service.label, f"is no label of {service.interface}", remedy)
        return
    for name in PLACING:
        if getattr(service, name):
            reason = "is for an address that one host gets, and "
            reason += "who has that of several is somebody else's matter" if service.hosts else "hosts names none"
            yield Problem(f"{path}.{name}", getattr(service, name), reason, "Remove it, or write hosts: [HOST]")


def unchecked_remarks(cluster: Cluster) -> Iterator[str]:
    """A line for what nobody watches, so that a run tells it."""
    having = vrrp_hosts(cluster)
    told = [each for _index, each in numbered(cluster.lvs_virtual_servers) if each.hosts]
    names = [each.name for each in told if each.name and not with_keepalived(each, having)]
    if names:
        yield (
            f"nothing checks the real servers of {listed(names)}, which hosts direct "
            "without keepalived: one that is down goes on to get its share of the requests. Take it out with "
            "lvs.cluster.ipvs_drain, or have an instance of lvs_vrrp_instances carry the address."
        )

# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""What must hold between what hosts have whoever is master, and the rest of a description."""

from __future__ import annotations

import ipaddress
from typing import Any, Iterator, Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._description.kinds import numbered
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.cluster import Cluster
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.vrrp import Route, Rule, VirtualAddress
from ansible_collections.lvs.cluster.plugins.module_utils._description.parts import vrrp_hosts
from ansible_collections.lvs.cluster.plugins.module_utils._net import TITLES, family_of, is_of_link
from ansible_collections.lvs.cluster.plugins.module_utils._problems import Problem

from .tables import entries
from .whole import Whole

# RFC 3021: a network of fewer addresses has no broadcast address.
LONGEST_WITH_BROADCAST = 30


def check_static(cluster: Cluster, whole: Whole) -> Iterator[Problem]:
    having = vrrp_hosts(cluster)
    for path, each, _earlier in entries(cluster.lvs_static_ipaddress, "lvs_static_ipaddress"):
        address = (each.address or "").split("/")[0]
        yield from _check_director(each.host, f"{path}.host", having)
        if each.address:
            yield from check_placed(each, path)
        if each.dev == "":
            yield Problem(f"{path}.dev", None, "is missing", "Write dev: INTERFACE")
        if address in whole.floating:
            reason = f"floats with instance {whole.floating[address][0].name}"
            yield Problem(f"{path}.address", each.address, reason, "Choose an address that no host has")
    for table in ("lvs_static_routes", "lvs_static_rules"):
        for path, each, _earlier in entries(getattr(cluster, table), table):
            for index, host in numbered(each.hosts):
                yield from _check_director(host, f"{path}.hosts[{index}]", having)
    for path, route, _earlier in entries(cluster.lvs_static_routes, "lvs_static_routes"):
        yield from check_route(route, path)
    for path, rule, _earlier in entries(cluster.lvs_static_rules, "lvs_static_rules"):
        yield from check_rule(rule, path)


def check_placed(entry: VirtualAddress, path: str) -> Iterator[Problem]:
    """What an address may have on its interface."""
    is_ipv6 = family_of(entry.address) == "ipv6"
    for name in ("brd", "label") if is_ipv6 else ():
        if getattr(entry, name):
            yield Problem(f"{path}.{name}", getattr(entry, name), "is nothing that an IPv6 address has", "Remove it")
    if entry.brd and not is_ipv6 and ipaddress.ip_interface(entry.address).network.prefixlen > LONGEST_WITH_BROADCAST:
        reason = f"is for a network of several addresses, and {entry.address} is none"
        yield Problem(f"{path}.brd", entry.brd, reason, "Remove it, or write the prefix length of a network")


def _check_director(host: str, path: str, having: Sequence[str]) -> Iterator[Problem]:
    if host is not None and host not in having:
        yield Problem(
            path, host, "is in no VRRP instance, so it has no keepalived", "Name a host of lvs_vrrp_instances"
        )


def check_rule(rule: Rule, path: str) -> Iterator[Problem]:
    yield from _check_one_family(rule, path, ("from_", "to"))


def _check_one_family(entry: Any, path: str, names: Sequence[str]) -> Iterator[Problem]:
    """A route, or a rule, is of one family."""
    told = [(name.rstrip("_"), getattr(entry, name)) for name in names]
    held = [(name, value, family_of(value)) for name, value in told if value and value != "default"]
    for name, value, family in held:
        if family != held[0][2]:
            reason = f"is not of {TITLES[held[0][2]]}, as {held[0][0]} is"
            yield Problem(f"{path}.{name}", value, reason, "Write both of one family")
            break


def check_route(route: Route, path: str) -> Iterator[Problem]:
    yield from _check_one_family(route, path, ("to", "via", "src"))
    if route.dev == "" and route.via and is_of_link(route.via):
        reason = f"is missing: {route.via} is of one link, which each interface has anew"
        yield Problem(f"{path}.dev", None, reason, "Write dev: INTERFACE")
    elif route.dev == "" and (route.via == "" or route.no_track is False):
        reason = "is missing: keepalived watches the routes of an interface"
        yield Problem(f"{path}.dev", None, reason, "Write dev: INTERFACE, or with via also no_track: true")

# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""What a host tells of its system and its network, as facts by the names that M(ansible.builtin.setup) has for them."""

from __future__ import annotations

import ipaddress
import json
import shlex
from typing import Any, Dict, Iterator, List, Mapping, Sequence, Tuple

# By ID or ID_LIKE of os-release(5), what setup calls the family.
FAMILIES = {"debian": "Debian", "ubuntu": "Debian", "rhel": "RedHat", "fedora": "RedHat", "centos": "RedHat"}
# With which an interface begins that keepalived makes, and that comes and goes with its addresses, RFC 9568 7.3.
VRRP_MACS = ("00:00:5e:00:01:", "00:00:5e:00:02:")
# The device that takes out what comes in any tunnel of IP in IP, linux/net/ipv4/ipip.c.
TUNNEL = "tunl0"
# What is before the data of a segment, in bytes.
IP_AND_TCP = 40


def system(os_release: str) -> Dict[str, str]:
    """The distribution, and the family that it is of; of one that is not known here, its own ID."""
    told: Dict[str, str] = {}
    for line in os_release.splitlines():
        name, is_assignment, value = line.partition("=")
        if is_assignment and not name.startswith("#"):
            told[name.strip()] = "".join(shlex.split(value))
    own = told.get("ID", "linux")
    kin = [own, *told.get("ID_LIKE", "").split()]
    family = next((FAMILIES[each] for each in kin if each in FAMILIES), own)
    return {"os_family": family, "distribution": told.get("NAME", own)}


def network(addresses: str, ways_out: Mapping[str, str], routes: Sequence[str]) -> Dict[str, Any]:
    """Interfaces with their addresses, and the ways to other networks.

    addresses: as C(ip -json -details address show).
    ways_out: by family, as C(ip -json route get) of an address elsewhere; empty for no way.
    routes: of each family, as C(ip -json route show table all); none where nobody asked.
    """
    links: List[Dict[str, Any]] = json.loads(addresses)
    facts: Dict[str, Any] = {"interfaces": [], "lvs_cards": [], "all_ipv4_addresses": [], "all_ipv6_addresses": []}
    facts["lvs_tunnel_up"] = any(link["ifname"] == TUNNEL and "UP" in link.get("flags", []) for link in links)
    for link in links:
        name = link["ifname"]
        told = [each for each in link.get("addr_info", []) if "local" in each]
        held = [_address(each) for each in told if each["family"] == "inet"]
        held6 = [_address6(each) for each in told if each["family"] == "inet6"]
        details: Dict[str, Any] = {"device": name, "mtu": link["mtu"]}
        if held:
            details["ipv4"], *others = held
            if others:
                details["ipv4_secondaries"] = others
        if held6:
            details["ipv6"] = held6
        facts["interfaces"].append(name)
        # What comes to a dummy device comes in by another one. An address of its link each card has by itself.
        is_card = name not in ("lo", TUNNEL) and link.get("linkinfo", {}).get("info_kind") != "dummy"
        own = held or [each for each in held6 if each["scope"] != "link"]
        if own and is_card and not link.get("address", "").startswith(VRRP_MACS):
            facts["lvs_cards"].append(name)
        # As in setup's, and in keys alone.
        facts[name.replace("-", "_")] = details
        facts["all_ipv4_addresses"] += [each["address"] for each in held if not _is_loopback(each["address"])]
        facts["all_ipv6_addresses"] += [each["address"] for each in held6 if not _is_loopback(each["address"])]
    for family in ("ipv4", "ipv6"):
        way = dict(*json.loads(ways_out.get(family) or "[{}]"))
        names = {"dev": "interface", "gateway": "gateway", "prefsrc": "address"}
        facts[f"default_{family}"] = {fact: way[key] for key, fact in names.items() if key in way}
        if family == "ipv4":
            facts["lvs_advmss"] = _advmss(way)
    if routes:
        facts["lvs_gateways"] = _gateways(routes)
    return facts


def _advmss(route: Mapping[str, Any]) -> int:
    """The size of segments that a route has others send; 0 if it has a say in it by neither metric."""
    metrics: Dict[str, int] = {name: value for each in route.get("metrics", []) for name, value in each.items()}
    # As the kernel works it out, ipv4_default_advmss of linux/net/ipv4/route.c.
    return metrics.get("advmss", max(metrics.get("mtu", 0) - IP_AND_TCP, 0))


def _gateways(routes: Sequence[str]) -> Dict[str, List[str]]:
    """By gateway, where routes by it lead."""
    found: Dict[str, List[str]] = {}
    for each in routes:
        for gateway, destination in _ways(json.loads(each or "[]")):
            found.setdefault(gateway, []).append(destination)
    return found


def _ways(routes: List[Dict[str, Any]]) -> Iterator[Tuple[str, str]]:
    """Gateways, each with where a route by it leads; a route may have several."""
    for route in routes:
        for hop in (route, *route.get("nexthops", [])):
            if "gateway" in hop:
                yield hop["gateway"], route["dst"]


def _address(told: Dict[str, Any]) -> Dict[str, str]:
    interface = ipaddress.IPv4Interface(f"{told['local']}/{told['prefixlen']}")
    return {
        "address": str(interface.ip),
        "prefix": str(told["prefixlen"]),
        "netmask": str(interface.netmask),
        "network": str(interface.network.network_address),
    }


def _address6(told: Dict[str, Any]) -> Dict[str, str]:
    return {"address": told["local"], "prefix": str(told["prefixlen"]), "scope": told["scope"]}


def _is_loopback(address: str) -> bool:
    return ipaddress.ip_address(address).is_loopback

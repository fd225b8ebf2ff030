# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""What the facts of hosts (M(ansible.builtin.setup)) say to what is described for them."""

from __future__ import annotations

from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence

from . import derive

Facts = Mapping[str, Any]


def placed(view_of_host: Mapping[str, derive.View], facts: Facts) -> Dict[str, derive.View]:
    """A view with the interface that a host's facts tell to have its address, where the description names none."""
    return derive.placed(view_of_host, interface_of(view_of_host["host"]["address"], facts))


def compared(
    entries: Sequence[Mapping[str, Any]],
    facts: Mapping[str, Facts],
    os_families: Sequence[str],
    unseen: Mapping[str, str],
) -> List[Dict[str, Any]]:
    """What L(inventory.views) gave for some hosts, each view with its interface, together with C(findings): what keeps the host
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


def findings(wanted: Mapping[str, derive.View], facts: Facts) -> List[str]:
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
    daemon = keepalived["lvs_sync_daemon"].get("interface")
    if daemon in there and not interface_addresses(facts, daemon):
        found.append(
            f"{host} has no address on {daemon}, where the sync daemon tells connections. "
            "Give it one, or write lvs_sync_daemon: false."
        )
    return found


def _source_finding(host: str, instance: derive.View, facts: Facts) -> Iterator[str]:
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

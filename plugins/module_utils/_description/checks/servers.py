# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""What holds for the hosts and the servers that a description names, in whichever table."""

from __future__ import annotations

import ipaddress
from typing import Dict, Iterator, Mapping, Optional, Sequence, Tuple

from ansible_collections.lvs.cluster.plugins.module_utils._description.members import Member
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.servers import Server
from ansible_collections.lvs.cluster.plugins.module_utils._net import TITLES, family_of
from ansible_collections.lvs.cluster.plugins.module_utils._problems import Problem

# The hosts that are named and that the inventory has.
Hosts = Mapping[str, Member]


def check_host(name: Optional[str], path: str, hosts: Hosts, family: str = "") -> Iterator[Problem]:
    """family: of which it must have an address; empty for either."""
    if name and name not in hosts:
        yield Problem(path, name, "is not a host of the inventory", "Add the host, or mend the name")
    elif name and not hosts[name].refused and (family not in hosts[name].own if family else not hosts[name].own):
        title = f"{TITLES[family]} " if family and hosts[name].own else ""
        reason = f"is a host without an {title}address"
        remedy = f"Set lvs_address (or ansible_host) of that host to its {title}address in the cluster's network"
        if title:
            remedy += f", beside {hosts[name].address} in a list"
        yield Problem(path, name, reason, remedy)


def check_server(server: Server, path: str, hosts: Hosts, family: str = "") -> Iterator[Problem]:
    """family: that of its service; empty for one that may have either."""
    if server.host and server.address:
        yield Problem(path, server.host, "has its address in the inventory", "Remove host, or address")
    if server.host == "" and server.address == "":
        yield Problem(path, None, "names no server", "Write host: NAME or address: 192.0.2.10")
    if server.address and family and family_of(server.address) != family:
        reason = f"is not of {TITLES[family]}, as its service is: neither DR nor NAT turns one into the other"
        yield Problem(f"{path}.address", server.address, reason, f"Write its {TITLES[family]} address")
    if server.host and server.host not in hosts and _is_address(server.host):
        remedy = f"Write {{address: {server.host}}} for a server outside the inventory"
        yield Problem(path, server.host, "is not a host of the inventory", remedy)
    else:
        yield from check_host(server.host, path, hosts, family)


def _is_address(text: str) -> bool:
    try:
        return bool(ipaddress.ip_address(text))
    except ValueError:
        return False


def check_machines(named: Sequence[Tuple[str, str]], hosts: Hosts) -> Iterator[Problem]:
    """Every machine that a list names twice.

    named: each path of the list, with the host or the address that stands there.
    """
    seen: Dict[str, str] = {}
    for path, name in named:
        own = (hosts[name].telling if name in hosts else []) or [name]
        first = next((seen[each] for each in own if each in seen), None)
        if first == name:
            yield Problem(path, name, "is listed twice", "Remove one, and give the other the weight of both")
        elif first:
            reason = (
                f"is the same machine as {first}, by its address {' and '.join(each for each in own if each in seen)}"
            )
            yield Problem(path, name, reason, "Name the machine once, or give each an address of its own")
        seen.update(dict.fromkeys(own, name))


def address_of(server: Optional[Server], hosts: Hosts, family: str = "") -> Optional[str]:
    """The address of a server. Servers are compared by it, as one machine may have several names.

    family: that of its service; empty where it may have either.
    """
    if server and server.host in hosts:
        member = hosts[server.host]
        return member.own.get(family) if family else member.address
    return (server and server.address) or None

# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""The networks of VRRP instances, as far as a description tells them."""

from __future__ import annotations

import ipaddress
from typing import List, Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._description.kinds import numbered
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.vrrp import VrrpInstance

from .servers import Hosts


def told_networks(instance: VrrpInstance) -> List[ipaddress.IPv4Network]:
    """The network of each floating address. That of a /32 is the address alone."""
    return [ipaddress.IPv4Interface(each.address).network for _path, each in instance.floating]


def networks(instance: VrrpInstance, hosts: Hosts) -> List[ipaddress.IPv4Network]:
    """The networks in which an instance sends its adverts, as far as a description tells.

    A host's address is described without a prefix length: 24, the usual one, is assumed.
    """
    sources = [hosts[host].source(instance) for _index, host in numbered(instance.hosts) if host in hosts]
    usual = [ipaddress.IPv4Network(f"{source}/24", strict=False) for source in sources if source]
    return [*usual, *(each for each in told_networks(instance) if each.prefixlen < each.max_prefixlen)]


def near(one: Sequence[ipaddress.IPv4Network], other: Sequence[ipaddress.IPv4Network]) -> bool:
    """Whether any network of the one overlaps any of the other."""
    return any(mine.overlaps(theirs) for mine in one for theirs in other)

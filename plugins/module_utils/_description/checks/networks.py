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
from ansible_collections.lvs.cluster.plugins.module_utils._net import IpNetwork, family_of, overlap

from .servers import Hosts

# Of a network whose prefix length nobody tells.
USUAL_LENGTHS = {"ipv4": 24, "ipv6": 64}


def told_networks(instance: VrrpInstance) -> List[IpNetwork]:
    """The network of each floating address. That of a /32 or a /128 is the address alone."""
    return [ipaddress.ip_interface(each.address).network for _path, each in instance.floating]


def networks(instance: VrrpInstance, hosts: Hosts) -> List[IpNetwork]:
    """The networks in which an instance sends its adverts, as far as a description tells: of one family.

    A host's address is described without a prefix length: the usual one is assumed.
    """
    family = instance.family
    sources = [hosts[host].source(instance) for _index, host in numbered(instance.hosts) if host in hosts]
    usual = [ipaddress.ip_network(f"{each}/{USUAL_LENGTHS[family]}", strict=False) for each in sources if each]
    told = [each for each in told_networks(instance) if family_of(str(each)) == family]
    return [*usual, *(each for each in told if each.prefixlen < each.max_prefixlen)]


def near(one: Sequence[IpNetwork], other: Sequence[IpNetwork]) -> bool:
    """Whether any network of the one overlaps any of the other."""
    return any(overlap(mine, theirs) for mine in one for theirs in other)

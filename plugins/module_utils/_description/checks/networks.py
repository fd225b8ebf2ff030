# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""The networks of VRRP instances, as far as a description tells them."""

from __future__ import annotations

import ipaddress
from typing import List, Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._description.kinds import numbered
from ansible_collections.lvs.cluster.plugins.module_utils._description.model import VrrpInstance

from .servers import Hosts


def told_networks(instance: VrrpInstance) -> List[ipaddress.IPv4Network]:
    """The network of each floating address: by its prefix length, which may be 32."""
    return [ipaddress.IPv4Interface(cidr).network for _index, cidr in numbered(instance.virtual_ipaddress)]


def networks(instance: VrrpInstance, hosts: Hosts) -> List[ipaddress.IPv4Network]:
    """The networks that an instance speaks in, as far as a description tells.

    Of a host's address it does not tell the prefix length: 24 is the usual one. A floating address may have one.
    """
    sources = [hosts[host].source(instance) for _index, host in numbered(instance.hosts) if host in hosts]
    usual = [ipaddress.IPv4Network(f"{source}/24", strict=False) for source in sources if source]
    return [*usual, *(each for each in told_networks(instance) if each.prefixlen < each.max_prefixlen)]


def near(one: Sequence[ipaddress.IPv4Network], other: Sequence[ipaddress.IPv4Network]) -> bool:
    return any(mine.overlaps(theirs) for mine in one for theirs in other)

# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""Inventory variables of one host, not of its cluster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Mapping, Optional

from ansible_collections.lvs.cluster.plugins.module_utils._description.kinds import (
    ADDRESSES,
    BOOLEAN,
    INTERFACE,
    mapping_of,
    option,
)


@dataclass(frozen=True)
class HostVariables:
    """Inventory variables of one host, not of the cluster."""

    lvs_address: Optional[Mapping[str, str]] = option(
        ADDRESSES,
        "the host's address in the cluster's network, if that is not its C(ansible_host); that one stands for the "
        "family that is not named here, unless a list names all",
        default=None,
    )
    lvs_interface: str = option(
        INTERFACE, "the host's interface in that network, if that is not the one that has this address", default=""
    )
    lvs_addresses: Optional[Mapping[str, Mapping[str, str]]] = option(
        mapping_of(ADDRESSES, "interface", INTERFACE),
        "of a host in several networks: its addresses by interface, as C({eth1: 198.51.100.11})",
        default=None,
    )
    lvs_set_gateway: bool = option(
        BOOLEAN,
        "whether a real server that gets packets by C(lb_kind: NAT) is made to answer by its director, whatever its "
        "default route (docs/nat.md)",
        default=False,
    )

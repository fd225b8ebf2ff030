# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""What a real server holds on its loopback."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, Iterable, Mapping, Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._description.model.services import VirtualServer


@dataclass(frozen=True)
class HeldAddress:
    """A virtual address, and the label that people know it by."""

    address: str
    label: str


@dataclass(frozen=True)
class RealServer:
    """interface: that of the cluster's network, empty where the description names none."""

    interface: str
    vips: Sequence[HeldAddress]


def label_places(services: Iterable[VirtualServer]) -> Dict[str, int]:
    """The number of each address's label: its place in the description, so that it is the same on every host."""
    places: Dict[str, int] = {}
    for address in (each for service in services for each in service.addresses):
        places.setdefault(address, len(places))
    return places


def realserver_view(interface: str, served: Iterable[VirtualServer], places: Mapping[str, int]) -> RealServer:
    """served: the services whose packets the host accepts."""
    held = {address for service in served for address in service.addresses}
    return RealServer(interface, [HeldAddress(each, f"lo:{place}") for each, place in places.items() if each in held])

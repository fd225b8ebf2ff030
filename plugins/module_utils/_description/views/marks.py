# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""Which packets a director marks, so that services with a fwmark get them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Mapping, Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._description.model.services import VirtualServer


@dataclass(frozen=True)
class Mark:
    """Packets that get a mark, as M(lvs.cluster.fwmarks) takes them."""

    fwmark: int
    protocol: str
    address: str
    port: int


@dataclass(frozen=True)
class Marking:
    """All of them, and on which interfaces they come in; one that is empty is the host's own."""

    marks: Sequence[Mark]
    interfaces: Sequence[str]


def marking_view(interface: str, directed: Sequence[VirtualServer], carriers: Mapping[str, str]) -> Marking:
    """directed: the services that the host directs; interface: its own.

    carriers: by floating address, the interface that it or its instance names.
    """
    found = [(each, each.fwmark, socket) for each in directed if each.fwmark for socket in each.sockets]
    coming = (carriers.get(socket.address) or each.interface or interface for each, _mark, socket in found)
    return Marking(
        marks=[Mark(mark, socket.protocol.lower(), socket.address, socket.port) for _each, mark, socket in found],
        interfaces=list(dict.fromkeys(coming)),
    )

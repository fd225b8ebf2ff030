# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""What a director's kernel needs besides the table that keepalived writes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterable, Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._description.model.services import VirtualServer


@dataclass(frozen=True)
class Director:
    """The kernel modules of IPVS and of the schedulers in use."""

    modules: Sequence[str]


def director_view(services: Iterable[VirtualServer]) -> Director:
    """services: those that the host directs."""
    return Director(["ip_vs", *sorted({f"ip_vs_{each.lb_algo}" for each in services})])

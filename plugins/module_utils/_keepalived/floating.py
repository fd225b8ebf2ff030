# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""Which addresses a keepalived.conf lets float, to tell whether a change moves any."""

from __future__ import annotations

import re
from typing import FrozenSet, Set, Tuple

BLOCK = re.compile(r"virtual_router_id\s+(\d+)|virtual_ipaddress\s*\{([^}]*)\}")


def floating(content: str) -> FrozenSet[Tuple[str, str]]:
    """Pairs of virtual_router_id and address, of a configuration as the role writes it."""
    pairs: Set[Tuple[str, str]] = set()
    router_id = ""
    for found in BLOCK.finditer(content):
        router_id = found[1] or router_id
        pairs.update((router_id, line.strip()) for line in (found[2] or "").splitlines() if line.strip())
    return frozenset(pairs)

# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""What the directors of a VRRP instance must agree on, to tell whether a change needs all of them."""

from __future__ import annotations

import re
from typing import FrozenSet, Set, Tuple

INSTANCE = re.compile(r"^vrrp_instance .*?^}", re.DOTALL | re.MULTILINE)
# A director drops adverts that differ in one of these, and makes itself master.
TERM = re.compile(r"^\s*(version|advert_int|auth_pass|unicast_peer|[0-9.]+/[0-9]+)\b(.*)", re.MULTILINE)
ROUTER_ID = re.compile(r"virtual_router_id\s+(\d+)")


def shared_terms(content: str) -> FrozenSet[Tuple[str, str, str]]:
    """Triples of virtual_router_id, term and value, of a configuration as the role writes it."""
    terms: Set[Tuple[str, str, str]] = set()
    for block in INSTANCE.findall(content):
        found = ROUTER_ID.search(block)
        router_id = found[1] if found else ""
        terms.update((router_id, term, value.strip()) for term, value in TERM.findall(block))
    return frozenset(terms)

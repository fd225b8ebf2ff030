# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""Groups of addresses (C(virtual_server_group)) that a running keepalived has, and is told to extend."""

from __future__ import annotations

from typing import Dict, FrozenSet, List, Tuple

from .grammar import Tree

# Seen of 2.3.3 and 2.3.4; 2.2.7 has not the line (ipvswrapper.c: ipvs_group_sync_entry()).
DIES_SINCE = "2.2.8"


def that_it_dies_of(before: Tree, after: Tree) -> List[str]:
    """The groups that get another address or port, and whose service has no sorry server.

    While it reads that, it looks at the sorry server without asking whether there is one.
    """
    had, wanted = _sockets(before), _sockets(after)
    safe = {
        top.words[2]
        for top in after.statements
        if top.words[:2] == ("virtual_server", "group")
        and any(each.keyword == "sorry_server" for each in top.block or ())
    }
    return [name for name, sockets in wanted.items() if name in had and sockets - had[name] and name not in safe]


def _sockets(tree: Tree) -> Dict[str, FrozenSet[Tuple[str, ...]]]:
    return {
        top.words[1]: frozenset(each.words for each in top.block or ())
        for top in tree.statements
        if top.keyword == "virtual_server_group" and len(top.words) > 1
    }

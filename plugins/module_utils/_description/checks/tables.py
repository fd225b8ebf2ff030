# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""What holds for the entries of every table of a description."""

from __future__ import annotations

import itertools
from typing import Any, Iterator, List, Optional, Sequence, Tuple, TypeVar

from ansible_collections.lvs.cluster.plugins.module_utils._description.kinds import numbered
from ansible_collections.lvs.cluster.plugins.module_utils._problems import Problem

T = TypeVar("T")


def entries(held: Optional[Sequence[Any]], name: str) -> Iterator[Tuple[str, Any, List[Any]]]:
    """Each entry of a table, with its path and the entries before it."""
    earlier: List[Any] = []
    for index, entry in numbered(held):
        yield f"{name}[{index}]", entry, list(earlier)
        earlier.append(entry)


def first(found: Iterator[T]) -> Iterator[T]:
    """At most one of them: an entry that clashes with several earlier ones is one problem."""
    return itertools.islice(found, 1)


def check_name(entry: Any, path: str, earlier: Sequence[Any]) -> Iterator[Problem]:
    if entry.name is not None and entry.name in [each.name for each in earlier]:
        yield Problem(f"{path}.name", entry.name, "is the name of an earlier entry too", "Give each a name of its own")

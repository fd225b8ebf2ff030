# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""What holds for the lines of keepalived.conf that a description gives as they are."""

from __future__ import annotations

from typing import Any, Dict, Iterator, Type

from ansible_collections.lvs.cluster.plugins.module_utils._description.kinds import given, options, tables_in
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.cluster import Cluster
from ansible_collections.lvs.cluster.plugins.module_utils._description.parts import keepalived_entries
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.grammar import parse
from ansible_collections.lvs.cluster.plugins.module_utils._problems import Problem


def check_raw(cluster: Cluster) -> Iterator[Problem]:
    """Every line that says what an option says: keepalived would take one of the two, and which is hard to tell."""
    for start, entry in keepalived_entries(cluster):
        for path, each in tables_in(entry, start):
            lines = list(filter(None, getattr(each, "raw", None) or ()))
            known = _known(type(each)) if lines else {}
            for statement in parse("\n".join(lines)).statements:
                if statement.keyword in known:
                    reason = f"follows from {known[statement.keyword]}"
                    yield Problem(f"{path}.raw", statement.keyword, reason, "Remove the line")


def _known(table: Type[Any]) -> Dict[str, str]:
    """The keywords of a block that are no matter of raw lines, and what they follow from."""
    known: Dict[str, str] = dict(getattr(table, "DERIVED", {}))
    for name, field in options(table).items():
        keywords = (field.metadata["keyword"] or name, field.metadata["off"])
        known.update(dict.fromkeys(filter(None, keywords), f"the option {name}"))
    return known


def raw_remarks(cluster: Cluster) -> Iterator[str]:
    """A line for each list of raw lines, so that a run tells what nobody but keepalived has checked."""
    for start, entry in keepalived_entries(cluster):
        for path, value, field in given(entry, start):
            if field.name == "raw":
                yield f"{path} goes into keepalived.conf as it is: {'; '.join(map(str.strip, filter(None, value)))}."

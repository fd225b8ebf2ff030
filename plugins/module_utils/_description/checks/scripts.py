# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""What must hold of scripts, and of what they are for."""

from __future__ import annotations

from typing import Iterator

from ansible_collections.lvs.cluster.plugins.module_utils._description.kinds import (
    LONGEST_LINE,
    numbered,
    tables_in,
)
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.cluster import Cluster
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.globals import FIFOS, GlobalDefs
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.scripts import Script
from ansible_collections.lvs.cluster.plugins.module_utils._description.parts import keepalived_entries
from ansible_collections.lvs.cluster.plugins.module_utils._problems import Problem


def check_scripts(cluster: Cluster) -> Iterator[Problem]:
    """Commands that keepalived would cut, weights that are none, and pipes that are not there to be read."""
    for start, entry in keepalived_entries(cluster):
        for path, each in tables_in(entry, start):
            if isinstance(each, Script):
                yield from _check_command(each, path)
    for place, script in numbered(cluster.lvs_vrrp_scripts):
        if script.reverse and script.weight in (None, 0):
            remedy = "Write a weight, or remove reverse"
            yield Problem(f"lvs_vrrp_scripts[{place}].reverse", True, "has no effect without a weight", remedy)
    whole = cluster.lvs_global_defs or GlobalDefs()
    for name in FIFOS:
        if getattr(whole, f"{name}_script") is not None and getattr(whole, name) == "":
            remedy = f"Write {name}: the path of the pipe"
            yield Problem(f"lvs_global_defs.{name}_script", None, "has no pipe to read", remedy)


def _check_command(script: Script, path: str) -> Iterator[Problem]:
    refused = None in (script.file, script.content, script.path, script.args, *(script.args or ()))
    if not refused and len(script.command) > LONGEST_LINE:
        reason = f"comes to a command of {len(script.command)} characters"
        yield Problem(path, None, reason, f"Write fewer arguments: keepalived reads {LONGEST_LINE}")

# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""What must hold between scripts and those that they are for."""

from __future__ import annotations

from typing import Any, Iterator, List, Optional, Set

from ansible_collections.lvs.cluster.plugins.module_utils._description.kinds import (
    LONGEST_LINE,
    nearest,
    numbered,
    tables_in,
)
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.cluster import Cluster
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.globals import FIFOS, GlobalDefs
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.scripts import Script, Scripted
from ansible_collections.lvs.cluster.plugins.module_utils._description.parts import keepalived_entries
from ansible_collections.lvs.cluster.plugins.module_utils._problems import Problem


def check_scripts(cluster: Cluster) -> Iterator[Problem]:
    """Scripts that say nothing or two things, or that nobody has."""
    scripts = cluster.lvs_vrrp_scripts
    # Where one was refused, a name that is not found may be that one.
    known = None if scripts is None or any(each is None or each.name is None for each in scripts) else scripts
    names = None if known is None else [each.name for each in known]
    tracked: Set[str] = set()
    for start, entry in keepalived_entries(cluster):
        for path, each in tables_in(entry, start):
            if isinstance(each, Script):
                yield from _check_script(each, path)
            if isinstance(each, Scripted):
                yield from _check_tracking(each, path, names)
                tracked.update(tracking.name for _place, tracking in numbered(each.track_script))
    for place, script in numbered(scripts):
        yield from _check_weight(script, f"lvs_vrrp_scripts[{place}]")
        if script.name is not None and script.name not in tracked and None not in tracked:
            remedy = "Write its name under track_script of an instance, or remove it"
            yield Problem(f"lvs_vrrp_scripts[{place}].name", script.name, "is tracked by nobody", remedy)
    yield from _check_fifos(cluster.lvs_global_defs or GlobalDefs())


def _check_script(script: Script, path: str) -> Iterator[Problem]:
    refused = None in (script.file, script.content, script.path, script.args, *(script.args or ()))
    if not refused and len(script.command) > LONGEST_LINE:
        reason = f"comes to a command of {len(script.command)} characters"
        yield Problem(path, None, reason, f"Write fewer arguments: keepalived reads {LONGEST_LINE}")


def _check_tracking(entry: Scripted, path: str, names: Optional[List[str]]) -> Iterator[Problem]:
    seen: Set[str] = set()
    for place, each in numbered(entry.track_script):
        here = f"{path}.track_script[{place}]"
        if each.name is None:
            continue
        if names is not None and each.name not in names:
            near = nearest(each.name, names)
            remedy = f"Describe it in lvs_vrrp_scripts{f' (did you mean {near[0]}?)' if near else ''}"
            yield Problem(here, each.name, "is no script of lvs_vrrp_scripts", remedy)
        if each.name in seen:
            yield Problem(here, each.name, "is tracked in another way too", "List it once")
        seen.add(each.name)
        yield from _check_weight(each, here)


def _check_weight(entry: Any, path: str) -> Iterator[Problem]:
    if entry.reverse and entry.weight is None:
        yield Problem(f"{path}.reverse", True, "has no weight", "Write weight too, or remove it")


def _check_fifos(whole: GlobalDefs) -> Iterator[Problem]:
    for name in FIFOS:
        script = f"{name}_script"
        if getattr(whole, script) is not None and getattr(whole, name) == "":
            remedy = f"Write {name}: the path of the pipe"
            yield Problem(f"lvs_global_defs.{script}", None, "has no pipe to read", remedy)

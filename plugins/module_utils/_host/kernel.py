# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""The one door to the kernel's own files about IPVS, and what C(ipvsadm) does not show."""

from __future__ import annotations

import os
from typing import Any

from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.connections import parse_connections
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.info import parse_title
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.kernel import (
    loadable_modules,
    loaded_modules,
    module_names,
    told,
)
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import Table

from .ipvsadm import UnknownSchedulerError, understood
from .kernel_modules import LIB_MODULES, PROC_MODULES, lines

TABLE = "/proc/net/ip_vs"
CONNECTIONS = "/proc/net/ip_vs_conn"


def require_modules(current: Table, desired: Table) -> None:
    """Fail if the kernel has no scheduler, or no persistence engine, that a table needs and the current one has not.

    Nothing is loaded for that. Where the files of the running kernel are not there, as in a container, nothing is
    known, and the kernel will say itself.
    """
    wanted = module_names(desired) - module_names(current)
    directory = os.path.join(LIB_MODULES, os.uname().release)
    try:
        wanted -= loaded_modules(lines(PROC_MODULES)) if wanted else set()
        for name in ("modules.builtin", "modules.dep"):
            wanted -= loadable_modules(lines(os.path.join(directory, name))) if wanted else set()
    except OSError:
        return
    if wanted:
        names = ", ".join(told(each) for each in sorted(wanted))
        raise UnknownSchedulerError(
            f"Scheduler or persistence engine not found: this kernel has no {names} (there is no module of the name"
            f" {', '.join(sorted(wanted))} in {directory})"
        )


@understood()
def title() -> dict[str, Any]:
    """The version of IPVS, and the size of its table of connections."""
    with open(TABLE, encoding="ascii") as file:
        return parse_title(file.readline())


@understood()
def connections(limit: int) -> tuple[list[dict[str, Any]], bool]:
    """The connections, at most so many, and whether there are more."""
    with open(CONNECTIONS, encoding="ascii") as lines:
        return parse_connections(lines, limit)

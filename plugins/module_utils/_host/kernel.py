# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""The one door to the kernel's own files about IPVS: its modules, and what C(ipvsadm) does not show."""

from __future__ import annotations

import contextlib
import os
from typing import Any, List, Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.connections import parse_connections
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.info import parse_title
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.kernel import (
    loadable_modules,
    loaded_modules,
    module_names,
    told,
)
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import Table

from .command import C_LOCALE
from .errors import HostError
from .ipvsadm import UnknownSchedulerError, understood

TABLE = "/proc/net/ip_vs"
CONNECTIONS = "/proc/net/ip_vs_conn"
PROC_MODULES = "/proc/modules"
LIB_MODULES = "/lib/modules"


class NoModuleError(HostError):
    """A module of the kernel cannot be loaded."""

    kind = "no_module"
    remedy = (
        "If there is no such module, install the package with all modules of the kernel, as linux-image-amd64; in a"
        " container, load it on the host"
    )


def unloaded(names: Sequence[str]) -> List[str]:
    """The modules that are neither loaded nor built in; where the kernel's own files are not there, none is."""
    have = set()
    with contextlib.suppress(OSError):
        have |= loaded_modules(_lines(PROC_MODULES, ""))
    with contextlib.suppress(OSError):
        have |= loadable_modules(_lines(os.path.join(LIB_MODULES, os.uname().release, "modules.builtin"), ""))
    return [name for name in names if name.replace("-", "_") not in have]


def loading(names: Sequence[str]) -> List[List[str]]:
    """The commands that load modules."""
    return [["modprobe", name] for name in names]


def load(module: Any, names: Sequence[str]) -> None:
    """Load modules, and what they need, in this order."""
    for command in loading(names):
        program = module.get_bin_path(command[0])
        if program is None:
            raise NoModuleError("there is no modprobe on this host (package kmod)", command)
        status, output, errors = module.run_command([program, *command[1:]], environ_update=C_LOCALE)
        if status:
            raise NoModuleError(errors.strip() or output.strip() or f"status {status}", command)


def require_modules(current: Table, desired: Table) -> None:
    """Fail if the kernel has no scheduler, or no persistence engine, that a table needs and the current one has not.

    Nothing is loaded for that. Where the files of the running kernel are not there, as in a container, nothing is
    known, and the kernel will say itself.
    """
    wanted = module_names(desired) - module_names(current)
    directory = os.path.join(LIB_MODULES, os.uname().release)
    try:
        wanted -= loaded_modules(_lines(PROC_MODULES)) if wanted else set()
        for name in ("modules.builtin", "modules.dep"):
            wanted -= loadable_modules(_lines(os.path.join(directory, name))) if wanted else set()
    except OSError:
        return
    if wanted:
        names = ", ".join(told(each) for each in sorted(wanted))
        raise UnknownSchedulerError(
            f"Scheduler or persistence engine not found: this kernel has no {names} (there is no module of the name"
            f" {', '.join(sorted(wanted))} in {directory})"
        )


def _lines(path: str, part: str = "ip_vs_") -> list[str]:
    with open(path, encoding="utf-8", errors="replace") as file:
        return [line for line in file if part in line]


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

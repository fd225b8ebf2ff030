# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""The one door to the kernel's modules: those that it has, and C(modprobe)."""

from __future__ import annotations

import contextlib
import os
from typing import Any, List, Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.kernel import loadable_modules, loaded_modules

from .command import C_LOCALE
from .errors import HostError

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
        have |= loaded_modules(lines(PROC_MODULES, ""))
    with contextlib.suppress(OSError):
        have |= loadable_modules(lines(os.path.join(LIB_MODULES, os.uname().release, "modules.builtin"), ""))
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


def lines(path: str, part: str = "ip_vs_") -> list[str]:
    """Those of a file of the kernel's modules that have a part."""
    with open(path, encoding="utf-8", errors="replace") as file:
        return [line for line in file if part in line]

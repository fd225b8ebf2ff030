# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""Which schedulers and persistence engines a kernel has: those it has loaded, and those it would load when asked."""

from __future__ import annotations

import os
from typing import Iterable

from .model import Table

# The kernel's word for a service that has none.
NO_SCHEDULER = "none"


def module_names(table: Table) -> set[str]:
    """The modules of the kernel that the services of a table need; see ip_vs_scheduler_get() and ip_vs_pe_get()."""
    services = [pool.service for pool in table.values()]
    names = {f"ip_vs_{each.lb_algo}" for each in services if each.lb_algo != NO_SCHEDULER}
    return names | {f"ip_vs_pe_{each.persistence_engine}" for each in services if each.persistence_engine}


def loaded_modules(lines: Iterable[str]) -> set[str]:
    """The modules of C(/proc/modules)."""
    return {line.split(" ", 1)[0] for line in lines}


def loadable_modules(lines: Iterable[str]) -> set[str]:
    """The modules of C(modules.dep) or C(modules.builtin), of which each line starts with a file."""
    return {os.path.basename(line.split(":", 1)[0].strip()).split(".ko", 1)[0].replace("-", "_") for line in lines}


def told(module: str) -> str:
    """A module as an operator knows it."""
    engine = module.startswith("ip_vs_pe_")
    return f"persistence engine {module[len('ip_vs_pe_') :]}" if engine else f"scheduler {module[len('ip_vs_') :]}"

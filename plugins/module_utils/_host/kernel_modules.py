# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""The one door to the kernel's modules: those that it has, and C(modprobe)."""

from __future__ import annotations

import contextlib
import os
import re
from typing import Any, Dict, List, Mapping, Sequence, Tuple

from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.kernel import loadable_modules, loaded_modules

from .command import C_LOCALE
from .errors import HostError

PROC_MODULES = "/proc/modules"
LIB_MODULES = "/lib/modules"
# Of those that are loaded, or built in.
SYS_MODULE = "/sys/module"
# It says 1 where no module can be loaded until the next boot.
MODULES_DISABLED = "/proc/sys/kernel/modules_disabled"
OWN_STATUS = "/proc/self/status"
# As capabilities(7) numbers it.
CAP_SYS_MODULE = 16
# Beside those of IPVS: what takes packets out of tunnels of IP in IP, and of UDP.
TUNNELS = ("ipip", "fou")


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


def ipvs() -> Dict[str, Any]:
    """The modules of IPVS and of tunnels that the kernel has, C(loaded), and those that modprobe finds, C(loadable).

    C(barred): what bars the loading of any; empty where nothing does.
    """
    folder = os.path.join(LIB_MODULES, os.uname().release)
    loaded = set(filter(_is_told, loaded_modules(_lines_if_any(PROC_MODULES))))
    loaded |= _modules_in(folder, "modules.builtin")
    return {"loaded": sorted(loaded), "loadable": sorted(_modules_in(folder, "modules.dep")), "barred": _barred()}


def _modules_in(folder: str, name: str) -> set[str]:
    # Of modules.dep each line goes on with those that a module needs.
    return set(filter(_is_told, loadable_modules(_lines_if_any(os.path.join(folder, name)))))


def _is_told(module: str) -> bool:
    return module.startswith("ip_vs") or module in TUNNELS


def _lines_if_any(path: str) -> List[str]:
    with contextlib.suppress(OSError):
        return [line for part in ("ip_vs", *TUNNELS) for line in lines(path, part)]
    return []


def _barred() -> str:
    with contextlib.suppress(OSError), open(MODULES_DISABLED, encoding="ascii") as file:
        if file.read().strip() == "1":
            return "kernel.modules_disabled is 1 until the next boot"
    with contextlib.suppress(OSError), open(OWN_STATUS, encoding="utf-8", errors="replace") as file:
        rights = [int(line.split()[1], 16) for line in file if line.startswith("CapEff:")]
        if rights and not rights[0] >> CAP_SYS_MODULE & 1:
            return "nobody there has the right CAP_SYS_MODULE, as in a container"
    return ""


class NoParameterError(HostError):
    """A module of the kernel has no such parameter."""

    kind = "no_parameter"
    remedy = "See 'modinfo --parameters MODULE' for those that it has"


def parameters_text(wanted: Mapping[str, str]) -> str:
    """A file of modprobe.d(5) that gives parameters, as C(ip_vs.conn_tab_bits), their values."""
    for key, value in wanted.items():
        if not re.fullmatch(r"[\w-]+\.\w+", key) or not re.fullmatch(r"\S+", value):
            raise NoParameterError(f"{key}={value} is not MODULE.PARAMETER and a value without spaces")
    return "".join("options {} {}={}\n".format(*_module_and_name(key), value) for key, value in wanted.items())


def pending(wanted: Mapping[str, str]) -> Dict[str, str]:
    """The parameters of loaded modules that have another value, and which."""
    found = {}
    for key, value in wanted.items():
        module, name = _module_and_name(key)
        folder = os.path.join(SYS_MODULE, module, "parameters")
        if not os.path.isdir(os.path.join(SYS_MODULE, module)):
            continue  # not loaded: it gets the value then
        try:
            with open(os.path.join(folder, name), encoding="utf-8", errors="replace") as file:
                now = file.read().strip()
        except FileNotFoundError:
            has = ", ".join(sorted(os.listdir(folder))) if os.path.isdir(folder) else "none"
            raise NoParameterError(
                f"The module {module} of this kernel has no parameter {name}; it has {has}"
            ) from None
        if now != value:
            found[key] = now
    return found


def told_pending(key: str, now: str) -> str:
    """What a user has to know of a parameter that is not in force."""
    module, _name = _module_and_name(key)
    if _is_built_in(module):
        return (
            f"{key} is {now}: {module} is built into this kernel, which reads no file of modprobe.d. Write {key}=VALUE "
            "on the kernel's command line"
        )
    return (
        f"{key} is {now} until the module {module} is loaded anew, as by the next boot: to unload it now would empty "
        "the IPVS table, and no run does that"
    )


def _is_built_in(module: str) -> bool:
    folder = os.path.join(LIB_MODULES, os.uname().release)
    return module in loadable_modules(_lines_if_any(os.path.join(folder, "modules.builtin")))


def _module_and_name(key: str) -> Tuple[str, str]:
    module, _dot, name = key.partition(".")
    return module, name


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

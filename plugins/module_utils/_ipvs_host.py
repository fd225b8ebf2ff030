# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""What the modules need of a host apart from ipvsadm: a sysctl, a memory, its interfaces, and who writes the table."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
from typing import Any, Iterator

from ansible_collections.lvs.cluster.plugins.module_utils._errors import HostError
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.kernel import (
    loadable_modules,
    loaded_modules,
    module_names,
    told,
)
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import Table
from ansible_collections.lvs.cluster.plugins.module_utils._ipvsadm import NoSuchDeviceError, UnknownSchedulerError
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived_dump import is_keepalived
from ansible_collections.lvs.cluster.plugins.module_utils._memory import keep, locked

SYSCTLS = "/proc/sys/net/ipv4/vs"
MEMORY = "/run/lvs-cluster"


class SysctlError(HostError):
    """A switch that this host does not have, or does not let be written."""

    kind = "sysctl"
    remedy = "In a container, set it on the host or have /proc/sys writable; or leave the option out"


class Sysctl:
    """A switch of net.ipv4.vs: as it is, and as it shall be; None for as it is."""

    def __init__(self, name: str, wanted: bool | None) -> None:
        self._name = f"net.ipv4.vs.{name}"
        self._path = os.path.join(SYSCTLS, name)
        self.before: bool | None = None
        try:
            with open(self._path, encoding="ascii") as file:
                self.before = file.read().strip() != "0"
        except FileNotFoundError:
            if wanted is not None:
                raise SysctlError(f"{self._name} is not in this network namespace") from None
        self.after = self.before if wanted is None else wanted

    @property
    def commands(self) -> list[list[str]]:
        """The command that would do what L(write) does."""
        return [["sysctl", "-w", f"{self._name}={self.after:d}"]] if self.after != self.before else []

    def text(self, value: bool | None) -> str:
        """For a diff."""
        return "" if value is None else f"{self._name} = {value:d}\n"

    def write(self) -> None:
        """Switch it, if it has to be switched."""
        if self.after != self.before:
            try:
                with open(self._path, "w", encoding="ascii") as file:
                    file.write(f"{self.after:d}")
            except OSError as error:
                raise SysctlError(f"{self._name} cannot be written: {error.strerror}") from None


class Memory:
    """A text that lasts until the host boots, or the network namespace ends."""

    def __init__(self, module: Any) -> None:
        self._module = module
        self._path = os.path.join(MEMORY, f"drained-{network_namespace()}.json")
        self.text = self._read()

    def _read(self) -> str:
        try:
            with open(self._path, encoding="utf-8") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """While nobody else changes it: what is read, worked out and written in here is not overwritten by others.

        Many hosts delegate a task to one director at once.
        """
        with locked(os.path.join(MEMORY, "lock")):
            self.text = self._read()
            yield

    def write(self, text: str) -> None:
        """Keep another text."""
        if text == self.text:
            return
        keep(self._module, self._path, text)
        self.text = text


# linux/socket.h; Python has no name for it.
SO_NETNS_COOKIE = 71


def network_namespace() -> str:
    """What tells this network namespace from all others, those that ended included, until the host boots.

    An inode does not: the kernel gives the number of a namespace that ended to the next. Kernels before 5.14 have
    nothing better.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as probe:
        try:
            cookie = probe.getsockopt(socket.SOL_SOCKET, SO_NETNS_COOKIE, 8)
        except OSError:
            return str(os.stat("/proc/self/ns/net").st_ino)
    return f"cookie-{int.from_bytes(cookie, sys.byteorder)}"


PROC_MODULES = "/proc/modules"
LIB_MODULES = "/lib/modules"


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


def _lines(path: str) -> list[str]:
    with open(path, encoding="utf-8", errors="replace") as file:
        return [line for line in file if "ip_vs_" in line]


def require_interface(name: str) -> None:
    """Fail unless this network namespace has an interface."""
    try:
        socket.if_nametoindex(name)
    except OSError:
        raise NoSuchDeviceError(f"There is no interface {name} on this host") from None


def keepalived_runs() -> bool:
    """Whether a keepalived runs in this network namespace."""
    here = os.stat("/proc/self/ns/net").st_ino
    return any(_runs_keepalived(int(pid), here) for pid in os.listdir("/proc") if pid.isdigit())


def _runs_keepalived(pid: int, namespace: int) -> bool:
    try:
        return is_keepalived(pid) and os.stat(f"/proc/{pid}/ns/net").st_ino == namespace
    except OSError:  # it ended meanwhile, or is somebody else's
        return False

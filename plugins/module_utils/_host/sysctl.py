# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""The one door to sysctls: as they are, as they shall be, and the files that a boot sets them from."""

from __future__ import annotations

import os
from typing import Dict, List, Mapping, Optional, Sequence, Tuple

from ansible_collections.lvs.cluster.plugins.module_utils._kernel.boot_files import (
    overriding,
    reading_order,
    sysctl_path,
)

from .errors import HostError

SETTINGS = "/proc/sys"
IPVS = "net.ipv4.vs"

# sysctl.d(5): of files with one name the first counts, and all are read in the order of their names. /etc/sysctl.conf
# is read where a link in one of them leads there.
FOLDERS = ("/etc/sysctl.d", "/run/sysctl.d", "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d")


class SysctlError(HostError):
    """A switch that this host does not have, or does not let be written."""

    kind = "sysctl"
    remedy = "In a container, set it on the host or have /proc/sys writable; or leave the option out"


class Sysctl:
    """A switch of net.ipv4.vs: as it is, and as it shall be; None for as it is."""

    def __init__(self, name: str, wanted: bool | None) -> None:
        self._name = f"{IPVS}.{name}"
        value = current(self._name)
        if value is None and wanted is not None:
            raise SysctlError(f"{self._name} is not in this network namespace")
        self.before = None if value is None else value != "0"
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
            write(self._name, f"{self.after:d}")


class NoSettingError(SysctlError):
    """A setting that the kernel does not have."""

    remedy = "See 'sysctl -a' for those that it has; one of a module is there once the module is loaded"


class LastWordError(SysctlError):
    """Another file sets something else at boot."""

    remedy = "Take the line away: the next boot would follow it"


def current(key: str) -> Optional[str]:
    """A setting by its name in sysctl(8), as the kernel has it; None where it does not have it."""
    try:
        with open(_path(key), encoding="ascii") as file:
            return file.read().strip()
    except FileNotFoundError:
        return None


def writable() -> bool:
    """Whether ARP can be silenced; the files of a container are read-only to root too."""
    return os.access(_path("net.ipv4.conf.all.arp_ignore"), os.W_OK)


def without_ipv6(interfaces: Sequence[str]) -> List[str]:
    """Those on which IPv6 is switched off; all of them where the kernel has none."""
    return [each for each in interfaces if _of_ipv6(each, "disable_ipv6") in (None, "1")]


def advertised(interfaces: Sequence[str]) -> List[str]:
    """Those that take what a router advertises, also once the host routes itself (ip-sysctl.rst: accept_ra 2)."""
    return [each for each in interfaces if _of_ipv6(each, "accept_ra") in ("1", "2")]


def _of_ipv6(interface: str, name: str) -> Optional[str]:
    return current(f"net.ipv6.conf.{interface.replace('.', '/')}.{name}")


def write(key: str, value: str) -> None:
    """Set one."""
    try:
        with open(_path(key), "w", encoding="ascii") as file:
            file.write(value)
    except OSError as error:
        raise SysctlError(f"{key} cannot be set to {value}: {error.strerror}") from None


def _path(key: str) -> str:
    return os.path.join(SETTINGS, sysctl_path(key))


def require_last_word(path: str, wanted: Mapping[str, str]) -> None:
    """Fail where a file that the boot reads after one sets something else."""
    own = {sysctl_path(key): (key, value) for key, value in wanted.items()}
    lines = [
        f"{each.path}, line {each.line}, sets {own[each.key][0]} to {each.value} after {path}, which sets it to "
        f"{own[each.key][1]}"
        for each in overriding(path, wanted, read_after(path))
    ]
    if lines:
        raise LastWordError("; ".join(lines))


def texts() -> Dict[str, str]:
    """All of net.ipv4.vs, by their names, as the kernel has them."""
    return {name: current(f"{IPVS}.{name}") or "" for name in sorted(os.listdir(_path(IPVS)))}


def read_after(path: str) -> List[Tuple[str, str]]:
    """Path and text of the files that the boot reads after one, in that order."""
    names = {folder: os.listdir(folder) for folder in FOLDERS if os.path.isdir(folder)}
    after = [each for each in reading_order(names, FOLDERS) if os.path.basename(each) > os.path.basename(path)]
    return [(each, _text(each)) for each in after]


def _text(path: str) -> str:
    """What stands in a file; a link to /dev/null is empty, one to nowhere is not read."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""

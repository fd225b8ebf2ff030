# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""The one door to systemd: what it says of units, and the reload of keepalived's."""

from __future__ import annotations

import glob
import os
import time
from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived import unit

from .command import C_LOCALE, RunCommand
from .errors import HostError


class ReloadError(HostError):
    """keepalived was not told, or not well."""

    kind = "keepalived"
    remedy = "See systemctl status keepalived"


class KeepalivedUnit:
    """keepalived.service of this host."""

    def __init__(self, run_command: RunCommand) -> None:
        self._run_command = run_command

    def show(self) -> Optional[unit.Unit]:
        """What systemd says of it; nothing where no systemd runs."""
        try:
            status, output, _errors = self._run_command(
                ["systemctl", "show", "keepalived.service", f"--property={','.join(unit.PROPERTIES)}"],
                environ_update=C_LOCALE,
            )
        except OSError:
            return None
        return None if status else unit.parse_show(output)

    def reload(self) -> None:
        # Never a restart: it hands the addresses over and drops what keepalived put into the IPVS table.
        command = ["systemctl", "reload", "keepalived.service"]
        status, output, errors = self._run_command(command, environ_update=C_LOCALE)
        if status:
            raise ReloadError((errors or output).strip() or f"status {status}", command)

    @staticmethod
    def command(shown: unit.Unit) -> List[str]:
        """The command line that the unit starts keepalived with."""
        variables: Dict[str, str] = {}
        for each in shown.environment:
            variables.update(unit.parse_environment(each))
        for pattern in shown.environment_files:
            for path in sorted(glob.glob(pattern)):
                with open(path, encoding="utf-8", errors="replace") as file:
                    variables.update(unit.parse_environment(file.read()))
        return unit.expanded(shown.command, variables)


def is_loaded(path: str, shown: unit.Unit) -> bool:
    """Whether keepalived has read a file as it is now: it was started or reloaded after the file's last change.

    Not only what this collection did is seen so, but any change by any hand. Seconds since boot are compared, as the
    wall clock may have been set in between.
    """
    since_boot = os.stat(path).st_ctime - (time.time() - time.monotonic())
    return shown.reloaded and since_boot <= shown.changed_at


def enablement(run_command: RunCommand, name: str) -> Tuple[str, str]:
    """Whether the boot starts a unit, in systemd's own word for it, as C(enabled) or C(masked); and its errors."""
    _status, output, errors = run_command(["systemctl", "is-enabled", name], environ_update=C_LOCALE)
    return output.strip(), errors.strip()


class State(NamedTuple):
    """Whether a unit runs, and whether the boot starts it."""

    active: bool
    enabled: bool


def units(run_command: RunCommand, names: Sequence[str]) -> Dict[str, State]:
    """Several units; one that is not there neither runs nor is started, and where no systemd runs none is there."""
    words = ["systemctl", "show", "--property=Id,ActiveState,UnitFileState", *names]
    try:
        told = run_command(words, environ_update=C_LOCALE)[1]
    except OSError:
        told = ""
    found = dict.fromkeys(names, State(False, False))
    for block in told.split("\n\n"):
        values = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        if values.get("Id") in found:
            found[values["Id"]] = State(values.get("ActiveState") == "active", values.get("UnitFileState") == "enabled")
    return found


class Service(NamedTuple):
    """pid: of the unit's main process; 0 where it does not run. enabled: whether the boot starts it."""

    pid: int
    enabled: bool


def service(run_command: RunCommand, name: str) -> Service:
    """A unit as systemd has it."""
    words = ["systemctl", "show", "--property=MainPID,UnitFileState", name]
    told = run_command(words, environ_update=C_LOCALE)[1]
    values = dict(line.split("=", 1) for line in told.splitlines() if "=" in line)
    return Service(int(values.get("MainPID") or 0), values.get("UnitFileState") == "enabled")

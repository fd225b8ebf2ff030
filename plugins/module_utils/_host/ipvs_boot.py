# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""What the host restores at boot: files, and a service that is enabled."""

from __future__ import annotations

import os
from typing import Any

from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.persist import (
    LAYOUTS,
    SERVICE,
    Layout,
    switched_off,
    switched_on,
    without_rules,
)

from .errors import HostError
from .files import File, diff, keep
from .systemd import enablement
from .text import read_exact


class BootError(HostError):
    """The host has no way to restore the table."""

    kind = "no_boot_service"
    remedy = "Install the distribution's package ipvsadm, or leave persist out and run the play after each boot"


class MaskedError(BootError):
    """The service that restores the table must not start."""

    remedy = f"Use 'systemctl unmask {SERVICE}', or leave persist out"


class Boot:
    """The changes that make a host restore rules at boot; worked out first, and then applied or not."""

    def __init__(self, module: Any, files: list[File], commands: list[list[str]]) -> None:
        self._module = module
        self.files = files
        self.commands = commands

    @classmethod
    def untouched(cls, module: Any) -> Boot:
        """No change at all."""
        return cls(module, [], [])

    @classmethod
    def of(cls, module: Any, rules: str, root: str = "/") -> Boot:
        """What is missing for these rules."""
        systemctl = module.get_bin_path("systemctl")
        layout = next((each for each in LAYOUTS if os.path.exists(_below(root, each.mark))), None)
        if layout is None or not systemctl:
            raise BootError("Nothing on this host restores a table of IPVS at boot")
        state, errors = enablement(module.run_command, f"{SERVICE}.service")
        if state.startswith("masked"):
            raise MaskedError(f"{SERVICE}.service is {state}, and would restore nothing at boot")
        if state in ("", "not-found"):
            raise BootError(f"There is no {SERVICE}.service on this host: {errors}")
        commands = [] if state == "enabled" else [[systemctl, "enable", f"{SERVICE}.service"]]
        return cls(module, _files(layout, rules, root), commands)

    @classmethod
    def forgetting(cls, module: Any, root: str = "/") -> Boot:
        """What is left to do until a boot restores nothing; nothing where nothing does."""
        systemctl = module.get_bin_path("systemctl")
        layout = next((each for each in LAYOUTS if os.path.exists(_below(root, each.mark))), None)
        if layout is None or not systemctl:
            return cls.untouched(module)
        wanted = {layout.rules: without_rules, **({layout.switch: switched_off} if layout.switch else {})}
        files = [_changed(_below(root, path), change) for path, change in wanted.items()]
        # Debian's service restores nothing while the switch is off, and is enabled as its package comes.
        enabled = not layout.switch and enablement(module.run_command, f"{SERVICE}.service")[0] == "enabled"
        commands = [[systemctl, "disable", f"{SERVICE}.service"]] if enabled else []
        return cls(module, [each for each in files if each.before != each.after], commands)

    def apply(self) -> None:
        """Write the files, and enable or disable the service."""
        for each in self.files:
            keep(self._module, each.path, each.after or "")
        for command in self.commands:
            status, output, errors = self._module.run_command(command)
            if status:
                raise BootError(errors.strip() or output.strip(), command)

    def diff(self) -> list[dict[str, str]]:
        """The changes of the files."""
        return diff(self.files)


def _files(layout: Layout, rules: str, root: str) -> list[File]:
    wanted = {layout.rules: lambda _text: rules}
    if layout.switch:
        wanted[layout.switch] = switched_on
    files = [_changed(_below(root, path), change) for path, change in wanted.items()]
    return [each for each in files if each.before != each.after]


def _changed(path: str, change: Any) -> File:
    before = read_exact(path)
    return File(path, before, change(before))


def _below(root: str, path: str) -> str:
    return os.path.join(root, path.lstrip("/"))

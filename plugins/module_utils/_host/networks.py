# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""The one door to what sets up a host's network at boot: ifupdown, and systemd-networkd."""

from __future__ import annotations

from typing import Any, Set

from ansible_collections.lvs.cluster.plugins.module_utils._realserver.boot_files import (
    NetworkFile,
    network_file,
    started_at_boot,
)

from .command import C_LOCALE
from .errors import HostError


class NetworkError(HostError):
    """What sets up the network does not answer."""

    kind = "network"


class NoProgramError(NetworkError):
    """It is not there at all."""

    remedy = "Set realserver_network to what does, networkd or ifupdown"


def started_interfaces(module: Any) -> Set[str]:
    """The interfaces that ifupdown brings up at boot."""
    return started_at_boot(_ask(module, "ifupdown", "ifquery", "--list"))


def loopback_file(module: Any) -> NetworkFile:
    """The file that networkd sets up C(lo) from."""
    return network_file(_ask(module, "networkd", "networkctl", "--json=short", "status", "lo"))


def _ask(module: Any, manager: str, *command: str) -> str:
    program = module.get_bin_path(command[0])
    if program is None:
        raise NoProgramError(f"There is no {command[0]} on this host, so {manager} does not set up its network")
    status, output, errors = module.run_command([program, *command[1:]], environ_update=C_LOCALE)
    if status:
        raise NetworkError(errors.strip() or output.strip(), command)
    return str(output)

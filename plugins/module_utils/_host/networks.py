# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""The one door to what sets up a host's network at boot: ifupdown, and systemd-networkd."""

from __future__ import annotations

import glob
import os
from typing import Any, List, Set

from ansible_collections.lvs.cluster.plugins.module_utils._addresses.stacks import (
    Wish,
    networkd_addition,
    own_patterns,
)
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

    remedy = "Set realserver_network to what does"


def started_interfaces(module: Any) -> Set[str]:
    """The interfaces that ifupdown brings up at boot."""
    return started_at_boot(_ask(module, "ifupdown", "ifquery", "--list"))


def file_of(module: Any, interface: str) -> NetworkFile:
    """The file that networkd sets up an interface from."""
    return network_file(_ask(module, "networkd", "networkctl", "--json=short", "status", interface))


def reload_networkd(module: Any) -> None:
    """Have networkd read its files."""
    _ask(module, "networkd", "networkctl", "reload")


def own_files(interface: str, owner: str) -> List[str]:
    """The files of an owner for an interface that are there, whatever sets up the network."""
    return [path for pattern in own_patterns(glob.escape(interface), owner) for path in sorted(glob.glob(pattern))]


def other_additions(wish: Wish) -> List[str]:
    """What others have added to the file of ours from which networkd sets up the loopback."""
    folder, own = os.path.split(networkd_addition(wish.interface, wish.owner, ""))
    return [each for each in os.listdir(folder) if each != own] if os.path.isdir(folder) else []


def _ask(module: Any, manager: str, *command: str) -> str:
    program = module.get_bin_path(command[0])
    if program is None:
        raise NoProgramError(f"There is no {command[0]} on this host, so {manager} does not set up its network")
    status, output, errors = module.run_command([program, *command[1:]], environ_update=C_LOCALE)
    if status:
        raise NetworkError(errors.strip() or output.strip(), command)
    return str(output)

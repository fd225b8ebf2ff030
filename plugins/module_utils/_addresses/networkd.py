# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""systemd-networkd reads one file for an interface, and what stands in the folder that is called after that file."""

from __future__ import annotations

import json
from typing import Dict, List, NamedTuple, Optional

from .held import alone, is_never_source
from .wish import Found, StackFile, Wish, place

FOLDER = "/etc/systemd/network"
BASE_TEXT = """
# The addresses stand in the folder beside this file, one file for each cluster.
[Match]
Name={interface}

# Addresses that somebody else gave to the interface are not networkd's to take away.
[Network]
KeepConfiguration=static
"""
# It has no neighbours.
DUMMY_TEXT = BASE_TEXT + "LinkLocalAddressing=no\n"
DEVICE_TEXT = """
[NetDev]
Name={interface}
Kind=dummy
"""


def base(interface: str) -> str:
    """The file by which an interface is networkd's to set up, unless the host has one of its own."""
    return f"10-lvs-{place(interface)}.network"


def base_path(interface: str) -> str:
    return f"{FOLDER}/{base(interface)}"


def device_path(interface: str) -> str:
    """The file by which networkd makes a dummy device."""
    return f"{FOLDER}/10-lvs-{place(interface)}.netdev"


def addition(interface: str, owner: str, own_file: str) -> str:
    """The file of ours that adds to a file of networkd's."""
    return f"{FOLDER}/{own_file.rsplit('/', 1)[-1] or base(interface)}.d/{owner}-{place(interface)}.conf"


def files(wish: Wish, found: Found) -> List[StackFile]:
    added = StackFile(addition(wish.interface, wish.owner, found.own_file), wish.header + _text(wish))
    if found.own_file:
        return [added]
    own = {base_path(wish.interface): DUMMY_TEXT if wish.is_dummy else BASE_TEXT}
    if wish.is_dummy:
        own[device_path(wish.interface)] = DEVICE_TEXT
    return [*(StackFile(path, wish.header + own[path].format(interface=wish.interface)) for path in own), added]


def _text(wish: Wish) -> str:
    return "".join(
        f"\n[Address]\nAddress={alone(each.address)}\n"
        + ("DuplicateAddressDetection=none\n" if ":" in each.address else f"Label={each.label}\n" if each.label else "")
        + ("PreferredLifetime=0\n" if is_never_source(each.address, wish.interface) else "")
        for each in wish.addresses
    ) + "".join(f"\n[Route]\nDestination={each.to}\nGateway={each.via}\n" for each in wish.routes)


def own(interface: str, owner: str) -> List[str]:
    return [addition(interface, owner, "*.network")]


class NetworkFile(NamedTuple):
    """What networkd sets up an interface from; no path for nothing."""

    path: str
    drop_ins: Optional[List[str]]  # None where this networkd does not tell


def network_files(told: str) -> Dict[str, str]:
    """By interface, from the output of C(networkctl --json=short list)."""
    links = json.loads(told)["Interfaces"]
    return {str(link["Name"]): str(link["NetworkFile"]) for link in links if link.get("NetworkFile")}


def network_file(told: str) -> NetworkFile:
    """From the output of C(networkctl --json=short status LINK)."""
    link = json.loads(told)
    return NetworkFile(str(link.get("NetworkFile") or ""), link.get("NetworkFileDropins"))

# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""systemd-networkd reads one file for an interface, and what stands in the folder that is called after that file."""

from __future__ import annotations

import json
from typing import Dict, List, NamedTuple, Optional

from .held import alone
from .wish import Found, StackFile, Wish, place

FOLDER = "/etc/systemd/network"
# The loopback is networkd's to set up by a file of ours, unless the host has one of its own.
BASE = "10-lvs-loopback.network"
BASE_TEXT = """
# The addresses stand in the folder beside this file, one file for each cluster.
[Match]
Name=lo

# Addresses that somebody else gave to the loopback are not networkd's to take away.
[Network]
KeepConfiguration=static
"""


def base_path() -> str:
    return f"{FOLDER}/{BASE}"


def addition(interface: str, owner: str, own_file: str) -> str:
    """The file of ours that adds to a file of networkd's."""
    return f"{FOLDER}/{own_file.rsplit('/', 1)[-1] or BASE}.d/{owner}-{place(interface)}.conf"


def files(wish: Wish, found: Found) -> List[StackFile]:
    base = StackFile(base_path(), wish.header + BASE_TEXT)
    added = StackFile(addition(wish.interface, wish.owner, found.own_file), wish.header + _text(wish))
    return [added] if found.own_file else [base, added]


def _text(wish: Wish) -> str:
    return "".join(
        f"\n[Address]\nAddress={alone(each.address)}\n"
        + ("DuplicateAddressDetection=none\n" if ":" in each.address else f"Label={each.label}\n" if each.label else "")
        for each in wish.addresses
    )


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

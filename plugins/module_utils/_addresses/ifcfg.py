# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""initscripts' network-scripts: C(ifup lo) sources every C(ifcfg-lo:*), one file for an address.

What a file does not say it takes over from C(ifcfg-lo), whose NETMASK makes an alias a /8: each says its own, and its
PREFIX, which wins over NETMASK where both are set. The name behind the colon is the label.
"""

from __future__ import annotations

import re
from typing import Dict, List, Mapping

from .wish import Address, Found, StackFile, Wish

FOLDER = "/etc/sysconfig/network-scripts"
ALIASES = f"{FOLDER}/ifup-aliases"
ASSIGNMENT = re.compile(r"^\s*IPADDR\s*=\s*[\"']?([0-9.]+)", re.MULTILINE)
NAME = re.compile(r"[0-9A-Za-z_]+")


def mark(owner: str) -> str:
    """The line by which a file is an owner's."""
    return f"# Addresses of {owner}.\n"


def is_own(text: str, owner: str) -> bool:
    return mark(owner) in text


def files(wish: Wish, found: Found) -> List[StackFile]:
    """texts of what is found: all files of aliases of the interface.

    A name that somebody else has is no name for ours: of two files for one label the second would not be set up.
    """
    own = {path: text for path, text in found.texts.items() if is_own(text, wish.owner)}
    taken = {path for path in found.texts if path not in own}
    having = _by_address(own)
    paths: Dict[str, Address] = {}
    numbers = (f"{FOLDER}/ifcfg-{wish.interface}:{number}" for number in range(10000))
    free = (path for path in numbers if path not in taken and path not in paths and path not in own)
    for each in wish.addresses:
        path = f"{FOLDER}/ifcfg-{each.label}"
        if each.address in having and having[each.address] not in paths:
            path = having[each.address]
        elif not NAME.fullmatch(each.label.partition(":")[2]) or path in taken or path in paths:
            path = next(free)
        paths[path] = each
    gone = [StackFile(path, None, None) for path in own if path not in paths]
    return gone + [StackFile(path, wish.header + _text(path, wish.owner, each)) for path, each in paths.items()]


def _by_address(texts: Mapping[str, str]) -> Dict[str, str]:
    return {address: path for path, text in texts.items() for address in ASSIGNMENT.findall(text)}


def _text(path: str, owner: str, address: Address) -> str:
    label = path.rsplit("/ifcfg-", 1)[-1]
    return (
        f"\n{mark(owner)}DEVICE={label}\nIPADDR={address.address}\nPREFIX=32\nNETMASK=255.255.255.255\n"
        f"BROADCAST={address.address}\nONPARENT=yes\n"
    )


def own(interface: str, _owner: str) -> List[str]:
    return [f"{FOLDER}/ifcfg-{interface}:*"]

# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""netplan over networkd: it puts together what all its files say of an interface, and writes networkd's file."""

from __future__ import annotations

import json
import re
from typing import Dict, List

from .held import alone, is_never_source
from .wish import Address, Found, StackFile, Wish, place

FOLDER = "/etc/netplan"
RENDERED = "/run/systemd/network"
# Since 0.107, which tells of virtual-ethernet, new with it, and not of them.
DUMMIES, SINCE = "dummy-devices", "virtual-ethernet"
# A section of a network, and what stands in it, each two blanks further in.
ENTRY = re.compile(r"""(  |    )["']?([^\s"'-][^\s"']*?)["']?:(?:\s|$)""")
RENDERED_FILE = re.compile(r"10-netplan-(.+)\.network")


def rendered(name: str) -> str:
    """The file of networkd's that netplan writes for what it calls by this name."""
    return f"{RENDERED}/10-netplan-{name}.network"


def name_in(network_file: str) -> str:
    """What netplan calls an interface that networkd sets up from this file; empty if that is no file of netplan's."""
    match = RENDERED_FILE.fullmatch(network_file.rsplit("/", 1)[-1])
    return match.group(1) if match else ""


def has_dummies(told: str) -> bool:
    """Whether it makes dummy devices, from the output of C(netplan info)."""
    return SINCE in told.split()


def sections(told: str) -> Dict[str, str]:
    """By what netplan calls an interface, the section that has it, from the output of C(netplan get)."""
    found, section = {}, ""
    for line in told.splitlines():
        match = ENTRY.match(line)
        if match and len(match.group(1)) == 2:
            section = match.group(2)
        elif match:
            found[match.group(2)] = section
    return found


def files(wish: Wish, found: Found) -> List[StackFile]:
    """own_file of what is found: what netplan calls the interface."""
    # It takes no interface in two sections, and then writes nothing at all.
    kind = found.section or (DUMMIES if wish.is_dummy else "ethernets")
    lines = ["network:", "  version: 2", f"  {kind}:", f"    {json.dumps(found.own_file or wish.interface)}:"]
    if wish.needs_no_file:
        # Addresses that somebody else gave to the interface are not networkd's to take away.
        lines.append("      critical: true")
    if wish.is_dummy:
        # It has no neighbours.
        lines.append("      link-local: []")
    if wish.addresses:
        lines.append("      addresses:")
    for each in wish.addresses:
        lines += _lines(each, wish.interface)
    if wish.routes:
        lines.append("      routes:")
    for route in wish.routes:
        lines += [f'        - to: "{route.to}"', f'          via: "{route.via}"']
    (path,) = own(wish.interface, wish.owner)
    # netplan complains of files that others may read.
    return [StackFile(path, wish.header + "\n" + "\n".join(lines) + "\n", 0o600)]


def _lines(address: Address, interface: str) -> List[str]:
    # A number with colons may be one of base 60 to YAML.
    entry = f'        - "{alone(address.address)}"'
    if address.label and ":" not in address.address:
        return [f"{entry}:", f'            label: "{address.label}"']
    if is_never_source(address.address, interface):
        return [f"{entry}:", "            lifetime: 0"]
    return [entry]


def own(interface: str, owner: str) -> List[str]:
    return [f"{FOLDER}/60-{owner}-{place(interface)}.yaml"]

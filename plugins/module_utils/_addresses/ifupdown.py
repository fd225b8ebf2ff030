# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""ifupdown reads the files that /etc/network/interfaces sources, and runs the commands in them."""

from __future__ import annotations

import re
from typing import List, Sequence

from .held import alone, is_never_source
from .wish import Address, Found, StackFile, Wish, place

FOLDER = "/etc/network/interfaces.d"
# In the file uevent of a device.
MADE = re.compile(r"^DEVTYPE=(?:bond|bridge|vlan)$", re.MULTILINE)


def names(wish: Wish) -> List[str]:
    """What ifupdown calls the addresses.

    Not by their labels: it takes what several files say of one interface for one, and brings it up and down as one.
    """
    return [
        f"{wish.interface}:{wish.owner}-{each.label.partition(':')[2] or number}"
        for number, each in enumerate(wish.addresses)
    ]


def started(wish: Wish) -> List[str]:
    """All that it is to bring up at boot."""
    return [*([wish.interface] if wish.is_dummy else []), *names(wish), *([_routed(wish)] if wish.routes else [])]


def _routed(wish: Wish) -> str:
    """What ifupdown calls the routes."""
    return f"{wish.interface}:{wish.owner}"


def files(wish: Wish, _found: Found) -> List[StackFile]:
    # Of several owners each says this; the device stays when one of them goes down.
    device = (
        f"\nauto {wish.interface}\niface {wish.interface} inet manual\n"
        f"    pre-up [ -e /sys/class/net/{wish.interface} ] || ip link add {wish.interface} type dummy\n"
        f"    up ip link set {wish.interface} up\n"
    )
    stanzas = [
        f"\nauto {name}\niface {name} inet manual\n"
        f"    up ip address replace {alone(each.address)} dev {wish.interface}{_manner(each, wish.interface)}\n"
        f"    down ip address delete {alone(each.address)} dev {wish.interface} || :\n"
        for name, each in zip(names(wish), wish.addresses)
    ]
    if wish.routes:
        stanzas.append(_routes_stanza(wish))
    (path,) = own(wish.interface, wish.owner)
    return [StackFile(path, wish.header + (device if wish.is_dummy else "") + "".join(stanzas))]


def _routes_stanza(wish: Wish) -> str:
    """The interface's own stanza may come later: until then it has no address, and the gateway is in no network."""
    name, device = _routed(wish), f"dev {wish.interface}"
    ways = [f"{each.to} via {each.via} {device}" for each in wish.routes]
    return (
        f"\nauto {name}\niface {name} inet manual\n    up ip link set {device} up\n"
        + "".join(f"    up ip route replace {each} onlink\n" for each in ways)
        + "".join(f"    down ip route delete {each} || :\n" for each in ways)
    )


def _manner(address: Address, interface: str) -> str:
    if ":" in address.address:
        return " nodad preferred_lft 0" if is_never_source(address.address, interface) else " nodad"
    return f" label {address.label}" if address.label else ""


def own(interface: str, owner: str) -> List[str]:
    return [f"{FOLDER}/{owner}-{place(interface)}"]


def started_at_boot(listed: str) -> List[str]:
    """The interfaces in the output of C(ifquery --list), those that C(ifup -a) brings up, one after the other."""
    return listed.split()


def too_early(wish: Wish, started: Sequence[str]) -> bool:
    """Whether the routes come before the interface does, if it is one that ifupdown has to make first."""
    ours = _routed(wish)
    both = bool(wish.routes) and {ours, wish.interface} <= set(started)
    return both and started.index(ours) < started.index(wish.interface)


def maker(interface: str) -> str:
    """By which device it is told whether it has to be made: a VLAN with a dot ifupdown makes whenever that is there."""
    return interface.partition(".")[0]


def is_made(uevent: str) -> bool:
    """Whether a device is one of those that ifupdown makes by their own stanzas, and no card."""
    return bool(MADE.search(uevent))

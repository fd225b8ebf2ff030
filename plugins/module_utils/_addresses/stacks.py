# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""What sets up a host's network at boot, one by one: the files from which each gives an interface addresses."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Callable, List, Mapping, NamedTuple, Optional, Sequence, Set

from .held import LOOPBACK, alone


class Address(NamedTuple):
    """An address that stands for itself alone, and its label, which one of IPv6 has not; empty for none."""

    address: str
    label: str


class StackFile(NamedTuple):
    """A file as a stack wants it; None for none of this path, and for no folder if nothing else is in it."""

    path: str
    content: Optional[str]
    mode: int = 0o644


@dataclass(frozen=True)
class Wish:
    """What an interface is to have after each boot.

    header: what a file of ours begins with.
    """

    interface: str
    owner: str
    addresses: Sequence[Address]
    header: str = ""


@dataclass(frozen=True)
class Found:
    """What is there on the host.

    own_file: the file of the host's own from which networkd sets up the interface; empty for none.
    """

    own_file: str = ""


@dataclass(frozen=True)
class Stack:
    """One of them.

    unit: what the boot starts.
    files: the files, in the order in which they are written.
    own: where files of an owner for an interface may be, as patterns of names.
    """

    name: str
    unit: str
    files: Callable[[Wish, Found], List[StackFile]]
    own: Callable[[str, str], List[str]]


def place(interface: str) -> str:
    """An interface as files are called after it."""
    return "loopback" if interface == LOOPBACK else interface


NETWORKD_FOLDER = "/etc/systemd/network"
# The loopback is networkd's to set up by a file of ours, unless the host has one of its own.
NETWORKD_BASE = "10-lvs-loopback.network"
NETWORKD_BASE_PATH = f"{NETWORKD_FOLDER}/{NETWORKD_BASE}"
NETWORKD_BASE_TEXT = """
# The addresses stand in the folder beside this file, one file for each cluster.
[Match]
Name=lo

# Addresses that somebody else gave to the loopback are not networkd's to take away.
[Network]
KeepConfiguration=static
"""


def networkd_addition(interface: str, owner: str, own_file: str) -> str:
    """The file of ours that adds to a file of networkd's."""
    base = own_file.rsplit("/", 1)[-1] or NETWORKD_BASE
    return f"{NETWORKD_FOLDER}/{base}.d/{owner}-{place(interface)}.conf"


def _networkd(wish: Wish, found: Found) -> List[StackFile]:
    base = StackFile(NETWORKD_BASE_PATH, wish.header + NETWORKD_BASE_TEXT)
    addition = networkd_addition(wish.interface, wish.owner, found.own_file)
    return ([] if found.own_file else [base]) + [StackFile(addition, wish.header + _networkd_text(wish))]


def _networkd_text(wish: Wish) -> str:
    return "".join(
        f"\n[Address]\nAddress={alone(each.address)}\n"
        + ("DuplicateAddressDetection=none\n" if ":" in each.address else f"Label={each.label}\n" if each.label else "")
        for each in wish.addresses
    )


IFUPDOWN_FOLDER = "/etc/network/interfaces.d"


def ifupdown_names(wish: Wish) -> List[str]:
    """What ifupdown calls the addresses.

    Not by their labels: it takes what several files say of one interface for one, and brings it up and down as one.
    """
    return [
        f"{wish.interface}:{wish.owner}-{each.label.partition(':')[2] or number}"
        for number, each in enumerate(wish.addresses)
    ]


def _ifupdown(wish: Wish, _found: Found) -> List[StackFile]:
    path = f"{IFUPDOWN_FOLDER}/{wish.owner}-{place(wish.interface)}"
    stanzas = [
        f"\nauto {name}\niface {name} inet manual\n"
        f"    up ip address replace {alone(each.address)} dev {wish.interface}{_ifupdown_manner(each)}\n"
        f"    down ip address delete {alone(each.address)} dev {wish.interface} || :\n"
        for name, each in zip(ifupdown_names(wish), wish.addresses)
    ]
    return [StackFile(path, wish.header + "".join(stanzas))]


def _ifupdown_manner(address: Address) -> str:
    if ":" in address.address:
        return " nodad"
    return f" label {address.label}" if address.label else ""


STACKS: Mapping[str, Stack] = {
    each.name: each
    for each in (
        Stack(
            "networkd",
            "systemd-networkd.service",
            _networkd,
            lambda interface, owner: [networkd_addition(interface, owner, "*.network")],
        ),
        Stack(
            "ifupdown",
            "networking.service",
            _ifupdown,
            lambda interface, owner: [f"{IFUPDOWN_FOLDER}/{owner}-{place(interface)}"],
        ),
    )
}


def own_patterns(interface: str, owner: str) -> List[str]:
    """Where files of an owner for an interface may be, whatever sets up the network."""
    return [pattern for stack in STACKS.values() for pattern in stack.own(interface, owner)]


def gone(wish: Wish, paths: Sequence[str], shared: bool) -> List[StackFile]:
    """The files without those of an owner for an interface, which are at these paths.

    shared: whether another owner's addresses of the loopback stand beside them.
    """
    folders = dict.fromkeys(path.rsplit("/", 1)[0] for path in paths if path.startswith(NETWORKD_FOLDER))
    absent = [*paths, *folders]
    if wish.interface == LOOPBACK and not shared:
        absent += [f"{NETWORKD_BASE_PATH}.d", NETWORKD_BASE_PATH]
    return [StackFile(path, None) for path in dict.fromkeys(absent)]


def named(text: str) -> Set[str]:
    """The addresses that a file of ours gives to its interface."""
    return set(re.findall(r"^(?:Address=|\s*up ip address replace )([0-9a-f.:]+)/(?:32|128)\b", text, re.MULTILINE))

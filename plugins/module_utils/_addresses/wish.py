# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""What an interface is to have after each boot, in words that every network stack's writer takes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import List, Mapping, NamedTuple, Optional, Sequence

from .held import LOOPBACK


class Address(NamedTuple):
    """An address that stands for itself alone, and its label, which one of IPv6 has not; empty for none."""

    address: str
    label: str


class Route(NamedTuple):
    """Where packets go, and the gateway that they go by."""

    to: str
    via: str


class StackFile(NamedTuple):
    """A file as a stack wants it, with its mode; None for none of this path, or for no folder unless others use it.

    What is to go has no mode: a folder that stays, for others, would get it.
    """

    path: str
    content: Optional[str]
    mode: Optional[int] = 0o644


@dataclass(frozen=True)
class Wish:
    """The addresses, or the routes, of an owner on an interface.

    header: what a file of ours begins with.
    is_dummy: whether the interface is a dummy device, which is there for such addresses alone.
    former: the routes that the owner had before.
    shared: those of them that another owner wants on the interface too.
    """

    interface: str
    owner: str
    addresses: Sequence[Address]
    header: str = ""
    is_dummy: bool = False
    routes: Sequence[Route] = ()
    former: Sequence[Route] = ()
    shared: Sequence[Route] = ()

    @property
    def going(self) -> List[Route]:
        """The routes that nobody wants any more."""
        return [each for each in self.former if each not in self.routes and each not in self.shared]

    @property
    def kind(self) -> str:
        """What the interface is to have, for people."""
        return "routes" if self.routes or self.former else "addresses"

    @property
    def what(self) -> str:
        """The same, as what a host would lack."""
        return "the director as gateway" if self.routes or self.former else "the virtual addresses"

    @property
    def needs_no_file(self) -> bool:
        """Whether the host needs no file of its own for the interface to be set up at all, as it does for a card."""
        return self.is_dummy or self.interface == LOOPBACK


@dataclass(frozen=True)
class Found:
    """What is there on the host.

    own_file: the file of the host's own that the stack sets up the interface from; empty for none.
    texts: files that are read before any is written, by their paths.
    section: where netplan's files have the interface; empty where they need not have it yet.
    """

    own_file: str = ""
    texts: Mapping[str, str] = field(default_factory=dict)
    section: str = ""


def place(interface: str) -> str:
    """An interface as files are called after it."""
    return "loopback" if interface == LOOPBACK else interface

# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""What this collection remembers of a host, in files."""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import sys
from typing import Any, Iterator

from .files import keep

# What outlives a boot, and what does not.
ROOT = "/var/lib/lvs-cluster"
RUN = "/run/lvs-cluster"
# The kind of thing of which the interfaces' addresses are.
ADDRESSES = "addresses"
# That of the kernel's settings.
SETTINGS = "sysctls"
# That of where packets are led.
GATEWAYS = "gateways"


@contextlib.contextmanager
def locked(path: str) -> Iterator[None]:
    """While nobody else has the lock of this path; it goes with the process that has it."""
    os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
    with open(path, "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


class OwnersMemory:
    """The memories of all owners of one kind of thing: a file for each, in a folder."""

    def __init__(self, module: Any, kind: str) -> None:
        self._module = module
        self._folder = os.path.join(ROOT, kind)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Nobody else reads a memory and writes it in between; in check mode nobody writes at all."""
        if self._module.check_mode:
            yield
            return
        with locked(os.path.join(self._folder, ".lock")):
            yield

    def read(self) -> dict[str, str]:
        """The text of each owner's memory."""
        texts = {}
        for name in os.listdir(self._folder) if os.path.isdir(self._folder) else []:
            if name.endswith(".json"):
                with open(os.path.join(self._folder, name), encoding="utf-8") as file:
                    texts[name[: -len(".json")]] = file.read()
        return texts

    def write(self, owner: str, text: str) -> None:
        """Keep a text for an owner, on the disk when this returns; none for an empty one."""
        path = os.path.join(self._folder, f"{owner}.json")
        if not text:
            if os.path.exists(path):
                os.unlink(path)
            return
        if self.read().get(owner) != text:
            keep(self._module, path, text)


def owners_of_addresses() -> dict[str, list[str]]:
    """By interface, whose addresses this collection has put there."""
    folder = os.path.join(ROOT, ADDRESSES)
    names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    owners = {name: sorted(os.listdir(os.path.join(folder, name))) for name in names}
    found = {name: [each[: -len(".json")] for each in held if each.endswith(".json")] for name, held in owners.items()}
    return {name: held for name, held in found.items() if held}


def owners_of(kind: str) -> list[str]:
    """For whom this collection remembers what is of a kind, as what settings of the kernel were before."""
    folder = os.path.join(ROOT, kind)
    names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    return [each[: -len(".json")] for each in names if each.endswith(".json")]


class DrainMemory:
    """The weights of drained servers, as a text that lasts until the host boots, or the network namespace ends."""

    def __init__(self, module: Any) -> None:
        self._module = module
        self._path = os.path.join(RUN, f"drained-{network_namespace()}.json")
        self.text = self._read()

    def _read(self) -> str:
        try:
            with open(self._path, encoding="utf-8") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """While nobody else changes it: what is read, worked out and written in here is not overwritten by others.

        Many hosts delegate a task to one director at once.
        """
        with locked(os.path.join(RUN, "lock")):
            self.text = self._read()
            yield

    def write(self, text: str) -> None:
        """Keep another text."""
        if text == self.text:
            return
        keep(self._module, self._path, text)
        self.text = text


# linux/socket.h; Python has no name for it.
SO_NETNS_COOKIE = 71


def network_namespace() -> str:
    """What tells this network namespace from all others, those that ended included, until the host boots.

    An inode does not: the kernel gives the number of a namespace that ended to the next. Kernels before 5.14 have
    nothing better.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as probe:
        try:
            cookie = probe.getsockopt(socket.SOL_SOCKET, SO_NETNS_COOKIE, 8)
        except OSError:
            return str(os.stat("/proc/self/ns/net").st_ino)
    return f"cookie-{int.from_bytes(cookie, sys.byteorder)}"

# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""What this collection remembers of a host, in files: how they are written, and those that boots leave alone."""

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
from typing import Any, Iterator

ROOT = "/var/lib/lvs-cluster"


@contextlib.contextmanager
def locked(path: str) -> Iterator[None]:
    """While nobody else has the lock of this path; it goes with the process that has it."""
    os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
    with open(path, "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def keep(module: Any, path: str, text: str) -> None:
    """Write a file as a whole or not at all; it is on the disk when this returns."""
    os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=module.tmpdir)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    module.atomic_move(temporary, path)


class Memories:
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
        keep(self._module, path, text)

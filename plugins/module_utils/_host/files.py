# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""The one door to files that are written as a whole: what changes of them, and how it is done."""

from __future__ import annotations

import os
import stat
import tempfile
from typing import Any, Dict, List, NamedTuple, Optional, Sequence

from .errors import HostError
from .text import EXACT, read_exact, readable


class RefusedFileError(HostError):
    """The program that is to read a file does not accept it."""

    kind = "refused_file"
    remedy = "Nothing was written"


class Wanted(NamedTuple):
    """A file as it shall be.

    content: None for no file of this path; of a folder, none that is empty.
    mode: None for the mode that it has, or gets by the umask.
    check: a command that accepts the file, or not; %s stands for it.
    """

    path: str
    content: Optional[str]
    mode: Optional[int] = None
    check: str = ""


class File(NamedTuple):
    """A file whose text changes; None where there is none."""

    path: str
    before: Optional[str]
    after: Optional[str]


class Files:
    """What has to be done for files to be as they shall be; worked out first, and then applied or not."""

    def __init__(self, module: Any, wanted: Sequence[Wanted]) -> None:
        self._module = module
        self._wanted = wanted
        self.texts: List[File] = []
        for each in wanted:
            before = self._before(each.path)
            if before != each.content:
                self.texts.append(File(each.path, before, each.content))
        self._modes: Dict[str, int] = {each.path: each.mode for each in wanted if each.mode is not None}

    def _before(self, path: str) -> Optional[str]:
        """The text of a file; of a folder that the others that go leave empty, an empty one."""
        if os.path.isdir(path) and not os.path.islink(path):
            gone = [each.path for each in self.texts if each.after is None]
            return "" if all(os.path.join(path, each) in gone for each in os.listdir(path)) else None
        return read_exact(path) if os.path.lexists(path) else None

    @property
    def changed(self) -> List[str]:
        """The paths of which the text or the mode changes."""
        texts = [each.path for each in self.texts]
        return [each.path for each in self._wanted if each.path in texts or self._has_wrong_mode(each.path)]

    def _has_wrong_mode(self, path: str) -> bool:
        wanted = self._modes.get(path)
        return wanted is not None and os.path.exists(path) and stat.S_IMODE(os.stat(path).st_mode) != wanted

    def apply(self) -> None:
        """Write none, unless each is accepted by who is to read it."""
        checks = {each.path: each.check for each in self._wanted}
        prepared = {each.path: prepare(self._module, each.after) for each in self.texts if each.after is not None}
        for path, candidate in prepared.items():
            self._require_accepted(checks[path], path, candidate)
        for each in self.texts:
            if each.after is None:
                _remove(each.path)
            else:
                move(self._module, prepared[each.path], each.path)
        for path, mode in self._modes.items():
            if self._has_wrong_mode(path):
                os.chmod(path, mode)

    def _require_accepted(self, check: str, path: str, candidate: str) -> None:
        if not check:
            return
        status, output, errors = self._module.run_command(check.replace("%s", candidate))
        if status:
            told = (errors.strip() or output.strip() or f"status {status}").replace(candidate, path)
            raise RefusedFileError(f"{path} is not accepted: {told}")

    def diff(self) -> List[Dict[str, str]]:
        """The changes of texts."""
        return diff(self.texts)


def prepare(module: Any, text: str) -> str:
    """A text on the disk, and not yet in its place; its path."""
    handle, path = tempfile.mkstemp(dir=str(module.tmpdir))
    with os.fdopen(handle, "w", encoding="utf-8", errors=EXACT) as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return path


def move(module: Any, prepared: str, path: str) -> None:
    """Put it into its place: as a whole or not at all."""
    os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
    module.atomic_move(prepared, path)


def keep(module: Any, path: str, text: str) -> None:
    """Write a file as a whole or not at all; it is on the disk when this returns."""
    move(module, prepare(module, text), path)


def diff(files: Sequence[File]) -> List[Dict[str, str]]:
    """The changes of files, for a result."""
    return [
        {
            "before_header": each.path,
            "after_header": each.path,
            "before": readable(each.before or ""),
            "after": readable(each.after or ""),
        }
        for each in files
    ]


def _remove(path: str) -> None:
    if os.path.isdir(path) and not os.path.islink(path):
        os.rmdir(path)
    else:
        os.unlink(path)

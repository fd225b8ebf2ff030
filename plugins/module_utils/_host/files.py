# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""The one door to files that are written as a whole: what changes of them, and how it is done."""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Sequence

from .errors import HostError
from .text import EXACT, read_exact, readable


class RefusedFileError(HostError):
    """The program that is to read a file does not accept it."""

    kind = "refused_file"
    remedy = "Nothing was written"


class Wanted(NamedTuple):
    """A file as it shall be.

    content: None for no file of this path; of a folder, none that is empty.
    mode: None for the mode that it has; a new one can be read by all.
    check: a command that accepts the file, or not; %s stands for it, and %d for a folder in which it and all others
        that are wanted stand, by their whole paths.
    is_secret: for this user alone, and no diff shows it, also when it goes.
    """

    path: str
    content: Optional[str]
    mode: Optional[int] = None
    check: str = ""
    is_secret: bool = False


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
        self._secrets = {each.path for each in wanted if each.is_secret}

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
        return [
            each.path
            for each in self._wanted
            if each.path in texts or self._has_wrong_mode(each.path) or self._is_of_another(each.path)
        ]

    def _has_wrong_mode(self, path: str) -> bool:
        wanted = self._modes.get(path)
        return wanted is not None and os.path.exists(path) and stat.S_IMODE(os.stat(path).st_mode) != wanted

    def _is_of_another(self, path: str) -> bool:
        return path in self._secrets and os.path.exists(path) and os.stat(path).st_uid != os.geteuid()

    def apply(self) -> None:
        """Write none, unless each is accepted by who is to read it."""
        self._require_accepted()
        for each in self.texts:
            if each.after is None:
                _remove(each.path)
            else:
                if each.path in self._secrets:
                    os.makedirs(os.path.dirname(each.path), mode=0o700, exist_ok=True)
                keep(self._module, each.path, each.after, self._modes.get(each.path))
        for path in filter(self._is_of_another, self._secrets):
            os.chown(path, os.geteuid(), os.getegid())
        for path, mode in self._modes.items():
            if self._has_wrong_mode(path):
                os.chmod(path, mode)

    def put_back(self) -> None:
        """Have the texts that were there before."""
        for each in reversed(self.texts):
            if each.before is None:
                _remove(each.path)
            else:
                keep(self._module, each.path, each.before)

    def _require_accepted(self) -> None:
        changing = {each.path for each in self.texts if each.after is not None}
        checked = [each for each in self._wanted if each.check and each.path in changing]
        if not checked:
            return
        folder = os.path.join(self._module.tmpdir, "candidates")
        for each in self._wanted:
            if each.content is not None:
                os.makedirs(os.path.dirname(folder + each.path), mode=0o700, exist_ok=True)
                write(folder + each.path, _bytes(each.content), 0o600)
        # What several have in common is asked once.
        commands = {each.check.replace("%s", folder + each.path).replace("%d", folder): each.path for each in checked}
        for command, path in commands.items():
            status, output, errors = self._module.run_command(command)
            if status:
                told = (errors.strip() or output.strip() or f"status {status}").replace(folder, "")
                raise RefusedFileError(f"{path} is not accepted: {told}")

    def diff(self) -> List[Dict[str, str]]:
        """The changes of texts; of a secret that there is one."""
        return diff(
            [
                File(each.path, each.before and "a secret\n", each.after and "another secret\n")
                if each.path in self._secrets
                else each
                for each in self.texts
            ]
        )


def keep(module: Any, path: str, text: str, mode: Optional[int] = None) -> None:
    """Write a file as a whole or not at all; it is on the disk when this returns.

    Its owner stays, and its mode unless there is another one.
    """
    folder, name = os.path.split(path)
    os.makedirs(folder, mode=0o755, exist_ok=True)
    # Hidden: some read all that a folder shows.
    part = os.path.join(folder, f".{name}.lvs-part")
    with alone(folder):
        if os.path.exists(path):
            before = os.stat(path)
            write(part, _bytes(text), stat.S_IMODE(before.st_mode) if mode is None else mode)
            os.chown(part, before.st_uid, before.st_gid)
            context = module.selinux_context(path)
        else:
            write(part, _bytes(text), 0o644 if mode is None else mode)
            context = module.selinux_default_context(path)
        module.set_context_if_different(part, context, False)
        os.replace(part, path)


@contextlib.contextmanager
def alone(folder: str) -> Iterator[None]:
    """While no other run of this collection does in a folder what is done here: two at once have the same parts.

    It goes with the process that has it, and leaves nothing behind.
    """
    here = os.open(folder, os.O_RDONLY)
    try:
        # NFS locks no folder: there, two at once are as they were without.
        with contextlib.suppress(OSError):
            fcntl.flock(here, fcntl.LOCK_EX)
        yield
    finally:
        os.close(here)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", EXACT)


def write(path: str, content: bytes, mode: int) -> None:
    """A file on the disk that has its mode from its first moment on, whatever was there."""
    discard(path)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        os.fchmod(file.fileno(), mode)  # the umask took from it
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def discard(path: str) -> None:
    """Have no file of this path."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)


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
    # Another run may have done so since this one has looked.
    with contextlib.suppress(FileNotFoundError):
        if os.path.isdir(path) and not os.path.islink(path):
            os.rmdir(path)
        else:
            os.unlink(path)

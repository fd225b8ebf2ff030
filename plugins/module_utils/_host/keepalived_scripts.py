# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""The one door to the scripts that keepalived runs: those that are put there, and those of the host."""

from __future__ import annotations

import os
import pwd
from pathlib import PurePath
from typing import List, Mapping, Optional, Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.scripts import (
    USER,
    Part,
    User,
    refusal,
    refusal_of_folders,
    unsafe_part,
)

from .errors import HostError
from .files import File, alone, discard, write
from .text import read_exact

MODE = 0o755


class ScriptError(HostError):
    """keepalived would not run a script."""

    kind = "refused_script"
    remedy = "keepalived would not run it, and say so in its log alone"


def user_of(name: str, made_later: bool) -> Optional[User]:
    """The user of a name; None where he is yet to be made.

    made_later: whether the one that the role makes may be missing.
    """
    try:
        found = pwd.getpwnam(name)
    except KeyError:
        if made_later and name == USER:
            return None
        raise ScriptError(f"There is no user {name} on this host, who is to run scripts") from None
    return User(name, found.pw_uid, found.pw_gid)


def require_sound(path: str, user: Optional[User]) -> None:
    """Fail where keepalived would not run what is at a path."""
    real, folder = os.path.realpath(path), os.path.dirname(path)
    if not os.path.exists(real):
        _refuse(path, "there is no such file")
    # As keepalived 2.2 does; from 2.3 on it takes none on the way to what root runs.
    if os.path.realpath(folder) != folder:
        _refuse(
            path, f"there is a link on the way; write {os.path.join(os.path.realpath(folder), os.path.basename(path))}"
        )
    _refuse(path, refusal(_way(real), user))


def require_open(folder: str, user: Optional[User]) -> None:
    """Fail where keepalived would run nothing in a folder, which is yet to be made, or made right."""
    _refuse(folder, refusal_of_folders(_way(os.path.dirname(folder)), user))


def _refuse(path: str, reason: str) -> None:
    if reason:
        raise ScriptError(f"{path} cannot be run: {reason}")


def _way(path: str) -> List[Part]:
    """From the root to what is at a path, as far as it is there."""
    found: List[Part] = []
    for way in [*reversed([str(each) for each in PurePath(path).parents]), path]:
        try:
            held = os.stat(way, follow_symlinks=False)
        except FileNotFoundError:
            break
        found.append(Part(way, held.st_mode, held.st_uid, held.st_gid))
    return found


class Scripts:
    """The scripts of a folder that is ours; what has to be done is worked out first, and then done or not."""

    def __init__(self, folder: str, wanted: Mapping[str, str], purge: bool) -> None:
        """wanted: the texts by their paths, which are in the folder. purge: whether there is to be nothing else."""
        self._folder = folder
        self._wanted = wanted
        held = self._held()
        self._written = [path for path, text in wanted.items() if not self._is_sound(path) or read_exact(path) != text]
        self._gone = [path for path in held if path not in wanted] if purge else []
        self._folder_goes = purge and not wanted and os.path.isdir(folder)

    def _held(self) -> List[str]:
        return [os.path.join(self._folder, name) for name in sorted(os.listdir(self._folder))] if self.is_there else []

    @property
    def is_there(self) -> bool:
        return os.path.isdir(self._folder)

    def _is_sound(self, path: str) -> bool:
        """Whether it is a file that root alone can change, and everybody can run."""
        try:
            held = os.stat(path, follow_symlinks=False)
        except FileNotFoundError:
            return False
        part = Part(path, held.st_mode, held.st_uid, held.st_gid)
        return not unsafe_part(part) and held.st_mode & 0o7777 == MODE

    @property
    def _folder_is_closed(self) -> bool:
        return bool(self._wanted) and self.is_there and not self._is_sound(self._folder)

    @property
    def changed(self) -> List[str]:
        """The paths that differ."""
        return [*([self._folder] if self._folder_is_closed or self._folder_goes else []), *self._written, *self._gone]

    def apply(self) -> None:
        if self._wanted:
            os.makedirs(self._folder, mode=MODE, exist_ok=True)
            if self._folder_is_closed:
                os.chown(self._folder, 0, 0)
            # What is made is closed by the umask.
            os.chmod(self._folder, MODE)
        for path in self._written:
            with alone(self._folder):
                write(f"{path}.lvs-part", self._wanted[path].encode(), MODE)
                os.replace(f"{path}.lvs-part", path)
        for path in self._gone:
            discard(path)
        if self._folder_goes:
            os.rmdir(self._folder)

    def diff(self) -> List[File]:
        written = [File(path, read_exact(path) or None, self._wanted[path]) for path in self._written]
        return [*written, *(File(path, read_exact(path), None) for path in self._gone)]


def inside(folder: str, paths: Sequence[str]) -> Optional[str]:
    """The first path that is not of a file in the folder itself."""
    return next((path for path in paths if os.path.dirname(os.path.normpath(path)) != folder), None)

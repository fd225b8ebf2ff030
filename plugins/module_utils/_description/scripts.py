# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""What the files hold that a description names: scripts, and pages. They are beside the inventory or the playbook."""

from __future__ import annotations

import dataclasses
import hashlib
import os
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence, Type

from ansible_collections.lvs.cluster.plugins.module_utils._problems import BadValue, Problem

from .kinds import Reader, options, script_text
from .model.checkers import Digest
from .model.cluster import Cluster
from .model.scripts import Script

# What the first of some paths has that leads to a file; None where none does.
ReadFile = Callable[[Sequence[str]], Optional[bytes]]


def no_file(_paths: Sequence[str]) -> Optional[bytes]:
    """Of who has no files at hand."""
    return None


class Files:
    """The files of a user, each read once.

    folders: where they may be, the nearest first.
    """

    def __init__(self, folders: Sequence[str], read: ReadFile) -> None:
        self._folders = [path for folder in folders for path in (os.path.join(folder, "files"), folder)]
        self._read = read
        self._texts: Dict[str, str] = {}
        self._digests: Dict[str, str] = {}

    def text(self, file: str) -> str:
        """The text of a script; raises L(BadValue) where it is none."""
        if file not in self._texts:
            self._texts[file] = self._text(file)
        return self._texts[file]

    def digest(self, file: str) -> str:
        """The MD5 digest of a page, as keepalived compares it; raises L(BadValue) where there is none."""
        if file not in self._digests:
            self._digests[file] = hashlib.md5(self._held(file), usedforsecurity=False).hexdigest()
        return self._digests[file]

    def _text(self, file: str) -> str:
        try:
            return script_text(self._held(file).decode())
        except UnicodeDecodeError:
            remedy = "Write a script, or put the program on the hosts yourself and write {path: ITS PATH}"
            raise BadValue("is no text", remedy) from None

    def _held(self, file: str) -> bytes:
        try:
            held = self._read([os.path.join(folder, file) for folder in self._folders])
        except OSError as error:
            raise BadValue(f"cannot be read: {error.strerror}", "Write the path of a file") from None
        if held is None:
            where = f" in {', '.join(self._folders)}" if self._folders and not os.path.isabs(file) else ""
            raise BadValue(f"is no file{where}", "Put it there, or mend the path")
        return held


# What a file is read for.
FILED = (Script, Digest)


def with_texts(cluster: Cluster, files: Files, problems: List[Problem]) -> Cluster:
    """The cluster with what its files hold: texts of scripts, digests of pages. What is wrong is added to problems."""

    def read(entry: Any, path: str) -> Any:
        if not entry.file:
            return entry
        try:
            if isinstance(entry, Script):
                return dataclasses.replace(entry, content=files.text(entry.file))
            return dataclasses.replace(entry, md5=files.digest(entry.file))
        except BadValue as bad:
            problems.append(Problem(path, entry.file, bad.reason, bad.remedy))
            return entry

    filled: Cluster = _filled(cluster, "", read, {})
    return filled


def _filled(entry: Any, path: str, read: Callable[[Any, str], Any], done: Dict[int, Any]) -> Any:
    """An entry with the files in it read; what was one object, as what is listed twice is, stays one."""
    if isinstance(entry, FILED):
        return read(entry, path)
    if isinstance(entry, tuple):
        for place, each in enumerate(entry):
            if id(each) not in done:
                done[id(each)] = _filled(each, f"{path}[{place}]", read, done)
        return tuple(done[id(each)] for each in entry)
    changed = {}
    for name, field in options(type(entry)).items() if dataclasses.is_dataclass(entry) else ():
        held = getattr(entry, field.name)
        if held and _has_files(field.metadata["reader"]):
            changed[field.name] = _filled(held, f"{path}.{name}" if path else name, read, done)
    return dataclasses.replace(entry, **changed) if changed else entry


def _has_files(reader: Reader) -> bool:
    # Kept, as it is asked for each option of each entry.
    if id(reader) not in HAVE_FILES:
        HAVE_FILES[id(reader)] = any(
            table in FILED or any(map(_has_files, _readers(table))) for table in _tables(reader)
        )
    return HAVE_FILES[id(reader)]


HAVE_FILES: Dict[int, bool] = {}


def _tables(reader: Reader) -> Iterator[Type[Any]]:
    yield from reader.tables.values()
    if reader.element:
        yield from _tables(reader.element)


def _readers(table: Type[Any]) -> Iterator[Reader]:
    return (field.metadata["reader"] for field in options(table).values())


def scripts_in(entry: Any) -> Iterator[Script]:
    """The scripts of an entry, of a description that has passed the checks."""
    if isinstance(entry, Script):
        yield entry
    for field in options(type(entry)).values() if dataclasses.is_dataclass(entry) else ():
        held = getattr(entry, field.name)
        if held and _has_files(field.metadata["reader"]):
            for each in held if isinstance(held, tuple) else [held]:
                yield from scripts_in(each)

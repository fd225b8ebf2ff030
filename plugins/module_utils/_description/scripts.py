# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""The texts of the scripts that a description names, from files beside the inventory and the playbook."""

from __future__ import annotations

import dataclasses
import os
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence, Type

from ansible_collections.lvs.cluster.plugins.module_utils._problems import BadValue, Problem

from .kinds import Reader, options, script_text
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

    def text(self, file: str) -> str:
        """The text of a script; raises L(BadValue) where it is none."""
        if file not in self._texts:
            self._texts[file] = self._text(file)
        return self._texts[file]

    def _text(self, file: str) -> str:
        try:
            held = self._read([os.path.join(folder, file) for folder in self._folders])
        except OSError as error:
            raise BadValue(f"cannot be read: {error.strerror}", "Write the path of a file") from None
        if held is None:
            where = f" in {', '.join(self._folders)}" if self._folders and not os.path.isabs(file) else ""
            raise BadValue(f"is no file{where}", "Put it there, or mend the path")
        try:
            return script_text(held.decode())
        except UnicodeDecodeError:
            remedy = "Write a script, or put the program on the hosts yourself and write {path: ITS PATH}"
            raise BadValue("is no text", remedy) from None


def with_texts(cluster: Cluster, files: Files, problems: List[Problem]) -> Cluster:
    """The cluster with the text of each script that is a file; what is wrong is added to problems."""

    def read(script: Script, path: str) -> Script:
        if not script.file:
            return script
        try:
            return dataclasses.replace(script, content=files.text(script.file))
        except BadValue as bad:
            problems.append(Problem(path, script.file, bad.reason, bad.remedy))
            return script

    filled: Cluster = _filled(cluster, "", read, {})
    return filled


def _filled(entry: Any, path: str, read: Callable[[Script, str], Script], done: Dict[int, Any]) -> Any:
    """An entry with the scripts in it read; what was one object, as what is listed twice is, stays one."""
    if isinstance(entry, Script):
        return read(entry, path)
    if isinstance(entry, tuple):
        for place, each in enumerate(entry):
            if id(each) not in done:
                done[id(each)] = _filled(each, f"{path}[{place}]", read, done)
        return tuple(done[id(each)] for each in entry)
    changed = {}
    for name, field in options(type(entry)).items() if dataclasses.is_dataclass(entry) else ():
        held = getattr(entry, field.name)
        if held and _has_scripts(field.metadata["reader"]):
            changed[field.name] = _filled(held, f"{path}.{name}" if path else name, read, done)
    return dataclasses.replace(entry, **changed) if changed else entry


def _has_scripts(reader: Reader) -> bool:
    return any(table is Script or any(map(_has_scripts, _readers(table))) for table in _tables(reader))


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
        for each in held if isinstance(held, tuple) else [held]:
            yield from scripts_in(each)

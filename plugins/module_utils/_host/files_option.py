# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""The options C(files) and C(secret_files) of modules that write files, or compare them;
the fragments C(_files) and C(_secret_files) document them."""

from __future__ import annotations

import glob
import os
import re
from typing import Any, Dict, Iterator, List, Mapping

from ansible_collections.lvs.cluster.plugins.module_utils._problems import bad_option

from .files import Files, Wanted
from .text import read_exact

SPEC = {
    "type": "list",
    "elements": "dict",
    "options": {
        "path": {"type": "path", "required": True},
        "content": {"type": "str"},
        "mode": {"type": "str", "default": "0644"},
        "validate": {"type": "str"},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "secret": {"type": "bool", "default": False},
        "lists": {"type": "bool", "default": False},
        "keeps": {"type": "list", "elements": "path", "default": []},
    },
}

# As a part of C(files) each would be in the log of the host, where Ansible masks what is a text by itself alone.
SECRET_FILES = {"type": "dict", "no_log": True, "default": {}}


def wanted(params: Mapping[str, Any]) -> List[Wanted]:
    """The files as a module's options have them; secrets first, for others are tested with them."""
    return [
        *(_secret(path, content) for path, content in (params.get("secret_files") or {}).items()),
        *(each for number, options in enumerate(params["files"] or ()) for each in _with_listed(number, options)),
    ]


def differing(module: Any) -> List[str]:
    """The paths of those of a module's options that are not as they shall be; nothing is written."""
    return Files(module, wanted(module.params)).changed


def texts(params: Mapping[str, Any]) -> Dict[str, str]:
    """By path, what the files of a module's options will have in them."""
    return {each.path: each.content for each in wanted(params) if each.content is not None}


def _secret(path: str, content: Any) -> Wanted:
    if not isinstance(content, str) or not content:
        raise bad_option(f"secret_files.{path}", None, "is no text", "Write the text of the file")
    return Wanted(path, content, 0o600, is_secret=True)


def _with_listed(number: int, options: Mapping[str, Any]) -> Iterator[Wanted]:
    """A file, after those that go as it lists them no more: what is cut off in between is remembered."""
    file = _wanted(number, options)
    if options["lists"] and os.path.exists(file.path):
        stay = {*(file.content or "").splitlines(), *options["keeps"], *_listed_beside(file.path)}
        gone = (each for each in read_exact(file.path).splitlines() if os.path.isabs(each) and each not in stay)
        yield from (Wanted(each, None, is_secret=True) for each in gone)
    yield file


def _listed_beside(path: str) -> List[str]:
    """What other lists name, as another cluster's of the same host: files with the same ending, in the same folder."""
    folder, name = os.path.split(path)
    ending = os.path.splitext(name)[1]
    others = glob.glob(f"{glob.escape(folder)}/*{glob.escape(ending)}") if ending else []
    return [line for each in others if each != path for line in read_exact(each).splitlines()]


def _wanted(number: int, options: Mapping[str, Any]) -> Wanted:
    if options["state"] == "absent":
        return Wanted(options["path"], None, is_secret=options["secret"])
    if options["secret"]:
        raise bad_option(f"files[{number}].secret", None, "is for a file that goes", "Write its text into secret_files")
    if options["content"] is None:
        raise bad_option(f"files[{number}].content", None, "is missing", "Write it, or state: absent")
    if not re.fullmatch(r"[0-7]{3,4}", options["mode"]):
        raise bad_option(f"files[{number}].mode", repr(options["mode"]), "is no mode", "Write it as '0644'")
    return Wanted(options["path"], options["content"], int(options["mode"], 8), options["validate"] or "")

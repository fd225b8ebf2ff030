# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""The files from which a boot loads modules of the kernel and sets its settings: which are read, and what they say."""

from __future__ import annotations

import os
import re
from typing import Dict, List, Mapping, NamedTuple, Sequence, Tuple


class Setting(NamedTuple):
    """A line of a file that gives a key a value."""

    path: str
    line: int
    key: str
    value: str


def sysctl_path(key: str) -> str:
    """A key as the path below /proc/sys: where the first separator is a dot, dots and slashes change places."""
    first = re.search(r"[./]", key)
    if first and first.group() == ".":
        return key.translate(str.maketrans("./", "/."))
    return key


def settings(path: str, text: str) -> List[Setting]:
    """What a file sets; a pattern does not count, as it leaves alone what any file sets by its name."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        key, equals, value = line.strip().partition("=")
        key = key.lstrip("-").strip()
        if equals and key[:1] not in ("#", ";") and not re.search(r"[*?\[]", key):
            found.append(Setting(path, number, sysctl_path(key), value.strip()))
    return found


def sysctl_text(wanted: Mapping[str, str], text: str) -> str:
    """The file that sets these keys and no others: as it is if it does, however it says so."""
    standing = {each.key: each.value.split() for each in settings("", text)}
    if standing == {sysctl_path(key): value.split() for key, value in wanted.items()}:
        return text
    return "".join(f"{key}={value}\n" for key, value in wanted.items())


def module_names(text: str) -> List[str]:
    """The modules that a file of C(modules-load.d) has the boot load."""
    lines = [line.strip() for line in text.splitlines()]
    return [line for line in lines if line and line[0] not in "#;"]


def reading_order(names: Mapping[str, Sequence[str]], folders: Sequence[str]) -> List[str]:
    """The files that are read, in that order, from the names in each folder; of two of one name the first counts."""
    first: Dict[str, str] = {}
    for folder in folders:
        for name in names.get(folder, ()):
            if name.endswith(".conf"):
                first.setdefault(name, os.path.join(folder, name))
    return [first[name] for name in sorted(first)]


def overriding(ours: str, wanted: Mapping[str, str], files: Sequence[Tuple[str, str]]) -> List[Setting]:
    """Who has the last word about a key after our file, and says something else.

    files: path and text of each, in the order in which they are read.
    """
    keys = {sysctl_path(key): value for key, value in wanted.items()}
    last: Dict[str, Setting] = {}
    for path, text in files:
        if os.path.basename(path) > os.path.basename(ours):
            last.update((each.key, each) for each in settings(path, text) if each.key in keys)
    return [each for each in last.values() if each.value.split() != keys[each.key].split()]

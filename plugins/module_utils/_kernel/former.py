# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""What settings were before somebody had them set, so that the last who lets go of one can put it back."""

from __future__ import annotations

import json
from typing import Dict, Mapping, NamedTuple


class Former(NamedTuple):
    """A setting: as it was, and as it was set."""

    before: str
    set: str


Formers = Dict[str, Former]


def remembering(
    memories: Mapping[str, Formers], owner: str, current: Mapping[str, str], wanted: Mapping[str, str]
) -> Formers:
    """What an owner remembers once the settings are as wanted; what was remembered first counts, whoever did.

    A setting that is not wanted any more stays until the owner lets go of all: the kernel still has it.
    """
    first = {key: each.before for formers in memories.values() for key, each in formers.items()}
    return {
        **memories.get(owner, {}),
        **{key: Former(first.get(key, current[key]), value) for key, value in wanted.items()},
    }


def restoring(memories: Mapping[str, Formers], owner: str, current: Mapping[str, str]) -> Dict[str, str]:
    """What goes back once an owner lets go: what no other one wants, and nobody has changed since."""
    others = {key for other, formers in memories.items() if other != owner for key in formers}
    return {
        key: each.before
        for key, each in memories.get(owner, {}).items()
        if key not in others and current.get(key, "").split() == each.set.split() != each.before.split()
    }


def read(text: str) -> Formers:
    """A memory."""
    return {key: Former(*pair) for key, pair in json.loads(text).items()} if text else {}


def write(formers: Formers) -> str:
    """A memory; empty for none."""
    return json.dumps(formers, indent=2) + "\n" if formers else ""

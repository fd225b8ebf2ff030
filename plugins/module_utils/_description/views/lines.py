# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""Tables of the description as lines of keepalived.conf.

Options are printed under their own names, in the order of their table. What was not given is not printed: then
keepalived's own default holds.
"""

from __future__ import annotations

import dataclasses
from typing import Any, Iterator, List, Sequence, Tuple, Type

from ansible_collections.lvs.cluster.plugins.module_utils._description.kinds import options
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.checkers import Digest
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.scripts import Script

# A keyword and its value. A value that is true is none: the keyword alone says it. One that is a list is a block.
Line = Tuple[str, Any]


@dataclasses.dataclass(frozen=True)
class Block:
    """A block of keepalived.conf as it is printed."""

    keyword: str
    lines: Sequence[Line]


def block(entry: Any, lines: Sequence[Line] = ()) -> Block:
    """An entry of the description as the block of its keyword and its name. lines: what else it starts with."""
    name = [str(getattr(entry, field.name)) for field in options(type(entry)).values() if field.metadata["bare"]]
    return Block(" ".join([entry.keyword, *name]), [*lines, *lines_of(entry, type(entry))])


def lines_of(entry: Any, table: Type[Any], names: Sequence[str] = ()) -> List[Line]:
    """The lines of the options of an entry that a table has: its own, or one that it is made of.

    names: of those alone, and in this order.
    """
    lines: List[Line] = []
    for name, field in ((name, options(table)[name]) for name in names or options(table)):
        if not field.metadata["bare"]:
            lines.extend(_lines_of_option(field.metadata["keyword"] or name, getattr(entry, field.name), field))
    return lines


def _lines_of_option(name: str, value: Any, field: Any) -> Iterator[Line]:
    if name == "raw":
        yield from as_they_are(value)
    elif value is None or (value == field.default and isinstance(value, (bool, str, tuple))):
        return
    elif isinstance(value, tuple):
        yield name, as_they_are([in_one_line(each, type(each)) for each in value])
    elif field.metadata["quoted"]:
        doubled = value.replace("\\", "\\\\")
        yield name, f'"{doubled}"'
    elif value is False:
        yield (field.metadata["off"], True) if field.metadata["off"] else (name, "false")
    else:
        yield name, value if value is True else in_one_line(value, type(value))


def as_they_are(lines: Sequence[str]) -> List[Line]:
    return [(line, True) for line in lines]


def in_one_line(value: Any, table: Type[Any]) -> Any:
    """An entry as the words of the options that a table has; what is no entry as it is."""
    if isinstance(value, (Script, Digest)):
        return value.printed
    if not dataclasses.is_dataclass(table):
        return value
    words = []
    for name, field in options(table).items():
        each = getattr(value, field.name)
        if each is not None and each is not False and each != "":
            words += ([] if field.metadata["bare"] else [name]) + ([] if each is True else [str(each)])
    return " ".join(words)

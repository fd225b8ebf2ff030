# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""keepalived.conf as keepalived reads it (lib/parser.c): statements, each with words and perhaps a block.

Which words a keyword takes is not known here, and not asked.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from typing import Callable, Dict, Iterator, List, Optional, Sequence, Tuple

# The files of an include: path and text. It gets the pattern, and the directory that it is relative to.
Reader = Callable[[str, str], Sequence[Tuple[str, str]]]

DEFINITION = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]*)[ \t]*=[ \t]*(.*)", re.DOTALL)
REFERENCE = re.compile(r"\$(?:\{([A-Za-z_][A-Za-z0-9_]*)\}|([A-Za-z_][A-Za-z0-9_]*)(?=[ \t,)]|$))")
# The letter says what a file that is missing means.
INCLUDE = re.compile(r"include[rmwba]?\s+(.*)")
WORD = re.compile(r'"([^"]*)"|[^\s"]+')
PIECE = re.compile(r'(?:"[^"]*"|[^{}"])+|[{}]')
# As keepalived's own; a file that includes itself would never end.
DEEPEST = 64


@dataclass(frozen=True)
class Statement:
    """A keyword with its words, and what is between its braces; None where it has none."""

    words: Tuple[str, ...]
    block: Optional[Tuple[Statement, ...]] = None

    @property
    def keyword(self) -> str:
        return self.words[0] if self.words else ""


@dataclass(frozen=True)
class Tree:
    """All statements of a file, and the lines that mean what only keepalived knows, as a loop (C(~SEQ))."""

    statements: Tuple[Statement, ...] = ()
    not_understood: Tuple[str, ...] = ()


def parse(text: str, directory: str = "", read: Optional[Reader] = None, config_id: str = "") -> Tree:
    """Read a configuration.

    directory: where the file is. read: how an include is read; without it none is. config_id: keepalived's option of
    that name, which lines that start with C(@) ask for.
    """
    lines = _Lines(read, config_id)
    reading = _Blocks()
    for line in lines.of(text, directory):
        reading.take(line)
    return Tree(reading.finish(), tuple(lines.not_understood))


def unclosed(lines: Sequence[str]) -> str:
    """Why lines cannot stand in a block without changing what stands around them; empty where they can."""
    depth = 0
    for line in map(_decommented, lines):
        if line.count('"') % 2:
            return "has a quotation that does not end on its line"
        for piece in PIECE.findall(line):
            depth += {"{": 1, "}": -1}.get(piece, 0)
            if depth < 0:
                return "closes a block that it did not open"
    return "has a block that it does not close" if depth else ""


def render(statements: Sequence[Statement], indent: str = "") -> str:
    """Statements as a configuration, which parses as they are."""
    text = ""
    for statement in statements:
        words = " ".join(_quoted(word) for word in statement.words)
        if statement.block is None:
            text += f"{indent}{words}\n"
        else:
            text += f"{indent}{words} {{\n{render(statement.block, indent + '    ')}{indent}}}\n"
    return text


def _quoted(word: str) -> str:
    return word if re.fullmatch(r"[^\s\"{}#!$@~\\]+", word) else f'"{word}"'


@dataclass
class _Blocks:
    """The statements so far, block by block from the outermost to the one that is open."""

    open: List[List[Tuple[Tuple[str, ...], Optional[Tuple[Statement, ...]]]]] = field(default_factory=lambda: [[]])

    def take(self, line: str) -> None:
        for piece in PIECE.findall(line):
            if piece == "{":
                self.open.append([])
            elif piece == "}":
                self._close()
            else:
                words = tuple(found[1] if found[0].startswith('"') else found[0] for found in WORD.finditer(piece))
                if words:
                    self.open[-1].append((words, None))

    def _close(self) -> None:
        if len(self.open) == 1:
            return  # keepalived says so and goes on
        block = _statements(self.open.pop())
        # The brace may stand on a line of its own: it belongs to the statement before it.
        words = self.open[-1].pop()[0] if self.open[-1] and self.open[-1][-1][1] is None else ()
        self.open[-1].append((words, block))

    def finish(self) -> Tuple[Statement, ...]:
        while len(self.open) > 1:
            self._close()
        return _statements(self.open[0])


def _statements(parts: Sequence[Tuple[Tuple[str, ...], Optional[Tuple[Statement, ...]]]]) -> Tuple[Statement, ...]:
    return tuple(Statement(words, block) for words, block in parts)


class _Lines:
    """The lines of files, with comments, conditions, definitions and includes done."""

    def __init__(self, read: Optional[Reader], config_id: str) -> None:
        self._read = read
        self._config_id = config_id
        self._definitions: Dict[str, str] = {"_HASH": "#", "_BANG": "!"}
        self.not_understood: List[str] = []

    def of(self, text: str, directory: str, depth: int = 0) -> Iterator[str]:
        for line in _continued(text):
            yield from self._line(line, directory, depth)

    def _line(self, line: str, directory: str, depth: int) -> Iterator[str]:
        if line.startswith("@"):
            line = self._conditional(line)
        definition = DEFINITION.fullmatch(line)
        if definition:
            self._definitions[definition[1]] = definition[2]
            return
        if line.startswith("~") or depth > DEEPEST:
            self.not_understood.append(line)
            return
        replaced = self._replaced(line, directory)
        if replaced != line:
            for each in replaced.split("\n"):
                yield from self._line(_decommented(each), directory, depth + 1)
            return
        include = INCLUDE.fullmatch(line)
        if include:
            yield from self._included(include[1], line, directory, depth)
        elif line:
            yield line

    def _conditional(self, line: str) -> str:
        """What follows C(@ID) if keepalived has this id, or C(@^ID) if it has another."""
        condition, _space, rest = line.partition(" ") if " " in line else line.partition("\t")
        other = condition.startswith("@^")
        name = condition[2 if other else 1 :]
        holds = bool(self._config_id) and name == self._config_id
        return rest.strip() if holds != other else ""

    def _replaced(self, line: str, directory: str) -> str:
        def value(found: re.Match[str]) -> str:
            name = found[1] or found[2]
            if name == "_PWD":
                return directory
            return self._definitions.get(name, found[0])

        return REFERENCE.sub(value, line)

    def _included(self, pattern: str, line: str, directory: str, depth: int) -> Iterator[str]:
        if self._read is None:
            self.not_understood.append(line)
            return
        for path, text in self._read(pattern.strip('"'), directory):
            yield from self.of(text, os.path.dirname(path), depth + 1)


def _continued(text: str) -> Iterator[str]:
    """Lines without comments; a definition that goes on after a backslash is one, with its line ends."""
    pending = ""
    for raw in text.splitlines():
        line = _decommented(raw)
        if pending or (line.endswith("\\") and line.lstrip().startswith("$")):
            pending += line[:-1].rstrip() + "\n" if line.endswith("\\") else line
            if line.endswith("\\"):
                continue
            line, pending = pending, ""
        yield line
    if pending:
        yield pending.rstrip("\n")


def _decommented(line: str) -> str:
    """The line up to C(#) or C(!) outside of double quotes; a backslash takes their meaning away."""
    kept = ""
    quoted = False
    position = 0
    while position < len(line):
        char = line[position]
        following = line[position + 1 : position + 2]
        if char == "\\" and following:
            kept += following if not quoted and following in "#!" else char + following
            position += 2
            continue
        if char in "#!" and not quoted:
            break
        quoted ^= char == '"'
        kept += char
        position += 1
    return kept.strip()

# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""nginx's configuration as nginx reads it (ngx_conf_file.c): directives, each with words and perhaps a block.

Which words a directive takes is not known here, and not asked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Iterator, List, Optional, Sequence, Tuple

# A word goes on over C(${name}), whose braces are no block's, and over a quotation mark or a C(#) within it.
TOKEN = re.compile(
    r"""\s+|\#[^\n]*|(?P<sign>[{};])"""
    r"""|(?P<quoted>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')"""
    r"""|(?P<word>(?:\\.|\$\{|[^\s;{}"'\\])(?:\\.|(?<=\$)\{[^\s;{}]*\}?|[^\s;{\\])*)""",
    re.DOTALL,
)


class NotWholeError(ValueError):
    """Lines that cannot stand in a block without changing what stands around them; the text says why."""


@dataclass(frozen=True)
class Directive:
    """A directive with its words, and what is between its braces; None where it has none."""

    words: Tuple[str, ...]
    block: Optional[Tuple[Directive, ...]] = None

    @property
    def keyword(self) -> str:
        return self.words[0] if self.words else ""


def parse(text: str) -> Tuple[Directive, ...]:
    """The directives of a text; L(NotWholeError) where it is none by itself."""
    reading = _Blocks()
    for token in _tokens(text):
        reading.take(token)
    return reading.finish()


class _Blocks:
    """The directives so far, block by block from the outermost to the one that is open."""

    def __init__(self) -> None:
        self._open: List[Tuple[Tuple[str, ...], List[Directive]]] = [((), [])]
        self._words: List[str] = []

    def take(self, token: str) -> None:
        if token == ";":
            self._open[-1][1].append(Directive(self._said("has a ; that ends no directive")))
        elif token == "{":
            self._open.append((self._said("opens a block that no directive starts"), []))
        elif token == "}":
            self._close()
        else:
            self._words.append(token[1:-1] if token[0] in "\"'" else token)

    def _said(self, if_none: str) -> Tuple[str, ...]:
        words, self._words = tuple(self._words), []
        if not words:
            raise NotWholeError(if_none)
        return words

    def _close(self) -> None:
        self._refuse_unended()
        if len(self._open) == 1:
            raise NotWholeError("closes a block that it did not open")
        words, held = self._open.pop()
        self._open[-1][1].append(Directive(words, tuple(held)))

    def _refuse_unended(self) -> None:
        if self._words:
            raise NotWholeError(f"has a directive, {self._words[0]}, that no ; ends")

    def finish(self) -> Tuple[Directive, ...]:
        self._refuse_unended()
        if len(self._open) > 1:
            raise NotWholeError("has a block that it does not close")
        return tuple(self._open[0][1])


def _tokens(text: str) -> Iterator[str]:
    place = 0
    while place < len(text):
        found = TOKEN.match(text, place)
        if not found:
            raise NotWholeError("has a quotation that does not end")
        place = found.end()
        if found["quoted"] and text[place : place + 1] not in ("", *" \t\r\n;{)"):
            raise NotWholeError("has a quotation that something follows without a space")
        token = found["sign"] or found["quoted"] or found["word"]
        if token:
            yield token


def within(directives: Tuple[Directive, ...]) -> Iterator[Directive]:
    """The directives, and those in their blocks."""
    for each in directives:
        yield each
        yield from within(each.block or ())


def place_of(words: Sequence[str]) -> str:
    """The paths that a C(location) with these words is for: nginx takes two with the same ones for one, and ends.

    C(^~) says only that no regular expression is asked after it, and a modifier needs no space behind it.
    """
    told = " ".join(words)
    modifier = next((each for each in ("=", "^~", "~*", "~") if told.startswith(each)), "")
    place = told[len(modifier) :].lstrip()
    return place if modifier in ("", "^~") else f"{modifier} {place}"

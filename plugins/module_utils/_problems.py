# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""What is wrong with what a user wrote: where, what, why, and what to write instead."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, List, Sequence


@dataclass(frozen=True)
class Problem:
    """One fault of a description, or of a module's options.

    path: where it stands, as C(lvs_virtual_servers[0].real_servers[1].port).
    value: what stands there; None when the point is that nothing does.
    remedy: what to write instead; empty where the reason says it.
    """

    path: str
    value: Any
    reason: str
    remedy: str = ""

    def __str__(self) -> str:
        where = self.path if self.value is None else f"{self.path} = {shown(self.value)}"
        return f"{where}: {self.reason}. {self.remedy}."

    @property
    def sentence(self) -> str:
        """In the words of a module, whose reasons tell of the value: C(port: 8080 is not the service's port 80)."""
        told = f"{self.path}: {self.reason}" if self.value is None else f"{self.path}: {self.value} {self.reason}"
        return ". ".join(filter(None, [_printable(told), self.remedy]))


class BadValue(Exception):
    """A value that its kind does not accept; the reader of the field adds path and value."""

    def __init__(self, reason: str, remedy: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.remedy = remedy


class OptionsError(ValueError):
    """Options that a module does not accept, with all that is wrong with them, each fault once.

    closing: a sentence that the message ends with.
    """

    def __init__(self, problems: Sequence[Problem], closing: str = "") -> None:
        self.problems: List[Problem] = list({each.sentence: each for each in problems}.values())
        told = "; ".join(each.sentence for each in self.problems)
        super().__init__(f"{told}. {closing}" if closing else told)

    @property
    def remedies(self) -> List[str]:
        """What to write instead."""
        return list(dict.fromkeys(each.remedy for each in self.problems if each.remedy))


def bad_option(path: str, value: Any, reason: str, remedy: str = "") -> OptionsError:
    """The error of one option."""
    return OptionsError([Problem(path, value, reason, remedy)])


def _printable(text: str) -> str:
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)


def listed(names: Sequence[str]) -> str:
    """Names as a message lists them: of many the first ones, and how many more there are."""
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"{', '.join(names[:3])}{more}"


def shown(value: Any) -> str:
    """A value as a message quotes it: in one line, and no longer than a line."""
    if isinstance(value, str):
        text = json.dumps(value, ensure_ascii=not value.isprintable())
    elif isinstance(value, (dict, list)) and value:
        text = "{...}" if isinstance(value, dict) else "[...]"  # not its contents, which may be a password
    else:
        text = str(value)
    return text if len(text) <= 60 else text[:57] + "..."

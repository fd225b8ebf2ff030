# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""What is wrong with a description: where, what, why, and what to write instead."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Sequence


@dataclass(frozen=True)
class Problem:
    """One fault of a description.

    path: where it stands, as C(lvs_virtual_servers[0].real_servers[1].port).
    value: what stands there; None when the point is that nothing does.
    """

    path: str
    value: Any
    reason: str
    remedy: str

    def __str__(self) -> str:
        where = self.path if self.value is None else f"{self.path} = {shown(self.value)}"
        return f"{where}: {self.reason}. {self.remedy}."


class Refused(Exception):
    """A value that its kind does not accept; the reader of the field adds path and value."""

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.remedy = remedy


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

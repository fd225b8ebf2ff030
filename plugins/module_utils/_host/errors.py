# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""What a module fails with, in one form; the fragment C(_ipvs) documents it."""

from __future__ import annotations

from typing import Any, Sequence


class HostError(Exception):
    """A host does not do what it was told; C(kind) and C(remedy) are those of the class, or of the error."""

    kind = "refused"
    remedy = ""

    def __init__(self, text: str, command: Sequence[str] = ()) -> None:
        message = f"{' '.join(command)}: {text}" if command else text
        super().__init__(f"{message}. {self.remedy}" if self.remedy else message)
        self.text = text
        self.command = list(command)

    def result(self) -> dict[str, Any]:
        """What a module fails with."""
        return failed(str(self), self.kind, self.remedy, self.text, self.command)


def failed(message: str, kind: str, remedy: str, text: str, command: Sequence[str] = ()) -> dict[str, Any]:
    """The result of a module that failed."""
    return {"msg": message, "error": {"kind": kind, "remedy": remedy, "text": text, "command": " ".join(command)}}

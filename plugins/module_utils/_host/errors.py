# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""What a module fails with, in one form; the fragment C(_host) documents it."""

from __future__ import annotations

from typing import Any, Sequence, Union

from ansible_collections.lvs.cluster.plugins.module_utils._problems import OptionsError


class HostError(Exception):
    """A host does not do what it was told; C(kind) and C(remedy) are those of the class, or of the error."""

    kind = "refused"
    remedy = ""

    def __init__(self, text: str, command: Sequence[str] = (), remedy: str = "") -> None:
        self.remedy = remedy or self.remedy
        message = f"{' '.join(command)}: {text}" if command else text
        super().__init__(f"{message}. {self.remedy}" if self.remedy else message)
        self.text = text
        self.command = list(command)

    def result(self) -> dict[str, Any]:
        """What a module fails with."""
        return _result(str(self), self.kind, self.remedy, self.text, self.command)


# What modules catch, once.
MODULE_ERRORS = (HostError, OptionsError)


def failure(error: Union[HostError, OptionsError]) -> dict[str, Any]:
    """What a module fails with that caught one of L(MODULE_ERRORS)."""
    if isinstance(error, OptionsError):
        return _result(str(error), "refused_options", ". ".join(error.remedies), str(error))
    return error.result()


def _result(message: str, kind: str, remedy: str, text: str, command: Sequence[str] = ()) -> dict[str, Any]:
    return {"msg": message, "error": {"kind": kind, "remedy": remedy, "text": text, "command": " ".join(command)}}

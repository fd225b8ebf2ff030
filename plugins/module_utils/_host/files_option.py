# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""The option C(files) of modules that write files, or compare them; the fragment C(_files) documents it."""

from __future__ import annotations

import re
from typing import Any, List, Mapping, Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._problems import bad_option

from .files import Files, Wanted

SPEC = {
    "type": "list",
    "elements": "dict",
    "options": {
        "path": {"type": "path", "required": True},
        "content": {"type": "str"},
        "mode": {"type": "str", "default": "0644"},
        "validate": {"type": "str"},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    },
}


def wanted(given: Sequence[Mapping[str, Any]]) -> List[Wanted]:
    """The files as the option has them."""
    return [_wanted(number, options) for number, options in enumerate(given)]


def differing(module: Any) -> List[str]:
    """The paths of those of a module's option that are not as they shall be; nothing is written."""
    return Files(module, wanted(module.params["files"] or ())).changed


def _wanted(number: int, options: Mapping[str, Any]) -> Wanted:
    if options["state"] == "absent":
        return Wanted(options["path"], None)
    if options["content"] is None:
        raise bad_option(f"files[{number}].content", None, "is missing", "Write it, or state: absent")
    if not re.fullmatch(r"[0-7]{3,4}", options["mode"]):
        raise bad_option(f"files[{number}].mode", repr(options["mode"]), "is no mode", "Write it as '0644'")
    return Wanted(options["path"], options["content"], int(options["mode"], 8), options["validate"] or "")

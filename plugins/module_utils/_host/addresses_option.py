# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""The options of modules that hold addresses, now or at boot; the fragment C(_addresses) documents them."""

from __future__ import annotations

from typing import Any, Dict, Mapping

from ansible_collections.lvs.cluster.plugins.module_utils._addresses.held import problems_of
from ansible_collections.lvs.cluster.plugins.module_utils._problems import OptionsError

SPEC = {
    "interface": {"type": "str", "default": "lo"},
    "addresses": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "address": {"type": "str", "required": True},
            "label": {"type": "str"},
        },
    },
    "owner": {"type": "str", "default": "lvs"},
    "dummy": {"type": "bool", "default": False},
}


def addresses_of(params: Mapping[str, Any]) -> Dict[str, str]:
    """By address its label, empty for none; none on a dummy device, whose own name says what a label would."""
    return {each["address"]: "" if params["dummy"] else each["label"] or "" for each in params["addresses"]}


def require_good(params: Mapping[str, Any]) -> None:
    """Fail with all that is wrong with the options."""
    addresses = [{**each, "label": None} if params["dummy"] else each for each in params["addresses"]]
    problems = problems_of(addresses, params["owner"], params["interface"], params["dummy"])
    if problems:
        raise OptionsError(problems, "Nothing was changed")

# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""The options of modules that hold addresses, now or at boot; the fragment C(_addresses) documents them."""

from __future__ import annotations

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
}

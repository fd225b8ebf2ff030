# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""Files that others wrote, whose text may be no UTF-8."""

from __future__ import annotations

# What is read so is written as the same bytes again.
EXACT = "surrogateescape"


def read_exact(path: str) -> str:
    """The text of a file, to compare and to write; empty where there is none."""
    try:
        with open(path, encoding="utf-8", errors=EXACT) as file:
            return file.read()
    except FileNotFoundError:
        return ""


def readable(text: str) -> str:
    """A text as a result of a module can have it: ansible-core from 2.18 on refuses a result that is no UTF-8."""
    return text.encode("utf-8", EXACT).decode("utf-8", "replace")

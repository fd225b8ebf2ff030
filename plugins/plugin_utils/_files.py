# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.

"""The files that a description names, on the controller."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


def read_file(paths: Sequence[str]) -> bytes | None:
    """What the first of the paths has that is there; None where none is."""
    found = next((path for path in map(Path, paths) if path.exists()), None)
    return found.read_bytes() if found else None

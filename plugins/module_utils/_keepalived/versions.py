# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""Versions of keepalived, and what came with which."""

from __future__ import annotations

import re
from typing import Any, List, Mapping, Optional, Sequence, Tuple

from ansible_collections.lvs.cluster.plugins.module_utils._problems import shown


def parse_version(output: str) -> Optional[str]:
    """The version in what C(keepalived --version) prints."""
    found = re.match(r"Keepalived v(\d+(?:\.\d+)*)", output)
    return found[1] if found else None


def too_old(version: str, needs: Sequence[Mapping[str, Any]]) -> List[str]:
    """A sentence for each option that came after a version. needs: as the filter C(view) has them."""
    return [
        f"{each['path']} = {shown(each['value'])} needs keepalived {each['since']} or later"
        for each in needs
        if is_before(version, each["since"])
    ]


def is_before(version: str, other: str) -> bool:
    """Whether a version came before another one."""
    return _numbers(version) < _numbers(other)


def _numbers(version: str) -> Tuple[int, ...]:
    return tuple(int(number) for number in version.split("."))

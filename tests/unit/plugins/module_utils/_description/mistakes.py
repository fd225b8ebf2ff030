# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mistakes in a good description, and what is told of them."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._description import inventory
from ansible_collections.lvs.cluster.plugins.module_utils._problems import Problem
from ansible_collections.lvs.cluster.tests.unit.plugins.module_utils._description.example import (
    OTHER_INSTANCE,
    OTHER_SERVICE,
    OTHER_UPSTREAM,
    hostvars,
)

INSTANCES, SERVICES, UPSTREAMS = "lvs_vrrp_instances", "lvs_virtual_servers", "lvs_nginx_upstreams"
FIRST_INSTANCE, FIRST_SERVICE, FIRST_UPSTREAM = f"{INSTANCES}[0]", f"{SERVICES}[0]", f"{UPSTREAMS}[0]"
SECOND_INSTANCE, SECOND_SERVICE, SECOND_UPSTREAM = f"{INSTANCES}[1]", f"{SERVICES}[1]", f"{UPSTREAMS}[1]"
# Everything that a second instance, service and upstream need to be good.
TWO_OF_EACH = {SECOND_INSTANCE: OTHER_INSTANCE, SECOND_SERVICE: OTHER_SERVICE, SECOND_UPSTREAM: OTHER_UPSTREAM}
TWO_UPSTREAMS = {f"{FIRST_UPSTREAM}.virtual_server": "web", **TWO_OF_EACH}
EVERY = "lvs1, lvs2, web1 and 3 more"


def problems_with(changes: dict[str, Any], host: str = "lvs1") -> list[Problem]:
    return inventory.described(hostvars(changes), host)[2]


def bad(case: str, changes: dict[str, Any], *fragments: str, path: str = "") -> Any:
    """One mistake, and what its only message must hold; it stands where the last change is, unless a path says else."""
    return pytest.param(changes, path or list(changes)[-1], fragments, id=case)


def told_once(changes: dict[str, Any], path: str, fragments: tuple[str, ...]) -> None:
    """Fail unless the only problem stands at the path and tells all fragments in one line."""
    problems = problems_with(changes)
    assert [problem.path for problem in problems] == [path]
    assert problems[0].reason
    assert problems[0].remedy
    line = str(problems[0])
    assert line.startswith((f"{path}: ", f"{path} = "))
    assert len(line.splitlines()) == 1
    assert [fragment for fragment in fragments if fragment not in line] == [], line

# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the installed keepalived is too old for, by its own word."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from ansible_collections.lvs.cluster.tests.unit.playing import ModuleFailedError, play

Program = Callable[[str, str], None]

# As keepalived 2.2.7 prints it, to its standard error.
PRINTS = "echo 'Keepalived v2.2.7 (01/16,2022)' >&2"


def need(since: str) -> dict[str, object]:
    return {"path": "lvs_vrrp_instances[0].timer_expired_backup", "value": True, "since": since}


@pytest.mark.parametrize("since", ["2.2.7", "2.2.6", "2.1"])
def test_what_it_knows_is_not_refused(program: Program, since: str) -> None:
    program("keepalived", PRINTS)
    assert play("keepalived_version", needs=[need(since)])["version"] == "2.2.7"


@pytest.mark.parametrize("since", ["2.2.8", "2.2.10", "2.3.0", "10.0"])
def test_what_came_later_is_refused_by_name(program: Program, since: str) -> None:
    program("keepalived", PRINTS)
    with pytest.raises(ModuleFailedError) as failed:
        play("keepalived_version", needs=[need("2.2.7"), need(since)])
    told = f"lvs_vrrp_instances[0].timer_expired_backup = True needs keepalived {since} or later"
    assert failed.value.result["msg"].startswith(f"{told}; this host has keepalived 2.2.7")
    assert failed.value.result["error"]["kind"] == "too_old"


def test_program_that_tells_no_version_is_no_old_one(program: Program) -> None:
    program("keepalived", "echo Usage")
    with pytest.raises(ModuleFailedError, match="tells no version"):
        play("keepalived_version", needs=[need("2.2.8")])

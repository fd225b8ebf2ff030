# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds of every checker, the next one too."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._description.kinds import options, variants
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.checkers import CHECKERS
from ansible_collections.lvs.cluster.plugins.module_utils._description.views.lines import block

READER = variants(CHECKERS, "check")
ALL_OPTIONS = {name: field for checker in CHECKERS for name, field in options(checker).items()}


def read(value: dict[str, Any]) -> tuple[Any, list[Any]]:
    problems: list[Any] = []
    return READER(value, "check", problems), problems


@pytest.mark.parametrize("checker", CHECKERS, ids=lambda checker: checker.keyword)
def test_a_checker_needs_its_type_alone(checker):
    assert read({"type": checker.keyword}) == (checker(), [])


@pytest.mark.parametrize("checker", CHECKERS, ids=lambda checker: checker.keyword)
def test_a_checker_refuses_each_option_of_the_others_and_names_whose_it_is(checker):
    others = {name: field.default or 1 for name, field in ALL_OPTIONS.items() if name not in options(checker)}

    _held, problems = read({"type": checker.keyword, **others})

    assert {problem.path for problem in problems} == {f"check.{name}" for name in others}
    assert all(problem.reason.startswith("belongs to ") for problem in problems)


@pytest.mark.parametrize("checker", CHECKERS, ids=lambda checker: checker.keyword)
def test_a_checker_prints_in_the_order_of_its_options(checker):
    printed = block(checker())
    nested = [value if isinstance(value, list) else [(keyword, value)] for keyword, value in printed.lines]
    names = [name for lines in nested for name, _value in lines]

    assert printed.keyword == checker.keyword
    assert names == [name for name, field in options(checker).items() if field.default not in (None, ())]

# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds of every checker, the next one too."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._description.kinds import options
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.checkers import (
    CHECKER,
    CHECKERS,
    CHECKS,
    TcpCheck,
)
from ansible_collections.lvs.cluster.plugins.module_utils._description.views.keepalived import checker_view

ALL_OPTIONS = {name: field for checker in CHECKERS for name, field in options(checker).items()}


def read(value: dict[str, Any]) -> tuple[Any, list[Any]]:
    problems: list[Any] = []
    return CHECKER(value, "check", problems), problems


@pytest.mark.parametrize("checker", CHECKERS, ids=lambda checker: checker.keyword)
def test_a_checker_needs_its_type_alone(checker):
    assert read({"type": checker.keyword}) == (checker(), [])


@pytest.mark.parametrize("checker", CHECKERS, ids=lambda checker: checker.keyword)
def test_a_checker_refuses_each_option_of_the_others_and_names_whose_it_is(checker):
    others = {name: field.default or 1 for name, field in ALL_OPTIONS.items() if name not in options(checker)}
    others.pop("url", None)  # with the options that it stands in place of, it is refused for that

    _held, problems = read({"type": checker.keyword, **others})

    assert {problem.path for problem in problems} == {f"check.{name}" for name in others}
    assert all(problem.reason.startswith("belongs to ") for problem in problems)


@pytest.mark.parametrize("checker", CHECKERS, ids=lambda checker: checker.keyword)
def test_a_checker_prints_in_the_order_of_its_options(checker):
    printed = checker_view(checker())
    nested = [value if isinstance(value, list) else [(keyword, value)] for keyword, value in printed.lines]
    names = [name for lines in nested for name, _value in lines]

    assert printed.keyword == checker.keyword
    assert names == [name for name, field in options(checker).items() if field.default not in (None, (), "", False)]


@pytest.mark.parametrize(
    ("value", "held"),
    [
        pytest.param({}, TcpCheck(), id="one"),
        pytest.param([{}, {"retry": 0}], (TcpCheck(), TcpCheck(retry=0)), id="several"),
        pytest.param("none", (), id="none"),
    ],
)
def test_a_server_has_one_check_or_several_or_none(value, held):
    problems: list[Any] = []

    assert CHECKS(value, "check", problems) == held
    assert problems == []


@pytest.mark.parametrize(
    ("value", "path", "reason"),
    [
        pytest.param("TCP_CHECK", "check", "is text, not a mapping", id="word"),
        pytest.param([], "check", "is empty", id="list of nothing"),
        pytest.param(["none"], "check[0]", "is text, not a mapping", id="none among others"),
        pytest.param([{}, {}], "check[1]", "is the same as [0]", id="twice the same"),
        pytest.param(
            {"type": "HTTP_GET", "path": "/", "url": ["/a"]}, "check.path", "is told of each url", id="page and pages"
        ),
        pytest.param({"type": "HTTP_GET", "url": ["/a", "b"]}, "check.url[1]", "is not the path", id="bad page"),
    ],
)
def test_a_check_that_is_none_is_told_by_its_path(value, path, reason):
    problems: list[Any] = []

    CHECKS(value, "check", problems)

    (problem,) = problems
    assert problem.path == path
    assert problem.reason.startswith(reason)

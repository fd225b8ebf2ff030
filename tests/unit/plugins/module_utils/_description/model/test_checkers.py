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
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.services import VirtualServer
from ansible_collections.lvs.cluster.plugins.module_utils._description.views.keepalived import (
    OF_THE_SERVICE,
    checker_view,
)

SERVICE = VirtualServer("web", "192.0.2.100", 80, ())
ALL_OPTIONS = {name: field for checker in CHECKERS for name, field in options(checker).items()}


def read(value: dict[str, Any]) -> tuple[Any, list[Any]]:
    problems: list[Any] = []
    return CHECKER(value, "check", problems), problems


# What those must be told that cannot do without.
NEEDED = {
    "DNS_CHECK": {"name": "www.example.com"},
    "MISC_CHECK": {"misc_path": {"path": "/usr/bin/true"}},
    "FILE_CHECK": {"track_file": "load"},
    "BFD_CHECK": {"name": "edge"},
}


def needed(checker: type[Any]) -> dict[str, Any]:
    return {"type": checker.keyword, **NEEDED.get(checker.keyword, {})}


@pytest.mark.parametrize("checker", CHECKERS, ids=lambda checker: checker.keyword)
def test_a_checker_needs_little_but_its_type(checker):
    held, problems = read(needed(checker))

    assert (type(held), problems) == (checker, [])


@pytest.mark.parametrize("checker", CHECKERS, ids=lambda checker: checker.keyword)
def test_a_checker_refuses_each_option_of_the_others_and_names_whose_it_is(checker):
    others = {name: 1 for name in ALL_OPTIONS if name not in options(checker)}
    others.pop("url", None)  # with the options that it stands in place of, it is refused for that

    _held, problems = read({**needed(checker), **others})

    assert {problem.path for problem in problems} == {f"check.{name}" for name in others}
    assert all(problem.reason.startswith("belongs to ") for problem in problems)


@pytest.mark.parametrize("checker", CHECKERS, ids=lambda checker: checker.keyword)
def test_a_checker_prints_what_it_must_be_told_and_what_it_has_of_its_service(checker):
    held, _problems = read(needed(checker))
    printed = checker_view(held, SERVICE, "web1", {"edge": ["lvs1", "web1"]})
    names = [name for name, _value in printed.lines]

    assert printed.keyword == checker.keyword
    of_the_service = [name for name in OF_THE_SERVICE if name in options(checker)]
    urls = ["url"] if "url" in options(checker) else []
    assert names == [*NEEDED.get(checker.keyword, urls), *of_the_service]


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

"""One of several tables, told by its type: options of another one are refused, and one mistake is told once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._description.kinds import (
    BOOLEAN,
    PORT,
    integer,
    option,
    variants,
)


@dataclass(frozen=True)
class Knock:
    keyword: ClassVar[str] = "KNOCK"
    port: int = option(PORT, "where")
    loud: bool = option(BOOLEAN, "how", default=False)


@dataclass(frozen=True)
class Ring:
    keyword: ClassVar[str] = "RING"
    times: int = option(integer(1, 9), "how often", default=2)
    loud: bool = option(BOOLEAN, "how", default=False)


@dataclass(frozen=True)
class Call:
    keyword: ClassVar[str] = "CALL"
    times: int = option(integer(1, 9), "how often", default=1)


READER = variants([Knock, Ring, Call], "visit")


def read(value):
    problems = []
    return READER(value, "visit", problems), [str(problem) for problem in problems]


@pytest.mark.parametrize(
    ("value", "held"),
    [
        ({"port": 80}, Knock(80)),
        ({"type": "KNOCK", "port": "80", "loud": "yes"}, Knock(80, loud=True)),
        ({"type": "RING"}, Ring()),
        ({"type": "RING", "times": 3, "port": None}, Ring(3)),
        ({"type": None, "port": 80}, Knock(80)),
    ],
)
def test_a_mapping_becomes_what_its_type_says_and_the_first_without_one(value, held):
    assert read(value) == (held, [])


@pytest.mark.parametrize(
    ("value", "told"),
    [
        pytest.param(
            {"type": "RING", "port": 80},
            ["visit.port = 80: belongs to KNOCK. Remove it, or write type: KNOCK."],
            id="another one's option",
        ),
        pytest.param(
            {"port": 80, "times": 3},
            ["visit.times = 3: belongs to RING and CALL. Remove it, or write type: RING or CALL."],
            id="an option of two others",
        ),
        pytest.param(
            {"type": "RNG", "times": 99},
            ['visit.type = "RNG": is not a known visit. Write one of KNOCK, RING, CALL (did you mean RING?).'],
            id="no such type",
        ),
        pytest.param(
            {"typ": "RING", "times": 3},
            ["visit.typ: is an unknown key. Remove it, or write one of type, port, loud, times (did you mean type?)."],
            id="misspelt type",
        ),
        pytest.param(
            {"type": "CALL", "tims": 3},
            [
                "visit.tims: is an unknown key. "
                "Remove it, or write one of type, port, loud, times (did you mean times?)."
            ],
            id="misspelt option",
        ),
        pytest.param({"type": "KNOCK"}, ["visit.port: is missing. Write port: where."], id="nothing of what it needs"),
        pytest.param(
            ["RING"], ["visit: is a list, not a mapping. Write keys such as type, port, loud, times."], id="list"
        ),
    ],
)
def test_one_mistake_is_told_once(value, told):
    assert read(value)[1] == told

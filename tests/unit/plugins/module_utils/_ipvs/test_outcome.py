"""Which rules of a batch failed."""

from __future__ import annotations

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.commands import run
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import Table
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.outcome import Failure, failures, has_effect
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.plan import plan
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.save import parse
from ansible_collections.lvs.cluster.tests.unit.ipvs_strategies import tables
from hypothesis import given

TABLE = parse("-A -t 192.0.2.10:80 -s rr\n-a -t 192.0.2.10:80 -r 192.0.2.21:80 -g -w 1")


def command(text: str) -> tuple[str, ...]:
    return tuple(text.split())


@given(tables(), tables())
def test_every_rule_of_a_plan_that_was_done_has_its_effect(current: Table, desired: Table) -> None:
    commands = plan(current, desired)
    after = run(commands, current)
    assert failures(commands, [], after) == []
    assert failures(commands, ["Warning: something"], after) == [], "no more than a warning"


@pytest.mark.parametrize(
    ("text", "effect"),
    [
        ("-A -t 192.0.2.10:80 -s rr", True),
        ("-A -t 192.0.2.10:80 -s wrr", False),
        ("-E -t 192.0.2.11:80 -s rr", False),
        ("-D -t 192.0.2.10:80", False),
        ("-D -t 192.0.2.11:80", True),
        ("-a -t 192.0.2.10:80 -r 192.0.2.21:80 -g -w 1", True),
        ("-e -t 192.0.2.10:80 -r 192.0.2.21:80 -g -w 2", False),
        ("-a -t 192.0.2.11:80 -r 192.0.2.21:80 -g -w 2", False),
        ("-d -t 192.0.2.10:80 -r 192.0.2.21:80", False),
        ("-d -t 192.0.2.10:80 -r 192.0.2.22:80", True),
        ("-d -t 192.0.2.11:80 -r 192.0.2.22:80", True),
    ],
)
def test_the_effect_of_a_rule_is_in_the_table(text: str, effect: bool) -> None:
    assert has_effect(command(text), TABLE) is effect


def test_messages_belong_to_the_rules_without_effect_in_their_order() -> None:
    commands = [command("-A -f 7 -s no"), command("-A -t 192.0.2.10:80 -s rr"), command("-a -f 7 -r 192.0.2.21:0")]
    assert failures(commands, ["not found", "not defined"], TABLE) == [
        Failure(1, commands[0], "not found"),
        Failure(3, commands[2], "not defined"),
    ]


def test_rules_after_one_that_ended_the_batch_were_not_tried() -> None:
    commands = [command("-A -f 7 -s no"), command("-A -f 8 -s rr")]
    assert failures(commands, ["illegal"], TABLE) == [Failure(1, commands[0], "illegal"), Failure(2, commands[1], "")]


def test_messages_that_belong_nowhere_are_told_all_the_same() -> None:
    commands = [command("-A -f 7 -s no")]
    assert failures(commands, ["one", "two"], TABLE) == [Failure(0, (), "one"), Failure(0, (), "two")]

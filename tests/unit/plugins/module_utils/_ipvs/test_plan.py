"""From one table to another."""

from __future__ import annotations

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.commands import IpvsRuleError, run
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import Table, address_service
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.plan import (
    is_deletion,
    overlaid,
    plan,
    plan_server,
    with_weights_of,
)
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.save import parse, render
from ansible_collections.lvs.cluster.tests.unit.ipvs_strategies import pairs, tables
from hypothesis import event, given

BEFORE = """
-A -t 192.0.2.10:80 -s wrr
-a -t 192.0.2.10:80 -r 192.0.2.21:80 -g -w 0
-a -t 192.0.2.10:80 -r 192.0.2.22:80 -g -w 1
-A -t 192.0.2.11:80 -s rr
-a -t 192.0.2.11:80 -r 192.0.2.21:80 -g -w 1
"""


@given(pairs())
def test_a_plan_leads_to_the_desired_table(pair: tuple[Table, Table]) -> None:
    current, desired = pair
    commands = plan(current, desired)
    for verb in {command[0] for command in commands}:
        event(verb)
    assert run(commands, current) == desired


@given(tables())
def test_there_is_nothing_to_do_where_all_is_as_desired(table: Table) -> None:
    assert plan(table, parse(render(table))) == []


@given(pairs())
def test_deletions_come_last(pair: tuple[Table, Table]) -> None:
    current, desired = pair
    deletions = [is_deletion(command) for command in plan(current, desired)]
    assert deletions == sorted(deletions)


@given(pairs())
def test_nothing_that_stays_is_ever_deleted(pair: tuple[Table, Table]) -> None:
    current, desired = pair
    for number, command in enumerate(plan(current, desired)):
        if is_deletion(command):
            before = run(plan(current, desired)[:number], current)
            after = run([command], before)
            for key, pool in desired.items():
                assert after[key].service == pool.service
                assert pool.servers.items() <= after[key].servers.items()


@given(pairs())
def test_without_purge_all_that_is_not_named_stays(pair: tuple[Table, Table]) -> None:
    current, named = pair
    after = run(plan(current, overlaid(current, named)), current)
    for key, pool in named.items():
        assert after[key].service == pool.service
        assert pool.servers.items() <= after[key].servers.items()
    for key, pool in current.items():
        if key not in named:
            assert after[key] == pool
        else:
            others = {each: server for each, server in pool.servers.items() if each not in named[key].servers}
            assert others.items() <= after[key].servers.items()
    assert set(after) == set(current) | set(named)


@given(pairs())
def test_kept_weights_are_those_of_the_servers_that_are_there(pair: tuple[Table, Table]) -> None:
    current, desired = pair
    kept = with_weights_of(current, desired)
    for key, pool in kept.items():
        for each, server in pool.servers.items():
            there = current[key].servers.get(each) if key in current else None
            assert server.weight == (there or desired[key].servers[each]).weight


EVERY_SETTING = """
-A -f 7 -s mh -p 60 -M 255.255.255.0 --pe sip -o -b mh-port
-a -f 7 -r 192.0.2.21:0 -i -w 1 --tun-type gue --tun-port 6080 --tun-nocsum -x 9 -y 5
-a -f 7 -r 192.0.2.22:0 -g -w 2
"""


@pytest.mark.parametrize(
    ("old", "new", "verb"),
    [
        ("-i -w 1 --tun-type gue --tun-port 6080 --tun-nocsum", "-g -w 1", "-e"),
        ("-g", "-m", "-e"),
        ("-w 1", "-w 0", "-e"),
        ("gue --tun-port 6080", "gre", "-e"),
        ("6080", "6081", "-e"),
        ("--tun-nocsum", "--tun-csum", "-e"),
        ("-x 9", "-x 8", "-e"),
        ("-y 5", "-y 6", "-e"),
        ("-s mh -p 60 -M 255.255.255.0 --pe sip -o -b mh-port", "-s rr -p 60", "-E"),
        ("-p 60", "-p 61", "-E"),
        ("-M 255.255.255.0", "-M 255.255.0.0", "-E"),
        (" --pe sip", "", "-E"),
        (" -o", "", "-E"),
        (" -b mh-port", "", "-E"),
    ],
)
def test_each_setting_that_differs_is_edited(old: str, new: str, verb: str) -> None:
    changed = EVERY_SETTING.replace(old, new)
    assert changed != EVERY_SETTING
    commands = plan(parse(EVERY_SETTING), parse(changed))
    assert [command[0] for command in commands] == [verb]
    assert " ".join(commands[0][1:]) in changed


def test_an_edit_says_every_setting() -> None:
    current = parse(BEFORE)
    desired = parse(BEFORE.replace("-w 0", "-w 2 -x 10").replace("-s wrr", "-s sh -b sh-port -p 60"))
    assert plan(current, desired) == [
        ("-E", "-t", "192.0.2.10:80", "-s", "sh", "-p", "60", "-b", "sh-port"),
        ("-e", "-t", "192.0.2.10:80", "-r", "192.0.2.21:80", "-g", "-w", "2", "-x", "10"),
    ]


def test_the_servers_of_a_service_that_goes_are_not_deleted_one_by_one() -> None:
    current = parse(BEFORE)
    desired = {address_service("tcp", "192.0.2.10", 80): current[address_service("tcp", "192.0.2.10", 80)]}
    assert plan(current, desired) == [("-D", "-t", "192.0.2.11:80")]


def test_one_server_is_added_edited_deleted_or_left() -> None:
    key = address_service("tcp", "192.0.2.10", 80)
    drained, other = parse(BEFORE)[key].servers.values()
    assert plan_server(key, None, drained) == [
        ("-a", "-t", "192.0.2.10:80", "-r", "192.0.2.21:80", "-g", "-w", "0"),
    ]
    assert plan_server(key, other, other) == []
    assert plan_server(key, None, None) == []
    assert plan_server(key, drained, None) == [("-d", "-t", "192.0.2.10:80", "-r", "192.0.2.21:80")]


@pytest.mark.parametrize(
    "command",
    ["-E -f 9", "-D -f 9", "-e -t 192.0.2.10:80 -r 192.0.2.99", "-d -t 192.0.2.10:80 -r 192.0.2.99"],
)
def test_what_is_not_there_cannot_be_edited_or_deleted(command: str) -> None:
    with pytest.raises(IpvsRuleError, match="No such"):
        run([command.split()], parse(BEFORE))

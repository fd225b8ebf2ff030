"""A keepalived that changes its mind, or its kernel, while it is looked at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._host.ipvsadm import IpvsadmError
from ansible_collections.lvs.cluster.plugins.module_utils._host.keepalived import KeepalivedError
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs import commands
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.save import parse, render
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.addresses import Address
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.belief import Belief, Instance, Kernel
from ansible_collections.lvs.cluster.plugins.modules import keepalived_repair
from ansible_collections.lvs.cluster.tests.unit.playing import play

UP = "-A -t 192.0.2.10:80 -s rr\n-a -t 192.0.2.10:80 -r 192.0.2.21:80 -g -w 1\n"
DOWN = "-A -t 192.0.2.10:80 -s rr\n"


def belief(table: str = UP, state: str = "MASTER") -> Belief:
    return Belief((Instance("web", state, (("192.0.2.10", "eth0"),)),), parse(table), daemons={})


class FakeHost:
    """Says one belief after the other, the last one for ever; its kernel holds what it is told, or else."""

    def __init__(self, beliefs: Sequence[Belief], table: str = DOWN, *addresses: Address) -> None:
        self.beliefs = list(beliefs)
        self.table = table
        self.addresses = addresses or (Address("192.0.2.10", 32, "eth0"),)
        self.applied: list[str] = []
        self.events: list[Any] = []

    def belief(self) -> Belief:
        return self.beliefs.pop(0) if len(self.beliefs) > 1 else self.beliefs[0]

    def kernel(self, _belief: Belief) -> Kernel:
        return Kernel(parse(self.table), {}, self.addresses)

    def apply(self, todo: Any) -> None:
        self.applied += keepalived_repair.commands_of(todo)
        event = self.events.pop(0) if self.events else None
        if event:
            event(self)
        self.table = render(commands.run(todo.rules, parse(self.table)))
        self.addresses = tuple(each for each in self.addresses if each not in todo.addresses)


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time goes on when somebody waits."""
    clock = [0.0]
    monkeypatch.setattr(keepalived_repair.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(keepalived_repair.time, "sleep", lambda seconds: clock.__setitem__(0, clock[0] + seconds))


def repair(host: FakeHost, *, check_mode: bool = False) -> list[str]:
    _belief, todo, done, _diff = keepalived_repair.repair(host, 2.0, {}, check_mode)
    keepalived_repair.require_addresses(todo)
    return done


ADD = "ipvsadm -a -t 192.0.2.10:80 -r 192.0.2.21:80 -g -w 1"


def test_a_server_whose_check_fails_in_between_is_not_added() -> None:
    # The kernel was looked at when keepalived had just taken it out, and the first answer is older.
    host = FakeHost([belief(UP), belief(DOWN)])
    assert repair(host) == []
    assert host.applied == []


def test_only_what_keepalived_says_twice_is_done() -> None:
    host = FakeHost([belief(DOWN), belief(UP)])
    assert repair(host) == [ADD]


def test_a_keepalived_that_never_says_the_same_twice_is_an_error_and_nothing_is_done() -> None:
    host = FakeHost([belief(UP), belief(DOWN)] * 5)
    with pytest.raises(KeepalivedError, match="was another each of 5 times"):
        repair(host)
    assert host.applied == []


def test_an_instance_on_its_way_is_waited_for() -> None:
    host = FakeHost([belief(state="INIT")] * 3 + [belief(state="BACKUP")])
    assert repair(host) == ["ip address delete 192.0.2.10/32 dev eth0", ADD]


def test_an_instance_that_does_not_arrive_keeps_its_addresses_and_the_table_is_mended() -> None:
    host = FakeHost([belief(state="INIT")])
    assert repair(host) == [ADD]
    assert host.addresses


def test_check_mode_says_it_and_does_nothing() -> None:
    host = FakeHost([belief()])
    assert repair(host, check_mode=True) == [ADD]
    assert host.applied == []


def test_what_keepalived_did_at_the_same_time_is_no_failure() -> None:
    def added_meanwhile(host: FakeHost) -> None:
        host.table = UP
        raise IpvsadmError("Destination already exists")

    host = FakeHost([belief()])
    host.events = [added_meanwhile]
    assert repair(host) == []


def test_a_rule_that_is_always_refused_is_the_failure() -> None:
    def refuse(_host: FakeHost) -> None:
        raise IpvsadmError("Memory allocation problem")

    host = FakeHost([belief()])
    host.events = [refuse] * 9
    with pytest.raises(IpvsadmError, match="Memory"):
        repair(host)


def test_a_kernel_that_somebody_else_changes_back_is_an_error() -> None:
    host = FakeHost([belief()])
    host.kernel = lambda _belief: Kernel(parse(DOWN), {}, host.addresses)  # type: ignore[method-assign]
    host.events = [lambda host: setattr(host, "table", DOWN)] * 5
    with pytest.raises(KeepalivedError, match=r"not keep what it was given 5 times, at last .* -r 192\.0\.2\.21:80"):
        repair(host)


def test_a_master_is_given_time_to_bring_its_address_back_and_no_more() -> None:
    host = FakeHost([belief(state="MASTER")] * 4 + [belief(state="BACKUP")], UP, Address("192.0.2.1", 24, "eth0"))
    assert repair(host) == []
    host = FakeHost([belief(state="MASTER")], UP, Address("192.0.2.1", 24, "eth0"))
    with pytest.raises(KeepalivedError, match=r"is MASTER and its addresses are not there: 192\.0\.2\.10 dev eth0"):
        repair(host)


def test_a_description_is_compared_with_no_keepalived_as_with_one() -> None:
    def play_without(**options: Any) -> dict[str, Any]:
        return play("keepalived_repair", pid_file="/nonexistent", **options)

    assert "problems" not in play_without()
    told = play_without(vrrp_instances=[], virtual_servers=[])
    assert (told["running"], told["states"]) == (False, {})
    assert told["problems"] == ["keepalived does not run; see its log (journalctl -u keepalived)"]

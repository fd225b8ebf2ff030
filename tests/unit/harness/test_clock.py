"""Where the time went: nothing twice, nothing lost."""

from __future__ import annotations

import pytest
from harness.clock import Ledger, Waited, wait_for


def test_inner_time_is_not_counted_twice() -> None:
    now = [0.0]
    ledger = Ledger(lambda: now[0])
    with ledger.spending("waiting"):
        now[0] += 1
        for _turn in range(2):
            with ledger.spending("round trips"):
                now[0] += 2
        now[0] += 3
    assert dict(ledger.spent) == {"waiting": 4, "round trips": 4}
    assert ledger.times == {"waiting": 1, "round trips": 2}
    assert ledger.lines(10)[-1].split() == ["everything", "else", "2.0", "s"]


def test_time_of_a_failure_counts() -> None:
    now = [0.0]
    ledger = Ledger(lambda: now[0])

    def fail() -> None:
        now[0] += 5
        raise ValueError

    with pytest.raises(ValueError), ledger.spending("x"):  # noqa: PT011
        fail()
    assert dict(ledger.spent) == {"x": 5}


def test_runs_add_up() -> None:
    ledger = Ledger()
    ledger.spent["x"] = 2.0
    assert {"y": 1.0, **ledger.after({"x": 1.0, "y": 1.0})} == {"x": 3.0, "y": 1.0}


def test_waiting_ends_with_what_is_right_or_tells_what_was_seen_last() -> None:
    looks = iter([1, 2, 3])
    assert wait_for("three", lambda: next(looks), lambda seen: seen == 3, patience=5) == 3
    with pytest.raises(Waited, match=r"waited 0 s for rain; last seen: 'sun'"):
        wait_for("rain", lambda: "sun", lambda seen: seen == "rain", patience=0)

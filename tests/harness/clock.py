"""Waiting for what takes its time, and where the time of a scenario goes."""

from __future__ import annotations

import contextlib
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

T = TypeVar("T")

# For everything that is waited for: far longer than it takes, even on a busy machine.
PATIENCE = 90.0
# Between two looks at it.
INTERVAL = 0.2


class Waited(AssertionError):
    """It did not come true in time."""


class Ledger:
    """Seconds by what they were spent on; what is spent inside something else is not counted twice."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self.spent: defaultdict[str, float] = defaultdict(float)
        self.times: Counter[str] = Counter()
        self._now = now
        self._inner = [0.0]

    @contextlib.contextmanager
    def spending(self, what: str) -> Iterator[None]:
        start = self._now()
        self._inner.append(0.0)
        try:
            yield
        finally:
            took = self._now() - start
            self.spent[what] += took - self._inner.pop()
            self.times[what] += 1
            self._inner[-1] += took

    def after(self, before: Mapping[str, float]) -> dict[str, float]:
        """What was spent, added to what had been spent before."""
        return {what: seconds + before.get(what, 0.0) for what, seconds in self.spent.items()}

    def lines(self, total: float) -> list[str]:
        """A table, the largest first; total is what all of it took."""
        spent = sorted(self.spent.items(), key=lambda row: -row[1])
        rows = [*spent, ("everything else", total - sum(self.spent.values()))]
        return [f"{what:<28}{seconds:>7.1f} s{self.times.get(what, 0) or '':>7}" for what, seconds in rows]


#: Of this process.
LEDGER = Ledger()


def wait_for(what: str, look: Callable[[], T], right: Callable[[T], Any] = bool, patience: float = PATIENCE) -> T:
    """What look() gives, once it is right; fails with the last thing seen."""
    deadline = time.monotonic() + patience
    with LEDGER.spending("waiting for timers"):
        while True:
            seen = look()
            if right(seen):
                return seen
            if time.monotonic() > deadline:
                raise Waited(f"waited {patience:g} s for {what}; last seen: {seen!r}")
            time.sleep(INTERVAL)

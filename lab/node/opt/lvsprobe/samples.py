"""What was measured, and what follows from it."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

OK = "ok"
NOT_SENT = "not sent (too many in flight)"
UNNAMED = "(unnamed)"


@dataclass(frozen=True, slots=True)
class Sample:
    """One request. Times are seconds from the beginning of the measurement."""

    start: float
    duration: float
    outcome: str  # OK or a failure kind
    answered: bool = False  # a full HTTP answer came, whatever its status
    realserver: str | None = None
    backend: str | None = None

    @property
    def ok(self) -> bool:
        return self.outcome == OK


@dataclass(frozen=True)
class Gap:
    start: float
    end: float
    failures: int
    open_start: bool = False  # nothing had succeeded before it
    open_end: bool = False  # nothing succeeded after it

    @property
    def length(self) -> float:
        return self.end - self.start


@dataclass
class Held:
    """The long-lived connection; filled in as it lives."""

    survived: bool = False
    requests: int = 0  # answered
    http_errors: int = 0  # of these, answered with a status other than 2xx
    realserver: str | None = None
    longest_stall: float = 0.0  # from asking to the full answer, or to the end
    error: str | None = None
    ended_at: float | None = None  # None if it survived


@dataclass(frozen=True)
class Latency:
    p50: float
    p95: float
    max: float


@dataclass(frozen=True)
class Report:
    url: str
    started_at: datetime
    rate: float  # 0: the held connection alone
    duration: float
    stopped_early: bool
    late_max: float
    samples: tuple[Sample, ...]  # in the order of their start
    held: Held | None = None

    @property
    def requested(self) -> int:
        return len(self.samples)

    @property
    def succeeded(self) -> int:
        return sum(sample.ok for sample in self.samples)

    @property
    def failures(self) -> dict[str, int]:
        return most_first(sample.outcome for sample in self.samples if not sample.ok)

    @property
    def realservers(self) -> dict[str, int]:
        """Full answers by who gave them; a nameless one counts too, lest it pass for one of ours."""
        return most_first(sample.realserver or UNNAMED for sample in self.samples if sample.answered)

    @property
    def backends(self) -> dict[str, int]:
        """The same for what stands behind the realservers; empty if no answer ever named any."""
        counts = most_first(sample.backend or UNNAMED for sample in self.samples if sample.answered)
        return {} if set(counts) == {UNNAMED} else counts

    @property
    def latency(self) -> Latency | None:
        """Of the requests that succeeded."""
        durations = sorted(sample.duration for sample in self.samples if sample.ok)
        if not durations:
            return None
        return Latency(percentile(durations, 50), percentile(durations, 95), durations[-1])

    @property
    def gaps(self) -> list[Gap]:
        return find_gaps(self.samples, self.duration)

    @property
    def longest_silence(self) -> float:
        ends = sorted(sample.start + sample.duration for sample in self.samples if sample.ok)
        marks = [0.0, *ends, max([self.duration, *ends])]
        return max(later - earlier for earlier, later in itertools.pairwise(marks))


def most_first(names: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(names).items(), key=lambda item: (-item[1], item[0])))


def percentile(ordered: Sequence[float], percent: float) -> float:
    """The smallest value that is not below `percent` per cent of them (nearest rank)."""
    return ordered[max(1, math.ceil(len(ordered) * percent / 100)) - 1]


def find_gaps(samples: Iterable[Sample], end: float) -> list[Gap]:
    """The gaps of a measurement that ended at `end`, as the head of this package defines them."""
    ordered = sorted(samples, key=lambda sample: sample.start)
    runs = [(ok, list(run)) for ok, run in itertools.groupby(ordered, key=lambda sample: sample.ok)]
    gaps = []
    for number, (ok, run) in enumerate(runs):
        if ok:
            continue
        last = number == len(runs) - 1
        gaps.append(
            Gap(
                start=run[0].start,
                end=max(end, run[-1].start) if last else runs[number + 1][1][0].start,
                failures=len(run),
                open_start=number == 0,
                open_end=last,
            )
        )
    return gaps

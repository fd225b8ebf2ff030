"""Run gates, two side by side, all of them whatever fails, and sum up what they found.

    tests/run.py quick    lint, types, unit, golden
    tests/run.py test     the same first; then the scenarios and all else that takes its time
    tests/run.py full     the same, with the scenarios that are too long for every run

What each prints is in a file of its own in .reports; of one that fails the end of it is shown. Ends with a line for
each failure, and one line, "N passed, N failed, N skipped". A gate that writes JUnit reports counts as the tests in
them, any other gate as one test. A gate that fails without a failed test to show for it counts as one failure more.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness import scenarios

ROOT = Path(__file__).resolve().parent.parent
REPORTS = ROOT / ".reports"
# Of the longest name of a gate, that of scenarios on one lab, and a space.
NAME_WIDTH = 36
# A lab is one CPU; what is no lab is small beside it.
SIDE_BY_SIDE = 2
TAIL = 40
# Of a line that tells a failure: Ansible's can be a whole result.
LINE = 300
# How the line begins by which a gate without a failed test says what went wrong: Ansible's, and make's.
COMPLAINT = re.compile(r"fatal: |\[ERROR\]|make: \*\*\*")
# Seconds after which a gate is taken to hang, whatever its budget.
LONGEST = 2700.0


@dataclass
class Count:
    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other: Count) -> Count:
        return Count(self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped)

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


@dataclass(frozen=True)
class Gate:
    """A target of the Makefile."""

    name: str
    words: tuple[str, ...]
    #: Patterns of its JUnit reports. Where they hold no test it has failed, whatever its exit status says.
    reports: tuple[str, ...] = ()
    #: The lab that it has for itself.
    lab: str = ""
    #: In seconds.
    budget: float = 0

    @property
    def log(self) -> Path:
        return REPORTS / f"{self.name}.log"

    def found(self) -> list[Path]:
        return sorted(path for pattern in self.reports for path in REPORTS.glob(pattern))


def gate(name: str, *, reports: bool = False, cores: bool = False) -> Gate:
    """cores: whether it runs on the oldest ansible-core too."""
    found = [*([f"{name}.xml"] if reports else []), *([f"{name}-oldest.xml"] if cores else [])]
    return Gate(name, (name,), tuple(found))


QUICK = [gate("unit", reports=True, cores=True), gate("lint"), gate("golden", reports=True), gate("types")]
SLOW = [gate("test-kernel", reports=True), gate("artifact", reports=True, cores=True), gate("sanity")]


def engine_gate(machine: str) -> Gate:
    name = f"test-engine-{machine}"
    return Gate(name, ("test-engine", f"MACHINE={machine}"), (f"{name}.xml",), budget=360)


def scenario_gate(group: Sequence[scenarios.Scenario]) -> Gate:
    names = [each.name for each in group]
    return Gate(
        f"molecule-{'-'.join(names)}",
        ("molecule", f"SCENARIO={' '.join(names)}"),
        tuple(f"molecule-{name}-[0-9]*.xml" for name in names),
        group[0].lab,
        60 * sum(each.minutes for each in group),
    )


def scenario_gates(*, full: bool) -> list[Gate]:
    wanted = [each for each in scenarios.read(ROOT) if full or not each.full]
    return [scenario_gate(group) for group in scenarios.groups(wanted)]


def count_report(report: Path) -> Count:
    """Count the tests of a JUnit file by their outcome, an error being a failure."""
    count = Count()
    for case in ET.parse(report).iter("testcase"):
        outcomes = {element.tag for element in case}
        if outcomes & {"failure", "error"}:
            count.failed += 1
        elif "skipped" in outcomes:
            count.skipped += 1
        else:
            count.passed += 1
    return count


def failures(report: Path) -> list[str]:
    """The failed tests of a JUnit file, each with the first line of why."""
    return [
        f"{case.get('classname', '')}.{case.get('name')}: {(element.get('message') or '').partition(chr(10))[0]}"
        for case in ET.parse(report).iter("testcase")
        for element in case
        if element.tag in {"failure", "error"}
    ]


def judge(status: int, reports: Sequence[Path], *, reporting: bool) -> Count:
    """Turn what a gate left behind into a count."""
    count = sum((count_report(report) for report in reports), Count())
    ran_none = reporting and not (count.passed or count.failed)
    if (status != 0 or ran_none) and not count.failed:
        count.failed = 1
    elif not reporting:
        count.passed = 1
    return count


@dataclass
class Running:
    """A gate at work."""

    gate: Gate
    process: subprocess.Popen[bytes]
    start: float
    interrupted: bool = False

    def is_late(self, now: float) -> bool:
        """Whether it hangs, as far as one can tell."""
        return not self.interrupted and now - self.start > LONGEST

    def interrupt(self) -> None:
        """As Ctrl-C would, the gate and all that it started."""
        self.interrupted = True
        os.killpg(self.process.pid, signal.SIGINT)


@dataclass
class Result:
    """What came of a gate."""

    gate: Gate
    count: Count
    seconds: float

    @property
    def word(self) -> str:
        if self.count.failed:
            return "FAILED"
        return "ok, OVER BUDGET" if 0 < self.gate.budget < self.seconds else "ok"

    @property
    def why(self) -> list[str]:
        """A line for each of its failures."""
        if not self.count.failed:
            return []
        lines = [line for report in self.gate.found() for line in failures(report)]
        if not lines:
            log = self.gate.log.read_text(encoding="utf-8", errors="replace").splitlines()
            lines = [line for line in log if COMPLAINT.match(line)][:3] or log[-3:]
        return [f"{self.gate.name}: {line[:LINE]}" for line in lines]

    def __str__(self) -> str:
        budget = f"{self.gate.budget:.0f}" if self.gate.budget else "-"
        return f"{self.gate.name:<{NAME_WIDTH}}{self.word:<17}{self.seconds:>8.1f}{budget:>8}  {self.count}"


def next_gate(waiting: Iterable[Gate], running: Iterable[Running]) -> Gate | None:
    """The first whose lab is free."""
    taken = {each.gate.lab for each in running if each.gate.lab}
    return next((each for each in waiting if each.lab not in taken), None)


def start(each: Gate) -> Running:
    for stale in each.found():
        stale.unlink()
    with open(each.log, "wb") as log:
        process = subprocess.Popen(
            ["make", "--no-print-directory", *each.words],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    return Running(each, process, time.monotonic())


def finish(each: Running) -> Result:
    reports = each.gate.found()
    count = judge(each.process.returncode, reports, reporting=bool(each.gate.reports))
    return Result(each.gate, count, time.monotonic() - each.start)


def run_all(gates: Sequence[Gate], since: float) -> list[Result]:
    """All gates, as many side by side as there is room for."""

    def say(text: str) -> None:
        print(f"[{time.monotonic() - since:>5.0f} s] {text}", flush=True)

    waiting, running, results = list(gates), list[Running](), list[Result]()
    try:
        while waiting or running:
            while len(running) < SIDE_BY_SIDE and (each := next_gate(waiting, running)):
                waiting.remove(each)
                running.append(start(each))
                say(f"{each.name} begins: {each.log.relative_to(ROOT)}")
            for ended in [each for each in running if each.process.poll() is not None]:
                running.remove(ended)
                results.append(finish(ended))
                say(f"{ended.gate.name}: {results[-1].word}, {results[-1].count}, {results[-1].seconds:.0f} s")
                if results[-1].count.failed:
                    print("".join(f"    | {line}\n" for line in last_lines(ended.gate.log)), flush=True)
            for late in [each for each in running if each.is_late(time.monotonic())]:
                say(f"{late.gate.name} takes too long, and is told to end")
                late.interrupt()
            time.sleep(0.1)
    finally:
        for left in running:
            left.interrupt()
        for left in running:
            left.process.wait()
    return results


def last_lines(log: Path) -> list[str]:
    return log.read_text(encoding="utf-8", errors="replace").splitlines()[-TAIL:]


def main(words: Sequence[str]) -> int:
    # The kernel's tests are the longest of these: what begins last runs alone.
    everyday = [*SLOW, engine_gate("trixie")]
    slow = {
        "quick": [],
        "test": scenario_gates(full=False) + everyday,
        "full": [*scenario_gates(full=True), engine_gate("bookworm"), *everyday],
    }
    if len(words) != 1 or words[0] not in slow:
        sys.exit(__doc__)
    REPORTS.mkdir(exist_ok=True)
    # Being told to end is the same as being interrupted: no gate goes on alone. SIGINT too: who is started in the
    # background ignores it, and so would every gate.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    since = time.monotonic()
    results = run_all([*QUICK, *slow[words[0]]], since)
    print(f"\n{'gate':<{NAME_WIDTH}}{'result':<17}{'seconds':>8}{'budget':>8}  tests")
    for result in results:
        print(result)
    print(*(f"\n{line}" for result in results for line in result.why), sep="")
    total = sum((result.count for result in results), Count())
    print(f"\n{total}", flush=True)
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Run scenarios with molecule, each from nothing to nothing, and tell where their time went.

Scenarios that name the same lab and the same converge share one run of both. To molecule a step without its playbook
is a warning and exit status 0; here it is a failure: a break that never happened would look survived.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from harness import scenarios
from harness.scenarios import Scenario

ROOT = Path(__file__).resolve().parent.parent
REPORTS = ROOT / ".reports"
# As molecule writes it for terminals, and otherwise: "default ➜ create: Executing", "[default > create] Executing".
STEP = re.compile(r"(?:➜|>) (\w+)[]:]+ Execut(ing|ed)\b")
ESCAPES = re.compile(r"\x1b\[[0-9;]*m")
# What the steps that are no tests spend their time on.
SPENT_ON = {"create": "boots", "destroy": "taking the lab down", "verify": ""}


class Steps:
    """How long each of molecule's steps took, told from its output."""

    def __init__(self) -> None:
        self.took: defaultdict[str, float] = defaultdict(float)
        self.missing: list[str] = []
        self._step = ""
        self._begun = 0.0

    def read(self, line: str, now: float) -> None:
        text = ESCAPES.sub("", line)
        if "Missing playbook" in text:
            self.missing.append(text.strip())
        found = STEP.search(text)
        if not found:
            return
        # A verdict is told again when all is over, and who verifies says so once more.
        if found[2] == "ing" and found[1] != self._step:
            self._step, self._begun = found[1], now
        elif found[2] == "ed" and found[1] == self._step:
            self._step = ""
            self.took[found[1]] += now - self._begun


def molecule(steps: Steps, *words: str) -> bool:
    """Run molecule before the reader's eyes; whether it succeeded."""
    # As from a shell, which has no PYTHONPATH of ours.
    shell = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    running = subprocess.Popen(
        ["molecule", *words], cwd=ROOT, env=shell, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert running.stdout
    for line in running.stdout:
        print(line, end="", flush=True)
        steps.read(line, time.monotonic())
    return running.wait() == 0


def times_of_tests(scenario: Scenario) -> Path:
    """What the harness leaves there."""
    return REPORTS / f"times-{scenario.name}.json"


def spent(steps: Steps, group: Iterable[Scenario]) -> dict[str, float]:
    """Seconds by what they were spent on, of steps and of tests."""
    total: defaultdict[str, float] = defaultdict(float)
    for step, seconds in steps.took.items():
        total[SPENT_ON.get(step, f"Ansible: {step}")] += seconds
    for scenario in group:
        if times_of_tests(scenario).exists():
            for what, seconds in json.loads(times_of_tests(scenario).read_text(encoding="utf-8")).items():
                total[what] += seconds
                total[""] -= seconds
    total["everything else in tests"] = total.pop("", 0.0)
    return dict(total)


def run(group: list[Scenario]) -> bool:
    """Whether all scenarios of a group succeeded."""
    start = time.monotonic()
    steps = Steps()
    first, *others = group
    for scenario in group:
        for stale in [times_of_tests(scenario), *REPORTS.glob(f"molecule-{scenario.name}-[0-9]*.xml")]:
            stale.unlink(missing_ok=True)
    if others:
        # With --destroy never the first step of the sequence is left out as well.
        good = [
            molecule(steps, "destroy", "-s", first.name),
            molecule(steps, "test", "--destroy", "never", "-s", first.name),
        ]
        if "verify" in steps.took:
            good += [molecule(steps, "verify", "-s", scenario.name) for scenario in others]
        else:
            print(f"{first.name} did not set its lab up, so the others could not run", flush=True)
        good.append(molecule(steps, "destroy", "-s", first.name))
    else:
        good = [molecule(steps, "test", "-s", first.name)]
    took, budget = time.monotonic() - start, 60 * sum(scenario.minutes for scenario in group)
    names = " and ".join(scenario.name for scenario in group)
    print(f"\n{names}: {took:.0f} s of {budget:.0f} s{', OVER BUDGET' if took > budget else ''}; where they went:")
    table = spent(steps, group)
    table["molecule itself"] = took - sum(table.values())
    for what, seconds in sorted(table.items(), key=lambda row: -row[1]):
        print(f"  {what:<28}{seconds:>7.1f} s")
    for line in steps.missing:
        print(line)
    return all(good) and not steps.missing


def main(names: list[str]) -> int:
    known = {scenario.name: scenario for scenario in scenarios.read(ROOT)}
    unknown = sorted(set(names) - set(known))
    if unknown:
        sys.exit(f"no scenario {', '.join(unknown)}; there are {', '.join(known)}")
    REPORTS.mkdir(exist_ok=True)
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    good = [run(group) for group in scenarios.groups(known[name] for name in names)]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Run gates (targets of the Makefile) one after the other, all of them whatever fails, and sum up what they found.

Ends with one line, "N passed, N failed, N skipped". A gate that writes JUnit reports counts as the tests in them, any
other gate as one test. A gate that fails without a failed test to show for it counts as one failure more.
"""

from __future__ import annotations

import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REPORTS = ROOT / ".reports"
# A gate of these whose reports hold no test has failed, whatever its exit status says.
REPORTING = {"unit", "golden", "artifact", "test-kernel", "test-engine", "molecule"}


@dataclass
class Count:
    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other: Count) -> Count:
        return Count(self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped)

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


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


def judge(gate: str, status: int, reports: list[Path]) -> Count:
    """Turn what a gate left behind into a count."""
    count = sum((count_report(report) for report in reports), Count())
    ran_none = gate in REPORTING and not (count.passed or count.failed)
    if (status != 0 or ran_none) and not count.failed:
        count.failed = 1
    elif gate not in REPORTING:
        count.passed = 1
    return count


def run_gate(gate: str) -> tuple[Count, float]:
    for stale in REPORTS.glob(f"{gate}*.xml"):
        stale.unlink()
    print(f"\n=== {gate}", flush=True)
    start = time.monotonic()
    status = subprocess.run(["make", "--no-print-directory", gate], cwd=ROOT, check=False).returncode
    return judge(gate, status, sorted(REPORTS.glob(f"{gate}*.xml"))), time.monotonic() - start


def main(gates: list[str]) -> int:
    results = {gate: run_gate(gate) for gate in gates}
    print(f"\n{'gate':<12}{'result':<8}{'seconds':>8}  tests")
    for gate, (count, seconds) in results.items():
        print(f"{gate:<12}{'FAILED' if count.failed else 'ok':<8}{seconds:>8.1f}  {count}")
    total = sum((result[0] for result in results.values()), Count())
    print(f"\n{total}", flush=True)
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

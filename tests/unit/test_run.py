"""The line that judges a whole run: what the runner counts as passed, failed and skipped."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.lvs.cluster.tests import run
from ansible_collections.lvs.cluster.tests.run import Count, Gate, Result, judge

PASSED = "<testcase name='a'/>"
FAILED = "<testcase name='b'><failure/></testcase>"
BROKEN = "<testcase name='c'><error/></testcase>"
SKIPPED = "<testcase name='d'><skipped/></testcase>"


@pytest.mark.parametrize(
    ("reporting", "status", "cases", "expected"),
    [
        pytest.param(True, 0, [PASSED, SKIPPED], Count(1, 0, 1), id="tests are counted"),
        pytest.param(True, 1, [PASSED, FAILED, BROKEN], Count(1, 2, 0), id="an error is a failure"),
        pytest.param(True, 0, [FAILED], Count(0, 1, 0), id="a failed test counts whatever the status"),
        pytest.param(True, 2, [PASSED], Count(1, 1, 0), id="a failure with no test to show for it counts"),
        pytest.param(True, 0, None, Count(0, 1, 0), id="no report is a failure"),
        pytest.param(True, 0, [], Count(0, 1, 0), id="no test is a failure"),
        pytest.param(True, 0, [SKIPPED], Count(0, 1, 1), id="skipped tests alone are a failure"),
        pytest.param(False, 0, None, Count(1, 0, 0), id="a gate without reports is one test"),
        pytest.param(False, 1, None, Count(0, 1, 0), id="a gate without reports fails as one test"),
    ],
)
def test_judge(tmp_path: Path, reporting: bool, status: int, cases: list[str] | None, expected: Count) -> None:
    reports = []
    if cases is not None:
        reports.append(tmp_path / "report.xml")
        reports[0].write_text(f"<testsuites><testsuite>{''.join(cases)}</testsuite></testsuites>")
    assert judge(status, reports, reporting=reporting) == expected


def test_reports_add_up(tmp_path: Path) -> None:
    for name in ("1.xml", "2.xml"):
        (tmp_path / name).write_text(f"<testsuites><testsuite>{PASSED}</testsuite></testsuites>")
    assert judge(0, sorted(tmp_path.iterdir()), reporting=True) == Count(2, 0, 0)


@pytest.mark.parametrize(
    ("cases", "log", "expected"),
    [
        pytest.param(
            "<testcase classname='web' name='test_dies'><failure message='assert 1 == 2&#10;more'/></testcase>",
            "fatal: [web1]: FAILED!",
            ["gate: web.test_dies: assert 1 == 2"],
            id="the test, and the first line of why",
        ),
        pytest.param(
            PASSED,
            "ok: [web1]\nfatal: [web1]: FAILED!\nthe end",
            ["gate: fatal: [web1]: FAILED!"],
            id="what Ansible says",
        ),
        pytest.param(PASSED, "one\nIt broke.", ["gate: one", "gate: It broke."], id="the end of what it says"),
    ],
)
def test_failures_are_told_in_a_line_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cases: str, log: str, expected: list[str]
) -> None:
    monkeypatch.setattr(run, "REPORTS", tmp_path)
    (tmp_path / "gate.xml").write_text(f"<testsuites><testsuite>{cases}</testsuite></testsuites>")
    (tmp_path / "gate.log").write_text(log)
    assert Result(Gate("gate", ("gate",), ("gate.xml",)), Count(failed=1), 1.0).why == expected

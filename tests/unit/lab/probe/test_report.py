# Copyright: Contributors to the lvs.cluster collection
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""What a report says, in JSON and to a reader."""

from __future__ import annotations

import json

import pytest
from ansible_collections.lvs.cluster.tests.unit.lab.probe.measurements import STARTED, pattern, report
from lvsprobe.samples import OK, Held, Report, Sample, percentile
from lvsprobe.telling import as_dict, render, tell_second


def test_json_tells_what_was_measured() -> None:
    told = as_dict(
        report(
            Sample(0.0, 0.010, OK, True, "web1", "app1"),
            Sample(1.0, 0.500, "http 502", True, "web2"),
            Sample(2.0, 1.0, "connect timeout"),
            Sample(3.0, 0.030, OK, True, "web1", "app2"),
            held=Held(survived=True, requests=16, realserver="web1", longest_stall=1.5),
        ),
        with_samples=True,
    )
    assert json.loads(json.dumps(told)) == {
        "url": "http://198.18.0.100/",
        "started_at": "2025-06-01T12:00:00.000+00:00",
        "duration": 4.0,
        "stopped_early": False,
        "rate": 1.0,
        "late_max": 0.002,
        "requested": 4,
        "succeeded": 2,
        "failed": 2,
        "failures": {"connect timeout": 1, "http 502": 1},
        "realservers": {"web1": 2, "web2": 1},
        "backends": {"(unnamed)": 1, "app1": 1, "app2": 1},
        "latency": {"p50": 0.01, "p95": 0.03, "max": 0.03},
        "gaps": [
            {
                "start": 1.0,
                "end": 3.0,
                "length": 2.0,
                "failures": 2,
                "open_start": False,
                "open_end": False,
                "at": "2025-06-01T12:00:01.000+00:00",
            }
        ],
        "longest_gap": 2.0,
        "longest_silence": 3.02,
        "held": {
            "survived": True,
            "requests": 16,
            "http_errors": 0,
            "realserver": "web1",
            "longest_stall": 1.5,
            "error": None,
            "ended_at": None,
        },
        "samples": [
            [0.0, 0.01, "ok", "web1", "app1"],
            [1.0, 0.5, "http 502", "web2", None],
            [2.0, 1.0, "connect timeout", None, None],
            [3.0, 0.03, "ok", "web1", "app2"],
        ],
    }


def test_an_answer_without_a_name_does_not_pass_for_one_of_ours() -> None:
    answered = report(Sample(0, 0.1, OK, True, "web1"), Sample(1, 0.1, OK, True))
    assert answered.realservers == {"(unnamed)": 1, "web1": 1}


def test_without_backends_none_is_told() -> None:
    assert report(Sample(0, 0.1, OK, True, "web1")).backends == {}


@pytest.mark.parametrize(
    ("samples", "silence"),
    [
        pytest.param([], 4.0, id="nothing at all"),
        pytest.param([Sample(0, 1, "refused")], 4.0, id="nothing succeeded"),
        pytest.param([Sample(0, 1, OK), Sample(1, 2.5, OK), Sample(2, 1, OK)], 2.0, id="a delay"),
        pytest.param([Sample(0, 2.5, OK), Sample(2, 1, OK)], 2.5, id="at the beginning"),
        pytest.param([Sample(3, 6, OK)], 9.0, id="an answer after the end"),
    ],
)
def test_a_silence_lasts_from_one_successful_end_to_the_next(samples: list[Sample], silence: float) -> None:
    assert report(*samples).longest_silence == silence


def test_nothing_succeeded_means_no_latency_and_not_a_latency_of_zero() -> None:
    assert as_dict(report(Sample(0, 1, "refused")))["latency"] is None


def test_the_table_tells_failures_gaps_and_the_held_connection() -> None:
    text = render(
        report(
            *pattern(".xx."), held=Held(requests=7, realserver="web2", error="reset", ended_at=2.5, longest_stall=1.25)
        )
    )
    assert "failed       2 (refused 2)" in text
    assert "gaps         1, the longest 2.000 s" in text
    assert "silence      at most 3.000 s" in text
    assert "2.000 s from 1.000 s (2025-06-01T12:00:01.000+00:00), 2 failed" in text
    assert "held         ended at 2.50 s: reset; 7 requests answered by web2, longest stall 1.250 s" in text


def test_the_table_shows_the_longest_of_many_gaps_and_says_so() -> None:
    text = render(report(*pattern(".x" * 20 + "xx."), duration=43.0), gaps_shown=2)
    assert "gaps         20, the longest 3.000 s; the 2 longest:" in text
    assert text.count(" failed") == 3  # the row of that name, and two gaps


def test_the_report_of_a_held_connection_alone_says_nothing_of_requests() -> None:
    alone = Report("http://198.18.0.100/", STARTED, 0.0, 4.0, False, 0.0, (), Held(survived=True))
    assert set(as_dict(alone)) == {"url", "started_at", "duration", "stopped_early", "held"}
    assert "requested" not in render(alone)


def test_progress_tells_who_answered_and_what_failed() -> None:
    fresh = [Sample(0, 0.1, OK, True, "web1"), Sample(1, 0.1, OK, True, "web1"), Sample(2, 1, "refused")]
    line = tell_second(3.0, fresh, 4, Held(requests=12, realserver="web2"), load=True)
    assert line == "    3 s     2 ok/s     1 failed/s (refused 1)     4 waiting  web1 2  held: 12 answers by web2"


@pytest.mark.parametrize(("percent", "value"), [(50, 5), (95, 10), (90, 9), (91, 10), (0, 1), (100, 10)])
def test_a_percentile_is_a_value_that_was_measured(percent: float, value: float) -> None:
    assert percentile([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], percent) == value

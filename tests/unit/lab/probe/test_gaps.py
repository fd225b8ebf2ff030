# Copyright: Contributors to the lvs.cluster collection
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""Which failures make which gaps."""

from __future__ import annotations

import itertools
from random import Random

import pytest
from ansible_collections.lvs.cluster.tests.unit.lab.probe.measurements import pattern
from hypothesis import given, settings
from hypothesis import strategies as st
from lvsprobe.samples import NOT_SENT, OK, Gap, Sample, find_gaps


@pytest.mark.parametrize(
    ("requests", "gaps"),
    [
        pytest.param("", [], id="nothing asked, nothing missed"),
        pytest.param("......", [], id="all succeed"),
        pytest.param("..xx..", [Gap(2, 4, 2)], id="first failed start to next successful start"),
        pytest.param("..x...", [Gap(2, 3, 1)], id="one failure is a gap of one interval"),
        pytest.param("xx....", [Gap(0, 2, 2, open_start=True)], id="nobody saw it begin"),
        pytest.param("....xx", [Gap(4, 6, 2, open_end=True)], id="nobody saw it end"),
        pytest.param("xxxxxx", [Gap(0, 6, 6, open_start=True, open_end=True)], id="never worked"),
        pytest.param(".x.xx.", [Gap(1, 2, 1), Gap(3, 5, 2)], id="one success parts two gaps"),
        pytest.param("x.x", [Gap(0, 1, 1, open_start=True), Gap(2, 3, 1, open_end=True)], id="both ends"),
    ],
)
def test_a_gap_lasts_from_its_first_failed_start_to_the_next_successful_start(requests: str, gaps: list[Gap]) -> None:
    assert find_gaps(pattern(requests), end=float(len(requests))) == gaps


def test_gaps_follow_the_order_of_starts_and_not_the_order_of_ends() -> None:
    ended_in_this_order = [
        Sample(0.0, 0.1, OK),
        Sample(2.0, 0.1, "refused"),
        Sample(3.0, 0.1, OK),
        Sample(1.0, 5.0, "read timeout"),
    ]
    assert find_gaps(ended_in_this_order, end=4.0) == [Gap(1.0, 3.0, 2)]


def test_a_success_that_took_long_ends_a_gap_at_its_start() -> None:
    assert find_gaps([Sample(0, 1, "refused"), Sample(1, 9, OK)], end=2) == [Gap(0, 1, 1, open_start=True)]


def test_an_unsent_request_is_a_failure() -> None:
    assert find_gaps([Sample(0, 1, OK), Sample(1, 0, NOT_SENT)], end=2)[0].failures == 1


def test_an_open_gap_never_ends_before_its_last_request() -> None:
    assert find_gaps(pattern(".x.xx"), end=3.5)[-1] == Gap(3, 4, 2, open_end=True)


measurements = st.lists(
    st.tuples(st.integers(0, 10_000), st.sampled_from([OK, "refused", "connect timeout"])),
    unique_by=lambda pair: pair[0],
    max_size=40,
).map(lambda pairs: [Sample(start / 100, 0.1, outcome) for start, outcome in pairs])


@settings(deadline=None, max_examples=50)
@given(measurements)
def test_every_failure_is_in_exactly_one_gap_and_no_success_is_in_any(samples: list[Sample]) -> None:
    gaps = find_gaps(samples, end=101.0)
    assert sum(gap.failures for gap in gaps) == sum(not sample.ok for sample in samples)
    for sample in samples:
        around = [gap for gap in gaps if gap.start <= sample.start < gap.end]
        assert len(around) == (0 if sample.ok else 1)


@settings(deadline=None, max_examples=50)
@given(measurements)
def test_gaps_never_touch_each_other_and_are_open_at_the_ends_alone(samples: list[Sample]) -> None:
    gaps = find_gaps(samples, end=101.0)
    assert all(earlier.end < later.start for earlier, later in itertools.pairwise(gaps))
    assert all(gap.length > 0 for gap in gaps)
    assert not any(gap.open_start for gap in gaps[1:])
    assert not any(gap.open_end for gap in gaps[:-1])


@settings(deadline=None, max_examples=50)
@given(measurements, st.randoms())
def test_gaps_do_not_depend_on_the_order_in_which_requests_ended(samples: list[Sample], random: Random) -> None:
    shuffled = random.sample(samples, len(samples))
    assert find_gaps(shuffled, 101.0) == find_gaps(samples, 101.0)

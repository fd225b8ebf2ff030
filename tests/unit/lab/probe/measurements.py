# Copyright: Contributors to the lvs.cluster collection
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""Measurements as they might have been."""

from __future__ import annotations

from datetime import UTC, datetime

from lvsprobe.samples import OK, Held, Report, Sample

STARTED = datetime(2025, 6, 1, 12, 0, 0, tzinfo=UTC)


def pattern(text: str) -> list[Sample]:
    """One request per second: `.` succeeds, anything else fails."""
    return [Sample(float(start), 0.5, OK if mark == "." else "refused") for start, mark in enumerate(text)]


def report(*samples: Sample, held: Held | None = None, duration: float = 4.0) -> Report:
    return Report("http://198.18.0.100/", STARTED, 1.0, duration, False, 0.002, samples, held)

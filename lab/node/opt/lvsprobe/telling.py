"""How a measurement is told: as JSON, and to a reader."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from lvsprobe.samples import UNNAMED, Gap, Held, Report, Sample, most_first


def as_dict(report: Report, with_samples: bool = False) -> dict[str, Any]:
    """The report as JSON has it; times in seconds, offsets from `started_at`."""
    told: dict[str, Any] = {
        "url": report.url,
        "started_at": report.started_at.isoformat(timespec="milliseconds"),
        "duration": round(report.duration, 6),
        "stopped_early": report.stopped_early,
    }
    if report.rate:
        latency, gaps = report.latency, report.gaps
        told |= {
            "rate": report.rate,
            "late_max": round(report.late_max, 6),
            "requested": report.requested,
            "succeeded": report.succeeded,
            "failed": report.requested - report.succeeded,
            "failures": report.failures,
            "realservers": report.realservers,
            "backends": report.backends,
            "latency": latency
            and {"p50": round(latency.p50, 6), "p95": round(latency.p95, 6), "max": round(latency.max, 6)},
            "gaps": [
                {
                    "start": round(gap.start, 6),
                    "end": round(gap.end, 6),
                    "length": round(gap.length, 6),
                    "failures": gap.failures,
                    "open_start": gap.open_start,
                    "open_end": gap.open_end,
                    "at": wall_clock(report, gap.start),
                }
                for gap in gaps
            ],
            "longest_gap": round(max((gap.length for gap in gaps), default=0.0), 6),
            "longest_silence": round(report.longest_silence, 6),
        }
    if report.held:
        held = report.held
        told["held"] = {
            "survived": held.survived,
            "requests": held.requests,
            "http_errors": held.http_errors,
            "realserver": held.realserver,
            "longest_stall": round(held.longest_stall, 6),
            "error": held.error,
            "ended_at": held.ended_at if held.ended_at is None else round(held.ended_at, 6),
        }
    if with_samples:
        told["samples"] = [
            [round(sample.start, 6), round(sample.duration, 6), sample.outcome, sample.realserver, sample.backend]
            for sample in report.samples
        ]
    return told


def wall_clock(report: Report, offset: float) -> str:
    return (report.started_at + timedelta(seconds=offset)).isoformat(timespec="milliseconds")


def render(report: Report, gaps_shown: int = 10) -> str:
    """The report for a reader."""
    rows = [("started", wall_clock(report, 0)), ("lasted", f"{report.duration:.2f} s")]
    if report.stopped_early:
        rows[-1] = ("lasted", f"{report.duration:.2f} s, stopped early")
    if report.rate:
        latency, gaps = report.latency, report.gaps
        rows += [
            ("requested", f"{report.requested}, {report.rate:g} per second, at most {report.late_max:.3f} s late"),
            ("succeeded", str(report.succeeded)),
            ("failed", f"{report.requested - report.succeeded}{in_brackets(report.failures)}"),
            ("realservers", counted(report.realservers)),
            ("backends", counted(report.backends)),
            (
                "latency",
                f"p50 {latency.p50 * 1000:.1f} ms, p95 {latency.p95 * 1000:.1f} ms, max {latency.max * 1000:.1f} ms"
                if latency
                else "-",
            ),
        ]
        longest = sorted(gaps, key=lambda gap: -gap.length)[:gaps_shown]
        total = f"{len(gaps)}" + (f", the longest {longest[0].length:.3f} s" if longest else "")
        rows.append(("gaps", total + (f"; the {gaps_shown} longest:" if len(gaps) > gaps_shown else "")))
        rows += [("", tell_gap(report, gap)) for gap in sorted(longest, key=lambda gap: gap.start)]
        rows.append(("silence", f"at most {report.longest_silence:.3f} s without a success coming to its end"))
    if report.held:
        rows.append(("held", tell_held(report.held)))
    return "\n".join([report.url, *(f"  {name:<12} {text}".rstrip() for name, text in rows)])


def tell_gap(report: Report, gap: Gap) -> str:
    marks = {
        (False, False): "",
        (True, False): ", open: no success before it",
        (False, True): ", open: no success after it",
        (True, True): ", open: no success at all",
    }
    mark = marks[gap.open_start, gap.open_end]
    return f"{gap.length:.3f} s from {gap.start:.3f} s ({wall_clock(report, gap.start)}), {gap.failures} failed{mark}"


def tell_held(held: Held) -> str:
    told = "survived" if held.survived else f"ended at {held.ended_at or 0:.2f} s: {held.error}"
    errors = f", {held.http_errors} of them not 2xx" if held.http_errors else ""
    who = f" by {held.realserver}" if held.realserver else ""
    return f"{told}; {held.requests} requests answered{who}{errors}, longest stall {held.longest_stall:.3f} s"


def tell_second(elapsed: float, fresh: Sequence[Sample], in_flight: int, held: Held | None, load: bool) -> str:
    """One line of --progress: what ended within the last second."""
    parts = [f"{elapsed:5.0f} s"]
    if load:
        succeeded = [sample for sample in fresh if sample.ok]
        failures = most_first(sample.outcome for sample in fresh if not sample.ok)
        who = counted(most_first(sample.realserver or UNNAMED for sample in succeeded))
        parts += [f"{len(succeeded):4d} ok/s", f"{len(fresh) - len(succeeded):4d} failed/s{in_brackets(failures)}"]
        parts += [f"{in_flight:4d} waiting", who]
    if held:
        parts.append(f"held: {held.error or f'{held.requests} answers by {held.realserver or UNNAMED}'}")
    return "  ".join(parts)


def counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items()) or "-"


def in_brackets(counts: dict[str, int]) -> str:
    return f" ({counted(counts)})" if counts else ""

# Copyright: Contributors to the lvs.cluster collection
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""The probe: what it decides, in tables; and what it sees, against real sockets on 127.0.0.1."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import itertools
import json
import re
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

LAB = str(Path(__file__).resolve().parents[3] / "lab")
if LAB not in sys.path:
    sys.path.insert(0, LAB)

import probe  # noqa: E402
from probe import Gap, Held, Plan, RefusalError, Report, Sample, Target  # noqa: E402

Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


# ---- Gaps ------------------------------------------------------------------------------------------------------------


def pattern(text: str) -> list[Sample]:
    """One request per second: `.` succeeds, anything else fails."""
    return [Sample(float(start), 0.5, probe.OK if mark == "." else "refused") for start, mark in enumerate(text)]


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
    assert probe.find_gaps(pattern(requests), end=float(len(requests))) == gaps


def test_gaps_follow_the_order_of_starts_and_not_the_order_of_ends() -> None:
    ended_in_this_order = [
        Sample(0.0, 0.1, probe.OK),
        Sample(2.0, 0.1, "refused"),
        Sample(3.0, 0.1, probe.OK),
        Sample(1.0, 5.0, "read timeout"),
    ]
    assert probe.find_gaps(ended_in_this_order, end=4.0) == [Gap(1.0, 3.0, 2)]


def test_a_success_that_took_long_ends_a_gap_at_its_start() -> None:
    assert probe.find_gaps([Sample(0, 1, "refused"), Sample(1, 9, probe.OK)], end=2) == [Gap(0, 1, 1, open_start=True)]


def test_an_unsent_request_is_a_failure() -> None:
    assert probe.find_gaps([Sample(0, 1, probe.OK), Sample(1, 0, probe.NOT_SENT)], end=2)[0].failures == 1


def test_an_open_gap_never_ends_before_its_last_request() -> None:
    assert probe.find_gaps(pattern(".x.xx"), end=3.5)[-1] == Gap(3, 4, 2, open_end=True)


measurements = st.lists(
    st.tuples(st.integers(0, 10_000), st.sampled_from([probe.OK, "refused", "connect timeout"])),
    unique_by=lambda pair: pair[0],
    max_size=40,
).map(lambda pairs: [Sample(start / 100, 0.1, outcome) for start, outcome in pairs])


@settings(deadline=None, max_examples=50)
@given(measurements)
def test_every_failure_is_in_exactly_one_gap_and_no_success_is_in_any(samples: list[Sample]) -> None:
    gaps = probe.find_gaps(samples, end=101.0)
    assert sum(gap.failures for gap in gaps) == sum(not sample.ok for sample in samples)
    for sample in samples:
        around = [gap for gap in gaps if gap.start <= sample.start < gap.end]
        assert len(around) == (0 if sample.ok else 1)


@settings(deadline=None, max_examples=50)
@given(measurements)
def test_gaps_never_touch_each_other_and_are_open_at_the_ends_alone(samples: list[Sample]) -> None:
    gaps = probe.find_gaps(samples, end=101.0)
    assert all(earlier.end < later.start for earlier, later in itertools.pairwise(gaps))
    assert all(gap.length > 0 for gap in gaps)
    assert not any(gap.open_start for gap in gaps[1:])
    assert not any(gap.open_end for gap in gaps[:-1])


@settings(deadline=None, max_examples=50)
@given(measurements, st.randoms())
def test_gaps_do_not_depend_on_the_order_in_which_requests_ended(samples: list[Sample], random: Random) -> None:
    shuffled = random.sample(samples, len(samples))
    assert probe.find_gaps(shuffled, 101.0) == probe.find_gaps(samples, 101.0)


# ---- The report ------------------------------------------------------------------------------------------------------

STARTED = datetime(2025, 6, 1, 12, 0, 0, tzinfo=UTC)


def report(*samples: Sample, held: Held | None = None, duration: float = 4.0) -> Report:
    return Report("http://198.18.0.100/", STARTED, 1.0, duration, False, 0.002, samples, held)


def test_json_tells_what_was_measured() -> None:
    told = probe.as_dict(
        report(
            Sample(0.0, 0.010, probe.OK, True, "web1", "app1"),
            Sample(1.0, 0.500, "http 502", True, "web2"),
            Sample(2.0, 1.0, "connect timeout"),
            Sample(3.0, 0.030, probe.OK, True, "web1", "app2"),
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
    answered = report(Sample(0, 0.1, probe.OK, True, "web1"), Sample(1, 0.1, probe.OK, True))
    assert answered.realservers == {"(unnamed)": 1, "web1": 1}


def test_without_backends_none_is_told() -> None:
    assert report(Sample(0, 0.1, probe.OK, True, "web1")).backends == {}


@pytest.mark.parametrize(
    ("samples", "silence"),
    [
        pytest.param([], 4.0, id="nothing at all"),
        pytest.param([Sample(0, 1, "refused")], 4.0, id="nothing succeeded"),
        pytest.param([Sample(0, 1, probe.OK), Sample(1, 2.5, probe.OK), Sample(2, 1, probe.OK)], 2.0, id="a delay"),
        pytest.param([Sample(0, 2.5, probe.OK), Sample(2, 1, probe.OK)], 2.5, id="at the beginning"),
        pytest.param([Sample(3, 6, probe.OK)], 9.0, id="an answer after the end"),
    ],
)
def test_a_silence_lasts_from_one_successful_end_to_the_next(samples: list[Sample], silence: float) -> None:
    assert report(*samples).longest_silence == silence


def test_nothing_succeeded_means_no_latency_and_not_a_latency_of_zero() -> None:
    assert probe.as_dict(report(Sample(0, 1, "refused")))["latency"] is None


def test_the_table_tells_failures_gaps_and_the_held_connection() -> None:
    text = probe.render(
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
    text = probe.render(report(*pattern(".x" * 20 + "xx."), duration=43.0), gaps_shown=2)
    assert "gaps         20, the longest 3.000 s; the 2 longest:" in text
    assert text.count(" failed") == 3  # the row of that name, and two gaps


def test_the_report_of_a_held_connection_alone_says_nothing_of_requests() -> None:
    alone = Report("http://198.18.0.100/", STARTED, 0.0, 4.0, False, 0.0, (), Held(survived=True))
    assert set(probe.as_dict(alone)) == {"url", "started_at", "duration", "stopped_early", "held"}
    assert "requested" not in probe.render(alone)


def test_progress_tells_who_answered_and_what_failed() -> None:
    fresh = [Sample(0, 0.1, probe.OK, True, "web1"), Sample(1, 0.1, probe.OK, True, "web1"), Sample(2, 1, "refused")]
    line = probe.tell_second(3.0, fresh, 4, Held(requests=12, realserver="web2"), load=True)
    assert line == "    3 s     2 ok/s     1 failed/s (refused 1)     4 waiting  web1 2  held: 12 answers by web2"


@pytest.mark.parametrize(("percent", "value"), [(50, 5), (95, 10), (90, 9), (91, 10), (0, 1), (100, 10)])
def test_a_percentile_is_a_value_that_was_measured(percent: float, value: float) -> None:
    assert probe.percentile([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], percent) == value


# ---- Where it may send -----------------------------------------------------------------------------------------------

HEADER = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n"
DEFAULT = "eth1\t00000000\t0100000A\t0003\t0\t0\t100\t00000000\t0\t0\t0\n"
ON_LINK_DEFAULT = "ppp0\t00000000\t00000000\t0001\t0\t0\t0\t00000000\t0\t0\t0\n"
CONNECTED = "eth0\t000512C6\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"  # 198.18.5.0/24
CONNECTED_DOWN = "eth0\t000512C6\t00000000\t0000\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"
UNREACHABLE = "*\t000012C6\t00000000\t0201\t0\t0\t4294967295\t0000FEFF\t0\t0\t0\n"  # 198.18.0.0/15
UNREACHABLE_TOO = "*\t000512C6\t00000000\t0201\t0\t0\t4294967295\t00FFFFFF\t0\t0\t0\n"  # 198.18.5.0/24
ROUTED = "eth0\t000712C6\t010512C6\t0003\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"  # 198.18.7.0/24 via 198.18.5.1
LOOPED = "lo\t000912C6\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"  # 198.18.9.0/24
LAB_IS_UP = HEADER + DEFAULT + UNREACHABLE + UNREACHABLE_TOO + CONNECTED + ROUTED + LOOPED


def test_a_directly_connected_lab_address_is_permitted() -> None:
    route = probe.permitted_route("198.18.5.100", probe.parse_routes(LAB_IS_UP))
    assert (route.interface, str(route.network)) == ("eth0", "198.18.5.0/24")


@pytest.mark.parametrize(
    ("address", "routes", "reason"),
    [
        ("192.0.2.1", LAB_IS_UP, "is not in 198.18.0.0/15"),
        ("127.0.0.1", LAB_IS_UP, "is not in 198.18.0.0/15"),
        ("198.20.0.1", LAB_IS_UP, "is not in 198.18.0.0/15"),
        ("198.18.5.100", HEADER, "no route to 198.18.5.100: is the lab up?"),
        ("198.18.5.100", HEADER + CONNECTED_DOWN, "no route"),
        ("198.18.5.100", HEADER + UNREACHABLE, "the lab is down"),
        ("198.18.5.100", HEADER + UNREACHABLE + UNREACHABLE_TOO + DEFAULT, "the lab is down"),
        ("198.18.5.100", HEADER + DEFAULT, "has the gateway 10.0.0.1"),
        ("198.18.5.100", HEADER + ON_LINK_DEFAULT, "0.0.0.0/0, is wider than 198.18.0.0/15"),
        ("198.18.7.100", LAB_IS_UP, "has the gateway 198.18.5.1"),
        ("198.18.9.100", LAB_IS_UP, "leads to lo"),
        ("198.19.0.1", LAB_IS_UP, "the lab is down"),
        ("vip.example", LAB_IS_UP, "is not an IPv4 address"),
    ],
)
def test_any_other_address_is_refused_with_the_reason(address: str, routes: str, reason: str) -> None:
    with pytest.raises(RefusalError, match=re.escape(reason)):
        probe.permitted_route(address, probe.parse_routes(routes))


def test_a_named_interface_must_be_the_connected_one() -> None:
    routes = probe.parse_routes(LAB_IS_UP)
    assert probe.permitted_route("198.18.5.1", routes, "eth0").interface == "eth0"
    with pytest.raises(RefusalError, match=re.escape("no route to 198.18.5.1 on eth7")):
        probe.permitted_route("198.18.5.1", routes, "eth7")


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("http://198.18.5.100", Target("198.18.5.100", 80, "/")),
        ("http://198.18.5.100:8080/a?b=c", Target("198.18.5.100", 8080, "/a?b=c")),
    ],
)
def test_a_url_names_address_port_and_path(url: str, target: Target) -> None:
    assert probe.parse_target(url) == target


@pytest.mark.parametrize(
    "url",
    [
        "https://198.18.5.100/",
        "198.18.5.100",
        "http://",
        "http://web/",
        "http://[2001:db8::1]/",
        "http://u@198.18.5.1/",
        "http://198.18.5.1:0/",
        "http://198.18.5.1:x/",
        "http://198.18.5.1:99999/",
        "http://198.18.5.1/a b",
        "http://198.18.5.1/\r\nX: y",
        "http://198.18.5.1/ä",
        "http://[198.18.5.1/",
    ],
)
def test_any_other_url_is_refused(url: str) -> None:
    with pytest.raises(RefusalError):
        probe.parse_target(url)


@pytest.mark.parametrize(
    "argv",
    [
        ["load", "http://192.0.2.1/"],
        ["hold", "http://192.0.2.1/"],
        ["arp", "192.0.2.1"],
        ["load", "http://198.19.0.1/"],
    ],
)
def test_a_refusal_is_one_line_and_status_2(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert probe.main(argv, read_routes=lambda: LAB_IS_UP) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("probe: ")
    assert told.err.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    ["--rate 2001", "--rate 0", "--rate nan", "--seconds 601", "--seconds -1", "--seconds inf", "--timeout x"],
)
def test_load_is_bounded(arguments: str) -> None:
    with pytest.raises(SystemExit) as end:
        probe.parse_args(["load", "http://198.18.5.100/", *arguments.split()])
    assert end.value.code == 2


# ---- What it sees, with real sockets ---------------------------------------------------------------------------------

# The timeouts matter to those alone who stall: long where nobody does, so that a busy machine fails no test.
FIVE = 5
PLAN = Plan(rate=500, seconds=0.01, timeout=5.0)  # five requests
HOLD = Plan(rate=0, seconds=0.05, timeout=5.0, hold=True, hold_timeout=10.0, hold_interval=0.01)
HOLD_UNTIL_LOST = replace(HOLD, seconds=60)


def answer(status: str = "200 OK", body: bytes = b"hello", headers: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{headers}\r\n".encode() + body


def named(name: str) -> bytes:
    return answer(headers=f"X-Served-By: {name}\r\n")


async def take_request(reader: asyncio.StreamReader) -> bytes:
    return await reader.readuntil(b"\r\n\r\n")


def send_reset(writer: asyncio.StreamWriter) -> None:
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def always(data: bytes) -> Behaviour:
    """A server that gives every connection these bytes, and ends it in order."""

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await take_request(reader)
        writer.write(data)

    return behave


async def stall(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await take_request(reader)
    await asyncio.sleep(60)


async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await take_request(reader)
    send_reset(writer)


@contextlib.asynccontextmanager
async def serving(behave: Behaviour) -> AsyncIterator[Target]:
    """A server of that behaviour, which leaves no connection and no task behind."""
    tasks = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.current_task())
        with contextlib.closing(writer), contextlib.suppress(ConnectionError, EOFError, asyncio.CancelledError):
            await behave(reader, writer)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield Target("127.0.0.1", server.sockets[0].getsockname()[1], "/")
    finally:
        server.close()
        for task in tasks:
            if task:
                task.cancel()


def measure(
    behave: Behaviour, plan: Plan, stop: asyncio.Event | None = None, said: list[str] | None = None
) -> tuple[Report, list[str]]:
    """Measure a server of that behaviour; the report, and the lines said on the way."""
    lines: list[str] = [] if said is None else said

    async def story() -> Report:
        async with serving(behave) as target:
            return await probe.measure(target, plan, stop or asyncio.Event(), lines.append)

    return asyncio.run(story()), lines


def measure_port(port: int, plan: Plan) -> Report:
    return asyncio.run(probe.measure(Target("127.0.0.1", port, "/"), plan, asyncio.Event(), lambda _line: None))


def test_every_request_has_a_connection_of_its_own_and_is_counted_to_who_answered() -> None:
    names = itertools.cycle(["web1", "web2"])
    requests = []

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        name = next(names)
        requests.append(await take_request(reader))
        writer.write(answer(headers=f"x-served-by: {name}\r\nX-Backend: app1\r\n"))

    seen, said = measure(behave, PLAN)
    assert (seen.requested, seen.succeeded, seen.failures, seen.gaps) == (FIVE, FIVE, {}, [])
    assert (seen.realservers, seen.backends) == ({"web1": 3, "web2": 2}, {"app1": FIVE})
    assert requests[0].startswith(b"GET / HTTP/1.1\r\nHost: 127.0.0.1:")
    assert all(b"\r\nConnection: close\r\n" in request for request in requests)
    assert seen.latency
    assert 0 < seen.latency.p50 <= seen.latency.p95 <= seen.latency.max
    assert said == ["probing"]


@pytest.mark.parametrize(
    ("behave", "kind"),
    [
        pytest.param(reset, "reset", id="reset"),
        pytest.param(always(answer("502 Bad Gateway")), "http 502", id="502"),
        pytest.param(always(answer("301 Moved Permanently")), "http 301", id="301"),
        pytest.param(always(answer(body=b"x" * 100)[:-50]), "closed early", id="half a body"),
        pytest.param(always(b"HTTP/1.1 200 OK\r\n"), "closed early", id="half a head"),
        pytest.param(
            always(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"), "closed early", id="chunk"
        ),
        pytest.param(always(b""), "closed early", id="nothing"),
        pytest.param(always(b"SSH-2.0-OpenSSH\r\n\r\n"), "bad answer", id="no HTTP"),
        pytest.param(always(b"HTTP/1.1 200 OK\r\nContent-Length: no\r\n\r\n"), "bad answer", id="no length"),
    ],
)
def test_each_failure_has_its_name(behave: Behaviour, kind: str) -> None:
    seen, said = measure(behave, PLAN)
    assert seen.failures == {kind: FIVE}
    assert seen.requested == FIVE
    assert said == []


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"HTTP/1.1 200 OK\r\n\r\nuntil the end", id="until the end"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n1\r\nd\r\n0\r\nT: x\r\n\r\n",
            id="chunks",
        ),
        pytest.param(b"HTTP/1.1 204 No Content\r\n\r\n", id="no content"),
        pytest.param(answer(body=b"x" * 1_000_000), id="large"),
    ],
)
def test_a_full_answer_of_any_framing_is_a_success(data: bytes) -> None:
    assert measure(always(data), PLAN)[0].succeeded == FIVE


def test_a_refused_port() -> None:
    with socket.socket() as bound:  # and not listening, so that nobody else can
        bound.bind(("127.0.0.1", 0))
        assert measure_port(bound.getsockname()[1], PLAN).failures == {"refused": FIVE}


def test_a_server_that_does_not_take_connections() -> None:
    with socket.socket() as full, contextlib.ExitStack() as waiting:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(4):  # more than it queues: from here on the kernel drops every SYN
            client = waiting.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(full.getsockname())
        seen = measure_port(full.getsockname()[1], replace(PLAN, timeout=0.2))
    assert seen.failures == {"connect timeout": FIVE}


def test_a_stalled_request_times_out_and_delays_no_other() -> None:
    seen, _ = measure(stall, Plan(rate=500, seconds=0.02, timeout=0.5))
    assert seen.failures == {"read timeout": 10}
    assert seen.samples[-1].start < 0.5, "the last request waited for the first"
    assert seen.gaps[0].open_start
    assert seen.gaps[0].open_end


def test_requests_above_the_bound_are_not_sent_and_count_as_failed() -> None:
    seen, _ = measure(stall, Plan(rate=500, seconds=0.02, timeout=0.5, max_in_flight=3))
    assert seen.failures == {probe.NOT_SENT: 7, "read timeout": 3}


def test_an_outage_shows_as_one_gap() -> None:
    connections = itertools.count()

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await (reset if next(connections) in (3, 4, 5) else always(named("web1")))(reader, writer)

    seen, _ = measure(behave, Plan(rate=500, seconds=0.02, timeout=5.0))
    assert [gap.failures for gap in seen.gaps] == [3]
    assert (seen.gaps[0].start, seen.gaps[0].end) == (seen.samples[3].start, seen.samples[6].start)
    assert (seen.gaps[0].open_start, seen.gaps[0].open_end) == (False, False)


def test_what_the_kernel_holds_beats_the_clock() -> None:
    async def story(sock: socket.socket) -> None:
        await probe.ready(sock, asyncio.get_running_loop().time() - 1)

    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        with pytest.raises(TimeoutError):
            asyncio.run(story(ours))
        theirs.send(b"in time")
        asyncio.run(story(ours))


def test_a_stop_ends_the_sending_and_not_the_requests_that_were_sent() -> None:
    stop = asyncio.Event()

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        stop.set()
        await asyncio.sleep(0.1)
        await always(named("web1"))(reader, writer)

    seen, _ = measure(behave, Plan(rate=50, seconds=60, timeout=5.0), stop)
    assert seen.stopped_early
    assert seen.duration < 30
    assert 1 <= seen.requested == seen.succeeded


def test_progress_is_told_every_second() -> None:
    _, said = measure(always(named("web1")), Plan(rate=10, seconds=1.1, timeout=5.0, progress=True))
    assert said[0] == "probing"
    assert "ok/s" in said[1]
    assert "web1" in said[1]


# ---- The held connection ---------------------------------------------------------------------------------------------


class Keeper:
    """A server that keeps its connections, and does something else before it gives its answer number `number`."""

    def __init__(self, action: Behaviour, number: int = 2, data: bytes = named("web1")) -> None:
        self.action = action
        self.number = number
        self.data = data
        self.connections = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        for number in itertools.count(1):
            await take_request(reader)
            if number == self.number:
                await self.action(reader, writer)
            writer.write(self.data)
            await writer.drain()


async def go_on(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    pass


async def pause(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(0.3)


async def cut(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    send_reset(writer)


async def end(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def end_after_answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(named("web1"))
    writer.close()


async def hang(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(60)


def held_of(seen: Report) -> Held:
    assert seen.held
    return seen.held


def test_a_held_connection_survives_on_one_connection() -> None:
    server = Keeper(go_on)
    seen, said = measure(server, HOLD)
    held = held_of(seen)
    assert (held.survived, held.error, held.ended_at, held.realserver) == (True, None, None, "web1")
    assert held.requests >= 1
    assert server.connections == 1
    assert said == ["probing"]


def test_a_held_connection_survives_a_stall_and_tells_its_length() -> None:
    held = held_of(measure(Keeper(pause, 1), HOLD)[0])
    assert held.survived
    assert held.longest_stall > 0.29


@pytest.mark.parametrize(
    ("action", "error", "requests"),
    [
        pytest.param(cut, "reset", 1, id="cut"),
        pytest.param(end, "closed early", 1, id="closed instead of an answer"),
        pytest.param(end_after_answer, "closed by the server", 2, id="closed while idle"),
    ],
)
def test_a_held_connection_that_is_ended_is_not_replaced(action: Behaviour, error: str, requests: int) -> None:
    server = Keeper(action)
    held = held_of(measure(server, HOLD_UNTIL_LOST)[0])
    assert (held.survived, held.error, held.requests, held.realserver) == (False, error, requests, "web1")
    assert held.ended_at is not None
    assert server.connections == 1


def test_a_held_connection_that_stalls_too_long_is_lost() -> None:
    held = held_of(measure(Keeper(hang, 1), replace(HOLD_UNTIL_LOST, hold_timeout=0.3))[0])
    assert (held.survived, held.error, held.requests) == (False, "read timeout", 0)
    assert held.longest_stall > 0.29


def test_a_held_connection_that_the_server_announces_to_close_is_ended() -> None:
    server = Keeper(go_on, data=answer(headers="Connection: close\r\n"))
    held = held_of(measure(server, HOLD_UNTIL_LOST)[0])
    assert (held.survived, held.requests) == (False, 1)
    assert held.error == "closed by the server (it said Connection: close)"


def test_a_held_connection_survives_an_http_error_and_tells_it() -> None:
    held = held_of(measure(Keeper(go_on, data=answer("502 Bad Gateway")), HOLD)[0])
    assert held.survived
    assert held.http_errors == held.requests >= 1


def test_a_held_connection_that_was_never_made() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        held = held_of(measure_port(bound.getsockname()[1], HOLD_UNTIL_LOST))
    assert (held.survived, held.error, held.requests) == (False, "refused", 0)


def test_a_stop_waits_for_a_stalled_held_connection_no_longer_than_the_timeout() -> None:
    stop = asyncio.Event()

    async def stop_and_hang(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        stop.set()
        await asyncio.sleep(60)

    seen, _ = measure(Keeper(stop_and_hang), replace(HOLD_UNTIL_LOST, timeout=0.2, hold_timeout=60), stop)
    assert seen.stopped_early
    assert (held_of(seen).survived, held_of(seen).error) == (False, "stopped while an answer was due")


def test_load_and_held_connection_run_together_and_both_must_work_before_probing_is_said() -> None:
    said_before_hold_answered = []
    said: list[str] = []
    connections = itertools.count()

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        next(connections)
        if b"keep-alive" not in await take_request(reader):
            writer.write(named("web1"))
            return
        await asyncio.sleep(0.1)
        said_before_hold_answered.extend(said)
        writer.write(named("web2"))
        await asyncio.sleep(60)

    seen, _ = measure(behave, replace(PLAN, hold=True), said=said)
    assert (seen.succeeded, seen.realservers) == (FIVE, {"web1": FIVE})
    assert held_of(seen).realserver == "web2"
    assert said_before_hold_answered == []
    assert said == ["probing"]
    assert next(connections) == FIVE + 1


# ---- The program -----------------------------------------------------------------------------------------------------


class Page(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.send_header("X-Name", "web1")
        self.end_headers()

    def log_message(self, *_args: object) -> None:
        pass


@pytest.fixture
def page_url() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


LOOPBACK_AS_LAB = """
import ipaddress, sys
sys.path.insert(0, sys.argv.pop(1))
import probe
probe.LAB_NETWORK = ipaddress.IPv4Network("127.0.0.0/8")
sys.exit(probe.main(read_routes=lambda: "header\\neth0 0000007F 00000000 0001 0 0 0 000000FF 0 0 0\\n"))
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_measurement_and_not_the_report(page_url: str, number: signal.Signals) -> None:
    options = ["--seconds", "60", "--hold", "--json", "--name-header", "X-Name"]
    command = [sys.executable, "-c", LOOPBACK_AS_LAB, LAB, "load", page_url, *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr
        assert running.stderr.readline() == "probing\n"
        running.send_signal(number)
        out, err = running.communicate(timeout=30)
    told = json.loads(out)
    assert (running.returncode, err) == (0, "")
    assert told["stopped_early"]
    assert told["requested"] == told["succeeded"] >= 1
    assert set(told["realservers"]) == {"web1"}
    assert told["held"]["survived"]


def test_a_measurement_has_status_0_whatever_failed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(probe, "LAB_NETWORK", ipaddress.IPv4Network("127.0.0.0/8"))
    loopback = HEADER + "eth0\t0000007F\t00000000\t0001\t0\t0\t0\t000000FF\t0\t0\t0\n"
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{bound.getsockname()[1]}/"
        assert probe.main(["load", url, "--rate", "500", "--seconds", "0.01"], read_routes=lambda: loopback) == 0
        assert "failed       5 (refused 5)" in capsys.readouterr().out
        assert probe.main(["hold", url, "--json"], read_routes=lambda: loopback) == 0
        assert json.loads(capsys.readouterr().out)["held"]["error"] == "refused"


# ---- ARP -------------------------------------------------------------------------------------------------------------

OURS = bytes.fromhex("020000000001")
THEIRS = bytes.fromhex("020000000002")


def arp_frame(operation: int = 2, to: bytes = OURS, sender: str = "198.18.5.100") -> bytes:
    header = to + THEIRS + bytes.fromhex("0806000108000604") + operation.to_bytes(2, "big")
    padding = bytes(18)  # Ethernet's shortest frame is longer than ARP
    return header + THEIRS + socket.inet_aton(sender) + OURS + socket.inet_aton("198.18.5.1") + padding


def test_the_question_is_a_broadcast_from_our_address() -> None:
    assert probe.who_has("198.18.5.100", "198.18.5.1", OURS).hex(" ", 2) == (
        "ffff ffff ffff 0200 0000 0001 0806 0001 0800 0604 0001 0200 0000 0001 c612 0501 0000 0000 0000 c612 0564"
    )


@pytest.mark.parametrize(
    ("frame", "mac"),
    [
        pytest.param(arp_frame(), "02:00:00:00:00:02", id="an answer to us"),
        pytest.param(arp_frame(sender="198.18.5.101"), None, id="of another address"),
        pytest.param(arp_frame(operation=1), None, id="a question"),
        pytest.param(arp_frame(to=b"\xff" * 6), None, id="an announcement to all"),
        pytest.param(arp_frame()[:40], None, id="cut short"),
        pytest.param(b"", None, id="nothing"),
    ],
)
def test_only_an_answer_to_us_for_that_address_counts(frame: bytes, mac: str | None) -> None:
    assert probe.parse_reply(frame, "198.18.5.100", OURS) == mac


NEIGHBOURS = """\
IP address       HW type     Flags       HW address            Mask     Device
198.18.5.100     0x1         0x2         02:00:00:00:00:02     *        eth0
198.18.5.101     0x1         0x0         00:00:00:00:00:00     *        eth0
"""


@pytest.mark.parametrize(
    ("address", "interface", "mac"),
    [
        ("198.18.5.100", "eth0", "02:00:00:00:00:02"),
        ("198.18.5.100", "eth1", None),
        ("198.18.5.101", "eth0", None),
        ("198.18.5.102", "eth0", None),
    ],
)
def test_the_neighbour_table_counts_where_it_is_complete(address: str, interface: str, mac: str | None) -> None:
    assert probe.parse_neighbour(NEIGHBOURS, address, interface) == mac


def test_the_arp_table_shows_every_master() -> None:
    told = {
        "address": "198.18.5.100",
        "interface": "eth0",
        "answers": [{"mac": "02:00:00:00:00:02", "replies": 3}, {"mac": "02:00:00:00:00:03", "replies": 3}],
        "neighbour": None,
    }
    text = probe.render_arp(told)
    assert text.count("answers, 3 replies") == 2
    assert "neighbour table had nothing" in text

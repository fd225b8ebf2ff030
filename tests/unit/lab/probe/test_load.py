# Copyright: Contributors to the lvs.cluster collection
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""What the load sees, against real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import socket
import time
from dataclasses import replace

import pytest
from ansible_collections.lvs.cluster.tests.unit.lab.probe.servers import (
    FIVE,
    PLAN,
    Behaviour,
    always,
    answer,
    measure,
    measure_port,
    named,
    reset,
    stall,
    take_request,
)
from lvsprobe import connection
from lvsprobe.connection import Connection, ready
from lvsprobe.measure import Plan
from lvsprobe.samples import NOT_SENT
from lvsprobe.targets import Target


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


def test_an_ipv6_address() -> None:
    with socket.socket(socket.AF_INET6) as bound:
        bound.bind(("::1", 0))
        assert measure_port(bound.getsockname()[1], PLAN, "::1").failures == {"refused": FIVE}


def test_an_interface_is_the_only_way_to_a_target_that_has_one() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
        assert measure_port(port, PLAN, interface="lo").failures == {"refused": FIVE}
        assert measure_port(port, PLAN, interface="gone").failures == {"error ENODEV": FIVE}


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
    assert seen.failures == {NOT_SENT: 7, "read timeout": 3}


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
        await ready(sock, asyncio.get_running_loop().time() - 1)

    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        with pytest.raises(TimeoutError):
            asyncio.run(story(ours))
        theirs.send(b"in time")
        asyncio.run(story(ours))


@pytest.mark.parametrize(
    ("late", "again", "is_lost"),
    [
        pytest.param(1.1, 1, True, id="after a second"),
        pytest.param(1.1, 0, False, id="by a process that is late"),
        pytest.param(0.0, 1, False, id="at once"),
    ],
)
def test_a_second_syn_counts_if_the_first_was_lost(
    monkeypatch: pytest.MonkeyPatch, late: float, again: int, is_lost: bool
) -> None:
    monkeypatch.setattr(connection, "total_retransmissions", lambda _sock: again)

    async def story(port: int) -> None:
        # Before the loop looks whether it is connected.
        asyncio.get_running_loop().call_soon(time.sleep, late)
        await Connection().open(Target("127.0.0.1", port, "/", "lo"), timeout=1.0)

    lost = pytest.raises(TimeoutError) if is_lost else contextlib.nullcontext()
    with socket.create_server(("127.0.0.1", 0)) as server, lost:
        asyncio.run(story(server.getsockname()[1]))


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

# Copyright: Contributors to the lvs.cluster collection
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""What becomes of the held connection."""

from __future__ import annotations

import asyncio
import itertools
import socket
from dataclasses import replace

import pytest
from ansible_collections.lvs.cluster.tests.unit.lab.probe.servers import (
    FIVE,
    PLAN,
    Behaviour,
    answer,
    measure,
    measure_port,
    named,
    send_reset,
    take_request,
)
from lvsprobe.measure import Plan
from lvsprobe.samples import Held, Report

HOLD = Plan(rate=0, seconds=0.5, timeout=5.0, hold=True, hold_timeout=10.0, hold_interval=0.01)
HOLD_UNTIL_LOST = replace(HOLD, seconds=60)


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
        while await take_request(reader):
            writer.write(named("web2"))

    seen, _ = measure(behave, replace(PLAN, rate=10, seconds=0.5, hold=True), said=said)
    assert (seen.succeeded, seen.realservers) == (FIVE, {"web1": FIVE})
    assert held_of(seen).realserver == "web2"
    assert said_before_hold_answered == []
    assert said == ["probing"]
    assert next(connections) == FIVE + 1

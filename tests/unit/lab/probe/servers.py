# Copyright: Contributors to the lvs.cluster collection
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""Servers on 127.0.0.1 that behave, or do not, and what the probe sees of them."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable

from lvsprobe import measure as measuring
from lvsprobe.measure import Plan
from lvsprobe.samples import Report
from lvsprobe.targets import Target

Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

# The timeouts matter to those alone who stall: long where nobody does, so that a busy machine fails no test.
FIVE = 5
PLAN = Plan(rate=500, seconds=0.01, timeout=5.0)  # five requests


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
async def serving(behave: Behaviour, tls: ssl.SSLContext | None = None) -> AsyncIterator[Target]:
    """A server of that behaviour, which leaves no connection and no task behind."""
    tasks = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.current_task())
        with contextlib.closing(writer), contextlib.suppress(ConnectionError, EOFError, asyncio.CancelledError):
            await behave(reader, writer)

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    try:
        yield Target("127.0.0.1", server.sockets[0].getsockname()[1], "/", is_tls=bool(tls), name="shop" if tls else "")
    finally:
        server.close()
        for task in tasks:
            if task:
                task.cancel()


def measure(
    behave: Behaviour,
    plan: Plan,
    stop: asyncio.Event | None = None,
    said: list[str] | None = None,
    tls: ssl.SSLContext | None = None,
) -> tuple[Report, list[str]]:
    """Measure a server of that behaviour; the report, and the lines said on the way."""
    lines: list[str] = [] if said is None else said

    async def story() -> Report:
        async with serving(behave, tls) as target:
            return await measuring.measure(target, plan, stop or asyncio.Event(), lines.append)

    return asyncio.run(story()), lines


def measure_port(port: int, plan: Plan, address: str = "127.0.0.1", interface: str | None = None) -> Report:
    target = Target(address, port, "/", interface)
    return asyncio.run(measuring.measure(target, plan, asyncio.Event(), lambda _line: None))

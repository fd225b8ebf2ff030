#!/usr/bin/env python3
# Copyright: Contributors to the lvs.cluster collection
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""The lab's judge: what a client of the virtual address sees while directors and realservers fail.

It runs on the lab's client host, as /opt/lab/probe, and needs Python 3.11 alone.

    probe load URL    a new TCP connection per request, at a set rate; what failed, who answered, every gap
    probe hold URL    one TCP connection kept open: did it survive?
    probe arp ADDR    every MAC address that answers "who has ADDR?"

What a gap is. Put the requests in the order in which they started. A gap is a maximal run of failed ones. It
lasts from the start of its first failed request to the start of the first successful request after it. A run at
the beginning of the measurement is a gap whose true beginning nobody saw (open_start); a run at its end lasts to
the end of the measurement, and its true end nobody saw (open_end). A gap is exact to one sending interval (1/rate)
at either end.

Why --timeout is one second. The kernel sends a lost SYN again after one second, so with a longer timeout a
connection begun in a gap can succeed late: the gap then shows as latency and not as a gap. Up to one second, a
connection that needed a second SYN counts as `connect timeout`, even if the process woke up too late to see the
time pass. The timeout counts for the connection, and then again for the answer.

What a silence is. Requests that are delayed, not lost, make no gap: ARP may hold them back, or a full queue. So
there is also the longest silence, the longest time within which no request came to a successful end.

What the probe cannot see. It starts its requests on time whatever becomes of the earlier ones, but it is a process
like others: `late_max` says how far behind its own schedule it ever was. Judge no gap that is shorter than that.

The load goes to the lab and nowhere else: a target must be in 198.18.0.0/15 and directly connected.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import errno
import ipaddress
import itertools
import json
import math
import os
import resource
import select
import signal
import socket
import struct
import sys
import time
import urllib.parse
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

LAB_NETWORK = ipaddress.IPv4Network("198.18.0.0/15")  # RFC 2544: for tests of network equipment
MAX_RATE = 2000.0
MAX_SECONDS = 600.0
MAX_IN_FLIGHT = 2000
MAX_HEAD = 65536
LINGER = 0.25  # how long to wait, after a full answer, for the server to close first (so that TIME_WAIT is not ours)
SYN_RETRY = 1.0  # when the kernel sends the first SYN again (RFC 6298)
OVERRUN = 5.0  # how long after the planned end a probe that cannot keep its rate may go on sending

OK = "ok"
NOT_SENT = "not sent (too many in flight)"
CLOSED_EARLY = "closed early"
BAD_ANSWER = "bad answer"
UNNAMED = "(unnamed)"


# ---- Where the probe may send ---------------------------------------------------------------------------------------


class RefusalError(Exception):
    """The probe does not send there; the text says why, in one line."""


@dataclass(frozen=True)
class Target:
    address: str
    port: int
    path: str

    @property
    def url(self) -> str:
        return f"http://{self.host}{self.path}"

    @property
    def host(self) -> str:
        return self.address if self.port == 80 else f"{self.address}:{self.port}"

    def request(self, connection: str) -> bytes:
        lines = (f"GET {self.path} HTTP/1.1", f"Host: {self.host}", "User-Agent: probe", f"Connection: {connection}")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii")


@dataclass(frozen=True)
class Route:
    interface: str
    network: ipaddress.IPv4Network
    gateway: ipaddress.IPv4Address | None
    metric: int
    rejects: bool


def parse_target(url: str) -> Target:
    """`http://ADDRESS[:PORT][/PATH]`; no names, no user, no https."""
    if not url.isascii() or not url.isprintable() or " " in url:
        raise RefusalError(f"{url!r} is not a URL: plain ASCII without spaces, please")
    try:
        parts = urllib.parse.urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise RefusalError(f"{url!r} is not a URL: {error}") from None
    if parts.scheme != "http" or not parts.hostname or "@" in parts.netloc:
        raise RefusalError(f"{url!r} is not of the form http://ADDRESS[:PORT]/PATH")
    if port == 0:
        raise RefusalError(f"{url!r}: there is no port 0")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(str(parse_address(parts.hostname)), port or 80, path)


def parse_address(text: str) -> ipaddress.IPv4Address:
    try:
        return ipaddress.IPv4Address(text)
    except ValueError:
        raise RefusalError(f"{text!r} is not an IPv4 address (the probe resolves no names)") from None


def parse_routes(text: str) -> list[Route]:
    """The routes of /proc/net/route, whose numbers are network-order bytes printed as one native integer."""

    def address(column: str) -> ipaddress.IPv4Address:
        return ipaddress.IPv4Address(int(column, 16).to_bytes(4, sys.byteorder))

    routes = []
    for line in text.splitlines()[1:]:
        interface, destination, gateway, flags, _refs, _use, metric, mask = line.split()[:8]
        up, via_gateway, reject = 0x1, 0x2, 0x200  # RTF_UP, RTF_GATEWAY, RTF_REJECT
        if not int(flags, 16) & up:
            continue
        routes.append(
            Route(
                interface=interface,
                network=ipaddress.IPv4Network(f"{address(destination)}/{address(mask)}"),
                gateway=address(gateway) if int(flags, 16) & via_gateway else None,
                metric=int(metric),
                rejects=bool(int(flags, 16) & reject),
            )
        )
    return routes


def permitted_route(address: str, routes: Iterable[Route], interface: str | None = None) -> Route:
    """The route the kernel would take to `address`, if that is directly connected and of the lab; else RefusalError."""
    target = parse_address(address)
    if target not in LAB_NETWORK:
        raise RefusalError(f"{address} is not in {LAB_NETWORK}, the lab's networks: the probe sends nowhere else")
    fitting = [route for route in routes if target in route.network and interface in (None, route.interface)]
    if not fitting:
        raise RefusalError(f"no route to {address}{f' on {interface}' if interface else ''}: is the lab up?")
    best = min(fitting, key=lambda route: (-route.network.prefixlen, route.metric))
    if best.rejects:
        raise RefusalError(f"the route to {address} is an unreachable route: the lab is down")
    if best.gateway:
        raise RefusalError(f"{address} is not directly connected: the route to it has the gateway {best.gateway}")
    if best.interface in ("lo", "*"):
        raise RefusalError(f"{address} is not directly connected: the route to it leads to {best.interface}")
    if not best.network.subnet_of(LAB_NETWORK):
        raise RefusalError(
            f"{address} is not directly connected: its route, {best.network}, is wider than {LAB_NETWORK}"
        )
    return best


# ---- What was measured, and what follows from it --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sample:
    """One request. Times are seconds from the beginning of the measurement."""

    start: float
    duration: float
    outcome: str  # OK or a failure kind
    answered: bool = False  # a full HTTP answer came, whatever its status
    realserver: str | None = None
    backend: str | None = None

    @property
    def ok(self) -> bool:
        return self.outcome == OK


@dataclass(frozen=True)
class Gap:
    start: float
    end: float
    failures: int
    open_start: bool = False  # nothing had succeeded before it
    open_end: bool = False  # nothing succeeded after it

    @property
    def length(self) -> float:
        return self.end - self.start


@dataclass
class Held:
    """The long-lived connection; filled in as it lives."""

    survived: bool = False
    requests: int = 0  # answered
    http_errors: int = 0  # of these, answered with a status other than 2xx
    realserver: str | None = None
    longest_stall: float = 0.0  # from asking to the full answer, or to the end
    error: str | None = None
    ended_at: float | None = None  # None if it survived


@dataclass(frozen=True)
class Latency:
    p50: float
    p95: float
    max: float


@dataclass(frozen=True)
class Report:
    url: str
    started_at: datetime
    rate: float  # 0: the held connection alone
    duration: float
    stopped_early: bool
    late_max: float
    samples: tuple[Sample, ...]  # in the order of their start
    held: Held | None = None

    @property
    def requested(self) -> int:
        return len(self.samples)

    @property
    def succeeded(self) -> int:
        return sum(sample.ok for sample in self.samples)

    @property
    def failures(self) -> dict[str, int]:
        return most_first(sample.outcome for sample in self.samples if not sample.ok)

    @property
    def realservers(self) -> dict[str, int]:
        """Full answers by who gave them; a nameless one counts too, lest it pass for one of ours."""
        return most_first(sample.realserver or UNNAMED for sample in self.samples if sample.answered)

    @property
    def backends(self) -> dict[str, int]:
        """The same for what stands behind the realservers; empty if no answer ever named any."""
        counts = most_first(sample.backend or UNNAMED for sample in self.samples if sample.answered)
        return {} if set(counts) == {UNNAMED} else counts

    @property
    def latency(self) -> Latency | None:
        """Of the requests that succeeded."""
        durations = sorted(sample.duration for sample in self.samples if sample.ok)
        if not durations:
            return None
        return Latency(percentile(durations, 50), percentile(durations, 95), durations[-1])

    @property
    def gaps(self) -> list[Gap]:
        return find_gaps(self.samples, self.duration)

    @property
    def longest_silence(self) -> float:
        ends = sorted(sample.start + sample.duration for sample in self.samples if sample.ok)
        marks = [0.0, *ends, max([self.duration, *ends])]
        return max(later - earlier for earlier, later in itertools.pairwise(marks))


def most_first(names: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(names).items(), key=lambda item: (-item[1], item[0])))


def percentile(ordered: Sequence[float], percent: float) -> float:
    """The smallest value that is not below `percent` per cent of them (nearest rank)."""
    return ordered[max(1, math.ceil(len(ordered) * percent / 100)) - 1]


def find_gaps(samples: Iterable[Sample], end: float) -> list[Gap]:
    """The gaps of a measurement that ended at `end`, as the head of this file defines them."""
    ordered = sorted(samples, key=lambda sample: sample.start)
    runs = [(ok, list(run)) for ok, run in itertools.groupby(ordered, key=lambda sample: sample.ok)]
    gaps = []
    for number, (ok, run) in enumerate(runs):
        if ok:
            continue
        last = number == len(runs) - 1
        gaps.append(
            Gap(
                start=run[0].start,
                end=max(end, run[-1].start) if last else runs[number + 1][1][0].start,
                failures=len(run),
                open_start=number == 0,
                open_end=last,
            )
        )
    return gaps


def failure_kind(error: OSError, phase: str) -> str:
    """One word or two for what went wrong while in `phase` ("connect" or "read")."""
    if isinstance(error, TimeoutError):
        return f"{phase} timeout"
    if isinstance(error, ConnectionRefusedError):
        return "refused"
    if isinstance(error, (ConnectionResetError, ConnectionAbortedError, BrokenPipeError)):
        return "reset"
    if error.errno in (errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN, errno.ENETDOWN):
        return "unreachable"
    return f"error {errno.errorcode.get(error.errno or 0, str(error))}"


# ---- How it is told -------------------------------------------------------------------------------------------------


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


# ---- One HTTP connection --------------------------------------------------------------------------------------------


class AnswerError(Exception):
    """The server did not answer in full, or not in HTTP; the text is the failure kind."""


@dataclass(frozen=True)
class Head:
    status: int
    headers: dict[str, str]  # names in lower case


def parse_head(data: bytes) -> Head:
    status_line, *lines = data.decode("latin-1").split("\r\n")
    version, _, rest = status_line.partition(" ")
    code = rest[:3]
    if not version.startswith("HTTP/1.") or not (code.isascii() and code.isdigit() and len(code) == 3):
        raise AnswerError(BAD_ANSWER)
    pairs = (line.partition(":") for line in lines if line)
    return Head(int(code), {name.strip().lower(): value.strip() for name, _, value in pairs})


def header(head: Head | None, name: str) -> str | None:
    return head.headers.get(name.lower()) if head else None


async def ready(sock: socket.socket, deadline: float, to_write: bool = False) -> None:
    """Wait until the socket can be read (or written); TimeoutError at the deadline.

    What the kernel already holds beats the clock: if this process itself was late, that is not the server's failure.
    """
    loop = asyncio.get_running_loop()
    waiter: asyncio.Future[None] = loop.create_future()

    def come() -> None:
        if not waiter.done():
            waiter.set_result(None)

    def expire() -> None:
        poll = select.poll()
        poll.register(sock, select.POLLOUT if to_write else select.POLLIN)
        if poll.poll(0):
            come()
        elif not waiter.done():
            waiter.set_exception(TimeoutError())

    watch, forget = (loop.add_writer, loop.remove_writer) if to_write else (loop.add_reader, loop.remove_reader)
    watch(sock, come)
    timer = loop.call_at(deadline, expire)
    try:
        await waiter
    finally:
        timer.cancel()
        forget(sock)


def total_retransmissions(sock: socket.socket) -> int:
    """tcpi_total_retrans of the kernel's struct tcp_info: on a new connection, how often the SYN was sent again."""
    tcp_info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)
    return int.from_bytes(tcp_info[100:104], sys.byteorder)


class Connection:
    """One TCP connection that asks for pages; raises OSError or AnswerError."""

    def __init__(self) -> None:
        self.phase = "connect"
        self._sock: socket.socket | None = None
        self._buffer = b""
        self._deadline = 0.0

    async def open(self, target: Target, timeout: float) -> None:
        deadline = asyncio.get_running_loop().time() + timeout
        self._sock = sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_DONTROUTE, 1)  # should the lab vanish: never through a gateway
        status = sock.connect_ex((target.address, target.port))
        if status == errno.EINPROGRESS:
            await ready(sock, deadline, to_write=True)
            status = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if status:
            raise OSError(status, os.strerror(status))
        if timeout <= SYN_RETRY and total_retransmissions(sock):
            raise TimeoutError
        self.phase = "read"

    async def get(self, request: bytes, deadline: float) -> Head:
        """Send the request, read the whole answer."""
        self._deadline = deadline
        while request:
            try:
                request = request[self._open_socket.send(request) :]
            except BlockingIOError:
                await ready(self._open_socket, deadline, to_write=True)
        head = parse_head(await self._until(b"\r\n\r\n"))
        try:
            await self._skip_body(head)
        except ValueError:
            raise AnswerError(BAD_ANSWER) from None
        return head

    async def rest(self, deadline: float) -> None:
        """Leave the connection alone until the deadline; AnswerError if the server ends it meanwhile, or speaks."""
        try:
            await ready(self._open_socket, deadline)
        except TimeoutError:
            return
        if self._open_socket.recv(1):
            raise AnswerError(BAD_ANSWER)
        raise AnswerError("closed by the server")

    def close(self) -> None:
        if self._sock:
            self._sock.close()

    @property
    def _open_socket(self) -> socket.socket:
        assert self._sock is not None, "open() comes first"
        return self._sock

    async def _skip_body(self, head: Head) -> None:
        if head.status in (204, 304):
            return
        if head.headers.get("transfer-encoding", "").lower() == "chunked":
            while size := int((await self._until(b"\r\n")).partition(b";")[0], 16):
                await self._skip(size + len(b"\r\n"))
            while await self._until(b"\r\n"):  # trailers, up to the empty line
                pass
        elif "content-length" in head.headers:
            await self._skip(int(head.headers["content-length"]))
        else:
            with contextlib.suppress(EOFError):
                while True:
                    self._buffer = b""
                    await self._more()

    async def _until(self, mark: bytes) -> bytes:
        while mark not in self._buffer:
            if len(self._buffer) > MAX_HEAD:
                raise AnswerError(BAD_ANSWER)
            await self._more_or_fail()
        found, _, self._buffer = self._buffer.partition(mark)
        return found

    async def _skip(self, size: int) -> None:
        if size < 0:
            raise AnswerError(BAD_ANSWER)
        while len(self._buffer) < size:
            size -= len(self._buffer)
            self._buffer = b""
            await self._more_or_fail()
        self._buffer = self._buffer[size:]

    async def _more_or_fail(self) -> None:
        try:
            await self._more()
        except EOFError:
            raise AnswerError(CLOSED_EARLY) from None

    async def _more(self) -> None:
        while True:
            try:
                data = self._open_socket.recv(65536)
            except BlockingIOError:
                await ready(self._open_socket, self._deadline)
            else:
                break
        if not data:
            raise EOFError
        self._buffer += data


# ---- The measurement ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Plan:
    rate: float  # 0: no load, the held connection alone
    seconds: float
    timeout: float = 1.0  # for the connection, and again for the answer
    hold: bool = False
    hold_timeout: float = 15.0
    hold_interval: float = 0.25
    progress: bool = False
    name_header: str = "X-Served-By"
    backend_header: str = "X-Backend"
    max_in_flight: int = MAX_IN_FLIGHT


async def measure(target: Target, plan: Plan, stop: asyncio.Event, say: Callable[[str], None]) -> Report:
    """Carry out the plan; `stop` ends the sending early. What has been sent by then is still waited for."""
    started_at = datetime.now().astimezone()
    run = Run(target, plan, stop, say)
    sender = asyncio.create_task(run.send_all())
    holder = asyncio.create_task(run.hold()) if plan.hold else None
    ticker = asyncio.create_task(run.tell_progress()) if plan.progress else None
    stopper = asyncio.create_task(stop.wait())

    measured = holder if holder and not plan.rate else sender  # a held connection alone is done when it is lost
    await asyncio.wait({measured, stopper}, timeout=plan.seconds + OVERRUN, return_when=asyncio.FIRST_COMPLETED)
    duration = run.elapsed()
    stopped_early = not measured.done()
    if sender.done():
        sender.result()
    sender.cancel()
    await asyncio.gather(*run.tasks)
    if holder:  # it may still wait for its last answer, but after a stop not for long
        await asyncio.wait({holder, stopper}, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.wait({holder}, timeout=plan.timeout)
        holder.cancel()
        await holder
    for task in (ticker, stopper):
        if task:
            task.cancel()
    return Report(
        url=target.url,
        started_at=started_at,
        rate=plan.rate,
        duration=duration,
        stopped_early=stopped_early,
        late_max=run.late_max,
        samples=tuple(sorted(run.samples, key=lambda sample: sample.start)),
        held=run.held,
    )


class Run:
    """A measurement while it runs."""

    def __init__(self, target: Target, plan: Plan, stop: asyncio.Event, say: Callable[[str], None]) -> None:
        self.target = target
        self.plan = plan
        self.stop = stop
        self.say = say
        self.samples: list[Sample] = []
        self.held = Held() if plan.hold else None
        self.late_max = 0.0
        self.in_flight = 0
        self.tasks: set[asyncio.Task[None]] = set()
        self.clock = asyncio.get_running_loop().time  # CLOCK_MONOTONIC
        self.begun = self.clock()
        self._load_answered = not plan.rate
        self._hold_answered = not plan.hold

    def elapsed(self) -> float:
        return self.clock() - self.begun

    async def send_all(self) -> None:
        """Start each request when it is due, whatever has become of the earlier ones."""
        plan = self.plan
        for number in range(math.ceil(plan.rate * plan.seconds - 1e-9)):
            due = number / plan.rate
            await asyncio.sleep(max(0.0, due - self.elapsed()))
            self.late_max = max(self.late_max, self.elapsed() - due)
            if self.in_flight >= plan.max_in_flight:
                self.samples.append(Sample(self.elapsed(), 0.0, NOT_SENT))
                continue
            self.in_flight += 1
            task = asyncio.create_task(self.request())
            self.tasks.add(task)
            task.add_done_callback(self._ended)
        await asyncio.sleep(max(0.0, plan.seconds - self.elapsed()))

    async def request(self) -> None:
        """One request on a connection of its own."""
        connection = Connection()
        begun = self.clock()
        head = None
        try:
            await connection.open(self.target, self.plan.timeout)
            head = await connection.get(self.target.request("close"), self.clock() + self.plan.timeout)
            outcome = OK if 200 <= head.status < 300 else f"http {head.status}"
        except OSError as error:
            outcome = failure_kind(error, connection.phase)
        except AnswerError as error:
            outcome = str(error)
        ended = self.clock()
        self.in_flight -= 1
        self.samples.append(
            Sample(
                start=begun - self.begun,
                duration=ended - begun,
                outcome=outcome,
                answered=head is not None,
                realserver=header(head, self.plan.name_header),
                backend=header(head, self.plan.backend_header),
            )
        )
        if outcome == OK:
            self._announce(load=True)
        if head:
            with contextlib.suppress(OSError, AnswerError):
                await connection.rest(ended + LINGER)
        connection.close()

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Forget a finished request; but a fault of the probe itself must end the measurement, not blur it."""
        if not task.exception():
            self.tasks.discard(task)
        else:
            self.stop.set()

    async def hold(self) -> None:
        """Ask again and again on one connection, and never open another."""
        assert self.held is not None, "the plan says hold"
        held, plan = self.held, self.plan
        connection = Connection()
        asked: float | None = None
        try:
            await connection.open(self.target, plan.timeout)
            while self.elapsed() < plan.seconds and not self.stop.is_set():
                asked = self.clock()
                head = await connection.get(self.target.request("keep-alive"), asked + plan.hold_timeout)
                next_due = asked + plan.hold_interval
                held.longest_stall = max(held.longest_stall, self.clock() - asked)
                asked = None
                held.requests += 1
                held.http_errors += not 200 <= head.status < 300
                held.realserver = header(head, plan.name_header) or held.realserver
                self._announce(hold=True)
                if head.headers.get("connection", "").lower() == "close":
                    raise AnswerError("closed by the server (it said Connection: close)")
                await connection.rest(next_due)
            held.survived = True
        except OSError as error:
            held.error = failure_kind(error, connection.phase)
        except AnswerError as error:
            held.error = str(error)
        except asyncio.CancelledError:
            held.error = "stopped while an answer was due"
        finally:
            connection.close()
        if not held.survived:
            held.ended_at = self.elapsed()
            held.longest_stall = max(held.longest_stall, 0.0 if asked is None else self.clock() - asked)

    async def tell_progress(self) -> None:
        told = 0
        for second in itertools.count(1):
            await asyncio.sleep(max(0.0, second - self.elapsed()))
            fresh, told = self.samples[told:], len(self.samples)
            self.say(tell_second(self.elapsed(), fresh, self.in_flight, self.held, load=bool(self.plan.rate)))

    def _announce(self, load: bool = False, hold: bool = False) -> None:
        """Say `probing`, once, when all that was asked for has been seen to work."""
        if self._load_answered and self._hold_answered:
            return
        self._load_answered |= load
        self._hold_answered |= hold
        if self._load_answered and self._hold_answered:
            self.say("probing")


# ---- ARP: who says that the address is theirs? ----------------------------------------------------------------------

ETH_P_ARP = 0x0806
ARP_PACKET = struct.Struct("!6s6sH HHBBH 6s4s6s4s")  # Ethernet header, ARP header, sender, target


def who_has(address: str, own_address: str, own_mac: bytes) -> bytes:
    return ARP_PACKET.pack(
        b"\xff" * 6, own_mac, ETH_P_ARP,
        1, 0x0800, 6, 4, 1,  # Ethernet, IPv4, their lengths, request
        own_mac, socket.inet_aton(own_address), b"\0" * 6, socket.inet_aton(address),
    )  # fmt: skip


def parse_reply(frame: bytes, address: str, own_mac: bytes) -> str | None:
    """The MAC that a frame claims for `address`, if the frame is an answer to us (and no announcement to all)."""
    if len(frame) < ARP_PACKET.size:
        return None
    to, _, kind, hardware, protocol, _, _, operation, mac, sender, _, _ = ARP_PACKET.unpack_from(frame)
    if (to, kind, hardware, protocol, operation) != (own_mac, ETH_P_ARP, 1, 0x0800, 2):
        return None
    return str(mac.hex(":")) if sender == socket.inet_aton(address) else None


def parse_neighbour(text: str, address: str, interface: str) -> str | None:
    """The MAC that /proc/net/arp holds for the address, if the entry is complete."""
    for line in text.splitlines()[1:]:
        entry, _type, flags, mac, _mask, device = line.split()
        if (entry, device) == (address, interface) and int(flags, 16) & 0x2:
            return mac
    return None


def arp(address: str, interface: str, seconds: float, count: int) -> dict[str, Any]:
    """Ask `count` times, evenly over `seconds`, and collect every answer until then.

    The neighbour table is read first, for an answer also changes what the kernel believes.
    """
    neighbour = parse_neighbour(Path("/proc/net/arp").read_text(), address, interface)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        asker.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
        asker.setsockopt(socket.SOL_SOCKET, socket.SO_DONTROUTE, 1)
        asker.connect((address, 9))  # sends nothing; the kernel picks the source address it would use
        own_address = asker.getsockname()[0]
    answers: Counter[str] = Counter()
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ARP)) as sock:
        sock.bind((interface, ETH_P_ARP))
        own_mac = sock.getsockname()[4]
        begun = time.monotonic()
        for asked in range(1, count + 1):
            sock.send(who_has(address, own_address, own_mac))
            while (left := begun + seconds * asked / count - time.monotonic()) > 0:
                sock.settimeout(left)
                with contextlib.suppress(TimeoutError):
                    if mac := parse_reply(sock.recv(2048), address, own_mac):
                        answers[mac] += 1
    return {
        "address": address,
        "interface": interface,
        "answers": [{"mac": mac, "replies": replies} for mac, replies in sorted(answers.items())],
        "neighbour": neighbour and {"mac": neighbour, "interface": interface},
    }


def render_arp(told: dict[str, Any]) -> str:
    answers = [f"  {answer['mac']}  answers, {answer['replies']} replies" for answer in told["answers"]]
    neighbour = told["neighbour"]["mac"] if told["neighbour"] else "nothing"
    return "\n".join(
        [
            f"{told['address']} on {told['interface']}",
            *(answers or ["  nobody answers"]),
            f"  this host's neighbour table had {neighbour}",
        ]
    )


# ---- The command line -----------------------------------------------------------------------------------------------


def main(argv: Sequence[str] | None = None, read_routes: Callable[[], str] = Path("/proc/net/route").read_text) -> int:
    args = parse_args(argv)
    try:
        routes = parse_routes(read_routes())
        if args.command == "arp":
            route = permitted_route(args.address, routes, args.interface)
            told = arp(args.address, route.interface, args.seconds, args.count)
            print(json.dumps(told, indent=2) if args.json else render_arp(told))
            return 0
        target = parse_target(args.url)
        permitted_route(target.address, routes)
    except RefusalError as refusal:
        return complain(str(refusal))
    except OSError as error:
        return complain(f"{args.command}: {error} (it needs root)" if error.errno == errno.EPERM else str(error))

    report = asyncio.run(measure_until_signal(target, plan_of(args)))
    with_samples = args.command == "load" and args.samples
    if args.json or with_samples:
        print(json.dumps(as_dict(report, with_samples), indent=None if with_samples else 2))
    else:
        print(render(report))
    return 0


def complain(text: str) -> int:
    print(f"probe: {text}", file=sys.stderr)
    return 2


async def measure_until_signal(target: Target, plan: Plan) -> Report:
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))  # a connection in flight is an open file
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return await measure(target, plan, stop, lambda line: print(line, file=sys.stderr, flush=True))


def plan_of(args: argparse.Namespace) -> Plan:
    plan = Plan(
        rate=0.0,
        seconds=args.seconds,
        timeout=args.timeout,
        hold=True,
        hold_timeout=args.hold_timeout,
        progress=args.progress,
        name_header=args.name_header,
    )
    return replace(plan, rate=args.rate, hold=args.hold) if args.command == "load" else plan


def parse_args(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="probe", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)

    load = commands.add_parser("load", help="a new TCP connection per request, at a set rate")
    load.add_argument("url", help="http://ADDRESS[:PORT]/PATH")
    load.add_argument("--rate", type=number_within(MAX_RATE), default=50.0, help="requests per second (50)")
    load.add_argument("--hold", action="store_true", help="hold one long-lived connection at the same time")
    load.add_argument("--samples", action="store_true", help="JSON with every single request in it")

    hold = commands.add_parser("hold", help="one long-lived TCP connection alone")
    hold.add_argument("url", help="http://ADDRESS[:PORT]/PATH")

    for command in (load, hold):
        command.add_argument("--seconds", type=number_within(MAX_SECONDS), default=20.0, help="how long (20)")
        command.add_argument(
            "--timeout",
            type=number_within(10.0),
            default=1.0,
            help="seconds for a connection, and again for its answer (1.0; more hides gaps, see probe --help)",
        )
        command.add_argument(
            "--hold-timeout",
            type=number_within(120.0),
            default=15.0,
            help="longest stall the held connection is granted (15)",
        )
        command.add_argument("--name-header", default="X-Served-By", help="header that names the realserver")
        command.add_argument("--json", action="store_true", help="report as JSON")
        command.add_argument("--progress", action="store_true", help="a line per second on stderr")

    ask = commands.add_parser("arp", help="every MAC that answers for an address")
    ask.add_argument("address")
    ask.add_argument("--interface", help="the one whose subnet holds the address, if not given")
    ask.add_argument("--seconds", type=number_within(60.0), default=1.5, help="how long to collect answers (1.5)")
    ask.add_argument("--count", type=int, choices=range(1, 21), metavar="1..20", default=3, help="questions (3)")
    ask.add_argument("--json", action="store_true", help="report as JSON")
    return parser.parse_args(argv)


def number_within(most: float) -> Callable[[str], float]:
    def number(text: str) -> float:
        value = float(text)
        if not 0 < value <= most:
            raise argparse.ArgumentTypeError(f"{text} is not above 0 and at most {most:g}")
        return value

    return number


if __name__ == "__main__":
    sys.exit(main())

"""The measurement: requests on time, and beside them one connection that is held."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import math
import resource
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from lvsprobe.answer import AnswerError, header
from lvsprobe.connection import Connection, failure_kind
from lvsprobe.samples import NOT_SENT, OK, Held, Report, Sample
from lvsprobe.targets import Target
from lvsprobe.telling import tell_second

MAX_IN_FLIGHT = 2000
LINGER = 0.25  # how long to wait, after a full answer, for the server to close first (so that TIME_WAIT is not ours)
OVERRUN = 5.0  # how long after the planned end a probe that cannot keep its rate may go on sending


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


def measure_until_signal(target: Target, plan: Plan) -> Report:
    """Carry out the plan, or what there is time for; progress goes to standard error."""
    return asyncio.run(_measure_until_signal(target, plan))


async def _measure_until_signal(target: Target, plan: Plan) -> Report:
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))  # a connection in flight is an open file
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return await measure(target, plan, stop, lambda line: print(line, file=sys.stderr, flush=True))


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

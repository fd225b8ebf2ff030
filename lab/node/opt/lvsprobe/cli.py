"""The command line."""

from __future__ import annotations

import argparse
import errno
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import lvsprobe
from lvsprobe import routes
from lvsprobe.targets import Target, TargetError, parse_address, parse_target

if TYPE_CHECKING:
    from lvsprobe.measure import Plan

MAX_RATE = 2000.0
MAX_SECONDS = 600.0


def main(argv: Sequence[str] | None = None, read_routes: Callable[[], list[routes.Route]] = routes.read_routes) -> int:
    args = parse_args(argv)
    try:
        if args.command in ("arp", "ndp"):
            return ask(args, read_routes())
        target = replace(permitted_target(args.url, read_routes()), name=args.name)
    except TargetError as error:
        return complain(str(error))
    except OSError as error:
        return complain(f"{args.command}: {error} (it needs root)" if error.errno == errno.EPERM else str(error))
    return converse(args, target) if args.command == "websocket" else measure(args, target)


def converse(args: argparse.Namespace, target: Target) -> int:
    from lvsprobe.websocket import converse  # noqa: PLC0415

    told = converse(target, args.text, args.timeout, args.name_header)
    print(json.dumps(told, indent=2))
    return 1 if told["error"] else 0


def complain(text: str) -> int:
    print(f"probe: {text}", file=sys.stderr)
    return 2


def permitted_target(url: str, known: list[routes.Route]) -> Target:
    target = parse_target(url)
    route = routes.permitted_route(target.address, known)
    # Of IPv4 alone the kernel can be told to use no gateway; else the interface is what must not change.
    return replace(target, interface=route.interface) if route.gateway or target.is_ipv6 else target


# What one command alone needs is imported when that command is given: the probe is started hundreds of times on a slow
# machine, and asyncio is half of its start.


def ask(args: argparse.Namespace, known: list[routes.Route]) -> int:
    from lvsprobe.neighbours import render  # noqa: PLC0415

    if args.command == "arp":
        from lvsprobe.arp import ask as ask_neighbours  # noqa: PLC0415
    else:
        from lvsprobe.ndp import ask as ask_neighbours  # noqa: PLC0415

    if parse_address(args.address).version != (4 if args.command == "arp" else 6):
        raise TargetError(f"{args.address}: arp asks for IPv4 addresses, ndp for those of IPv6")
    route = routes.permitted_route(args.address, known, args.interface)
    if route.gateway:
        raise TargetError(f"{args.address} is behind the gateway {route.gateway}: only neighbours can be asked")
    told = ask_neighbours(args.address, route.interface, args.seconds, args.count)
    print(json.dumps(told, indent=2) if args.json else render(told))
    return 0


def measure(args: argparse.Namespace, target: Target) -> int:
    from lvsprobe.measure import measure_until_signal  # noqa: PLC0415
    from lvsprobe.telling import as_dict, render  # noqa: PLC0415

    report = measure_until_signal(target, plan_of(args))
    with_samples = args.command == "load" and args.samples
    if args.json or with_samples:
        print(json.dumps(as_dict(report, with_samples), indent=None if with_samples else 2))
    else:
        print(render(report))
    return 0


def plan_of(args: argparse.Namespace) -> Plan:
    from lvsprobe.measure import Plan  # noqa: PLC0415

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
    parser = argparse.ArgumentParser(
        prog="probe", description=lvsprobe.__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)

    load = commands.add_parser("load", help="a new TCP connection per request, at a set rate")
    load.add_argument("url", help="http[s]://ADDRESS[:PORT]/PATH")
    load.add_argument("--rate", type=number_within(MAX_RATE), default=50.0, help="requests per second (50)")
    load.add_argument("--hold", action="store_true", help="hold one long-lived connection at the same time")
    load.add_argument("--samples", action="store_true", help="JSON with every single request in it")

    hold = commands.add_parser("hold", help="one long-lived TCP connection alone")
    hold.add_argument("url", help="http[s]://ADDRESS[:PORT]/PATH")

    websocket = commands.add_parser("websocket", help="texts by WebSocket, on one connection, and what comes back")
    websocket.add_argument("url", help="http[s]://ADDRESS[:PORT]/PATH")
    websocket.add_argument("text", nargs="+", help="at most 80 characters each")

    for command in (load, hold, websocket):
        command.add_argument("--name", default="", help="name of the site that is asked for, if not the address")
        command.add_argument("--name-header", default="X-Served-By", help="header that names the realserver")
        command.add_argument(
            "--timeout",
            type=number_within(10.0),
            default=1.0,
            help="seconds for a connection, and again for its answer (1.0; more hides gaps, see probe --help)",
        )
    for command in (load, hold):
        command.add_argument("--seconds", type=number_within(MAX_SECONDS), default=20.0, help="how long (20)")
        command.add_argument(
            "--hold-timeout",
            type=number_within(120.0),
            default=15.0,
            help="longest stall the held connection is granted (15)",
        )
        command.add_argument("--json", action="store_true", help="report as JSON")
        command.add_argument("--progress", action="store_true", help="a line per second on stderr")

    arp = commands.add_parser("arp", help="every MAC that answers for an IPv4 address")
    ndp = commands.add_parser("ndp", help="every MAC that answers for an IPv6 address")
    for command in (arp, ndp):
        command.add_argument("address")
        command.add_argument("--interface", help="the one whose subnet holds the address, if not given")
        command.add_argument(
            "--seconds", type=number_within(60.0), default=1.5, help="how long to collect answers (1.5)"
        )
        command.add_argument(
            "--count", type=int, choices=range(1, 21), metavar="1..20", default=3, help="questions (3)"
        )
        command.add_argument("--json", action="store_true", help="report as JSON")
    return parser.parse_args(argv)


def number_within(most: float) -> Callable[[str], float]:
    def number(text: str) -> float:
        value = float(text)
        if not 0 < value <= most:
            raise argparse.ArgumentTypeError(f"{text} is not above 0 and at most {most:g}")
        return value

    return number

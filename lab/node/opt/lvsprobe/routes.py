"""Where the probe may send: what the kernel's routes say of a target."""

from __future__ import annotations

import ipaddress
import sys
from collections.abc import Iterable
from dataclasses import dataclass

from lvsprobe import targets
from lvsprobe.targets import Address, Network, TargetError

_UP, _VIA_GATEWAY, _REJECT, _LOCAL = 0x1, 0x2, 0x200, 0x80000000  # RTF_... of the kernel


@dataclass(frozen=True)
class Route:
    interface: str
    network: Network
    gateway: Address | None
    metric: int
    rejects: bool


def read_routes() -> list[Route]:
    """This host's routes; of IPv6 there are none where the kernel has it switched off."""
    with open("/proc/net/route", encoding="ascii") as file:
        routes = parse_ipv4_routes(file.read())
    try:
        with open("/proc/net/ipv6_route", encoding="ascii") as file:
            return routes + parse_ipv6_routes(file.read())
    except FileNotFoundError:
        return routes


def parse_ipv4_routes(text: str) -> list[Route]:
    """The routes of /proc/net/route, whose numbers are network-order bytes printed as one native integer."""

    def address(column: str) -> ipaddress.IPv4Address:
        return ipaddress.IPv4Address(int(column, 16).to_bytes(4, sys.byteorder))

    routes = []
    for line in text.splitlines()[1:]:
        interface, destination, gateway, flags, _refs, _use, metric, mask = line.split()[:8]
        if not int(flags, 16) & _UP:
            continue
        routes.append(
            Route(
                interface=interface,
                network=ipaddress.IPv4Network(f"{address(destination)}/{address(mask)}"),
                gateway=address(gateway) if int(flags, 16) & _VIA_GATEWAY else None,
                metric=int(metric),
                rejects=bool(int(flags, 16) & _REJECT),
            )
        )
    return routes


def parse_ipv6_routes(text: str) -> list[Route]:
    """The routes of /proc/net/ipv6_route, but those to this host's own addresses: the other file has none either.

    An unreachable route is not "up" there.
    """

    def address(column: str) -> ipaddress.IPv6Address:
        return ipaddress.IPv6Address(bytes.fromhex(column))

    routes = []
    for line in text.splitlines():
        destination, length, _source, _length, gateway, metric, _refs, _use, flags, interface = line.split()
        if not int(flags, 16) & (_UP | _REJECT) or int(flags, 16) & _LOCAL:
            continue
        routes.append(
            Route(
                interface=interface,
                network=ipaddress.IPv6Network((address(destination), int(length, 16))),
                gateway=address(gateway) if int(flags, 16) & _VIA_GATEWAY else None,
                metric=int(metric, 16),
                rejects=bool(int(flags, 16) & _REJECT),
            )
        )
    return routes


def permitted_route(address: str, routes: Iterable[Route], interface: str | None = None) -> Route:
    """The route the kernel would take to `address`, if it stays in the lab; else TargetError."""
    target = targets.parse_address(address)
    if not targets.lab_network(target):
        lab = " or ".join(map(str, targets.LAB_NETWORKS))
        raise TargetError(f"{address} is not in {lab}, the lab's networks: the probe sends nowhere else")
    routes = [route for route in routes if interface in (None, route.interface)]
    best = _best_route(target, routes)
    if not best:
        raise TargetError(f"no route to {address}{f' on {interface}' if interface else ''}: is the lab up?")
    if best.rejects:
        raise TargetError(f"the route to {address} is an unreachable route: the lab is down")
    if not best.gateway:
        if reason := _leads_astray(best, target):
            raise TargetError(f"{address} is not directly connected: its route{reason}")
        return best
    to_gateway = _best_route(best.gateway, (route for route in routes if route.interface == best.interface))
    if not to_gateway or to_gateway.rejects or to_gateway.gateway or _leads_astray(to_gateway, best.gateway):
        raise TargetError(
            f"the route to {address} has the gateway {best.gateway}, which is no directly connected address of the lab"
        )
    return best


def _best_route(target: Address, routes: Iterable[Route]) -> Route | None:
    fitting = [route for route in routes if target in route.network]
    return min(fitting, key=lambda route: (-route.network.prefixlen, route.metric), default=None)


def _leads_astray(route: Route, target: Address) -> str | None:
    """Why a route without a gateway is not that of a network of the lab; None if it is."""
    if route.interface in ("lo", "*"):
        return f" leads to {route.interface}"
    lab = targets.lab_network(target)
    if not lab:
        return f" leads to {target}, which is not of the lab"
    # Of one version, as the target is in both: so the longer of them is inside the other.
    if route.network.prefixlen < lab.prefixlen:
        return f", {route.network}, is wider than {lab}"
    return None

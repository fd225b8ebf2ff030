"""This machine's legs of a lab's networks."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterable, Sequence

from lvslab.errors import LabError
from lvslab.inventory import TEST_NETWORKS, TEST_NETWORKS6, Network
from lvslab.process import run

Subnet = ipaddress.IPv4Network | ipaddress.IPv6Network

# Worse than any other route, so that it counts only while the lab's interface is not there.
_LAST = 4_000_000_000
# As if it were one of the kernel's own, since networkd removes other people's when it starts.
_LAST_RESORT = ("proto", "kernel", "metric", str(_LAST))
_ROUTE_WORDS = {"via": "gateway", "dev": "dev", "table": "table"}


def check_is_free(networks: Iterable[Network]) -> None:
    """Refuse a subnet that something else on this machine uses."""
    taken = [
        (interface["ifname"], ipaddress.ip_interface(f"{entry['local']}/{entry['prefixlen']}"))
        for interface in json.loads(run(["ip", "-json", "address"]).stdout)
        for entry in interface.get("addr_info", [])
        if "local" in entry
    ]
    for network in networks:
        for subnet in map(ipaddress.ip_network, network.subnets):
            for interface, address in taken:
                if interface != network.interface and _overlap(address.network, subnet):
                    raise LabError(
                        f"subnet {subnet} is in use by interface {interface} ({address.ip});"
                        " choose another in lab_networks"
                    )


def check_no_route(networks: Sequence[Network]) -> None:
    """Refuse a subnet that this machine has a route to: the lab's would hide it, or be hidden by it."""
    own = {network.interface for network in networks}
    subnets = [ipaddress.ip_network(subnet) for subnet in _subnets(networks)]
    for family in ("-4", "-6"):
        for route in json.loads(run(["ip", "-json", family, "route", "show", "table", "all"]).stdout or b"[]"):
            if route["dst"] == "default" or route.get("metric") == _LAST or route.get("dev") in own:
                continue
            target = ipaddress.ip_network(route["dst"])
            met = [subnet for subnet in subnets if _overlap(target, subnet)]
            # A wider route leads to the Internet as a whole, not to these addresses.
            if met and (_inside(target, TEST_NETWORKS) or _inside(target, TEST_NETWORKS6)):
                words = [f"{word} {route[key]}" for word, key in _ROUTE_WORDS.items() if key in route]
                raise LabError(
                    f"this machine has a route into subnet {met[0]}: {' '.join([route['dst'], *words])};"
                    " remove it, or choose another subnet in lab_networks"
                )


def check_way(network: Network, addresses: Iterable[str]) -> None:
    """Refuse to wait for hosts that packets do not reach: rules (of a VPN, for one) come before all routes."""
    for each in addresses:
        found = run(["ip", "route", "get", each], check=False)
        way = (found.stdout or found.stderr).decode().partition("\n")[0].strip()
        if network.interface not in way.split():
            raise LabError(
                f"packets to {each} do not take the lab's interface {network.interface}, but: {way}:"
                " see ip rule, and exempt the lab's networks (a VPN?)"
            )


def _inside(one: Subnet, other: Subnet) -> bool:
    if isinstance(one, ipaddress.IPv4Network):
        return isinstance(other, ipaddress.IPv4Network) and one.subnet_of(other)
    return isinstance(other, ipaddress.IPv6Network) and one.subnet_of(other)


def _overlap(one: Subnet, other: Subnet) -> bool:
    return _inside(one, other) or _inside(other, one)


def guard(networks: Iterable[Network]) -> None:
    """Traffic for a lab that is down fails at once, instead of leaving this machine by the default route."""
    for subnet in _subnets(networks):
        run(["ip", "route", "replace", "unreachable", subnet, *_LAST_RESORT])


def unguard(networks: Iterable[Network]) -> None:
    for subnet in _subnets(networks):
        run(["ip", "route", "del", "unreachable", subnet, *_LAST_RESORT], check=False)


def _subnets(networks: Iterable[Network]) -> list[str]:
    return [subnet for network in networks for subnet in network.subnets]


def address(network: Network) -> None:
    """Give the interface its addresses; packets that nodes send elsewhere are not forwarded."""
    interface = network.interface
    run(["sysctl", "-qw", f"net.ipv4.conf.{interface}.forwarding=0"])
    quiet = {"disable_ipv6": 0 if network.ipv6 else 1, "accept_ra": 0, "forwarding": 0}
    for name, value in quiet.items():
        # A kernel without IPv6 has none of these, and no lab with IPv6: the address below is what fails.
        run(["sysctl", "-qw", f"net.ipv6.conf.{interface}.{name}={value}"], check=False)
    for each in network.leg:
        run(["ip", "address", "replace", each, "dev", interface, *(["nodad"] if ":" in each else [])])
    run(["ip", "link", "set", interface, "up"])


def exists(network: Network) -> bool:
    return run(["ip", "link", "show", network.interface], check=False).returncode == 0


def remove(network: Network) -> None:
    run(["ip", "link", "del", network.interface], check=False)

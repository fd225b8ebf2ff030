"""This machine's legs of a lab's networks."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterable

from lvslab.errors import LabError
from lvslab.inventory import Network
from lvslab.process import run

# Worse than any other route, so that it counts only while the lab's interface is not there.
_LAST_RESORT = "4000000000"


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


def _overlap(one: object, other: object) -> bool:
    return any(
        isinstance(one, family) and isinstance(other, family) and one.overlaps(other)
        for family in (ipaddress.IPv4Network, ipaddress.IPv6Network)
    )


def guard(networks: Iterable[Network]) -> None:
    """Traffic for a lab that is down fails at once, instead of leaving this machine by the default route."""
    for subnet in _subnets(networks):
        run(["ip", "route", "replace", "unreachable", subnet, "metric", _LAST_RESORT])


def unguard(networks: Iterable[Network]) -> None:
    for subnet in _subnets(networks):
        run(["ip", "route", "del", "unreachable", subnet, "metric", _LAST_RESORT], check=False)


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

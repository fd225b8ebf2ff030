"""This machine's leg of a lab's network."""

from __future__ import annotations

import ipaddress
import json

from lvslab.errors import LabError
from lvslab.machine import Link
from lvslab.process import run

# Worse than any other route, so that it counts only while the lab's interface is not there.
_LAST_RESORT = "4000000000"


def check_is_free(link: Link) -> None:
    """Refuse a subnet that something else on this machine uses."""
    for interface in json.loads(run(["ip", "-json", "-4", "address"]).stdout):
        for entry in interface.get("addr_info", []):
            other = ipaddress.IPv4Interface(f"{entry['local']}/{entry['prefixlen']}").network
            if other.overlaps(link.subnet) and interface["ifname"] != link.interface:
                raise LabError(
                    f"subnet {link.subnet} is in use by interface {interface['ifname']} ({entry['local']});"
                    " set another lab_subnet inside 198.18.0.0/15"
                )


def guard(link: Link) -> None:
    """Traffic for a lab that is down fails at once, instead of leaving this machine by the default route."""
    run(["ip", "route", "replace", "unreachable", str(link.subnet), "metric", _LAST_RESORT])


def unguard(link: Link) -> None:
    run(["ip", "route", "del", "unreachable", str(link.subnet), "metric", _LAST_RESORT], check=False)


def address(link: Link) -> None:
    """Give the interface its address; packets that nodes send elsewhere are not forwarded."""
    run(["sysctl", "-qw", f"net.ipv4.conf.{link.interface}.forwarding=0"])
    run(["sysctl", "-qw", f"net.ipv6.conf.{link.interface}.disable_ipv6=1"], check=False)
    run(["ip", "address", "replace", link.gateway, "dev", link.interface])
    run(["ip", "link", "set", link.interface, "up"])


def exists(link: Link) -> bool:
    return run(["ip", "link", "show", link.interface], check=False).returncode == 0


def remove(link: Link) -> None:
    run(["ip", "link", "del", link.interface], check=False)

"""The ways a host configures its network: what each needs, and the files in which an administrator writes addresses.

An address stands in the manager's own file, as on any host. A host's MTU is that of its cable, which needs no file.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lvslab.files import File

if TYPE_CHECKING:
    from lvslab.inventory import Interface, Node

Files = dict[str, File]


@dataclass(frozen=True)
class Stack:
    """One network manager."""

    packages: tuple[str, ...]
    #: Shell commands that make it the one that runs, in the image.
    setup: str
    files: Callable[[Node], Files]


def _networkd(node: Node) -> Files:
    def text(interface: Interface) -> str:
        lines = ["[Match]", f"Name={interface.name}", "", "[Network]", "IPv6AcceptRA=no"]
        lines += [f"Address={address}" for address in interface.addresses]
        gateways = [f"Gateway={gateway}" for gateway in node.gateways_on(interface)]
        if node.advmss:
            told = f"TCPAdvertisedMaximumSegmentSize={node.advmss}"
            gateways = [line for gateway in gateways for line in ("", "[Route]", gateway, told)]
        return "\n".join([*lines, *gateways]) + "\n"

    return {
        f"etc/systemd/network/10-{interface.name}.network": File(text(interface).encode())
        for interface in node.interfaces
    }


def _ifupdown(node: Node) -> Files:
    lines = ["source /etc/network/interfaces.d/*", "", "auto lo", "iface lo inet loopback"]
    for interface in node.interfaces:
        lines += ["", f"auto {interface.name}"]
        for address in interface.addresses:
            family = "inet6" if ":" in address else "inet"
            lines += [f"iface {interface.name} {family} static", f"    address {address}"]
            gateways = [each for each in node.gateways_on(interface) if (":" in each) == (":" in address)]
            lines += [f"    gateway {each}" for each in gateways]
            if node.advmss:
                change = "ip route change default via {} dev {} onlink advmss {}"
                lines += [f"    up {change.format(each, interface.name, node.advmss)}" for each in gateways]
    return {"etc/network/interfaces": File(("\n".join(lines) + "\n").encode())}


def _netplan(node: Node) -> Files:
    ethernets = {
        interface.name: {
            "addresses": list(interface.addresses),
            "accept-ra": False,
            "routes": [{"to": "default", "via": gateway} for gateway in node.gateways_on(interface)],
        }
        for interface in node.interfaces
    }
    # JSON is YAML.
    text = json.dumps({"network": {"version": 2, "renderer": "networkd", "ethernets": ethernets}}, indent=2)
    return {"etc/netplan/10-lab.yaml": File(f"{text}\n".encode(), 0o600)}


def _network_manager(node: Node) -> Files:
    def family(interface: Interface, colon: bool) -> list[str]:
        addresses = [each for each in interface.addresses if (":" in each) == colon]
        gateways = [each for each in node.gateways_on(interface) if (":" in each) == colon]
        lines = ["", "[ipv6]" if colon else "[ipv4]", f"method={'manual' if addresses else 'disabled'}"]
        lines += [f"address{number}={address}" for number, address in enumerate(addresses, 1)]
        return lines + [f"gateway={gateway}" for gateway in gateways]

    def text(interface: Interface) -> str:
        lines = ["[connection]", f"id={interface.name}", "type=ethernet", f"interface-name={interface.name}"]
        return "\n".join([*lines, *family(interface, False), *family(interface, True)]) + "\n"

    return {
        f"etc/NetworkManager/system-connections/{interface.name}.nmconnection": File(text(interface).encode(), 0o600)
        for interface in node.interfaces
    }


_NO_NETWORKD = "systemctl mask systemd-networkd.service systemd-networkd.socket\n"

STACKS: Mapping[str, Stack] = {
    "networkd": Stack((), "systemctl enable systemd-networkd.service\n", _networkd),
    "ifupdown": Stack(("ifupdown",), _NO_NETWORKD, _ifupdown),
    "netplan": Stack(("netplan.io",), "systemctl enable systemd-networkd.service\n", _netplan),
    "NetworkManager": Stack(("network-manager",), _NO_NETWORKD, _network_manager),
}

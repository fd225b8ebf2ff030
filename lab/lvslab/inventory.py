"""What the lab takes from an Ansible inventory: networks, and the hosts that have an address in one of them."""

from __future__ import annotations

import ipaddress
import itertools
import json
import os
import re
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lvslab import distribution
from lvslab.distribution import Image
from lvslab.errors import LabError, UsageError
from lvslab.process import run
from lvslab.stacks import STACKS

# Addresses for test networks, which no real network routes: RFC 2544 and RFC 5180.
TEST_NETWORKS = ipaddress.IPv4Network("198.18.0.0/15")
TEST_NETWORKS6 = ipaddress.IPv6Network("2001:2::/48")
SHELLS = ("dash", "bash")


@dataclass(frozen=True)
class Network:
    """A network of the lab: a bridge that the hosts' cables lead to. All its names follow from its IPv4 subnet."""

    name: str
    ipv4: str
    ipv6: str | None = None
    mtu: int = 1500

    @property
    def subnet(self) -> ipaddress.IPv4Network:
        return ipaddress.IPv4Network(self.ipv4)

    @property
    def subnets(self) -> list[str]:
        return [self.ipv4, *([self.ipv6] if self.ipv6 else [])]

    @property
    def interface(self) -> str:
        """This machine's interface, and the bridge it leads to: one name, unique to the subnet."""
        return f"lab-{int(self.subnet.network_address):08x}"

    @property
    def leg(self) -> list[str]:
        """The addresses of the machine that runs Ansible, with prefix length."""
        return self.with_prefix(self.subnet[1])

    @property
    def machine(self) -> str:
        """The address of the machine that runs the nodes, with prefix length."""
        return f"{self.subnet[-2]}/{self.subnet.prefixlen}"

    def meets(self, other: Network) -> bool:
        """Whether an address could belong to both."""
        return self.subnet.overlaps(other.subnet) or (self.ipv6 is not None and self.ipv6 == other.ipv6)

    def ipv6_of(self, address: ipaddress.IPv4Address) -> str | None:
        """The host's number in the subnet, in its decimal digits: 198.18.0.11 has 2001:2::11."""
        if not self.ipv6:
            return None
        number = int(str(int(address) - int(self.subnet.network_address)), 16)
        return str(ipaddress.IPv6Network(self.ipv6)[number])

    def with_prefix(self, address: ipaddress.IPv4Address) -> list[str]:
        """A host's addresses in this network."""
        addresses = [f"{address}/{self.subnet.prefixlen}"]
        if self.ipv6:
            addresses.append(f"{self.ipv6_of(address)}/{ipaddress.IPv6Network(self.ipv6).prefixlen}")
        return addresses


@dataclass(frozen=True)
class Interface:
    """A host's network card."""

    name: str
    network: str
    #: With prefix length, IPv4 first.
    addresses: tuple[str, ...]

    @property
    def ipv4(self) -> str:
        return self.addresses[0].partition("/")[0]

    @property
    def ipv6(self) -> str | None:
        return self.addresses[1].partition("/")[0] if len(self.addresses) > 1 else None

    @property
    def port(self) -> str:
        """The bridge's end of its cable: port-c612000b belongs to 198.18.0.11."""
        return f"port-{int(ipaddress.IPv4Address(self.ipv4)):08x}"

    @property
    def mac(self) -> str:
        """Derived from the address, so that a host keeps its MAC when it is switched off and on."""
        return "02:00:" + ":".join(f"{octet:02x}" for octet in ipaddress.IPv4Address(self.ipv4).packed)


@dataclass(frozen=True)
class Node:
    """One host of the lab."""

    name: str
    #: The one that Ansible uses.
    address: str
    interfaces: tuple[Interface, ...]
    image: Image
    #: Default gateways, one for each family.
    gateways: tuple[str, ...] = ()
    #: The size of segments that others are told to send by the default route; 0 for the kernel's own choice.
    advmss: int = 0
    router: bool = False
    shell: str = SHELLS[0]
    services: tuple[str, ...] = ()

    def gateways_on(self, interface: Interface) -> list[str]:
        """Those of the default gateways that this interface leads to."""
        networks = [ipaddress.ip_interface(address).network for address in interface.addresses]
        return [each for each in self.gateways if any(ipaddress.ip_address(each) in network for network in networks)]


@dataclass(frozen=True)
class Inventory:
    """The networks of one lab, in the order of their addresses, and the hosts in them."""

    path: Path
    networks: tuple[Network, ...]
    nodes: tuple[Node, ...]

    @property
    def name(self) -> str:
        return lab_name(self.path)


def lab_name(inventory: Path) -> str:
    """A lab is named after its inventory's folder, so that naming an inventory is enough to find the lab.

    A folder that is called just that, as in a scenario of molecule, is named after the one around it.
    """
    folder = (inventory if inventory.is_dir() or not inventory.suffix else inventory.parent).resolve()
    name = folder.parent.name if folder.name == "inventory" else folder.name
    if not name or not all(letter.isalnum() or letter in "-_" for letter in name):
        raise UsageError(f"{inventory}: a lab is named after this folder; use letters, digits, '-' and '_' only")
    return name


def parse(path: Path, listing: Mapping[str, Any]) -> Inventory:
    """Read the output of ``ansible-inventory --list``."""
    hosts: dict[str, dict[str, Any]] = listing.get("_meta", {}).get("hostvars", {})
    told = {
        json.dumps(facts["lab_networks"], sort_keys=True): facts for facts in hosts.values() if "lab_networks" in facts
    }
    if not told:
        raise UsageError(
            f"{path}: no host has lab_networks; set it in group_vars/all, for instance {{lan: {{ipv4: 198.18.0.0/24}}}}"
        )
    if len(told) > 1:
        raise UsageError(f"{path}: lab_networks must be the same for all hosts")
    networks = parse_networks(next(iter(told.values()))["lab_networks"])
    nodes = tuple(
        _node(name, facts, networks) for name, facts in hosts.items() if _network(facts.get("ansible_host"), networks)
    )
    if not nodes:
        raise UsageError(f"{path}: no host has an ansible_host inside lab_networks, {_listed(networks)}")
    _check_addresses(nodes, networks)
    gateways = _gateways(nodes, networks, {name: facts.get("lab_gateway") for name, facts in hosts.items()})
    return Inventory(path, networks, gateways)


def parse_networks(told: object) -> tuple[Network, ...]:
    """Refuse what is not a test network: lab traffic must never meet a real host of the same address."""
    if not isinstance(told, Mapping) or not told:
        raise UsageError(f"lab_networks must be networks by their names, not {told!r}")
    networks = tuple(
        sorted((_parse_network(str(name), facts) for name, facts in told.items()), key=lambda each: each.subnet)
    )
    for one, other in itertools.combinations(networks, 2):
        if one.meets(other):
            raise UsageError(f"lab_networks: {_listed([one])} and {_listed([other])} share addresses")
    return networks


def _parse_network(name: str, facts: object) -> Network:
    where = f"lab_networks.{name}"
    if not isinstance(facts, Mapping) or "ipv4" not in facts or set(facts) - {"ipv4", "ipv6", "mtu"}:
        raise UsageError(f"{where}: write {{ipv4: SUBNET}}, and ipv6 and mtu if wanted, not {facts!r}")
    try:
        subnet = ipaddress.IPv4Network(str(facts["ipv4"]))
        prefix = ipaddress.IPv6Network(str(facts["ipv6"])) if facts.get("ipv6") else None
    except ValueError as error:
        raise UsageError(f"{where}: {error}; write something like 198.18.0.0/24 or 2001:2::/64") from None
    if not subnet.subnet_of(TEST_NETWORKS):
        raise UsageError(f"{where}: {subnet} is not inside {TEST_NETWORKS}, the range for test networks")
    if subnet.prefixlen > 28:
        raise UsageError(f"{where}: {subnet} is too small for a lab; use a /28 or larger")
    if prefix and not (prefix.subnet_of(TEST_NETWORKS6) and prefix.prefixlen == 64):
        raise UsageError(f"{where}: {prefix} is not a /64 inside {TEST_NETWORKS6}, the range for test networks")
    mtu = facts.get("mtu", 1500)
    if not isinstance(mtu, int) or not 1280 <= mtu <= 9000:
        raise UsageError(f"{where}: mtu must be a number from 1280 to 9000, not {mtu!r}")
    return Network(name, str(subnet), str(prefix) if prefix else None, mtu)


def _listed(networks: Iterable[Network]) -> str:
    return ", ".join(f"{network.name} ({', '.join(network.subnets)})" for network in networks)


def _network(address: object, networks: Iterable[Network]) -> Network | None:
    """The network that an address belongs to."""
    try:
        wanted = ipaddress.IPv4Address(str(address))
    except ValueError:
        return None
    return next((network for network in networks if wanted in network.subnet), None)


def _node(name: str, facts: Mapping[str, Any], networks: Sequence[Network]) -> Node:
    services = facts.get("lab_services", [])
    if not isinstance(services, list):
        raise UsageError(f"{name}: lab_services must be a list of systemd units, not {services!r}")
    return Node(
        name=name,
        address=str(facts["ansible_host"]),
        interfaces=_interfaces(name, facts, networks),
        image=_image(name, facts),
        advmss=_advmss(name, facts),
        router=_choice(name, facts, "lab_router", False, (False, True)),
        shell=_choice(name, facts, "lab_shell", SHELLS[0], SHELLS),
        services=tuple(str(service) for service in services),
    )


def _interfaces(name: str, facts: Mapping[str, Any], networks: Sequence[Network]) -> tuple[Interface, ...]:
    addresses = facts.get("lab_interfaces", [facts["ansible_host"]])
    if not isinstance(addresses, list) or facts["ansible_host"] not in addresses:
        raise UsageError(
            f"{name}: lab_interfaces must be a list of addresses, ansible_host {facts['ansible_host']} among them,"
            f" not {addresses!r}"
        )
    interfaces = []
    for number, address in enumerate(addresses):
        network = _network(address, networks)
        if not network:
            raise UsageError(f"{name}: lab_interfaces[{number}] = {address} is in none of {_listed(networks)}")
        full = network.with_prefix(ipaddress.IPv4Address(str(address)))
        interfaces.append(Interface(f"eth{number}", network.name, tuple(full)))
    if len({interface.network for interface in interfaces}) < len(interfaces):
        raise UsageError(f"{name}: lab_interfaces has two addresses of one network: {', '.join(map(str, addresses))}")
    return tuple(interfaces)


def _choice(name: str, facts: Mapping[str, Any], variable: str, default: Any, choices: Sequence[Any]) -> Any:
    value = facts.get(variable, default)
    if value not in choices:
        raise UsageError(f"{name}: {variable} is {value!r}; choose from {', '.join(map(str, choices))}")
    return value


def _image(name: str, facts: Mapping[str, Any]) -> Image:
    chosen = _choice(name, facts, "lab_image", distribution.DEFAULT, distribution.known())
    manager = distribution.load(chosen).network_manager
    locale = str(facts.get("lab_locale", ""))
    if locale and not re.fullmatch(r"[a-z]{2,3}_[A-Z]{2}[.]UTF-8", locale):
        raise UsageError(f"{name}: lab_locale is {locale!r}; write something like de_DE.UTF-8")
    return Image(
        chosen,
        _choice(name, facts, "lab_network_manager", manager, list(STACKS)),
        _choice(name, facts, "lab_resolved", False, (False, True)),
        locale,
        _packages(name, facts),
    )


def _advmss(name: str, facts: Mapping[str, Any]) -> int:
    wanted, manager = facts.get("lab_advmss", 0), _image(name, facts).network_manager
    if type(wanted) is not int or wanted < 0:
        raise UsageError(f"{name}: lab_advmss must be a number of bytes, not {wanted!r}")
    if wanted and manager not in ("networkd", "ifupdown"):
        raise UsageError(f"{name}: lab_advmss is for networkd and ifupdown, not for {manager}")
    return wanted


def _packages(name: str, facts: Mapping[str, Any]) -> tuple[str, ...]:
    packages = facts.get("lab_packages", [])
    if not isinstance(packages, list) or not all(re.fullmatch(r"[a-z0-9][a-z0-9.+-]+", str(each)) for each in packages):
        raise UsageError(f"{name}: lab_packages must be a list of Debian packages, not {packages!r}")
    return tuple(sorted(map(str, packages)))


def _gateways(nodes: Sequence[Node], networks: Sequence[Network], wanted: Mapping[str, object]) -> tuple[Node, ...]:
    """Every host with its default gateway: the one it names, else a router of its networks, else a dead end.

    The dead end is the machine that runs Ansible, which forwards nothing.
    """
    legs = {leg.network: leg.ipv4 for node in nodes if node.router for leg in node.interfaces}
    dead_ends = {network.name: str(network.subnet[1]) for network in networks}

    def with_gateways(node: Node) -> Node:
        own = [each.network for each in node.interfaces]
        routers = [] if node.router else [legs[network] for network in own if network in legs]
        gateway = str(wanted.get(node.name) or next(iter(routers), dead_ends[own[0]]))
        network = _network(gateway, networks)
        if not network or network.name not in own:
            raise UsageError(f"{node.name}: lab_gateway {gateway} is in none of its networks: {', '.join(own)}")
        ipv6 = network.ipv6_of(ipaddress.IPv4Address(gateway))
        return replace(node, gateways=(gateway, *([ipv6] if ipv6 else [])))

    return tuple(map(with_gateways, nodes))


def _check_addresses(nodes: Iterable[Node], networks: Sequence[Network]) -> None:
    taken: dict[str, str] = {}
    for network in networks:
        taken |= {
            str(network.subnet.network_address): "the network",
            str(network.subnet[1]): "the machine that runs Ansible",
            str(network.subnet[-1]): "broadcast",
        }
    taken[str(networks[0].subnet[-2])] = "the machine that runs the nodes"
    for node in nodes:
        for interface in node.interfaces:
            if interface.ipv4 in taken:
                raise UsageError(f"{node.name}: address {interface.ipv4} already belongs to {taken[interface.ipv4]}")
            taken[interface.ipv4] = node.name


def read(path: Path) -> Inventory:
    """Ask Ansible itself, so that every inventory format and every group_vars file counts."""
    if not path.exists():
        raise UsageError(f"{path}: no such inventory")
    done = run([_ansible_inventory(), "-i", str(path), "--list"], check=False)
    if done.returncode:
        raise LabError(f"{path}: ansible-inventory cannot read it: {done.stderr.decode(errors='replace').strip()}")
    listing: dict[str, Any] = json.loads(done.stdout)
    return parse(path.resolve(), listing)


def _ansible_inventory() -> str:
    checkout = Path(__file__).resolve().parents[2]
    places = [Path(sys.executable).parent, checkout / ".venv/bin"]
    found = shutil.which("ansible-inventory", path=os.pathsep.join(map(str, places)) + os.pathsep + os.environ["PATH"])
    if not found:
        raise LabError("ansible-inventory not found: make the project's virtual environment first (make install)")
    return found

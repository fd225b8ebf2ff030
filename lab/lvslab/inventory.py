"""What the lab takes from an Ansible inventory: the subnet, and the hosts that have an address in it."""

from __future__ import annotations

import ipaddress
import json
import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lvslab.errors import LabError, UsageError
from lvslab.process import run

# RFC 2544: addresses for test networks, which no real network routes.
TEST_NETWORKS = ipaddress.IPv4Network("198.18.0.0/15")
# What a suite's hosts configure their network with: the two ways of Debian that a role has to cope with.
SUITES = {"trixie": "systemd-networkd", "bookworm": "ifupdown"}
DEFAULT_SUITE = "trixie"


@dataclass(frozen=True)
class Node:
    """One host of the lab."""

    name: str
    address: str
    suite: str = DEFAULT_SUITE
    services: tuple[str, ...] = ()


@dataclass(frozen=True)
class Inventory:
    """The hosts of one lab and the subnet they share."""

    path: Path
    subnet: ipaddress.IPv4Network
    nodes: tuple[Node, ...]


def lab_name(inventory: Path) -> str:
    """A lab is named after its inventory's folder, so that naming an inventory is enough to find the lab."""
    folder = inventory if inventory.is_dir() or not inventory.suffix else inventory.parent
    name = folder.resolve().name
    if not name or not all(letter.isalnum() or letter in "-_" for letter in name):
        raise UsageError(f"{inventory}: a lab is named after this folder; use letters, digits, '-' and '_' only")
    return name


def check_subnet(text: str) -> ipaddress.IPv4Network:
    """Refuse what is not a test network: lab traffic must never meet a real host of the same address."""
    try:
        subnet = ipaddress.IPv4Network(text)
    except ValueError as error:
        raise UsageError(f"lab_subnet: {error}; write something like 198.18.0.0/24") from None
    if not subnet.subnet_of(TEST_NETWORKS):
        raise UsageError(f"lab_subnet: {subnet} is not inside {TEST_NETWORKS}, the range for test networks")
    if subnet.prefixlen > 28:
        raise UsageError(f"lab_subnet: {subnet} is too small for a lab; use a /28 or larger")
    return subnet


def parse(path: Path, listing: Mapping[str, Any]) -> Inventory:
    """Read the output of ``ansible-inventory --list``."""
    hosts: dict[str, dict[str, Any]] = listing.get("_meta", {}).get("hostvars", {})
    subnets = sorted({str(facts["lab_subnet"]) for facts in hosts.values() if "lab_subnet" in facts})
    if not subnets:
        raise UsageError(f"{path}: no host has lab_subnet; set it in group_vars/all, for instance 198.18.0.0/24")
    if len(subnets) > 1:
        raise UsageError(f"{path}: lab_subnet must be the same for all hosts, not {' and '.join(subnets)}")
    subnet = check_subnet(subnets[0])
    nodes = tuple(_node(name, facts) for name, facts in hosts.items() if _is_inside(facts.get("ansible_host"), subnet))
    if not nodes:
        raise UsageError(f"{path}: no host has an ansible_host inside lab_subnet {subnet}")
    _check_addresses(nodes, subnet)
    return Inventory(path, subnet, nodes)


def _node(name: str, facts: Mapping[str, Any]) -> Node:
    suite = str(facts.get("lab_image", DEFAULT_SUITE))
    if suite not in SUITES:
        raise UsageError(f"{name}: lab_image is {suite!r}; choose from {', '.join(SUITES)}")
    services = facts.get("lab_services", [])
    if not isinstance(services, list):
        raise UsageError(f"{name}: lab_services must be a list of systemd units, not {services!r}")
    return Node(name, str(facts["ansible_host"]), suite, tuple(str(service) for service in services))


def _is_inside(address: object, subnet: ipaddress.IPv4Network) -> bool:
    try:
        return ipaddress.IPv4Address(str(address)) in subnet
    except ValueError:
        return False


def _check_addresses(nodes: tuple[Node, ...], subnet: ipaddress.IPv4Network) -> None:
    taken = {
        str(subnet.network_address): "the network",
        str(subnet[1]): "the machine that runs Ansible",
        str(subnet[-2]): "the machine that runs the nodes",
        str(subnet[-1]): "broadcast",
    }
    for node in nodes:
        if node.address in taken:
            raise UsageError(f"{node.name}: ansible_host {node.address} already belongs to {taken[node.address]}")
        taken[node.address] = node.name


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
        raise LabError("ansible-inventory not found: make the project's virtual environment first (make setup)")
    return found

"""A lab as a whole: up, down, status."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from lvslab import inventory, network, state, sudo, supported
from lvslab.console import say
from lvslab.errors import LabError
from lvslab.host import HostMachine
from lvslab.images import Cache
from lvslab.inventory import Network, Node
from lvslab.machine import Machine, choose_engine, has_ipvs
from lvslab.nodes import Hosts
from lvslab.state import Record
from lvslab.uml import UmlMachine, public_key

CACHE = Cache(Path("~/.cache/lvs-lab").expanduser())


def machine_of(record: Record) -> Machine:
    if record.engine == "host":
        return HostMachine(record.name, record.networks, record.images, CACHE)
    return UmlMachine(record.name, record.networks, record.images, CACHE, record.folder)


def hosts_of(record: Record) -> Hosts:
    return Hosts(machine_of(record), record.nodes, CACHE.folder / "id_ed25519")


def require_up(name: str) -> Record:
    record = state.load(name)
    if not record or not is_up(record):
        raise LabError(f"lab {name} is not up: lab up")
    return record


def is_up(record: Record) -> bool:
    return not record.is_half_up and machine_of(record).is_running()


def up(path: Path, wanted_engine: str | None) -> None:
    """Bring all hosts of the inventory up; whatever is up already stays as it is."""
    require_root()
    name = inventory.lab_name(path)
    wanted = inventory.read(path)
    with state.locked(name):
        record = state.load(name) or state.left_behind(name)
        if record and not is_up(record):
            say(f"lab {name} was left half up: taking it down first")
            _take_down(record)
            record = None
        if record:
            changed = replace(record, networks=wanted.networks, nodes=wanted.nodes)
            _check_machine_stays(record, changed)
            record = changed
            record.save()
            network.guard(record.networks)
            say(f"lab {name} is up already (engine: {record.engine})")
        else:
            record = _start_machine(name, wanted, wanted_engine)
        _bring_hosts_up(record)
    say(f"lab {name} is up: {len(record.nodes)} hosts on {_listed(record.networks)}")


def _listed(networks: Iterable[Network]) -> str:
    return ", ".join(subnet for network in networks for subnet in network.subnets)


def _check_machine_stays(before: Record, after: Record) -> None:
    """Hosts may come to a lab that is up; networks and kinds of hosts belong to its machine."""
    if before.networks != after.networks:
        raise LabError(
            f"lab {before.name} is up on {_listed(before.networks)},"
            f" the inventory now says {_listed(after.networks)}: lab down first"
        )
    for image in after.images:
        if image not in before.images:
            raise LabError(f"lab {before.name} is up without the image {image.name} of a new host: lab down first")


def _start_machine(name: str, wanted: inventory.Inventory, wanted_engine: str | None) -> Record:
    engine, reason = choose_engine(wanted_engine, has_ipvs())
    say(f"engine: {engine}, {reason}")
    record = Record(name, engine, str(wanted.path), wanted.networks, wanted.nodes)
    if engine == "host":
        supported.check_cgroups()
        supported.check_inotify(len(wanted.nodes))
    machine = machine_of(record)
    machine.prepare()
    public_key(CACHE)
    sudo.share_key(CACHE.folder / "id_ed25519")
    with state.locked(""):
        state.check_networks_are_free(name, wanted.networks)
        network.check_is_free(wanted.networks)
        network.check_no_route(wanted.networks)
        record.save()
    with record.starting():
        network.guard(wanted.networks)
        machine.start()
    return record


def _bring_hosts_up(record: Record) -> None:
    for each in record.networks:
        legs = [leg for node in record.nodes for leg in node.interfaces if leg.network == each.name]
        network.check_way(each, [address for leg in legs for address in (leg.ipv4, leg.ipv6) if address])
    hosts = hosts_of(record)
    hosts.update_tools()
    running, created = hosts.running(), hosts.created()
    missing = [node for node in record.nodes if node.name not in running]
    if fresh := [node for node in missing if node.name not in created]:
        hosts.create(fresh)
    for node in missing:
        say(f"starting {node.name} ({node.image.name}, {node.address})")
        if node.name in created:
            hosts.power_off(node)  # of a host that halted by itself, the cable is still there
        hosts.power_on(node)
    for node in record.nodes:  # also those that an `up` left alone that was interrupted
        hosts.wait_until_ready(node)


def down(path: Path) -> None:
    """Take everything away that ``up`` made, also after an ``up`` that was interrupted."""
    require_root()
    name = inventory.lab_name(path)
    with state.locked(name):
        record = state.load(name) or state.left_behind(name)
        if record:
            _take_down(record)
    say(f"lab {name} is down")


def _take_down(record: Record) -> None:
    hosts_of(record).forget_connections()
    machine = machine_of(record)
    machine.stop()
    network.unguard(record.networks)
    record.forget()


def status(path: Path) -> str:
    """A table for people."""
    record = require_up(inventory.lab_name(path))
    hosts = hosts_of(record)
    running, cut_off = hosts.running(), hosts.cut_off()

    def condition(node: Node) -> str:
        if node.name not in running:
            return "off"
        return f"on, cut off from {', '.join(cut_off[node.name])}" if node.name in cut_off else "on"

    lines = [f"lab {record.name}: engine {record.engine}, inventory {record.inventory}"]
    lines += [f"network {each.name}: {', '.join(each.subnets)}, MTU {each.mtu}" for each in record.networks]
    lines += [f"{node.name:12} {node.address:15} {node.image.name:22} {condition(node)}" for node in record.nodes]
    return "\n".join(lines)


def require_root() -> None:
    if os.geteuid():
        raise LabError("the lab makes network interfaces and containers: run it as root (sudo)")

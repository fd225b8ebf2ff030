"""What tells one host of a lab from another."""

from __future__ import annotations

import ipaddress
import json
from dataclasses import asdict

import pytest
from lvslab.errors import LabError
from lvslab.inventory import Node
from lvslab.machine import Link, choose_engine
from lvslab.nodes import hosts_file, mac_address, network_files
from lvslab.state import Record, from_json
from lvslab.uml import kernel_options

LINK = Link(ipaddress.IPv4Network("198.18.0.0/24"))
LVS1 = Node("lvs1", "198.18.0.11")
LVS2 = Node("lvs2", "198.18.0.12", "bookworm", ("lab-backend",))


def test_interface_names_fit_the_kernel_for_the_largest_lab() -> None:
    link = Link(ipaddress.IPv4Network("198.18.0.0/15"))
    assert len(link.interface) <= 15
    assert len(link.port("198.19.255.253")) <= 15


def test_a_port_is_named_after_its_hosts_address() -> None:
    assert LINK.port(LVS1.address) == "port11"


def test_a_mac_address_is_local_unicast_and_tells_the_address() -> None:
    assert mac_address("198.18.0.11") == "02:00:c6:12:00:0b"


def test_all_hosts_know_all_hosts() -> None:
    assert hosts_file([LVS1, LVS2]).splitlines()[-2:] == ["198.18.0.11 lvs1", "198.18.0.12 lvs2"]


@pytest.mark.parametrize(
    ("node", "file", "line"),
    [
        pytest.param(LVS1, "etc/systemd/network/10-eth0.network", b"Address=198.18.0.11/24", id="networkd"),
        pytest.param(LVS2, "etc/network/interfaces", b"address 198.18.0.12/24", id="ifupdown"),
    ],
)
def test_the_address_is_where_its_suite_looks_for_it(node: Node, file: str, line: bytes) -> None:
    files = network_files(node, LINK)
    assert list(files) == [file]
    assert line in files[file].content


def test_a_record_survives_being_written_and_read() -> None:
    record = Record("lab", "uml", "198.18.0.0/24", "inventories/lab", (LVS1, LVS2))
    assert from_json(json.dumps(asdict(record))) == record


def test_an_unknown_host_is_refused_with_the_known_ones() -> None:
    record = Record("lab", "uml", "198.18.0.0/24", "inventories/lab", (LVS1, LVS2))
    with pytest.raises(LabError, match="no host 'web9'; it has lvs1, lvs2"):
        record.node("web9")


@pytest.mark.parametrize(
    ("wanted", "ipvs", "engine", "reason"),
    [
        (None, True, "host", "has IPVS"),
        (None, False, "uml", "no IPVS"),
        ("uml", True, "uml", "said so"),
        ("host", False, "host", "WARNING"),
    ],
)
def test_the_engine_is_chosen_by_looking_unless_told(wanted: str | None, ipvs: bool, engine: str, reason: str) -> None:
    chosen, why = choose_engine(wanted, ipvs)
    assert chosen == engine
    assert reason in why


def test_an_unknown_engine_is_refused() -> None:
    with pytest.raises(LabError, match="choose from host, uml"):
        choose_engine("qemu", True)


@pytest.mark.parametrize(("version", "fast"), [("6.12.48", False), ("6.16.0", True), ("7.2.7", True)])
def test_seccomp_is_asked_for_where_the_kernel_knows_it(version: str, fast: bool) -> None:
    assert ("seccomp=on" in kernel_options(version)) is fast

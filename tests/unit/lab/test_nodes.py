"""What tells one host of a lab from another."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import asdict
from pathlib import Path

import pytest
from lvslab import state
from lvslab.distribution import Image
from lvslab.errors import LabError
from lvslab.inventory import Interface, Network, Node
from lvslab.machine import choose_engine
from lvslab.nodes import hosts_file, node_files
from lvslab.stacks import STACKS
from lvslab.state import Record, from_json
from lvslab.uml import kernel_options

LAN = Network("lan", "198.18.0.0/24", "2001:2::/64")
ETH0 = Interface("eth0", "lan", ("198.18.0.11/24", "2001:2::11/64"))
ETH1 = Interface("eth1", "clients", ("198.18.1.11/24",))
LVS1 = Node("lvs1", "198.18.0.11", (ETH0, ETH1), Image(), ("198.18.0.253", "2001:2::253"), router=True)
LVS2 = Node(
    "lvs2",
    "198.18.0.12",
    (Interface("eth0", "lan", ("198.18.0.12/24",)),),
    Image("bookworm", "ifupdown", resolved=True, packages=("opensmtpd",)),
    ("198.18.0.253",),
    services=("lab-backend",),
)
RECORD = Record("lab", "uml", "inventories/lab", (LAN, Network("clients", "198.18.1.0/24")), (LVS1, LVS2))


def test_interface_names_fit_the_kernel() -> None:
    assert len(Network("lan", "198.18.0.0/15").interface) <= 15
    assert len(ETH0.port) <= 15


def test_a_port_is_named_after_its_hosts_address() -> None:
    assert ETH0.port == "port-c612000b"


def test_a_mac_address_is_local_unicast_and_tells_the_address() -> None:
    assert ETH0.mac == "02:00:c6:12:00:0b"


def test_all_hosts_know_all_hosts() -> None:
    lines = hosts_file([LVS1, LVS2]).splitlines()
    assert lines[-3:] == ["198.18.0.11 lvs1", "2001:2::11 lvs1", "198.18.0.12 lvs2"]


@pytest.mark.parametrize("name", STACKS)
def test_every_network_manager_is_told_all_addresses_and_the_gateways_where_they_are(name: str) -> None:
    files = STACKS[name].files(LVS1)
    text = "\n".join(file.content.decode() for file in files.values())
    for address in (*ETH0.addresses, *ETH1.addresses):
        assert text.count(address) == 1, address
    for gateway in LVS1.gateways:
        assert text.count(gateway) == 1, gateway
        assert text.index(gateway) < text.index(ETH1.addresses[0]), "it belongs to eth0"


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("networkd", "[Route]\nGateway=198.18.0.253\nTCPAdvertisedMaximumSegmentSize=1440\n"),
        ("ifupdown", "    up ip route change default via 198.18.0.253 dev eth0 onlink advmss 1440"),
    ],
)
def test_what_others_are_told_to_send_stands_at_the_default_route(name: str, line: str) -> None:
    (told,) = STACKS[name].files(dataclasses.replace(LVS2, advmss=1440)).values()
    assert line in told.content.decode()
    (silent,) = STACKS[name].files(LVS2).values()
    assert "1440" not in silent.content.decode()


def test_what_tells_hosts_apart() -> None:
    router, other = (node_files(node, [LVS1, LVS2], "ssh-ed25519 key") for node in (LVS1, LVS2))
    assert router["etc/hostname"].content == b"lvs1\n"
    assert b"ip_forward = 1" in router["etc/sysctl.d/50-router.conf"].content
    assert "etc/sysctl.d/50-router.conf" not in other
    assert "etc/resolv.conf" in router
    assert "etc/resolv.conf" not in other, "resolved's own"
    assert router["etc/machine-id"] != other["etc/machine-id"]
    assert router["root/.ssh/authorized_keys"].mode == 0o600


def test_a_record_survives_being_written_and_read() -> None:
    assert from_json(json.dumps(asdict(RECORD))) == RECORD


def test_a_lab_needs_one_image_for_hosts_that_are_alike() -> None:
    assert RECORD.images == [LVS2.image, LVS1.image]


def test_an_unknown_host_is_refused_with_the_known_ones() -> None:
    with pytest.raises(LabError, match="no host 'web9'; it has lvs1, lvs2"):
        RECORD.node("web9")


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


def test_what_a_reboot_leaves_is_known_by_the_second_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "FOLDER", tmp_path / "run")
    monkeypatch.setattr(state, "DISKS", tmp_path / "disks")
    assert state.left_behind("lab") is None
    RECORD.save()
    RECORD.forget()
    assert state.load("lab") is None
    assert state.left_behind("lab") == RECORD
    (tmp_path / "disks/lab/lab.json").unlink()
    nameless = state.left_behind("lab")
    assert nameless
    assert (nameless.name, nameless.networks) == ("lab", ())

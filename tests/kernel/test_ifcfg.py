"""What initscripts make of the files that hold addresses, beside what ifupdown and NetworkManager make of theirs."""

from __future__ import annotations

import configparser
import ipaddress
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._addresses import ifcfg
from ansible_collections.lvs.cluster.plugins.module_utils._addresses.stacks import STACKS
from ansible_collections.lvs.cluster.plugins.module_utils._addresses.wish import Address, Found, Wish
from ansible_collections.lvs.cluster.tests.kernel import network_scripts
from ansible_collections.lvs.cluster.tests.kernel.conftest import sh

ADDRESSES = [Address("192.0.2.100", "lo:0"), Address("198.51.100.7", "lo:1"), Address("203.0.113.255", "lo:2")]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The files of a host with network-scripts, and a loopback without addresses of ours."""
    monkeypatch.setattr(ifcfg, "FOLDER", str(tmp_path))
    (tmp_path / "ifcfg-lo").write_text(network_scripts.STOCK)
    sh("ip link set lo up")
    yield tmp_path
    sh("ip address flush dev lo scope global")


def write(folder: Path, *addresses: Address, owner: str = "lvs") -> None:
    """Have the product write files for addresses."""
    texts = {str(path): path.read_text() for path in folder.glob("ifcfg-lo:*")}
    wish = Wish("lo", owner, list(addresses), "# ours\n")
    for file in STACKS["ifcfg"].files(wish, Found(texts=texts)):
        if file.content is None:
            Path(file.path).unlink()
        else:
            Path(file.path).write_text(file.content)


def held() -> set[tuple[str, int, str, str | None]]:
    """What lo has: address, length, label and broadcast address."""
    (link,) = json.loads(sh("ip -json -4 address show dev lo scope global"))[:1] or [{"addr_info": []}]
    return {
        (each["local"], each["prefixlen"], each["label"], each.get("broadcast"))
        for each in link.get("addr_info", [])
        if "local" in each
    }


def test_each_address_stands_for_itself_alone_under_its_label(folder: Path) -> None:
    write(folder, *ADDRESSES)
    assert network_scripts.ifup_lo(folder).errors == []
    # ip shows no broadcast address that is the address itself.
    assert {each[:3] for each in held()} == {(each.address, 32, each.label) for each in ADDRESSES}
    assert network_scripts.ifup_lo(folder).errors == []
    assert len(held()) == len(ADDRESSES)


def test_ifupdown_and_network_manager_come_to_the_same(folder: Path) -> None:
    write(folder, *ADDRESSES)
    network_scripts.ifup_lo(folder)
    ours = {each[:3] for each in held()}
    sh("ip address flush dev lo scope global")

    wish = Wish("lo", "lvs", ADDRESSES)
    (interfaces,) = STACKS["ifupdown"].files(wish, Found())
    for command in re.findall(r"^ +up (.+)$", str(interfaces.content), re.MULTILINE):
        sh(command)
    assert {each[:3] for each in held()} == ours

    (profile,) = STACKS["NetworkManager"].files(wish, Found())
    parsed = configparser.ConfigParser()
    parsed.read_string(str(profile.content))
    given = [ipaddress.ip_interface(value) for key, value in parsed["ipv4"].items() if key.startswith("address")]
    assert {(str(each.ip), each.network.prefixlen) for each in given} == {each[:2] for each in ours}


def test_alias_that_says_nothing_of_its_length_is_a_network_of_the_hosts_own(folder: Path) -> None:
    """What the reader is for: the files of many a guide do this."""
    (folder / "ifcfg-lo:0").write_text("DEVICE=lo:0\nIPADDR=192.0.2.100\n")
    network_scripts.ifup_lo(folder)
    assert {each[:2] for each in held()} == {("192.0.2.100", 8)}


def test_length_of_ifcfg_lo_does_not_win(folder: Path) -> None:
    (folder / "ifcfg-lo").write_text(network_scripts.STOCK + "PREFIX=8\n")
    write(folder, *ADDRESSES[:1])
    network_scripts.ifup_lo(folder)
    assert {each[:2] for each in held()} == {("192.0.2.100", 32)}


def test_address_that_leaves_goes_and_one_that_no_file_names_too(folder: Path) -> None:
    write(folder, *ADDRESSES)
    network_scripts.ifup_lo(folder)
    sh("ip address add 192.0.2.9/32 dev lo label lo:9")
    sh("ip address add 192.0.2.10/32 dev lo")
    write(folder, *ADDRESSES[1:])
    network_scripts.ifup_lo(folder)
    assert {each[0] for each in held()} == {"198.51.100.7", "203.0.113.255", "192.0.2.10"}


def test_two_owners_and_a_file_by_hand_do_not_take_each_others_names(folder: Path) -> None:
    (folder / "ifcfg-lo:0").write_text("DEVICE=lo:0\nIPADDR=192.0.2.7\nPREFIX=32\n")
    write(folder, *ADDRESSES[:1])
    write(folder, ADDRESSES[1]._replace(label="lo:0"), owner="other")
    assert network_scripts.ifup_lo(folder).errors == []
    assert {each[0] for each in held()} == {"192.0.2.7", "192.0.2.100", "198.51.100.7"}
    write(folder)
    network_scripts.ifup_lo(folder)
    assert {each[0] for each in held()} == {"192.0.2.7", "198.51.100.7"}


def test_two_files_of_one_label_or_one_address_are_told(folder: Path) -> None:
    write(folder, *ADDRESSES[:1])
    (folder / "ifcfg-lo:a").write_text("DEVICE=lo:0\nIPADDR=192.0.2.8\nPREFIX=32\n")
    (folder / "ifcfg-lo:b").write_text("DEVICE=lo:b\nIPADDR=192.0.2.100\nPREFIX=32\n")
    (folder / "ifcfg-lo:c.rpmsave").write_text("DEVICE=lo:c\nIPADDR=192.0.2.8\nPREFIX=32\n")
    assert network_scripts.ifup_lo(folder).errors == ["ifcfg-lo:a", "ifcfg-lo:b"]
    assert {each[0] for each in held()} == {"192.0.2.100"}

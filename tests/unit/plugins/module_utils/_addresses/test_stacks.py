"""How each network stack is recognised, and what it gets for a list of addresses."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml
from ansible_collections.lvs.cluster.plugins.module_utils._addresses import (
    ifcfg,
    ifupdown,
    keyfile,
    netplan,
    networkd,
    stacks,
)
from ansible_collections.lvs.cluster.plugins.module_utils._addresses.stacks import STACKS, Seen
from ansible_collections.lvs.cluster.plugins.module_utils._addresses.wish import Address, Found, Wish

ADDRESSES = [Address("192.0.2.100", "lo:0"), Address("192.0.2.101", ""), Address("2001:db8::100", "lo:2")]
NOTHING = Found()
CARD = """# by hand
[connection]
id=card
uuid=6a8f32c2-3d2d-4d33-9d3d-0d4f9b1b7f11
type=ethernet
interface-name=eth0

[ipv4]
method=manual
address1=192.0.2.11/24,192.0.2.254
dns=192.0.2.1;

[ipv6]
method=disabled
"""

# `networkctl --json=short status lo` of systemd 257 (Debian 13), shortened.
RECORDED = json.dumps(
    {
        "Index": 1,
        "Name": "lo",
        "Type": "loopback",
        "AdministrativeState": "configured",
        "NetworkFile": "/etc/systemd/network/10-lvs-loopback.network",
        "NetworkFileDropins": ["/etc/systemd/network/10-lvs-loopback.network.d/lvs.conf"],
        "RequiredForOnline": True,
    }
)


def wish(**options: object) -> Wish:
    return Wish(**{"interface": "lo", "owner": "lvs", "addresses": ADDRESSES, "header": "# ours\n", **options})


def texts(stack: str, found: Found = NOTHING, **options: object) -> dict[str, str]:
    return {each.path: each.content for each in STACKS[stack].files(wish(**options), found)}


@pytest.mark.parametrize(
    ("seen", "stack"),
    [
        (Seen(), "ifupdown"),
        (Seen(networkd_runs=True), "networkd"),
        (Seen(networkd_runs=True, netplan_writes_for_networkd=True), "netplan"),
        (Seen(netplan_writes_for_networkd=True, network_manager_runs=True), "NetworkManager"),
        (Seen(network_manager_runs=True), "NetworkManager"),
        (Seen(network_manager_runs=True, ifupdown_has_cards=True), "ifupdown"),
        (Seen(ifup_aliases_is_there=True, network_is_enabled=True, network_manager_runs=True), "ifcfg"),
        (Seen(ifup_aliases_is_there=True, network_manager_runs=True), "NetworkManager"),
        (Seen(network_is_enabled=True, network_manager_runs=True), "NetworkManager"),
    ],
)
def test_first_that_would_read_its_files_is_taken(seen: Seen, stack: str) -> None:
    assert stacks.recognised(seen) == stack


def test_networkd_has_a_file_for_the_loopback_and_an_addition_for_each_owner() -> None:
    found = texts("networkd")
    base = "/etc/systemd/network/10-lvs-loopback.network"
    assert list(found) == [base, f"{base}.d/lvs-loopback.conf"]
    assert "KeepConfiguration=static" in found[base]
    assert found[f"{base}.d/lvs-loopback.conf"] == (
        "# ours\n"
        "\n[Address]\nAddress=192.0.2.100/32\nLabel=lo:0\n"
        "\n[Address]\nAddress=192.0.2.101/32\n"
        "\n[Address]\nAddress=2001:db8::100/128\nDuplicateAddressDetection=none\n"
    )


def test_networkd_has_only_the_addition_where_the_host_has_a_file_of_its_own() -> None:
    assert list(texts("networkd", Found("20-card.network"), interface="eth0")) == [
        "/etc/systemd/network/20-card.network.d/lvs-eth0.conf"
    ]


@pytest.mark.parametrize(
    ("stack", "line"),
    [
        ("networkd", "PreferredLifetime=0"),
        ("netplan", "            lifetime: 0"),
        ("ifupdown", "    up ip address replace 2001:db8::100/128 dev eth0 nodad preferred_lft 0"),
    ],
)
def test_a_host_sends_nothing_of_its_own_from_an_address_of_ipv6_on_a_card(stack: str, line: str) -> None:
    def lines(**options: object) -> list[str]:
        return "".join(texts(stack, Found("20-card.network"), **options).values()).splitlines()

    assert lines(interface="eth0").count(line) == 1
    assert lines(interface="eth0", addresses=[Address("192.0.2.101", "")]).count(line) == 0
    assert not any("ifetime" in each or "preferred" in each for each in lines())


DUMMY = {"interface": "lvs0", "is_dummy": True}


def test_networkd_makes_a_dummy_device_and_gives_it_addresses() -> None:
    found = texts("networkd", **DUMMY)
    base = "/etc/systemd/network/10-lvs-lvs0.network"
    device = "/etc/systemd/network/10-lvs-lvs0.netdev"
    assert list(found) == [base, device, f"{base}.d/lvs-lvs0.conf"]
    assert found[device] == "# ours\n\n[NetDev]\nName=lvs0\nKind=dummy\n"
    assert "\nName=lvs0\n" in found[base]
    assert found[base].endswith("\nKeepConfiguration=static\nLinkLocalAddressing=no\n")
    whole = [f"{base}.d/lvs-lvs0.conf", f"{base}.d", base, device]
    gone = stacks.gone(wish(addresses=[], **DUMMY), whole[:1], shared=False)
    assert [(each.path, each.content) for each in gone] == [(path, None) for path in whole]
    assert [each.path for each in stacks.gone(wish(addresses=[], **DUMMY), whole[:1], shared=True)] == whole[:2]


def test_ifupdown_makes_a_dummy_device_before_it_gets_addresses() -> None:
    ((path, text),) = texts("ifupdown", **DUMMY).items()
    assert path == "/etc/network/interfaces.d/lvs-lvs0"
    assert [line for line in text.splitlines() if line.startswith("auto")] == [
        "auto lvs0",
        *(f"auto lvs0:lvs-{number}" for number in range(3)),
    ]
    assert "    pre-up [ -e /sys/class/net/lvs0 ] || ip link add lvs0 type dummy\n" in text


def test_netplan_makes_a_dummy_device() -> None:
    ((path, text),) = texts("netplan", **DUMMY).items()
    assert path == "/etc/netplan/60-lvs-lvs0.yaml"
    told = yaml.safe_load(text)["network"]
    assert set(told) == {"version", "dummy-devices"}
    assert told["dummy-devices"]["lvs0"]["critical"]
    assert netplan.has_dummies("features:\n    - dhcp-use-domains\n    - virtual-ethernet\n")
    assert not netplan.has_dummies("features:\n    - dhcp-use-domains\n")


def test_network_manager_makes_a_dummy_device() -> None:
    addresses = [Address("192.0.2.100", "")]
    ((path, text),) = texts("NetworkManager", **DUMMY, addresses=addresses).items()
    assert path == "/etc/NetworkManager/system-connections/lvs-lvs0.nmconnection"
    assert text == (
        "# ours\n[connection]\nid=lvs-lvs0\ntype=dummy\ninterface-name=lvs0\n\n"
        "[ipv4]\nmethod=manual\naddress1=192.0.2.100/32\n\n[ipv6]\nmethod=disabled\n\n"
        "[user]\nlvs-cluster.lvs=192.0.2.100\n"
    )
    assert keyfile.edited(text, wish(**DUMMY, addresses=[]), ours=True) is None


@pytest.mark.parametrize(
    ("version", "holder", "told"),
    [
        ((1, 40), "lvs0", ["NetworkManager 1.40 leaves lo alone, so virtual addresses stand on lvs0, a dummy device"]),
        ((1, 42), "lo", []),
        ((), "lo", []),
    ],
)
def test_network_manager_that_leaves_the_loopback_alone_gets_a_dummy_device(version, holder, told) -> None:
    seen = Seen(network_manager_runs=True, network_manager_version=version)
    assert (stacks.holder(seen), stacks.holder_notes(seen)) == (holder, told)
    beside = seen._replace(networkd_runs=True)
    assert (stacks.holder(beside), stacks.holder_notes(beside)) == ("lo", [])


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        (Seen(ifup_aliases_is_there=True, network_is_enabled=True), ""),
        (Seen(ifup_aliases_is_there=True), "(network.service is not enabled); virtual addresses stand where ifupdown"),
        (Seen(network_manager_runs=True), "(there is no ifup-aliases); virtual addresses stand where NetworkManager"),
    ],
)
def test_ifcfg_files_that_nobody_reads_are_passed_over_and_that_is_told(seen: Seen, told: str) -> None:
    found = stacks.notes(seen._replace(ifcfg_files_are_there=True))
    assert len(found) == bool(told)
    assert told in "".join(found)
    assert stacks.notes(seen) == []


def test_ifupdown_names_each_address_after_its_owner() -> None:
    ((path, text),) = texts("ifupdown").items()
    assert path == "/etc/network/interfaces.d/lvs-loopback"
    assert [line for line in text.splitlines() if line.startswith("auto")] == [
        "auto lo:lvs-0",
        "auto lo:lvs-1",
        "auto lo:lvs-2",
    ]
    assert "    up ip address replace 2001:db8::100/128 dev lo nodad\n" in text
    assert "    up ip address replace 192.0.2.101/32 dev lo\n" in text


def test_netplan_adds_to_what_its_other_files_say_of_the_interface() -> None:
    ((path, text),) = texts("netplan", Found("card"), interface="eth0").items()
    assert path == "/etc/netplan/60-lvs-eth0.yaml"
    assert yaml.safe_load(text) == {
        "network": {
            "version": 2,
            "ethernets": {
                "card": {
                    "addresses": [
                        {"192.0.2.100/32": {"label": "lo:0"}},
                        "192.0.2.101/32",
                        {"2001:db8::100/128": {"lifetime": 0}},
                    ],
                }
            },
        }
    }
    assert STACKS["netplan"].files(wish(), NOTHING)[0].mode == 0o600
    ((_path, text),) = texts("netplan", Found("lo")).items()
    assert yaml.safe_load(text)["network"]["ethernets"]["lo"]["critical"]


def test_network_manager_gets_a_profile_of_ours_where_the_loopback_has_none() -> None:
    ((path, text),) = texts("NetworkManager").items()
    assert path == "/etc/NetworkManager/system-connections/lvs-loopback.nmconnection"
    assert text == (
        "# ours\n[connection]\nid=lvs-loopback\ntype=loopback\ninterface-name=lo\n\n"
        "[ipv4]\nmethod=manual\naddress1=192.0.2.100/32\naddress2=192.0.2.101/32\n\n"
        "[ipv6]\nmethod=manual\naddress1=2001:db8::100/128\n\n"
        "[user]\nlvs-cluster.lvs=192.0.2.100 192.0.2.101 2001:db8::100\n"
    )
    assert keyfile.edited(text, wish(), ours=True) == text


def test_owners_share_a_profile_and_the_last_takes_it_away() -> None:
    both = keyfile.edited(texts("NetworkManager").popitem()[1], wish(owner="other", addresses=ADDRESSES[:1]), ours=True)
    rest = keyfile.edited(both, wish(addresses=[]), ours=True)
    assert "address1=192.0.2.100/32" in rest
    assert "192.0.2.101" not in rest
    assert "lvs-cluster.lvs" not in rest
    # NetworkManager refuses a profile of the loopback in which a family is disabled.
    assert "[ipv6]\nmethod=auto\n" in rest
    assert keyfile.edited(rest, wish(owner="other", addresses=[]), ours=True) is None


def test_profile_of_the_hosts_own_gets_the_addresses_and_is_as_it_was_without_them() -> None:
    with_them = keyfile.edited(CARD, wish(interface="eth0"), ours=False)
    assert "address1=192.0.2.11/24,192.0.2.254\ndns=192.0.2.1;\naddress2=192.0.2.100/32\naddress3=" in with_them
    assert "[ipv6]\nmethod=manual\naddress1=2001:db8::100/128\n" in with_them
    assert keyfile.edited(with_them, wish(interface="eth0", addresses=[]), ours=False) == CARD


def test_address_that_the_host_had_in_its_profile_before_stays_there_once() -> None:
    again = keyfile.edited(CARD, wish(interface="eth0", addresses=[Address("192.0.2.11", "")]), ours=False)
    assert again.count("192.0.2.11/24") == 1
    assert "192.0.2.11/32" not in again
    assert keyfile.edited(again, wish(interface="eth0", addresses=[]), ours=False) == CARD


def test_ifcfg_says_all_that_it_would_take_over_from_the_interface() -> None:
    found = texts("ifcfg", addresses=ADDRESSES[:2])
    assert list(found) == [f"{ifcfg.FOLDER}/ifcfg-lo:0", f"{ifcfg.FOLDER}/ifcfg-lo:1"]
    assert found[f"{ifcfg.FOLDER}/ifcfg-lo:0"] == (
        "# ours\n\n# Addresses of lvs.\nDEVICE=lo:0\nIPADDR=192.0.2.100\nPREFIX=32\nNETMASK=255.255.255.255\n"
        "BROADCAST=192.0.2.100\nONPARENT=yes\n"
    )


def test_ifcfg_leaves_the_names_of_others_and_keeps_its_own() -> None:
    strange = {f"{ifcfg.FOLDER}/ifcfg-lo:0": "DEVICE=lo:0\nIPADDR=192.0.2.7\n"}
    first = texts("ifcfg", Found(texts=strange), addresses=ADDRESSES[:2])
    assert list(first) == [f"{ifcfg.FOLDER}/ifcfg-lo:1", f"{ifcfg.FOLDER}/ifcfg-lo:2"]
    there = Found(texts={**strange, **first})
    assert texts("ifcfg", there, addresses=ADDRESSES[:2]) == first
    kept = texts("ifcfg", there, addresses=ADDRESSES[1:2])
    assert kept == {f"{ifcfg.FOLDER}/ifcfg-lo:1": None, **dict([list(first.items())[1]])}


@pytest.mark.parametrize("stack", ["netplan", "networkd", "ifcfg", "ifupdown"])
@pytest.mark.parametrize("interface", ["lo", "eth0"])
def test_addresses_of_a_file_are_found_again_and_so_is_the_file(stack: str, interface: str) -> None:
    addresses = ADDRESSES if STACKS[stack].has_ipv6 else ADDRESSES[:2]
    found = Found("" if interface == "lo" else "20-card.network")
    written = texts(stack, found, interface=interface, addresses=addresses)
    assert set().union(*map(stacks.named, written.values())) == {each.address for each in addresses}
    patterns = {pattern.replace("*", ""): is_own for pattern, is_own in stacks.own_patterns(interface, "lvs").items()}
    own = [
        path
        for path, text in written.items()
        for pattern, is_own in patterns.items()
        if path.rpartition("/")[2].startswith(pattern.rpartition("/")[2]) and is_own(text, "lvs")
    ]
    assert own
    assert stacks.named("") == stacks.named("Address=192.0.2.11/24\n") == set()


def test_document_has_the_table_of_stacks() -> None:
    text = (Path(__file__).resolve().parents[5] / "docs" / "stacks.md").read_text()
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("| ")
    ]
    told = {row[0]: row[1:] for row in rows if row[0] in STACKS}
    assert list(told) == list(STACKS)
    for name, stack in STACKS.items():
        sign, place, tells, labels, ipv6, dummies = told[name]
        assert (sign, place.replace("`", "")) == (stack.sign, stack.place)
        assert re.findall(r"`([^`]+)`", tells) == list(stack.tells)
        knows = (stack.has_labels, stack.has_ipv6, stack.has_dummies)
        assert [labels, ipv6, dummies] == ["yes" if each else "no" for each in knows]


def test_what_networkd_reads_is_told_with_its_additions() -> None:
    found = networkd.network_file(RECORDED)
    assert found.path == "/etc/systemd/network/10-lvs-loopback.network"
    assert found.drop_ins == ["/etc/systemd/network/10-lvs-loopback.network.d/lvs.conf"]
    assert networkd.network_file('{"Index":1,"Name":"lo","AdministrativeState":"unmanaged"}') == ("", None)


def test_what_networkd_reads_is_told_of_all_interfaces() -> None:
    unmanaged = {"Name": "eth1", "AdministrativeState": "unmanaged"}
    told = json.dumps({"Interfaces": [json.loads(RECORDED), unmanaged]})
    assert networkd.network_files(told) == {"lo": "/etc/systemd/network/10-lvs-loopback.network"}


def test_what_ifupdown_brings_up_is_told() -> None:
    assert ifupdown.started_at_boot("lo\nlo:lvs-0\neth0\n") == ["lo", "lo:lvs-0", "eth0"]

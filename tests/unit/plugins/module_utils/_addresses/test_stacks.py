"""What each network stack gets for a list of addresses."""

from __future__ import annotations

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._addresses import stacks
from ansible_collections.lvs.cluster.plugins.module_utils._addresses.stacks import Address, Found, Wish

ADDRESSES = [Address("192.0.2.100", "lo:0"), Address("192.0.2.101", ""), Address("2001:db8::100", "lo:2")]


NOTHING = Found()


def texts(stack: str, found: Found = NOTHING, **wish: object) -> dict[str, str]:
    wanted = Wish(**{"interface": "lo", "owner": "lvs", "addresses": ADDRESSES, "header": "# ours\n", **wish})
    return {each.path: each.content for each in stacks.STACKS[stack].files(wanted, found)}


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


@pytest.mark.parametrize("stack", stacks.STACKS)
@pytest.mark.parametrize("interface", ["lo", "eth0"])
def test_addresses_of_a_file_are_found_again_and_so_is_the_file(stack: str, interface: str) -> None:
    written = texts(stack, Found("" if interface == "lo" else "20-card.network"), interface=interface)
    read = set().union(*map(stacks.named, written.values()))
    assert read == {each.address for each in ADDRESSES}
    patterns = [pattern.replace("*", "") for pattern in stacks.own_patterns(interface, "lvs")]
    assert any(path.endswith(pattern.rpartition("/")[2]) for path in written for pattern in patterns)
    assert stacks.named("") == set()

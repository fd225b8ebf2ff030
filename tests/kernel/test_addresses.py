"""The module addresses on a real kernel: what others put on an interface stays, what it put there itself goes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.basic import AnsibleModule
from ansible_collections.lvs.cluster.plugins.module_utils._host import memory as memories
from ansible_collections.lvs.cluster.plugins.module_utils._host import networks
from ansible_collections.lvs.cluster.tests.kernel.conftest import run_command, sh
from ansible_collections.lvs.cluster.tests.unit.playing import ModuleFailedError, play

VIP, SECOND, STRANGER = "192.0.2.100", "192.0.2.101", "192.0.2.99"


@pytest.fixture(autouse=True)
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A loopback with the address of a stranger under such a label as ours have, and a memory of its own."""
    monkeypatch.setattr(memories, "ROOT", str(tmp_path))
    sh(f"ip address add {STRANGER}/32 dev lo label lo:7")
    yield tmp_path / "addresses" / "lo"
    sh("ip address flush dev lo scope global")


def hold(*addresses: str, **options: Any) -> dict[str, Any]:
    wanted = [{"address": each, "label": f"lo:{number}"} for number, each in enumerate(addresses)]
    return play("addresses", addresses=wanted, **options)


def held() -> set[str]:
    """The addresses of lo with their length, but for its own."""
    return set(sh("ip -4 -oneline address show dev lo scope global | awk '{print $4}'").split())


def test_stranger_s_address_stays_when_ours_come_and_go() -> None:
    assert hold(VIP, SECOND)["changed"]
    assert held() == {f"{STRANGER}/32", f"{VIP}/32", f"{SECOND}/32"}
    again = hold(VIP, SECOND)
    assert (again["changed"], again["differs"], again["leaving"]) == (False, False, [])

    left = hold(VIP)
    assert not left["changed"]
    assert (left["surplus"], left["leaving"]) == ([SECOND], [SECOND])
    gone = hold(VIP, purge=True)
    assert gone["commands"] == [f"ip address delete {SECOND}/32 dev lo"]
    assert held() == {f"{STRANGER}/32", f"{VIP}/32"}
    assert hold(purge=True)["changed"]
    assert held() == {f"{STRANGER}/32"}
    assert not hold(purge=True)["changed"]


def test_address_without_a_label_comes_and_goes_as_the_others_do() -> None:
    play("addresses", addresses=[{"address": VIP}])
    (link,) = json.loads(sh(f"ip -json -4 address show dev lo to {VIP}/32"))
    assert [each["label"] for each in link["addr_info"] if "local" in each] == ["lo"]
    assert not play("addresses", addresses=[{"address": VIP}])["changed"]
    assert not hold(VIP)["changed"]
    assert hold(purge=True)["commands"] == [f"ip address delete {VIP}/32 dev lo"]
    assert held() == {f"{STRANGER}/32"}


def test_address_that_somebody_took_is_leaving_and_forgotten() -> None:
    """Else it would be ours, and go, once somebody else puts it there."""
    hold(VIP, SECOND)
    sh(f"ip address delete {SECOND}/32 dev lo")
    left = hold(VIP)
    assert (left["surplus"], left["leaving"]) == ([], [SECOND])
    assert hold(VIP, purge=True)["changed"]
    assert hold(VIP)["leaving"] == []


def test_check_mode_says_and_does_nothing(memory: Path) -> None:
    told = hold(VIP, check=True)
    assert (bool(told["commands"]), told["differs"]) == (True, True)
    assert held() == {f"{STRANGER}/32"}
    assert not memory.exists()


def test_address_of_the_description_that_is_there_is_taken_over_as_it_is() -> None:
    assert hold(STRANGER)["commands"] == []
    assert hold(purge=True)["changed"]
    assert held() == set()


def test_address_that_an_earlier_file_of_ours_names_is_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sh(f"ip address add {VIP}/32 dev lo label lo:0")
    written = tmp_path / "lvs-loopback"
    written.write_text(f"# B\xfcro\n[Match]\nName=lo\n\n[Address]\nAddress={VIP}/32\nLabel=lo:0\n", encoding="latin-1")
    monkeypatch.setattr(networks, "own_patterns", lambda *_words: {str(written): lambda *_told: True})
    assert hold()["surplus"] == [VIP]
    hold(purge=True)
    assert held() == {f"{STRANGER}/32"}


def test_address_that_stands_for_a_network_is_refused_before_anything_changes(memory: Path) -> None:
    sh(f"ip address add {VIP}/24 dev lo label lo:0")
    with pytest.raises(ModuleFailedError, match=f"ip address delete {VIP}/24 dev lo"):
        hold(SECOND, VIP)
    assert held() == {f"{STRANGER}/32", f"{VIP}/24"}
    assert not list(memory.glob("*.json"))


def test_card_holds_them_beside_its_own_and_each_interface_has_a_memory_of_its_own(memory: Path) -> None:
    sh("ip link add card0 type veth peer name card1; ip link set card0 up; ip address add 192.0.2.11/24 dev card0")
    try:
        wanted = [{"address": VIP, "label": "card0:0"}, {"address": "2001:db8::100"}]
        told = play("addresses", interface="card0", addresses=wanted)
        assert (told["changed"], told["interface"]) == (True, "card0")
        shown = sh("ip -oneline address show dev card0 scope global | awk '{print $4, $NF, $(NF-2)}'")
        assert {line.split()[0] for line in shown.splitlines()} == {f"{VIP}/32", "192.0.2.11/24", "2001:db8::100/128"}
        assert "card0:0" in sh("ip -oneline address show dev card0")
        assert "tentative" not in sh("ip -oneline address show dev card0 scope global")
        assert not play("addresses", interface="card0", addresses=wanted)["changed"]
        assert not hold(purge=True)["changed"]
        assert not memory.exists() or not list(memory.glob("*.json"))
        assert play("addresses", interface="card0", addresses=[], purge=True)["changed"]
        assert sh("ip -oneline address show dev card0 scope global | awk '{print $4}'").split() == ["192.0.2.11/24"]
        sh(f"ip address add {VIP}/24 dev card0")
        with pytest.raises(ModuleFailedError, match=f"{VIP}/24 stands on card0, not as {VIP}/32"):
            play("addresses", interface="card0", addresses=wanted)
    finally:
        sh("ip link delete card0")


def links() -> list[str]:
    return [link["ifname"] for link in json.loads(sh("ip -json link show type dummy")) if link]


def test_dummy_device_comes_with_the_first_address_and_goes_with_the_last(memory: Path) -> None:
    dummy = {"interface": "lvs0", "dummy": True}
    assert hold(VIP, check=True, **dummy)["changed"]
    assert links() == []
    made = hold(VIP, **dummy)
    assert made["commands"] == [
        "ip link add lvs0 type dummy",
        "ip link set lvs0 up",
        f"ip address add {VIP}/32 dev lvs0",
    ]
    again = hold(VIP, **dummy)
    assert (again["changed"], again["commands"]) == (False, [])
    sh("ip link set lvs0 down")
    assert hold(VIP, **dummy)["commands"] == ["ip link set lvs0 up"]

    hold(SECOND, owner="other", **dummy)
    assert hold(purge=True, **dummy)["commands"] == [f"ip address delete {VIP}/32 dev lvs0"]
    sh(f"ip address add {STRANGER}/32 dev lvs0")
    gone = [f"ip address delete {SECOND}/32 dev lvs0"]
    assert hold(purge=True, owner="other", **dummy)["commands"] == gone
    assert links() == ["lvs0"]
    sh(f"ip address delete {STRANGER}/32 dev lvs0")
    assert hold(purge=True, owner="other", **dummy)["commands"] == ["ip link delete lvs0 type dummy"]
    assert (links(), list((memory.parent / "lvs0").glob("*.json"))) == ([], [])
    assert not hold(purge=True, **dummy)["changed"]


def test_address_is_the_host_s_all_the_while_that_it_goes_to_a_dummy_device() -> None:
    hold(VIP)
    play("addresses", addresses=[{"address": VIP}], interface="lvs0", dummy=True)
    hold(purge=True)
    assert f"local {VIP} " in sh(f"ip route get {VIP}")
    assert f"local {VIP} dev lvs0 " in sh("ip route show table local")
    play("addresses", addresses=[], interface="lvs0", dummy=True, purge=True)
    assert links() == []


def test_address_of_two_owners_goes_with_the_last() -> None:
    hold(VIP)
    hold(VIP, owner="other")
    assert hold(purge=True)["commands"] == []
    assert hold(purge=True, owner="other")["commands"] == [f"ip address delete {VIP}/32 dev lo"]
    assert held() == {f"{STRANGER}/32"}


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"address": "192.0.2.010"}, r"addresses\[1\].address: '192.0.2.010' .*leading"),  # ip reads it as octal
    ({"address": "192.0.2"}, "is not an address"),  # ip reads it as 192.0.2.0
    ({"address": "192.0.2.300"}, "is not an address"),
    ({"address": "192.0.2.101/32"}, "is not an address"),
    ({"address": "2001:DB8::1"}, "without leading zeros"),
    ({"address": "::1"}, "is not the address of a service"),
    ({"address": "fe80::1"}, "is not the address of a service"),
    ({"address": "www.example.com"}, "is not an address"),
    ({"address": ""}, "is not an address"),
    ({"address": "127.0.0.1"}, "is not the address of a service"),
    ({"address": "224.0.0.18"}, "is not the address of a service"),
    ({"address": VIP}, "stands there twice"),
    ({"label": "lo"}, r"addresses\[1\].label: 'lo' "),
    ({"label": "web"}, "lo:0"),
    ({"label": "lo0"}, "lo:0"),
    ({"label": "lo:"}, "lo:0"),
    ({"label": "lo:a b"}, "lo:0"),
    ({"label": "lo:1234567890123"}, "lo:0"),
    ({"label": "eth0:0"}, "lo:0"),
]


@pytest.mark.parametrize(("bad", "complaint"), REFUSED, ids=[next(iter(bad.values())) for bad, _complaint in REFUSED])
@pytest.mark.parametrize("check", [False, True])
def test_what_the_loopback_cannot_hold_is_refused_before_anything_changes(
    memory: Path, bad: dict[str, str], complaint: str, check: bool
) -> None:
    addresses = [{"address": VIP, "label": "lo:0"}, {"address": SECOND, "label": "lo:1", **bad}]
    with pytest.raises(ModuleFailedError, match=complaint) as caught:
        play("addresses", addresses=addresses, check=check)
    assert "Nothing was changed" in str(caught.value)
    assert held() == {f"{STRANGER}/32"}
    assert not memory.exists()


@pytest.mark.parametrize("owner", ["", "../lvs", "a b", ".lvs"])
def test_owner_is_a_word(memory: Path, owner: str) -> None:
    """It names a file."""
    with pytest.raises(ModuleFailedError, match="owner: "):
        hold(VIP, owner=owner)
    assert held() == {f"{STRANGER}/32"}
    assert not memory.exists()


def test_address_is_remembered_also_where_the_kernel_refuses_the_next(
    memory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a run that is cut off has put there is ours to the next one."""

    def refusing(_module: AnsibleModule, words: list[str], **_options: object) -> tuple[int, str, str]:
        return (2, "", "RTNETLINK answers: No buffer space") if f"{SECOND}/32" in words else run_command(words)

    with monkeypatch.context() as patch:
        patch.setattr(AnsibleModule, "run_command", refusing)
        with pytest.raises(ModuleFailedError, match="No buffer space"):
            hold(VIP, SECOND)
    assert VIP in (memory / "lvs.json").read_text()
    assert hold(purge=True)["commands"] == [f"ip address delete {VIP}/32 dev lo"]

"""What addresses_boot writes and asks, with programs that say what they are told to say and files below a folder."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._addresses import ifupdown, netplan, networkd
from ansible_collections.lvs.cluster.plugins.module_utils._host import networks
from ansible_collections.lvs.cluster.tests.unit.playing import ModuleFailedError, play

VIP = {"address": "192.0.2.100", "label": "lo:0"}
BASE = "10-lvs-loopback.network"


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the files of the network go."""
    folder = tmp_path / "etc"
    for stack in (ifupdown, netplan, networkd):
        monkeypatch.setattr(stack, "FOLDER", str(folder))
    monkeypatch.setattr(f"{networks.__package__}.boot.SECONDS", 0)
    return folder


@pytest.fixture
def says(program):
    """Has a program say something; what sets up the network starts at boot."""
    program("systemctl", "echo enabled")
    return lambda name, text: program(name, f"cat <<'E'\n{text}\nE")


@pytest.fixture
def networkctl(program, tmp_path: Path):
    """A networkd that says, once it was told to reload, what it is to say then; and how often it was."""
    program("systemctl", "echo enabled")
    reloads = tmp_path / "reloads"

    def telling(before: dict[str, Any], after: dict[str, Any]) -> None:
        program(
            "networkctl",
            f"[ $1 = reload ] && {{ echo >>{reloads}; exit; }}\n"
            f"[ -e {reloads} ] && echo '{json.dumps(after)}' || echo '{json.dumps(before)}'",
        )

    telling.reloads = lambda: reloads.read_text().count("\n") if reloads.exists() else 0
    return telling


def boot(stack: str, *addresses: dict[str, str], **options: Any) -> dict[str, Any]:
    return play("addresses_boot", stack=stack, addresses=addresses, **options)


def files(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def test_ifupdown_is_written_for_and_asked(says, root: Path) -> None:
    says("ifquery", "lo\nlo:lvs-0")
    told = boot("ifupdown", VIP, header="# ours\n", check=True)
    assert (told["changed"], told["differing"], files(root)) == (True, [str(root / "lvs-loopback")], [])
    assert boot("ifupdown", VIP, header="# ours\n")["changed"]
    assert (root / "lvs-loopback").read_text() == (
        "# ours\n\nauto lo:lvs-0\niface lo:lvs-0 inet manual\n"
        "    up ip address replace 192.0.2.100/32 dev lo label lo:0\n"
        "    down ip address delete 192.0.2.100/32 dev lo || :\n"
    )
    assert not boot("ifupdown", VIP, header="# ours\n")["changed"]
    assert boot("ifupdown")["changed"]
    assert files(root) == []
    assert not boot("ifupdown")["changed"]


def test_file_that_ifupdown_does_not_read_is_refused_once_it_is_there(says, root: Path) -> None:
    says("ifquery", "lo\neth0")
    assert not boot("ifupdown", VIP, check=True)["read"]
    for check in (False, True):
        with pytest.raises(ModuleFailedError, match=f"'source {root}/\\*' into /etc/network/interfaces"):
            boot("ifupdown", VIP, check=check)


@pytest.mark.parametrize("state", ["disabled", "masked"])
def test_host_whose_boot_does_not_start_the_stack_is_refused(says, root: Path, state: str) -> None:
    says("ifquery", "lo\nlo:lvs-0")
    says("systemctl", state)
    with pytest.raises(ModuleFailedError, match=f"networking.service is {state}"):
        boot("ifupdown", VIP)
    assert files(root) == []


@pytest.mark.usefixtures("says")
def test_host_without_the_stack_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ansible.module_utils.basic.AnsibleModule.get_bin_path", lambda *_words, **_options: None)
    with pytest.raises(ModuleFailedError, match="Set realserver_network to what does"):
        boot("ifupdown", VIP)


@pytest.mark.parametrize(
    ("told", "refusal"),
    [
        pytest.param({"NetworkFile": "{base}", "NetworkFileDropins": ["{base}.d/lvs-loopback.conf"]}, "", id="read"),
        pytest.param({"NetworkFile": "{base}"}, "", id="an older networkd"),
        pytest.param({}, "has not read", id="nothing"),
        pytest.param({"NetworkFile": "{base}", "NetworkFileDropins": []}, "has not read", id="not ours"),
    ],
)
def test_networkd_is_told_and_asked_what_it_reads(networkctl, root: Path, told: dict[str, Any], refusal: str) -> None:
    networkctl({}, json.loads(json.dumps(told).replace("{base}", str(root / BASE))))
    if refusal:
        with pytest.raises(ModuleFailedError, match=refusal):
            boot("networkd", VIP)
    else:
        result = boot("networkd", VIP)
        assert (result["changed"], result["read"], networkctl.reloads()) == (True, False, 1)
        again = boot("networkd", VIP)
        assert (again["changed"], again["read"], networkctl.reloads()) == (False, True, 1)
    assert files(root) == [BASE, f"{BASE}.d/lvs-loopback.conf"]


def test_networkd_that_a_run_before_wrote_for_and_did_not_tell_is_told(networkctl, root: Path) -> None:
    base = str(root / BASE)
    networkctl({}, {"NetworkFile": base, "NetworkFileDropins": [f"{base}.d/lvs-loopback.conf"]})
    boot("networkd", VIP)
    networkctl(*[{"NetworkFile": base, "NetworkFileDropins": []}] * 2)
    assert boot("networkd", VIP, check=True)["differs"]


def test_networkd_that_sets_up_the_loopback_from_another_file_is_refused_unless_that_is_named(networkctl) -> None:
    other = {"NetworkFile": "/etc/systemd/network/05-lo.network"}
    networkctl(other, other)
    with pytest.raises(ModuleFailedError, match=r"Set realserver_networkd_file to 05-lo\.network"):
        boot("networkd", VIP, check=True)
    (file,) = boot("networkd", VIP, networkd_file="05-lo.network", check=True)["differing"]
    assert file.endswith("/05-lo.network.d/lvs-loopback.conf")


def test_networkd_adds_to_the_file_that_a_card_has(networkctl, root: Path) -> None:
    card = {"NetworkFile": "/run/systemd/network/10-netplan-eth0.network"}
    networkctl(card, card)
    vip = {"address": "192.0.2.100", "label": "eth0:0"}
    assert boot("networkd", vip, interface="eth0")["changed"]
    assert files(root) == ["10-netplan-eth0.network.d/lvs-eth0.conf"]
    assert boot("networkd", interface="eth0")["changed"]
    assert files(root) == []
    networkctl({}, {})
    with pytest.raises(ModuleFailedError, match="networkd sets up no eth0"):
        boot("networkd", vip, interface="eth0")


def test_networkd_makes_a_dummy_device_which_need_not_be_there_yet(networkctl, root: Path, monkeypatch) -> None:
    monkeypatch.setattr(networks, "INTERFACES", str(root.parent))
    dummy = {"interface": "lvs0", "dummy": True}
    base = "10-lvs-lvs0.network"
    networkctl({}, {"NetworkFile": str(root / base)})
    assert boot("networkd", VIP, check=True, **dummy)["differs"]
    (root.parent / "lvs0").touch()
    assert boot("networkd", VIP, **dummy)["changed"]
    assert files(root) == ["10-lvs-lvs0.netdev", base, f"{base}.d/lvs-lvs0.conf"]
    assert "Label" not in (root / f"{base}.d/lvs-lvs0.conf").read_text()
    assert not boot("networkd", VIP, **dummy)["changed"]
    (root.parent / "lvs0").unlink()
    assert boot("networkd", **dummy)["changed"]
    assert files(root) == []


@pytest.fixture
def bond(networkctl, program, root: Path) -> None:
    """One of netplan's, which takes it in no other section."""
    card = {"NetworkFile": netplan.rendered("bond0")}
    networkctl(card, card)
    ours = root / "60-lvs-bond0.yaml"
    program(
        "netplan",
        "case $1 in\n"
        "get) printf 'network:\\n  version: 2\\n  bonds:\\n    bond0:\\n      interfaces: []\\n' ;;\n"
        f"generate) grep -qx '  bonds:' {ours} || {{ echo changes device type >&2; exit 1; }} ;;\n"
        "esac",
    )


@pytest.mark.usefixtures("bond")
def test_netplan_has_a_bond_where_it_stands(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(networks.Netplan, "reads", lambda _self: (root / "60-lvs-bond0.yaml").exists())
    assert boot("netplan", VIP | {"label": "bond0:0"}, interface="bond0")["changed"]
    assert '  bonds:\n    "bond0":\n' in (root / "60-lvs-bond0.yaml").read_text()


@pytest.mark.usefixtures("bond")
def test_what_netplan_does_not_take_is_put_back(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(networks.Netplan, "reads", lambda _self: False)
    monkeypatch.setattr(netplan, "sections", lambda _told: {"bond0": "ethernets"})
    vip = VIP | {"label": "bond0:0"}
    with pytest.raises(ModuleFailedError, match="changes device type"):
        boot("netplan", vip, interface="bond0")
    assert files(root) == []
    root.mkdir(exist_ok=True)
    (root / "60-lvs-bond0.yaml").write_text("as it was\n")
    with pytest.raises(ModuleFailedError, match="changes device type"):
        boot("netplan", vip, interface="bond0")
    assert (root / "60-lvs-bond0.yaml").read_text() == "as it was\n"
    monkeypatch.setattr(netplan, "sections", lambda _told: {})
    with pytest.raises(ModuleFailedError, match=f"write bond0 into a file in {root}"):
        boot("netplan", vip, interface="bond0")


@pytest.mark.parametrize("stack", ["ifcfg", "netplan"])
def test_stack_that_makes_no_dummy_devices_is_refused_by_name(says, root: Path, stack: str) -> None:
    says("netplan", "netplan.io:\n  features:\n  - dhcp-use-domains")
    with pytest.raises(ModuleFailedError, match=rf"^{stack}.* makes no dummy devices.*Set realserver_interface to lo"):
        boot(stack, VIP, interface="lvs0", dummy=True)
    assert files(root) == []


def test_network_manager_that_leaves_the_loopback_alone_is_refused_by_its_version(says) -> None:
    says("nmcli", "nmcli tool, version 1.40.16-9")
    with pytest.raises(ModuleFailedError, match=r"NetworkManager 1\.40 .*Set realserver_interface to lvs0"):
        boot("NetworkManager", VIP)


@pytest.mark.parametrize(
    "active", ["uuid:eth1:/etc/other", "uuid:eth0:/run/NetworkManager/system-connections/eth0.nmconnection"]
)
def test_network_manager_that_sets_up_a_card_from_no_profile_of_its_folder_has_none_to_let_go_of(says, active) -> None:
    says("nmcli", active)
    assert not boot("NetworkManager", interface="eth0")["changed"]


def test_what_other_owners_added_keeps_the_file_that_it_adds_to(networkctl, root: Path) -> None:
    read = {"NetworkFile": str(root / BASE)}
    networkctl(read, read)
    boot("networkd", VIP)
    boot("networkd", VIP, owner="other")
    boot("networkd")
    assert files(root) == [BASE, f"{BASE}.d/other-loopback.conf"]
    # networkd works as a user who has to get in.
    assert stat.S_IMODE((root / f"{BASE}.d").stat().st_mode) == 0o755
    assert not boot("networkd")["changed"]
    boot("networkd", owner="other")
    assert files(root) == []
    assert networkctl.reloads() == 4

"""What the table module writes for the next boot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.basic import AnsibleModule
from ansible_collections.lvs.cluster.plugins.module_utils._host import ipvs_boot
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.persist import DEBIAN, REDHAT, Layout, switched_on
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.save import parse, render
from ansible_collections.lvs.cluster.tests.unit.fake_ipvsadm import FakeIpvsadm
from ansible_collections.lvs.cluster.tests.unit.playing import ModuleFailedError, play

# /etc/default/ipvsadm of Debian 12.
DEFAULTS = '# ipvsadm\n\n# if you want to start ipvsadm on boot set this to true\nAUTO="false"\n\nDAEMON="none"\n'


class Host:
    """A host that may have one of the layouts, below a directory."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.state = "disabled"
        self.fails = ""

    def has(self, layout: Layout) -> None:
        mark = self.root / layout.mark.lstrip("/")
        if layout.switch:
            mark.parent.mkdir(parents=True)
            mark.write_text(DEFAULTS)
        else:
            mark.mkdir(parents=True)

    def text(self, path: str) -> str:
        return (self.root / path.lstrip("/")).read_text()

    def systemctl(self, words: list[str]) -> tuple[int, str, str]:
        assert words[2] == "ipvsadm.service"
        if words[1] == "is-enabled":
            return (int(not self.enabled), f"{self.state}\n", "")
        assert words[1] in ("enable", "disable")
        if self.fails:
            return 1, "", self.fails
        self.state = f"{words[1]}d"
        return 0, "", ""

    @property
    def enabled(self) -> bool:
        return self.state == "enabled"


@pytest.fixture
def host(ipvsadm: FakeIpvsadm, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Host:
    host = Host(tmp_path)
    of, forgetting = ipvs_boot.Boot.of, ipvs_boot.Boot.forgetting

    def run_command(_module: AnsibleModule, words: list[str], **options: Any) -> tuple[int, str, str]:
        return host.systemctl(words) if words[0].endswith("systemctl") else ipvsadm(words, **options)

    monkeypatch.setattr(AnsibleModule, "run_command", run_command)
    monkeypatch.setattr(ipvs_boot.Boot, "of", lambda module, rules: of(module, rules, root=str(tmp_path)))
    monkeypatch.setattr(ipvs_boot.Boot, "forgetting", lambda module: forgetting(module, root=str(tmp_path)))
    return host


def test_a_switch_of_debian_that_is_no_utf_8_keeps_every_byte(host: Host) -> None:
    host.has(DEBIAN)
    switch = host.root / "etc/default/ipvsadm"
    switch.write_bytes(b"# B\xfcro\n" + DEFAULTS.encode())
    before = {
        each["before_header"]: each["before"] for each in play("ipvs_table", services=[], persist=True)["diff"][1:]
    }
    assert before[str(switch)].startswith("# B\ufffdro\n")
    assert switch.read_bytes() == b"# B\xfcro\n" + DEFAULTS.replace("false", "true").encode()


def test_debian_gets_its_rules_its_switch_and_its_service(ipvsadm: FakeIpvsadm, host: Host) -> None:
    host.has(DEBIAN)
    result = play("ipvs_table", services=[{"fwmark": 8}], persist=True)
    assert parse(host.text("/etc/ipvsadm.rules")) == ipvsadm.table, "the whole table, thresholds included"
    assert "-x 10" in host.text("/etc/ipvsadm.rules")
    assert host.text("/etc/default/ipvsadm") == DEFAULTS.replace("false", "true")
    assert host.enabled
    assert [path.removeprefix(str(host.root)) for path in result["persisted"]] == [
        "/etc/ipvsadm.rules",
        "/etc/default/ipvsadm",
    ]
    assert result["commands"][-1] == "/sbin/systemctl enable ipvsadm.service"
    second = play("ipvs_table", services=[{"fwmark": 8}], persist=True)
    assert (second["changed"], second["persisted"], second["commands"]) == (False, [], [])


def test_redhat_gets_its_rules_and_its_service(ipvsadm: FakeIpvsadm, host: Host) -> None:
    host.has(REDHAT)
    result = play("ipvs_table", services=[], persist=True)
    assert parse(host.text("/etc/sysconfig/ipvsadm")) == ipvsadm.table
    assert host.enabled
    assert len(result["persisted"]) == 1
    assert not play("ipvs_table", services=[], persist=True)["changed"]


def test_timeouts_are_set_and_a_boot_brings_them_back(ipvsadm: FakeIpvsadm, host: Host) -> None:
    host.has(DEBIAN)
    options = {"services": [], "timeouts": {"tcp": 30, "udp": 300}, "persist": True}
    result = play("ipvs_table", **options)
    assert "ipvsadm --set 30 0 0" in result["commands"]
    assert tuple(ipvsadm.timeouts) == (30, 120, 300)
    # All that are wanted, as the next boot finds the kernel's own.
    assert host.text("/etc/ipvsadm.rules") == f"{render(ipvsadm.table)}--set 30 0 300\n"
    assert any("Timeout (tcp tcpfin udp): 30 120 300" in each["after"] for each in result["diff"])
    again = play("ipvs_table", **options)
    assert (again["changed"], again["commands"]) == (False, [])


def test_check_mode_sets_no_timeouts(ipvsadm: FakeIpvsadm) -> None:
    result = play("ipvs_table", check=True, services=[], timeouts={"tcp": 30})
    assert (result["changed"], result["commands"]) == (True, ["ipvsadm --set 30 0 0"])
    assert ipvsadm.timeouts.tcp == 900


@pytest.mark.parametrize("layout", [DEBIAN, REDHAT], ids=["Debian", "Red Hat"])
def test_what_a_boot_restored_is_forgotten(host: Host, layout: Layout) -> None:
    host.has(layout)
    play("ipvs_table", services=[{"fwmark": 8}], persist=True)
    gone = {"services": [], "purge": True, "forget": True}
    assert play("ipvs_table", check=True, **gone)["changed"]
    assert parse(host.text(layout.rules))
    result = play("ipvs_table", **gone)
    assert host.text(layout.rules) == ""
    assert not layout.switch or host.text(layout.switch) == DEFAULTS
    assert host.enabled == bool(layout.switch)
    assert [path.removeprefix(str(host.root)) for path in result["persisted"]] == [
        each for each in (layout.rules, layout.switch) if each
    ]
    assert not play("ipvs_table", **gone)["changed"]


def test_what_a_boot_restored_is_forgotten_where_the_kernel_has_no_ipvs_any_more(
    ipvsadm: FakeIpvsadm, host: Host
) -> None:
    host.has(DEBIAN)
    play("ipvs_table", services=[{"fwmark": 8}], persist=True)
    ipvsadm.fails = (2, "Can't initialize ipvs: Protocol not available\n")
    assert play("ipvs_table", services=[], purge=True, forget=True)["changed"]
    assert host.text("/etc/ipvsadm.rules") == ""
    with pytest.raises(ModuleFailedError, match="Protocol not available"):
        play("ipvs_table", services=[{"fwmark": 8}])


def test_where_nothing_restores_anything_nothing_is_to_forget(host: Host) -> None:
    assert play("ipvs_table", services=[], purge=True, forget=True)["persisted"] == []
    host.has(DEBIAN)
    (host.root / "etc/ipvsadm.rules").write_text("# empty rules file\n")
    assert not play("ipvs_table", services=[], purge=True, forget=True)["changed"]


def test_check_mode_writes_and_enables_nothing(host: Host) -> None:
    host.has(DEBIAN)
    result = play("ipvs_table", check=True, services=[], persist=True)
    assert result["changed"]
    assert len(result["diff"]) == 3
    assert not (host.root / "etc/ipvsadm.rules").exists()
    assert host.text("/etc/default/ipvsadm") == DEFAULTS
    assert not host.enabled


def test_without_persist_the_files_stay(host: Host) -> None:
    host.has(DEBIAN)
    play("ipvs_table", services=[{"fwmark": 8}])
    assert not (host.root / "etc/ipvsadm.rules").exists()


@pytest.mark.usefixtures("host")
def test_a_host_that_restores_nothing_is_told_so_before_anything_changes(ipvsadm: FakeIpvsadm) -> None:
    with pytest.raises(ModuleFailedError, match="Install the distribution's package ipvsadm"):
        play("ipvs_table", services=[{"fwmark": 8}], persist=True)
    assert ipvsadm.batches == []


def test_a_service_that_cannot_be_enabled_is_an_error(host: Host) -> None:
    host.has(DEBIAN)
    host.fails = "Failed to enable unit: Read-only file system\n"
    with pytest.raises(ModuleFailedError, match="Read-only"):
        play("ipvs_table", services=[], persist=True)


@pytest.mark.parametrize(
    ("state", "remedy"), [("masked", "systemctl unmask ipvsadm"), ("", "Install the distribution's package")]
)
def test_a_service_that_no_boot_would_start_is_told_before_anything_changes(
    ipvsadm: FakeIpvsadm, host: Host, state: str, remedy: str
) -> None:
    host.has(DEBIAN)
    host.state = state
    with pytest.raises(ModuleFailedError, match=remedy):
        play("ipvs_table", services=[{"fwmark": 8}], persist=True)
    assert ipvsadm.batches == []
    assert not (host.root / "etc/ipvsadm.rules").exists()


@pytest.mark.parametrize(
    ("text", "after"),
    [("", 'AUTO="true"\n'), ("X=1", 'X=1\nAUTO="true"\n'), ("AUTO=no # why\nX=1\n", 'AUTO="true"\nX=1\n')],
)
def test_the_switch_is_set_whatever_the_file_says(text: str, after: str) -> None:
    assert switched_on(text) == after
    assert switched_on(after) == after

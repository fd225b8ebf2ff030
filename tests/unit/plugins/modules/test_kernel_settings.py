"""Modules and settings of a kernel that is made of files, and what its next boot reads."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._host import kernel_modules, memory, sysctl
from ansible_collections.lvs.cluster.tests.unit.playing import ModuleFailedError, play

REUSE = "net.ipv4.vs.conn_reuse_mode"
QUIESCENT = "net.ipv4.vs.expire_quiescent_template"
IGNORE = "net.ipv4.conf.eth0/7.arp_ignore"
MODULES = "# Ansible managed\n\nip_vs\nip_vs_wrr\n"
ALL = {"modules": MODULES, "sysctls": {REUSE: 3, QUIESCENT: True}}


@dataclass
class Machine:
    """A kernel with a module loaded and one built in; IPVS comes with C(modprobe)."""

    root: Path

    @property
    def settings(self) -> Path:
        return self.root / "sys"

    def options(self, **options: Any) -> dict[str, Any]:
        files = {"sysctl_file": f"{self.root}/sysctl.d/60-lvs.conf"}
        if "parameters" in options:
            files["parameters_file"] = f"{self.root}/modprobe.d/lvs.conf"
        if "modules" in options:
            files["modules_file"] = f"{self.root}/modules-load.d/lvs.conf"
        return {**options, **files}

    def play(self, *, check: bool = False, **options: Any) -> dict[str, Any]:
        return play("kernel_settings", check=check, **self.options(**options))

    def text(self, name: str) -> str | None:
        path = self.root / name
        return path.read_text() if path.exists() else None

    def has(self, key: str, value: str) -> None:
        path = self.settings / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(value)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program) -> Machine:
    built_in = tmp_path / "lib" / os.uname().release / "modules.builtin"
    built_in.parent.mkdir(parents=True)
    built_in.write_text("kernel/net/netfilter/ipvs/ip_vs_rr.ko\n")
    (tmp_path / "modules").write_text("veth 40960 0 - Live 0x0\n")
    (tmp_path / "sysctl.d").mkdir()
    monkeypatch.setattr(kernel_modules, "PROC_MODULES", str(tmp_path / "modules"))
    monkeypatch.setattr(kernel_modules, "LIB_MODULES", str(tmp_path / "lib"))
    monkeypatch.setattr(kernel_modules, "SYS_MODULE", str(tmp_path / "module"))
    monkeypatch.setattr(sysctl, "SETTINGS", str(tmp_path / "sys"))
    monkeypatch.setattr(sysctl, "FOLDERS", (str(tmp_path / "sysctl.d"),))
    vs = tmp_path / "sys" / "net" / "ipv4" / "vs"
    program(
        "modprobe",
        f"echo $1 1 0 - Live 0x0 >> {tmp_path}/modules; mkdir -p {vs} && cd {vs}"
        " && for each in conn_reuse_mode expire_quiescent_template; do test -e $each || echo 0 > $each; done",
    )
    return Machine(tmp_path)


def test_modules_come_before_their_settings_and_a_second_run_changes_nothing(machine: Machine) -> None:
    result = machine.play(**ALL)
    assert result["commands"] == [
        "modprobe ip_vs",
        "modprobe ip_vs_wrr",
        f"sysctl -w {REUSE}=3",
        f"sysctl -w {QUIESCENT}=1",
    ]
    assert [Path(each).parent.name for each in result["differing"]] == ["modules-load.d", "sysctl.d"]
    assert machine.text("modules-load.d/lvs.conf") == MODULES
    assert stat.S_IMODE((machine.root / "modules-load.d" / "lvs.conf").stat().st_mode) == 0o644
    # To the letter what ansible.posix.sysctl wrote here.
    assert machine.text("sysctl.d/60-lvs.conf") == f"{REUSE}=3\n{QUIESCENT}=1\n"
    assert machine.text("sys/net/ipv4/vs/conn_reuse_mode") == "3"

    again = machine.play(**ALL)
    assert (again["changed"], again["commands"], again["differing"], again["diff"]) == (False, [], [], [])


def test_dry_run_on_a_fresh_host_says_all_of_it_and_does_nothing(machine: Machine) -> None:
    told = machine.play(check=True, **ALL)
    assert not (machine.root / "modules-load.d").exists()
    assert not machine.settings.exists()
    done = machine.play(**ALL)
    assert {**told, "diff": []} == {**done, "diff": []}
    assert told["changed"]
    assert told["diff"][-1]["after"] == f"{REUSE} = 3\n{QUIESCENT} = 1\n"


def test_setting_that_somebody_changed_is_put_right(machine: Machine) -> None:
    machine.play(**ALL)
    machine.has("net/ipv4/vs/conn_reuse_mode", "1\n")
    result = machine.play(**ALL)
    assert (result["commands"], result["differing"]) == ([f"sysctl -w {REUSE}=3"], [])
    assert (result["diff"][0]["before"], result["diff"][0]["after"]) == (f"{REUSE} = 1\n", f"{REUSE} = 3\n")
    assert machine.text("sys/net/ipv4/vs/conn_reuse_mode") == "3"


def test_module_that_is_built_in_or_loaded_is_not_loaded(machine: Machine) -> None:
    assert machine.play(modules="ip_vs_rr\nveth\n")["commands"] == []


def test_file_that_says_the_same_in_other_words_stays(machine: Machine) -> None:
    path = machine.root / "sysctl.d" / "60-lvs.conf"
    path.write_text(f"# ours\n{IGNORE} = 1\n")
    machine.has("net/ipv4/conf/eth0.7/arp_ignore", "1\n")
    assert not machine.play(sysctls={IGNORE: 1})["changed"]


def test_setting_that_left_the_list_leaves_the_file_and_the_last_one_the_host(machine: Machine) -> None:
    path = machine.root / "sysctl.d" / "60-lvs.conf"
    machine.has("net/ipv4/conf/eth0.7/arp_ignore", "1\n")
    path.write_text(f"{IGNORE}=1\nnet.ipv4.conf.eth1.arp_ignore=1\n")
    assert machine.play(sysctls={IGNORE: 1})["differing"] == [str(path)]
    assert path.read_text() == f"{IGNORE}=1\n"
    assert machine.play(sysctls={})["differing"] == [str(path)]
    assert not path.exists()


def test_line_that_the_next_boot_follows_is_named_before_anything_changes(machine: Machine) -> None:
    later = machine.root / "sysctl.d" / "99-own.conf"
    later.write_text(f"{REUSE} = 3\n")
    machine.play(check=True, **ALL)
    later.write_text(f"{REUSE} = 0\n")
    with pytest.raises(ModuleFailedError, match=rf"99-own\.conf, line 1, sets {REUSE} to 0 after") as failed:
        machine.play(**ALL)
    assert str(failed.value).endswith("Take the line away: the next boot would follow it")
    assert not (machine.root / "modules-load.d").exists()


@pytest.mark.parametrize("check", [False, True])
def test_setting_that_the_kernel_does_not_have_is_refused_and_not_left_for_the_next_boot(
    machine: Machine, check: bool
) -> None:
    with pytest.raises(ModuleFailedError, match=f"This kernel has no setting {IGNORE}") as failed:
        machine.play(check=check, sysctls={IGNORE: 1})
    assert failed.value.result["error"]["kind"] == "sysctl"
    assert machine.text("sysctl.d/60-lvs.conf") is None


def test_value_that_the_kernel_does_not_take_is_not_left_for_the_next_boot(machine: Machine) -> None:
    machine.has("net/ipv4/vs/unused", "")
    (machine.settings / "net/ipv4/vs/conn_reuse_mode").symlink_to("/proc/version")  # which root neither can write
    with pytest.raises(ModuleFailedError, match=f"{REUSE} cannot be set to 3: "):
        machine.play(sysctls={REUSE: 3})
    assert machine.text("sysctl.d/60-lvs.conf") is None


TAB_BITS = "ip_vs.conn_tab_bits"


def test_parameters_are_there_before_the_module_is(machine: Machine, program) -> None:
    program("modprobe", f"grep -q tab_bits {machine.root}/modprobe.d/lvs.conf")
    options = {"modules": "ip_vs\n", "parameters": {TAB_BITS: 16}}
    assert machine.play(check=True, **options)["changed"]
    assert machine.text("modprobe.d/lvs.conf") is None
    result = machine.play(**options)
    assert machine.text("modprobe.d/lvs.conf") == "options ip_vs conn_tab_bits=16\n"
    assert result["differing"][0].endswith("modprobe.d/lvs.conf")
    assert (result["pending"], result["diff"][0]["after"]) == ({}, "options ip_vs conn_tab_bits=16\n")
    machine.play(parameters={})
    assert machine.text("modprobe.d/lvs.conf") is None


@pytest.mark.parametrize(
    ("module", "remedy"),
    [("ip_vs", "until the module ip_vs is loaded anew"), ("ip_vs_rr", "Write ip_vs_rr.bits=VALUE on the kernel's")],
    ids=["loaded", "built in"],
)
def test_parameter_of_a_loaded_module_that_has_another_value_is_told(
    machine: Machine, module: str, remedy: str
) -> None:
    (machine.root / "module" / module / "parameters").mkdir(parents=True)
    (machine.root / "module" / module / "parameters" / "bits").write_text("12\n")
    result = machine.play(parameters={f"{module}.bits": 16})
    assert result["pending"] == {f"{module}.bits": "12"}
    assert remedy in str(result["warnings"])
    again = machine.play(parameters={f"{module}.bits": 16})
    assert (again["changed"], again["pending"]) == (False, result["pending"])
    assert machine.play(parameters={f"{module}.bits": 12})["pending"] == {}


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        ({"ip_vs.tab_bits": 16}, "has no parameter tab_bits; it has conn_tab_bits"),
        ({"conn_tab_bits": 16}, "conn_tab_bits=16 is not MODULE.PARAMETER"),
        ({TAB_BITS: "1\ninstall ip_vs /bin/true"}, "and a value without spaces"),
    ],
    ids=["no such parameter", "no module", "another line"],
)
def test_parameter_that_cannot_be_is_refused_before_anything_changes(machine: Machine, parameters, reason) -> None:
    (machine.root / "module/ip_vs/parameters").mkdir(parents=True)
    (machine.root / "module/ip_vs/parameters/conn_tab_bits").write_text("12\n")
    with pytest.raises(ModuleFailedError, match=reason) as failed:
        machine.play(parameters=parameters)
    assert failed.value.result["error"]["kind"] == "no_parameter"
    assert machine.text("modprobe.d/lvs.conf") is None


def test_module_that_does_not_load_is_an_error_with_a_reason(machine: Machine, program) -> None:
    program("modprobe", "echo modprobe: FATAL: Module $1 not found >&2; exit 1")
    with pytest.raises(ModuleFailedError, match="modprobe ip_vs: modprobe: FATAL: Module ip_vs not found") as failed:
        machine.play(**ALL)
    assert failed.value.result["error"]["kind"] == "no_module"


@pytest.fixture
def owners(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A machine that remembers what owners had set, with a setting of 0 and one of 1."""
    monkeypatch.setattr(memory, "ROOT", str(machine.root / "memory"))
    machine.has("net/ipv4/conf/all/arp_ignore", "0")
    machine.has("net/ipv4/conf/all/arp_announce", "1")
    return machine


SILENT = {"net.ipv4.conf.all.arp_ignore": 1, "net.ipv4.conf.all.arp_announce": 2}


def arp(machine: Machine) -> list[str | None]:
    return [machine.text(f"sys/net/ipv4/conf/all/{name}") for name in ("arp_ignore", "arp_announce")]


def test_what_was_before_an_owner_comes_back_with_his_file_gone(owners: Machine) -> None:
    owners.play(sysctls=SILENT, owner="lvs")
    assert not owners.play(sysctls=SILENT, owner="lvs")["changed"]
    assert arp(owners) == ["1", "2"]
    told = owners.play(owner="lvs", state="absent", check=True)
    assert told["commands"] == [
        "sysctl -w net.ipv4.conf.all.arp_ignore=0",
        "sysctl -w net.ipv4.conf.all.arp_announce=1",
    ]
    assert arp(owners) == ["1", "2"]
    assert owners.play(owner="lvs", state="absent")["commands"] == told["commands"]
    assert (arp(owners), owners.text("sysctl.d/60-lvs.conf")) == (["0", "1"], None)
    assert not owners.play(owner="lvs", state="absent")["changed"]


def test_what_two_owners_want_comes_back_with_the_last(owners: Machine) -> None:
    other = {"sysctl_file": f"{owners.root}/sysctl.d/60-other.conf"}
    owners.play(sysctls=SILENT, owner="lvs")
    play("kernel_settings", sysctls=SILENT, owner="other", **other)
    owners.play(owner="lvs", state="absent")
    assert arp(owners) == ["1", "2"]
    play("kernel_settings", owner="other", state="absent", **other)
    assert arp(owners) == ["0", "1"]


def test_what_somebody_has_set_since_stays(owners: Machine) -> None:
    owners.play(sysctls=SILENT, owner="lvs")
    owners.has("net/ipv4/conf/all/arp_ignore", "2")
    owners.play(owner="lvs", state="absent")
    assert arp(owners) == ["2", "1"]

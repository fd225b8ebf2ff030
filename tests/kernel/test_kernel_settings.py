"""kernel_settings on a real kernel: settings that are there with their module alone, and an interface with a dot."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.lvs.cluster.tests.kernel.conftest import sh
from ansible_collections.lvs.cluster.tests.unit.playing import ModuleFailedError, play

REUSE = "net.ipv4.vs.conn_reuse_mode"


def sysctl(key: str) -> str:
    return sh(f"sysctl -n {key}").strip()


def test_settings_are_set_and_put_right(tmp_path: Path) -> None:
    sh(f"ip link add eth0.7 type veth peer name other && sysctl -qw {REUSE}=1")
    arp = "net.ipv4.conf.eth0/7.arp_ignore"
    options = {"sysctl_file": f"{tmp_path}/60-lvs.conf", "sysctls": {REUSE: 3, arp: 1}}
    assert play("kernel_settings", check=True, **options)["changed"]
    assert sysctl(REUSE) == "1"
    assert play("kernel_settings", **options)["commands"] == [f"sysctl -w {REUSE}=3", f"sysctl -w {arp}=1"]
    assert (sysctl(REUSE), sysctl("net/ipv4/conf/eth0.7/arp_ignore")) == ("3", "1")
    assert not play("kernel_settings", **options)["changed"]
    # What is written is what the boot's own reader takes.
    sh(f"sysctl -qw {REUSE}=1 && sysctl -q --load={tmp_path}/60-lvs.conf")
    assert not play("kernel_settings", **options)["changed"]


def test_module_is_loaded_if_it_is_not(tmp_path: Path) -> None:
    sh("modprobe -r ip_vs_sed")
    options = {"modules_file": f"{tmp_path}/lvs.conf", "modules": "ip_vs\nip_vs_sed\n"}
    assert play("kernel_settings", **options)["commands"] == ["modprobe ip_vs_sed"]
    assert "ip_vs_sed " in Path("/proc/modules").read_text()
    assert not play("kernel_settings", **options)["changed"]


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({"modules": "lvs_nonesuch\n"}, "no_module"),
        ({"sysctls": {REUSE: "many"}}, "sysctl"),
        ({"sysctls": {"net.ipv4.vs.nonesuch": 1}}, "sysctl"),
    ],
    ids=["module", "value", "setting"],
)
def test_what_the_kernel_refuses_is_nothing_for_the_next_boot(tmp_path: Path, options: dict, kind: str) -> None:
    files = {"sysctl_file": f"{tmp_path}/60-lvs.conf"}
    files.update({"modules_file": f"{tmp_path}/lvs.conf"} if "modules" in options else {})
    with pytest.raises(ModuleFailedError) as failed:
        play("kernel_settings", **files, **options)
    assert failed.value.result["error"]["kind"] == kind
    assert not Path(files["sysctl_file"]).exists()

"""What a boot of a director restores, read by the real ipvsadm; and what the kernel's modules have when loaded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._host import ipvs_boot
from ansible_collections.lvs.cluster.tests.kernel.conftest import sh
from ansible_collections.lvs.cluster.tests.unit.playing import play

WEB = {"address": "192.0.2.10", "port": 80, "lb_algo": "rr", "real_servers": [{"address": "192.0.2.21", "weight": 3}]}
# As Debian's service does.
LOAD = "grep -v '^#' {} | ipvsadm -R"
# A module that no other test asks for: who is in use cannot be loaded anew.
PORTS = Path("/sys/module/ip_vs_ftp/parameters/ports")


def test_rules_and_timeouts_are_what_ipvsadm_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rules = tmp_path / "etc" / "ipvsadm.rules"
    (tmp_path / "etc" / "default").mkdir(parents=True)
    (tmp_path / "etc" / "default" / "ipvsadm").write_text('AUTO="false"\n')
    of = ipvs_boot.Boot.of
    monkeypatch.setattr(ipvs_boot.Boot, "of", lambda module, text: of(module, text, root=str(tmp_path)))
    monkeypatch.setattr(ipvs_boot, "enablement", lambda *_asked: ("enabled", ""))
    options = {"services": [WEB], "purge": True, "timeouts": {"tcp": 30, "tcp_fin": 20, "udp": 40}, "persist": True}
    assert play("ipvs_table", **options)["changed"]
    sh("ipvsadm -C && ipvsadm --set 900 120 300")
    sh(LOAD.format(rules))
    assert sh("ipvsadm --list --timeout").strip() == "Timeout (tcp tcpfin udp): 30 20 40"
    again = play("ipvs_table", **options)
    assert (again["changed"], again["commands"]) == (False, [])


@pytest.fixture
def unloaded() -> Iterator[None]:
    """A module as it was before anybody loaded it, and a place for what modprobe reads."""
    sh("mount -t tmpfs tmpfs /etc/modprobe.d && modprobe -r ip_vs_ftp")
    yield
    sh("umount /etc/modprobe.d && modprobe -r ip_vs_ftp && modprobe ip_vs_ftp")


@pytest.mark.usefixtures("unloaded")
def test_a_module_is_loaded_with_its_parameters_and_keeps_them_until_it_is_loaded_anew(tmp_path: Path) -> None:
    files = {"parameters_file": "/etc/modprobe.d/lvs.conf", "modules_file": f"{tmp_path}/lvs.conf"}
    result = play("kernel_settings", **files, modules="ip_vs_ftp\n", parameters={"ip_vs_ftp.ports": 2121})
    assert (result["commands"], result["pending"]) == (["modprobe ip_vs_ftp"], {})
    assert PORTS.read_text().strip() == "2121"
    result = play("kernel_settings", **files, modules="ip_vs_ftp\n", parameters={"ip_vs_ftp.ports": 2122})
    assert (result["commands"], result["pending"]) == ([], {"ip_vs_ftp.ports": "2121"})
    assert PORTS.read_text().strip() == "2121"

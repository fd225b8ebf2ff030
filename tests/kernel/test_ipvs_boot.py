"""What a boot of a director restores, read by the real ipvsadm; and the size that ip_vs has when it is loaded."""

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
SIZE = Path("/sys/module/ip_vs/parameters/conn_tab_bits")


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
    """IPVS as it was before anybody loaded it, and a place for what modprobe reads."""
    unload = "ipvsadm -C; modprobe -r $(cut -d ' ' -f 1 /proc/modules | grep ^ip_vs_) ip_vs"
    schedulers = sh("cut -d ' ' -f 1 /proc/modules | grep ^ip_vs").split()
    sh(f"mount -t tmpfs tmpfs /etc/modprobe.d && {unload}")
    yield
    sh(f"umount /etc/modprobe.d && {unload} && modprobe -a {' '.join(schedulers)}")


@pytest.mark.usefixtures("unloaded")
def test_ip_vs_is_loaded_with_its_parameters_and_keeps_them_until_it_is_loaded_anew(tmp_path: Path) -> None:
    files = {"parameters_file": "/etc/modprobe.d/lvs.conf", "modules_file": f"{tmp_path}/lvs.conf"}
    result = play("kernel_settings", **files, modules="ip_vs\n", parameters={"ip_vs.conn_tab_bits": 10})
    assert (result["commands"], result["pending"]) == (["modprobe ip_vs"], {})
    assert SIZE.read_text().strip() == "10"
    result = play("kernel_settings", **files, modules="ip_vs\n", parameters={"ip_vs.conn_tab_bits": 11})
    assert (result["commands"], result["pending"]) == ([], {"ip_vs.conn_tab_bits": "10"})
    assert SIZE.read_text().strip() == "10"

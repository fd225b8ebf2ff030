"""What the info module returns, over a table in memory."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._host import kernel, sysctl
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.save import render
from ansible_collections.lvs.cluster.plugins.modules import ipvs_info
from ansible_collections.lvs.cluster.tests.unit.fake_ipvsadm import FakeIpvsadm
from ansible_collections.lvs.cluster.tests.unit.playing import ModuleFailedError, play

RECORDED = Path(__file__).parent.parent / "module_utils" / "_ipvs" / "recorded" / "debian-14"


@pytest.fixture(autouse=True)
def proc(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Files of the kernel, as recorded."""
    sysctls = tmp_path / "net" / "ipv4" / "vs"
    sysctls.mkdir(parents=True)
    for line in (RECORDED / "sysctls.txt").read_text().splitlines():
        name, _colon, value = line.partition(":")
        (sysctls / name).write_text(value + "\n")
    monkeypatch.setattr(sysctl, "SETTINGS", str(tmp_path))
    monkeypatch.setattr(kernel, "CONNECTIONS", str(RECORDED / "connections.txt"))
    monkeypatch.setattr(kernel, "TABLE", str(RECORDED / "list.txt"))


def test_services_go_back_into_the_table_module_unchanged(ipvsadm: FakeIpvsadm) -> None:
    services = play("ipvs_info", gather=["services"])["services"]
    assert not play("ipvs_table", services=services, purge=True)["changed"]
    before = render(ipvsadm.table)
    ipvsadm.table = {}
    assert play("ipvs_table", services=services, purge=True)["changed"]
    assert render(ipvsadm.table) == before, "thresholds too"


def test_everything_is_gathered_in_numbers(ipvsadm: FakeIpvsadm) -> None:
    ipvsadm.counters = 5
    ipvsadm.connections["192.0.2.21"] = [4, 3, 2]
    play("ipvs_daemon", role="master", interface="eth1", syncid=51)
    result = play("ipvs_info", gather=list(ipvs_info.READERS))
    web = next(each for each in result["statistics"] if each["service"].get("port") == 80)
    assert (web["connections"], web["incoming_bytes_per_second"]) == (5, 5)
    server = next(each for each in web["real_servers"] if each["address"] == "192.0.2.21")
    assert (server["weight"], server["inactive_connections"], server["persistent_connections"]) == (0, 3, 2)
    assert result["timeouts"] == {"tcp": 900, "tcp_fin": 120, "udp": 300}
    assert result["daemons"][0]["syncid"] == 51
    assert result["sysctls"]["sync_threshold"] == [3, 50]
    assert result["kernel"] == {"version": "1.2.1", "connection_table_size": 256}
    assert len(result["connections"]) == 5
    assert not result["connections_truncated"]
    assert not result["changed"]


@pytest.mark.usefixtures("ipvsadm")
def test_connections_are_read_only_on_request_and_not_without_end() -> None:
    assert "connections" not in play("ipvs_info")
    result = play("ipvs_info", gather=["connections"], connections_limit=2)
    assert len(result["connections"]) == 2
    assert result["connections_truncated"]
    assert "services" not in result
    with pytest.raises(ModuleFailedError, match="connections_limit: -1"):
        play("ipvs_info", connections_limit=-1)


def test_check_mode_reads_the_same(ipvsadm: FakeIpvsadm) -> None:
    assert play("ipvs_info", check=True) == play("ipvs_info")
    ipvsadm.fails = (2, "Can't initialize ipvs: Permission denied (you must be root)\n")
    with pytest.raises(ModuleFailedError, match="become"):
        play("ipvs_info", gather=[])

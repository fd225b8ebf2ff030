"""A real keepalived, and what it says of itself."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.lvs.cluster.plugins.modules import keepalived_info
from ansible_collections.lvs.cluster.tests.kernel.conftest import run, running_keepalived, sh
from ansible_collections.lvs.cluster.tests.unit.playing import ModuleFailedError, play

# The name is of Latin-1.
CONFIGURATION = """
vrrp_instance b\udcfcro {
  interface vrrp0
  state BACKUP
  virtual_router_id 51
  priority 254
  advert_int 0.1
  version 3
  virtual_ipaddress { 203.0.113.10/32 }
}
virtual_server 203.0.113.10 80 {
  delay_loop 1
  lb_algo wrr
  lb_kind NAT
  protocol TCP
  real_server 127.0.0.1 1 {
    weight 3
    TCP_CHECK { connect_timeout 1 retry 0 delay_before_retry 1 }
  }
}
"""


@pytest.fixture(scope="module")
def keepalived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Its process ids in a directory, and its dumps in /tmp, which is a private one."""
    directory = tmp_path_factory.mktemp("keepalived")
    # A dummy interface has no multicast.
    sh("ip link add vrrp0 type veth peer name vrrp1 && ip link set vrrp1 up && ip link set vrrp0 up")
    sh("ip addr add 203.0.113.1/24 dev vrrp0")
    run(["ipvsadm", "-C"])
    configuration = CONFIGURATION.replace("1 retry 0 delay", "1\n retry 0\n delay")
    with running_keepalived(directory, configuration, "Entering MASTER STATE"):
        yield directory


def info(directory: Path, **options: object) -> dict[str, object]:
    return play("keepalived_info", pid_file=str(directory / "keepalived.pid"), **options)


def test_instances_and_verdicts_are_those_of_the_running_keepalived(keepalived: Path) -> None:
    result = info(keepalived)
    assert result["running"]
    assert result["source"] == "json"
    (instance,) = result["instances"]
    assert (instance["name"], instance["state"], instance["priority"]) == ("b\ufffdro", "MASTER", 254)
    assert instance["virtual_ipaddress"] == ["203.0.113.10"]
    assert instance["holds_virtual_ipaddress"]
    assert abs(time.time() - instance["last_transition"]) < 120
    (service,) = result["virtual_servers"]
    (server,) = service["real_servers"]
    assert (service["address"], service["port"], service["lb_kind"]) == ("203.0.113.10", 80, "NAT")
    assert (server["address"], server["weight"]) == ("127.0.0.1", 3)
    assert server["checkers"][0]["type"] == "TCP_CHECK"


def test_verdicts_follow_the_checkers(keepalived: Path) -> None:
    deadline = time.monotonic() + 15
    while True:  # nothing listens on port 1
        (service,) = info(keepalived)["virtual_servers"]
        (server,) = service["real_servers"]
        if not server["alive"]:
            break
        assert time.monotonic() < deadline
    assert server["failed_checkers"] == 1
    assert not server["checkers"][0]["up"]


def test_a_build_without_json_says_the_same_as_text(keepalived: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    by_json = info(keepalived)["instances"]
    known = keepalived_info.signal_number
    monkeypatch.setattr(
        keepalived_info,
        "signal_number",
        lambda call, program, name: known(call, program, name) if name == "DATA" else None,
    )
    result = info(keepalived)
    assert result["source"] == "text"
    assert [{**each, "counters": {}} for each in by_json] == result["instances"]


def test_files_that_do_not_come_are_an_error_that_says_so(keepalived: Path) -> None:
    with pytest.raises(ModuleFailedError, match=r"did not write keepalived\.json.*timeout") as caught:
        info(keepalived, dump_directory="/nonexistent", timeout=0.3)
    assert caught.value.result["error"]["kind"] == "keepalived"


def test_who_may_not_signal_it_is_told_so(keepalived: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kill = os.kill

    def as_nobody(pid: int, signal: int) -> None:
        os.setresuid(65534, 65534, 0)
        try:
            kill(pid, signal)
        finally:
            os.setresuid(0, 0, 0)

    monkeypatch.setattr(os, "kill", as_nobody)
    with pytest.raises(ModuleFailedError, match="become") as caught:
        info(keepalived)
    assert caught.value.result["error"]["kind"] == "not_root"


def test_no_keepalived_is_no_error(tmp_path: Path) -> None:
    assert info(tmp_path) == {**info(tmp_path), "running": False, "instances": [], "virtual_servers": []}


def test_draining_beside_keepalived_says_what_comes_next(keepalived: Path) -> None:
    sh("ipvsadm -A -f 9 -s rr; ipvsadm -a -f 9 -r 203.0.113.21:0")
    result = play("ipvs_drain", check=True, address="203.0.113.21")
    assert result["keepalived"]["running"]
    assert "restart" in result["keepalived"]["next"]
    assert keepalived.exists()

"""A real keepalived, and a kernel that somebody else has changed."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.lvs.cluster.tests.kernel.conftest import (
    kernel_table,
    run,
    running_keepalived,
    sh,
    stop_daemons,
)
from ansible_collections.lvs.cluster.tests.kernel.test_modules import changes_checks_and_stays
from ansible_collections.lvs.cluster.tests.unit.playing import ModuleFailedError, play

# One instance is MASTER at once; the other waits for minutes.
CONFIGURATION = """
global_defs {
  lvs_flush
  SYNC
}
vrrp_instance web {
  interface mend0
  state BACKUP
  virtual_router_id 61
  priority 254
  version 3
  advert_int 0.1
  virtual_ipaddress {
    203.0.114.20/32
    203.0.114.21/32
  }
}
vrrp_instance other {
  interface mend0
  state BACKUP
  virtual_router_id 62
  priority 254
  version 2
  advert_int 250
  virtual_ipaddress {
    203.0.114.30/32
  }
}
virtual_server 203.0.114.20 80 {
  lb_algo wrr
  lb_kind DR
  protocol TCP
  persistence_timeout 300
  sorry_server 198.51.100.99 80
  delay_loop 1
  real_server 198.51.100.21 80 {
    weight 3
    uthreshold 100
    lthreshold 50
    MISC_CHECK {
      misc_path "/usr/bin/test -e UP/21"
    }
  }
  real_server 198.51.100.22 80 {
    weight 2
    inhibit_on_failure
    MISC_CHECK {
      misc_path "/usr/bin/test -e UP/22"
    }
  }
}
virtual_server 203.0.114.20 53 {
  lb_algo mh
  mh-port
  mh-fallback
  lb_kind NAT
  protocol UDP
  real_server 198.51.100.21 5353 {
    weight 4
  }
}
virtual_server fwmark 7 {
  lb_algo rr
  lb_kind DR
  real_server 198.51.100.21 80 {
    weight 1
  }
}
virtual_server 2001:db8::20 443 {
  lb_algo wlc
  lb_kind DR
  protocol TCP
  persistence_timeout 60
  persistence_granularity 64
  real_server 2001:db8::21 443 {
    weight 5
  }
}
virtual_server 203.0.114.21 81 {
  lb_algo rr
  lb_kind TUN type gue port 6080
  protocol TCP
  real_server 198.51.100.21 81 {
    weight 1
  }
  real_server 198.51.100.22 81 {
    weight 1
    lvs_method TUN
  }
}
"""
SYNC = "lvs_sync_daemon sync0 web id 51"
UNBOUND = "lvs_sync_daemon sync0 id {}"
WEB = "-t 203.0.114.20:80"


class Director:
    """A keepalived, and the files that make its checks succeed."""

    def __init__(self, directory: Path, process: subprocess.Popen[str]) -> None:
        self.directory = directory
        self.process = process

    @property
    def options(self) -> dict[str, Any]:
        return {"pid_file": str(self.directory / "keepalived.pid")}

    def repair(self, **more: Any) -> dict[str, Any]:
        return play("keepalived_repair", **self.options, **more)

    def set_up(self, name: str, up: bool) -> None:
        path = self.directory / "up" / name
        if up:
            path.touch()
        else:
            path.unlink(missing_ok=True)

    def reload(self, **words: str) -> None:
        """Another configuration; its log says when it has been read."""
        log = self.directory / "log"
        known = log.read_text().count("Reloading")
        (self.directory / "keepalived.conf").write_text(configuration(self.directory, **words))
        self.process.send_signal(signal.SIGHUP)
        wait_for(lambda: str(log.read_text().count("Reloading") > known), "True")


def configuration(directory: Path, sync: str = SYNC) -> str:
    return CONFIGURATION.replace("SYNC", sync).replace("UP", str(directory / "up"))


def wait_for(look: Callable[[], str], *words: str, absent: str = "") -> None:
    deadline = time.monotonic() + 30
    while True:
        seen = look()
        if all(word in seen for word in words) and not (absent and absent in seen):
            return
        assert time.monotonic() < deadline, seen
        time.sleep(0.1)


def state() -> str:
    """Of the kernel, all that keepalived has a part in; addresses in an order of their own."""
    addresses = sorted(sh("ip -brief address show to 203.0.114.0/24").split())
    return kernel_table() + run(["ipvsadm", "-L", "--daemon"]) + " ".join(addresses)


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory, device: str) -> Iterator[Director]:
    directory = tmp_path_factory.mktemp("keepalived")
    (directory / "up").mkdir()
    sh("ip link add mend0 type veth peer name mend1 && ip link set mend1 up && ip link set mend0 up")
    sh("ip addr add 203.0.114.1/24 dev mend0")
    assert device == "sync0"
    run(["ipvsadm", "-C"])
    stop_daemons()
    for name in ("21", "22"):
        (directory / "up" / name).touch()
    with running_keepalived(directory, configuration(directory), "(web) Entering MASTER STATE") as process:
        yield Director(directory, process)


@pytest.fixture
def director(started: Director) -> Iterator[Director]:
    """With all servers up, nobody drained, and nothing to mend."""
    sh("rm -f /run/lvs-cluster/drained-*")
    started.set_up("21", True)
    started.set_up("22", True)
    wait_for(state, "198.51.100.21:80 -g -w 3", "198.51.100.22:80 -g -w 2", "203.0.114.20/32", "203.0.114.21/32")
    wait_for(state, "master sync daemon", absent="198.51.100.99")
    yield started
    sh("rm -f /run/lvs-cluster/drained-*")
    started.repair()


def warned(result: dict[str, Any]) -> list[str]:
    return [str(each) for each in result.get("warnings", [])]


# What is changed in one of them is changed in places of its own, so that each has to be put right.
DRIFTS = {
    "the table is emptied": "ipvsadm -C",
    "services are deleted, and there are strangers": f"""
        ipvsadm -D -u 203.0.114.20:53; ipvsadm -D -f 7; ipvsadm -D -t [2001:db8::20]:443
        ipvsadm -d {WEB} -r 198.51.100.21:80
        ipvsadm -a {WEB} -r 198.51.100.9:80 -g -w 9
        ipvsadm -A -t 203.0.114.9:80 -s rr; ipvsadm -a -t 203.0.114.9:80 -r 198.51.100.9 -g
    """,
    "services and servers are edited": f"""
        ipvsadm -E {WEB} -s rr -p 60
        ipvsadm -E -u 203.0.114.20:53 -s mh
        ipvsadm -E -f 7 -s wlc
        ipvsadm -E -t [2001:db8::20]:443 -s wlc -p 60
        ipvsadm -e {WEB} -r 198.51.100.21:80 -g -w 3 -x 9 -y 5
        ipvsadm -e {WEB} -r 198.51.100.22:80 -g -w 0
        ipvsadm -e -u 203.0.114.20:53 -r 198.51.100.21:5353 -m -w 7
        ipvsadm -e -f 7 -r 198.51.100.21 -i -w 1
        ipvsadm -e -t 203.0.114.21:81 -r 198.51.100.21 -i -w 1 --tun-type gue --tun-port 6081
        ipvsadm -e -t 203.0.114.21:81 -r 198.51.100.22 -i -w 1 --tun-type gue --tun-port 6080
    """,
    "the sync daemon is stopped": "ipvsadm --stop-daemon master",
    "the sync daemon has another id, and there is one of the other role": """
        ipvsadm --stop-daemon master; ipvsadm --start-daemon master --mcast-interface sync0 --syncid 9
        ipvsadm --start-daemon backup --mcast-interface sync0 --syncid 51
    """,
    "addresses of another master": """
        ip address add 203.0.114.30/32 dev mend0; ip address add 203.0.114.30/24 dev mend0
        ip address add 203.0.114.30/32 dev lo
    """,
}


@pytest.mark.parametrize("drift", DRIFTS.values(), ids=DRIFTS.keys())
def test_what_somebody_changed_is_put_right_and_the_second_run_changes_nothing(director: Director, drift: str) -> None:
    before = state()
    sh(drift)
    assert state() != before
    changes_checks_and_stays("keepalived_repair", director.options, state)
    assert state() == before


def test_a_mended_table_costs_no_rule_that_was_right(director: Director) -> None:
    sh(f"ipvsadm -e {WEB} -r 198.51.100.21:80 -g -w 7 -x 100 -y 50; ipvsadm -A -t 203.0.114.9:80 -s rr")
    assert director.repair()["commands"] == [
        f"ipvsadm -e {WEB} -r 198.51.100.21:80 -g -w 3 -x 100 -y 50",
        "ipvsadm -D -t 203.0.114.9:80",
    ]


def test_a_drained_server_stays_drained_and_it_is_said(director: Director) -> None:
    play("ipvs_drain", address="198.51.100.21", port=80, timeout=0)
    drained = state()
    result = director.repair()
    assert (result["commands"], result["drained"]) == ([], ["tcp 203.0.114.20:80 -> 198.51.100.21:80"])
    assert any("ipvs_drain" in text and "198.51.100.21:80" in text for text in warned(result))
    sh("ipvsadm -C")
    assert director.repair()["drained"] == result["drained"]
    assert state() == drained
    play("ipvs_drain", address="198.51.100.21", port=80, state="restored")
    assert (director.repair()["commands"], director.repair()["drained"]) == ([], [])


def test_a_server_that_came_back_without_ipvs_drain_is_told_of(director: Director) -> None:
    play("ipvs_drain", address="198.51.100.21", port=80, timeout=0)
    sh(f"ipvsadm -e {WEB} -r 198.51.100.21:80 -g -w 3 -x 100 -y 50")
    result = director.repair()
    assert (result["changed"], result["drained"]) == (False, [])
    assert any("brought them back" in text for text in warned(result))


def test_what_checks_took_out_stays_out(director: Director) -> None:
    director.set_up("21", False)
    director.set_up("22", False)
    # The second one is inhibited: it stays, with weight 0, beside the server that says sorry.
    wait_for(state, "198.51.100.99:80 -g -w 1", "198.51.100.22:80 -g -w 0", absent="198.51.100.21:80 -g")
    failed = state()
    assert director.repair()["commands"] == []
    sh("ipvsadm -C")
    changes_checks_and_stays("keepalived_repair", director.options, state)
    assert state() == failed
    director.set_up("22", True)
    wait_for(state, "198.51.100.22:80 -g -w 2", absent="198.51.100.99")
    assert director.repair()["commands"] == []


def test_an_address_that_the_master_lost_comes_back(director: Director) -> None:
    """keepalived gives up the others too, and becomes MASTER again."""
    sh("ip address delete 203.0.114.21/32 dev mend0")
    result = director.repair(timeout=30)
    assert {each["name"]: each["state"] for each in result["instances"]}["other"] == "BACKUP"
    wait_for(state, "203.0.114.20/32", "203.0.114.21/32", "master sync daemon", absent="backup sync daemon")
    assert director.repair(timeout=30)["commands"] == []


def test_an_address_that_carries_others_is_left_alone(director: Director) -> None:
    sh("ip link add mend2 type dummy && ip link set mend2 up && ip address add 203.0.114.30/28 dev mend2")
    sh("ip address add 203.0.114.29/28 dev mend2")
    try:
        result = director.repair()
        assert not result["changed"]
        assert any("remove it by hand" in text for text in result["left_alone"])
    finally:
        sh("ip link delete mend2")


def test_a_sync_daemon_that_a_reload_left_behind_is_stopped(director: Director) -> None:
    director.reload(sync="")
    try:  # keepalived's processes read it in their own time
        deadline = time.monotonic() + 30
        while not director.repair()["changed"]:
            assert time.monotonic() < deadline
        assert "sync daemon" not in state()
        assert not director.repair()["changed"]
    finally:
        director.reload()
        deadline = time.monotonic() + 30
        while "master sync daemon" not in state():
            director.repair()
            assert time.monotonic() < deadline


@pytest.mark.parametrize("number", [51, 52], ids=["same id", "another id"])
def test_a_sync_daemon_that_is_bound_no_more_is_both_halves_and_one_that_is_again_is_one(
    director: Director, number: int
) -> None:
    """keepalived starts both by itself; of what it leaves when it is to be one again, the repair makes that one."""
    both = [f"{role} sync daemon (mcast=sync0, syncid={number}," for role in ("master", "backup")]

    def repaired() -> str:
        director.repair()
        return state()

    director.reload(sync=UNBOUND.format(number))
    try:
        wait_for(state, *both)
        assert director.repair()["commands"] == []
        sh("ipvsadm --stop-daemon backup")
        changes_checks_and_stays("keepalived_repair", director.options, state)
        assert all(each in state() for each in both)
    finally:
        director.reload()
        wait_for(repaired, "master sync daemon (mcast=sync0, syncid=51,", absent="backup sync daemon")


@pytest.mark.usefixtures("director")
def test_without_a_running_keepalived_nothing_is_touched(tmp_path: Path) -> None:
    sh("ipvsadm -C")
    result = play("keepalived_repair", pid_file=str(tmp_path / "keepalived.pid"))
    assert (result["running"], result["changed"]) == (False, False)
    assert run(["ipvsadm", "-S", "-n"]) == ""


def test_a_frozen_keepalived_is_an_error_and_nothing_is_touched(director: Director) -> None:
    sh("ipvsadm -C")
    pid = int((director.directory / "checkers.pid").read_text())
    os.kill(pid, signal.SIGSTOP)
    try:
        with pytest.raises(ModuleFailedError, match=r"did not write keepalived_check\.data"):
            director.repair(timeout=1)
        assert run(["ipvsadm", "-S", "-n"]) == ""
    finally:
        os.kill(pid, signal.SIGCONT)

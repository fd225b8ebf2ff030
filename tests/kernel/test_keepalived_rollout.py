"""A real keepalived, and what of it must agree with others: staged, live, and asked."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.lvs.cluster.plugins.modules import keepalived_config
from ansible_collections.lvs.cluster.tests.kernel.conftest import run, sh
from ansible_collections.lvs.cluster.tests.unit.playing import play

# What an operator may have written.
CONFIGURATION = """
$NET=203.0.113
vrrp_instance web
{
  interface roll0
  virtual_router_id 61   ! unique
  priority 254
  advert_int 1
  authentication { auth_type PASS
    auth_pass "s3cret 1"
  }
  unicast_src_ip ${NET}.1
  unicast_peer { ${NET}.2
  }
  virtual_ipaddress { ${NET}.10 }
}
virtual_server 203.0.113.10 80 {
  delay_loop 1
  lb_algo wrr
  lb_kind DR
  protocol TCP
  real_server 203.0.113.21 80 { weight 3
    TCP_CHECK { connect_timeout 1
      retry 0
      delay_before_retry 1
    }
  }
}
"""
INSTANCE: dict[str, Any] = {
    "name": "web",
    "hosts": ["lvs1", "lvs2"],
    "interface": "roll0",
    "version": 2,
    "virtual_router_id": 61,
    "advert_int": 1,
    "auth_pass": "s3cret 1",
    "unicast_src_ip": "203.0.113.1",
    "unicast_peer": ["203.0.113.2"],
    "mcast_group": "",
    "settling": 3.1,
    "virtual_ipaddress": ["203.0.113.10/32"],
    "virtual_ipaddress_excluded": [],
}
SERVICE = {
    "address": "203.0.113.10",
    "port": 80,
    "protocol": "TCP",
    "lb_algo": "wrr",
    "lb_kind": "DR",
    "real_servers": [{"address": "203.0.113.21", "port": 80, "weight": 3}],
}
TOLD = ["addresses 203.0.113.10 -> 203.0.113.10 203.0.113.11"]
SYSTEMCTL = """#!/bin/sh
now() { awk '{ printf "StateChangeTimestampMonotonic=%d\\n", ($1 + 0.05) * 1000000 }' /proc/uptime; }
case $1 in
show) echo ActiveState=active; cat DIRECTORY/changed ;;
reload) kill -HUP "$(cat DIRECTORY/keepalived.pid)"; now > DIRECTORY/changed; sleep 0.1 ;;
started) now > DIRECTORY/changed; sleep 0.1 ;;
esac
"""


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One that runs the configuration above, as the unit of a systemd that is none."""
    directory = tmp_path_factory.mktemp("rollout")
    (directory / "keepalived.conf").write_text(CONFIGURATION)
    systemctl = directory / "systemctl"
    systemctl.write_text(SYSTEMCTL.replace("DIRECTORY", str(directory)))
    systemctl.chmod(0o755)
    sh("ip link add roll0 type veth peer name roll1 && ip link set roll1 up && ip link set roll0 up")
    sh("ip addr add 203.0.113.1/24 dev roll0")
    run(["ipvsadm", "-C"])
    command = [str(shutil.which("keepalived")), "--dont-fork", "--log-console"]
    command += ["--use-file", str(directory / "keepalived.conf")]
    command += [
        f"--{option}={directory}/{name}.pid"
        for option, name in (("pid", "keepalived"), ("vrrp_pid", "vrrp"), ("checkers_pid", "checkers"))
    ]
    patch = pytest.MonkeyPatch()
    patch.setenv("PATH", str(directory), prepend=":")
    files = keepalived_config.Configuration
    patch.setattr(
        keepalived_config,
        "Configuration",
        lambda module, path: files(module, path, str(directory / "memory" / "x.json")),
    )
    with (directory / "log").open("w") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            wait_for(lambda: "Entering MASTER STATE" in (directory / "log").read_text())
            sh("systemctl started")
            yield directory
        finally:
            process.terminate()
            patch.undo()


def wait_for(holds: Any, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def step(directory: Path, state: str, content: str, *addresses: str, **options: Any) -> dict[str, Any]:
    instance = {**INSTANCE, "virtual_ipaddress": list(addresses)}
    if state != "previous":
        options.update(content=content, vrrp_instances=[instance])
    path, pid_file = str(directory / "keepalived.conf"), str(directory / "keepalived.pid")
    return play("keepalived_config", state=state, path=path, pid_file=pid_file, timeout=20.0, **options)


def asked(
    directory: Path, *addresses: str, by: str = "keepalived_check", timeout: float = 20.0, **more: Any
) -> dict[str, Any]:
    instance = {**INSTANCE, "virtual_ipaddress": list(addresses)}
    pid_file = str(directory / "keepalived.pid")
    options = {"vrrp_instances": [instance], "virtual_servers": [{**SERVICE, **more}], "pid_file": pid_file}
    return play(by, timeout=timeout, **options)


ONE, BOTH = ("203.0.113.10/32",), ("203.0.113.10/32", "203.0.113.11/32")
WIDER = CONFIGURATION.replace("{ ${NET}.10 }", "{ ${NET}.10\n ${NET}.11\n }")


def test_what_runs_is_told_from_what_is_described(directory: Path) -> None:
    staged = step(directory, "staged", CONFIGURATION, *ONE)
    assert (staged["running"], staged["loaded"], staged["differs"]) == (True, True, False)
    assert staged["terms_changed"] == []
    (change,) = step(directory, "staged", CONFIGURATION, *BOTH)["terms_changed"]
    assert [change["how"]] == TOLD
    result = asked(directory, *ONE)
    assert (result["problems"], result["states"]) == ([], {"web": "MASTER"})
    assert asked(directory, *BOTH, timeout=0.1)["problems"] == [f"vrrp_instance web: {TOLD[0]}"]
    assert "does not run" in str(asked(directory, *ONE, timeout=0.1, port=81)["problems"])


def test_a_repair_says_what_runs_too(directory: Path) -> None:
    result = asked(directory, *ONE, by="keepalived_repair")
    assert (result["problems"], result["states"]) == ([], {"web": "MASTER"})
    assert asked(directory, *BOTH, by="keepalived_repair")["problems"] == [f"vrrp_instance web: {TOLD[0]}"]
    assert "does not run" in str(asked(directory, *ONE, by="keepalived_repair", port=81)["problems"])


def test_a_file_that_was_never_loaded_is_loaded_and_goes_back(directory: Path) -> None:
    (directory / "keepalived.conf").write_text(WIDER)  # here a run was cut off
    staged = step(directory, "staged", WIDER, *BOTH)
    assert (staged["differs"], staged["loaded"]) == (False, False)
    assert [each["how"] for each in staged["terms_changed"]] == TOLD
    assert step(directory, "live", WIDER, *BOTH)["changed"]
    assert asked(directory, *BOTH)["problems"] == []
    assert step(directory, "staged", WIDER, *BOTH)["loaded"]
    assert not step(directory, "live", WIDER, *BOTH)["changed"]

    step(directory, "staged", CONFIGURATION, *ONE)
    assert step(directory, "live", CONFIGURATION, *ONE)["changed"]
    assert asked(directory, *ONE)["problems"] == []
    assert step(directory, "previous", "")["changed"]
    assert asked(directory, *BOTH)["problems"] == []


def test_the_file_of_one_that_does_not_run_says_the_same(directory: Path) -> None:
    content = (directory / "keepalived.conf").read_text()
    path = directory / "other.conf"
    path.write_text(content)
    options = {"path": str(path), "pid_file": "/nonexistent", "content": content, "check": True}
    assert (
        play("keepalived_config", **options, vrrp_instances=[{**INSTANCE, "virtual_ipaddress": list(BOTH)}])[
            "terms_changed"
        ]
        == []
    )


def test_an_address_where_it_does_not_belong_is_told_with_what_takes_it_away(directory: Path) -> None:
    sh("ip link set roll0 down")
    try:
        wait_for(lambda: asked(directory, *BOTH, timeout=0.1)["states"] == {"web": "FAULT"})
        assert asked(directory, *BOTH, timeout=0.1)["problems"] == []
        sh("ip addr add 203.0.113.10/32 dev roll1")
        assert "ip address delete 203.0.113.10/32 dev roll1" in str(asked(directory, *BOTH, timeout=0.1)["problems"])
    finally:
        sh("ip addr del 203.0.113.10/32 dev roll1", check=False)
        sh("ip link set roll0 up")

"""What a drain survives beside a real keepalived, and what ends it."""

from __future__ import annotations

import contextlib
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.lvs.cluster.tests.kernel.conftest import kernel_table, run, running_keepalived, sh
from ansible_collections.lvs.cluster.tests.kernel.test_keepalived_repair import wait_for
from ansible_collections.lvs.cluster.tests.unit.playing import play

CONFIGURATION = """
virtual_server 203.0.114.40 80 {
  lb_algo wrr
  lb_kind DR
  protocol TCP
  delay_loop 1
  real_server 198.51.100.41 80 {
    weight 3
    MISC_CHECK {
      misc_path "/usr/bin/test -e UP"
    }
  }
  real_server 198.51.100.42 80 {
    weight 2
  }
}
"""
FIRST, SECOND = "198.51.100.41:80 -g -w", "198.51.100.42:80 -g -w"


class Director:
    """A keepalived whose first server is up as long as a file is there."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.up = directory / "up"
        self.configuration = CONFIGURATION.replace("UP", str(self.up))

    @contextlib.contextmanager
    def runs(self) -> Iterator[subprocess.Popen[str]]:
        with running_keepalived(self.directory, self.configuration, "Starting Healthcheck child") as process:
            wait_for(kernel_table, f"{FIRST} 3", f"{SECOND} 2")
            yield process

    def reload(self, process: subprocess.Popen[str], before: str, after: str) -> None:
        (self.directory / "keepalived.conf").write_text(self.configuration.replace(before, after))
        process.send_signal(signal.SIGHUP)


@pytest.fixture
def director(tmp_path: Path) -> Director:
    run(["ipvsadm", "-C"])
    sh("rm -f /run/lvs-cluster/drained-*")
    director = Director(tmp_path)
    director.up.touch()
    return director


def drain(state: str = "drained") -> bool:
    changed: bool = play("ipvs_drain", address="198.51.100.41", state=state, timeout=0)["changed"]
    return changed


def test_a_drain_lasts_through_a_reload_that_leaves_its_weight_as_it_was(director: Director) -> None:
    with director.runs() as process:
        drain()
        director.reload(process, "weight 2", "weight 4")
        wait_for(kernel_table, f"{SECOND} 4", f"{FIRST} 0")
        assert drain("restored")
        assert f"{FIRST} 3" in kernel_table()


def test_a_reload_that_changes_its_weight_ends_a_drain(director: Director) -> None:
    with director.runs() as process:
        drain()
        director.reload(process, "weight 3", "weight 5")
        wait_for(kernel_table, f"{FIRST} 5")
        assert not drain("restored")


def test_a_check_that_fails_and_succeeds_again_ends_a_drain(director: Director) -> None:
    with director.runs():
        drain()
        director.up.unlink()
        wait_for(kernel_table, f"{SECOND} 2", absent=FIRST)
        director.up.touch()
        wait_for(kernel_table, f"{FIRST} 3")
        assert not drain("restored")


def test_a_restart_ends_a_drain(director: Director) -> None:
    with director.runs():
        drain()
    wait_for(kernel_table, absent=FIRST)
    with director.runs():
        assert not drain("restored")
        assert f"{FIRST} 3" in kernel_table()

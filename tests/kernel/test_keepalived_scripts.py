"""Scripts that a real keepalived runs: who, when, in which order, and what it makes of how they end."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._description import inventory
from ansible_collections.lvs.cluster.plugins.module_utils._host.keepalived import Keepalived, data_signal
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.status import parse_scripts, parse_vrrp_data
from ansible_collections.lvs.cluster.plugins.plugin_utils._files import read_file
from ansible_collections.lvs.cluster.tests.kernel.conftest import (
    MARKS,
    SCRIPT_USER,
    SCRIPTS,
    namespace,
    run_command,
    running_keepalived,
    sh,
    user_of_scripts,
)
from ansible_collections.lvs.cluster.tests.unit.playing import play
from golden.programs import keepaliveds, render_keepalived, variables_of

DIRECTOR, PEER = "lvs1", "lvs2"
ADDRESSES = {DIRECTOR: "192.0.2.11", PEER: "192.0.2.12"}
CASE = Path(__file__).parent / "scripted" / "inventory.yml"
# A master that has to be a faulty one in between.
ORDER = ["BACKUP", "MASTER", "FAULT", "BACKUP", "MASTER", "STOP"]


def view(**changes: Any) -> dict[str, Any]:
    """What the description comes to with other options of its first instance."""
    known = variables_of(CASE)
    first, *others = known[DIRECTOR]["lvs_vrrp_instances"]
    instances = {"lvs_vrrp_instances": [{**first, **changes}, *others]}
    return inventory.view({host: {**known[host], **instances} for host in (DIRECTOR, PEER)}, DIRECTOR, read_file)


def view_without_scripts() -> dict[str, Any]:
    """What the description comes to with the first instance alone, and nothing to run."""
    known = variables_of(CASE)
    (first, *_others) = known[DIRECTOR]["lvs_vrrp_instances"]
    plain = {name: value for name, value in first.items() if not name.startswith(("notify", "track"))}
    others = [name for name in known[DIRECTOR] if name.startswith("lvs_") and name != "lvs_interface"]
    instances = {"lvs_vrrp_instances": [plain]}
    variables = {
        host: {**{name: value for name, value in known[host].items() if name not in others}, **instances}
        for host in (DIRECTOR, PEER)
    }
    return inventory.view(variables, DIRECTOR)


def put(wanted: dict[str, Any], *, purge: bool = False) -> list[str]:
    """Have the scripts of a view on this host, as the role does; the names of those that are there then."""
    scripts = wanted["keepalived"]["scripts"]
    play(
        "keepalived_scripts", scripts=scripts["files"], programs=scripts["programs"], user=scripts["user"], purge=purge
    )
    return sorted(path.name for path in SCRIPTS.iterdir())


class Director:
    """A keepalived that runs, and the marks of its scripts."""

    def __init__(self, program: str, directory: Path) -> None:
        self._program = program
        self._directory = directory

    def pid(self) -> int:
        return self._running().pid

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """The process of the instances, which ends the scripts that it has started when it ends itself."""
        pid = int((self._directory / "vrrp.pid").read_text())
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    def dump(self) -> str:
        """What it says of itself."""
        read: str = self._running().data(data_signal(run_command, self._program), timeout=20)["keepalived.data"](str)
        return read

    def _running(self) -> Keepalived:
        keepalived = Keepalived.running(str(self._directory / "keepalived.pid"), "/tmp")
        assert keepalived, self.log()
        return keepalived

    def priority(self) -> int:
        """That of the instance that is alone."""
        return int(parse_vrrp_data(self.dump())[0]["effective_priority"])

    def log(self) -> str:
        return (self._directory / "log").read_text(errors="replace")[-3000:]

    def until(self, holds: Callable[[], bool], seconds: float = 20) -> None:
        deadline = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < deadline, f"{marks()}\n{self.log()}"
            time.sleep(0.1)


def marks() -> dict[str, list[str]]:
    return {path.name: path.read_text().splitlines() for path in MARKS.iterdir() if path.is_file()}


@pytest.fixture(autouse=True, scope="module")
def _host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """One that has the user of scripts, and no configuration of its own."""
    with user_of_scripts(tmp_path_factory.mktemp("users")):
        sh("ip netns add scripts && ip link add script0 type veth peer name script1 netns scripts")
        sh(f"ip link set script0 up && ip addr add {ADDRESSES[DIRECTOR]}/24 dev script0")
        sh(f"ip -n scripts addr add {ADDRESSES[PEER]}/24 dev script1 && ip -n scripts link set script1 up")
        yield
        sh("ip netns del scripts")


@contextlib.contextmanager
def running(program: str, directory: Path) -> Iterator[Director]:
    """One that has become master of everything."""
    for path in MARKS.iterdir():
        path.unlink()
    there()
    put(view(), purge=True)
    director = Director(program, directory)
    with running_keepalived(directory, render_keepalived(view()), "Entering BACKUP STATE", program):
        director.until(lambda: all("MASTER" in marks().get(name, ()) for name in ("instance", "group")))
        yield director


def there() -> None:
    """All that scripts look for."""
    for name in ("weighed", "needed", "unwanted", "shared"):
        (MARKS / name).touch()


@pytest.fixture(params=keepaliveds())
def director(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Director]:
    """One of each version, for one test."""
    with running(request.param, tmp_path) as director:
        yield director


@pytest.fixture(scope="class", params=keepaliveds())
def started(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Director]:
    """One of each version, for several tests."""
    with running(request.param, tmp_path_factory.mktemp("scripts")) as director:
        yield director


def stop(director: Director, *names: str, word: str = "STOP") -> dict[str, list[str]]:
    """What is in these files when the last line of each tells that it stopped.

    keepalived waits a second for scripts (vrrp_daemon.c: vrrp_terminate_phase1), which on a busy machine is too short.
    """

    def told() -> list[bool]:
        left = marks()
        return [word in left[name][-1] for name in names]

    os.kill(director.pid(), signal.SIGTERM)
    deadline = time.monotonic() + 20
    while not all(told()):
        assert time.monotonic() < deadline, f"{marks()}\n{director.log()}"
        # In one of these moments it starts them all; its second ends only in a later one.
        time.sleep(0.1)
        with director.frozen():
            since = time.monotonic()
            while not all(told()) and time.monotonic() - since < (5 if any(told()) else 0.3):
                time.sleep(0.05)
    return marks()


def test_each_change_of_an_instance_runs_its_scripts_in_the_order_of_the_changes(director: Director) -> None:
    (MARKS / "needed").unlink()
    director.until(lambda: "FAULT" in marks()["instance"])
    (MARKS / "needed").touch()
    # They run beside each other: what is late now would come behind the stop.
    director.until(lambda: len(marks()["instance"]) == len(marks()["told"]) == len(ORDER) - 1)
    left = stop(director, "instance", "told")
    assert left["instance"] == ORDER
    assert left["told"] == [f"INSTANCE web {state} 254" for state in ORDER]
    # keepalived ends the reader of the pipe when it stops, before or after the last line.
    piped = [each for each in left["piped"] if '"web"' in each]
    assert piped[:5] == [f'INSTANCE "web" {state} 254' for state in ORDER[:5]]
    # What another instance has does not touch a group.
    assert left["group"][:2] == ["BACKUP", "MASTER"]
    assert "FAULT" not in left["group"]


def test_each_change_of_a_group_runs_its_scripts_once_for_all_its_instances(director: Director) -> None:
    (MARKS / "shared").unlink()
    director.until(lambda: "FAULT" in marks()["group"])
    (MARKS / "shared").touch()
    # They run beside each other: what is late now would come behind the stop.
    director.until(lambda: len(marks()["group"]) == len(marks()["told_group"]) == len(ORDER) - 1)
    left = stop(director, "group", "told_group")
    assert left["group"] == ORDER
    assert left["told_group"] == [f"GROUP both {state} 0" for state in ORDER]
    assert "FAULT" not in left["instance"]


class TestOneThatGoesOn:
    """What leaves it as it was, and needs none of its own."""

    @pytest.fixture
    def lasting(self, started: Director) -> Director:
        there()
        started.until(lambda: started.priority() == 254)
        return started

    def test_scripts_are_run_by_their_user(self, lasting: Director) -> None:
        lasting.until(lambda: "piped" in marks())
        assert {(MARKS / name).stat().st_uid for name in ("instance", "told", "group", "told_group", "piped")} == {
            SCRIPT_USER
        }

    def test_a_script_with_a_weight_moves_the_priority_after_as_many_runs_as_it_is_told(
        self, lasting: Director
    ) -> None:
        (MARKS / "weighed").unlink()
        gone = time.monotonic()
        lasting.until(lambda: lasting.priority() == 234)
        assert time.monotonic() - gone > 0.5, "one run was enough"
        (MARKS / "weighed").touch()
        lasting.until(lambda: lasting.priority() == 254)
        assert "FAULT" not in marks()["instance"]

    def test_a_number_in_a_file_is_added_to_the_priority(self, lasting: Director) -> None:
        """As whoever plans to take a director out writes it."""
        (MARKS / "planned").write_text("-30\n")
        lasting.until(lambda: lasting.priority() == 224)
        (MARKS / "planned").write_text("0\n")
        lasting.until(lambda: lasting.priority() == 254)

    def test_a_weight_that_is_reversed_is_subtracted(self, lasting: Director) -> None:
        # No priority is higher than that.
        (MARKS / "weighed").unlink()
        lasting.until(lambda: lasting.priority() == 234)
        (MARKS / "unwanted").unlink()
        lasting.until(lambda: lasting.priority() == 244)

    def test_a_master_that_hears_a_lower_one_runs_its_script(self, lasting: Director) -> None:
        assert "heard" not in marks()
        source, target = (socket.inet_aton(address) for address in (ADDRESSES[PEER], ADDRESSES[DIRECTOR]))
        # RFC 9568, 5.2: version 3, one address, every 10 centiseconds.
        advert = struct.pack("!BBBBHH", 0x31, 51, 1, 1, 10, 0) + socket.inet_aton("192.0.2.100")
        pseudo = source + target + struct.pack("!BBH", 0, 112, len(advert))
        advert = advert[:6] + struct.pack("!H", checksum(pseudo + advert)) + advert[8:]
        with namespace("scripts"), socket.socket(socket.AF_INET, socket.SOCK_RAW, 112) as peer:
            peer.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 255)
            peer.sendto(advert, (ADDRESSES[DIRECTOR], 0))
        lasting.until(lambda: marks().get("heard") == ["lower"])


def checksum(data: bytes) -> int:
    """RFC 1071."""
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def test_a_script_that_changes_is_another_file_and_the_old_one_goes_after_the_reload(
    director: Director, tmp_path: Path
) -> None:
    before = put(view())
    wanted = view(notify_stop={"content": f"#!/bin/sh\necho halt >> {MARKS}/instance\n"})
    (new,) = set(put(wanted)) - set(before)
    (tmp_path / "keepalived.conf").write_text(render_keepalived(wanted))
    sh(f"kill -HUP {director.pid()}")
    director.until(lambda: new in director.dump())
    assert new in put(wanted, purge=True)
    assert "STOP" not in stop(director, "instance", word="halt")["instance"]


def test_scripts_come_and_go_by_a_reload(director: Director, tmp_path: Path) -> None:
    def tell(configuration: str) -> None:
        (tmp_path / "keepalived.conf").write_text(configuration)
        sh(f"kill -HUP {director.pid()}")

    tell(render_keepalived(view_without_scripts()))
    director.until(lambda: parse_scripts(director.dump()) == [])
    assert director.priority() == 254
    before = marks()["told"]
    tell(render_keepalived(view()))
    director.until(lambda: len(parse_scripts(director.dump())) > 1)
    # Who is master stays master.
    assert "FAULT" not in marks()["instance"]
    (MARKS / "needed").unlink()
    director.until(lambda: marks()["told"][len(before) :][-1:] == ["INSTANCE web FAULT 254"])


@pytest.mark.parametrize("program", keepaliveds())
def test_its_own_test_accepts_what_the_scripts_module_has_put_there(program: str, tmp_path: Path) -> None:
    """With a user who is not root, of which the test of 2.2.7 dies."""
    wanted = view()
    put(wanted)
    paths = [each["path"] for each in wanted["keepalived"]["scripts"]["files"]]
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "keepalived").symlink_to(sh(f"command -v {program}").strip())
    path = tmp_path / "keepalived.conf"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(tmp_path / "bin"), prepend=":")
        result = play("keepalived_config", path=str(path), content=render_keepalived(wanted), scripts=paths)
    assert result.get("warnings", []) == []
    assert path.read_text() == render_keepalived(wanted)


def test_what_runs_is_told_to_be_what_is_described_and_a_script_that_is_left_out_is_told(
    director: Director, tmp_path: Path
) -> None:
    def asked() -> list[str]:
        problems: list[str] = play(
            "keepalived_check",
            vrrp_instances=keepalived["vrrp_instances"],
            virtual_servers=[],
            scripts=[each["path"] for each in keepalived["scripts"]["files"]],
            pid_file=str(tmp_path / "keepalived.pid"),
            timeout=1.0,
        )["problems"]
        return problems

    keepalived = view()["keepalived"]
    assert asked() == []
    # As a hand would that means well.
    SCRIPTS.chmod(0o700)
    sh(f"kill -HUP {director.pid()}")
    director.until(lambda: len(asked()) == len(keepalived["scripts"]["files"]))
    assert all(each.startswith(f"script {SCRIPTS}/") for each in asked())
    SCRIPTS.chmod(0o755)

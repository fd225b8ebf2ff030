"""Scripts that a real keepalived runs: who, when, in which order, and what it makes of how they end."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._description import inventory
from ansible_collections.lvs.cluster.plugins.module_utils._host.keepalived import Keepalived, data_signal
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.status import parse_vrrp_data
from ansible_collections.lvs.cluster.tests.kernel.conftest import namespace, run_command, running_keepalived, sh
from ansible_collections.lvs.cluster.tests.unit.playing import play
from ansible_collections.lvs.cluster.tests.unit.plugins.module_utils._description.example import (
    HOSTS,
    OTHER_INSTANCE,
    REMOVED,
    hostvars,
)
from golden.programs import keepaliveds, render_keepalived

DIRECTOR, PEER = "lvs1", "lvs2"
MARKS, FOLDER = Path("/run/marks"), Path("/etc/keepalived/scripts")
USER = 4711
INSTANCE = "lvs_vrrp_instances[0]"


def mark(file: str, word: str) -> dict[str, str]:
    """A script that leaves a word in a file."""
    return {"content": f"#!/bin/sh\necho {word} >> {MARKS}/{file}\n"}


def while_there(name: str) -> dict[str, str]:
    """A script that succeeds while there is a file."""
    return {"content": f"#!/bin/sh\n[ -e {MARKS}/{name} ]\n"}


CHANGES: dict[str, Any] = {
    "lvs_virtual_servers": REMOVED,
    "lvs_nginx_upstreams": REMOVED,
    "lvs_global_defs": {"vrrp_notify_fifo": f"{MARKS}/pipe", "vrrp_notify_fifo_script": {"file": "read.sh"}},
    "lvs_vrrp_scripts": [
        {"name": "weighed", "script": while_there("weighed"), "interval": 1, "weight": -20, "rise": 2, "fall": 2},
        {"name": "needed", "script": while_there("needed"), "interval": 1},
    ],
    f"{INSTANCE}.version": 3,
    f"{INSTANCE}.advert_int": 0.1,
    f"{INSTANCE}.track_script": ["weighed", "needed"],
    **{f"{INSTANCE}.notify_{state}": mark("states", state) for state in ("master", "backup", "fault", "stop")},
    f"{INSTANCE}.notify": {"file": "notify.sh", "args": ["told"]},
    f"{INSTANCE}.notify_master_rx_lower_pri": mark("heard", "lower"),
}
FILES = {
    "/inventory/notify.sh": f'#!/bin/sh\necho "$@" >> {MARKS}/changes\n',
    "/inventory/read.sh": f'#!/bin/sh\nexec cat "$1" >> {MARKS}/piped\n',
}


def view(changes: dict[str, Any]) -> dict[str, Any]:
    own = {"lvs_interface": "script0", "inventory_dir": "/inventory"}
    variables = {host: {**each, **own} for host, each in hostvars({**CHANGES, **changes}).items()}
    return inventory.view(
        variables, DIRECTOR, lambda paths: next((FILES[path].encode() for path in paths if path in FILES), None)
    )


def put(wanted: dict[str, Any], *, purge: bool = False) -> list[str]:
    """Have the scripts of a view on this host, as the role does; the names of those that are there then."""
    scripts = wanted["keepalived"]["scripts"]
    play(
        "keepalived_scripts", scripts=scripts["files"], programs=scripts["programs"], user=scripts["user"], purge=purge
    )
    return sorted(path.name for path in FOLDER.iterdir())


class Director:
    """A keepalived that runs, and the marks of its scripts."""

    def __init__(self, program: str, directory: Path) -> None:
        self._program = program
        self._directory = directory

    def pid(self) -> int:
        return self._running().pid

    def dump(self) -> str:
        """What it says of itself."""
        read: str = self._running().data(data_signal(run_command, self._program), timeout=20)["keepalived.data"](str)
        return read

    def _running(self) -> Keepalived:
        keepalived = Keepalived.running(str(self._directory / "keepalived.pid"), "/tmp")
        assert keepalived, self.log()
        return keepalived

    def priority(self) -> int:
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
    users = tmp_path_factory.mktemp("users") / "passwd"
    users.write_text(
        f"{Path('/etc/passwd').read_text()}keepalived_script:x:{USER}:{USER}::/nonexistent:/usr/sbin/nologin\n"
    )
    for folder in (FOLDER.parent, MARKS):
        folder.mkdir(exist_ok=True)
        sh(f"mount -t tmpfs -o mode=0755 tmpfs {folder}")
    sh(f"chmod 644 {users} && mount --bind {users} /etc/passwd && chown {USER}:{USER} {MARKS}")
    sh("ip netns add scripts && ip link add script0 type veth peer name script1 netns scripts")
    sh(f"ip link set script0 up && ip addr add {HOSTS[DIRECTOR]}/24 dev script0")
    sh(f"ip -n scripts addr add {HOSTS[PEER]}/24 dev script1 && ip -n scripts link set script1 up")
    yield
    sh(f"ip netns del scripts; umount /etc/passwd {MARKS} {FOLDER.parent}")


GROUPED: dict[str, Any] = {
    "lvs_vrrp_instances[1]": {**OTHER_INSTANCE, "hosts": [DIRECTOR, PEER], "version": 3, "advert_int": 0.1},
    f"{INSTANCE}.track_script": ["weighed"],
    "lvs_vrrp_sync_groups": [
        {
            "name": "both",
            "group": ["web", "mail"],
            "sync_group_tracking_weight": True,
            "track_script": ["needed"],
            "notify": {"file": "notify.sh", "args": ["group"]},
            **{f"notify_{state}": mark("grouped", state) for state in ("master", "backup", "fault", "stop")},
        }
    ],
}


@pytest.fixture
def director(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Director]:
    """One that has become master; what it runs is accepted by its own test first."""
    for path in MARKS.iterdir():
        path.unlink()
    for name in ("weighed", "needed"):
        (MARKS / name).touch()
    program, changes = request.param
    wanted = view(changes)
    put(wanted, purge=True)
    director = Director(program, tmp_path)
    with running_keepalived(tmp_path, render_keepalived(wanted), "Entering BACKUP STATE", program):
        director.until(lambda: "master" in marks().get("states", ()))
        yield director


def each_version(changes: dict[str, Any]) -> pytest.MarkDecorator:
    """A director of each version, which runs the description with these changes."""
    return pytest.mark.parametrize(
        "director", [(program, changes) for program in keepaliveds()], ids=keepaliveds(), indirect=True
    )


@each_version({})
def test_each_change_runs_its_scripts_in_the_order_of_the_changes_as_the_user_of_scripts(director: Director) -> None:
    (MARKS / "needed").unlink()
    director.until(lambda: "fault" in marks()["states"])
    (MARKS / "needed").touch()
    director.until(lambda: marks()["states"].count("master") == 2)
    stop(director)
    assert marks()["states"] == ["backup", "master", "fault", "backup", "master", "stop"]
    told = [f"told INSTANCE web {state} 254" for state in ("BACKUP", "MASTER", "FAULT", "BACKUP", "MASTER", "STOP")]
    assert marks()["changes"] == told
    piped = [each for each in marks()["piped"] if each.startswith("INSTANCE")]
    # keepalived ends its reader when it stops, before or after the last line.
    assert piped[:5] == [each.replace("told INSTANCE web", 'INSTANCE "web"') for each in told[:5]]
    assert {(MARKS / name).stat().st_uid for name in ("states", "changes", "piped")} == {USER}


def stop(director: Director, told: int = 1) -> None:
    """told: how many are told of it by notify."""
    sh(f"kill {director.pid()}")
    director.until(lambda: sum(" STOP " in each for each in marks()["changes"]) == told)
    director.until(lambda: all(marks()[name][-1] == "stop" for name in ("states", "grouped") if name in marks()))


@each_version(GROUPED)
def test_a_group_runs_its_scripts_once_for_all_its_instances(director: Director) -> None:
    (MARKS / "needed").unlink()
    director.until(lambda: "fault" in marks()["grouped"] and "fault" in marks()["states"])
    (MARKS / "needed").touch()
    director.until(lambda: marks()["grouped"].count("master") == marks()["states"].count("master") == 2)
    stop(director, told=2)
    assert marks()["grouped"] == ["backup", "master", "fault", "backup", "master", "stop"]
    assert marks()["states"] == marks()["grouped"]
    told = [each for each in marks()["changes"] if each.startswith("group")]
    assert told == [
        f"group GROUP both {state} 0" for state in ("BACKUP", "MASTER", "FAULT", "BACKUP", "MASTER", "STOP")
    ]


@each_version({})
def test_a_script_with_a_weight_moves_the_priority_after_as_many_runs_as_it_is_told(director: Director) -> None:
    assert director.priority() == 254
    (MARKS / "weighed").unlink()
    gone = time.monotonic()
    director.until(lambda: director.priority() == 234)
    assert time.monotonic() - gone > 0.5, "one run was enough"
    (MARKS / "weighed").touch()
    director.until(lambda: director.priority() == 254)
    assert "fault" not in marks()["states"]


@each_version({})
def test_a_master_that_hears_a_lower_one_runs_its_script(director: Director) -> None:
    assert "heard" not in marks()
    address = socket.inet_aton("192.0.2.100")
    source, target = (socket.inet_aton(HOSTS[host]) for host in (PEER, DIRECTOR))
    # RFC 9568, 5.2: version 3, one address, every 10 centiseconds.
    advert = struct.pack("!BBBBHH", 0x31, 51, 1, 1, 10, 0) + address
    pseudo = source + target + struct.pack("!BBH", 0, 112, len(advert))
    advert = advert[:6] + struct.pack("!H", checksum(pseudo + advert)) + advert[8:]
    with namespace("scripts"), socket.socket(socket.AF_INET, socket.SOCK_RAW, 112) as peer:
        peer.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 255)
        peer.sendto(advert, (HOSTS[DIRECTOR], 0))
    director.until(lambda: marks().get("heard") == ["lower"])


def checksum(data: bytes) -> int:
    """RFC 1071."""
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


@each_version({})
def test_a_script_that_changes_is_another_file_and_the_old_one_goes_after_the_reload(
    director: Director, tmp_path: Path
) -> None:
    before = put(view({}))
    wanted = view({f"{INSTANCE}.notify_stop": mark("states", "halt")})
    both = put(wanted)
    assert len(both) == len(before) + 1
    (tmp_path / "keepalived.conf").write_text(render_keepalived(wanted))
    sh(f"kill -HUP {director.pid()}")
    (new,) = set(both) - set(before)
    director.until(lambda: new in director.dump())
    assert new in put(wanted, purge=True)
    assert len(list(FOLDER.iterdir())) == len(before)
    sh(f"kill {director.pid()}")
    director.until(lambda: "halt" in marks()["states"])
    assert "stop" not in marks()["states"]


@pytest.mark.parametrize("program", keepaliveds())
def test_its_own_test_accepts_what_the_scripts_module_has_put_there(program: str, tmp_path: Path) -> None:
    """With a user who is not root, of which the test of 2.2.7 dies."""
    wanted = view({})
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


@each_version({})
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

    keepalived = view({})["keepalived"]
    assert asked() == []
    # As a hand would that means well.
    FOLDER.chmod(0o700)
    sh(f"kill -HUP {director.pid()}")
    director.until(lambda: len(asked()) == len(keepalived["scripts"]["files"]))
    assert all(each.startswith(f"script {FOLDER}/") for each in asked())
    FOLDER.chmod(0o755)

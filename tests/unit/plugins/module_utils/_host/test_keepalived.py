"""Files that a running keepalived writes when it is signalled, and which processes are a keepalived."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._host import keepalived as door
from ansible_collections.lvs.cluster.plugins.module_utils._host.keepalived import (
    Keepalived,
    KeepalivedError,
    is_keepalived,
    signal_number,
)
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.status import StatusError


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[Callable[[], object]]:
    """What keepalived does, one thing after the signal and one at each look at its file."""
    todo: list[Callable[[], object]] = []

    def step(*_arguments: object) -> None:
        if todo:
            todo.pop(0)()

    monkeypatch.setattr(os, "kill", step)
    monkeypatch.setattr(door.time, "sleep", step)
    return todo


def whole(text: str) -> str:
    if not text.endswith("."):
        raise StatusError("not whole")
    return text


def dumped(directory: Path, parse: Callable[[str], str], timeout: float = 0.2) -> str:
    (read,) = Keepalived(os.getpid(), "", str(directory)).dump(1, ["file"], timeout)
    return read(parse)


def test_a_file_from_before_is_not_read(steps: list[Callable[[], object]], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("old.")
    with pytest.raises(KeepalivedError, match="did not write file"):
        dumped(tmp_path, whole)
    steps += [lambda: None, lambda: None, lambda: (tmp_path / "file").write_text("new.")]
    assert dumped(tmp_path, whole) == "new."


def test_a_file_that_grows_is_read_when_it_does_not_any_more(steps: list[Callable[[], object]], tmp_path: Path) -> None:
    steps += [lambda: (tmp_path / "file").write_text("1."), lambda: (tmp_path / "file").write_text("1.2.")]
    assert dumped(tmp_path, whole) == "1.2."


def test_a_file_that_is_still_open_is_not_read(steps: list[Callable[[], object]], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (tmp_path / "file").open("w") as file:  # this process is its keepalived
        steps += [
            lambda: (file.write("1."), file.flush()),
            *[lambda: None] * 5,
            lambda: (file.write("2."), file.close()),
        ]
        assert dumped(tmp_path, whole, timeout=5) == "1.2."


def test_a_file_that_is_not_understood_is_read_again_and_then_an_error(
    steps: list[Callable[[], object]], tmp_path: Path
) -> None:
    steps += [lambda: (tmp_path / "file").write_text("1"), *[lambda: None] * 9]
    steps += [lambda: (tmp_path / "file").write_text("1.")]
    assert dumped(tmp_path, whole, timeout=5) == "1."
    steps += [lambda: (tmp_path / "file").write_text("2")]
    with pytest.raises(KeepalivedError, match="not whole"):
        dumped(tmp_path, whole)


@pytest.fixture
def keepalived(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Shells by the name of keepalived, a parent and two children, with pid files."""
    program = tmp_path / "keepalived"
    shutil.copy("/bin/sh", program)
    os.mkfifo(tmp_path / "end")
    child = f"{program} -c 'read end < {tmp_path}/end' & echo $! >{tmp_path}"
    script = f"{child}/vrrp.pid; {child}/checkers.pid; (exec sleep 60) & echo $! >{tmp_path}/sleep.pid; wait"
    with subprocess.Popen([program, "-c", script]) as process:
        (tmp_path / "keepalived.pid").write_text(f"{process.pid}\n")
        deadline = time.monotonic() + 10
        while not (tmp_path / "sleep.pid").exists() or not (tmp_path / "sleep.pid").read_text():
            assert time.monotonic() < deadline
            time.sleep(0.01)
        children = [int((tmp_path / f"{name}.pid").read_text()) for name in ("vrrp", "checkers", "sleep")]
        yield process
        for pid in children:
            os.kill(pid, signal.SIGTERM)


def test_a_keepalived_is_known_by_its_program_and_its_children_by_their_pid_files(
    keepalived: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    found = Keepalived.running(str(tmp_path / "keepalived.pid"), "/tmp")
    assert found
    assert found.pid == keepalived.pid
    assert found.children(5) == ["vrrp", "checkers"]
    (tmp_path / "keepalived").unlink()  # as an upgrade does
    assert is_keepalived(keepalived.pid)


@pytest.mark.usefixtures("keepalived")
def test_children_without_pid_files_are_an_error_and_files_without_children_mean_nothing(tmp_path: Path) -> None:
    found = Keepalived.running(str(tmp_path / "keepalived.pid"), "/tmp")
    assert found
    (tmp_path / "bfd.pid").write_text(f"{os.getpid()}\n")  # of one that ended long ago
    assert found.children(5) == ["vrrp", "checkers"]
    (tmp_path / "vrrp.pid").unlink()
    with pytest.raises(KeepalivedError, match=r"2 processes, and 1 of .*--vrrp_pid"):
        found.children(0)


def test_a_pid_file_of_something_else_is_no_keepalived(tmp_path: Path) -> None:
    for text in ("", "x", "4194304\n", f"{os.getpid()}\n"):
        (tmp_path / "keepalived.pid").write_text(text)
        assert Keepalived.running(str(tmp_path / "keepalived.pid"), "/tmp") is None


@pytest.mark.parametrize(
    ("done", "expected"),
    [
        pytest.param((0, "10\n", ""), 10, id="known"),
        pytest.param((1, "", "Unknown sigfunc JSON\n"), None, id="not of this build"),
    ],
)
def test_number_of_a_signal(done: tuple[int, str, str], expected: int | None) -> None:
    assert signal_number(lambda *_arguments, **_options: done, "keepalived", "JSON") == expected


def test_no_number_of_a_signal_is_told_with_its_cause() -> None:
    """A host without memory is no keepalived that is too old."""
    with pytest.raises(KeepalivedError, match=r"exit status -9, and says 'no memory'"):
        signal_number(lambda *_arguments, **_options: (-9, "", "no memory\n"), "keepalived", "DATA")

"""What every machine does the same way, whatever it is."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from lvslab.distribution import Image
from lvslab.files import File
from lvslab.machine import Machine


class Here(Machine):
    """This machine, without any network."""

    def prepare(self) -> None:
        raise NotImplementedError

    start = stop = prepare

    def is_running(self) -> bool:
        return True

    def argv(self, command: Sequence[str], *, terminal: bool = False) -> list[str]:
        assert not terminal
        return list(command)

    def folder_of(self, image: Image) -> str:
        raise NotImplementedError(image)

    def modules(self) -> str | None:
        return None


def test_files_are_put_with_their_modes_and_are_as_new_as_that(tmp_path: Path) -> None:
    begun = int(time.time())
    Here("here", [], []).put(f"{tmp_path}/opt", {"probe": File(b"1", 0o755), "package/module.py": File(b"2")})
    program, module = tmp_path / "opt" / "probe", tmp_path / "opt" / "package" / "module.py"
    assert (program.read_bytes(), module.read_bytes()) == (b"1", b"2")
    assert (program.stat().st_mode & 0o777, module.stat().st_mode & 0o777) == (0o755, 0o644)
    assert module.stat().st_mtime >= begun, "Python would take bytecode of an older file of that size for this one's"

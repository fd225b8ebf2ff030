"""What is mounted in a folder that is to go: removed with its mounts in place, it would take their contents along."""

from __future__ import annotations

import re
from pathlib import Path

from lvslab.process import run


def mounts_below(folder: str, table: str) -> list[str]:
    """The mount points of proc(5)'s C(mounts) in a folder, innermost first: the order in which they can be undone."""
    # Blanks, tabs and backslashes are octal there.
    points = [
        re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), line.split()[1]) for line in table.splitlines()
    ]
    return [point for point in reversed(points) if point.startswith(folder + "/")]


def unmount_below(folder: str) -> None:
    for point in mounts_below(folder, Path("/proc/mounts").read_text(encoding="utf-8")):
        run(["umount", point])

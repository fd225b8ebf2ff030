"""Running programs on the user's own machine."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Sequence

from lvslab.errors import LabError


def run(
    command: Sequence[str],
    *,
    stdin: bytes = b"",
    check: bool = True,
    timeout: float | None = None,
) -> subprocess.CompletedProcess[bytes]:
    """Run to the end with captured output; a failure quotes the program's last words."""
    done = subprocess.run(list(command), input=stdin, capture_output=True, check=False, timeout=timeout)
    if check and done.returncode:
        words = (done.stderr or done.stdout).decode(errors="replace").strip()
        raise LabError(f"{shlex.join(command)[:200]}: exit status {done.returncode}: {words[-1000:]}")
    return done


def shell_script(commands: Sequence[Sequence[str]]) -> str:
    """Several commands as one script that stops at the first failure: one round trip instead of many."""
    return "\n".join(["set -eu", *(shlex.join(command) for command in commands)]) + "\n"

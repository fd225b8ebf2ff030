"""``lab run``: a command of the checkout under a kernel with IPVS, without any hosts."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from lvslab import apt, state, uml
from lvslab.console import say
from lvslab.errors import LabError
from lvslab.images import Cache
from lvslab.machine import choose_engine, has_ipvs

CHECKOUT = Path(__file__).resolve().parents[2]
# What a command leaves in /run and /etc (namespaces, the names of routing tables) vanishes with it.
_IN_NAMESPACES = """
mount -t tmpfs -o mode=755 tmpfs /run
mkdir /run/upper /run/work
mount -t overlay -o lowerdir=/etc,upperdir=/run/upper,workdir=/run/work overlay /etc
ip link set lo up
exec "$@"
"""
# One that is a shell's own, or a matter of the terminal, means nothing to a new machine.
_ENVIRONMENT_NAME = re.compile(r"(?!(_|PWD|OLDPWD|SHLVL|TERM)$)[A-Za-z_][A-Za-z0-9_]*")


def run_under_ipvs(command: Sequence[str], wanted_engine: str | None, cache: Cache) -> int:
    """Run it in a network namespace of its own where this kernel has IPVS, else under a kernel that has."""
    engine, reason = choose_engine(wanted_engine, has_ipvs())
    say(f"engine: {engine}, {reason}")
    if engine == "host":
        apt.require({"unshare": "util-linux", "ip": "iproute2"})
        argv = ["unshare", "--net", "--mount", "--propagation=private", "sh", "-euc", _IN_NAMESPACES, "sh", *command]
        return subprocess.run(argv, check=False).returncode
    apt.require({**uml.PACKAGES, "modprobe": "kmod"})
    kernel = cache.kernel(apt.host_archive())
    with run_folder() as folder:
        (folder / "command").write_text(command_script(command, os.environ), encoding="utf-8")
        init = folder / "init"
        init.write_text(init_script(kernel), encoding="utf-8")
        init.chmod(0o755)
        root = ["root=/dev/root", "rootfstype=hostfs", "rootflags=/host", "ro", f"init={init}"]
        return run_in_kernel(kernel, folder, root, {})


@contextmanager
def run_folder() -> Iterator[Path]:
    """Where the kernel and this process meet: the script to run, its output and exit status."""
    state.FOLDER.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=state.FOLDER))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def init_script(kernel: Path) -> str:
    """Process 1 of the kernel."""
    places = shlex.join([f"KERNEL={kernel}", f"CHECKOUT={CHECKOUT}", "COMMAND=/run/lab/command"])
    return f"#!/bin/sh\nexec env {places} {shlex.quote(f'{CHECKOUT}/lab/kernel/run.sh')}\n"


def command_script(command: Sequence[str], environment: Mapping[str, str]) -> str:
    """The command in the environment of who wants it."""
    exports = (f"export {name}={shlex.quote(text)}" for name, text in environment.items() if _is_portable(name))
    return "\n".join([*exports, *run_lines(command, "/run/lab")]) + "\n"


def run_lines(command: Sequence[str], lab: str) -> list[str]:
    """The part of a script that runs the command; ``lab`` is where the run's folder is mounted."""
    return [
        f"cd {shlex.quote(os.getcwd())}",
        "status=0",
        f"{shlex.join(command)} </dev/null >>{lab}/stdout 2>>{lab}/stderr || status=$?",
        f"echo $status > {lab}/status.new",
        f"mv {lab}/status.new {lab}/status",
    ]


def _is_portable(name: str) -> bool:
    return bool(_ENVIRONMENT_NAME.fullmatch(name))


def run_in_kernel(kernel: Path, folder: Path, root: Sequence[str], binds: Mapping[Path, str]) -> int:
    """Boot the kernel on ``root``, whose script leaves output and exit status in the folder, and follow it."""
    for name in ("stdout", "stderr"):
        (folder / name).touch()
    arguments = [
        *uml.kernel_options(uml.kernel_version(kernel)),
        *(f"umid={folder.name}", *root, "con0=null,fd:1", "console=tty0", "panic=-1"),
    ]
    all_binds = {folder: "lab", Path("/"): "host", **binds}
    cpu = state.choose_cpu(folder.name)
    with open(folder / "console.log", "wb") as console:
        # Should this process be killed, the kernel ends with it.
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig=KILL", *uml.launcher(kernel, folder / state.PID_FILE, cpu, all_binds, arguments)],
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=console,
            start_new_session=True,
        )
    try:
        return _follow(process, folder)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _follow(process: subprocess.Popen[bytes], folder: Path) -> int:
    """Pass the command's output on as it comes, until its exit status is there."""
    status = folder / "status"
    with open(folder / "stdout", "rb") as stdout, open(folder / "stderr", "rb") as stderr:
        while True:
            ended = status.exists()
            _copy(stdout, sys.stdout.buffer)
            _copy(stderr, sys.stderr.buffer)
            if ended:
                return int(status.read_text(encoding="utf-8"))
            if process.poll() is not None:
                words = (folder / "console.log").read_text(encoding="utf-8", errors="replace").strip()
                raise LabError(f"User-Mode Linux ended before the command did: {words[-1500:]}")
            time.sleep(0.05)


def _copy(source: BinaryIO, target: BinaryIO) -> None:
    if block := source.read():
        target.write(block)
        target.flush()

# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""The one door to a running keepalived: its processes, signals, and the files that it writes upon them."""

from __future__ import annotations

import os
import time
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, TypeVar

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.status import (
    StatusError,
    parse_check_data,
    parse_scripts,
    parse_sync_daemon,
    parse_vrrp_addresses,
    parse_vrrp_data,
    parse_vrrp_terms,
)
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.versions import parse_version

from .command import RunCommand
from .errors import HostError

T = TypeVar("T")

# Between two looks at a file that keepalived is about to write.
INTERVAL = 0.05

CHILDREN = ("vrrp", "checkers", "bfd")
DATA_FILES = {"vrrp": "keepalived.data", "checkers": "keepalived_check.data"}


class KeepalivedError(HostError):
    """keepalived does not say what it was asked for."""

    kind = "keepalived"

    def __init__(self, text: str, remedy: str) -> None:
        super().__init__(text, remedy=remedy)


class NotRootError(KeepalivedError):
    """Whoever asks must not signal it."""

    kind = "not_root"


class NoKeepalivedError(KeepalivedError):
    """The program is not there."""

    kind = "no_keepalived"

    def __init__(self) -> None:
        super().__init__(
            "There is no keepalived on this host", "Install it first, as the role lvs.cluster.keepalived does"
        )


class TooOldError(KeepalivedError):
    """The program does not know what it is to be told."""

    kind = "too_old"

    def __init__(self, version: str, refused: Sequence[str]) -> None:
        told = f"{'; '.join(refused)}; this host has keepalived {version}"
        super().__init__(told, "Remove the option, or install a keepalived that knows it")


class Keepalived:
    """A keepalived that runs here."""

    def __init__(self, pid: int, run_directory: str, dump_directory: str) -> None:
        self.pid = pid
        self._run_directory = run_directory
        # Its own view of the directory: systemd may have given it a private /tmp.
        self._dumps = f"/proc/{pid}/root{dump_directory}"

    @classmethod
    def running(cls, pid_file: str, dump_directory: str) -> Optional[Keepalived]:
        """The one whose process id is in a file, if it runs."""
        pid = _read_pid(pid_file)
        try:
            runs = pid is not None and is_keepalived(pid)
        except PermissionError:
            raise NotRootError(f"process {pid} shows itself to root alone", "Use become: true") from None
        return cls(pid, os.path.dirname(pid_file), dump_directory) if pid is not None and runs else None

    def children(self, timeout: float) -> List[str]:
        """The names of its processes, as C(vrrp) and C(checkers); without one it writes no file of that.

        What a process does is known from its pid file alone, which may come a moment after it, or outlive it.
        """
        deadline = time.monotonic() + timeout
        while True:
            pids = [pid for pid in _processes() if _parent(pid) == self.pid and is_keepalived(pid)]
            files = {name: _read_pid(os.path.join(self._run_directory, f"{name}.pid")) for name in CHILDREN}
            names = [name for name, pid in files.items() if pid in pids]
            if len(names) == len(pids):
                return names
            if time.monotonic() > deadline:
                raise KeepalivedError(
                    f"keepalived has {len(pids)} processes, and {len(names)} of their pid files are in"
                    f" {self._run_directory}",
                    "Have keepalived write them beside its own (options --vrrp_pid and --checkers_pid)",
                )
            time.sleep(INTERVAL)

    def dump(self, signal: int, names: Sequence[str], timeout: float) -> List[Callable[[Callable[[str], T]], T]]:
        """Have files written; each result reads one of them with a parser."""
        before = {name: self._signature(name) for name in names}
        try:
            os.kill(self.pid, signal)
        except PermissionError:
            raise NotRootError("keepalived takes no signal of this user", "Use become: true") from None
        except ProcessLookupError:
            raise KeepalivedError("keepalived has just ended", "See its log") from None
        deadline = time.monotonic() + timeout

        def reader(name: str) -> Callable[[Callable[[str], T]], T]:
            return lambda parse: self._read(name, before[name], parse, deadline)

        return [reader(name) for name in names]

    def data(self, signal: int, timeout: float) -> Dict[str, Callable[[Callable[[str], T]], T]]:
        """The same of the files that the signal DATA makes its processes write, by their names."""
        children = self.children(timeout)
        names = [name for child, name in DATA_FILES.items() if child in children]
        return dict(zip(names, self.dump(signal, names, timeout)))

    def _read(self, name: str, before: Any, parse: Callable[[str], T], deadline: float) -> T:
        """A file that is new, does not grow any more, and can be read."""
        problem = f"keepalived did not write {name}"
        seen = before
        while time.monotonic() < deadline:
            now = self._signature(name)
            if now not in (None, before) and now == seen and not self._is_written(now):
                try:
                    with open(os.path.join(self._dumps, name), encoding="utf-8", errors="replace") as file:
                        return parse(file.read())
                except StatusError as error:
                    problem = str(error)
            seen = now
            time.sleep(INTERVAL)
        raise KeepalivedError(
            problem, "See its log; set timeout if the host is slow, dump_directory if it writes elsewhere"
        )

    def _is_written(self, signature: Any) -> bool:
        """Whether a process of it has a file open: a part that ends between two sections looks like a whole."""
        device, inode = signature[:2]
        return any(_has_open(pid, device, inode) for pid in _processes() if self.pid in (pid, _parent(pid)))

    def _signature(self, name: str) -> Any:
        try:
            status = os.stat(os.path.join(self._dumps, name))
        except OSError:
            return None
        return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def is_keepalived(pid: int) -> bool:
    """Whether a process runs this program; it may call itself something else (process_name, instance)."""
    try:
        program = os.readlink(f"/proc/{pid}/exe")
    except (FileNotFoundError, ProcessLookupError):
        return False
    # C( (deleted)) after an upgrade.
    return os.path.basename(program).split(" ", maxsplit=1)[0] == "keepalived"


def _processes() -> List[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def _has_open(pid: int, device: int, inode: int) -> bool:
    """Whether a process has a file open."""
    directory = f"/proc/{pid}/fd"
    try:
        names = os.listdir(directory)
    except OSError:  # it ended meanwhile
        return False
    return any(_is_file(os.path.join(directory, name), device, inode) for name in names)


def _is_file(path: str, device: int, inode: int) -> bool:
    try:
        status = os.stat(path)
    except OSError:  # closed meanwhile
        return False
    return (status.st_dev, status.st_ino) == (device, inode)


def _parent(pid: int) -> Optional[int]:
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            # proc(5): the name is in parentheses, and may have some itself; state and parent follow.
            return int(file.read().rpartition(")")[2].split()[1])
    except (OSError, IndexError):
        return None


def _read_pid(path: str) -> Optional[int]:
    try:
        with open(path, encoding="ascii") as file:
            return int(file.read())
    except (OSError, ValueError):
        return None


def command_line(pid: int) -> List[str]:
    """The words that a process was started with."""
    with open(f"/proc/{pid}/cmdline", encoding="utf-8", errors="replace") as file:
        return file.read().rstrip("\0").split("\0")


def program_of(module: Any) -> str:
    """Where keepalived is."""
    path = module.get_bin_path("keepalived")
    if path is None:
        raise NoKeepalivedError
    return str(path)


def version_of(run_command: RunCommand, program: str) -> str:
    """The version of the program."""
    _status, output, errors = run_command([program, "--version"])
    version = parse_version(errors) or parse_version(output)
    if version is None:
        raise KeepalivedError("this keepalived tells no version", "Look what `keepalived --version` prints")
    return version


def signal_number(run_command: RunCommand, program: str, name: str) -> Optional[int]:
    """The number of a signal of this build; None if the build does not know it."""
    status, output, errors = run_command([program, f"--signum={name}"])
    text = output.strip()
    if not status and text.isdigit():
        return int(text)
    if "Unknown sigfunc" in errors:
        return None
    raise KeepalivedError(
        f"`{program} --signum={name}` ends with exit status {status}, and says {(text + ' ' + errors).strip()!r}",
        "Run it on the host. What asks for it needs keepalived 2.0 or later",
    )


def data_signal(run_command: RunCommand, program: str) -> int:
    """The signal upon which this build writes its data as text."""
    number = signal_number(run_command, program, "DATA")
    if number is None:
        raise KeepalivedError("this keepalived knows no signal DATA", "Install keepalived 2.0 or later")
    return number


def dumped(keepalived: Keepalived, run_command: RunCommand, program: str, timeout: float) -> Dict[str, Any]:
    """What it runs."""
    return told(keepalived.data(data_signal(run_command, program), timeout))


def told(read: Mapping[str, Callable[[Callable[[str], Dict[str, Any]]], Dict[str, Any]]]) -> Dict[str, Any]:
    """What its data tells, of which each file is waited for once.

    The C(states) and the C(terms) of its VRRP instances, their C(addresses), its C(scripts), and its C(services), which
    are None where it has no checker; and its sync C(daemon).
    """
    result: Dict[str, Any] = {
        "states": [],
        "terms": [],
        "addresses": {},
        "scripts": [],
        "services": None,
        "daemon": None,
    }
    scripts = []
    for name, parse in (("keepalived_check.data", _checker_told), ("keepalived.data", _vrrp_told)):
        if name in read:
            result.update(read[name](parse))
            scripts += result["scripts"]
    return {**result, "scripts": scripts}


def _checker_told(text: str) -> Dict[str, Any]:
    return {"services": parse_check_data(text), "scripts": parse_scripts(text), "daemon": parse_sync_daemon(text)}


def _vrrp_told(text: str) -> Dict[str, Any]:
    return {
        "states": parse_vrrp_data(text),
        "terms": parse_vrrp_terms(text),
        "addresses": parse_vrrp_addresses(text),
        "scripts": parse_scripts(text),
        "daemon": parse_sync_daemon(text),
    }


def keepalived_runs() -> bool:
    """Whether a keepalived runs in this network namespace."""
    here = os.stat("/proc/self/ns/net").st_ino
    return any(_runs_keepalived(int(pid), here) for pid in os.listdir("/proc") if pid.isdigit())


def _runs_keepalived(pid: int, namespace: int) -> bool:
    try:
        return is_keepalived(pid) and os.stat(f"/proc/{pid}/ns/net").st_ino == namespace
    except OSError:  # it ended meanwhile, or is somebody else's
        return False

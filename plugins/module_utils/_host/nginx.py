# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""The one door to nginx and its ports: what it reads, who listens, what answers, and since when its workers run."""

from __future__ import annotations

import contextlib
import glob
import os
import re
import socket
import ssl
import time
from typing import Any, Dict, Iterator, List, Sequence, Set, Tuple

from ansible_collections.lvs.cluster.plugins.module_utils._net import EVERY, endpoint, family_of
from ansible_collections.lvs.cluster.plugins.module_utils._nginx.questions import told
from ansible_collections.lvs.cluster.plugins.module_utils._realserver.nginx import (
    Answer,
    Process,
    Wanted,
    answer,
    files,
    holders,
    in_use,
    listens,
    sockets,
)

from .certificates import first_in, shown
from .command import C_LOCALE, RunCommand
from .errors import HostError

PROC = "/proc"
LOOPBACKS = {"ipv4": "127.0.0.1", "ipv6": "::1"}
MAIN_FILE = "/etc/nginx/nginx.conf"
FOLDER = "/etc/nginx/conf.d"
SEE_LOG = "See its error log, /var/log/nginx/error.log"
# A reload opens what is new before it closes what is old; a restart ends every connection of the host.
NOT_LOADED = (
    "Stop who holds it, or move it to another port, and run again. A socket of nginx's own, from an address to every "
    "address or back, goes with 'systemctl restart nginx', which ends its connections: drain the host before"
)

# What C(ssl_reject_handshake) of a default server says to who names no site; so it does speak TLS.
REFUSES_THE_NAMELESS = "TLSV1_UNRECOGNIZED_NAME"


class NginxError(HostError):
    """nginx does not say what it was asked for."""

    kind = "nginx"


class NoNginxError(NginxError):
    """The program is not there."""

    remedy = "Install the package nginx, or apply the role lvs.cluster.nginx"


class RefusedConfigurationError(NginxError):
    """What nginx is to read is not whole."""


def configuration(module: Any) -> List[Tuple[str, str]]:
    """Path and text of the files that nginx reads, in that order."""
    program = module.get_bin_path("nginx")
    if program is None:
        raise NoNginxError("There is no nginx on this host")
    status, output, errors = module.run_command([program, "-T", "-q"], environ_update=C_LOCALE)
    if status:
        raise RefusedConfigurationError(f"nginx refuses its configuration as it is: {errors.strip()}")
    return files(output)


def version(module: Any) -> str:
    """Which nginx is installed; empty where none is."""
    program = module.get_bin_path("nginx")
    told = module.run_command([program, "-v"], environ_update=C_LOCALE)[2] if program else ""
    found = re.search(r"nginx/([0-9.]+)", told)
    return found.group(1) if found else ""


def worker_connections(path: str = MAIN_FILE) -> int:
    """How many connections the distribution's file gives a worker; 0 where it does not say."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            found = re.search(r"^\s*worker_connections\s+(\d+)\s*;", file.read(), re.MULTILINE)
    except OSError:
        return 0
    return int(found.group(1)) if found else 0


def asked() -> Dict[str, List[str]]:
    """By cluster, what keepalived asks nginx, as its file tells; none of one that has no such lines."""
    found = {}
    for path in sorted(glob.glob(os.path.join(FOLDER, "*.conf"))):
        with contextlib.suppress(OSError), open(path, encoding="utf-8", errors="replace") as file:
            found[os.path.basename(path)[: -len(".conf")]] = told(file.read())
    return {cluster: lines for cluster, lines in found.items() if lines}


def others_on(run_command: RunCommand, port: int, addresses: Sequence[str]) -> List[Process]:
    """The processes other than nginx that listen on a port by the families of these addresses."""
    return holders(_listening(run_command), port, set(map(family_of, addresses)))


def _listening(run_command: RunCommand) -> str:
    return run_command(["ss", "-H", "-l", "-t", "-n", "-p"], environ_update=C_LOCALE)[1]


def in_its_way(module: Any, path: str, parent: int) -> List[str]:
    """Who holds a socket that a file of nginx's configuration names, a line each.

    parent: the process of nginx that is to hold them; 0 where none runs.
    """
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            found = listens([(path, file.read())])
    except FileNotFoundError:
        return []
    return in_use(found, sockets(_listening(module.run_command)), _with_children(parent) if parent else set())


def last_written(paths: Sequence[str]) -> float:
    """When the youngest of these files came to be as it is, or a link to it; 0 where there is none."""
    times = [0.0]
    for path in paths:
        for look in (os.stat, os.lstat):
            with contextlib.suppress(FileNotFoundError):
                times.append(look(path).st_ctime)
    return max(times)


def asked_at(wanted: Wanted, own: Sequence[str]) -> str:
    """The address at which a socket is asked.

    own: the host's own, of which that of the family is asked where any is listened on; the loopback's if it has none.
    """
    family = family_of(wanted.address)
    if wanted.address != EVERY[family]:
        return wanted.address
    return next((each for each in own if family_of(each) == family), LOOPBACKS[family])


def complaint(wanted: Wanted, own: Sequence[str], timeout: float) -> str:
    """Why a socket is not answered as it shall be; empty if it is.

    own: the host's own addresses.
    """
    address = asked_at(wanted, own)
    if not wanted.shown:
        try:
            socket.create_connection((address, wanted.port), timeout=timeout, source_address=(address, 0)).close()
        except OSError as error:
            return error.strerror or str(error)
    for name, path in wanted.shown:
        asked = f" for {name}" if name else ""
        try:
            if shown(address, wanted.port, name, timeout) != first_in(path):
                return f"it shows another certificate{asked} than {path}"
        except (ssl.SSLError, ValueError) as error:
            if not name and getattr(error, "reason", None) == REFUSES_THE_NAMELESS:
                continue
            return f"no TLS{asked} ({getattr(error, 'reason', None) or error})"
        except OSError as error:
            return error.strerror or str(error)
    return ""


def answer_of(address: str, port: int, path: str, timeout: float) -> Answer:
    """What a check of keepalived gets from this host; timeout in seconds."""
    request = f"GET {path} HTTP/1.0\r\nUser-Agent: KeepAliveClient\r\nHost: {endpoint(address, port)}\r\n\r\n"
    data = b""
    try:
        with socket.create_connection((address, port), timeout=timeout, source_address=(address, 0)) as connection:
            connection.sendall(request.encode("ascii"))
            while b"\r\n\r\n" not in data:
                more = connection.recv(4096)
                if not more:
                    break
                data += more
    except OSError as error:
        return Answer(0, {}, error.strerror or str(error))
    return answer(data)


def worker_starts(parent: int, proc: str = PROC) -> List[float]:
    """When the workers of an nginx started, but for those that only finish what they have begun."""
    booted = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
    # proc_pid_stat(5): after the name, starttime is the twentieth field.
    return [
        booted + int(fields[19]) / os.sysconf("SC_CLK_TCK")
        for _pid, title, fields in _children(parent, proc)
        if title == "nginx: worker process"
    ]


def _with_children(parent: int) -> Set[int]:
    return {parent, *(pid for pid, _title, _fields in _children(parent, PROC))}


def _children(parent: int, proc: str) -> Iterator[Tuple[int, str, List[str]]]:
    """The processes that another one has started: number, title, and what proc_pid_stat(5) has after the name."""
    for pid in filter(str.isdigit, os.listdir(proc)):
        try:
            with open(os.path.join(proc, pid, "cmdline"), encoding="utf-8", errors="replace") as file:
                title = file.read().rstrip("\0 ")
            with open(os.path.join(proc, pid, "stat"), encoding="utf-8", errors="replace") as file:
                fields = file.read().rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        if int(fields[1]) == parent:
            yield int(pid), title, fields

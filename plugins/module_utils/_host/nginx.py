# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""The one door to nginx and its ports: what it reads, who listens, what answers, and since when its workers run."""

from __future__ import annotations

import os
import re
import socket
import time
from typing import Any, List, Tuple

from ansible_collections.lvs.cluster.plugins.module_utils._realserver.nginx import (
    Answer,
    Process,
    answer,
    files,
    holders,
)

from .command import C_LOCALE, RunCommand
from .errors import HostError

PROC = "/proc"
SEE_LOG = "See its error log, /var/log/nginx/error.log"


class NginxError(HostError):
    """nginx does not say what it was asked for."""

    kind = "nginx"


class NoNginxError(NginxError):
    """The program is not there."""

    remedy = "Install the package nginx, or apply the role lvs.cluster.nginx"


def configuration(module: Any) -> List[Tuple[str, str]]:
    """Path and text of the files that nginx reads, in that order."""
    program = module.get_bin_path("nginx")
    if program is None:
        raise NoNginxError("There is no nginx on this host")
    status, output, errors = module.run_command([program, "-T", "-q"], environ_update=C_LOCALE)
    if status:
        raise NginxError(f"nginx refuses its configuration as it is: {errors.strip()}")
    return files(output)


def version(module: Any) -> str:
    """Which nginx is installed; empty where none is."""
    program = module.get_bin_path("nginx")
    told = module.run_command([program, "-v"], environ_update=C_LOCALE)[2] if program else ""
    found = re.search(r"nginx/([0-9.]+)", told)
    return found.group(1) if found else ""


def worker_connections(path: str = "/etc/nginx/nginx.conf") -> int:
    """How many connections the distribution's file gives a worker; 0 where it does not say."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            found = re.search(r"^\s*worker_connections\s+(\d+)\s*;", file.read(), re.MULTILINE)
    except OSError:
        return 0
    return int(found.group(1)) if found else 0


def others_on(run_command: RunCommand, port: int) -> List[Process]:
    """The processes other than nginx that listen on a port."""
    return holders(run_command(["ss", "-H", "-l", "-t", "-n", "-p"], environ_update=C_LOCALE)[1], port)


def answer_of(address: str, port: int, path: str, timeout: float) -> Answer:
    """What a check of keepalived gets from this host; timeout in seconds."""
    request = f"GET {path} HTTP/1.0\r\nUser-Agent: KeepAliveClient\r\nHost: {address}:{port}\r\n\r\n"
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
    starts = []
    for pid in filter(str.isdigit, os.listdir(proc)):
        try:
            with open(os.path.join(proc, pid, "cmdline"), encoding="utf-8", errors="replace") as file:
                title = file.read().rstrip("\0 ")
            with open(os.path.join(proc, pid, "stat"), encoding="utf-8", errors="replace") as file:
                fields = file.read().rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        # proc_pid_stat(5): after the name, ppid is the second field, and starttime the twentieth.
        if title == "nginx: worker process" and int(fields[1]) == parent:
            starts.append(booted + int(fields[19]) / os.sysconf("SC_CLK_TCK"))
    return starts

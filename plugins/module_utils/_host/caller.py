# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""The one door to who has this run here: the connections from elsewhere of the processes that have started it."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import sys
from typing import Iterator, List, NamedTuple, Set

PROC = "/proc"
# linux/net/tcp_states.h, as /proc/net/tcp has it.
ESTABLISHED, LISTENING = "01", "0A"


class Caller(NamedTuple):
    """Where a connection comes from, and the address of this host's that it has come to."""

    address: str
    here: str


class _Socket(NamedTuple):
    state: str
    here: str
    port: str
    there: str
    inode: str


def callers() -> List[Caller]:
    """Whom this run would lose if no answer came back; nobody on a host that runs Ansible itself, or by other means.

    SSH_CONNECTION, which would tell, does not outlive sudo. What a process has connected to itself, as sshd for who
    has ports forwarded, is none: its own port is not one that somebody listens on.
    """
    sockets = [each for name in ("tcp", "tcp6") for each in _sockets(name)]
    listening = {each.port for each in sockets if each.state == LISTENING}
    ours = {inode for process in _ancestors() for inode in _inodes(process)}
    found = [
        Caller(each.there, each.here)
        for each in sockets
        if each.state == ESTABLISHED and each.inode in ours and each.port in listening
    ]
    return list(dict.fromkeys(found))


def _ancestors() -> Iterator[str]:
    process = str(os.getpid())
    # A container's first process has a parent that it does not see.
    while process != "0":
        yield process
        try:
            with open(os.path.join(PROC, process, "stat"), encoding="utf-8", errors="replace") as file:
                # Behind the name, which may have any letters: its state, and its parent.
                process = file.read().rpartition(")")[2].split()[1]
        except OSError:
            return


def _inodes(process: str) -> Set[str]:
    folder, found = os.path.join(PROC, process, "fd"), set()
    # One of another user's tells nothing, and one may end meanwhile.
    with contextlib.suppress(OSError):
        for each in os.listdir(folder):
            with contextlib.suppress(OSError):
                found.add(os.readlink(os.path.join(folder, each)))
    return {each[len("socket:[") : -1] for each in found if each.startswith("socket:[")}


def _sockets(name: str) -> Iterator[_Socket]:
    path = os.path.join(PROC, "net", name)
    if not os.path.exists(path):
        return
    with open(path, encoding="ascii") as file:
        next(file, "")
        for line in file:
            _number, local, remote, state, _queues, _timer, _sent_again, _user, _timeout, inode = line.split()[:10]
            here, port = local.split(":")
            yield _Socket(state, _address(here), port, _address(remote.split(":")[0]), inode)


def _address(digits: str) -> str:
    """An address as people write it; one of IPv4 that a socket of IPv6 has, as one of IPv4."""
    words = [int(digits[start : start + 8], 16) for start in range(0, len(digits), 8)]
    address = ipaddress.ip_address(b"".join(word.to_bytes(4, sys.byteorder) for word in words))
    return str(getattr(address, "ipv4_mapped", None) or address)

# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""Who answers on a port of a host: nginx's whole configuration, and the processes that listen, read."""

from __future__ import annotations

import re
from typing import AbstractSet, List, Mapping, NamedTuple, Sequence, Tuple

FILE = re.compile(r"^# configuration file (.+):\n", re.MULTILINE)
LISTEN = re.compile(r"(?:^|[\s;{}])listen\s+([^;{}]+);")
SS_PROCESS = re.compile(r'\("([^"]+)",pid=(\d+)')


class Listen(NamedTuple):
    """A C(listen) of nginx."""

    path: str
    text: str
    address: str  # empty for every address
    port: int
    is_default: bool


class Process(NamedTuple):
    """A process that listens."""

    name: str
    pid: int
    socket: str


class Answer(NamedTuple):
    """What came back to a request; status 0 where nothing did, and what went wrong."""

    status: int
    headers: Mapping[str, str]
    error: str = ""


def files(dump: str) -> List[Tuple[str, str]]:
    """The path and the text of each file in the output of C(nginx -T), in the order in which nginx reads them."""
    parts = FILE.split(dump)
    return list(zip(parts[1::2], parts[2::2]))


def listens(read: Sequence[Tuple[str, str]]) -> List[Listen]:
    """Where the servers in these files listen, but for IPv6 and for sockets that are files."""
    found = []
    for path, text in read:
        for match in LISTEN.finditer(re.sub(r"#.*", "", text)):
            words = match.group(1).split()
            address, port = _socket(words[0])
            if port:
                is_default = bool({"default_server", "default"} & set(words[1:]))
                found.append(Listen(path, " ".join(words), address, port, is_default))
    return found


def _socket(text: str) -> Tuple[str, int]:
    """The address and the port that a C(listen) names; port 0 for what is neither."""
    if text.startswith(("unix:", "[")):
        return "", 0
    address, colon, port = text.rpartition(":")
    if not colon:
        address, port = ("", text) if text.isdigit() else (text, "80")
    return ("" if address in ("*", "0.0.0.0") else address, int(port) if port.isdigit() else 0)


def rivals(
    found: Sequence[Listen], ours: str, address: str, port: int, replaced: AbstractSet[str] = frozenset()
) -> List[Listen]:
    """Who answers at an address in the place of our file, which listens on the port at every address.

    nginx takes the server that names the address, else the default one of the port, else the first that it has read.
    replaced: files that will be gone.
    """
    on_port = [each for each in found if each.port == port and each.path not in replaced]
    others = [each for each in on_port if each.path != ours]
    exact = [each for each in others if each.address == address]
    defaults = [each for each in others if not each.address and each.is_default]
    earlier = [each for each in others if not each.address and _is_before(found, each, ours)]
    return exact or defaults or earlier


def _is_before(found: Sequence[Listen], other: Listen, ours: str) -> bool:
    """Whether nginx reads a file before ours; an empty file of ours is one that C(found) does not tell of."""
    first = next((index for index, each in enumerate(found) if each.path == ours), None)
    return other.path < ours if first is None else found.index(other) < first


def holders(told: str, port: int) -> List[Process]:
    """The processes other than nginx that keep it from a port, in the output of C(ss -H -l -t -n -p)."""
    found = []
    for line in told.splitlines():
        words = line.split()
        if len(words) > 3 and words[3].rpartition(":")[2] == str(port) and not words[3].startswith("["):
            found += [Process(name, int(pid), words[3]) for name, pid in SS_PROCESS.findall(line) if name != "nginx"]
    return found


def answer(data: bytes) -> Answer:
    """An answer of HTTP, as far as its headers go; names are in small letters."""
    head = data.partition(b"\r\n\r\n")[0].decode("latin-1")
    first, *lines = head.split("\r\n")
    status = re.match(r"HTTP/\S+ (\d{3})", first)
    if not status:
        return Answer(0, {}, "no answer of HTTP" if data else "an empty answer")
    pairs = (line.partition(":") for line in lines)
    return Answer(int(status.group(1)), {name.strip().lower(): value.strip() for name, _colon, value in pairs})


def is_loaded(written: float, started: Sequence[float]) -> bool:
    """Whether workers that started at these times have read a file that was written at that time."""
    return bool(started) and min(started) >= written

# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""Who answers on a port of a host: nginx's whole configuration, and the processes that listen, read."""

from __future__ import annotations

import re
from typing import AbstractSet, Collection, Dict, Iterable, List, Mapping, NamedTuple, Sequence, Tuple

from ansible_collections.lvs.cluster.plugins.module_utils._net import EVERY, endpoint, family_of
from ansible_collections.lvs.cluster.plugins.module_utils._nginx.grammar import (
    Directive,
    NotWholeError,
    parse,
    within,
)

FILE = re.compile(r"^# configuration file (.+):\n", re.MULTILINE)
SS_PROCESS = re.compile(r'\("([^"]+)",pid=(\d+)')


class Listen(NamedTuple):
    """A C(listen) of nginx."""

    path: str
    text: str
    address: str  # empty for every address, :: for every one of IPv6
    port: int
    is_default: bool
    names: Tuple[str, ...] = ()  # of its server
    server: int = 0  # the number of its server, in the order of reading


class Wanted(NamedTuple):
    """A socket that nginx is to answer on.

    address: empty for every address, :: for every one of IPv6.
    is_default: whether it answers what is for no other.
    shown: by the name that its TLS is asked for, the file of the certificate that it shows then; empty for no name.
    """

    address: str
    port: int
    is_default: bool = False
    shown: Tuple[Tuple[str, str], ...] = ()


class Socket(NamedTuple):
    """A socket that is listened on; address: empty for every address, :: for every one of IPv6."""

    address: str
    port: int
    text: str
    processes: Tuple[Tuple[str, int], ...]


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
    """Where the servers in these files listen, but for sockets that are files."""
    found: List[Listen] = []
    for path, text in read:
        try:
            directives = parse(text)
        except NotWholeError:  # as with a block of Lua; who answers instead of us is seen all the same, by asking
            continue
        # A file that others include in their servers has its lines outside of any.
        found += _of_server(path, directives, 0)
        servers = (each for each in within(directives) if each.keyword == "server" and each.block is not None)
        for server in servers:
            number = max((each.server for each in found), default=0) + 1
            found += _of_server(path, server.block or (), number)
    return found


def _of_server(path: str, directives: Sequence[Directive], server: int) -> List[Listen]:
    """The sockets of a server."""
    names = tuple(name for each in directives if each.keyword == "server_name" for name in each.words[1:] if name)
    found = []
    for words in (each.words[1:] for each in directives if each.keyword == "listen" and len(each.words) > 1):
        address, port = _socket(words[0])
        is_default = bool({"default_server", "default"} & set(words[1:]))
        both = address == EVERY["ipv6"] and "ipv6only=off" in words
        addresses = EVERY.values() if both else [address]
        found += [Listen(path, " ".join(words), each, port, is_default, names, server) for each in addresses if port]
    return found


def _socket(text: str) -> Tuple[str, int]:
    """The address and the port that a C(listen) names; port 0 for what is neither."""
    if text.startswith("unix:"):
        return "", 0
    if text.endswith("]") or not re.search(r":|^\d+$", text):
        text += ":80"
    address, _colon, port = text.rpartition(":")
    return _bare(address), int(port) if port.isdigit() else 0


def _bare(address: str) -> str:
    """An address without its brackets, or what stands for every one."""
    return "" if address in ("*", "0.0.0.0") else address.partition("%")[0].strip("[]")


def rivals(
    found: Sequence[Listen],
    ours: str,
    address: str,
    port: int,
    is_default: bool = False,
) -> List[Listen]:
    """Who answers at an address in the place of our file, which listens on the port at every address of its family.

    nginx takes the server that names the address, else the default one of the port, else the first that it has read.
    is_default: whether ours has the default server of the port, or will have.
    """
    on_port = [each for each in found if each.port == port]
    others = [each for each in on_port if each.path != ours]
    exact = [each for each in others if each.address == address]
    everywhere = [each for each in others if each.address == EVERY[family_of(address)]]
    defaults = [each for each in everywhere if each.is_default]
    earlier = [each for each in everywhere if _is_before(found, each, ours)]
    return exact or defaults or ([] if is_default else earlier)


def _is_before(found: Sequence[Listen], other: Listen, ours: str) -> bool:
    """Whether nginx reads a file before ours; an empty file of ours is one that C(found) does not tell of."""
    first = next((index for index, each in enumerate(found) if each.path == ours), None)
    return other.path < ours if first is None else found.index(other) < first


def shadowed(found: Sequence[Listen], ours: str, wanted: Sequence[Wanted]) -> Dict[Tuple[str, int], List[Listen]]:
    """By address and port that our file has or will have: the sockets of others' servers that hide there.

    Of a port that several servers listen on nginx takes those that name the address, where there are any, and looks at
    the names of these alone.
    """
    hidden = {}
    for address, port in dict.fromkeys((each.address, each.port) for each in wanted):
        others = [each for each in found if each.port == port and each.path != ours]
        there = {(each.path, each.server) for each in others if each.address == address}
        every = EVERY[family_of(address)]
        away = [each for each in others if each.address == every and (each.path, each.server) not in there]
        if address != every and away:
            hidden[address, port] = away
    return hidden


def sockets(told: str) -> List[Socket]:
    """What is listened on, in the output of C(ss -H -l -t -n -p); what takes both families is there twice."""
    found = []
    for line in told.splitlines():
        words = line.split()
        if len(words) < 4:
            continue
        address, _colon, port = words[3].rpartition(":")
        processes = tuple((name, int(pid)) for name, pid in SS_PROCESS.findall(line))
        addresses = EVERY.values() if address == "*" else [_bare(address)]
        found += [Socket(each, int(port), words[3], processes) for each in addresses if port.isdigit()]
    return found


def holders(told: str, port: int, families: Collection[str]) -> List[Process]:
    """The processes other than nginx that keep it from a port by IP of these, in the output of C(ss -H -l -t -n -p)."""
    found = [
        Process(name, pid, each.text)
        for each in sockets(told)
        if each.port == port and family_of(each.address) in families
        for name, pid in each.processes
        if name != "nginx"
    ]
    return list(dict.fromkeys(found))


def in_use(found: Sequence[Listen], held: Sequence[Socket], ours: AbstractSet[int]) -> List[str]:
    """Why nginx could not listen as it is told to, a line for each socket in its way.

    One that names every address stands for all that name one; on a port one of both kinds keeps the other away, also
    one of nginx's own that it has from the configuration before.

    ours: the processes of this nginx.
    """
    wanted: Dict[Tuple[int, str], List[str]] = {}
    for each in found:
        wanted.setdefault((each.port, EVERY[family_of(each.address)]), []).append(each.address)
    told = []
    for (port, every), addresses in sorted(wanted.items()):
        needed = [every] if every in addresses else list(dict.fromkeys(addresses))
        for there in (each for each in held if (each.port, EVERY[family_of(each.address)]) == (port, every)):
            mine = bool({pid for _name, pid in there.processes} & ours)
            if (there.address in needed and not mine) or (
                there.address not in needed and every in (there.address, *needed)
            ):
                wish = ", ".join(endpoint(each or "*", port) for each in needed)
                told.append(f"{wish} is held by {_holder(there, mine)}")
    return told


def _holder(there: Socket, mine: bool) -> str:
    if mine:
        return f"nginx itself, which listens on {there.text} since before"
    known = [f"{name} (process {pid})" for name, pid in there.processes]
    return f"{(known or ['a process that ss does not see'])[0]}, which listens on {there.text}"


def asked_as(names: Iterable[str]) -> List[str]:
    """A name for each C(server_name) that a certificate can have; none for a pattern, or for what is no name."""
    found = []
    for name in names:
        if name.startswith(("*.", ".")):
            found += ([] if name[0] == "*" else [name[1:]]) + ["any" + name.lstrip("*")]
        elif re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?", name):
            found.append(name)
    return list(dict.fromkeys(found))


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

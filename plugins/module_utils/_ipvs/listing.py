# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""What C(ipvsadm --list -n) prints: numbers about a table, as thresholds and counters, and all of one service.

All listings have one shape: a service that starts in the first column, then its servers, each after an arrow.
"""

from __future__ import annotations

import re
from typing import Dict, Iterator, NamedTuple, Sequence, Tuple

from ansible_collections.lvs.cluster.plugins.module_utils._net import parse_endpoint

from .commands import CHECKSUM_OPTIONS, NO_OPTION, Command, IpvsParseError, run_numbered, service_options
from .model import ServerKey, ServiceKey, Table, address_service, fwmark_service, server_key

# C(--stats), C(--rate), C(--thresholds) and C(--persistent-conn), in the order of their columns.
STATS = ("connections", "incoming_packets", "outgoing_packets", "incoming_bytes", "outgoing_bytes")
RATE = tuple(f"{name}_per_second" for name in STATS)
THRESHOLDS = ("uthreshold", "lthreshold", "active_connections", "inactive_connections")
PERSISTENT = ("weight", "persistent_connections", "active_connections", "inactive_connections")

Numbers = Dict[str, int]
Listed = Tuple[ServiceKey, ServerKey]


class Listing(NamedTuple):
    """What a listing says of each service, where it says something, and of each server."""

    services: dict[ServiceKey, Numbers]
    servers: dict[Listed, Numbers]


def parse_listing(text: str, columns: Sequence[str]) -> Listing:
    """Read a listing whose numbers are the given columns."""
    listing = Listing({}, {})
    service = None
    for number, words in _body(text):
        service = _add_line(listing, service, number, words, columns)
    return listing


# A server without limits, in a listing of thresholds.
_UNLIMITED = re.compile(r"^ +-> \S+ +0 +0 +\d+ +\d+ *\n", re.MULTILINE)


def parse_thresholds(text: str) -> dict[Listed, tuple[int, int]]:
    """The servers of a listing of thresholds that have any: the upper and the lower one.

    Few have, and to leave the others out first makes it ten times as fast for ten thousand servers.
    """
    servers = parse_listing(_UNLIMITED.sub("", text), THRESHOLDS).servers
    return {key: (numbers["uthreshold"], numbers["lthreshold"]) for key, numbers in servers.items()}


def _add_line(
    listing: Listing, service: ServiceKey | None, number: int, words: Sequence[str], columns: Sequence[str]
) -> ServiceKey:
    try:
        if words[0] == "->":
            if service is None:
                raise IpvsParseError("a server before any service")
            listing.servers[service, _server(words[1])] = _numbers(words[2:], columns)
            return service
        key, rest = _service(words)
        # C(--thresholds) and C(--persistent-conn) have the scheduler here, and numbers for servers alone.
        listing.services[key] = _numbers(rest, columns) if rest[0].isdigit() else {}
    except (IpvsParseError, ValueError, IndexError) as error:
        raise IpvsParseError(f"line {number}: {' '.join(words)}: {error}") from None
    return key


def _body(text: str) -> Iterator[tuple[int, list[str]]]:
    """The lines after the title, which ends with the heading of the servers."""
    heading = False
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.split()
        if heading and words:
            yield number, words
        heading = heading or words[:2] == ["->", "RemoteAddress:Port"]


def _service(words: Sequence[str]) -> tuple[ServiceKey, Sequence[str]]:
    if words[0] == "FWM":
        # As in the save format, a mark from 2^31 on is printed as a negative number.
        fwmark = int(words[1]) % (1 << 32)
        if words[2] == "IPv6":
            return fwmark_service(fwmark, "ipv6"), words[3:]
        return fwmark_service(fwmark), words[2:]
    if words[0] not in ("TCP", "UDP", "SCTP"):
        raise IpvsParseError(f"{words[0]} is no protocol")
    address, port = _endpoint(words[1])
    return address_service(words[0].lower(), address, port), words[2:]


def _server(text: str) -> ServerKey:
    address, port = _endpoint(text)
    return server_key(address, port)


def _endpoint(text: str) -> tuple[str, int]:
    address, port = parse_endpoint(text)
    if port is None:
        raise IpvsParseError(f"{text} has no port")
    return address, port


def _numbers(words: Sequence[str], columns: Sequence[str]) -> Numbers:
    if len(words) != len(columns):
        raise IpvsParseError(f"{len(words)} numbers, not {len(columns)}")
    return {name: int(word) for name, word in zip(columns, words)}


# What a listing has in place of the options of the save format, which knows no single service.
FORWARD = {"Masq": "-m", "Tunnel": "-i", "Route": "-g", "Local": "-g", NO_OPTION: NO_OPTION}
VALUES = {"persistent": "-p", "mask": "-M", "pe": "--pe"}
CHECKSUMS = {"-c": "none", "+c": "csum", "+r": "remcsum"}


def parse_service(text: str) -> Table:
    """Read the service that C(ipvsadm --list -n --tun-info) prints, with its servers but without thresholds."""
    return run_numbered(_saved(text), {}, saved=True)


def _saved(text: str) -> Iterator[tuple[int, Command]]:
    """The lines as the save format would have them."""
    service: Command = ()
    for number, words in _body(text):
        command = _saved_line(service, number, words)
        if command[0] == "-A":
            service = service_options(_service(words)[0])
        yield number, command


def _saved_line(service: Command, number: int, words: Sequence[str]) -> Command:
    try:
        if words[0] == "->":
            return ("-a", *service, *_saved_server(words))
        key, rest = _service(words)
        return ("-A", *service_options(key), *_saved_settings(rest))
    except (KeyError, ValueError, IndexError):
        raise IpvsParseError(f"line {number}: {' '.join(words)}: not understood") from None


def _saved_settings(words: Sequence[str]) -> Command:
    saved = ["-s", words[0]]
    rest = iter(words[1:])
    for word in rest:
        if word == "ops":
            saved.append("-o")
        elif word.startswith("("):
            saved += ["-b", word.strip("()")]
        else:
            saved += [VALUES[word], next(rest)]
    return tuple(saved)


def _saved_server(words: Sequence[str]) -> Command:
    _arrow, name, forward, tunnel, weight = words[:5]
    saved = ["-r", name, FORWARD[forward], "-w", weight]
    if forward == "Tunnel":
        kind, *settings = tunnel.split(":")
        saved += ["--tun-type", kind]
        if settings:
            saved.append(CHECKSUM_OPTIONS[CHECKSUMS[settings.pop()]])
        if settings:
            saved += ["--tun-port", settings.pop()]
    return tuple(saved)

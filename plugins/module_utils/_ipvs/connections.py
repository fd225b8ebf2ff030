# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""Connections, as the kernel lists them in C(/proc/net/ip_vs_conn)."""

from __future__ import annotations

import socket
from typing import Dict, Iterable, Union

from .commands import IpvsParseError

Connection = Dict[str, Union[str, int, bool]]


# ip_vs_state_name(): the second one since Linux 4.19, once a client has an established connection.
TEMPLATE_STATES = ("NONE", "ASSURED")


def parse_connections(lines: Iterable[str], limit: int) -> tuple[list[Connection], bool]:
    """Read at most C(limit) connections; also whether there are more. Lines beyond are not even read."""
    connections: list[Connection] = []
    for number, line in enumerate(lines, start=1):
        words = line.split()
        if not words or words[0] == "Pro":
            continue
        if len(connections) == limit:
            return connections, True
        try:
            connections.append(_connection(words))
        except (ValueError, IndexError):
            raise IpvsParseError(f"line {number}: {line.strip()}: not a connection") from None
    return connections, False


def _connection(words: list[str]) -> Connection:
    if words[0] not in ("TCP", "UDP", "SCTP", "IP"):
        raise ValueError(words[0])
    connection: Connection = {
        "protocol": words[0].lower(),
        "client_address": _address(words[1]),
        "client_port": int(words[2], 16),
        "service_address": _address(words[3]),
        "service_port": int(words[4], 16),
        "server_address": _address(words[5]),
        "server_port": int(words[6], 16),
        "state": words[7],
        "expires": int(words[8]),
        # Persistence is kept as a connection of no client port in particular.
        "template": words[2] == "0000" and words[7] in TEMPLATE_STATES,
    }
    if len(words) > 9:
        connection["persistence_engine"] = words[9]
        connection["persistence_data"] = " ".join(words[10:])
    return connection


def _address(text: str) -> str:
    """C(C000020A) or C(2001:0db8:0000:0000:0000:0000:0000:0010)."""
    if ":" in text:
        return socket.inet_ntop(socket.AF_INET6, socket.inet_pton(socket.AF_INET6, text))
    return socket.inet_ntop(socket.AF_INET, bytes.fromhex(text))

# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""How keepalived finds out whether a real server serves: one of its checkers, each with options of its own.

Options, and so keywords in keepalived.conf, stand in the order of a checker's bases, the last one first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Optional, Tuple, Type, Union

from ansible_collections.lvs.cluster.plugins.module_utils._description.kinds import (
    PORT,
    URL_PATH,
    integer,
    option,
    raw_lines,
    seconds,
)


@dataclass(frozen=True)
class Tries:
    """What every checker has."""

    retry: int = option(integer(0, 1000), "further tries before the server counts as down", default=3)
    delay_before_retry: float = option(seconds(0, 3600), "seconds between tries", default=1)


@dataclass(frozen=True)
class Wait:
    """What a checker has that asks the server over the network."""

    connect_timeout: float = option(seconds(0.001, 3600), "seconds to wait for the server's answer", default=3)


@dataclass(frozen=True)
class Port:
    """What a checker has that connects to a port."""

    connect_port: Optional[int] = option(PORT, "the port to check, if it is not the server's", default=None)


@dataclass(frozen=True)
class Url:
    """What a checker has that asks for a page."""

    path: str = option(URL_PATH, "the path to ask for", within="url", default="/")
    status_code: int = option(integer(100, 599), "the status to expect", within="url", default=200)


@dataclass(frozen=True)
class Raw:
    """What every checker ends with."""

    raw: Tuple[str, ...] = raw_lines()


@dataclass(frozen=True)
class TcpCheck(Raw, Tries, Wait, Port):
    """C(TCP_CHECK): the server takes a connection."""

    keyword: ClassVar[str] = "TCP_CHECK"


@dataclass(frozen=True)
class HttpGet(Raw, Tries, Wait, Port, Url):
    """C(HTTP_GET): the server answers a request with the status that is expected."""

    keyword: ClassVar[str] = "HTTP_GET"


@dataclass(frozen=True)
class PingCheck(Raw, Tries, Wait):
    """C(PING_CHECK): the host answers a ping, whether or not anything serves there."""

    # keepalived takes a connect_port here too, and pings all the same. To read this block, if only to test the file, it
    # has net.ipv4.ping_group_range begin at 0, where systemd has not done so (its check_ping.c).
    keyword: ClassVar[str] = "PING_CHECK"


Checker = Union[TcpCheck, HttpGet, PingCheck]
# The first is what a check is that names no type.
CHECKERS: Tuple[Type[Checker], ...] = (TcpCheck, HttpGet, PingCheck)

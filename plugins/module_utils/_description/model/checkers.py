# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""How keepalived finds out whether a real server serves: one of its checkers, each with options of its own.

Options, and so keywords in keepalived.conf, stand in the order of a checker's bases, the last one first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Optional, Sequence, Tuple, Type, Union

from ansible_collections.lvs.cluster.plugins.module_utils._description.kinds import (
    BOOLEAN,
    PORT,
    URL_PATH,
    WORD,
    instead,
    integer,
    list_of,
    one_or_more,
    option,
    options,
    raw_lines,
    seconds,
    table,
    variants,
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
class Path:
    """Which page is asked for."""

    path: str = option(URL_PATH, "the path to ask for", default="/")


@dataclass(frozen=True)
class Answer:
    """What the server must answer."""

    status_code: int = option(integer(100, 599), "the status to expect", default=200)
    virtualhost: str = option(WORD, "the name to ask for; by default the address of the server", default="")


@dataclass(frozen=True)
class Page(Answer, Path):
    """A page, and what its server must answer."""


@dataclass(frozen=True)
class Url(Page):
    """C(url): one of several pages."""


@dataclass(frozen=True)
class Pages(Page):
    """What a checker has that asks for pages: for one, or for several in its place."""

    url: Tuple[Url, ...] = option(
        list_of(table(Url, shorthand="path")),
        "several pages in place of one, each with its path or what else is told of it; all of them must be as expected",
        default=(),
    )

    @property
    def pages(self) -> Sequence[Page]:
        """All that it asks for."""
        return self.url or [self]


@dataclass(frozen=True)
class Raw:
    """What every checker ends with."""

    raw: Tuple[str, ...] = raw_lines()


@dataclass(frozen=True)
class TcpCheck(Raw, Tries, Wait, Port):
    """C(TCP_CHECK): the server takes a connection."""

    keyword: ClassVar[str] = "TCP_CHECK"


@dataclass(frozen=True)
class Asking(Raw, Tries, Wait, Port):
    """What a checker has that connects to a port and asks for more than that."""


@dataclass(frozen=True)
class HttpGet(Asking, Pages):
    """C(HTTP_GET): the server answers a request with the status that is expected."""

    keyword: ClassVar[str] = "HTTP_GET"


@dataclass(frozen=True)
class Tls:
    """What a checker has that speaks TLS."""

    enable_sni: bool = option(
        BOOLEAN, "whether the server is told the name of virtualhost before it shows its certificate", default=False
    )


@dataclass(frozen=True)
class SslGet(Asking, Tls, Pages):
    """C(SSL_GET): the same over TLS; nothing looks at the certificate."""

    keyword: ClassVar[str] = "SSL_GET"


@dataclass(frozen=True)
class PingCheck(Raw, Tries, Wait):
    """C(PING_CHECK): the host answers a ping, whether or not anything serves there."""

    # keepalived takes a connect_port here too, and pings all the same. To read this block, if only to test the file, it
    # has net.ipv4.ping_group_range begin at 0, where systemd has not done so (its check_ping.c).
    keyword: ClassVar[str] = "PING_CHECK"


Checker = Union[TcpCheck, HttpGet, SslGet, PingCheck]
# The first is what a check is that names no type.
CHECKERS: Tuple[Type[Checker], ...] = (TcpCheck, HttpGet, SslGet, PingCheck)
# A checker, several, or none of them; None where it follows from something else.
Checks = Union[None, Checker, Tuple[Checker, ...]]
CHECKER = instead(variants(CHECKERS, "check"), "url", list(options(Page)))
CHECKS = one_or_more(CHECKER, "none")


def several(checks: Checks) -> Sequence[Checker]:
    """The checkers, in a list whatever they are."""
    return checks if isinstance(checks, tuple) else [] if checks is None else [checks]

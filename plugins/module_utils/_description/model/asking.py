# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""How a host that has an instance finds out whether the proxy that runs there serves, in the words of checkers.

keepalived's own checkers ask real servers alone. A C(vrrp_script) asks here, with a script of this collection.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Optional, Tuple, Type, Union

from ansible_collections.lvs.cluster.plugins.module_utils._description.kinds import (
    ADDRESS,
    PORT,
    URL_PATH,
    WORD,
    integer,
    option,
    seconds,
    variants,
)


@dataclass(frozen=True)
class Rounds:
    """How often it is asked, what counts, and what follows."""

    interval: int = option(integer(1, 4294, "seconds"), "seconds from one question to the next", default=2)
    connect_timeout: float = option(
        seconds(0.1, 4293),
        "seconds to wait for the answer of a proxy that has taken the connection, less than the interval, after which "
        "keepalived gives up one that has not",
        default=1,
    )
    rise: int = option(integer(1, 2**31 - 1), "how many answers in a row must be right", default=2)
    fall: int = option(integer(1, 2**31 - 1), "how many answers in a row must fail", default=2)
    weight: Optional[int] = option(
        integer(-253, 253),
        "added to the priority while it serves or, if it is negative, while it does not; without it the host has no "
        "part in the instance while it does not",
        default=None,
    )
    restart: str = option(
        WORD,
        "a unit of systemd, as nginx, that root starts once when it has failed, before that counts; what somebody has "
        "stopped stays so",
        default="",
    )


@dataclass(frozen=True)
class Socket:
    """Where it is asked."""

    connect_ip: str = option(ADDRESS, "the address to ask; by default the loopback's, 127.0.0.1", default="")
    connect_port: Union[int, str] = option(
        PORT, "the port to ask; by default that of the nginx upstream behind the instance", default=""
    )


@dataclass(frozen=True)
class AskHttp(Rounds, Socket):
    """C(HTTP_GET): the proxy answers a request with the status that is expected."""

    keyword: ClassVar[str] = "HTTP_GET"

    path: str = option(
        URL_PATH,
        "the path to ask for; by default the health_path of the nginx upstream behind the instance, else /",
        default="",
    )
    status_code: int = option(integer(100, 599), "the status to expect", default=200)


@dataclass(frozen=True)
class AskTcp(Rounds, Socket):
    """C(TCP_CHECK): the proxy takes a connection, which the kernel does also for one that hangs."""

    keyword: ClassVar[str] = "TCP_CHECK"


Ask = Union[AskHttp, AskTcp]
# The first is what a check is that names no type.
ASKS: Tuple[Type[Ask], ...] = (AskHttp, AskTcp)


@dataclass(frozen=True)
class Asking:
    """What tells whether a host's proxy serves."""

    check: Optional[Ask] = option(
        variants(ASKS, "check"),
        "for a proxy that the addresses lead to: how each host finds out whether its own serves; by default HTTP_GET "
        "where an nginx upstream stands behind the instance, else not at all",
        default=None,
    )

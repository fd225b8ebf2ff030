# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""What is balanced over which real servers, in the words of keepalived.conf(5) and ipvsadm(8)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Mapping, Optional, Tuple

from ansible_collections.lvs.cluster.plugins.module_utils._description.kinds import (
    BOOLEAN,
    INTERFACE,
    LABEL,
    NAME,
    PORT,
    WORD,
    choice,
    integer,
    list_of,
    one_of,
    option,
    raw_lines,
    seconds,
    table,
)

from .checkers import CHECKERS, CHECKS, Checks
from .served import BESIDE, WAYS, Served, Socket
from .servers import Server

# ipvsadm(8), --scheduler.
SCHEDULERS = ["rr", "wrr", "lc", "wlc", "lblc", "lblcr", "dh", "sh", "sed", "nq", "fo", "ovf", "mh", "twos"]
# These hash a client to a slot; the slots of a server of weight 0 drop unless a fallback flag is set.
HASH_SCHEDULERS = ("mh", "sh")


@dataclass(frozen=True)
class ServiceServer(Server):
    """What is told of every server of a service."""

    port: Optional[int] = option(
        PORT,
        "by default the service's; where it has several, the first of them, which is asked by checks",
        default=None,
    )


@dataclass(frozen=True)
class RealServer(ServiceServer):
    """C(real_server): a host of the inventory, or an address outside it."""

    weight: int = option(integer(0, 65535), "share of the connections; 0 gives it no new ones", default=1)
    check: Checks = option(
        CHECKS, "how this one is checked; by default as the service says", default=None, as_in="check of the service"
    )
    raw: Tuple[str, ...] = raw_lines()

    # Keywords that follow from something else, and from what.
    DERIVED: ClassVar[Mapping[str, str]] = {
        "inhibit_on_failure": "inhibit_on_failure of the service",
        **{each.keyword: "check" for each in CHECKERS},
    }


@dataclass(frozen=True)
class SorryServer(ServiceServer):
    """C(sorry_server): serves when no real server does."""


@dataclass(frozen=True)
class Balanced:
    """What every service has."""

    name: str = option(NAME, "a name for the service")
    real_servers: Tuple[RealServer, ...] = option(
        list_of(table(RealServer, shorthand="host")), "host names, or mappings with host or address"
    )


@dataclass(frozen=True)
class VirtualServer(Served, Balanced):
    """C(virtual_server): one service, balanced over real servers."""

    hosts: Tuple[str, ...] = option(
        list_of(WORD),
        "of an address that no instance carries: who directs it, without keepalived; one host alone gets the address, "
        "and that of several is somebody else's to move",
        default=(),
    )
    interface: str = option(
        INTERFACE, "where that one host gets it; by default where it has its own address", default=""
    )
    label: str = option(
        LABEL, "a name for it there, INTERFACE:WORD of at most 15 characters; by default INTERFACE:N", default=""
    )
    protocol: str = option(choice(["TCP"], "protocol"), "what is balanced", default="TCP")
    lb_algo: str = option(
        choice(SCHEDULERS, "lb_algo"),
        "scheduler; mh and sh always get their fallback flag",
        default="wlc",
    )
    lb_kind: str = option(choice(["DR"], "lb_kind"), "how packets reach the real servers", default="DR")
    mh_port: bool = option(BOOLEAN, "mh: hash the client's port too", name="mh-port", default=False)
    sh_port: bool = option(BOOLEAN, "sh: hash the client's port too", name="sh-port", default=False)
    delay_loop: float = option(seconds(0.001, 86400), "seconds between checks", default=6)
    persistence_timeout: int = option(
        integer(0, 2678400, "seconds"), "seconds that a client stays with its server; 0 is not at all", default=0
    )
    check: Checks = option(
        CHECKS,
        "how servers are checked, unless hosts direct it: one check or several, all of which must succeed, or none; by "
        "default HTTP_GET of the health_path of an upstream behind them, else TCP_CHECK",
        default=None,
    )
    sorry_server: Optional[SorryServer] = option(
        table(SorryServer, shorthand="host"), "a host or address that serves when no real server does", default=None
    )
    inhibit_on_failure: bool = option(BOOLEAN, "weight 0 in place of removal when a check fails", default=False)
    alpha: bool = option(BOOLEAN, "a server is down until its first check succeeds", default=True)
    quorum: int = option(integer(1, 2**31 - 1), "weight that must be alive for the service to count as up", default=1)
    hysteresis: int = option(integer(0, 2**31 - 1), "added to and taken from quorum against flapping", default=0)
    raw: Tuple[str, ...] = raw_lines()

    # Keywords that follow from something else, and from what.
    DERIVED: ClassVar[Mapping[str, str]] = {
        "real_server": "real_servers",
        "mh-fallback": "lb_algo",
        "sh-fallback": "lb_algo",
    }

    @property
    def sockets(self) -> Tuple[Socket, ...]:
        """The sound addresses that clients connect to, each with a port."""
        return tuple(self._sockets(self.protocol))

    @property
    def addresses(self) -> Tuple[str, ...]:
        """Those addresses, each once."""
        return tuple(dict.fromkeys(each.address for each in self.sockets))

    @property
    def checked_port(self) -> int:
        """The port that checks ask of a server that has none of its own."""
        return next((each.port for each in self.sockets), self.port)

    @property
    def server_port(self) -> int:
        """The port of all servers in IPVS; 0 where it is that of each packet."""
        return self.checked_port if self.fwmark is None and len({each.port for each in self.sockets}) == 1 else 0


# One way to connect to it, and what belongs to that.
SERVICE = one_of(table(VirtualServer), WAYS, BESIDE)

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
    GRANULARITY,
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
from ansible_collections.lvs.cluster.plugins.module_utils._net import family_of

from .checkers import CHECKERS, CHECKS, HOST_AND_PORT, Checks
from .scripts import SCRIPT, Script
from .served import BESIDE, WAYS, Served, Socket
from .servers import Server

# ipvsadm(8), --scheduler.
SCHEDULERS = ["rr", "wrr", "lc", "wlc", "lblc", "lblcr", "dh", "sh", "sed", "nq", "fo", "ovf", "mh", "twos"]
DR = "DR"
NAT = "NAT"
TUN = "TUN"
LB_KINDS = [DR, NAT, TUN]
# What a tunnel is made of, ipvsadm(8), --tun-type; that of GRE no real server is set up for.
IPIP = "ipip"
GUE = "gue"
TUN_TYPES = [IPIP, GUE]
# That of IANA's for it.
GUE_PORT = 6080
# What the kernel keeps of a threshold (IP_VS_DEST_ATTR_U_THRESH).
HIGHEST_THRESHOLD = 2**32 - 1
# These hash a client to a slot; the slots of a server of weight 0 drop unless a fallback flag is set.
HASH_SCHEDULERS = ("mh", "sh")


@dataclass(frozen=True)
class ServiceServer(Server):
    """What is told of every server of a service."""

    port: Optional[int] = option(
        PORT,
        "by default the service's, with lb_kind NAT any; of a service with several, that which is asked by checks, by "
        "default the first",
        default=None,
    )
    lb_kind: str = option(
        choice(LB_KINDS, "lb_kind"), "how packets reach it; by default as they reach the others", default=""
    )
    tun_type: str = option(
        choice(TUN_TYPES, "tun_type"), "TUN: what its tunnel is made of; by default as the service says", default=""
    )
    tun_port: Optional[int] = option(
        PORT, "gue: the UDP port at which it takes packets out; by default as the service says", default=None
    )


@dataclass(frozen=True)
class Weighed(ServiceServer):
    """What is told of every server that shares the connections."""

    weight: int = option(integer(0, 65535), "share of the connections; 0 gives it no new ones", default=1)


@dataclass(frozen=True)
class Thresholds:
    """How many connections a server may have."""

    uthreshold: Optional[int] = option(
        integer(1, HIGHEST_THRESHOLD), "how many connections it may have until it gets no new ones", default=None
    )
    lthreshold: Optional[int] = option(
        integer(0, HIGHEST_THRESHOLD),
        "below how many it gets new ones again; by default three quarters of uthreshold",
        default=None,
    )


@dataclass(frozen=True)
class Watched:
    """What happens when a server falls or rises."""

    alpha: Optional[bool] = option(
        BOOLEAN, "whether it is down until its first check succeeds; by default as the service says", default=None
    )
    warmup: Optional[float] = option(
        seconds(0, 86400),
        "seconds at most, by chance, until its first check; by default those between two",
        default=None,
    )
    virtualhost: str = option(
        HOST_AND_PORT, "the name that checks ask it for; by default that of the service", default=""
    )
    smtp_alert: Optional[bool] = option(
        BOOLEAN, "whether its fall and rise are mailed; by default as lvs_global_defs says", default=None
    )
    notify_up: Optional[Script] = option(SCRIPT, "what runs when it rises", default=None)
    notify_down: Optional[Script] = option(SCRIPT, "what runs when it falls", default=None)


@dataclass(frozen=True)
class RealServer(Watched, Thresholds, Weighed):
    """C(real_server): a host of the inventory, or an address outside it."""

    inhibit_on_failure: Optional[bool] = option(
        BOOLEAN, "weight 0 in place of removal when a check fails; by default as the service says", default=None
    )
    check: Checks = option(
        CHECKS, "how this one is checked; by default as the service says", default=None, as_in="check of the service"
    )
    raw: Tuple[str, ...] = raw_lines()

    # Keywords that follow from something else, and from what.
    DERIVED: ClassVar[Mapping[str, str]] = {
        "delay_loop": "delay_loop of the service or of its check",
        "lvs_method": "lb_kind, tun_type and tun_port",
        **dict.fromkeys(("connect_timeout", "retry", "delay_before_retry"), "the service or its check"),
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
        "of an address that no instance carries: who directs it; one host alone gets the address, and that of several "
        "is somebody else's to move; hosts that have an instance do so by keepalived, and get no address",
        default=(),
    )
    interface: str = option(
        INTERFACE, "where that one host gets it; by default where it has its own address", default=""
    )
    label: str = option(
        LABEL, "a name for it there, INTERFACE:WORD of at most 15 characters; by default INTERFACE:N", default=""
    )
    protocol: str = option(choice(["TCP", "UDP", "SCTP"], "protocol"), "what is balanced", default="TCP")
    lb_algo: str = option(
        choice(SCHEDULERS, "lb_algo"),
        "scheduler; mh and sh always get their fallback flag",
        default="wlc",
    )
    lb_kind: str = option(
        choice(LB_KINDS, "lb_kind"),
        "how packets reach the real servers: by their MAC addresses (DR); in tunnels, through routers (TUN); or by "
        "their own IP addresses, and answers back through the director, which is their gateway (NAT)",
        default=DR,
    )
    tun_type: str = option(
        choice(TUN_TYPES, "tun_type"),
        "TUN: what tunnels are made of: IP in IP (ipip), or UDP, which passes where that does not (gue)",
        default=IPIP,
    )
    tun_port: Optional[int] = option(
        PORT, f"gue: the UDP port at which real servers take packets out; by default {GUE_PORT}", default=None
    )
    mh_port: bool = option(BOOLEAN, "mh: hash the client's port too", name="mh-port", default=False)
    sh_port: bool = option(BOOLEAN, "sh: hash the client's port too", name="sh-port", default=False)
    ops: bool = option(
        BOOLEAN, "UDP: whether each packet is balanced by itself, and none leaves a connection", default=False
    )
    persistence_timeout: int = option(
        integer(0, 2678400, "seconds"), "seconds that a client stays with its server; 0 is not at all", default=0
    )
    persistence_granularity: str = option(
        GRANULARITY,
        "which part of clients' addresses makes them one client, as 255.255.255.0, or of IPv6 as 64",
        default="",
    )
    persistence_engine: str = option(
        choice(["sip"], "persistence_engine"), "UDP: what else makes packets one client: the call of SIP", default=""
    )
    delay_loop: float = option(seconds(0.001, 86400), "seconds between checks", default=6)
    connect_timeout: float = option(seconds(0.001, 3600), "seconds that checks wait for a server's answer", default=3)
    retry: int = option(integer(0, 1000), "further tries before a server counts as down", default=3)
    delay_before_retry: float = option(seconds(0, 3600), "seconds between tries", default=1)
    warmup: Optional[float] = option(
        seconds(0, 86400),
        "seconds at most, by chance, until the first check of a server; by default those between two",
        default=None,
    )
    virtualhost: str = option(HOST_AND_PORT, "the name that checks ask servers for", default="")
    check: Checks = option(
        CHECKS,
        "how servers are checked, unless hosts direct it: one check or several, all of which must succeed, or none; by "
        "default HTTP_GET of the health_path of an upstream behind them, else TCP_CHECK, with UDP UDP_CHECK, with SCTP "
        "or all ports PING_CHECK",
        default=None,
    )
    sorry_server: Optional[SorryServer] = option(
        table(SorryServer, shorthand="host"), "a host or address that serves when no real server does", default=None
    )
    sorry_server_inhibit: bool = option(
        BOOLEAN, "whether that is in the table at all times, with weight 0 while real servers serve", default=False
    )
    inhibit_on_failure: bool = option(BOOLEAN, "weight 0 in place of removal when a check fails", default=False)
    ha_suspend: bool = option(
        BOOLEAN, "whether a director checks servers only while it has the address; needs alpha: false", default=False
    )
    alpha: bool = option(BOOLEAN, "a server is down until its first check succeeds", default=True)
    omega: bool = option(
        BOOLEAN, "whether a keepalived that stops runs notify_down and quorum_down of what was up", default=False
    )
    smtp_alert: Optional[bool] = option(
        BOOLEAN, "whether a lost or regained quorum is mailed; by default as lvs_global_defs says", default=None
    )
    quorum_up: Optional[Script] = option(SCRIPT, "what runs when the quorum is regained", default=None)
    quorum_down: Optional[Script] = option(SCRIPT, "what runs when the quorum is lost", default=None)
    quorum: int = option(integer(1, 2**31 - 1), "weight that must be alive for the service to count as up", default=1)
    hysteresis: int = option(integer(0, 2**31 - 1), "added to and taken from quorum against flapping", default=0)
    raw: Tuple[str, ...] = raw_lines()

    # Keywords that follow from something else, and from what.
    DERIVED: ClassVar[Mapping[str, str]] = {
        "real_server": "real_servers",
        "sorry_server_lvs_method": "lb_kind, tun_type and tun_port of sorry_server",
        "lvs_sched": "lb_algo",
        "lvs_method": "lb_kind, tun_type and tun_port",
        **dict.fromkeys(("flag-1", "flag-2", "flag-3"), "lb_algo and its flags"),
        "weight": "weight of each of real_servers",
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
    def family(self) -> str:
        """That of its addresses, and so of its servers'; empty where none is known."""
        return next((family_of(each.address) for each in self.sockets), "")

    @property
    def protocols(self) -> Tuple[str, ...]:
        """What is balanced; several where a mark is of several."""
        return tuple(dict.fromkeys(each.protocol for each in self.sockets)) or (self.protocol,)

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

# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""What holds for a keepalived as a whole, in the words of keepalived.conf(5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Mapping, Optional, Tuple, Union

from ansible_collections.lvs.cluster.plugins.module_utils._description.kinds import (
    BOOLEAN,
    FILE,
    MAIL_ADDRESS,
    PORT,
    WORD,
    choice,
    group_of,
    integer,
    list_of,
    option,
    or_true,
    raw_lines,
    seconds,
    table,
    text,
)
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.scripts import USER

from .scripts import SCRIPT, Script

# With another value of these keepalived refuses to reload (core/main.c); enable_snmp_checker ends its checkers then.
AT_START = (
    "net_namespace",
    "net_namespace_ipvs",
    "instance",
    "nftables",
    "nftables_ipvs",
    "tmp_config_directory",
    "disable_local_igmp",
    "enable_snmp_checker",
)
# For each floating address. keepalived sends them in one go (vrrp_send_link_update of its vrrp.c) and no advert until
# it is done: of very many the other directors hear no master any more.
MOST_GARPS = 100
# What a pipe of each is told of.
FIFOS = ("notify_fifo", "vrrp_notify_fifo", "lvs_notify_fifo")


@dataclass(frozen=True)
class SmtpServer:
    """C(smtp_server): who takes the mail."""

    address: str = option(WORD, "its address, or a name, which is looked up once", bare=True)
    port: Optional[int] = option(PORT, "its port; 25 by default", bare=True, default=None)


@dataclass(frozen=True)
class Mail:
    """Who is told of what by mail."""

    notification_email: Tuple[str, ...] = option(list_of(MAIL_ADDRESS), "who gets the mail", default=())
    notification_email_from: str = option(MAIL_ADDRESS, "whom it is from; by default root at the host", default="")
    smtp_server: Optional[SmtpServer] = option(
        table(SmtpServer, shorthand="address"), "who takes the mail; by default the host itself", default=None
    )
    smtp_helo_name: str = option(WORD, "what the host calls itself to that; by default its name", default="")
    smtp_connect_timeout: Optional[int] = option(
        integer(1, 4294, "seconds"), "seconds to wait for that; 30 by default", default=None
    )
    smtp_alert: Optional[bool] = option(
        BOOLEAN, "whether to mail what is not told otherwise; by default servers alone", default=None
    )
    smtp_alert_vrrp: Optional[bool] = option(BOOLEAN, "whether to mail changes of state", default=None)
    smtp_alert_checker: Optional[bool] = option(BOOLEAN, "whether to mail the fall and rise of servers", default=None)


@dataclass(frozen=True)
class Arp:
    """How often the neighbours of a master are told where its addresses are, where an instance says nothing else."""

    vrrp_garp_master_delay: Optional[int] = option(
        integer(0, 4294, "seconds"), "seconds after which a new master repeats its gratuitous ARPs once", default=None
    )
    vrrp_garp_master_repeat: Optional[int] = option(
        integer(1, MOST_GARPS), "how many of them a new master sends at a time", default=None
    )
    vrrp_garp_master_refresh: int = option(
        integer(0, 2**32 - 1, "seconds"),
        "seconds after which a master repeats its gratuitous ARPs, for neighbours that missed the first; 0 is never",
        default=60,
    )
    vrrp_garp_master_refresh_repeat: Optional[int] = option(
        integer(1, MOST_GARPS), "how many of them it sends at a time then", default=None
    )
    vrrp_garp_lower_prio_delay: Optional[int] = option(
        integer(0, 4294, "seconds"), "seconds after which it repeats them once it heard a lower master", default=None
    )
    vrrp_garp_lower_prio_repeat: Optional[int] = option(
        integer(0, MOST_GARPS), "how many of them it sends at a time then", default=None
    )
    vrrp_garp_interval: Optional[float] = option(
        seconds(0.001, 0.999), "seconds between two gratuitous ARPs on an interface", default=None
    )
    vrrp_gna_interval: Optional[float] = option(
        seconds(0.001, 0.999), "the same of the unsolicited neighbour messages of IPv6", default=None
    )


@dataclass(frozen=True)
class LvsTimeouts:
    """C(lvs_timeouts): how long IPVS remembers a connection over which nothing comes, in seconds."""

    tcp: Optional[int] = option(integer(1, 2678400, "seconds"), "one of TCP", default=None)
    tcpfin: Optional[int] = option(integer(1, 2678400, "seconds"), "one of TCP that ends", default=None)
    udp: Optional[int] = option(integer(1, 2678400, "seconds"), "one of UDP", default=None)


@dataclass(frozen=True)
class Multicast:
    """Where adverts go that are no unicast."""

    vrrp_mcast_group4: str = option(group_of(4, "224.0.0.18"), "the group that adverts of IPv4 go to", default="")
    vrrp_mcast_group6: str = option(group_of(6, "ff02::12"), "the group that adverts of IPv6 go to", default="")


@dataclass(frozen=True)
class Snmp:
    """What SNMP is told of instances."""

    # A reload that turns one of them on is the end of the VRRP process of 2.2.7; 2.3.3 was seen to take it.
    enable_snmp_vrrp: bool = option(BOOLEAN, "whether SNMP has the instances", since="2.3.3", default=False)
    enable_snmp_rfc: bool = option(
        BOOLEAN, "whether it has them as RFC 2787 and RFC 6527 have them", since="2.3.3", default=False
    )
    enable_snmp_rfcv2: bool = option(BOOLEAN, "whether it has those of VRRPv2 so", since="2.3.3", default=False)
    enable_snmp_rfcv3: bool = option(BOOLEAN, "whether it has those of VRRPv3 so", since="2.3.3", default=False)
    enable_traps: bool = option(BOOLEAN, "whether it is told of each change", default=False)
    snmp_socket: str = option(
        text(r"[A-Za-z0-9_.:/-]+", "socket of SNMP", "Write one as unix:/var/agentx/master or tcp:127.0.0.1:705"),
        "where its agent is",
        default="",
    )


@dataclass(frozen=True)
class Whole:
    """What concerns all of keepalived."""

    vrrp_startup_delay: Optional[float] = option(
        seconds(0.001, 59), "seconds that a keepalived that starts waits until its instances do", default=None
    )
    lvs_timeouts: Optional[LvsTimeouts] = option(
        table(LvsTimeouts), "how long IPVS remembers a connection over which nothing comes", default=None
    )
    lvs_flush_on_stop: Union[bool, str] = option(
        or_true(choice(["VS"], "part of the table")),
        "whether a keepalived that stops empties the table at once, or with VS takes each service out whole",
        default=False,
    )


@dataclass(frozen=True)
class Telling:
    """Who runs scripts, and what is told of all changes."""

    script_user: str = option(WORD, "who runs scripts; the user of this name alone is made by the role", default=USER)
    notify_fifo: str = option(FILE, "a pipe that is told each change, a line each", default="")
    notify_fifo_script: Optional[Script] = option(SCRIPT, "what reads it, started with its path", default=None)
    vrrp_notify_fifo: str = option(FILE, "a pipe that is told each change of an instance", default="")
    vrrp_notify_fifo_script: Optional[Script] = option(SCRIPT, "what reads it, started with its path", default=None)
    lvs_notify_fifo: str = option(FILE, "a pipe that is told each change of a server", default="")
    lvs_notify_fifo_script: Optional[Script] = option(SCRIPT, "what reads it, started with its path", default=None)


@dataclass(frozen=True)
class GlobalDefs(Telling, Snmp, Whole, Multicast, Arp, Mail):
    """C(global_defs): what holds for a keepalived as a whole."""

    vrrp_strict: bool = option(
        BOOLEAN,
        "refused: it drops what clients send to the addresses; see C(strict_mode) of an instance",
        default=False,
    )
    raw: Tuple[str, ...] = raw_lines()

    # Keywords that follow from something else, and from what.
    DERIVED: ClassVar[Mapping[str, str]] = {
        "router_id": "the host's name",
        "lvs_flush": "what the collection does",
        "lvs_sync_daemon": "lvs_sync_daemon",
        "enable_script_security": "what the collection does",
        **dict.fromkeys(AT_START, "how keepalived was started: no reload can change it"),
    }

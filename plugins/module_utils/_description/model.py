# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""The description of a cluster: its tables, in the words of keepalived.conf(5) and of nginx.

Where it matters to a check that nothing was written, the default is empty text: None is what was refused.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Dict, Mapping, Optional, Sequence, Tuple

from .kinds import (
    ADDRESS,
    BOOLEAN,
    INTERFACE,
    INTERFACE_ADDRESS,
    LOCATION,
    LONGEST_NAME,
    NAME,
    PORT,
    URL_PATH,
    WORD,
    Problems,
    choice,
    integer,
    list_of,
    mapping_of,
    nearest,
    numbered,
    option,
    options,
    read_table,
    seconds,
    secret,
    table,
    word,
)
from .problems import Problem

# ipvsadm(8), --scheduler.
SCHEDULERS = ["rr", "wrr", "lc", "wlc", "lblc", "lblcr", "dh", "sh", "sed", "nq", "fo", "ovf", "mh", "twos"]
# These hash a client to a slot; the slots of a server of weight 0 drop unless a fallback flag is set.
HASH_SCHEDULERS = ("mh", "sh")
# What keepalived reads as options of lvs_sync_daemon, where the name of an instance stands.
SYNC_DAEMON_WORDS = ("id", "inst", "group", "maxlen", "port", "ttl")
# Built into nginx; of the nginx.conf of nginx.org and of Red Hat. Ours has the cluster's name.
LOG_FORMATS = ("combined", "main")


@dataclass(frozen=True)
class Authentication:
    """C(authentication) of a VRRPv2 instance; RFC 9568 has none."""

    auth_pass: str = option(secret(longest=8), "a password of at most 8 characters")
    auth_type: str = option(choice(["PASS"], "auth_type"), "how it is used", default="PASS")


@dataclass(frozen=True)
class VrrpInstance:
    """C(vrrp_instance): addresses that float over hosts."""

    name: str = option(
        word(LONGEST_NAME, SYNC_DAEMON_WORDS, "is a word of keepalived's lvs_sync_daemon, which names an instance"),
        "a name for the instance",
    )
    virtual_router_id: int = option(integer(1, 255), "a number from 1 to 255 that no other instance on the network has")
    virtual_ipaddress: Tuple[str, ...] = option(list_of(INTERFACE_ADDRESS), "the addresses that float")
    hosts: Tuple[str, ...] = option(list_of(WORD), "the hosts that it floats over, the preferred master first")
    version: int = option(integer(2, 3), "VRRP version, 2 or 3", default=2)
    interface: str = option(INTERFACE, "the interface; by default the one that has the host's address", default="")
    advert_int: float = option(seconds(0.01, 255), "seconds between adverts", default=1)
    preempt: bool = option(BOOLEAN, "whether a preferred director takes the addresses back", default=True)
    preempt_delay: float = option(seconds(0, 1000), "seconds to wait before taking them back", default=0)
    authentication: Optional[Authentication] = option(table(Authentication), "VRRPv2 password", default=None)
    unicast: bool = option(BOOLEAN, "adverts straight to the other directors, not by multicast", default=True)

    @property
    def addresses(self) -> Tuple[str, ...]:
        """The floating addresses without their prefix lengths."""
        return tuple(each.split("/")[0] for _place, each in numbered(self.virtual_ipaddress))


@dataclass(frozen=True)
class Check:
    """How keepalived finds out whether a real server serves."""

    type: str = option(choice(["TCP_CHECK", "HTTP_GET"], "check"), "TCP_CHECK or HTTP_GET", default="TCP_CHECK")
    path: Optional[str] = option(URL_PATH, "HTTP_GET: the path to ask for; / if not given", default=None)
    status_code: Optional[int] = option(
        integer(100, 599), "HTTP_GET: the status to expect; 200 if not given", default=None
    )
    connect_port: Optional[int] = option(PORT, "the port to check, if it is not the server's", default=None)
    connect_timeout: float = option(seconds(0.001, 3600), "seconds to wait for a connection", default=3)
    retry: int = option(integer(0, 1000), "further tries before the server counts as down", default=3)
    delay_before_retry: float = option(seconds(0, 3600), "seconds between tries", default=1)


@dataclass(frozen=True)
class RealServer:
    """C(real_server): a host of the inventory, or an address outside it."""

    host: str = option(WORD, "a host of the inventory", default="")
    address: str = option(ADDRESS, "an address, for a server outside the inventory", default="")
    port: Optional[int] = option(PORT, "by default the service's", default=None)
    weight: int = option(integer(0, 65535), "share of the connections; 0 gives it no new ones", default=1)


@dataclass(frozen=True)
class SorryServer:
    """C(sorry_server): serves when no real server does."""

    host: str = option(WORD, "a host of the inventory", default="")
    address: str = option(ADDRESS, "an address, for a server outside the inventory", default="")
    port: Optional[int] = option(PORT, "by default the service's", default=None)


@dataclass(frozen=True)
class VirtualServer:
    """C(virtual_server): one service, balanced over real servers."""

    name: str = option(NAME, "a name for the service")
    address: str = option(ADDRESS, "an address that an instance of lvs_vrrp_instances carries")
    port: int = option(PORT, "the port that clients connect to")
    real_servers: Tuple[RealServer, ...] = option(
        list_of(table(RealServer, shorthand="host")), "host names, or mappings with host or address"
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
    check: Optional[Check] = option(
        table(Check),
        "how servers are checked; by default HTTP_GET of the health_path of an upstream behind them, else TCP_CHECK",
        default=None,
    )
    sorry_server: Optional[SorryServer] = option(
        table(SorryServer, shorthand="host"), "a host or address that serves when no real server does", default=None
    )
    inhibit_on_failure: bool = option(BOOLEAN, "weight 0 in place of removal when a check fails", default=False)
    alpha: bool = option(BOOLEAN, "a server is down until its first check succeeds", default=True)
    quorum: int = option(integer(1, 2**31 - 1), "weight that must be alive for the service to count as up", default=1)
    hysteresis: int = option(integer(0, 2**31 - 1), "added to and taken from quorum against flapping", default=0)


@dataclass(frozen=True)
class UpstreamServer:
    """A C(server) of an nginx upstream."""

    host: str = option(WORD, "a host of the inventory", default="")
    address: str = option(ADDRESS, "an address, for a server outside the inventory", default="")
    port: Optional[int] = option(PORT, "by default the upstream's", default=None)
    weight: int = option(integer(1, 65535), "share of the requests", default=1)
    max_fails: int = option(integer(0, 1000), "failures within fail_timeout that take it out", default=1)
    fail_timeout: int = option(integer(1, 86400, "seconds"), "for how long it is out, in seconds", default=10)
    backup: bool = option(BOOLEAN, "asked only when all the others are out", default=False)


@dataclass(frozen=True)
class Upstream:
    """C(upstream) of ngx_http_upstream_module: what stands behind nginx."""

    name: str = option(NAME, "a name for the pool")
    servers: Tuple[UpstreamServer, ...] = option(
        list_of(table(UpstreamServer, shorthand="host")), "host names, or mappings with host or address"
    )
    virtual_server: str = option(
        WORD, "whose real servers run this nginx; needed when there are several virtual servers", default=""
    )
    port: int = option(PORT, "where the servers listen", default=8080)
    method: str = option(
        choice(["round_robin", "least_conn", "ip_hash", "random"], "method"),
        "how a server is chosen",
        default="round_robin",
    )
    health_path: str = option(
        LOCATION,
        "the path that nginx answers itself, for a check of nginx and not of what is behind it",
        default="/healthz",
    )
    keepalive: int = option(integer(0, 10000), "idle connections kept to the servers, a worker", default=16)
    proxy_connect_timeout: float = option(seconds(0.001, 75), "seconds to wait for a connection", default=2)
    proxy_read_timeout: float = option(seconds(0.001, 86400), "seconds to wait for an answer", default=60)


# Of a cluster that has none of its own.
DEFAULT_NAME = "lvs"
# A list that is there and empty is no order to remove: a template may have come to it.
EMPTY_TABLE = "Leave the variable out if nothing is meant; lvs.cluster.teardown takes a whole cluster away"


@dataclass(frozen=True)
class Cluster:
    """The whole description, each table under the name of its inventory variable."""

    lvs_vrrp_instances: Tuple[VrrpInstance, ...] = option(
        list_of(table(VrrpInstance), EMPTY_TABLE), "which addresses float over which hosts", default=()
    )
    lvs_virtual_servers: Tuple[VirtualServer, ...] = option(
        list_of(table(VirtualServer), EMPTY_TABLE), "what is balanced over which real servers", default=()
    )
    lvs_nginx_upstreams: Tuple[Upstream, ...] = option(
        list_of(table(Upstream), EMPTY_TABLE), "what stands behind nginx", default=()
    )
    lvs_sync_daemon: bool = option(
        BOOLEAN,
        "whether the master of the first instance tells the other directors its connections, so that they survive it",
        default=True,
    )
    lvs_cluster: str = option(
        word(LONGEST_NAME, LOG_FORMATS, "is a log_format that nginx or its distribution has already"),
        "the name of the cluster, where an inventory holds several",
        default=DEFAULT_NAME,
    )


@dataclass(frozen=True)
class HostVariables:
    """Inventory variables of one host, not of the cluster."""

    lvs_address: str = option(
        ADDRESS, "the host's address in the cluster's network, if that is not its C(ansible_host)", default=""
    )
    lvs_interface: str = option(
        INTERFACE, "the host's interface in that network, if that is not the one that has this address", default=""
    )
    lvs_addresses: Optional[Mapping[str, str]] = option(
        mapping_of(ADDRESS, "interface", INTERFACE),
        "of a host in several networks: its address by interface, as C({eth1: 198.51.100.11})",
        default=None,
    )


# One of these a host must have, to be described at all.
TABLES = ("lvs_vrrp_instances", "lvs_virtual_servers", "lvs_nginx_upstreams")
CLUSTER_VARIABLES = tuple(options(Cluster))
HOST_VARIABLES = tuple(options(HostVariables))


def read_cluster(variables: Mapping[str, Any], problems: Problems, refused: Sequence[str] = ()) -> Cluster:
    """The cluster that a host's variables describe; what is wrong is added to problems.

    variables: those that start with C(lvs_).
    refused: the names of those that could not be read. They, and tables that are misspelt, are not the same as what is
    left out: they are held as None. Who finds them tells of them.
    """
    described = {name: variables[name] for name in CLUSTER_VARIABLES if name in variables and name not in refused}
    empty = [name for name in TABLES if name in described and described[name] is None]
    problems.extend(Problem(name, None, "is empty", EMPTY_TABLE) for name in empty)
    known = [*CLUSTER_VARIABLES, *HOST_VARIABLES]
    misspelt = {near for name in variables if name not in known for near in nearest(name, known)} - set(described)
    cluster = read_table(Cluster, described, "", problems)
    unknown = [name for name in CLUSTER_VARIABLES if name in (*refused, *empty, *misspelt)]
    held: Dict[str, Any] = dict.fromkeys(unknown)
    return dataclasses.replace(cluster, **held)

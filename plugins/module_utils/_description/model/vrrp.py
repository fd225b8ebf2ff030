# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""Addresses that float over hosts, in the words of keepalived.conf(5)."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import ClassVar, Iterator, List, Mapping, Optional, Sequence, Tuple, Union

from ansible_collections.lvs.cluster.plugins.module_utils._description.kinds import (
    ADDRESS,
    BOOLEAN,
    DESTINATION,
    INTERFACE,
    INTERFACE_ADDRESS,
    LABEL,
    LONGEST_INTERFACE,
    LONGEST_NAME,
    NAME,
    NETWORK,
    ROUTER,
    WORD,
    choice,
    integer,
    list_of,
    numbered,
    option,
    or_true,
    raw_lines,
    seconds,
    secret,
    table,
    word,
)
from ansible_collections.lvs.cluster.plugins.module_utils._net import family_of

from .asking import Asking
from .globals import MOST_GARPS
from .scripts import InstanceNotifying, Notifying
from .tracking import Tracks

# What keepalived reads as options of lvs_sync_daemon, where the name of an instance stands.
SYNC_DAEMON_WORDS = ("id", "inst", "group", "maxlen", "port", "ttl")
# And as options of use_vmac, where its name stands.
VMAC_WORDS = ("lo", "group", "name")


@dataclass(frozen=True)
class Authentication:
    """C(authentication) of a VRRPv2 instance; RFC 9568 has none."""

    auth_pass: str = option(secret(longest=8), "a password of at most 8 characters")
    auth_type: str = option(choice(["PASS"], "auth_type"), "how it is used", default="PASS")


@dataclass(frozen=True)
class VirtualAddress:
    """An address that floats, in the words of ip-address(8)."""

    address: str = option(
        INTERFACE_ADDRESS, "the address, by default of a network of its own (/32, of IPv6 /128)", bare=True
    )
    dev: str = option(INTERFACE, "its interface, if that is not the instance's", default="")
    label: str = option(LABEL, "a name for it, INTERFACE:WORD of at most 15 characters", default="")
    scope: str = option(choice(["global", "site", "link", "host"], "scope"), "how far it is valid", default="")
    brd: str = option(choice(["+", "-"], "brd"), "a broadcast address: the highest (+) or lowest (-)", default="")


@dataclass(frozen=True)
class Floating:
    """What floats over which hosts, and how they tell each other."""

    name: str = option(
        word(LONGEST_NAME, SYNC_DAEMON_WORDS, "is a word of keepalived's lvs_sync_daemon, which names an instance"),
        "a name for the instance",
    )
    virtual_router_id: int = option(integer(1, 255), "a number from 1 to 255 that no other instance on the network has")
    virtual_ipaddress: Tuple[VirtualAddress, ...] = option(
        list_of(table(VirtualAddress, shorthand="address")), "the addresses that float, all of IPv4 or all of IPv6"
    )
    hosts: Tuple[str, ...] = option(list_of(WORD), "the hosts that it floats over, the preferred master first")
    version: Union[int, str] = option(
        integer(2, 3), "VRRP version, 2 or 3; by default 2, and for addresses of IPv6 3, as 2 has none", default=""
    )
    interface: str = option(INTERFACE, "the interface; by default the one that has the host's address", default="")
    advert_int: float = option(seconds(0.01, 255), "seconds between adverts", default=1)
    preempt: bool = option(BOOLEAN, "whether a preferred director takes the addresses back", default=True)
    preempt_delay: float = option(seconds(0, 1000), "seconds to wait before taking them back", default=0)
    authentication: Optional[Authentication] = option(table(Authentication), "VRRPv2 password", default=None)
    unicast: bool = option(BOOLEAN, "adverts straight to the other directors, not by multicast", default=True)
    spread: bool = option(
        BOOLEAN,
        "whether each address gets an instance of its own, and each instance another host as preferred master",
        default=False,
    )
    mcast_src_ip: bool = option(
        BOOLEAN,
        "multicast: send adverts from the address that is the host's on the interface by lvs_address or lvs_addresses",
        default=False,
    )
    timer_expired_backup: bool = option(
        BOOLEAN,
        "without preempt: a master that could not run for so long that another one took over becomes backup",
        since="2.2.8",  # acassen/keepalived#2238
        default=False,
    )


@dataclass(frozen=True)
class Route:
    """A route, in the words of ip-route(8)."""

    to: str = option(DESTINATION, "where it leads", bare=True)
    via: str = option(ROUTER, "the router", default="")
    dev: str = option(INTERFACE, "the interface", default="")
    src: str = option(ADDRESS, "the address that packets to there are from", default="")
    table: Optional[int] = option(integer(1, 2**32 - 1), "the number of the routing table", default=None)
    metric: Optional[int] = option(integer(0, 2**32 - 1), "its metric", default=None)
    scope: str = option(choice(["global", "site", "link", "host"], "scope"), "how far it leads", default="")
    no_track: bool = option(BOOLEAN, "whether its master stays master if somebody removes it", default=False)


@dataclass(frozen=True)
class Rule:
    """A rule that chooses a routing table, in the words of ip-rule(8)."""

    table: int = option(integer(1, 2**32 - 1), "the number of the routing table")
    priority: int = option(integer(1, 32765), "its place among the rules; one of a lower number comes first")
    from_: str = option(NETWORK, "packets from there", name="from", default="")
    to: str = option(NETWORK, "packets to there", default="")
    iif: str = option(INTERFACE, "packets that came in by it", default="")
    oif: str = option(INTERFACE, "packets of programs that chose it", default="")
    fwmark: Optional[int] = option(integer(1, 2**32 - 1), "packets with this mark", default=None)
    no_track: bool = option(BOOLEAN, "whether its master stays master if somebody removes it", default=False)


@dataclass(frozen=True)
class Carried:
    """What else a master has."""

    virtual_ipaddress_excluded: Tuple[VirtualAddress, ...] = option(
        list_of(table(VirtualAddress, shorthand="address")),
        "addresses that float too and stand in no advert: more than one has room for, or those of the other family",
        default=(),
    )
    virtual_routes: Tuple[Route, ...] = option(list_of(table(Route)), "routes that only the master has", default=())
    virtual_rules: Tuple[Rule, ...] = option(list_of(table(Rule)), "rules that only the master has", default=())


@dataclass(frozen=True)
class Settings:
    """Settings of an instance that keepalived takes as they are."""

    use_vmac: Union[bool, str] = option(
        or_true(word(LONGEST_INTERFACE, VMAC_WORDS, "is the loopback, or a word of keepalived's use_vmac")),
        "an interface with VRRP's own MAC address for the addresses, by this name or by one of keepalived's (true)",
        default=False,
    )
    vmac_xmit_base: bool = option(
        BOOLEAN, "use_vmac: adverts from the interface itself; always so with unicast", default=False
    )
    dont_track_primary: bool = option(BOOLEAN, "whether to go on when the interface is down", default=False)
    skip_check_adv_addr: bool = option(
        BOOLEAN, "whether to check the addresses in adverts of a master only the first time", default=False
    )
    strict_mode: bool = option(
        BOOLEAN,
        "whether to refuse what RFC 9568 does not have, also from others; drops what clients send",
        default=False,
    )
    accept: Optional[bool] = option(
        BOOLEAN,
        "whether the master takes packets to the addresses; with false a firewall drops them",
        off="no_accept",
        default=None,
    )
    down_timer_adverts: Optional[int] = option(
        integer(1, 100), "how many adverts must be missed before another one becomes master; 3 by default", default=None
    )
    v3_checksum_as_v2: bool = option(
        BOOLEAN,
        "VRRPv3: the checksum of VRRPv2, for routers that know no other",
        since="2.2.8",  # acassen/keepalived#2234
        default=False,
    )
    garp_master_delay: Optional[int] = option(
        integer(0, 4294, "seconds"), "seconds after which a new master repeats its gratuitous ARPs once", default=None
    )
    garp_master_repeat: Optional[int] = option(
        integer(1, MOST_GARPS), "how many of them a new master sends at a time", default=None
    )
    garp_master_refresh: Optional[int] = option(
        integer(0, 2**32 - 1, "seconds"),
        "seconds after which it repeats them again and again; 0 is never",
        default=None,
    )
    garp_master_refresh_repeat: Optional[int] = option(
        integer(1, MOST_GARPS), "how many of them it sends at a time then", default=None
    )
    garp_lower_prio_delay: Optional[int] = option(
        integer(0, 4294, "seconds"), "seconds after which it repeats them once it heard a lower master", default=None
    )
    garp_lower_prio_repeat: Optional[int] = option(
        integer(0, MOST_GARPS), "how many of them it sends at a time then", default=None
    )
    garp_extra_if: Optional[int] = option(
        integer(1, 86400, "seconds"),
        "use_vmac: seconds after which it repeats them on interfaces of other instances too",
        default=None,
    )
    lower_prio_no_advert: Optional[bool] = option(
        BOOLEAN, "whether a master answers a lower one with no advert of its own", default=None
    )
    higher_prio_send_advert: Optional[bool] = option(
        BOOLEAN, "whether a master that hears a higher one sends a last advert", default=None
    )


@dataclass(frozen=True)
class Mailing:
    """What mails when it becomes another state."""

    smtp_alert: Optional[bool] = option(
        BOOLEAN, "whether to mail each change of state; by default as lvs_global_defs says", default=None
    )


@dataclass(frozen=True)
class VrrpInstance(InstanceNotifying, Mailing, Settings, Asking, Tracks, Carried, Floating):
    """C(vrrp_instance): addresses that float over hosts."""

    raw: Tuple[str, ...] = raw_lines()

    # Keywords that follow from something else, and from what.
    DERIVED: ClassVar[Mapping[str, str]] = {
        "state": "hosts",
        "priority": "hosts",
        "nopreempt": "preempt",
        "unicast_src_ip": "unicast",
        "unicast_peer": "unicast",
        "mcast_src_ip": "unicast",
        "native_ipv6": "virtual_ipaddress",
    }

    @property
    def family(self) -> str:
        """That of the adverts, and so of the addresses that its hosts tell each other from."""
        told = (each.address for _place, each in numbered(self.virtual_ipaddress) if each.address)
        return next((family_of(address) for address in told), "ipv4")

    @property
    def vrrp_version(self) -> Optional[int]:
        """The version of VRRP that it has; None where that was refused."""
        if self.version == "":
            return 3 if self.family == "ipv6" else 2
        return None if self.version is None else int(self.version)

    @property
    def floating(self) -> Iterator[Tuple[str, VirtualAddress]]:
        """Each sound floating address with the path to it."""
        for name in ("virtual_ipaddress", "virtual_ipaddress_excluded"):
            for place, each in numbered(getattr(self, name)):
                if each.address is not None:
                    yield f"{name}[{place}]", each

    @property
    def addresses(self) -> Tuple[str, ...]:
        """The floating addresses without their prefix lengths."""
        return tuple(each.address.split("/")[0] for _path, each in self.floating)

    @property
    def addresses_known(self) -> bool:
        """Whether none of them was refused."""
        held = (self.virtual_ipaddress, self.virtual_ipaddress_excluded)
        return None not in held and all(each and each.address is not None for part in held for each in part)

    @property
    def instances(self) -> Tuple[VrrpInstance, ...]:
        """What VRRP gets: itself, or with C(spread) one for each address, numbered from its own number on."""
        if not self.spread:
            return (self,)
        return tuple(
            dataclasses.replace(
                self,
                name=self.name and f"{self.name}_{place + 1}",
                virtual_router_id=self.virtual_router_id and self.virtual_router_id + place,
                virtual_ipaddress=(address,),
                hosts=_preferring(self.hosts or (), place),
                spread=False,
            )
            for place, address in numbered(self.virtual_ipaddress)
        )


def _preferring(hosts: Tuple[str, ...], place: int) -> Tuple[str, ...]:
    """The hosts with the one before the others whose turn it is.

    After each round the others begin with another one: what a host that dies leaves is taken by several.
    """
    if not hosts:
        return ()
    master, *others = _turned(hosts, place)
    return (master, *_turned(others, place // len(hosts)))


def _turned(hosts: Sequence[str], by: int) -> List[str]:
    first = by % max(1, len(hosts))
    return [*hosts[first:], *hosts[:first]]


@dataclass(frozen=True)
class Group:
    """Instances that have one state."""

    name: str = option(NAME, "a name for the group", bare=True)
    group: Tuple[str, ...] = option(list_of(NAME), "the instances that have one state, by their names")


@dataclass(frozen=True)
class SyncGroup(Notifying, Mailing, Tracks, Group):
    """C(vrrp_sync_group): instances that have one state, as that of an outer and that of an inner address."""

    keyword: ClassVar[str] = "vrrp_sync_group"

    sync_group_tracking_weight: bool = option(
        BOOLEAN, "whether what is watched may have a weight: all members must watch the same then", default=False
    )
    raw: Tuple[str, ...] = raw_lines()


@dataclass(frozen=True)
class OnHost:
    """The one host that has it."""

    host: str = option(WORD, "the host that has it")


@dataclass(frozen=True)
class OnHosts:
    """The hosts that have it."""

    hosts: Tuple[str, ...] = option(
        list_of(WORD), "the hosts that have it; by default all that have an instance", default=()
    )


@dataclass(frozen=True)
class StaticAddress(VirtualAddress, OnHost):
    """C(static_ipaddress): an address that one host has while its keepalived runs."""


@dataclass(frozen=True)
class StaticRoute(OnHosts, Route):
    """C(static_routes): a route that hosts have while their keepalived runs."""


@dataclass(frozen=True)
class StaticRule(OnHosts, Rule):
    """C(static_rules): a rule that hosts have while their keepalived runs."""

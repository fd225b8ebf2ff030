# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""What all directors of a VRRP instance must agree on, and whether a change touches it.

A director that does not hear another one, or drops its adverts because they differ in one of these terms, makes
itself master beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, FrozenSet, List, Mapping, Optional, Sequence, Tuple

from ansible_collections.lvs.cluster.plugins.module_utils._net import bare

from .grammar import Statement, Tree

# keepalived takes no more of auth_pass (RFC 2338, 10.5.1).
PASSWORD_LENGTH = 8
# RFC 9568, 5.1.1.2 and 5.1.2.2.
GROUPS = {4: "224.0.0.18", 6: "ff02::12"}


@dataclass(frozen=True)
class Terms:
    """virtual_router_id and family say which instance it is; two on different interfaces may have the same.

    addresses: those that adverts carry, so neither prefix lengths nor virtual_ipaddress_excluded.
    routers: with unicast the own address and those of the peers. interface, group: with multicast alone.
    """

    virtual_router_id: int
    family: int
    version: int
    advert_int: float
    password: str
    addresses: FrozenSet[str]
    routers: FrozenSet[str]
    interface: str
    group: str

    def __post_init__(self) -> None:
        # VRRPv3 counts in hundredths, and has no authentication.
        object.__setattr__(self, "advert_int", round(float(self.advert_int), 2))
        object.__setattr__(self, "password", self.password[:PASSWORD_LENGTH] if self.version == 2 else "")
        if self.routers:
            object.__setattr__(self, "interface", "")
            object.__setattr__(self, "group", "")

    @property
    def key(self) -> Tuple[int, int]:
        return self.virtual_router_id, self.family


@dataclass(frozen=True)
class Instance:
    """An instance under the name that its configuration gives it."""

    name: str
    terms: Terms


def _family(addresses: Sequence[str]) -> int:
    return 6 if any(":" in each for each in addresses) else 4


def of_view(view: Mapping[str, Any]) -> Instance:
    """An instance of the description, as the filter C(view) gives it."""
    routers = [view["unicast_src_ip"], *view["unicast_peer"]] if view["unicast_peer"] else []
    return Instance(
        view["name"],
        Terms(
            int(view["virtual_router_id"]),
            _family(view["virtual_ipaddress"]),
            int(view["version"]),
            view["advert_int"],
            view["auth_pass"],
            frozenset(map(bare, view["virtual_ipaddress"])),
            frozenset(map(bare, routers)),
            view["interface"],
            view["mcast_group"],
        ),
    )


def of_dump(dumped: Mapping[str, Any]) -> Instance:
    """An instance of a running keepalived, as C(status.parse_vrrp_terms) reads it."""
    routers = [dumped["source"], *dumped["unicast_peer"]] if dumped["unicast_peer"] else []
    return Instance(
        dumped["name"],
        Terms(
            dumped["virtual_router_id"],
            dumped["family"],
            dumped["version"],
            dumped["advert_int"],
            dumped["password"],
            frozenset(map(bare, dumped["virtual_ipaddress"])),
            frozenset(map(bare, routers)),
            dumped["interface"],
            dumped["mcast_group"],
        ),
    )


def of_tree(tree: Tree) -> List[Instance]:
    """The instances of a configuration; none of one that cannot be understood as a whole, for it may have any."""
    if tree.not_understood:
        return []
    defaults = [each for top in tree.statements if top.keyword == "global_defs" for each in top.block or ()]
    return [
        _of_statement(top, defaults)
        for top in tree.statements
        if top.keyword == "vrrp_instance" and len(top.words) > 1 and top.block is not None
    ]


def _of_statement(statement: Statement, defaults: Sequence[Statement]) -> Instance:
    block = statement.block or ()
    addresses = _lines(block, "virtual_ipaddress")
    peers = _lines(block, "unicast_peer")
    # Those that stand in no advert may be of the other family.
    family = _family([*addresses, *peers] or _lines(block, "virtual_ipaddress_excluded")[:1])
    # IPv6 has VRRPv3 alone.
    version = int(_number(_value(block, "version") or _value(defaults, "vrrp_version") or "2")) if family == 4 else 3
    authentication = next((each.block or () for each in block if each.keyword == "authentication"), ())
    # Without a source it is the interface's address, which the file does not tell: equal to nothing that is described.
    source = _value(block, "unicast_src_ip") or _value(block, "mcast_src_ip") or ""
    return Instance(
        statement.words[1],
        Terms(
            int(_number(_value(block, "virtual_router_id") or "0")),
            family,
            version,
            _number(_value(block, "advert_int") or "1"),
            _value(authentication, "auth_pass") or "",
            frozenset(map(bare, addresses)),
            frozenset(map(bare, [source, *peers])) if peers else frozenset(),
            _value(block, "interface") or _value(defaults, "default_interface") or "eth0",
            _value(block, "mcast_dst_ip") or _value(defaults, f"vrrp_mcast_group{family}") or GROUPS[family],
        ),
    )


def _value(block: Sequence[Statement], keyword: str) -> Optional[str]:
    """The word after a keyword; keepalived takes the last where it comes again."""
    return next((each.words[1] for each in reversed(block) if each.keyword == keyword and len(each.words) > 1), None)


def _lines(block: Sequence[Statement], keyword: str) -> List[str]:
    """The first words of the lines in a block."""
    return [line.keyword for each in block if each.keyword == keyword for line in each.block or ()]


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return -1.0


@dataclass(frozen=True)
class Change:
    """An instance whose terms change here, and how; no password is in it.

    leaving: the addresses of directors that talk in it until now, and are to do so no more. They go on until told.
    gains: the virtual addresses that no instance here has until now. Another director's may have them until told.
    """

    name: str
    how: str
    leaving: Tuple[str, ...] = ()
    gains: Tuple[str, ...] = ()


def changes(before: Sequence[Instance], after: Sequence[Instance]) -> List[Change]:
    """The instances that a director is to have and has not, in these terms."""
    old: Dict[Tuple[int, int], List[Terms]] = {}
    had = frozenset(owned for each in before for owned in each.terms.addresses)
    for each in before:
        old.setdefault(each.terms.key, []).append(each.terms)
    found = []
    for instance in after:
        same = old.get(instance.terms.key, [])
        if instance.terms not in same:
            old_terms = same[0] if same else instance.terms
            leaving = tuple(sorted(old_terms.routers - instance.terms.routers - {""}))
            gains = tuple(sorted(instance.terms.addresses - had))
            told = how(old_terms, instance.terms) if same else "is new here"
            found.append(Change(instance.name, told, leaving, gains))
    return found


def gone(before: Sequence[Instance], after: Sequence[Instance]) -> List[str]:
    """The names of instances that a director has and is not to have."""
    kept = {each.terms.key for each in after}
    return [each.name for each in before if each.terms.key not in kept]


def how(old: Terms, new: Terms) -> str:
    """What differs."""
    parts = []
    for name, before, after in (
        ("version", old.version, new.version),
        ("advert_int", old.advert_int, new.advert_int),
        ("addresses", old.addresses, new.addresses),
        ("unicast addresses", old.routers, new.routers),
        ("interface", old.interface, new.interface),
        ("multicast group", old.group, new.group),
    ):
        if before != after:
            parts.append(f"{name} {_text(before)} -> {_text(after)}")
    if old.password != new.password:
        parts.append("another password")
    return ", ".join(parts)


def _text(value: Any) -> str:
    if isinstance(value, frozenset):
        return " ".join(sorted(value)) or "none"
    return str(value) if value != "" else "none"

# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""Which packets get which mark, in the words of nft(8) and in those of tc(8), and read back.

Both mark before IPVS looks at a packet, which it does where packets for the host itself come in.
"""

from __future__ import annotations

import json
from typing import Any, Dict, Iterable, List, Mapping, NamedTuple, Optional, Sequence

TABLE = "lvs_cluster"
# What a boot reads, in each of the two languages, and who reads it.
FILES = {"nft": "/etc/lvs-cluster/marks.nft", "tc": "/etc/lvs-cluster/marks.tc"}
UNIT = "lvs-marks.service"
UNIT_FILE = f"/etc/systemd/system/{UNIT}"
# linux/netfilter_ipv4.h: NF_IP_PRI_MANGLE.
PRIORITY = -150
CHAIN = {"type": "filter", "hook": "prerouting", "prio": PRIORITY, "policy": "accept"}

# Ours among the filters of an interface; the second takes turns with the first, so that no packet comes between.
PREFS = (17300, 17301)


class Mark(NamedTuple):
    """What packets to a port of an address get."""

    address: str
    protocol: str
    port: int
    fwmark: int

    def __str__(self) -> str:
        return f"{self.address} {self.protocol} {self.port} mark {self.fwmark}"


def rules(language: str, marks: Sequence[Mark], interfaces: Sequence[str] = (), pref: int = PREFS[0]) -> str:
    """What C(nft -f) reads, which makes our table anew in one step; or C(tc -batch), for these interfaces.

    pref: the place of the filters of tc.
    """
    if language == "nft":
        lines = [
            f"\t\tip daddr {each.address} {each.protocol} dport {each.port} meta mark set {each.fwmark}"
            for each in marks
        ]
        # Before it can be deleted it must be there.
        begin = [f"table ip {TABLE}", f"delete table ip {TABLE}", f"table ip {TABLE} {{", "\tchain prerouting {"]
        hook = "\t\ttype filter hook prerouting priority mangle; policy accept;"
        return "\n".join([*begin, hook, *lines, "\t}", "}"]) + "\n"
    return "".join(
        f"filter replace dev {interface} ingress pref {pref} protocol ip handle {place} flower "
        f"ip_proto {each.protocol} dst_ip {each.address} dst_port {each.port} "
        f"action skbedit mark {each.fwmark} continue\n"
        for interface in interfaces
        for place, each in enumerate(marks, 1)
    )


def removal(language: str, interfaces: Sequence[str] = (), prefs: Iterable[int] = PREFS) -> List[List[str]]:
    """The commands that take all of it away."""
    if language == "nft":
        return [["nft", "delete", "table", "ip", TABLE]]
    return [
        ["tc", "filter", "delete", "dev", interface, "ingress", "pref", str(pref)]
        for interface in interfaces
        for pref in prefs
    ]


def unit_text(language: str, file: str, interfaces: Sequence[str]) -> str:
    """The unit that does it at boot."""
    lines = ["[Unit]", "Description=Marks of packets for the services of lvs.cluster", "Before=keepalived.service"]
    if language == "nft":
        # Debian's nftables.service begins with "flush ruleset", which takes all tables away, whoever made them.
        lines += ["After=nftables.service firewalld.service", "PartOf=nftables.service"]
        lines += ["ReloadPropagatedFrom=nftables.service"]
        load, prepare, end = f"/usr/sbin/nft -f {file}", [], removal("nft")
    else:
        lines += ["After=network.target"]
        load, end = f"/usr/sbin/tc -batch {file}", removal("tc", interfaces)
        # Filters need it; it may be there.
        prepare = [f"ExecStart=-/usr/sbin/tc qdisc add dev {each} clsact" for each in interfaces]
    lines += [
        "",
        "[Service]",
        "Type=oneshot",
        "RemainAfterExit=yes",
        *prepare,
        f"ExecStart={load}",
        f"ExecReload={load}",
    ]
    lines += [f"ExecStop=-/usr/sbin/{' '.join(command)}" for command in end]
    return "\n".join([*lines, "", "[Install]", "WantedBy=multi-user.target"]) + "\n"


# What runs


def of_nft(text: str) -> Optional[List[Mark]]:
    """The marks of C(nft -j list table); none of them where something else is in our table too."""
    entries = json.loads(text)["nftables"]
    chains = [each["chain"] for each in entries if "chain" in each]
    if [{name: chain.get(name) for name in CHAIN} for chain in chains] != [CHAIN]:
        return None
    found = [_of_rule(each["rule"]["expr"]) for each in entries if "rule" in each]
    marks = [each for each in found if each]
    return marks if len(marks) == len(found) else None


def _of_rule(expressions: Sequence[Mapping[str, Any]]) -> Optional[Mark]:
    try:
        address, port, mangle = expressions
        field = port["match"]["left"]["payload"]
        mark = Mark(
            str(address["match"]["right"]), field["protocol"], int(port["match"]["right"]), mangle["mangle"]["value"]
        )
    except (KeyError, TypeError, ValueError):
        return None
    # Whatever else such a rule may say is told by what the same rule of ours looks like.
    return mark if list(expressions) == _expressions(mark) else None


def _expressions(mark: Mark) -> List[Dict[str, Any]]:
    def match(protocol: str, field: str, right: Any) -> Dict[str, Any]:
        return {"match": {"op": "==", "left": {"payload": {"protocol": protocol, "field": field}}, "right": right}}

    return [
        match("ip", "daddr", mark.address),
        match(mark.protocol, "dport", mark.port),
        {"mangle": {"key": {"meta": {"key": "mark"}}, "value": mark.fwmark}},
    ]


def with_filters(text: str) -> List[str]:
    """The interfaces that may have filters for what comes in, of C(tc -j qdisc show)."""
    return [each["dev"] for each in json.loads(text or "[]") if each["kind"] in ("clsact", "ingress")]


def of_tc(text: str) -> Dict[int, Optional[List[Mark]]]:
    """By pref, the marks of our filters, of C(tc -j filter show dev ... ingress); None where one is something else."""
    found: Dict[int, List[Optional[Mark]]] = {}
    for each in json.loads(text or "[]"):
        if each.get("pref") in PREFS and "options" in each:
            found.setdefault(each["pref"], []).append(_of_filter(each))
    return {pref: [mark for mark in marks if mark] if all(marks) else None for pref, marks in sorted(found.items())}


def _of_filter(entry: Mapping[str, Any]) -> Optional[Mark]:
    try:
        keys = dict(entry["options"]["keys"])
        (action,) = entry["options"]["actions"]
        mark = Mark(keys.pop("dst_ip"), keys.pop("ip_proto"), int(keys.pop("dst_port")), int(action["mark"]))
        alone = keys in ({}, {"eth_type": "ipv4"}) and action["kind"] == "skbedit"
        return mark if alone and action["control_action"]["type"] == "continue" else None
    except (KeyError, TypeError, ValueError):
        return None


def alike(running: Optional[Sequence[Mark]], wanted: Sequence[Mark]) -> bool:
    """Whether the same packets get the same marks; their order means nothing, as no packet is of two."""
    return running is not None and sorted(running) == sorted(wanted)

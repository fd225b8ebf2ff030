# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Marks in the words of nft and of tc, and what these say of marks that run."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._marks.rules import (
    Mark,
    alike,
    of_nft,
    of_tc,
    rules,
    unit_text,
    with_filters,
)

SHOP = [Mark("192.0.2.100", "tcp", 80, 1), Mark("192.0.2.100", "tcp", 443, 1)]
NAMES = Mark("192.0.2.101", "udp", 53, 4294967295)

# nft 1.0.6: -j list table ip lvs_cluster, of what L(rules) gives for these.
NFT = (
    '{"nftables": [{"metainfo": {"version": "1.0.6", "release_name": "Lester Gooch #5", "json_schema_version": 1}}, '
    '{"table": {"family": "ip", "name": "lvs_cluster", "handle": 3}}, {"chain": {"family": "ip", "table": '
    '"lvs_cluster", '
    '"name": "prerouting", "handle": 1, "type": "filter", "hook": "prerouting", "prio": -150, "policy": "accept"}}, '
    '{"rule": {"family": "ip", "table": "lvs_cluster", "chain": "prerouting", "handle": 3, "expr": [{"match": {"op": '
    '"==", "left": {"payload": {"protocol": "ip", "field": "daddr"}}, "right": "192.0.2.100"}}, {"match": {"op": "==", '
    '"left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": 80}}, {"mangle": {"key": {"meta": {"key": '
    '"mark"}}, "value": 1}}]}}, {"rule": {"family": "ip", "table": "lvs_cluster", "chain": "prerouting", "handle": 4, '
    '"expr": [{"match": {"op": "==", "left": {"payload": {"protocol": "ip", "field": "daddr"}}, "right": "192.0.2.101"'
    '}}, {"match": {"op": "==", "left": {"payload": {"protocol": "udp", "field": "dport"}}, "right": 53}}, {"mangle": '
    '{"key": {"meta": {"key": "mark"}}, "value": 4294967295}}]}}]}'
)


def entries(change: Any = None) -> str:
    """What nft says, with a change of its list."""
    told = json.loads(NFT)
    if change:
        change(told["nftables"])
    return json.dumps(told)


def test_nft_gets_a_table_that_takes_the_place_of_its_former_self() -> None:
    assert rules("nft", [*SHOP, NAMES]) == (
        "table ip lvs_cluster\n"
        "delete table ip lvs_cluster\n"
        "table ip lvs_cluster {\n"
        "\tchain prerouting {\n"
        "\t\ttype filter hook prerouting priority mangle; policy accept;\n"
        "\t\tip daddr 192.0.2.100 tcp dport 80 meta mark set 1\n"
        "\t\tip daddr 192.0.2.100 tcp dport 443 meta mark set 1\n"
        "\t\tip daddr 192.0.2.101 udp dport 53 meta mark set 4294967295\n"
        "\t}\n"
        "}\n"
    )


def test_tc_gets_a_filter_for_each_on_each_interface() -> None:
    first = "filter replace dev eth0 ingress pref 17300 protocol ip handle 1 flower ip_proto tcp dst_ip 192.0.2.100 "
    lines = rules("tc", SHOP, ["eth0", "eth1"]).splitlines()
    assert lines[0] == f"{first}dst_port 80 action skbedit mark 1 continue"
    assert [line.split()[3] for line in lines] == ["eth0", "eth0", "eth1", "eth1"]
    assert "pref 17301 protocol ip handle 2 flower" in rules("tc", SHOP, ["eth0"], 17301)


def test_what_nft_says_is_read_back() -> None:
    assert of_nft(NFT) == [SHOP[0], NAMES]


@pytest.mark.parametrize(
    "change",
    [
        lambda told: told[2]["chain"].update(hook="input"),
        lambda told: told[2]["chain"].update(prio=0),
        lambda told: told.append(told[2]),
        lambda told: told.pop(2),
        lambda told: told[3]["rule"]["expr"].pop(0),
        lambda told: told[3]["rule"]["expr"].append({"drop": None}),
        lambda told: told[3]["rule"]["expr"][0]["match"].update(op="!="),
        lambda told: told[3]["rule"]["expr"][1]["match"].update(right={"set": [80, 81]}),
    ],
    ids=["hook", "priority", "another chain", "no chain", "any address", "drop", "all but it", "several ports"],
)
def test_a_table_that_somebody_changed_is_not_taken_for_ours(change: Any) -> None:
    assert of_nft(entries(change)) is None


def test_marks_are_alike_in_any_order_and_not_where_one_is_missing() -> None:
    assert alike([SHOP[1], SHOP[0]], SHOP)
    assert not alike(SHOP[:1], SHOP)
    assert not alike(None, [])


def filters(*more: dict[str, Any]) -> str:
    """tc of iproute2 6.15: -j filter show dev eth0 ingress."""
    return json.dumps([{"protocol": "ip", "pref": 17300, "kind": "flower", "chain": 0}, flower(1, 80), *more])


def flower(handle: int, port: int, pref: int = 17300, **keys: Any) -> dict[str, Any]:
    action = {"order": 1, "kind": "skbedit", "mark": 1, "control_action": {"type": "continue"}, "index": handle}
    told = {"eth_type": "ipv4", "ip_proto": "tcp", "dst_ip": "192.0.2.100", "dst_port": port, **keys}
    return {
        "protocol": "ip",
        "pref": pref,
        "kind": "flower",
        "chain": 0,
        "options": {"handle": handle, "keys": told, "not_in_hw": True, "actions": [action]},
    }


def test_what_tc_says_is_read_back_without_the_filters_of_others() -> None:
    assert of_tc(filters(flower(2, 443), flower(1, 22, pref=10))) == {17300: SHOP}
    assert of_tc(filters(flower(1, 443, pref=17301))) == {17300: SHOP[:1], 17301: SHOP[1:]}
    assert of_tc(filters(flower(2, 443, src_ip="192.0.2.9"))) == {17300: None}
    assert of_tc("") == {}


def test_interfaces_that_can_have_filters_are_told_from_others() -> None:
    told = [{"kind": "noqueue", "dev": "lo"}, {"kind": "clsact", "dev": "eth0"}, {"kind": "ingress", "dev": "eth1"}]
    assert with_filters(json.dumps(told)) == ["eth0", "eth1"]


def test_the_unit_comes_after_what_empties_all_tables_and_again_with_it() -> None:
    text = unit_text("nft", "/etc/lvs-cluster/marks.nft", [])
    for line in ("PartOf=nftables.service", "ReloadPropagatedFrom=nftables.service", "Before=keepalived.service"):
        assert f"{line}\n" in text
    assert "ExecStart=/usr/sbin/nft -f /etc/lvs-cluster/marks.nft\n" in text
    assert "ExecStop=-/usr/sbin/nft delete table ip lvs_cluster\n" in text


def test_the_unit_of_tc_makes_room_for_filters_where_there_is_none() -> None:
    text = unit_text("tc", "/etc/lvs-cluster/marks.tc", ["eth0"])
    assert text.index("ExecStart=-/usr/sbin/tc qdisc add dev eth0 clsact") < text.index("ExecStart=/usr/sbin/tc -batch")
    assert "nftables" not in text

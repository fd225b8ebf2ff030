# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The names under which clients find the addresses."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._description import inventory
from ansible_collections.lvs.cluster.plugins.module_utils._description.views import dns
from ansible_collections.lvs.cluster.tests.unit.plugins.module_utils._description.example import (
    OTHER_SERVICE,
    OTHER_VIP,
    REMOVED,
    VIP,
    hostvars,
)
from ansible_collections.lvs.cluster.tests.unit.plugins.module_utils._description.mistakes import bad, told_once
from ansible_collections.lvs.cluster.tests.unit.plugins.module_utils._description.test_clusters import problems, two

NAMES, SERVER = "lvs_dns_names", "lvs_dns_server"
WWW = {"name": "www.example.com"}
KEY = {"name": "lvs", "secret": "c2VjcmV0"}
NAMED = {NAMES: [WWW]}
# One entry whose two addresses have a master each.
SPREAD = {
    "lvs_vrrp_instances[0].spread": True,
    "lvs_vrrp_instances[0].virtual_ipaddress": [VIP, OTHER_VIP],
    "lvs_virtual_servers[1]": OTHER_SERVICE,
    "lvs_nginx_upstreams[0].virtual_server": "web",
}
PROXIES = {"lvs_virtual_servers": REMOVED, "lvs_nginx_upstreams": REMOVED}

MISTAKES = [
    bad("no full name", {NAMES: [{"name": "www"}]}, "is not a full domain name", path=f"{NAMES}[0].name"),
    bad("an address", {NAMES: [{"name": "192.0.2.1"}]}, "is not a full domain name", path=f"{NAMES}[0].name"),
    bad("a space", {NAMES: [{"name": "w w.example.com"}]}, "is not a full domain name", path=f"{NAMES}[0].name"),
    bad(
        "a name twice",
        {NAMES: [WWW, {"name": "WWW.example.com."}]},
        "is the name of an earlier entry too",
        path=f"{NAMES}[1].name",
    ),
    bad(
        "no such service",
        {NAMES: [{**WWW, "virtual_servers": ["wab"]}]},
        "is not in lvs_virtual_servers",
        "Write one of web",
        path=f"{NAMES}[0].virtual_servers[0]",
    ),
    bad(
        "no such instance",
        {NAMES: [{**WWW, "vrrp_instances": ["wab"]}]},
        "is not in lvs_vrrp_instances",
        path=f"{NAMES}[0].vrrp_instances[0]",
    ),
    bad(
        "another zone",
        {**NAMED, SERVER: {"address": "192.0.2.53", "zone": "ample.com"}},
        "is not in ample.com, the zone of lvs_dns_server",
        "leave zone out",
        path=f"{NAMES}[0].name",
    ),
    bad(
        "a secret that is none",
        {SERVER: {"address": "192.0.2.53", "key": {**KEY, "secret": "let me in"}}},
        "is not a secret in base64",
        path=f"{SERVER}.key.secret",
    ),
]


@pytest.mark.parametrize(("changes", "path", "fragments"), MISTAKES)
def test_a_mistake_is_told_once_with_the_way_out(
    changes: dict[str, Any], path: str, fragments: tuple[str, ...]
) -> None:
    told_once(changes, path, fragments)


def test_a_secret_that_is_none_is_not_shown() -> None:
    (problem,) = inventory.described(
        hostvars({SERVER: {"address": "192.0.2.53", "key": {**KEY, "secret": "let me in"}}}), "lvs1"
    )[2]
    assert "let me" not in str(problem)


def lines(variables: dict[str, Any], *without: str) -> list[str]:
    """The zone's, of the clusters that lvs1 and olvs1 are of."""
    hosts = [host for host in ("lvs1", "olvs1") if host in variables]
    found = {each["cluster"]["name"]: each for each in inventory.views(variables, hosts)}
    assert [each["cluster"]["problems"] for each in found.values()] == [[]] * len(found)
    told = [dns.Told(each["host"], name, each["view"].cluster.dns) for name, each in found.items()]
    return dns.zone_lines(dns.records(told, without))


@pytest.mark.parametrize(
    ("changes", "addresses"),
    [
        pytest.param({}, [VIP], id="all services"),
        pytest.param(SPREAD, [VIP, OTHER_VIP], id="of two masters"),
        pytest.param({**SPREAD, NAMES: [{**WWW, "virtual_servers": ["mail"]}]}, [OTHER_VIP], id="one service"),
        pytest.param({**SPREAD, NAMES: [{**WWW, "vrrp_instances": ["web"]}]}, [VIP, OTHER_VIP], id="one instance"),
        pytest.param({**PROXIES, **NAMED}, [VIP], id="a pair of proxies"),
    ],
)
def test_a_name_leads_to_the_addresses_of_what_it_names(changes: dict[str, Any], addresses: list[str]) -> None:
    expected = [f"www.example.com. 60 IN A {each}" for each in addresses]
    assert lines(hostvars({**NAMED, **changes})) == expected


def test_several_clusters_may_have_one_name() -> None:
    assert lines(two(NAMED, NAMED)) == [
        f"www.example.com. 60 IN A {VIP}",
        "www.example.com. 60 IN A 198.51.100.100",
    ]


def test_what_clusters_say_of_one_name_must_be_the_same() -> None:
    others = {NAMES: [{**WWW, "ttl": 30}], SERVER: {"address": "192.0.2.53"}}
    found = problems(two(NAMED, others))["lvs"]
    assert [problem.split(" = ")[0].split(":")[0] for problem in found] == [f"{NAMES}[0].ttl", SERVER]


@pytest.mark.parametrize("word", ["web_2", "other"])
def test_an_instance_or_a_cluster_leaves_and_the_others_stay(word: str) -> None:
    found = lines(
        two({**NAMED, **SPREAD}, {**NAMED, "lvs_vrrp_instances[0].name": "web_2"} if word == "other" else NAMED), word
    )
    left = [VIP, OTHER_VIP] if word == "other" else [VIP, "198.51.100.100"]
    assert found == [f"www.example.com. 60 IN A {each}" for each in left]


@pytest.mark.parametrize(
    ("variables", "word", "told"),
    [
        pytest.param(hostvars(NAMED), "web", f"www.example.com. would lead nowhere without {VIP}", id="the last"),
        pytest.param(hostvars(NAMED), "wab", "no name has addresses of such an instance or cluster", id="unknown"),
        pytest.param(two(NAMED, NAMED), "web", "is an instance of the clusters lvs, other", id="of two clusters"),
        pytest.param(
            two(NAMED, {**NAMED, "lvs_vrrp_instances[0].name": "lvs"}),
            "lvs",
            "lvs is a cluster, and an instance of other. Give one of them another name",
            id="a cluster and an instance of another",
        ),
    ],
)
def test_what_cannot_leave_is_refused(variables: dict[str, Any], word: str, told: str) -> None:
    with pytest.raises(dns.CannotLeave, match=told):
        lines(variables, word)


def test_a_word_that_is_a_cluster_and_the_only_instance_of_it_is_no_question() -> None:
    named = {**NAMED, "lvs_vrrp_instances[0].name": "lvs"}
    assert lines(two(named, NAMED), "lvs") == ["www.example.com. 60 IN A 198.51.100.100"]


def test_addresses_of_both_families_are_records_of_two_types_and_none_is_left_of_one_that_leaves_whole() -> None:
    names = [dns.Name("www.example.com.", 60, [dns.Address(VIP, ["four"]), dns.Address("2001:db8::64", ["six"])])]
    told = [dns.Told("lvs1", "lvs", dns.Dns(names, None))]
    assert dns.zone_lines(dns.records(told, [])) == [
        f"www.example.com. 60 IN A {VIP}",
        "www.example.com. 60 IN AAAA 2001:db8::64",
    ]
    assert [(each.type, each.addresses) for each in dns.records(told, ["six"])] == [("A", [VIP]), ("AAAA", [])]


def test_the_secret_of_the_key_is_in_no_view() -> None:
    held = inventory.view(
        hostvars({**NAMED, SERVER: {"address": "192.0.2.53", "zone": "example.com", "key": KEY}}), "lvs1"
    )
    assert held["cluster"]["dns"]["server"] == {
        "address": "192.0.2.53",
        "port": 53,
        "zone": "example.com.",
        "key_name": "lvs",
        "key_algorithm": "hmac-sha256",
    }

# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real servers that get packets by NAT: what they have, what their director is, and by whom they answer."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._description import inventory
from ansible_collections.lvs.cluster.plugins.module_utils._description.facts import compared, remarks
from ansible_collections.lvs.cluster.tests.unit.plugins.module_utils._description.example import (
    OTHER_INSTANCE,
    OTHER_SERVICE,
    OTHER_UPSTREAM,
    OTHER_VIP,
    REMOVED,
    VIP,
    hostvars,
    plain_views,
)
from ansible_collections.lvs.cluster.tests.unit.plugins.module_utils._description.mistakes import (
    FIRST_SERVICE,
    FIRST_UPSTREAM,
    SECOND_SERVICE,
    bad,
    problems_with,
    told_once,
)

GATEWAY = "198.51.100.1"
NOWHERE: dict[str, Any] = {"interface": "", "gateways": []}
INNER = {
    "name": "inner",
    "virtual_router_id": 52,
    "virtual_ipaddress": [f"{GATEWAY}/24"],
    "hosts": ["lvs1", "lvs2"],
    "interface": "eth1",
}
APART: dict[str, Any] = {
    f"{FIRST_SERVICE}.lb_kind": "NAT",
    f"{FIRST_SERVICE}.real_servers": [{"host": "web1", "port": 8000}, {"host": "web2", "port": 8000, "weight": 2}],
    "lvs_vrrp_instances[1]": INNER,
    "hosts.lvs1.lvs_addresses": {"eth1": "198.51.100.11"},
    "hosts.lvs2.lvs_addresses": {"eth1": "198.51.100.12"},
    "hosts.web1.ansible_host": "198.51.100.21",
    "hosts.web2.ansible_host": "198.51.100.22",
}
NAT = {**APART, "lvs_vrrp_sync_groups": [{"name": "nat", "group": ["web", "inner"]}]}
# One director, in the network of its real servers, without keepalived.
ALONE = {
    "lvs_vrrp_instances": REMOVED,
    f"{FIRST_SERVICE}.hosts": ["lvs1"],
    f"{FIRST_SERVICE}.check": REMOVED,
    f"{FIRST_SERVICE}.lb_kind": "NAT",
    f"{FIRST_SERVICE}.address": "203.0.113.100",
    f"{FIRST_SERVICE}.interface": "eth1",
}
# The other service too, by NAT as well.
OTHER_BY_NAT = {
    "lvs_vrrp_instances[0].virtual_ipaddress": [f"{VIP}/32", f"{OTHER_VIP}/32"],
    SECOND_SERVICE: {**OTHER_SERVICE, "port": 80, "lb_kind": "NAT", "real_servers": ["web1"]},
}
BOTH = {
    **OTHER_BY_NAT,
    f"{FIRST_UPSTREAM}.virtual_server": "web",
    "lvs_nginx_upstreams[1]": OTHER_UPSTREAM,
}
CHECK = f"{FIRST_SERVICE}.check"
NO_CONTENT = {"type": "HTTP_GET", "path": "/healthz", "status_code": 204}
# A group of one address and one port.
AS_GROUP = {
    **NAT,
    **dict.fromkeys((CHECK, f"{FIRST_SERVICE}.address", f"{FIRST_SERVICE}.port"), REMOVED),
    f"{FIRST_SERVICE}.group": [{"address": VIP, "port": 80}],
}
# One service of two addresses, each with an instance of its own.
SPLIT = {
    **AS_GROUP,
    "lvs_vrrp_instances[2]": {**OTHER_INSTANCE, "virtual_router_id": 53, "hosts": INNER["hosts"]},
    f"{FIRST_SERVICE}.group": [{"address": VIP, "port": 80}, {"address": OTHER_VIP, "port": 80}],
}
ALL_SYNCED = {**SPLIT, "lvs_vrrp_sync_groups[0].group": ["web", "inner", "mail"]}


def view(host: str, changes: dict[str, Any]) -> dict[str, Any]:
    variables = hostvars({f"hosts.{host}.lvs_interface": "eth0", **changes})
    return inventory.view(variables, host)


def test_a_real_server_holds_nothing_and_answers_by_what_moves_with_the_address():
    assert problems_with(NAT) == []
    assert view("web1", NAT)["realserver"] == {
        "interface": "eth0",
        "vips": [],
        "tunnelled": [],
        "gue": [],
        "direct": [],
        "gateways": [{"service": "web", "vips": [VIP], "addresses": [VIP, GATEWAY], "apart": {}, "floats": True}],
        "sets_gateway": False,
        "led": NOWHERE,
    }


def test_what_floats_by_itself_is_no_gateway():
    (gateway,) = view("web1", APART)["realserver"]["gateways"]
    assert (gateway["addresses"], gateway["apart"]) == ([VIP], {GATEWAY: "inner"})


def test_a_director_alone_is_the_gateway_with_what_it_has_itself():
    (gateway,) = view("web1", {**ALONE, "hosts.lvs1.lvs_addresses": {"eth1": "203.0.113.11"}})["realserver"]["gateways"]
    assert gateway["addresses"] == ["192.0.2.11", "203.0.113.11"]
    one = {**NAT, "lvs_vrrp_instances[0].hosts": ["lvs1"], "lvs_vrrp_instances[1].hosts": ["lvs1"]}
    (gateway,) = view("web1", one)["realserver"]["gateways"]
    assert gateway["addresses"] == [VIP, GATEWAY, "192.0.2.11", "198.51.100.11"]


def test_the_director_routes_and_sends_to_the_servers_own_port():
    told = view("lvs1", NAT)
    assert (told["director"]["routes"], told["director"]["servers"]) == (["ipv4"], {})
    (service,) = told["keepalived"]["virtual_servers"]
    assert service["lb_kind"] == "NAT"
    assert [(each["address"], each["port"], each["lines"]) for each in service["real_servers"]] == [
        ("198.51.100.21", 8000, []),
        ("198.51.100.22", 8000, []),
    ]
    assert view("lvs1", {})["director"]["routes"] == []


def test_one_server_of_several_may_be_reached_by_nat():
    servers = [{"host": "web1", "lb_kind": "NAT", "port": 8000}, "web2"]
    changes = {f"{FIRST_SERVICE}.real_servers": servers}
    assert problems_with(changes) == []
    told = view("lvs1", changes)
    assert (told["director"]["routes"], told["director"]["servers"]) == (["ipv4"], {"192.0.2.22": "web2"})
    (service,) = told["keepalived"]["virtual_servers"]
    assert [each["lines"] for each in service["real_servers"]] == [[["lvs_method", "NAT"]], []]
    assert [view(host, changes)["realserver"]["vips"] for host in ("web1", "web2")] == [
        [],
        [{"address": VIP, "label": "lo:0"}],
    ]


def test_a_sorry_server_reached_by_nat_makes_the_director_a_router():
    assert view("lvs1", {f"{FIRST_SERVICE}.sorry_server": {"host": "app1", "lb_kind": "NAT"}})["director"]["routes"]


def test_a_table_without_keepalived_has_the_port_and_the_kind_of_each_server():
    servers = [{"host": "web1", "port": 8000}, {"host": "web2", "lb_kind": "DR"}]
    changes = {**ALONE, f"{FIRST_SERVICE}.real_servers": servers}
    assert problems_with(changes) == []
    (service,) = view("lvs1", changes)["director"]["services"]
    assert service["lb_kind"] == "NAT"
    assert [(each["port"], each["lb_kind"]) for each in service["real_servers"]] == [(8000, "NAT"), (80, "DR")]


def test_nginx_listens_where_packets_come_to_and_asks_itself_by_no_address():
    told = view("web1", {**NAT, f"{FIRST_UPSTREAM}.health_path": "/healthz"})["nginx"]
    (server,) = told["servers"]
    assert server["listen"] == ["8000"]
    assert server["server_name"] == [VIP]
    assert server["health"] == [{"path": "/healthz", "hops": [], "server_name": "", "answers": True}]
    assert told["checks"] == [{"port": 8000, "path": "/healthz"}]


@pytest.mark.parametrize(
    "way",
    [
        {f"{FIRST_SERVICE}.group": [{"address": VIP, "port": 80}, {"address": OTHER_VIP, "port": 80}]},
        {
            f"{FIRST_SERVICE}.fwmark": 5,
            f"{FIRST_SERVICE}.marked": [{"address": VIP, "ports": [80]}, {"address": OTHER_VIP, "ports": [80]}],
        },
    ],
    ids=["group", "fwmark"],
)
def test_a_site_without_names_has_all_addresses_of_a_service_that_has_none_of_its_own(way):
    changes = {**NAT, f"{FIRST_SERVICE}.address": REMOVED, f"{FIRST_SERVICE}.port": REMOVED, **way}
    changes[f"{FIRST_SERVICE}.real_servers"] = ["web1", "web2"]
    changes["lvs_vrrp_instances[0].virtual_ipaddress"] = [f"{VIP}/32", f"{OTHER_VIP}/32"]
    changes[f"{FIRST_SERVICE}.check"] = REMOVED
    assert problems_with(changes) == []
    (server,) = view("web1", changes)["nginx"]["servers"]
    assert server["server_name"] == [VIP, OTHER_VIP]


@pytest.mark.parametrize("names", [{}, {"server_name": ["shop.example.com"]}], ids=["none", "names"])
def test_a_site_of_a_host_that_gets_packets_both_ways_answers_by_either(names):
    changes = {
        **BOTH,
        f"{FIRST_SERVICE}.check": REMOVED,
        "lvs_vrrp_instances[1]": {**INNER, "interface": "eth0", "virtual_ipaddress": ["192.0.2.1/24"]},
        "lvs_vrrp_sync_groups": [{"name": "nat", "group": ["web", "inner"]}],
        "lvs_nginx_servers": [
            {
                "name": "shop",
                "virtual_server": ["web", "mail"],
                "locations": [{"location": "/", "upstream": "app"}],
                **names,
            }
        ],
    }
    del changes[f"{FIRST_UPSTREAM}.virtual_server"], changes["lvs_nginx_upstreams[1]"]
    assert problems_with(changes) == []
    told = {each["name"]: each for each in view("web1", changes)["nginx"]["servers"]}
    if names:
        assert told[""]["listen"] == ["80 default_server", f"{VIP}:80 default_server"]
        assert (told["shop"]["listen"], told["shop"]["server_name"]) == (["80", f"{VIP}:80"], names["server_name"])
    else:
        assert list(told) == ["shop"]
        assert told["shop"]["listen"] == ["80 default_server", f"{VIP}:80 default_server"]
        assert told["shop"]["server_name"] == [VIP, OTHER_VIP]


def test_a_site_with_tls_is_checked_by_the_plain_port_of_its_own_hosts():
    site = {"name": "shop", "ssl_certificate": "/c", "ssl_certificate_key": "/k", "virtual_server": ["tls"]}
    location = {"location": "/", "upstream": "app"}
    changes = {
        **NAT,
        f"{FIRST_SERVICE}.check": REMOVED,
        SECOND_SERVICE: {
            "name": "tls",
            "address": VIP,
            "port": 443,
            "lb_kind": "NAT",
            "real_servers": [{"host": "web1", "port": 8443}],
        },
        "lvs_nginx_servers": [
            {"name": "plain", "virtual_server": ["web"], "locations": [location]},
            {**site, "locations": [location]},
        ],
    }
    _web, tls = view("lvs1", changes)["keepalived"]["virtual_servers"]
    check, _tcp = tls["real_servers"][0]["checkers"]
    assert ["connect_port", 8000] in check["lines"]
    sockets = [listen for each in view("web1", changes)["nginx"]["servers"] for listen in each["listen"]]
    assert sockets == ["8000 default_server", "8443 ssl default_server"]
    # Of two ports none is that of all.
    changes[f"{FIRST_SERVICE}.real_servers[1].port"] = 8001
    changes[f"{SECOND_SERVICE}.real_servers"] = [{"host": "web1", "port": 8443}, {"host": "web2", "port": 8443}]
    _web, tls = view("lvs1", changes)["keepalived"]["virtual_servers"]
    assert [each["keyword"] for each in tls["real_servers"][0]["checkers"]] == ["TCP_CHECK"]


MISTAKES = [
    bad(
        "another port with DR beside servers with NAT",
        {**NAT, f"{FIRST_SERVICE}.real_servers[0].lb_kind": "DR", "hosts.web1.ansible_host": "192.0.2.21"},
        "with lb_kind DR nothing rewrites the port",
        path=f"{FIRST_SERVICE}.real_servers[0].port",
    ),
    bad(
        "one port where the service has all",
        {
            **NAT,
            f"{FIRST_SERVICE}.port": 0,
            f"{FIRST_SERVICE}.persistence_timeout": 50,
            f"{FIRST_SERVICE}.check.connect_port": 80,
            f"{FIRST_SERVICE}.real_servers": [{"host": "web1", "port": 8000}],
            "lvs_nginx_upstreams": REMOVED,
        },
        "the service has all ports, none of which is rewritten",
        path=f"{FIRST_SERVICE}.real_servers[0].port",
    ),
    bad(
        "a service of two instances that float apart",
        SPLIT,
        "floats with instance mail, and another address of this service with web",
        "Name both instances in one of lvs_vrrp_sync_groups",
        path=f"{FIRST_SERVICE}.group[1].address",
    ),
    bad(
        "the same, where one server alone is reached by NAT",
        {
            **SPLIT,
            f"{FIRST_SERVICE}.lb_kind": "DR",
            f"{FIRST_SERVICE}.real_servers": [{"host": "web1", "lb_kind": "NAT"}, "web2"],
            "hosts.web2.ansible_host": "192.0.2.22",
        },
        "a real server with lb_kind NAT answers by one of them alone",
        path=f"{FIRST_SERVICE}.group[1].address",
    ),
    bad(
        "a status that nginx never answers on the port of a server",
        {**NAT, CHECK: NO_CONTENT},
        "is never the answer of upstream app to its health_path",
        path=f"{CHECK}.status_code",
    ),
    bad(
        "a status that nginx never answers on the one port of a group",
        {**AS_GROUP, CHECK: NO_CONTENT},
        "is never the answer of upstream app to its health_path",
        path=f"{CHECK}.status_code",
    ),
    bad(
        "the director's own address, without keepalived",
        {
            **ALONE,
            f"{FIRST_SERVICE}.address": "203.0.113.11",
            "hosts.lvs1.lvs_addresses": {"eth1": "203.0.113.11"},
        },
        "is already the address of host lvs1, and that of a service comes and goes with it",
        "Choose an address that no host has",
        path=f"{FIRST_SERVICE}.address",
    ),
    bad(
        "two services that come to one port of a host",
        {**NAT, **BOTH, f"{FIRST_SERVICE}.real_servers": ["web1"]},
        "takes already what is for no other site of *:80",
        path="lvs_nginx_upstreams[1].virtual_server",
    ),
]


@pytest.mark.parametrize(("changes", "path", "fragments"), MISTAKES)
def test_one_mistake_is_reported_once_with_its_path_reason_and_remedy(changes, path, fragments):
    told_once(changes, path, fragments)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param(ALL_SYNCED, id="together"),
        pytest.param({**SPLIT, f"{FIRST_SERVICE}.lb_kind": "DR", f"{FIRST_SERVICE}.real_servers": ["web1"]}, id="DR"),
        pytest.param({**SPLIT, **{f"lvs_vrrp_instances[{each}].hosts": ["lvs1"] for each in range(3)}}, id="one host"),
    ],
)
def test_one_service_may_float_with_several_instances_that_stay_on_one_director(changes):
    assert problems_with(changes) == []


def test_two_services_may_come_to_two_ports_of_a_host():
    assert problems_with({**NAT, **BOTH}) == []


def test_what_answers_on_the_port_of_clients_is_not_what_is_asked():
    assert problems_with({**NAT, **OTHER_BY_NAT, f"{FIRST_UPSTREAM}.virtual_server": "mail", CHECK: NO_CONTENT}) == []


NAMES = ["lvs1", "lvs2", "web1", "web2"]


INSIDE = {"lvs1": "198.51.100.11", "lvs2": "198.51.100.12"}


def facts_of(address: str, gateway: str = GATEWAY, **told: Any) -> dict[str, Any]:
    """Of a host with one address; gateway: by which it answers, empty for none."""
    return {
        "os_family": "Debian",
        "interfaces": ["lo", "eth0", "eth1"],
        "lo": {"device": "lo"},
        "eth0": {"device": "eth0", "ipv4": {"address": address, "prefix": "24"}},
        "eth1": {"device": "eth1"},
        "default_ipv4": {"gateway": gateway, "interface": "eth0"} if gateway else {},
        "lvs_gateways": {gateway: ["default"]},
        **told,
    }


def told_by(changes: dict[str, Any] | None = None, **facts: Any) -> tuple[list[str], list[str]]:
    """What is found and what is remarked; facts: of a host what is given here."""
    variables = hostvars(changes or NAT)
    told = {name: facts_of(variables[name]["ansible_host"]) for name in NAMES}
    for name, its in facts.items():
        told[name] = {**told[name], **its}
    for name, address in INSIDE.items():
        told[name]["eth1"] = {"device": "eth1", "ipv4": {"address": address, "prefix": "24"}}
    entries = plain_views(variables, NAMES)
    for each in entries:
        each["cluster"]["speaker"] = "lvs1"
    entries = compared(entries, told, ["Debian"], {})
    return [line for each in entries for line in each["findings"]], remarks(entries, told)


def test_real_servers_that_answer_by_the_director_are_nothing_to_tell_of():
    assert told_by() == ([], [])


@pytest.mark.parametrize(
    ("gateway", "way"),
    [
        pytest.param("198.51.100.254", "its default route goes by 198.51.100.254 on eth0", id="another's"),
        pytest.param("", "it has no default route", id="none"),
    ],
)
def test_a_real_server_with_another_gateway_is_refused_with_the_one_that_it_needs(gateway, way):
    assert told_by(web1=facts_of("198.51.100.21", gateway))[0] == [
        f"web1 gets requests of web by lb_kind NAT, and its answers must go back by the director, {GATEWAY}; but "
        f"{way}. Make that its default gateway in the configuration of its network, or write lvs_set_gateway: true for "
        "it (docs/nat.md)."
    ]


SET = {"hosts.web1.lvs_set_gateway": True}


def led(changes: dict[str, Any], **told: Any) -> dict[str, Any]:
    """Where web1 is led, by its facts."""
    variables = hostvars(changes)
    variables["web1"]["ansible_facts"] = facts_of("198.51.100.21", "198.51.100.254", **told)
    return inventory.view(variables, "web1")["realserver"]["led"]


def test_a_real_server_is_led_by_the_director_where_that_is_asked_for():
    assert led({**NAT, **SET}) == {"interface": "eth0", "gateways": [GATEWAY]}
    assert led(NAT) == NOWHERE
    # Who gets packets by DR answers as ever.
    assert led(SET) == NOWHERE
    assert told_by({**NAT, **SET}, web1=facts_of("198.51.100.21", "198.51.100.254")) == ([], [])


def test_one_address_leads_the_answers_of_all_services():
    floating = {
        f"{FIRST_SERVICE}.real_servers": [{"host": "web1", "port": 8000}],
        **OTHER_BY_NAT,
        "lvs_nginx_upstreams": REMOVED,
        f"{FIRST_SERVICE}.check": REMOVED,
    }
    assert led({**NAT, **SET, **floating}) == {"interface": "eth0", "gateways": [GATEWAY]}


@pytest.mark.parametrize(
    ("ways", "by"),
    [
        pytest.param({GATEWAY: ["0.0.0.0/1", "128.0.0.0/1"]}, GATEWAY, id="led"),
        pytest.param({GATEWAY: ["0.0.0.0/1"], "198.51.100.254": ["default"]}, "198.51.100.9", id="by a half alone"),
        pytest.param({"198.51.100.77": ["0.0.0.0/1", "128.0.0.0/1"]}, "198.51.100.9", id="by another one"),
        pytest.param(None, "198.51.100.9", id="not told"),
    ],
)
def test_who_is_led_goes_on_by_the_same_gateway_whatever_comes_before_it(ways, by):
    earlier = {"lvs_vrrp_instances[1].virtual_ipaddress": ["198.51.100.9/24", f"{GATEWAY}/24"]}
    assert led({**NAT, **SET, **earlier}, lvs_gateways=ways)["gateways"] == [by]


def test_a_real_server_that_no_director_is_next_to_cannot_be_led():
    _interface, found = told_by({**NAT, **SET}, web1=facts_of("203.0.113.21", "203.0.113.1"))[0]
    assert found.startswith("lvs_set_gateway is true on web1, and no address of a director is one by which it may")
    assert f"it needs {VIP} or {GATEWAY}, and is in 203.0.113.0/24 on eth0" in found
    alone = {"device": "eth0", "ipv4": {"address": "203.0.113.21", "prefix": "32"}}
    _interface, found = told_by({**NAT, **SET}, web1=facts_of("203.0.113.21", "203.0.113.1", eth0=alone))[0]
    assert f"it needs {VIP} or {GATEWAY}, and is in no network that its addresses tell. Give" in found


def test_its_own_default_route_counts_again_where_it_is_led_no_more():
    """The one that it answers by now goes in the same run."""
    own = "198.51.100.254"
    ways = {GATEWAY: ["0.0.0.0/1", "128.0.0.0/1"], own: ["default"]}
    now = facts_of("198.51.100.21", GATEWAY, lvs_gateways=ways, lvs_gateway_of=["lvs"])
    assert told_by({**NAT, **SET}, web1=now) == ([], [])
    (found,) = told_by(web1=now)[0]
    assert f"but its default route goes by {own} on eth0. Make that its default gateway" in found
    assert told_by(web1={**now, "lvs_gateways": {GATEWAY: [*ways[GATEWAY], "default"]}}) == ([], [])
    (found,) = told_by(web1={**now, "lvs_gateways": {GATEWAY: ways[GATEWAY]}})[0]
    assert "but it has no default route of its own by a gateway. Make that its default gateway" in found


def test_other_routes_by_the_director_are_told_with_where_they_lead():
    other = "198.51.100.254"
    routes = {other: ["default"], GATEWAY: ["203.0.113.0/24"]}
    findings, remarked = told_by(web1=facts_of("198.51.100.21", other, lvs_gateways=routes))
    assert findings == []
    assert remarked == [
        f"the answers of web1 to clients of web must go back by the director, {GATEWAY}, but its default route goes by "
        f"{other} on eth0, and routes to 203.0.113.0/24 alone go by it: other clients get no answer that they take. "
        "Make that its default gateway in the configuration of its network, or write lvs_set_gateway: true for it "
        "(docs/nat.md)."
    ]


def test_facts_of_another_hand_refuse_nobody():
    theirs = {**facts_of("198.51.100.21", "198.51.100.254"), "lvs_gateways": None}
    findings, (remarked,) = told_by(web1=theirs)
    assert findings == []
    assert "and no other route is known" in remarked
    silent = {name: each for name, each in theirs.items() if name != "default_ipv4"}
    variables = hostvars(NAT)
    entries = compared(plain_views(variables, ["web1"]), {"web1": silent}, ["Debian"], {})
    assert (entries[0]["findings"], remarks(entries, {"web1": silent})) == ([], [])


def test_a_gateway_that_floats_by_itself_is_refused():
    findings, remarked = told_by(APART)
    assert remarked == []
    assert findings == [
        f"{GATEWAY}, the gateway by which {host} is to answer clients of web, floats with instance inner, and another "
        f"one has {VIP}: once they are on two directors, no answer comes back by the one that was asked. Name both in "
        "one of lvs_vrrp_sync_groups."
        for host in ("web1", "web2")
    ]


def test_who_is_led_past_a_gateway_that_floats_by_itself_is_not_refused_for_it():
    other = {
        "lvs_vrrp_instances[2]": {
            **INNER,
            "name": "more",
            "virtual_router_id": 53,
            "virtual_ipaddress": ["198.51.100.9/24"],
        },
    }
    now = facts_of("198.51.100.21", "198.51.100.9")
    (found,) = told_by({**NAT, **other}, web1=now)[0]
    assert found.startswith("198.51.100.9, the gateway by which web1 is to answer clients of web, floats with instance")
    assert told_by({**NAT, **other, **SET}, web1=now) == ([], [])
    # Where nothing else is near, it would be led by that one.
    found, _of_web2 = told_by({**APART, **SET}, web1=now)[0]
    assert found.startswith(f"{GATEWAY}, the gateway by which web1 is to answer clients of web, floats with instance")


def test_what_one_director_has_cannot_be_on_two():
    one = {**APART, "lvs_vrrp_instances[0].hosts": ["lvs1"], "lvs_vrrp_instances[1].hosts": ["lvs1"]}
    assert problems_with(one) == []
    assert told_by(one) == ([], [])
    # Its own gateway may go to another one.
    findings, _remarked = told_by({**one, "lvs_vrrp_instances[1].hosts": ["lvs1", "lvs2"]})
    assert len(findings) == 2
    assert f"{GATEWAY}, the gateway by which web1" in findings[0]


def test_what_floats_over_directors_that_packets_are_routed_to_is_a_gateway():
    routed = {
        **NAT,
        CHECK: REMOVED,
        f"{FIRST_SERVICE}.address": "203.0.113.100",
        f"{FIRST_SERVICE}.hosts": ["lvs1", "lvs2"],
    }
    assert problems_with(routed) == []
    assert told_by(routed) == ([], [])
    findings, _remarked = told_by(routed, web1=facts_of("198.51.100.21", "198.51.100.254"))
    assert [line.split(" by lb_kind")[0] for line in findings] == ["web1 gets requests of web"]


def test_who_is_to_be_taken_down_needs_no_gateway():
    variables = hostvars(NAT)
    told = {"web1": facts_of("198.51.100.21", "")}
    (found,) = compared(plain_views(variables, ["web1"]), told, ["Debian"], {}, serving=False)
    assert found["findings"] == []


def test_a_director_in_no_network_of_a_real_server_is_told():
    far = {**NAT, "hosts.web1.ansible_host": "203.0.113.21"}
    findings, (remarked,) = told_by(far, web1=facts_of("203.0.113.21", "203.0.113.1"))
    assert findings == []
    assert remarked.startswith(f"web1 is in no network with {VIP}, {GATEWAY}, but in 203.0.113.0/24 on eth0, and web ")


def test_clients_beside_the_real_servers_are_told_of():
    """One network for all: the virtual address is the gateway."""
    beside = {
        **{path: value for path, value in NAT.items() if not path.startswith("hosts")},
        "lvs_vrrp_instances[1]": {**INNER, "virtual_ipaddress": [f"{OTHER_VIP}/32"], "interface": "eth0"},
    }
    variables = hostvars(beside)
    told = {name: facts_of(variables[name]["ansible_host"], VIP) for name in NAMES}
    entries = compared(plain_views(variables, NAMES), told, ["Debian"], {})
    assert [each["findings"] for each in entries] == [[]] * len(NAMES)
    assert remarks(entries, told) == [
        f"{VIP} of web is in 192.0.2.0/24, where web1, web2 stands too: with lb_kind NAT a client in that network is "
        "answered from there and not by the director, and takes no answer. Serve clients of other networks alone, or "
        "write lb_kind: DR."
    ]


def test_clients_beside_the_real_servers_are_told_of_for_each_address_of_a_service():
    inside = "198.51.100.100"
    group = [{"address": VIP, "port": 80}, {"address": inside, "port": 80}]
    changes = {
        **{path: value for path, value in SPLIT.items() if path != "lvs_vrrp_instances[2]"},
        "lvs_vrrp_instances[1].virtual_ipaddress": [f"{GATEWAY}/24", f"{inside}/32"],
        f"{FIRST_SERVICE}.group": group,
    }
    findings, (remarked,) = told_by(changes)
    assert findings == []
    assert remarked.startswith(f"{inside} of web is in 198.51.100.0/24, where web1, web2 stands too")


def test_a_host_that_answers_for_dr_too_is_told():
    both = {**NAT, **BOTH, f"{SECOND_SERVICE}.lb_kind": "DR", f"{SECOND_SERVICE}.real_servers": ["web1"]}
    _findings, remarked = told_by(both)
    assert [line.split(":")[0] for line in remarked if "by DR" in line] == [
        "web1 gets web by lb_kind NAT and other services by DR or TUN"
    ]


def test_a_host_that_would_be_made_to_answer_for_dr_by_the_director_too_is_refused():
    both = {**NAT, **BOTH, f"{SECOND_SERVICE}.lb_kind": "DR", f"{SECOND_SERVICE}.real_servers": ["web1"]}
    (found,) = told_by({**both, **SET})[0]
    assert found == (
        "lvs_set_gateway is true on web1, which gets other services by lb_kind DR or TUN: what it answers for these "
        "from their addresses would go by the director too, which takes a packet from an address of its own for "
        "forged. Use one lb_kind for all services of the host, or remove lvs_set_gateway."
    )
    # Who gets nothing by DR is led.
    assert told_by({**both, "hosts.web2.lvs_set_gateway": True})[0] == []

# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is of IPv6: addresses of hosts, native instances, services beside those of IPv4, and what answers for them."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._description import inventory
from ansible_collections.lvs.cluster.plugins.module_utils._description.facts import compared, remarks
from ansible_collections.lvs.cluster.plugins.module_utils._description.members import Member, shared_family
from ansible_collections.lvs.cluster.tests.unit.plugins.module_utils._description.example import (
    HOSTS,
    REMOVED,
    STATIC,
    UPSTREAM,
    VIP,
    hostvars,
    plain_views,
)
from ansible_collections.lvs.cluster.tests.unit.plugins.module_utils._description.mistakes import (
    FIRST_INSTANCE,
    FIRST_SERVICE,
    FIRST_UPSTREAM,
    INSTANCES,
    SECOND_INSTANCE,
    SECOND_SERVICE,
    SECOND_UPSTREAM,
    SERVICES,
    bad,
    problems_with,
    told_once,
)

VIP6, OTHER_VIP6 = "2001:db8::100", "2001:db8::101"
HOSTS6 = {name: f"2001:db8::{address.rpartition('.')[2]}" for name, address in HOSTS.items()}
BOTH = {f"hosts.{name}.lvs_address": address for name, address in HOSTS6.items()}
INSTANCE6 = {"name": "web6", "virtual_router_id": 51, "virtual_ipaddress": [VIP6], "hosts": ["lvs1", "lvs2"]}
SERVICE6 = {"name": "web6", "address": VIP6, "port": 80, "real_servers": ["web1", "web2"]}
# A cluster that serves both with one set of hosts.
MIXED: dict[str, Any] = {
    **BOTH,
    SECOND_INSTANCE: INSTANCE6,
    SECOND_SERVICE: SERVICE6,
    f"{FIRST_UPSTREAM}.virtual_server": "web",
}
# One whose hosts have IPv6 alone.
ONLY: dict[str, Any] = {
    **{f"hosts.{name}.ansible_host": address for name, address in HOSTS6.items()},
    f"{FIRST_INSTANCE}.virtual_ipaddress": [VIP6],
    f"{FIRST_SERVICE}.address": VIP6,
}


def view(host: str, changes: dict[str, Any]) -> dict[str, Any]:
    return inventory.view(hostvars(changes), host)


def listens(host: str, changes: dict[str, Any]) -> dict[str, list[str]]:
    return {each["name"]: each["listen"] for each in view(host, changes)["nginx"]["servers"]}


ROUTES = f"{FIRST_INSTANCE}.virtual_routes"
BY_LINK = {"to": "2001:db8:9::/48", "via": "fe80::1", "no_track": True}

MISTAKES = [
    bad(
        "two addresses of one family",
        {"hosts.app1.lvs_address": ["2001:db8::31", "2001:db8::32"]},
        "is the second of its family beside 2001:db8::31",
        path="lvs_address[1] of host app1",
    ),
    bad(
        "lvs_address of one link",
        {"hosts.app1.lvs_address": ["192.0.2.31", "fe80::31"]},
        "is an address of one link",
        path="lvs_address[1] of host app1",
    ),
    bad(
        "lvs_addresses of an IPv4 address in the form of IPv6",
        {"hosts.lvs1.lvs_addresses": {"eth1": "::ffff:192.0.2.11"}},
        "is an IPv4 address in the form of IPv6",
        path="lvs_addresses.eth1 of host lvs1",
    ),
    bad(
        "a floating group",
        {**ONLY, f"{FIRST_INSTANCE}.virtual_ipaddress[1]": "ff02::1"},
        "is a multicast address",
        "2001:db8::10/128",
    ),
    bad(
        "an address of all routers",
        {**ONLY, f"{FIRST_INSTANCE}.virtual_ipaddress[1]": "2001:db8::/64"},
        "is the address of all routers of 2001:db8::/64",
        "Write 2001:db8::/128 if it is meant",
    ),
    bad(
        "both families in an advert",
        {**MIXED, f"{SECOND_INSTANCE}.virtual_ipaddress": [VIP6, "192.0.2.109"]},
        "is not of IPv6, as the first one is",
        "name both in one of lvs_vrrp_sync_groups; or move it to virtual_ipaddress_excluded",
        path=f"{SECOND_INSTANCE}.virtual_ipaddress[1]",
    ),
    bad("VRRPv2", {**MIXED, f"{SECOND_INSTANCE}.version": 2}, "= 2: has no addresses of IPv6", "leave version out"),
    bad(
        "a password",
        {**MIXED, f"{SECOND_INSTANCE}.authentication": {"auth_pass": "secret"}},
        "VRRPv3 has no authentication",
        "Remove it.",
    ),
    bad(
        "strict_mode",
        {
            **ONLY,
            f"{FIRST_INSTANCE}.unicast": False,
            f"{FIRST_INSTANCE}.strict_mode": True,
            SERVICES: REMOVED,
            "lvs_nginx_upstreams": REMOVED,
        },
        "takes addresses of IPv6 only beside one of the link",
        path=f"{FIRST_INSTANCE}.strict_mode",
    ),
    bad(
        "a broadcast address",
        {**ONLY, f"{FIRST_INSTANCE}.virtual_ipaddress": [{"address": f"{VIP6}/64", "brd": "+"}]},
        "is nothing that an IPv6 address has",
        path=f"{FIRST_INSTANCE}.virtual_ipaddress[0].brd",
    ),
    bad(
        "more addresses than an advert has room for",
        {**ONLY, f"{FIRST_INSTANCE}.virtual_ipaddress": [VIP6, *(f"2001:db8:1::{each:x}" for each in range(1, 77))]},
        "= 77: are more addresses than a VRRP advert can name (76)",
        path=f"{FIRST_INSTANCE}.virtual_ipaddress",
    ),
    bad(
        "a number that two instances of the family have",
        {**MIXED, f"{INSTANCES}[2]": {**INSTANCE6, "name": "other6", "virtual_ipaddress": [OTHER_VIP6]}},
        "is the virtual_router_id of instance web6 on the same interface",
        path=f"{INSTANCES}[2].virtual_router_id",
    ),
    bad(
        "a director without an address of the family",
        {**MIXED, "hosts.lvs2.lvs_address": HOSTS["lvs2"]},
        '= "lvs2": is a host without an IPv6 address',
        f"its IPv6 address in the cluster's network, beside {HOSTS['lvs2']} in a list",
        path=f"{SECOND_INSTANCE}.hosts[1]",
    ),
    bad(
        "a director without one on the interface of the instance",
        {
            **MIXED,
            f"{SECOND_INSTANCE}.interface": "eth1",
            "hosts.lvs1.lvs_addresses": {"eth1": "198.51.100.11"},
            "hosts.lvs2.lvs_addresses": {"eth1": ["198.51.100.12", "2001:db8:1::12"]},
        },
        "has no known IPv6 address on eth1",
        path=f"{SECOND_INSTANCE}.hosts[0]",
    ),
    bad(
        "a real server without an address of the family",
        {**MIXED, "hosts.web2.lvs_address": HOSTS["web2"]},
        '= "web2": is a host without an IPv6 address',
        path=f"{SECOND_SERVICE}.real_servers[1]",
    ),
    bad(
        "a server outside the inventory of the other family",
        {**MIXED, f"{SECOND_SERVICE}.real_servers[2]": {"address": "192.0.2.99"}},
        "is not of IPv6, as its service is",
        path=f"{SECOND_SERVICE}.real_servers[2].address",
    ),
    bad(
        "a sorry server of the other family",
        {**MIXED, f"{FIRST_SERVICE}.sorry_server": {"address": "2001:db8::99"}},
        "is not of IPv4, as its service is",
        path=f"{FIRST_SERVICE}.sorry_server.address",
    ),
    bad(
        "a group of both families",
        {
            **MIXED,
            SECOND_SERVICE: {
                "name": "web6",
                "group": [{"address": VIP6, "port": 81}, {"address": VIP, "port": 81}],
                "real_servers": ["web1"],
            },
        },
        "is not of IPv6, as the first address of this service is",
        "Write a service for each family",
        path=f"{SECOND_SERVICE}.group[1].address",
    ),
    bad(
        "a mark",
        {
            **MIXED,
            SECOND_SERVICE: {
                "name": "web6",
                "fwmark": 1,
                "marked": [{"address": VIP6, "ports": [80]}],
                "real_servers": ["web1"],
            },
        },
        "directors mark packets of IPv4 alone",
        path=f"{SECOND_SERVICE}.marked[0].address",
    ),
    bad(
        "a tunnel",
        {**MIXED, f"{SECOND_SERVICE}.real_servers": [{"host": "web1", "lb_kind": "TUN"}, "web2"]},
        "is of IPv4 alone: no real server is set up to take packets of IPv6 out of tunnels",
        path=f"{SECOND_SERVICE}.lb_kind",
    ),
    bad(
        "a netmask",
        {
            **MIXED,
            f"{SECOND_SERVICE}.persistence_timeout": 60,
            f"{SECOND_SERVICE}.persistence_granularity": "255.255.255.0",
        },
        "is not what tells networks of IPv6",
        "Write a length as 64",
    ),
    bad(
        "a length for IPv4",
        {f"{FIRST_SERVICE}.persistence_timeout": 60, f"{FIRST_SERVICE}.persistence_granularity": 24},
        "is not what tells networks of IPv4",
    ),
    bad(
        "a check from an address of the other family",
        {**MIXED, f"{SECOND_SERVICE}.check": {"type": "TCP_CHECK", "bindto": "192.0.2.99"}},
        "is not of IPv6, as what it checks from there is",
        path=f"{SECOND_SERVICE}.check.bindto",
    ),
    bad(
        "a label of a director without keepalived",
        {**ONLY, **STATIC, f"{FIRST_SERVICE}.label": "eth0:web"},
        "is nothing that an IPv6 address has",
    ),
    bad(
        "a route by a router of the other family",
        {**ONLY, "lvs_static_routes": [{"to": "2001:db8:1::/48", "via": "192.0.2.1", "dev": "eth0"}]},
        "is not of IPv6, as to is",
        path="lvs_static_routes[0].via",
    ),
    bad(
        "a rule of both families",
        {**ONLY, f"{FIRST_INSTANCE}.virtual_rules": [{"from": VIP6, "to": VIP, "table": 1, "priority": 1}]},
        "is not of IPv6, as from is",
        path=f"{FIRST_INSTANCE}.virtual_rules[0].to",
    ),
    bad(
        "whose word is taken",
        {"lvs_nginx_settings": {"set_real_ip_from": ["::/0"]}},
        "is everybody",
        path="lvs_nginx_settings.set_real_ip_from[0]",
    ),
]


@pytest.mark.parametrize(("changes", "path", "fragments"), MISTAKES)
def test_one_mistake_is_reported_once_with_its_path_reason_and_remedy(changes, path, fragments):
    told_once(changes, path, fragments)


def test_a_router_that_is_none_is_told_by_itself():
    told_once({**ONLY, ROUTES: [{**BY_LINK, "via": "fe80"}]}, f"{ROUTES}[0].via", ["is not an IPv4 or IPv6 address"])


@pytest.mark.parametrize("via", ["fe80::1", "fe90::1", "febf::1"])
def test_a_router_of_a_link_is_one_of_an_interface(via):
    changes = {**ONLY, ROUTES: [{**BY_LINK, "via": via}]}
    told_once(changes, f"{ROUTES}[0].dev", [f"{via} is of one link", "Write dev: INTERFACE"])


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param(MIXED, id="both families, and one number for an instance of each"),
        pytest.param(ONLY, id="IPv6 alone"),
        pytest.param(
            {**MIXED, SECOND_INSTANCE: {**INSTANCE6, "spread": True, "virtual_ipaddress": [VIP6, OTHER_VIP6]}},
            id="spread",
        ),
        pytest.param(
            {
                **BOTH,
                f"{FIRST_INSTANCE}.virtual_ipaddress_excluded": [VIP6],
                SECOND_SERVICE: SERVICE6,
                f"{FIRST_UPSTREAM}.virtual_server": "web",
            },
            id="an address that an instance of IPv4 carries beside its own",
        ),
        pytest.param({**BOTH, "lvs_virtual_servers[0].address": VIP}, id="addresses that nothing needs"),
        pytest.param({**ONLY, **STATIC}, id="a director without keepalived"),
        pytest.param({**ONLY, ROUTES: [{**BY_LINK, "dev": "eth0"}]}, id="a router by its address of the link"),
    ],
)
def test_what_is_legitimate_is_accepted(changes):
    assert problems_with(changes) == []


def test_an_instance_of_ipv6_is_of_vrrpv3_and_tells_the_others_from_ipv6():
    four, six = view("lvs1", MIXED)["keepalived"]["vrrp_instances"]
    assert (four["version"], four["unicast_src_ip"], four["unicast_peer"]) == (2, HOSTS["lvs1"], [HOSTS["lvs2"]])
    assert (six["version"], six["unicast_src_ip"], six["unicast_peer"]) == (3, HOSTS6["lvs1"], [HOSTS6["lvs2"]])
    assert six["virtual_ipaddress"] == [f"{VIP6}/128"]


MANAGED = {f"hosts.{name}.ansible_host": f"2001:db8:ffff::{place}" for place, name in enumerate(HOSTS, 1)}
IN_CLUSTER = {f"hosts.{name}.lvs_address": address for name, address in HOSTS.items()}


def test_a_host_that_is_reached_by_ipv6_is_where_its_lvs_address_is():
    assert view("lvs1", {**MANAGED, **IN_CLUSTER})["host"]["addresses"] == [HOSTS["lvs1"], "2001:db8:ffff::1"]


def test_a_list_is_all_that_a_host_has():
    changes = {**MANAGED, **{path: [address] for path, address in IN_CLUSTER.items()}}
    assert view("lvs1", changes)["host"]["addresses"] == [HOSTS["lvs1"]]


def test_hosts_behind_one_address_of_ipv6_are_not_one_machine():
    assert problems_with({**dict.fromkeys(MANAGED, "2001:db8:ffff::9"), **IN_CLUSTER}) == []


def test_an_address_of_one_link_is_no_host_s():
    changes = {"hosts.lvs1.ansible_host": "2001:db8::1%eth0", "hosts.lvs1.lvs_address": HOSTS["lvs1"]}
    assert view("lvs1", changes)["host"]["addresses"] == [HOSTS["lvs1"]]


def test_adverts_of_ipv6_go_to_its_own_group():
    by_group = {**MIXED, f"{SECOND_INSTANCE}.unicast": False}
    assert view("lvs1", by_group)["keepalived"]["vrrp_instances"][1]["mcast_group"] == "ff02::12"
    by_group["lvs_global_defs"] = {"vrrp_mcast_group6": "ff02::13"}
    assert view("lvs1", by_group)["keepalived"]["vrrp_instances"][1]["mcast_group"] == "ff02::13"


def test_no_director_sends_from_a_floating_address_whatever_its_length():
    addresses = [VIP6, f"{OTHER_VIP6}/64"]
    changes = {
        **MIXED,
        f"{SECOND_INSTANCE}.virtual_ipaddress": addresses,
        f"{SECOND_INSTANCE}.virtual_ipaddress_excluded": ["2001:db8::109/64", "198.51.100.9/24"],
    }
    lines = dict(view("lvs1", changes)["keepalived"]["vrrp_instances"][1]["lines"])
    assert lines["virtual_ipaddress"] == [[f"{VIP6}/128", True], [f"{OTHER_VIP6}/64 preferred_lft 0", True]]
    assert [each for each, _true in lines["virtual_ipaddress_excluded"]] == [
        "2001:db8::109/64 preferred_lft 0",
        "198.51.100.9/24",
    ]


def test_servers_of_each_service_are_reached_by_its_own_family():
    four, six = view("lvs1", MIXED)["keepalived"]["virtual_servers"]
    assert [each["address"] for each in four["real_servers"]] == [HOSTS["web1"], HOSTS["web2"]]
    assert [each["address"] for each in six["real_servers"]] == [HOSTS6["web1"], HOSTS6["web2"]]


def test_a_real_server_holds_the_addresses_of_both_families():
    assert [each["address"] for each in view("web1", MIXED)["realserver"]["vips"]] == [VIP, VIP6]


def test_the_address_on_an_interface_may_be_of_either_family():
    of_both = Member("lvs1", {"ipv4": "192.0.2.11"}, "eth0", {"eth1": {"ipv6": "2001:db8:1::11"}})
    assert of_both.on("eth0") == {"ipv4": "192.0.2.11"}
    assert of_both.on("eth1") == {"ipv6": "2001:db8:1::11"}
    assert of_both.on("eth2") == {}


@pytest.mark.parametrize(
    ("families", "shared"),
    [
        pytest.param([{"ipv4": "192.0.2.1", "ipv6": "2001:db8::1"}, {"ipv6": "2001:db8::2"}], "ipv6", id="one of them"),
        pytest.param([{"ipv4": "192.0.2.1", "ipv6": "2001:db8::1"}] * 2, "ipv4", id="both"),
        pytest.param([{"ipv4": "192.0.2.1"}, {"ipv6": "2001:db8::2"}], "ipv4", id="none"),
    ],
)
def test_neighbours_ask_each_other_by_a_family_that_all_have(families, shared):
    assert shared_family([Member("lvs", own) for own in families], "") == shared


def test_nginx_listens_for_a_service_of_ipv6_at_its_address_and_where_checks_ask():
    assert listens("web1", ONLY) == {"web": ["80", "[::]:80", f"[{VIP6}]:80"]}


def test_upstreams_of_both_families_share_the_port_with_one_default_for_each():
    changes = {**MIXED, SECOND_UPSTREAM: {"name": "app6", "virtual_server": "web6", "servers": ["app1"]}}
    assert listens("web1", changes) == {"web": ["80", "[::]:80", f"{VIP}:80"], "web6": [f"[{VIP6}]:80"]}


def test_a_site_before_services_of_both_families_has_the_sockets_of_both():
    site = {"name": "shop", "virtual_server": ["web", "web6"], "locations": [{"location": "/", "upstream": "app"}]}
    changes = {**MIXED, FIRST_UPSTREAM: UPSTREAM, "lvs_nginx_servers": [site]}
    of_default = [f"{VIP}:80 default_server", f"[{VIP6}]:80 default_server"]
    assert listens("web1", changes) == {
        "": ["80 default_server", "[::]:80 default_server"],
        "shop": ["80", "[::]:80", *of_default],
    }
    (named,) = [each for each in view("web1", changes)["nginx"]["servers"] if each["name"] == "shop"]
    assert named["server_name"] == [VIP, f"[{VIP6}]"]
    assert [(each["address"], each["default_server"]) for each in view("web1", changes)["nginx"]["listens"]] == [
        ("", True),
        ("::", True),
        (VIP, True),
        (VIP6, True),
    ]


def test_a_check_goes_by_the_addresses_of_both_families():
    hops = view("web1", ONLY)["nginx"]["servers"][0]["health"][0]["hops"]
    assert hops == [{"address": VIP6, "host": f"[{VIP6}]", "path": f"/healthz/at/{VIP6}"}]


def test_by_nat_nginx_listens_on_every_address_of_the_family():
    changes = {**ONLY, f"{FIRST_SERVICE}.lb_kind": "NAT"}
    assert listens("web1", changes) == {"web": ["80", "[::]:80"]}


def test_what_is_behind_nginx_is_asked_by_ipv4_where_it_has_both():
    changes = {
        **MIXED,
        "hosts.app2.ansible_host": HOSTS6["app2"],
        f"{FIRST_UPSTREAM}.servers": ["app1", "app2", {"address": "2001:db8::39"}],
    }
    (pool,) = view("web1", changes)["nginx"]["upstreams"]
    assert [each["address"] for each in pool["servers"]] == [HOSTS["app1"], f"[{HOSTS6['app2']}]", "[2001:db8::39]"]


def test_nginx_of_hosts_that_have_an_instance_of_ipv6_listens_by_both():
    changes = {
        **ONLY,
        "lvs_virtual_servers": REMOVED,
        f"{FIRST_UPSTREAM}.vrrp_instance": "web",
        f"{FIRST_UPSTREAM}.listen": [80],
    }
    assert listens("lvs1", changes) == {"app": ["80", "[::]:80"]}


def test_a_name_leads_to_the_addresses_of_both_families():
    changes = {**MIXED, "lvs_dns_names": [{"name": "www.example.com"}]}
    (name,) = view("lvs1", changes)["cluster"]["dns"]["names"]
    assert [each["address"] for each in name["addresses"]] == [VIP, VIP6]


def test_a_port_that_servers_of_nat_leave_serves_on_by_both_families():
    changes = {**ONLY, f"{FIRST_SERVICE}.lb_kind": "NAT"}
    told = {"lvs_nginx_asked": {"lvs": [f"http 8001 /healthz about [{VIP6}]:80"]}}
    (former,) = view("web1", {**changes, "hosts.web1.ansible_facts": told})["nginx"]["former"]
    assert [each["listen"] for each in former["also"]] == [["8001 default_server", "[::]:8001 default_server"]]


def test_a_director_routes_for_the_family_of_what_it_rewrites():
    changes = {**MIXED, f"{SECOND_SERVICE}.lb_kind": "NAT"}
    assert view("lvs1", changes)["director"]["routes"] == ["ipv6"]


def facts_of(own: str, **told: Any) -> dict[str, Any]:
    card = {"device": "eth0", "mtu": 1500, "ipv6": [{"address": own, "prefix": "64", "scope": "global"}]}
    of_link = {"address": "fe80::11", "prefix": "64", "scope": "link"}
    card["ipv6"].append(of_link)
    loopback = {"device": "lo", "mtu": 65536, "ipv6": [{"address": "::1", "prefix": "128", "scope": "host"}]}
    return {
        "os_family": "Debian",
        "interfaces": ["lo", "eth0"],
        "lo": loopback,
        "eth0": card,
        "all_ipv6_addresses": [own, "fe80::11"],
        "default_ipv4": {},
        "default_ipv6": {"interface": "eth0", "gateway": "2001:db8::1"},
        "lvs_gateways": {},
        **told,
    }


def judged(host: str, changes: dict[str, Any], **told: Any) -> list[str]:
    changes = {"lvs_sync_daemon": False, **ONLY, **changes}
    (found,) = compared(plain_views(hostvars(changes), [host]), {host: facts_of(HOSTS6[host], **told)}, ["Debian"], {})
    return found["findings"]


def test_a_host_of_ipv6_has_the_interface_that_has_its_address():
    assert judged("lvs1", {}) == []
    (told,) = judged("lvs1", {"hosts.lvs1.ansible_host": "2001:db8::9"})
    assert told.startswith("no interface of lvs1 has its address in the cluster's network; it has 2001:db8::11. Set ")


def test_the_address_that_adverts_are_sent_from_is_looked_for():
    changes = {**{f"hosts.{host}.lvs_interface": "eth0" for host in HOSTS}, "hosts.lvs1.ansible_host": "2001:db8::9"}
    (told,) = judged("lvs1", changes)
    assert told.startswith("2001:db8::9, from which lvs1 is to send the adverts of VRRP instance web, is not on its")
    assert "which has 2001:db8::11." in told


@pytest.mark.parametrize(
    ("host", "interface", "told"),
    [
        (
            "web1",
            "lo",
            "IPv6 is switched off on lo of web1, which is to have 2001:db8::100. Set net.ipv6.conf.lo.",
        ),
        ("lvs1", "eth0", "IPv6 is switched off on eth0 of lvs1"),
        ("lvs1", "lo", ""),
    ],
)
def test_where_ipv6_is_switched_off_is_told_before_anything_is_written(host, interface, told):
    found = judged(host, {}, lvs_without_ipv6=[interface])
    assert [each[: len(told)] for each in found] == ([told] if told else [])


def test_the_sync_daemon_needs_ipv4():
    (told,) = judged("lvs1", {"lvs_sync_daemon": True})
    assert told.startswith("lvs1 has no IPv4 address on eth0, where the sync daemon tells connections.")


@pytest.mark.parametrize(
    ("directors", "gateway", "refused"),
    [
        pytest.param(["lvs1"], "2001:db8::11", False, id="the director"),
        pytest.param(["lvs1"], "2001:db8::1", True, id="another one"),
        pytest.param(["lvs1"], "fe80::1", False, id="an address of the link, which may be anybody's"),
        pytest.param(["lvs1"], "febf::1", False, id="any of fe80::/10 is one"),
        pytest.param(["lvs1", "lvs2"], "fe80::1", True, id="one of the link, which never floats"),
        pytest.param(["lvs1", "lvs2"], "fe80::200:5eff:fe00:233", False, id="one of the link, of a MAC of VRRP"),
    ],
)
def test_an_answer_by_another_gateway_is_refused_by_ipv6_too(directors, gateway, refused):
    changes = {
        "lvs_vrrp_instances[1]": {
            "name": "inner",
            "virtual_router_id": 52,
            "virtual_ipaddress": ["2001:db8::9/64"],
            "hosts": directors,
        },
        "lvs_vrrp_sync_groups": [{"name": "nat", "group": ["web", "inner"]}],
        f"{FIRST_SERVICE}.lb_kind": "NAT",
        f"{FIRST_INSTANCE}.hosts": directors,
        f"{FIRST_INSTANCE}.virtual_ipaddress": ["2001:db8:1::100"],
        f"{FIRST_SERVICE}.address": "2001:db8:1::100",
    }
    found = judged("web1", changes, default_ipv6={"interface": "eth0", "gateway": gateway})
    assert [each.split(" by lb_kind")[0] for each in found] == (["web1 gets requests of web"] if refused else [])


BY_NAT: dict[str, Any] = {
    **MIXED,
    "lvs_sync_daemon": False,
    "lvs_vrrp_sync_groups": [{"name": "nat", "group": ["web", "web6"]}],
    f"{FIRST_SERVICE}.lb_kind": "NAT",
    f"{SECOND_SERVICE}.lb_kind": "NAT",
}
SET = {"hosts.web1.lvs_set_gateway": True}
FOUR = {"address": HOSTS["web1"], "prefix": "24", "netmask": "255.255.255.0", "network": "192.0.2.0"}


def told_of_both(changes: dict[str, Any], card: str) -> tuple[list[str], list[str]]:
    """What is found and remarked of web1; card: which one has its IPv4 address."""
    facts = facts_of(HOSTS6["web1"], default_ipv4={"interface": card, "gateway": "192.0.2.254"})
    facts[card] = {**facts.get(card, {"device": card}), "ipv4": FOUR}
    facts["interfaces"] = ["lo", "eth0", "eth1"]
    found = compared(plain_views(hostvars(changes), ["web1"]), {"web1": facts}, ["Debian"], {})
    return found[0]["findings"], remarks(found, {"web1": facts})


def test_a_real_server_is_led_by_one_interface_for_both_families():
    assert told_of_both({**BY_NAT, **SET}, "eth0")[0] == []
    assert told_of_both({**BY_NAT, **SET}, "eth1")[0] == [
        f"lvs_set_gateway is true on web1, and leads by one interface; {VIP} is on eth1, {VIP6} is on eth0. Give the "
        "director addresses in the networks of one interface, or remove lvs_set_gateway."
    ]


@pytest.mark.parametrize("card", ["eth0", "eth1"])
def test_who_answers_one_family_itself_may_be_led_for_the_other_one(card):
    findings, remarked = told_of_both({**BY_NAT, **SET, f"{SECOND_SERVICE}.lb_kind": "DR"}, card)
    assert findings == []
    assert [line for line in remarked if "by DR or TUN" in line] == []


@pytest.mark.parametrize(
    ("gateway", "ways", "told"),
    [
        pytest.param("fe80::1", {"fe80::1": ["default"]}, True, id="another one's"),
        pytest.param("fe80::200:5eff:fe00:233", {}, False, id="of a MAC of VRRP"),
        pytest.param("fe80::1", {VIP6: ["2001:db8:7::/48"]}, False, id="and routes by the director"),
        pytest.param("fe80::1", None, False, id="as far as facts of another hand tell"),
    ],
)
def test_who_has_an_address_by_dhcp_is_told_of_a_gateway_that_is_no_director(gateway, ways, told):
    changes = {**ONLY, "lvs_sync_daemon": False, f"{FIRST_SERVICE}.lb_kind": "NAT"}
    facts = facts_of(HOSTS6["web1"], default_ipv6={"interface": "eth0", "gateway": gateway}, lvs_gateways=ways)
    facts["eth0"]["ipv6"][0]["prefix"] = "128"
    facts["eth0"]["ipv4"] = FOUR
    (found,) = compared(plain_views(hostvars(changes), ["web1"]), {"web1": facts}, ["Debian"], {})
    assert found["findings"] == []
    assert remarks([found], {"web1": facts}) == told * [
        f"the answers of web1 to clients of web must go back by the director, {VIP6}, but its default route goes by "
        "fe80::1 on eth0, and no route goes by it: unless who routes its answers sends them there, clients get none "
        "that they take."
    ]


def test_an_address_by_dhcp_tells_nothing_of_its_network():
    """Unlike one that is alone among others."""
    changes = {"lvs_sync_daemon": False, **ONLY}
    names = ["lvs1", "lvs2", "web1", "web2"]
    facts = {host: facts_of(HOSTS6[host]) for host in names}
    alone = {"address": HOSTS6["lvs1"], "prefix": "128", "scope": "global"}
    facts["lvs1"]["eth0"]["ipv6"][0] = alone
    four = {"address": "192.0.2.11", "prefix": "24", "netmask": "255.255.255.0", "network": "192.0.2.0"}
    facts["lvs1"]["eth0"]["ipv4"] = four
    entries = compared(plain_views(hostvars(changes), names), facts, ["Debian"], {})
    assert remarks(entries, facts) == []
    facts["lvs1"]["eth0"]["ipv6"].append({"address": "2001:db8:5::1", "prefix": "64", "scope": "global"})
    assert any(each.startswith("lvs1 is in no network with ") for each in remarks(entries, facts))


def test_hosts_of_a_cluster_are_compared_by_the_family_that_an_instance_is_of():
    changes = {**MIXED, "lvs_sync_daemon": False}
    facts = {}
    for host in ("lvs1", "lvs2"):
        four = {"address": HOSTS[host], "prefix": "24", "netmask": "255.255.255.0", "network": "192.0.2.0"}
        facts[host] = facts_of(HOSTS6[host])
        facts[host]["eth0"] = {**facts[host]["eth0"], "ipv4": four}
        facts[host]["eth0"]["ipv6"] = [{"address": HOSTS6[host], "prefix": "127", "scope": "global"}]
    entries = compared(plain_views(hostvars(changes), list(facts)), facts, ["Debian"], {})
    told = [each for each in remarks(entries, facts) if "VRRP instance" in each]
    assert [each.split(" is in ")[0] for each in told] == ["VRRP instance web6"]

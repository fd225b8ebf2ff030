# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._description import inventory
from ansible_collections.lvs.cluster.plugins.module_utils._description.members import Member
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.services import VirtualServer
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.vrrp import VirtualAddress, VrrpInstance
from ansible_collections.lvs.cluster.plugins.module_utils._description.sites import Asked
from ansible_collections.lvs.cluster.plugins.module_utils._description.views.keepalived import (
    checks_of,
    takeover_seconds,
)
from ansible_collections.lvs.cluster.plugins.module_utils._description.views.keepalived import priority as priority_of
from ansible_collections.lvs.cluster.plugins.module_utils._description.views.proxy import end_of_variables
from ansible_collections.lvs.cluster.tests.unit.plugins.module_utils._description.example import (
    HOSTS,
    INSTANCE,
    OTHER_INSTANCE,
    OTHER_SERVICE,
    OTHER_UPSTREAM,
    OTHER_VIP,
    REMOVED,
    SERVICE,
    STATIC,
    VIP,
    hostvars,
)
from hypothesis import given, settings
from hypothesis import strategies as st

FIRST_INSTANCE, FIRST_SERVICE, FIRST_UPSTREAM = (
    "lvs_vrrp_instances[0]",
    "lvs_virtual_servers[0]",
    "lvs_nginx_upstreams[0]",
)
DUAL_MASTER = {"lvs_vrrp_instances[1]": OTHER_INSTANCE}
ONE_PREFERRED = {**DUAL_MASTER, "lvs_vrrp_instances[1].hosts": ["lvs1", "lvs2"]}
SPREAD = {f"{FIRST_INSTANCE}.spread": True, f"{FIRST_INSTANCE}.virtual_ipaddress": [f"{VIP}/32", f"{OTHER_VIP}/32"]}
SERVED_TOO = {f"{FIRST_UPSTREAM}.virtual_server": "web", "lvs_virtual_servers[1]": OTHER_SERVICE}
TWO_SERVICES = {**DUAL_MASTER, **SERVED_TOO}
ON_ETH7 = {
    f"{FIRST_INSTANCE}.interface": "eth7",
    "hosts.lvs1.lvs_addresses": {"eth7": "198.51.100.11"},
    "hosts.lvs2.lvs_addresses": {"eth7": "198.51.100.12"},
}
UNLED: dict[str, Any] = {"sets_gateway": False, "led": {"interface": "", "gateways": []}}
NO_DIRECTOR = {
    "modules": [],
    "servers": {},
    "tunnelled": {},
    "gue": [],
    "routes": [],
    "static": False,
    "services": [],
    "timeouts": None,
    "cards": [],
}
IN_THE_TABLE = {"port": 80, "lb_kind": "DR", "tun_type": None, "tun_port": None, "uthreshold": None, "lthreshold": None}
TWO_POOLS = {**TWO_SERVICES, "lvs_nginx_upstreams[1]": OTHER_UPSTREAM}


def view(host: str, changes: dict[str, Any] | None = None) -> dict[str, Any]:
    variables = hostvars(changes)
    variables[host]["lvs_interface"] = "eth0"
    return inventory.view(variables, host)


def vrrp(host: str, changes: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    return view(host, changes)["keepalived"]["vrrp_instances"]


def services(host: str, changes: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    return view(host, changes)["keepalived"]["virtual_servers"]


def sync_daemon(host: str, changes: dict[str, Any] | None = None) -> dict[str, Any]:
    return view(host, changes)["keepalived"]["lvs_sync_daemon"]


def instance(**settings: Any) -> VrrpInstance:
    return VrrpInstance("web", 51, (VirtualAddress(f"{VIP}/32"),), **settings)


def test_the_first_director_has_priority_254_and_each_next_one_less():
    directors = ("lvs1", "lvs2", "lvs3")

    assert [priority_of(instance(hosts=directors), each) for each in directors] == [254, 253, 252]


def test_the_last_of_254_directors_still_has_a_priority():
    directors = tuple(f"lvs{number}" for number in range(254))

    assert priority_of(instance(hosts=directors), "lvs253") == 1


def test_an_instance_is_given_whole_in_keepalived_s_words():
    assert vrrp("lvs2", {f"{FIRST_INSTANCE}.authentication": {"auth_pass": "secret"}}) == [
        {
            "name": "web",
            "hosts": ["lvs1", "lvs2"],
            "interface": "eth0",
            "version": 2,
            "virtual_router_id": 51,
            "priority": 253,
            "advert_int": 1,
            "settling": 3 + 3 / 256,
            "nopreempt": False,
            "preempt_delay": 0,
            "auth_type": "PASS",
            "auth_pass": "secret",
            "unicast_src_ip": HOSTS["lvs2"],
            "unicast_peer": [HOSTS["lvs1"]],
            "mcast_src_ip": "",
            "mcast_group": "",
            "virtual_ipaddress": [f"{VIP}/32"],
            "virtual_ipaddress_excluded": [],
            "track_interface": [],
            "lines": [["virtual_ipaddress", [[f"{VIP}/32", True]]]],
        }
    ]


def test_without_authentication_there_is_no_password():
    (web,) = vrrp("lvs1")

    assert (web["auth_type"], web["auth_pass"]) == ("", "")


def test_a_dual_master_is_two_instances_with_the_directors_reversed():
    priorities = {host: [each["priority"] for each in vrrp(host, DUAL_MASTER)] for host in ("lvs1", "lvs2")}

    assert priorities == {"lvs1": [254, 253], "lvs2": [253, 254]}


def test_an_instance_s_own_interface_wins_over_the_host_s():
    assert vrrp("lvs1", ON_ETH7)[0]["interface"] == "eth7"


def test_adverts_go_from_and_to_the_addresses_on_the_instance_s_interface():
    changes = {**TWO_SERVICES, **ON_ETH7}

    assert [(each["unicast_src_ip"], each["unicast_peer"]) for each in vrrp("lvs1", changes)] == [
        ("198.51.100.11", ["198.51.100.12"]),
        (HOSTS["lvs1"], [HOSTS["lvs2"]]),
    ]


@pytest.mark.parametrize(
    ("own", "source"),
    [
        pytest.param({"addresses": {"eth7": {"ipv4": "198.51.100.11"}}}, "198.51.100.11", id="lvs_addresses"),
        pytest.param(
            {"interface": "eth7", "addresses": {"eth8": {"ipv4": "198.51.100.8"}}}, "192.0.2.11", id="lvs_interface"
        ),
        pytest.param({}, "192.0.2.11", id="a host that has but one address"),
        pytest.param({"interface": "eth0"}, None, id="another interface"),
        pytest.param({"addresses": {"eth8": {"ipv4": "198.51.100.8"}}}, None, id="addresses on other interfaces"),
    ],
)
def test_the_address_on_an_interface_is_what_the_host_s_variables_say(own, source):
    assert Member("lvs1", {"ipv4": "192.0.2.11"}, **own).source(instance(hosts=("lvs1",), interface="eth7")) == source


def test_the_cluster_is_told_with_its_hosts_in_the_order_of_their_mention():
    changes = {**TWO_SERVICES, f"{FIRST_SERVICE}.sorry_server": "app1", "lvs_cluster": "shop"}

    assert view("web2", changes)["cluster"] == {
        "name": "shop",
        "directors": ["lvs1", "lvs2"],
        "vrrp_hosts": ["lvs1", "lvs2"],
        "real_servers": ["web1", "web2", "app1"],
        "dns": {"names": [], "server": None},
    }


def test_an_instance_is_told_with_its_directors_in_the_order_of_preference():
    assert [each["hosts"] for each in vrrp("lvs1", DUAL_MASTER)] == [["lvs1", "lvs2"], ["lvs2", "lvs1"]]


def test_multicast_has_neither_source_nor_peers():
    (web,) = vrrp("lvs1", {f"{FIRST_INSTANCE}.unicast": False})

    assert (web["unicast_src_ip"], web["unicast_peer"]) == ("", [])


def test_a_director_alone_has_neither_source_nor_peers():
    (web,) = vrrp("lvs1", {f"{FIRST_INSTANCE}.hosts": ["lvs1"]})

    assert (web["unicast_src_ip"], web["unicast_peer"]) == ("", [])


def test_peers_are_reached_at_lvs_address_where_ansible_host_is_another():
    (web,) = vrrp("lvs1", {"hosts.lvs2.lvs_address": "198.51.100.12"})

    assert web["unicast_peer"] == ["198.51.100.12"]


def test_preempt_false_is_nopreempt():
    assert vrrp("lvs1", {f"{FIRST_INSTANCE}.preempt": False})[0]["nopreempt"] is True


@pytest.mark.parametrize(
    ("version", "advert_int", "priority", "expected"),
    [
        # RFC 3768, 6.1: Master_Down_Interval = 3 * Advertisement_Interval + (256 - Priority) / 256 seconds
        pytest.param(2, 1, 254, 3.0078125, id="VRRPv2 every second, preferred"),
        pytest.param(2, 1, 253, 3.01171875, id="VRRPv2 every second, its backup"),
        pytest.param(2, 5, 253, 15.01171875, id="VRRPv2 every 5 seconds: the skew stays"),
        pytest.param(2, 1, 100, 3.609375, id="VRRPv2 at priority 100: 0.6 s of skew, as was measured"),
        # RFC 9568, 6.1: Active_Down_Interval = (3 + (256 - Priority) / 256) * Active_Adver_Interval
        pytest.param(3, 1, 253, 3.01171875, id="VRRPv3 every second is as VRRPv2"),
        pytest.param(3, 0.1, 254, 0.30078125, id="VRRPv3 at 0.1 s, preferred"),
        pytest.param(3, 0.1, 253, 0.301171875, id="VRRPv3 at 0.1 s, its backup"),
        pytest.param(3, 0.1, 100, 0.3609375, id="VRRPv3 at 0.1 s and priority 100: the skew shrinks"),
        pytest.param(3, 40, 254, 120.3125, id="VRRPv3 every 40 seconds: the skew grows"),
    ],
)
def test_a_takeover_takes_three_adverts_and_the_skew(version, advert_int, priority, expected):
    directors = tuple(f"lvs{number}" for number in range(254, priority - 1, -1))
    web = instance(hosts=directors, version=version, advert_int=advert_int)

    assert takeover_seconds(web, f"lvs{priority}") == pytest.approx(expected, abs=1e-9)


def test_spread_is_an_instance_for_each_address_with_another_director_preferred():
    told = ("name", "virtual_router_id", "virtual_ipaddress", "hosts", "priority")

    assert [tuple(each[name] for name in told) for each in vrrp("lvs1", {**SPREAD, **SERVED_TOO})] == [
        ("web_1", 51, [f"{VIP}/32"], ["lvs1", "lvs2"], 254),
        ("web_2", 52, [f"{OTHER_VIP}/32"], ["lvs2", "lvs1"], 253),
    ]


@pytest.mark.parametrize(
    ("hosts", "addresses", "expected"),
    [
        ("a", 3, ["a", "a", "a"]),
        ("ab", 3, ["ab", "ba", "ab"]),
        ("abc", 3, ["abc", "bca", "cab"]),
        # What a leaves is b's once and c's once.
        ("abc", 6, ["abc", "bca", "cab", "acb", "bac", "cba"]),
        ("abc", 1, ["abc"]),
    ],
)
def test_spread_goes_round_and_what_a_director_leaves_is_spread_too(hosts, addresses, expected):
    listed = tuple(f"198.51.100.{number}/32" for number in range(1, addresses + 1))
    web = VrrpInstance("web", 51, listed, hosts=tuple(hosts), spread=True)

    assert ["".join(each.hosts) for each in web.instances] == expected


@pytest.mark.parametrize("host", ["lvs1", "lvs2"])
def test_the_sync_daemon_of_one_preferred_master_is_bound_to_an_instance_that_both_directors_share(host):
    changes = {**ONE_PREFERRED, **SERVED_TOO}

    assert sync_daemon(host, changes) == {"interface": "eth0", "vrrp_instance": "web", "id": 51}


@pytest.mark.parametrize("host", ["lvs1", "lvs2"])
@pytest.mark.parametrize("changes", [TWO_SERVICES, {**SPREAD, **SERVED_TOO}], ids=["two instances", "spread"])
def test_the_sync_daemon_of_several_preferred_masters_is_bound_to_none_and_has_one_id(changes, host):
    assert sync_daemon(host, changes) == {"interface": "eth0", "vrrp_instance": "", "id": 51}


def test_an_instance_without_a_service_has_no_connections_to_tell():
    assert sync_daemon("lvs2", DUAL_MASTER) == {"interface": "eth0", "vrrp_instance": "web", "id": 51}


def test_directors_that_hear_each_other_through_a_third_one_have_one_id():
    changes = {
        **TWO_SERVICES,
        "hosts.lvs3": {"ansible_host": "192.0.2.13"},
        "lvs_vrrp_instances[1].hosts": ["lvs2", "lvs3"],
    }

    assert {sync_daemon(host, changes)["id"] for host in ("lvs1", "lvs2", "lvs3")} == {51}
    assert {sync_daemon(host, changes)["vrrp_instance"] for host in ("lvs1", "lvs2", "lvs3")} == {""}


def test_pairs_of_directors_that_share_nothing_tell_each_other_nothing():
    changes = {
        **TWO_SERVICES,
        "hosts.lvs3": {"ansible_host": "192.0.2.13"},
        "hosts.lvs4": {"ansible_host": "192.0.2.14"},
        "lvs_vrrp_instances[1].hosts": ["lvs3", "lvs4"],
    }

    assert sync_daemon("lvs2", changes) == {"interface": "eth0", "vrrp_instance": "web", "id": 51}
    assert sync_daemon("lvs4", changes) == {"interface": "eth0", "vrrp_instance": "mail", "id": 52}


def test_multicast_comes_from_the_address_on_the_instance_s_interface_where_that_is_asked():
    changes = {**ON_ETH7, f"{FIRST_INSTANCE}.unicast": False, f"{FIRST_INSTANCE}.mcast_src_ip": True}
    (web,) = vrrp("lvs2", changes)

    assert (web["unicast_src_ip"], web["unicast_peer"], web["mcast_src_ip"]) == ("", [], "198.51.100.12")
    assert web["mcast_group"] == "224.0.0.18"


def test_a_late_master_knows_the_highest_priority_of_the_others():
    late = {f"{FIRST_INSTANCE}.preempt": False, f"{FIRST_INSTANCE}.timer_expired_backup": True}
    told = [dict(vrrp(host, late)[0]["lines"])["timer_expired_backup"] for host in ("lvs1", "lvs2")]

    assert told == [253, 254]
    path = f"{FIRST_INSTANCE}.timer_expired_backup"
    assert view("lvs1", late)["keepalived"]["needs"] == [{"path": path, "value": True, "since": "2.2.8"}]
    assert view("app1", late)["keepalived"]["needs"] == []


def test_a_longer_patience_takes_as_many_adverts_more():
    web = instance(hosts=("lvs1", "lvs2"), down_timer_adverts=5)
    assert takeover_seconds(web, "lvs1") == pytest.approx(5 + 2 / 256)


def test_the_sync_daemon_takes_the_interface_of_its_instance():
    assert sync_daemon("lvs1", ON_ETH7)["interface"] == "eth7"


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({f"{FIRST_INSTANCE}.hosts": ["lvs1"]}, id="one director"),
        pytest.param({"lvs_sync_daemon": False}, id="disabled"),
        pytest.param({"lvs_sync_daemon": "no"}, id="disabled by text"),
        pytest.param({"lvs_virtual_servers": REMOVED, "lvs_nginx_upstreams": REMOVED}, id="no services"),
    ],
)
def test_there_is_no_sync_daemon_with(changes):
    assert sync_daemon("lvs1", changes) is None


def test_the_sync_daemon_passes_over_an_instance_that_has_one_director():
    assert sync_daemon("lvs1", {**TWO_SERVICES, f"{FIRST_INSTANCE}.hosts": ["lvs1"]})["vrrp_instance"] == "mail"


def test_a_service_is_given_whole_with_its_defaults():
    service = {"name": "web", "address": VIP, "port": 80, "real_servers": ["web1"]}
    changes = {"lvs_virtual_servers": [service], "lvs_nginx_upstreams": REMOVED}

    assert services("lvs1", changes) == [
        {
            "name": "web",
            "address": VIP,
            "port": 80,
            "fwmark": None,
            "sockets": [],
            "server_port": 80,
            "protocol": "TCP",
            "lb_algo": "wlc",
            "lb_flags": [],
            "lb_kind": "DR",
            "lvs_method": "DR",
            "delay_loop": 6,
            "ops": False,
            "persistence_timeout": 0,
            "persistence_granularity": "",
            "persistence_engine": "",
            "alpha": True,
            "quorum": 1,
            "hysteresis": 0,
            "sorry_server": "",
            "lines": [],
            "real_servers": [
                {
                    "name": "web1",
                    "address": HOSTS["web1"],
                    "port": 80,
                    "weight": 1,
                    "inhibit_on_failure": False,
                    "uthreshold": None,
                    "lthreshold": None,
                    "lb_kind": "DR",
                    "tun_port": None,
                    "lines": [],
                    "checkers": [
                        {
                            "keyword": "TCP_CHECK",
                            "lines": [["connect_timeout", 3], ["retry", 3], ["delay_before_retry", 1]],
                        }
                    ],
                }
            ],
        }
    ]


def otherwise(**way):
    """A service that has no address of its own."""
    service = {"name": "web", "real_servers": ["web1", "web2"], **way}
    floating = {f"{FIRST_INSTANCE}.virtual_ipaddress": [f"{VIP}/32", f"{OTHER_VIP}/32"]}
    return {"lvs_virtual_servers": [service], "lvs_nginx_upstreams": REMOVED, **floating}


MARKED = otherwise(fwmark=7, marked=[{"address": VIP, "ports": [80, 443]}, {"address": OTHER_VIP, "ports": [80]}])
GROUPED = otherwise(group=[{"address": VIP, "port": 80}, {"address": OTHER_VIP, "port": 8080}])


@pytest.mark.parametrize("changes", [MARKED, GROUPED], ids=["a mark", "a group"])
def test_servers_of_several_ports_have_none_and_their_checks_are_told_one(changes):
    own = {"host": "web2", "port": 80}
    (told,) = services("lvs1", {**changes, "lvs_virtual_servers[0].real_servers[1]": own})

    assert (told["address"], told["server_port"], [each["port"] for each in told["real_servers"]]) == ("", 0, [0, 0])
    checks = [dict(check["lines"]) for each in told["real_servers"] for check in each["checkers"]]
    assert [each["connect_port"] for each in checks] == [80, 80]


def test_real_servers_hold_all_addresses_of_a_service():
    for changes in (MARKED, GROUPED):
        held = view("web1", changes)["realserver"]["vips"]
        assert [(each["address"], each["label"]) for each in held] == [(VIP, "lo:0"), (OTHER_VIP, "lo:1")]


def test_a_director_marks_what_its_services_want_on_the_interface_where_it_comes_in():
    wanted = [(VIP, 80), (VIP, 443), (OTHER_VIP, 80)]
    marks = [{"fwmark": 7, "protocol": "tcp", "address": address, "port": port} for address, port in wanted]

    assert view("lvs1", MARKED)["marking"] == {"marks": marks, "interfaces": ["eth0"]}
    elsewhere = view("lvs1", {**MARKED, f"{FIRST_INSTANCE}.interface": "eth7", f"{FIRST_INSTANCE}.unicast": False})
    assert elsewhere["marking"]["interfaces"] == ["eth7"]
    addresses = [f"{VIP}/32", {"address": f"{OTHER_VIP}/32", "dev": "eth1"}]
    both = view("lvs1", {**MARKED, f"{FIRST_INSTANCE}.virtual_ipaddress": addresses})
    assert both["marking"]["interfaces"] == ["eth0", "eth1"]
    excluded = {
        f"{FIRST_INSTANCE}.virtual_ipaddress": addresses[:1],
        f"{FIRST_INSTANCE}.virtual_ipaddress_excluded": addresses[1:],
    }
    assert view("lvs1", {**MARKED, **excluded})["marking"]["interfaces"] == ["eth0", "eth1"]
    assert view("web1", MARKED)["marking"] == {"marks": [], "interfaces": []}
    assert view("lvs1", GROUPED)["marking"]["marks"] == []


def test_a_director_without_keepalived_has_a_service_for_a_mark_and_for_each_address_of_a_group():
    def served(changes):
        alone = {"lvs_vrrp_instances": REMOVED, "lvs_virtual_servers[0].hosts": ["lvs1"]}
        without = {name: each for name, each in changes.items() if not name.startswith(FIRST_INSTANCE)}
        told = view("lvs1", {**without, **alone})["director"]
        kept = [(each["fwmark"], each["address"], each["port"], each["protocol"]) for each in told["services"]]
        return kept, {server["port"] for each in told["services"] for server in each["real_servers"]}

    assert served(MARKED) == ([(7, None, None, None)], {0})
    assert served(GROUPED) == ([(None, VIP, 80, "tcp"), (None, OTHER_VIP, 8080, "tcp")], {80, 8080})


def test_nginx_listens_on_each_port_of_a_group():
    upstream = {"lvs_nginx_upstreams": [{"name": "app", "servers": ["app1"]}]}
    told = view("web1", {**GROUPED, **upstream})["nginx"]

    assert [each["listen"] for each in told["servers"]] == [["80", f"{VIP}:80"], ["8080", f"{OTHER_VIP}:8080"]]
    assert [(each["port"], each["path"]) for each in told["checks"]] == [(80, "/healthz"), (8080, "/healthz")]


def test_real_servers_keep_their_order_and_weights():
    servers = ["web2", {"host": "web1", "weight": 0}, {"address": "198.51.100.9", "weight": "3", "port": "80"}]
    (web,) = services("lvs1", {f"{FIRST_SERVICE}.real_servers": servers})

    assert [(each["name"], each["address"], each["port"], each["weight"]) for each in web["real_servers"]] == [
        ("web2", HOSTS["web2"], 80, 1),
        ("web1", HOSTS["web1"], 80, 0),
        ("", "198.51.100.9", 80, 3),
    ]


def test_a_check_is_given_as_it_was_written():
    check = {
        "type": "HTTP_GET",
        "path": "/up?full=1",
        "status_code": 204,
        "connect_port": 8081,
        "connect_timeout": 0.5,
        "retry": 0,
        "delay_before_retry": 2,
    }

    assert (
        checkers({f"{FIRST_SERVICE}.check": check})
        == [
            [
                {
                    "keyword": "HTTP_GET",
                    "lines": [
                        ["url", [["path", "/up?full=1"], ["status_code", 204]]],
                        ["connect_port", 8081],
                        ["connect_timeout", 0.5],
                        ["retry", 0],
                        ["delay_before_retry", 2],
                    ],
                }
            ]
        ]
        * 2
    )


def checkers(changes: dict[str, Any]) -> list[list[dict[str, Any]]]:
    """Those of each server of the first service."""
    return [each["checkers"] for each in services("lvs1", changes)[0]["real_servers"]]


def keywords(changes: dict[str, Any]) -> list[list[str]]:
    return [[each["keyword"] for each in of_server] for of_server in checkers(changes)]


@pytest.mark.parametrize(
    ("check", "own", "expected"),
    [
        pytest.param({}, {}, [["TCP_CHECK"], ["TCP_CHECK"]], id="one for all"),
        pytest.param([{}, {"type": "PING_CHECK"}], {}, [["TCP_CHECK", "PING_CHECK"]] * 2, id="several for all"),
        pytest.param("none", {}, [[], []], id="none"),
        pytest.param({}, {"check": "none"}, [["TCP_CHECK"], []], id="none for one"),
        pytest.param("none", {"check": {}}, [[], ["TCP_CHECK"]], id="for one alone"),
        pytest.param({}, {"check": [{"type": "SSL_GET"}, {}]}, [["TCP_CHECK"], ["SSL_GET", "TCP_CHECK"]], id="its own"),
    ],
)
def test_a_server_is_checked_by_what_it_has_of_its_own_or_else_by_what_the_service_has(check, own, expected):
    changes = {f"{FIRST_SERVICE}.check": check, f"{FIRST_SERVICE}.real_servers[1]": {"host": "web2", **own}}

    assert keywords(changes) == expected


@pytest.mark.parametrize(
    ("protocol", "port", "keyword"),
    [
        ("TCP", 80, "TCP_CHECK"),
        ("UDP", 80, "UDP_CHECK"),
        ("SCTP", 80, "PING_CHECK"),
        ("TCP", 0, "PING_CHECK"),
        ("UDP", 0, "PING_CHECK"),
    ],
)
def test_a_server_of_which_nothing_is_said_is_asked_at_its_port_if_that_is_one(protocol, port, keyword):
    changes = {
        "lvs_nginx_upstreams": REMOVED,
        f"{FIRST_SERVICE}.check": REMOVED,
        f"{FIRST_SERVICE}.protocol": protocol,
        f"{FIRST_SERVICE}.port": port,
        f"{FIRST_SERVICE}.persistence_timeout": 50,
    }

    assert keywords(changes) == [[keyword]] * 2


def test_several_pages_are_asked_for_in_their_order():
    urls = [
        {"path": "/a", "virtualhost": "example.com"},
        {"path": "/b", "status_code": 204, "virtualhost": "www.example.com"},
    ]
    check = {"type": "SSL_GET", "enable_sni": True, "url": urls}

    ((checker,), _second) = checkers({f"{FIRST_SERVICE}.check": check})
    assert checker["lines"][:3] == [
        ["url", [["path", "/a"], ["status_code", 200], ["virtualhost", "example.com"]]],
        ["url", [["path", "/b"], ["status_code", 204], ["virtualhost", "www.example.com"]]],
        ["enable_sni", True],
    ]


@pytest.mark.parametrize(
    ("sorry_server", "address"),
    [
        pytest.param("app1", f"{HOSTS['app1']} 80", id="a host"),
        pytest.param({"host": "app1", "lb_kind": "NAT", "port": 81}, f"{HOSTS['app1']} 81", id="another port"),
        pytest.param({"address": "198.51.100.9"}, "198.51.100.9 80", id="an address"),
    ],
)
def test_the_sorry_server_is_given_by_its_address_and_port(sorry_server, address):
    assert services("lvs1", {f"{FIRST_SERVICE}.sorry_server": sorry_server})[0]["sorry_server"] == address


@pytest.mark.parametrize(
    ("settings", "flags"),
    [
        ({"lb_algo": "mh"}, ["mh-fallback"]),
        ({"lb_algo": "mh", "mh-port": True}, ["mh-fallback", "mh-port"]),
        ({"lb_algo": "sh"}, ["sh-fallback"]),
        ({"lb_algo": "sh", "sh-port": True}, ["sh-fallback", "sh-port"]),
        ({"lb_algo": "rr"}, []),
        ({"lb_algo": "dh"}, []),
    ],
    ids=str,
)
def test_a_hash_scheduler_always_falls_back(settings, flags):
    assert (
        services("lvs1", {f"{FIRST_SERVICE}.{name}": value for name, value in settings.items()})[0]["lb_flags"] == flags
    )


def test_a_director_balances_only_the_services_whose_address_it_carries():
    changes = {**TWO_SERVICES, f"{FIRST_INSTANCE}.hosts": ["lvs1"]}

    assert [each["name"] for each in services("lvs1", changes)] == ["web", "mail"]
    assert [each["name"] for each in services("lvs2", changes)] == ["mail"]


@pytest.mark.parametrize(
    ("given_value", "held"), [(0.1, 0.1), ("0.1", 0.1), (1, 1), ("1", 1), (1.0, 1), (2.5, 2.5)], ids=repr
)
def test_seconds_keep_their_type(given_value, held):
    changes = {f"{FIRST_INSTANCE}.version": 3, f"{FIRST_INSTANCE}.advert_int": given_value}
    (web,) = vrrp("lvs1", changes)

    assert web["advert_int"] == held
    assert type(web["advert_int"]) is type(held)


def test_numbers_in_text_become_numbers_and_words_truth():
    (web,) = services(
        "lvs1", {f"{FIRST_SERVICE}.port": " 80 ", f"{FIRST_SERVICE}.alpha": "No", f"{FIRST_SERVICE}.quorum": "2"}
    )

    assert (web["port"], web["alpha"], web["quorum"]) == (80, False, 2)
    assert {type(web["port"]), type(web["quorum"])} == {int}


def test_a_director_s_kernel_needs_each_scheduler_once():
    changes = {**TWO_SERVICES, f"{FIRST_SERVICE}.lb_algo": "wlc"}

    assert view("lvs1", changes)["director"]["modules"] == ["ip_vs", "ip_vs_wlc"]
    assert view("lvs1", TWO_SERVICES)["director"]["modules"] == ["ip_vs", "ip_vs_wlc", "ip_vs_wrr"]


def test_a_director_with_keepalived_leaves_the_table_to_it():
    assert view("lvs1")["director"] == {
        **NO_DIRECTOR,
        "modules": ["ip_vs", "ip_vs_wrr"],
        "servers": {HOSTS["web1"]: "web1", HOSTS["web2"]: "web2"},
    }


def test_a_director_without_keepalived_has_the_table_the_timeouts_and_the_address():
    timeouts = {"lvs_global_defs": {"lvs_timeouts": {"tcp": 30, "tcpfin": 120}}}
    stays = {f"{FIRST_SERVICE}.persistence_timeout": 50}
    told = view("lvs1", {**STATIC, **timeouts, **stays})

    assert told["director"] == {
        "modules": ["ip_vs", "ip_vs_wrr"],
        "servers": {HOSTS["web1"]: "web1", HOSTS["web2"]: "web2"},
        "tunnelled": {},
        "gue": [],
        "routes": [],
        "static": True,
        "services": [
            {
                "protocol": "tcp",
                "address": VIP,
                "port": 80,
                "fwmark": None,
                "lb_algo": "wrr",
                "lb_flags": [],
                "lb_kind": "DR",
                "ops": False,
                "persistence_timeout": 50,
                "persistence_granularity": None,
                "persistence_engine": None,
                "real_servers": [
                    {"address": HOSTS["web1"], "weight": 1, **IN_THE_TABLE},
                    {"address": HOSTS["web2"], "weight": 2, **IN_THE_TABLE},
                ],
            }
        ],
        "timeouts": {"tcp": 30, "tcp_fin": 120, "udp": None},
        "cards": [{"interface": "eth0", "addresses": [{"address": VIP, "label": "eth0:0"}]}],
    }
    assert (told["cluster"]["directors"], told["cluster"]["vrrp_hosts"]) == (["lvs1"], [])
    assert (told["keepalived"]["vrrp_instances"], told["keepalived"]["virtual_servers"]) == ([], [])
    assert told["keepalived"]["blocks"] == []


def test_an_address_that_somebody_else_moves_is_put_on_no_card():
    told = view("lvs2", {**STATIC, f"{FIRST_SERVICE}.hosts": ["lvs1", "lvs2"]})["director"]

    assert (told["static"], len(told["services"]), told["cards"]) == (True, 1, [])


def test_hosts_of_an_instance_direct_by_keepalived_what_none_carries():
    second = {**OTHER_SERVICE, "hosts": ["lvs1"], "quorum_up": {"path": "/usr/bin/true"}}
    changes = {f"{FIRST_UPSTREAM}.virtual_server": "web", "lvs_virtual_servers[1]": second}
    told, other = view("lvs1", changes), view("lvs2", changes)

    assert [each["name"] for each in told["keepalived"]["virtual_servers"]] == ["web", "mail"]
    assert told["keepalived"]["scripts"]["programs"] == ["/usr/bin/true"]
    assert (told["director"]["static"], told["director"]["services"], told["director"]["cards"]) == (False, [], [])
    assert [each["name"] for each in other["keepalived"]["virtual_servers"]] == ["web"]
    assert other["keepalived"]["scripts"]["programs"] == []
    assert [each["address"] for each in view("web1", changes)["realserver"]["vips"]] == [VIP, OTHER_VIP]


def test_a_host_that_does_not_direct_a_service_has_none_of_it():
    assert view("lvs2", STATIC)["director"] == NO_DIRECTOR


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ({}, ("eth0", "eth0:0")),
        ({"interface": "eth7"}, ("eth7", "eth7:0")),
        ({"label": "eth0:web"}, ("eth0", "eth0:web")),
        ({"interface": "enx0242ac110002"}, ("enx0242ac110002", "")),
    ],
    ids=["the host's own", "another interface", "a label", "an interface that leaves no room for one"],
)
def test_an_address_of_a_static_director_has_an_interface_and_a_label(words, expected):
    changes = {**STATIC, **{f"{FIRST_SERVICE}.{name}": word for name, word in words.items()}}
    (card,) = view("lvs1", changes)["director"]["cards"]

    assert (card["interface"], [each["label"] for each in card["addresses"]]) == (expected[0], [expected[1]])


def test_addresses_of_one_interface_are_one_card_whether_it_is_named_or_not():
    second = {**OTHER_SERVICE, "hosts": ["lvs1"], "interface": "eth0"}
    third = {**OTHER_SERVICE, "name": "far", "address": "198.51.100.100", "hosts": ["lvs1"], "interface": "eth1"}
    beside = {
        "lvs_virtual_servers[1]": second,
        "lvs_virtual_servers[2]": third,
        f"{FIRST_UPSTREAM}.virtual_server": "web",
    }
    told = view("lvs1", {**STATIC, **beside})["director"]["cards"]

    assert [(card["interface"], [each["label"] for each in card["addresses"]]) for card in told] == [
        ("eth0", ["eth0:0", "eth0:1"]),
        ("eth1", ["eth1:2"]),
    ]


def test_real_servers_of_a_static_director_hold_the_address_and_serve():
    told = view("web1", STATIC)

    assert told["realserver"]["vips"] == [{"address": VIP, "label": "lo:0"}]
    assert [each["listen"] for each in told["nginx"]["servers"]] == [["80", f"{VIP}:80"]]


def test_a_realserver_holds_the_address_of_each_service_that_it_serves():
    assert view("web1", TWO_SERVICES)["realserver"] == {
        "interface": "eth0",
        "vips": [{"address": VIP, "label": "lo:0"}, {"address": OTHER_VIP, "label": "lo:1"}],
        "tunnelled": [],
        "gue": [],
        "direct": ["web", "mail"],
        "gateways": [],
        **UNLED,
    }


def test_a_label_is_the_same_on_every_realserver():
    changes = {**TWO_SERVICES, f"{FIRST_SERVICE}.real_servers": ["web1"]}

    assert view("web2", changes)["realserver"]["vips"] == [{"address": OTHER_VIP, "label": "lo:1"}]


def test_two_services_on_one_address_are_one_address_on_the_loopback():
    tls = {**SERVICE, "name": "tls", "port": 443, "check": {}}
    changes = {f"{FIRST_UPSTREAM}.virtual_server": "web", "lvs_virtual_servers[1]": tls}

    assert view("web1", changes)["realserver"]["vips"] == [{"address": VIP, "label": "lo:0"}]


def test_the_host_of_a_sorry_server_holds_the_address_too():
    changes = {f"{FIRST_SERVICE}.sorry_server": {"host": "app1"}}

    assert view("app1", changes)["realserver"]["vips"] == [{"address": VIP, "label": "lo:0"}]
    assert view("app2", changes)["realserver"]["vips"] == []


def test_nginx_answers_on_the_service_s_address_and_on_the_host_s_own_for_checks():
    nginx = view("web1")["nginx"]
    (pool,), (site,) = nginx["upstreams"], nginx["servers"]

    assert nginx["checks"] == [{"port": 80, "path": "/healthz"}]
    assert nginx["listens"] == [
        {"address": each, "port": 80, "ssl": False, "default_server": False, "sites": []} for each in ("", VIP)
    ]
    assert site["health"] == [
        {
            "path": "/healthz",
            "hops": [{"address": VIP, "host": VIP, "path": f"/healthz/at/{VIP}"}],
            "server_name": "",
            "answers": True,
        }
    ]
    assert (site["name"], site["listen"], site["server_name"]) == ("web", ["80", f"{VIP}:80"], [VIP])
    assert [location["location"] for location in site["locations"]] == ["/"]
    assert site["locations"][0]["lines"][0] == ["proxy_pass", "http://lvs_app"]
    assert site["locations"][0]["lines"][-2:] == [
        ["proxy_connect_timeout", "2000ms"],
        ["proxy_read_timeout", "60000ms"],
    ]
    assert (pool["name"], pool["method"], pool["keepalive"], pool["zone"]) == ("app", "", 16, "64k")
    assert pool["servers"][1] == {
        "address": HOSTS["app2"],
        "port": 8080,
        "weight": 1,
        "max_fails": 3,
        "fail_timeout": 10,
        "max_conns": 0,
        "backup": False,
        "down": False,
    }


def listen(host: str, changes: dict[str, Any]) -> dict[str, list[str]]:
    return {each["name"]: each["listen"] for each in view(host, changes)["nginx"]["servers"]}


def test_each_port_is_listened_on_at_the_host_s_own_address():
    assert listen("web1", TWO_POOLS) == {
        "web": ["80", f"{VIP}:80"],
        "mail": ["25", f"{OTHER_VIP}:25"],
    }


def test_one_port_is_listened_on_at_the_host_s_own_address_once():
    assert listen("web1", {**TWO_POOLS, "lvs_virtual_servers[1].port": 80}) == {
        "web": ["80", f"{VIP}:80"],
        "mail": [f"{OTHER_VIP}:80"],
    }


def test_the_second_service_on_a_port_has_the_host_s_own_address_where_the_first_is_not_served():
    changes = {**TWO_POOLS, "lvs_virtual_servers[1].port": 80, f"{FIRST_SERVICE}.real_servers": ["web1"]}

    assert listen("web2", changes) == {"mail": ["80", f"{OTHER_VIP}:80"]}


def health(host: str, changes: dict[str, Any]) -> list[dict[str, list[str]]]:
    """For each server of nginx the paths that it answers itself, and by which virtual addresses each goes."""
    nginx = view(host, changes)["nginx"]
    return [
        {each["path"]: [hop["address"] for hop in each["hops"]] for each in server["health"]}
        for server in nginx["servers"]
    ]


def test_each_site_answers_its_own_health_path():
    changes = {**TWO_POOLS, "lvs_nginx_upstreams[1].health_path": "/alive"}

    assert health("web1", changes) == [{"/healthz": [VIP]}, {"/alive": [OTHER_VIP]}]


def test_a_check_goes_by_the_addresses_of_all_services_that_it_may_be_for():
    on_one_port = {**TWO_POOLS, "lvs_virtual_servers[1].port": 80}
    only_the_second = {**on_one_port, f"{FIRST_SERVICE}.real_servers": ["web2"]}

    assert health("web1", on_one_port) == [{"/healthz": [VIP, OTHER_VIP]}] * 2
    assert health("web1", only_the_second) == [{"/healthz": [OTHER_VIP]}]


def test_a_check_of_the_root_has_hops_of_one_slash():
    (site,) = view("web1", {f"{FIRST_UPSTREAM}.health_path": "/"})["nginx"]["servers"]

    assert site["health"][0]["hops"] == [{"address": VIP, "host": VIP, "path": f"/at/{VIP}"}]


def given_no_check(**changes: Any) -> dict[str, Any]:
    """The first service, with no check of its own."""
    return {FIRST_SERVICE: {**{key: value for key, value in SERVICE.items() if key != "check"}, **changes}}


def test_a_service_before_nginx_is_checked_by_what_nginx_answers_itself():
    changes = {**given_no_check(), f"{FIRST_UPSTREAM}.health_path": "/up"}

    ((checker,), _second) = checkers(changes)
    assert checker["keyword"] == "HTTP_GET"
    assert checker["lines"][0] == ["url", [["path", "/up"], ["status_code", 200]]]


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({**given_no_check(), "lvs_nginx_upstreams": REMOVED}, id="no nginx"),
        pytest.param(given_no_check(real_servers=["web1", {"address": "192.0.2.29"}]), id="a server of somebody else"),
        pytest.param({f"{FIRST_SERVICE}.check": {"type": "TCP_CHECK"}}, id="a check that is given"),
    ],
)
def test_any_other_service_is_checked_as_before(changes: dict[str, Any]):
    assert keywords(changes) == [["TCP_CHECK"]] * len(keywords(changes))


def test_a_service_whose_nginx_can_be_asked_nothing_is_checked_as_any_other():
    service = VirtualServer(name="web", address=VIP, port=443, real_servers=())

    assert [each.keyword for each in checks_of(service, Asked(None, "", []))] == ["TCP_CHECK"]


def test_nginx_has_only_the_pools_of_the_services_that_its_host_serves():
    changes = {**TWO_POOLS, f"{FIRST_SERVICE}.real_servers": ["web1"]}

    assert [each["name"] for each in view("web2", changes)["nginx"]["upstreams"]] == ["relay"]
    assert [each["name"] for each in view("web1", changes)["nginx"]["upstreams"]] == ["app", "relay"]


def test_a_pool_keeps_its_backup_its_own_ports_and_its_health_path():
    servers = ["app1", {"host": "app2", "backup": True, "port": 9000}]
    changes = {
        f"{FIRST_UPSTREAM}.servers": servers,
        f"{FIRST_UPSTREAM}.port": 8081,
        f"{FIRST_UPSTREAM}.method": "least_conn",
        f"{FIRST_UPSTREAM}.health_path": "/up",
    }
    nginx = view("web1", changes)["nginx"]

    assert [(each["port"], each["backup"]) for each in nginx["upstreams"][0]["servers"]] == [
        (8081, False),
        (9000, True),
    ]
    assert nginx["upstreams"][0]["method"] == "least_conn"
    assert [each["path"] for each in nginx["servers"][0]["health"]] == ["/up"]


@pytest.mark.parametrize(("servers", "zone"), [(1, "64k"), (32, "64k"), (33, "128k"), (1000, "2048k")])
def test_the_zone_of_a_pool_has_room_for_its_servers(servers, zone):
    pool = [{"address": "198.51.100.1", "port": 1024 + number} for number in range(servers)]

    assert view("web1", {f"{FIRST_UPSTREAM}.servers": pool})["nginx"]["upstreams"][0]["zone"] == zone


def test_a_host_in_no_instance_and_no_service_has_nothing_to_do():
    assert {role: what for role, what in view("app1").items() if role != "cluster"} == {
        "host": {"name": "app1", "address": HOSTS["app1"], "addresses": [HOSTS["app1"]]},
        "keepalived": {
            "router_id": "app1",
            "global_defs": [["vrrp_garp_master_refresh", 60]],
            "scripts": {"user": "", "files": [], "programs": []},
            "blocks": [],
            "vrrp_instances": [],
            "lvs_sync_daemon": None,
            "virtual_servers": [],
            "needs": [],
            "interfaces": [],
            "processes": [],
        },
        "director": NO_DIRECTOR,
        "marking": {"marks": [], "interfaces": []},
        "realserver": {
            "interface": "eth0",
            "vips": [],
            "tunnelled": [],
            "direct": [],
            "gue": [],
            "gateways": [],
            **UNLED,
        },
        "nginx": {
            "pair": False,
            "checks": [],
            "listens": [],
            "certificates": [],
            "settings": {
                "variables": "lvs",
                "log_format": "",
                "real_ip": None,
                "server_names_hash_bucket_size": 0,
                "main": [],
                "worker_connections": None,
                "raw": [],
            },
            "upstreams": [],
            "servers": [],
            "named_files": [],
            "questions": [],
            "former": [],
        },
    }


@given(st.integers(1, 254).flatmap(lambda many: st.permutations(range(many))))
@settings(max_examples=30, deadline=None)
def test_priorities_fall_strictly_and_stay_between_1_and_254(order):
    directors = tuple(f"lvs{number}" for number in order)
    priorities = [priority_of(instance(hosts=directors), each) for each in directors]

    assert priorities == sorted(set(priorities), reverse=True)
    assert 1 <= priorities[-1] <= priorities[0] <= 254


@given(st.lists(st.sampled_from(list(HOSTS)), min_size=1, unique=True))
@settings(max_examples=50, deadline=None)
def test_the_peers_of_a_director_are_exactly_the_others(directors):
    changes = {
        "lvs_vrrp_instances": [{**INSTANCE, "hosts": directors}],
        "lvs_virtual_servers": REMOVED,
        "lvs_nginx_upstreams": REMOVED,
    }
    for host in HOSTS:
        peers = [each["unicast_peer"] for each in vrrp(host, changes)]
        others = [HOSTS[each] for each in directors if each != host]

        assert peers == ([others] if host in directors else [])


SITE = {
    "name": "shop",
    "virtual_server": "webs",
    "server_name": ["shop.example.com"],
    "ssl_certificate": "/etc/ssl/shop.crt",
    "ssl_certificate_key": "/etc/ssl/private/shop.key",
    "http2": True,
    "locations": [{"location": "/", "upstream": "app"}],
}
# A site with TLS behind a second service of the first address; the first one leads to it.
TLS_SITE = {
    **given_no_check(),
    "lvs_virtual_servers[1]": {"name": "webs", "address": VIP, "port": 443, "real_servers": ["web1", "web2"]},
    "lvs_nginx_servers": [
        SITE,
        {"name": "shop80", "virtual_server": "web", "server_name": "shop.example.com", "return": "301 https://$host/"},
    ],
}
FIRST_SITE, SECOND_SITE = "lvs_nginx_servers[0]", "lvs_nginx_servers[1]"


def served(changes: dict[str, Any], host: str = "web1") -> list[dict[str, Any]]:
    return view(host, changes)["nginx"]["servers"]


def test_the_default_server_of_each_port_of_sites_is_ours():
    assert [(each["name"], each["listen"]) for each in served(TLS_SITE)] == [
        ("", ["443 ssl default_server", f"{VIP}:443 ssl default_server"]),
        ("shop", ["443 ssl", f"{VIP}:443 ssl"]),
        ("", ["80 default_server", f"{VIP}:80 default_server"]),
        ("shop80", ["80", f"{VIP}:80"]),
    ]
    ours = [each for each in served(TLS_SITE) if each["name"] == ""]
    assert [each["server_name"] for each in ours] == [[], []]
    assert [[each["lines"] for each in server["locations"]] for server in ours] == [[], [[["return", "404"]]]]


def test_a_site_without_names_is_the_default_one_of_its_address_alone():
    changes = {**TLS_SITE, f"{SECOND_SITE}.server_name": REMOVED}

    assert [(each["name"], each["listen"]) for each in served(changes)[2:]] == [
        ("", ["80 default_server"]),
        ("shop80", ["80", f"{VIP}:80 default_server"]),
    ]
    assert served(changes)[3]["server_name"] == [VIP]


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({f"{FIRST_SITE}.locations[0].location": "^~ /"}, id="a location"),
        pytest.param(
            {f"{FIRST_SITE}.locations[0].location": "/api/", f"{FIRST_SITE}.raw": "location ^~/ { root /srv; }"},
            id="raw",
        ),
    ],
)
def test_what_takes_all_that_is_left_gets_no_location_of_ours_beside_it(changes):
    site = served({**TLS_SITE, **changes})[1]

    assert [each["location"] for each in site["locations"] if each["lines"] == [["return", "404"]]] == []


def test_the_default_server_goes_by_all_addresses_and_a_named_site_hands_on_to_it():
    ours, site = served(TLS_SITE)[2:]

    assert [(each["path"], each["answers"], len(each["hops"])) for each in ours["health"]] == [("/healthz", True, 1)]
    assert [(each["path"], each["answers"], len(each["hops"])) for each in site["health"]] == [("/healthz", False, 1)]
    assert served({**TLS_SITE, f"{FIRST_SITE}.server_name": "*.example.com"})[1]["health"] == [
        {
            "path": "/healthz",
            "hops": [{"address": VIP, "host": VIP, "path": f"/healthz/at/{VIP}"}],
            "server_name": "asked-by-lvs-cluster.example.com",
            "answers": True,
        }
    ]


def test_a_service_with_tls_is_asked_at_a_plain_port_and_at_its_own():
    plain, secure = services("lvs1", TLS_SITE)

    assert [each["keyword"] for each in plain["real_servers"][0]["checkers"]] == ["HTTP_GET"]
    page, socket = secure["real_servers"][0]["checkers"]
    assert (page["keyword"], dict(page["lines"])["connect_port"]) == ("HTTP_GET", 80)
    assert (socket["keyword"], dict(socket["lines"]).get("connect_port")) == ("TCP_CHECK", None)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({f"{FIRST_SERVICE}.real_servers": ["web1"]}, id="a plain port of some of the hosts"),
        pytest.param({SECOND_SITE: REMOVED}, id="no plain port"),
    ],
)
def test_a_service_with_tls_is_asked_at_its_own_port_alone_beside(changes: dict[str, Any]):
    secure = services("lvs1", {**TLS_SITE, **changes})[-1]

    assert [each["keyword"] for each in secure["real_servers"][0]["checkers"]] == ["TCP_CHECK"]


def test_what_is_asked_at_a_plain_port_goes_by_the_address_of_the_service_with_tls_too():
    changes = {
        **TLS_SITE,
        "lvs_virtual_servers[1].address": OTHER_VIP,
        "lvs_vrrp_instances[0].virtual_ipaddress": [f"{VIP}/32", f"{OTHER_VIP}/32"],
    }
    ours = served(changes)[2]

    assert [hop["address"] for hop in ours["health"][0]["hops"]] == [VIP, OTHER_VIP]


def test_each_socket_is_told_with_the_certificates_that_it_presents():
    presented = {"name": "shop", "server_name": "shop.example.com", "ssl_certificate": "/etc/ssl/shop.crt"}

    assert view("web1", TLS_SITE)["nginx"]["listens"] == [
        {"address": "", "port": 443, "ssl": True, "default_server": True, "sites": [presented]},
        {"address": VIP, "port": 443, "ssl": True, "default_server": True, "sites": [presented]},
        {"address": "", "port": 80, "ssl": False, "default_server": True, "sites": []},
        {"address": VIP, "port": 80, "ssl": False, "default_server": True, "sites": []},
    ]


def test_a_wildcard_is_asked_by_no_name_of_another_site():
    changes = {
        **TLS_SITE,
        f"{FIRST_SITE}.server_name": "*.example.com",
        "lvs_nginx_servers[2]": {**SITE, "name": "lvs", "server_name": "lvs.example.com"},
    }
    names = [each["server_name"] for each in view("web1", changes)["nginx"]["listens"][0]["sites"]]

    assert names == ["asked-by-lvs-cluster.example.com", "lvs.example.com"]


def test_each_certificate_is_told_with_its_key_and_the_names_that_it_must_be_good_for():
    assert view("web1", TLS_SITE)["nginx"]["certificates"] == [
        {
            "ssl_certificate": "/etc/ssl/shop.crt",
            "ssl_certificate_key": "/etc/ssl/private/shop.key",
            "server_name": ["shop.example.com"],
        }
    ]


def test_every_host_is_told_the_files_of_all_sites_and_those_in_raw():
    changes = {
        **TLS_SITE,
        f"{FIRST_SITE}.raw": "location /x { ssl_trusted_certificate /etc/ssl/chain.crt; }",
        "lvs_nginx_settings": {"raw": "proxy_ssl_trusted_certificate '/etc/ssl/pool.crt';"},
    }
    named = view("web1", changes)["nginx"]["named_files"]

    assert {"/etc/ssl/shop.crt", "/etc/ssl/private/shop.key", "/etc/ssl/chain.crt", "/etc/ssl/pool.crt"} <= set(named)
    assert view("lvs1", changes)["nginx"]["named_files"] == named


def test_what_raw_says_of_a_location_stands_in_the_place_of_ours():
    raw = "proxy_read_timeout 300s;\nproxy_set_header host internal;"
    (place,) = served({**TLS_SITE, f"{FIRST_SITE}.locations[0].raw": raw})[1]["locations"]

    keywords = [(keyword, value.split()[0]) for keyword, value in place["lines"]]
    assert ("proxy_set_header", "X-Real-IP") in keywords
    assert ("proxy_set_header", "Host") not in keywords
    assert "proxy_read_timeout" not in dict(keywords)
    assert place["raw"] == raw.split("\n")


@pytest.mark.parametrize(
    ("servers", "max_fails"),
    [
        pytest.param(["app1", {"host": "app2", "down": True}], [0, 1], id="one is left of two"),
        pytest.param(["app1", {"host": "app2", "down": True}, "web2"], [1, 1, 1], id="two are left"),
        pytest.param(["app1", {"host": "app2", "backup": True}], [1, 1], id="a backup"),
        pytest.param(["app1"], [1], id="one from the start"),
    ],
)
def test_the_only_server_that_is_not_down_is_never_taken_for_failed(servers: list[Any], max_fails: list[int]):
    (pool,) = view("web1", {f"{FIRST_UPSTREAM}.servers": servers})["nginx"]["upstreams"]

    assert [each["max_fails"] for each in pool["servers"]] == max_fails


def test_a_site_behind_an_instance_listens_on_every_address():
    changes = {
        "lvs_virtual_servers": REMOVED,
        f"{FIRST_UPSTREAM}.vrrp_instance": "web",
        f"{FIRST_UPSTREAM}.listen": [80, 8000],
    }
    first, second = served(changes, "lvs1")

    assert (first["listen"], second["listen"]) == (["80"], ["8000"])
    assert first["server_name"] == [VIP]
    assert first["health"][0]["hops"] == []


@pytest.mark.parametrize(
    ("cluster", "end"),
    [
        ("web", "web"),
        ("a" * 24, "a" * 24),
        ("web-shop", "web_shop_4a2b04f6"),
        ("web.shop", "web_shop_082775a0"),
        ("Web", "web_29751047"),
        ("a" * 25, f"{'a' * 15}_2f521e2a"),
    ],
)
def test_variables_of_nginx_have_the_cluster_s_name_as_far_as_they_may(cluster, end):
    nginx = view("web1", {"lvs_cluster": cluster})["nginx"]

    assert nginx["settings"]["variables"] == end
    assert ["proxy_set_header", f"Host $lvs_host_{end}"] in nginx["servers"][0]["locations"][0]["lines"]


@given(st.lists(st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,30}", fullmatch=True), unique=True, min_size=2, max_size=2))
@settings(max_examples=100, deadline=None)
def test_variables_of_two_clusters_are_two(clusters):
    assert len({end_of_variables(each) for each in clusters}) == 2


def test_long_names_get_the_room_that_nginx_needs():
    settings = view("web1", {**TLS_SITE, f"{SECOND_SITE}.server_name": f"{'a' * 60}.example.com"})["nginx"]["settings"]

    assert settings["server_names_hash_bucket_size"] == 128


@pytest.mark.parametrize(
    ("told", "main"),
    [
        ({"worker_connections": 4096}, [["worker_rlimit_nofile", "8192"]]),
        ({"worker_connections": 4096, "worker_rlimit_nofile": 5000}, [["worker_rlimit_nofile", "5000"]]),
        ({"worker_shutdown_timeout": 60}, [["worker_shutdown_timeout", "60000ms"]]),
    ],
)
def test_a_worker_may_open_as_many_files_as_it_has_connections(told: dict[str, int], main: list[list[str]]):
    settings = view("web1", {"lvs_nginx_settings": told})["nginx"]["settings"]

    assert (settings["main"], settings["worker_connections"]) == (main, told.get("worker_connections"))


# Both ports of the address have one mark, so that a client comes to one real server with both.
SITES_OF_A_MARK = {
    FIRST_SERVICE: {
        "name": "web",
        "fwmark": 1,
        "marked": [{"address": VIP, "ports": [80, 443]}],
        "real_servers": ["web1", "web2"],
    },
    "lvs_nginx_servers": [
        {**SITE, "virtual_server": "web", "listen": [443]},
        {
            "name": "shop80",
            "virtual_server": "web",
            "server_name": "shop.example.com",
            "return": "301 https://$host/",
            "listen": [80],
        },
    ],
}


def test_a_site_has_those_ports_of_its_service_that_it_says():
    assert [(each["name"], each["listen"]) for each in served(SITES_OF_A_MARK) if each["name"]] == [
        ("shop", ["443 ssl", f"{VIP}:443 ssl"]),
        ("shop80", ["80", f"{VIP}:80"]),
    ]
    (service,) = services("lvs1", SITES_OF_A_MARK)
    assert [
        (each["keyword"], dict(each["lines"]).get("connect_port")) for each in service["real_servers"][0]["checkers"]
    ] == [("HTTP_GET", 80), ("TCP_CHECK", 443)]


@pytest.mark.parametrize("port", [80, 443])
def test_a_port_of_a_server_leads_no_check_of_nginx_to_one_that_answers_it_nothing(port: int):
    told = {**SITES_OF_A_MARK, f"{FIRST_SERVICE}.real_servers[0]": {"host": "web1", "port": port}}
    (service,) = services("lvs1", told)
    assert [
        (each["keyword"], dict(each["lines"])["connect_port"]) for each in service["real_servers"][0]["checkers"]
    ] == [
        ("HTTP_GET", 80),
        ("TCP_CHECK", 443),
    ]

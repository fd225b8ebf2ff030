# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real servers that packets come to in tunnels: what they have, and what may keep packets from them."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._description import inventory
from ansible_collections.lvs.cluster.plugins.module_utils._description.facts import compared, remarks
from ansible_collections.lvs.cluster.tests.unit.plugins.module_utils._description.example import (
    OTHER_SERVICE,
    OTHER_VIP,
    REMOVED,
    VIP,
    hostvars,
    plain_views,
)
from ansible_collections.lvs.cluster.tests.unit.plugins.module_utils._description.mistakes import (
    FIRST_SERVICE,
    SECOND_SERVICE,
    bad,
    problems_with,
    told_once,
)

FAR = "198.51.100.21"
KIND = f"{FIRST_SERVICE}.lb_kind"
# web1 is in a network of its own, and web2 with the directors.
TUN: dict[str, Any] = {KIND: "TUN", "hosts.web1.ansible_host": FAR}
MIXED: dict[str, Any] = {
    f"{FIRST_SERVICE}.real_servers": [{"host": "web1", "lb_kind": "TUN"}, "web2"],
    "hosts.web1.ansible_host": FAR,
}
# A tunnel in UDP to web1, and one of IP in IP to web2.
GUE: dict[str, Any] = {
    **TUN,
    f"{FIRST_SERVICE}.tun_type": "gue",
    f"{FIRST_SERVICE}.real_servers": ["web1", {"host": "web2", "tun_type": "ipip"}],
}
# Another service of web1, whose packets come in tunnels.
BESIDE = {
    "lvs_nginx_upstreams[0].virtual_server": "web",
    SECOND_SERVICE: {**OTHER_SERVICE, "lb_kind": "TUN", "real_servers": ["web1"]},
    "lvs_vrrp_instances[0].virtual_ipaddress": [f"{VIP}/32", f"{OTHER_VIP}/32"],
}
# One of web1 by UDP.
DNS: dict[str, Any] = {
    "lvs_nginx_upstreams[0].virtual_server": "web",
    SECOND_SERVICE: {**OTHER_SERVICE, "protocol": "UDP", "port": 53, "real_servers": ["web1"]},
    "lvs_vrrp_instances[0].virtual_ipaddress": [f"{VIP}/32", f"{OTHER_VIP}/32"],
}
# The description tells the directors' network.
KNOWN = {"lvs_vrrp_instances[0].virtual_ipaddress": [f"{VIP}/24"]}
STATIC = {"lvs_vrrp_instances": REMOVED, f"{FIRST_SERVICE}.hosts": ["lvs1"], f"{FIRST_SERVICE}.check": REMOVED}
NAMES = ["lvs1", "lvs2", "web1", "web2"]
ROUTER = "192.0.2.254"
IPVS = ["ip_vs", "ip_vs_wrr", "ip_vs_wlc"]


def view(host: str, changes: dict[str, Any]) -> dict[str, Any]:
    return inventory.view(hostvars({f"hosts.{host}.lvs_interface": "eth0", **changes}), host)


def test_a_real_server_holds_the_address_and_knows_what_comes_in_tunnels():
    assert problems_with(TUN) == []
    told = view("web1", TUN)["realserver"]
    assert (told["vips"], told["tunnelled"], told["gateways"]) == ([{"address": VIP, "label": "lo:0"}], ["web"], [])
    assert view("web1", {})["realserver"]["tunnelled"] == []


def test_the_director_sends_in_tunnels_and_routes_for_nobody():
    told = view("lvs1", TUN)
    assert told["director"]["tunnelled"] == {FAR: "web1", "192.0.2.22": "web2"}
    assert (told["director"]["servers"], told["director"]["routes"]) == ({}, [])
    (service,) = told["keepalived"]["virtual_servers"]
    assert service["lb_kind"] == "TUN"


def test_one_server_of_several_may_be_reached_by_a_tunnel():
    assert problems_with({**MIXED, **KNOWN}) == []
    director = view("lvs1", MIXED)["director"]
    assert (director["tunnelled"], director["servers"]) == ({FAR: "web1"}, {"192.0.2.22": "web2"})
    (service,) = view("lvs1", MIXED)["keepalived"]["virtual_servers"]
    assert [each["lines"] for each in service["real_servers"]] == [[["lvs_method", "TUN"]], []]
    assert [view(host, MIXED)["realserver"]["tunnelled"] for host in ("web1", "web2")] == [["web"], []]


def test_a_sorry_server_may_be_reached_by_a_tunnel():
    changes = {f"{FIRST_SERVICE}.sorry_server": {"host": "app1", "lb_kind": "TUN"}}
    assert view("app1", changes)["realserver"]["tunnelled"] == ["web"]
    (service,) = view("lvs1", changes)["keepalived"]["virtual_servers"]
    assert ["sorry_server_lvs_method", "TUN"] in service["lines"]


def test_a_tunnel_may_be_of_udp():
    assert problems_with(GUE) == []
    assert [view(host, GUE)["realserver"]["gue"] for host in ("web1", "web2")] == [[6080], []]
    director = view("lvs1", GUE)["director"]
    assert (director["tunnelled"], director["gue"]) == ({FAR: "web1", "192.0.2.22": "web2"}, [FAR])


@pytest.mark.parametrize(
    ("service", "server", "whole", "own"),
    [
        pytest.param({}, {"tun_type": "gue"}, "TUN", "TUN type gue port 6080", id="one"),
        pytest.param({}, {"tun_type": "gue", "tun_port": 7}, "TUN", "TUN type gue port 7", id="its port"),
        pytest.param({"tun_type": "gue"}, {}, "TUN type gue port 6080", None, id="all"),
        pytest.param(
            {"tun_type": "gue", "tun_port": 7},
            {"lb_kind": "TUN"},
            "TUN type gue port 7",
            "TUN type gue port 7",
            id="said",
        ),
        pytest.param({"tun_type": "gue"}, {"tun_port": 8}, "TUN type gue port 6080", "TUN type gue port 8", id="port"),
        pytest.param({"tun_type": "gue"}, {"tun_type": "ipip"}, "TUN type gue port 6080", "TUN", id="all but one"),
        pytest.param({"tun_type": "gue"}, {"lb_kind": "DR"}, "TUN type gue port 6080", "DR", id="all but one by DR"),
        pytest.param(
            {"lb_kind": "DR", "tun_type": "gue"}, {"lb_kind": "TUN"}, "DR", "TUN type gue port 6080", id="one beside DR"
        ),
    ],
)
def test_a_server_has_its_method_whole_or_that_of_the_service(service, server, whole, own):
    """keepalived takes no part of the service's lvs_method where a server has one."""
    changes: dict[str, Any] = {
        **{f"{FIRST_SERVICE}.{name}": value for name, value in {"lb_kind": "TUN", **service}.items()},
        f"{FIRST_SERVICE}.real_servers": ["web1", {"host": "web2", **server}],
        f"{FIRST_SERVICE}.sorry_server": {"host": "app1", **server},
    }
    assert problems_with(changes) == []
    (told,) = view("lvs1", changes)["keepalived"]["virtual_servers"]
    assert told["lvs_method"] == whole
    first, second = (each["lines"] for each in told["real_servers"])
    assert (first, second) == ([], [["lvs_method", own]] if own else [])
    assert told["lines"] == ([["sorry_server_lvs_method", own]] if own else [])


def test_a_director_without_keepalived_sends_in_tunnels_of_udp():
    told = view("lvs1", {**GUE, **STATIC})["director"]
    servers = [(each["tun_type"], each["tun_port"]) for each in told["services"][0]["real_servers"]]
    assert servers == [("gue", 6080), (None, None)]


def test_a_director_without_keepalived_sends_in_tunnels():
    (service,) = view("lvs1", {**TUN, **STATIC})["director"]["services"]
    assert service["lb_kind"] == "TUN"
    assert {each["lb_kind"] for each in service["real_servers"]} == {"TUN"}


def test_another_network_is_no_mistake():
    assert problems_with({**TUN, **KNOWN}) == []


MISTAKES = [
    bad(
        "another network with DR",
        {**TUN, **KNOWN, KIND: "DR"},
        "lb_kind DR reaches no other network",
        "or write lb_kind: TUN for it",
        path=f"{FIRST_SERVICE}.real_servers[0]",
    ),
    bad(
        "another port",
        {**TUN, f"{FIRST_SERVICE}.real_servers": [{"host": "web1", "port": 8000}]},
        "with lb_kind TUN nothing rewrites the port",
        path=f"{FIRST_SERVICE}.real_servers[0].port",
    ),
    bad("no such kind", {KIND: "GUE"}, "DR, NAT, TUN", path=KIND),
    bad("no such type", {**TUN, f"{FIRST_SERVICE}.tun_type": "gre"}, "ipip, gue", path=f"{FIRST_SERVICE}.tun_type"),
    bad(
        "no such type, with a port",
        {**TUN, f"{FIRST_SERVICE}.tun_type": "gui", f"{FIRST_SERVICE}.tun_port": 7},
        "did you mean gue",
        path=f"{FIRST_SERVICE}.tun_type",
    ),
    bad(
        "a type without tunnels",
        {f"{FIRST_SERVICE}.tun_type": "gue", f"{FIRST_SERVICE}.tun_port": 6080},
        "does not go with lb_kind DR, by which there are no tunnels. Write lb_kind: TUN, or remove it",
        path=f"{FIRST_SERVICE}.tun_type",
    ),
    bad(
        "a type of one without a tunnel",
        {**TUN, f"{FIRST_SERVICE}.real_servers": ["web1", {"host": "web2", "lb_kind": "DR", "tun_type": "gue"}]},
        "does not go with lb_kind DR",
        path=f"{FIRST_SERVICE}.real_servers[1].tun_type",
    ),
    bad(
        "a port of a tunnel that has none",
        {**TUN, f"{FIRST_SERVICE}.tun_port": 6080},
        "is of tunnels in UDP, and with tun_type ipip there are none",
        path=f"{FIRST_SERVICE}.tun_port",
    ),
    bad(
        "a port of one whose tunnel has none",
        {**GUE, f"{FIRST_SERVICE}.sorry_server": {"host": "app1", "tun_type": "ipip", "tun_port": 6081}},
        "Write tun_type: gue, or remove it",
        path=f"{FIRST_SERVICE}.sorry_server.tun_port",
    ),
    bad(
        "a port of one without a tunnel, beside those with one in UDP",
        {**GUE, f"{FIRST_SERVICE}.real_servers": ["web1", {"host": "web2", "lb_kind": "DR", "tun_port": 6081}]},
        "does not go with lb_kind DR",
        path=f"{FIRST_SERVICE}.real_servers[1].tun_port",
    ),
    bad(
        "the port of a service by UDP that the same host serves",
        {**GUE, **DNS, f"{FIRST_SERVICE}.tun_port": 53},
        "is where web1 takes packets of virtual server web out of tunnels in UDP. Choose another tun_port there",
        path=f"{SECOND_SERVICE}.port",
    ),
    bad(
        "its own port",
        {**DNS, SECOND_SERVICE: {**DNS[SECOND_SERVICE], "lb_kind": "TUN", "tun_type": "gue", "tun_port": 53}},
        "is where web1 serves virtual server mail by UDP. Choose another one",
        path=f"{SECOND_SERVICE}.tun_port",
    ),
    bad("no port", {**GUE, f"{FIRST_SERVICE}.tun_port": 65536}, "65535", path=f"{FIRST_SERVICE}.tun_port"),
]


@pytest.mark.parametrize(("changes", "path", "fragments"), MISTAKES)
def test_one_mistake_is_reported_once_with_its_path_reason_and_remedy(changes, path, fragments):
    told_once(changes, path, fragments)


def facts_of(address: str, **told: Any) -> dict[str, Any]:
    """Of a host with one address, and a router in its network."""
    router = address.rpartition(".")[0] + ".254"
    return {
        "os_family": "Debian",
        "interfaces": ["lo", "eth0"],
        "lo": {"device": "lo"},
        "eth0": {"device": "eth0", "mtu": 1500, "ipv4": {"address": address, "prefix": "24"}},
        "default_ipv4": {"gateway": router, "interface": "eth0"},
        "lvs_gateways": {router: ["default"]},
        "lvs_advmss": 1440,
        "lvs_ipvs": {"loaded": IPVS, "loadable": ["ipip", "fou"], "barred": ""},
        **told,
    }


def told_by(changes: dict[str, Any], serving: bool = True, **facts: Any) -> tuple[list[str], list[str]]:
    """What is found and what is remarked; facts: of a host what is given here."""
    variables = hostvars(changes)
    told = {name: {**facts_of(variables[name]["ansible_host"]), **facts.get(name, {})} for name in NAMES}
    entries = plain_views(variables, NAMES)
    for each in entries:
        each["cluster"]["speaker"] = "lvs1"
    entries = compared(entries, told, ["Debian"], {}, serving=serving)
    return [line for each in entries for line in each["findings"]], remarks(entries, told)


def test_servers_behind_a_router_with_room_for_the_tunnel_are_nothing_to_tell_of():
    assert told_by(TUN) == ([], [])
    assert told_by(MIXED, web2={"lvs_advmss": 0}) == ([], [])
    assert told_by(GUE, web1={"lvs_advmss": 1428}) == ([], [])


@pytest.mark.parametrize(
    ("ipvs", "finding"),
    [
        pytest.param({"loadable": []}, "the kernel of web1 has no ipip, and what comes to it of web by", id="none"),
        pytest.param(
            {"barred": "why"}, "web1 cannot load ipip into its kernel, and what comes to it of web", id="barred"
        ),
        pytest.param({"loaded": ["ipip"], "loadable": [], "barred": "why"}, "", id="there"),
    ],
)
def test_a_real_server_whose_kernel_has_no_tunnels_is_refused(ipvs, finding):
    lacking = {"lvs_ipvs": {"loaded": [], "loadable": ["ipip"], "barred": "", **ipvs}}
    found, _remarked = told_by(MIXED, web1=lacking)
    assert [line for line in found if line.startswith(finding)] == found
    assert len(found) == bool(finding)
    # Who gets packets as they are needs none, and who is taken down neither.
    assert told_by(MIXED, web2=lacking)[0] == []
    assert told_by(MIXED, serving=False, web1=lacking)[0] == []


def test_a_real_server_whose_kernel_has_no_tunnels_of_udp_is_refused():
    lacking = {"lvs_ipvs": {"loaded": ["ipip"], "loadable": [], "barred": ""}, "lvs_advmss": 1428}
    (found,), _remarked = told_by(GUE, web1=lacking, web2=lacking)
    assert found.startswith(
        "the kernel of web1 has no fou, and what comes to its UDP port 6080 by tun_type gue is taken"
    )


@pytest.mark.parametrize(
    ("changes", "tunnels", "is_refused"),
    [
        pytest.param({}, {"lvs": ["web"]}, True, id="all at once"),
        pytest.param({}, {"lvs": ["mail"]}, False, id="another service"),
        pytest.param({}, {}, False, id="not any more"),
        pytest.param({}, {"edge": ["web"]}, False, id="one of another cluster"),
        pytest.param(MIXED, {"lvs": ["web"]}, False, id="still"),
        pytest.param({f"{FIRST_SERVICE}.real_servers": ["web2"]}, {"lvs": ["web"]}, False, id="out of the service"),
        pytest.param(BESIDE, {"lvs": ["web", "mail"]}, True, id="beside one that stays"),
    ],
)
def test_a_server_comes_out_of_its_tunnel_by_two_runs(changes, tunnels, is_refused):
    found, _remarked = told_by(changes, web1={"lvs_tunnelled": tunnels})
    told = "packets of web come to web1 in tunnels until now, and are to come by lb_kind DR: as long as"
    assert [line.startswith(told) for line in found] == [True] * is_refused
    assert told_by(changes, serving=False, web1={"lvs_tunnelled": tunnels})[0] == []


@pytest.mark.parametrize("announced", [0, 1460])
def test_a_server_that_announces_more_than_a_tunnel_holds_is_told_of(announced):
    findings, (remarked,) = told_by(MIXED, web1={"lvs_advmss": announced})
    assert findings == []
    assert remarked == (
        "clients of web1 are told to send segments of 1460 bytes, and in a tunnel of lb_kind TUN 1440 have room: who "
        "never hears of that, as behind a firewall that drops ICMP, uploads nothing. Give the default route there "
        "advmss 1440 (docs/tun.md), or all between it and its directors an MTU of 1520."
    )


def test_a_tunnel_of_udp_holds_less():
    _findings, (remarked,) = told_by(GUE)
    assert remarked.startswith(
        "clients of web1 are told to send segments of 1440 bytes, and in a tunnel of lb_kind TUN 1428"
    )
    assert "advmss 1428 (docs/tun.md), or all between it and its directors an MTU of 1512." in remarked


def test_what_one_director_has_room_for_another_may_not_have():
    small = {"device": "eth0", "mtu": 1400, "ipv4": {"address": "192.0.2.12", "prefix": "24"}}
    _findings, (remarked,) = told_by(TUN, lvs2={"eth0": small})
    told = (
        "clients of web1, web2 are told to send segments of 1440 bytes, and in a tunnel of lb_kind TUN 1340 have room"
    )
    assert remarked.startswith(told)


def test_where_nothing_is_known_of_segments_nothing_is_told():
    assert told_by(MIXED, web1={"lvs_advmss": None}) == ([], [])


def test_between_large_frames_any_segment_has_room():
    large = [
        {"device": "eth0", "mtu": 9000, "ipv4": {"address": f"192.0.2.{each}", "prefix": "24"}} for each in (11, 12)
    ]
    lvs1, lvs2 = ({"eth0": each} for each in large)
    _findings, remarked = told_by(MIXED, web1={"lvs_advmss": 0}, lvs1=lvs1, lvs2=lvs2)
    assert [line for line in remarked if "segments" in line] == []


@pytest.mark.parametrize(
    ("routes", "is_told"),
    [
        pytest.param({}, True, id="none"),
        pytest.param({ROUTER: ["203.0.113.0/24"]}, True, id="elsewhere"),
        pytest.param({ROUTER: ["198.51.100.0/24"]}, False, id="to its network"),
        pytest.param({ROUTER: [FAR]}, False, id="to it alone"),
        pytest.param({"203.0.113.1": ["198.51.100.0/24"]}, True, id="by a gateway in no network of it"),
        pytest.param(None, False, id="not told"),
    ],
)
def test_a_director_without_a_way_to_a_server_is_told(routes, is_told):
    # The address of the service is in a network of each director.
    _findings, remarked = told_by(MIXED, lvs1={"default_ipv4": {}, "lvs_gateways": routes})
    told = "lvs1 has neither a default route nor another one to web1 (198.51.100.21), to which it sends by lb_kind TUN."
    assert [line.startswith(told) for line in remarked] == [True] * is_told

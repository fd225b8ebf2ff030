# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._description import inventory
from ansible_collections.lvs.cluster.tests.unit.plugins.module_utils._description.example import (
    OTHER_VIP,
    REMOVED,
    VIP,
    hostvars,
)
from ansible_collections.lvs.cluster.tests.unit.plugins.module_utils._description.mistakes import (
    FIRST_SERVICE,
    FIRST_UPSTREAM,
    SECOND_SERVICE,
    SECOND_UPSTREAM,
    bad,
    problems_with,
    told_once,
)

SITES, SETTINGS = "lvs_nginx_servers", "lvs_nginx_settings"
FIRST, SECOND, THIRD = f"{SITES}[0]", f"{SITES}[1]", f"{SITES}[2]"
TLS = {"ssl_certificate": "/etc/ssl/shop.crt", "ssl_certificate_key": "/etc/ssl/private/shop.key"}
SHOP = {
    "name": "shop",
    "virtual_server": "webs",
    "server_name": ["shop.example.com"],
    **TLS,
    "http2": True,
    "locations": [{"location": "/", "upstream": "app"}, {"location": "/static/", "root": "/srv/www"}],
}
REDIRECT = {
    "name": "shop80",
    "virtual_server": "web",
    "server_name": ["shop.example.com"],
    "return": "301 https://$host$request_uri",
}
# A site with TLS, and one that leads to it; the pool is asked by the first.
TWO_SITES = {
    SECOND_SERVICE: {"name": "webs", "address": VIP, "port": 443, "real_servers": ["web1", "web2"]},
    SITES: [SHOP, REDIRECT],
}
BLOG = {"name": "blog", "virtual_server": "web", "server_name": "blog.example.com", "return": "404"}


def with_third(**changes: Any) -> dict[str, Any]:
    return {**TWO_SITES, THIRD: {**BLOG, **changes}}


MISTAKES = [
    bad("no certificate", {**TWO_SITES, f"{FIRST}.ssl_certificate": REMOVED, f"{FIRST}.http2": False},
        "is missing beside ssl_certificate_key", path=f"{FIRST}.ssl_certificate"),
    bad("no key", {**TWO_SITES, f"{FIRST}.ssl_certificate_key": REMOVED}, "is missing beside ssl_certificate"),
    bad("http2 without TLS", {**TWO_SITES, f"{SECOND}.http2": True}, "is for a site with TLS"),
    bad("no virtual_server where there are two", {**TWO_SITES, f"{SECOND}.virtual_server": REMOVED},
        "is needed, as there are 2 virtual servers", "web or webs"),
    bad("unknown virtual_server", {**TWO_SITES, f"{SECOND}.virtual_server": "wep"}, "is not a virtual server"),
    bad("unknown one of several", {**TWO_SITES, f"{SECOND}.virtual_server": ["web", "wep"]}, "is not a virtual server",
        path=f"{SECOND}.virtual_server[1]"),
    bad("listen behind a virtual server", {**TWO_SITES, f"{SECOND}.listen": [80, 81]}, "is no port of",
        path=f"{SECOND}.listen[1]"),
    bad("listen that leaves out one of two virtual servers",
        {**TWO_SITES, f"{SECOND}.virtual_server": ["web", "webs"], f"{SECOND}.listen": [80]},
        "has none of the ports of virtual server webs", "Write 443 too", path=f"{SECOND}.listen"),
    bad("unknown instance", {**TWO_SITES, f"{SECOND}.virtual_server": REMOVED, f"{SECOND}.listen": [81],
                             f"{SECOND}.vrrp_instance": "wep"}, "is not an instance", "Write one of web"),
    bad("instance without ports", {**TWO_SITES, f"{SECOND}.virtual_server": REMOVED, f"{SECOND}.vrrp_instance": "web"},
        "is missing", "listen: [80]", path=f"{SECOND}.listen"),
    bad("instance beside a virtual server", {**TWO_SITES, f"{SECOND}.listen": [80], f"{SECOND}.vrrp_instance": "web"},
        "stands beside virtual_server"),
    bad("instance whose port is balanced",
        {f"{FIRST_UPSTREAM}.vrrp_instance": "web", f"{FIRST_UPSTREAM}.listen": [8080, 80]},
        "has port 80 of 192.0.2.100, which virtual server web balances"),
    bad("instance all of whose ports are balanced",
        {f"{FIRST_SERVICE}.port": 0, f"{FIRST_SERVICE}.persistence_timeout": 300,
         f"{FIRST_SERVICE}.check": {"type": "PING_CHECK"},
         f"{FIRST_UPSTREAM}.vrrp_instance": "web", f"{FIRST_UPSTREAM}.listen": [8080]},
        "has port 8080 of 192.0.2.100, which virtual server web balances"),
    bad("instance one of whose ports has a mark",
        {f"{FIRST_SERVICE}.address": REMOVED, f"{FIRST_SERVICE}.port": REMOVED, f"{FIRST_SERVICE}.fwmark": 7,
         f"{FIRST_SERVICE}.marked": [{"address": "192.0.2.100", "ports": [80, 443]}],
         f"{FIRST_UPSTREAM}.vrrp_instance": "web", f"{FIRST_UPSTREAM}.listen": [8080, 443]},
        "has port 443 of 192.0.2.100, which virtual server web balances"),
    bad("site that answers nothing", {**TWO_SITES, f"{SECOND}.return": REMOVED}, "answers nothing", path=SECOND),
    bad("return beside location /", {**TWO_SITES, f"{FIRST}.return": "404"}, "location / takes all"),
    bad("one location twice", {**TWO_SITES, f"{FIRST}.locations[2]": {"location": "/", "return": "404"}},
        "is a location of this site already", path=f"{FIRST}.locations[2].location"),
    bad("return beside location / before regular expressions",
        {**TWO_SITES, f"{FIRST}.return": "404", f"{FIRST}.locations[0].location": "^~ /"},
        "location / takes all", path=f"{FIRST}.return"),
    bad("one location twice, once before regular expressions",
        {**TWO_SITES, f"{FIRST}.locations[2]": {"location": "^~ /static/", "return": "404"}},
        "is a location of this site already", path=f"{FIRST}.locations[2].location"),
    bad("raw location of a location before regular expressions",
        {**TWO_SITES, f"{FIRST}.raw": "location ^~ /static/ { return 404; }"}, "or its return or health_path, already"),
    bad("raw location without a space",
        {**TWO_SITES, f"{FIRST}.raw": "location =/healthz { return 404; }"}, "or its return or health_path, already"),
    bad("one raw location twice",
        {**TWO_SITES, f"{FIRST}.raw": 'location /a { root /srv; } location ^~ "/a" { return 404; }'},
        "is a location of this site"),
    bad("location of health_path", {**TWO_SITES, f"{FIRST}.locations[2]": {"location": "= /healthz", "return": "404"}},
        "is health_path", path=f"{FIRST}.locations[2].location"),
    bad("location with two answers", {**TWO_SITES, f"{FIRST}.locations[0].root": "/srv"}, "has upstream and root",
        path=f"{FIRST}.locations[0]"),
    bad("location without an answer", {**TWO_SITES, f"{FIRST}.locations[1].root": REMOVED}, "answers nothing",
        path=f"{FIRST}.locations[1]"),
    bad("unknown upstream", {**TWO_SITES, f"{FIRST}.locations[2]": {"location": "/a", "upstream": "ap"}},
        "is not an upstream", "Write one of app", path=f"{FIRST}.locations[2].upstream"),
    bad("regular expression that is none", {**TWO_SITES, f"{FIRST}.locations[1].location": "~ (a"},
        "is no regular expression"),
    bad("location with a query", {**TWO_SITES, f"{FIRST}.locations[1].location": "/a?b"}, "is no path of a URL"),
    bad("name that is an address", {**TWO_SITES, f"{SECOND}.server_name": VIP}, "is an address", "Leave server_name"),
    bad("name that is none", {**TWO_SITES, f"{SECOND}.server_name": "~^shop"}, "is not the name of a site"),
    bad("unknown variable", {**TWO_SITES, f"{SECOND}.return": "301 https://$hots/"}, "has $hots, which is no variable"),
    bad("name that another one has in it",
        {**TWO_SITES, f"{SECOND}.server_name": ["*.example.com", ".example.com"]}, "is said twice"),
    bad("name of another site", with_third(server_name="SHOP.example.com"), '"shop.example.com"', "site shop80 too",
        path=f"{THIRD}.server_name"),
    bad("name within a wildcard's own",
        {**with_third(server_name=".example.com"), f"{SECOND}.server_name": "example.com"},
        "site shop80 too", path=f"{THIRD}.server_name"),
    bad("two that take all", {**with_third(server_name=None), f"{SECOND}.server_name": REMOVED},
        f"site shop80 takes already what is for no other site of {VIP}:80", path=f"{THIRD}.server_name"),
    bad("no TLS beside TLS", with_third(virtual_server="webs"), "port 443 of host web1", "only one of them has TLS",
        path=THIRD),
    bad("another http2", with_third(virtual_server="webs", **TLS), "is not as site shop has it", "before 1.25.1",
        path=f"{THIRD}.http2"),
    bad("another health_path", with_third(health_path="/alive"), "is not /healthz, the health_path of site shop80",
        "host web1", path=f"{THIRD}.health_path"),
    bad("site of an earlier name", with_third(name="shop"), "is the name of an earlier entry", path=f"{THIRD}.name"),
    bad("upstream that has a place of its own too", {**TWO_SITES, f"{FIRST_UPSTREAM}.virtual_server": "web"},
        "is said by the sites"),
    bad("upstream behind a service with a site",
        {**TWO_SITES, SECOND_UPSTREAM: {"name": "relay", "servers": ["app2"], "virtual_server": "web"}},
        "has site shop80", "upstream: relay", path=f"{SECOND_UPSTREAM}.virtual_server"),
    bad("servers that are all down", {f"{FIRST_UPSTREAM}.servers": [{"host": "app1", "down": True}]}, "are down"),
    bad("backup of a hash", {f"{FIRST_UPSTREAM}.method": "hash $request_uri",
                             f"{FIRST_UPSTREAM}.servers[1].backup": True}, "no backup servers with method hash"),
    bad("hash of an unknown variable", {f"{FIRST_UPSTREAM}.method": "hash $uir consistent"}, "has $uir"),
    bad("off beside a failure", {f"{FIRST_UPSTREAM}.proxy_next_upstream": ["off", "error"]}, "has off"),
    bad("header without anybody", {SETTINGS: {"real_ip_header": "X-Real-IP"}}, "has no effect",
        path=f"{SETTINGS}.real_ip_header"),
    bad("everybody believed", {SETTINGS: {"set_real_ip_from": ["10.0.0.0/8", "0.0.0.0/0"]}}, "is everybody",
        path=f"{SETTINGS}.set_real_ip_from[1]"),
    bad("fewer files than connections",
        {SETTINGS: {"worker_connections": 4096, "worker_rlimit_nofile": 1024}}, "is less than worker_connections, 4096",
        path=f"{SETTINGS}.worker_rlimit_nofile"),
    bad("raw location beside return", {**TWO_SITES, f"{SECOND}.raw": "location / { root /srv; }"}, "or its return"),
    bad("sticky", {f"{FIRST_UPSTREAM}.sticky": "cookie a"}, "is not in the nginx of Debian", "ip_hash"),
    bad("health_check", {f"{FIRST_UPSTREAM}.health_check": True}, "is not in the nginx of", "max_fails"),
    bad("resolve", {f"{FIRST_UPSTREAM}.servers[1].resolve": True}, "1.27.3", "a run renews it"),
    bad("raw that closes the block", {**TWO_SITES, f"{FIRST}.raw": "a; } server { b;"}, "closes a block"),
    bad("raw without an end", {**TWO_SITES, f"{FIRST}.raw": "gzip on"}, "gzip, that no ; ends"),
    bad("raw in a list", {**TWO_SITES, f"{FIRST}.raw": ["gzip on;"]}, "is no text"),
    bad("raw that says what an option says", {**TWO_SITES, f"{FIRST}.raw": "listen 81;"}, "follows from"),
    bad("raw that says what is given", {**TWO_SITES, f"{FIRST}.client_max_body_size": "5m",
                                        f"{FIRST}.raw": "client_max_body_size 50m;"}, "is said by the option"),
    bad("raw that takes health_path", {**TWO_SITES, f"{FIRST}.raw": "return 404;"}, "the option return"),
    bad("raw that takes health_path from some", {**TWO_SITES, f"{FIRST}.raw": "if ($scheme = http) { return 301 /; }"},
        '"return"', "answers checks too", "raw of a location", path=f"{FIRST}.raw"),
    bad("raw that rewrites health_path", {**TWO_SITES, f"{FIRST}.raw": "if ($args) { rewrite ^ /a; }"},
        '"rewrite"', "answers checks too"),
    bad("raw location of health_path", {**TWO_SITES, f"{FIRST}.raw": "location = /healthz { return 404; }"},
        "or its return or health_path, already"),
    bad("raw headers around locations", {**TWO_SITES, f"{FIRST}.raw": "proxy_set_header A b;"}, "has no effect"),
    bad("raw headers around sites", {SETTINGS: {"raw": "proxy_set_header A b;"}}, "has no effect",
        "raw of the location", path=f"{SETTINGS}.raw"),
    bad("raw question about clients around sites", {SETTINGS: {"raw": "auth_request /who;"}}, "asks somebody about",
        path=f"{SETTINGS}.raw"),
    bad("raw question about clients around locations", {**TWO_SITES, f"{FIRST}.raw": "auth_request /who;"},
        "raw of the locations", path=f"{FIRST}.raw"),
    bad("raw protocols around sites", {SETTINGS: {"raw": "ssl_protocols TLSv1.3;"}}, "follows from",
        path=f"{SETTINGS}.raw"),
    bad("raw timeout around sites", {SETTINGS: {"raw": "proxy_read_timeout 5s;"}}, "has no effect",
        path=f"{SETTINGS}.raw"),
    bad("raw headers in a block", {**TWO_SITES, f"{FIRST}.locations[0].raw": "if ($args) { proxy_set_header A b; }"},
        "takes away all headers"),
    bad("raw proxy_pass", {**TWO_SITES, f"{FIRST}.locations[0].raw": "proxy_pass http://a;"}, "option upstream"),
    bad("raw alias beside an upstream", {**TWO_SITES, f"{FIRST}.locations[0].raw": "alias /srv/;"}, "option upstream"),
    bad("raw alias beside root", {**TWO_SITES, f"{FIRST}.locations[1].raw": "alias /srv/;"}, "as the option root does",
        path=f"{FIRST}.locations[1].raw"),
    bad("raw curve", {**TWO_SITES, f"{FIRST}.raw": "ssl_ecdh_curve X25519;"}, "follows from"),
    bad("raw of an upstream that only another nginx knows", {f"{FIRST_UPSTREAM}.raw": "sticky cookie a;"},
        "is not in the nginx of", path=f"{FIRST_UPSTREAM}.raw"),
    bad("raw zone", {f"{FIRST_UPSTREAM}.raw": "zone a 64k;"}, "the count of the servers"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "path", "fragments"), MISTAKES)
def test_one_mistake_is_reported_once_with_its_path_reason_and_remedy(changes, path, fragments):
    told_once(changes, path, fragments)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param(TWO_SITES, id="two sites"),
        pytest.param(with_third(), id="several names on one port"),
        pytest.param(with_third(server_name=None), id="one that takes what is left"),
        pytest.param(with_third(server_name=["*.example.com"]), id="a wildcard beside a name"),
        pytest.param({**TWO_SITES, f"{FIRST}.raw": "client_max_body_size 50m;"}, id="an option's words in raw"),
        pytest.param({**TWO_SITES, f"{FIRST}.locations[0].raw": "proxy_read_timeout 5s;"}, id="a timeout in raw"),
        pytest.param({**TWO_SITES, f"{FIRST}.raw": "location = / { return 204; }"}, id="a path beside its prefix"),
        pytest.param({**TWO_SITES, f"{FIRST}.raw": "if ($args) { set $a b; }"}, id="an if that answers nothing"),
        pytest.param(
            {**TWO_SITES, f"{FIRST}.raw": "location /a { if ($args) { return 404; } }"}, id="an if within a location"
        ),
        pytest.param(
            {SITES: [{**BLOG, "virtual_server": None}], "lvs_nginx_upstreams": REMOVED}, id="the only service"
        ),
    ],
)
def test_it_is_accepted(changes: dict[str, Any]):
    assert problems_with(changes) == []


def test_one_name_may_be_on_two_ports_and_on_one_port_of_two_hosts():
    other = {"name": "other", "address": OTHER_VIP, "port": 80, "real_servers": ["app1"]}
    changes = {
        "lvs_vrrp_instances[0].virtual_ipaddress": [f"{VIP}/32", f"{OTHER_VIP}/32"],
        **TWO_SITES,
        "lvs_virtual_servers[2]": other,
        THIRD: {**REDIRECT, "name": "third", "virtual_server": "other"},
    }

    assert [str(each) for each in problems_with(changes)] == []


def test_a_circle_through_a_site_is_found():
    changes = {**TWO_SITES, f"{FIRST_UPSTREAM}.servers": [{"host": "web1", "port": 443}]}

    told_once(changes, f"{FIRST_UPSTREAM}.servers[0]", ("come back to this upstream",))


def test_every_run_tells_what_nobody_but_nginx_has_checked():
    hosts = hostvars({**TWO_SITES, f"{FIRST}.raw": "gzip on;", f"{FIRST}.locations[1].raw": "expires\n 1d;"})
    found = inventory.Described(inventory.Inventory(hosts, lambda _paths: None), ["lvs1"], {})

    assert [each for each in found.remarks if "nginx" in each] == [
        f"{FIRST}.raw goes into nginx's configuration as it is: gzip on;",
        f"{FIRST}.locations[1].raw goes into nginx's configuration as it is: expires 1d;",
    ]

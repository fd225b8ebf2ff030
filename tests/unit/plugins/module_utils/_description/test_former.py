# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What nginx is asked, and what it goes on to answer when that changes."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._description import inventory
from ansible_collections.lvs.cluster.plugins.module_utils._description.facts import compared
from ansible_collections.lvs.cluster.tests.unit.plugins.module_utils._description.example import (
    REMOVED,
    SERVICE,
    VIP,
    hostvars,
    plain_views,
)

SECURE = {**SERVICE, "name": "webs", "port": 443, "check": REMOVED}
TLS = {
    "ssl_certificate": "/c.crt",
    "ssl_certificate_key": "/c.key",
    "locations": [{"location": "/", "upstream": "app"}],
}
SHOP = {"name": "shop", "virtual_server": "webs", "server_name": "shop.example.com", **TLS}
REDIRECT = {"name": "shop80", "virtual_server": "web", "return": "301 https://$host$request_uri"}
PLAIN_CHECK: dict[str, Any] = {"lvs_virtual_servers[0].check": REMOVED}
TWO: dict[str, Any] = {
    **PLAIN_CHECK,
    "lvs_virtual_servers[1]": {key: value for key, value in SECURE.items() if value is not REMOVED},
    "lvs_nginx_servers": [SHOP, REDIRECT],
}
PAIR: dict[str, Any] = {
    "lvs_virtual_servers": REMOVED,
    "lvs_nginx_upstreams[0].vrrp_instance": "web",
    "lvs_nginx_upstreams[0].listen": [80, 8080],
}
FACTS = {
    "os_family": "Debian",
    "interfaces": ["lo", "eth0"],
    "eth0": {"device": "eth0", "ipv4": {"address": "192.0.2.21", "netmask": "255.255.255.0", "prefix": "24"}},
}


def nginx(host: str, changes: dict[str, Any], asked: list[str] | None = None) -> dict[str, Any]:
    facts = {"ansible_facts": {"lvs_nginx_asked": {"lvs": asked}}} if asked else {}
    variables = hostvars(changes)
    return inventory.view({**variables, host: {**variables[host], **facts}}, host)["nginx"]


def answers(host: str, changes: dict[str, Any], asked: list[str]) -> list[tuple[str, int, list[str]]]:
    return [(each["by"], each["port"], each["paths"]) for each in nginx(host, changes, asked)["former"]]


def test_what_is_asked_tells_of_which_service_or_instance() -> None:
    assert nginx("web1", {})["questions"] == [f"http 80 /healthz about {VIP}:80"]
    assert nginx("web1", TWO)["questions"] == [
        f"https 443 /healthz about {VIP}:443",
        f"http 80 /healthz about {VIP}:443",
        f"http 80 /healthz about {VIP}:80",
    ]
    assert nginx("lvs1", PAIR)["questions"] == ["http 80 /healthz about web"]
    check = "lvs_vrrp_instances[0].check"
    assert nginx("lvs1", {**PAIR, check: {"connect_port": 8080}})["questions"] == ["http 8080 /healthz about web"]
    for asking in ({"type": "TCP_CHECK"}, {"path": "/status"}):
        assert nginx("lvs1", {**PAIR, check: asking})["questions"] == ["tcp 80 - about web"]
    # Of another proxy.
    assert nginx("lvs1", {**PAIR, check: {"connect_port": 81}})["questions"] == []


def test_what_a_check_asks_at_another_port_is_of_that_service_too() -> None:
    check = {"type": "TCP_CHECK", "connect_port": 80}
    assert (
        f"http 80 /healthz about {VIP}:443"
        in nginx("web1", {**TWO, "lvs_virtual_servers[1].check": check})["questions"]
    )


@pytest.mark.parametrize(
    ("host", "changes", "asked", "expected"),
    [
        ("web1", PLAIN_CHECK, [f"http 80 /healthz about {VIP}:80"], []),
        ("web1", PLAIN_CHECK, [f"http 80 /up about {VIP}:80"], [("location", 80, ["/up"])]),
        (
            "web1",
            PLAIN_CHECK,
            [f"http 80 /up about {VIP}:80", f"http 80 /up about {VIP}:81", f"http 80 /alive about {VIP}:80"],
            [("location", 80, ["/up", "/alive"])],
        ),
        # A service that has gone is to be taken out.
        ("web1", PLAIN_CHECK, [f"http 8080 /healthz about {VIP}:8080"], []),
        # One that stays is asked at a port that has gone.
        ("web1", PLAIN_CHECK, [f"http 8080 /healthz about {VIP}:80"], [("listen", 8080, ["/healthz"])]),
        # With TLS, where no site has any now: checks alone.
        ("web1", PLAIN_CHECK, [f"https 8443 /healthz about {VIP}:80"], [("server", 8443, ["/healthz"])]),
        ("web1", TWO, [f"http 443 /healthz about {VIP}:443"], [("error_page", 443, ["/healthz"])]),
        ("web1", TWO, [f"https 443 /up about {VIP}:443"], [("location", 443, ["/up"])]),
        ("web1", TWO, [f"https 80 /healthz about {VIP}:443"], []),
        ("lvs1", PAIR, ["http 80 /healthz about web"], []),
        ("lvs1", PAIR, ["http 81 /healthz about web"], [("listen", 81, ["/healthz"])]),
        ("lvs1", PAIR, ["tcp 443 - about web"], [("server", 443, [])]),
        ("lvs1", PAIR, ["tcp 8080 - about web"], []),
        ("lvs1", PAIR, ["http 81 /healthz about other"], []),
        ("lvs1", {}, ["http 80 /healthz about web"], []),
    ],
)
def test_what_was_asked_is_answered_on_where_it_is_about_what_stays(host, changes, asked, expected) -> None:
    assert answers(host, changes, asked) == expected


def also(changes: dict[str, Any], *asked: str) -> list[tuple[str, int, list[str], list[str]]]:
    (told,) = nginx("web1", changes, list(asked))["former"]
    assert told["by"] == "listen"
    return [tuple(each.values()) for each in told["also"]]


def test_a_port_that_goes_is_served_on_by_the_sites_of_its_service() -> None:
    plain = [("web", 80, ["8000 default_server"], [])]
    assert also(PLAIN_CHECK, f"http 8000 /healthz about {VIP}:80") == plain
    # The site has another path now.
    assert also(PLAIN_CHECK, f"http 8000 /up about {VIP}:80") == [("web", 80, ["8000 default_server"], ["/up"])]
    # Names stay names, with TLS too, and what is for no site gets none.
    assert also(TWO, f"https 8443 /up about {VIP}:443") == [
        ("shop", 443, ["8443 ssl"], ["/up"]),
        ("", 443, ["8443 ssl default_server"], []),
    ]


def test_a_port_of_virtual_addresses_is_served_on_when_nat_takes_another() -> None:
    server = {"host": "web1", "port": 8000}
    nat = {**PLAIN_CHECK, "lvs_virtual_servers[0].lb_kind": "NAT", "lvs_virtual_servers[0].real_servers": [server]}
    listen = ["80 default_server", f"{VIP}:80 default_server"]
    assert also(nat, f"http 80 /healthz about {VIP}:80") == [("web", 8000, listen, [])]
    # The service has become a group, or had been one.
    group = {f"lvs_virtual_servers[0].{key}": REMOVED for key in ("address", "port")}
    group["lvs_virtual_servers[0].group"] = [{"address": VIP, "port": 80}]
    assert also({**nat, **group}, f"http 80 /healthz about {VIP}:80") == [("web", 8000, listen, [])]
    assert also(nat, "http 80 /healthz about web") == [("web", 8000, listen, [])]


CHECK = "lvs_vrrp_instances[0].check"


@pytest.mark.parametrize(
    ("changes", "asked"),
    [
        ({CHECK: {"type": "TCP_CHECK"}}, "http 80 /healthz about web"),
        ({CHECK: {"path": "/status"}}, "http 80 /healthz about web"),
        ({}, "http 8080 /healthz about web"),
    ],
    ids=["no page", "another page", "another port"],
)
def test_what_nginx_answers_anyway_is_no_location_twice(changes, asked) -> None:
    assert answers("lvs1", {**PAIR, **changes}, [asked]) == []


def test_what_is_answered_on_is_told_again_and_another_change_adds_to_it() -> None:
    asked = [f"http 80 /up about {VIP}:80", f"http 80 /alive about {VIP}:80"]
    (former,) = nginx("web1", PLAIN_CHECK, asked)["former"]
    assert former["questions"] == asked


@pytest.mark.parametrize("raw", [False, True], ids=["location", "raw"])
def test_a_path_that_is_asked_and_is_a_location_now_is_refused_before_anything_changes(raw: bool) -> None:
    location = {"locations": [{"location": "= /up", "return": "204"}]}
    place = {"raw": "location = /up { return 204; }"} if raw else location
    variables = hostvars({**TWO, "lvs_nginx_servers[1]": {**REDIRECT, **place}})
    facts = {**FACTS, "lvs_nginx_asked": {"lvs": [f"http 80 /up about {VIP}:80"]}}

    (told,) = compared(plain_views(variables, ["web1"]), {"web1": facts}, ["Debian"], {})

    assert told["refusal"].startswith(
        "nginx of web1 answers checks with /up on port 80 until every director asks otherwise, and site shop80 has a "
        "location '= /up' now. Run first without that location, and then with it."
    )

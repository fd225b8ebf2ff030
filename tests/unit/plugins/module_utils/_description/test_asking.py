# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An instance whose addresses lead to a proxy, and what its hosts get for that."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._description import inventory
from ansible_collections.lvs.cluster.plugins.module_utils._description.kinds import LONGEST_LINE
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived import ask
from ansible_collections.lvs.cluster.tests.unit.plugins.module_utils._description.example import (
    OTHER_INSTANCE,
    OTHER_VIP,
    REMOVED,
    VIP,
    hostvars,
)
from ansible_collections.lvs.cluster.tests.unit.plugins.module_utils._description.mistakes import (
    FIRST_INSTANCE,
    FIRST_UPSTREAM,
    SECOND_INSTANCE,
    bad,
    problems_with,
    told_once,
)

CHECK = f"{FIRST_INSTANCE}.check"
GROUPS = "lvs_vrrp_sync_groups"
GROUP = f"{GROUPS}[0]"
# An nginx that nothing is balanced to, and another proxy.
NGINX = {
    "lvs_virtual_servers": REMOVED,
    f"{FIRST_UPSTREAM}.vrrp_instance": "web",
    f"{FIRST_UPSTREAM}.listen": [80],
    f"{FIRST_UPSTREAM}.health_path": "/up",
}
# The same with a name, beside one with TLS.
NAMED = {
    **NGINX,
    "lvs_nginx_servers": [
        {
            "name": name,
            "vrrp_instance": "web",
            "listen": [port],
            "server_name": ["shop.example.com"],
            "health_path": "/up",
            "locations": [{"location": "/", "upstream": "app"}],
            **tls,
        }
        for name, port, tls in (
            ("shop", 443, {"ssl_certificate": "/etc/ssl/shop.crt", "ssl_certificate_key": "/etc/ssl/shop.key"}),
            ("shop80", 80, {}),
        )
    ],
}
for option in ("vrrp_instance", "listen", "health_path"):
    NAMED.pop(f"{FIRST_UPSTREAM}.{option}")
OTHER = {"lvs_virtual_servers": REMOVED, "lvs_nginx_upstreams": REMOVED}
GROUPED = {
    **OTHER,
    SECOND_INSTANCE: {**OTHER_INSTANCE, "hosts": ["lvs1", "lvs2"]},
    GROUPS: [{"name": "both", "group": ["web", "mail"]}],
}


def view(changes: dict[str, Any], host: str = "lvs1") -> dict[str, Any]:
    return inventory.view(hostvars(changes), host)


def blocks(changes: dict[str, Any]) -> list[Any]:
    return [[each["keyword"], each["lines"]] for each in view(changes)["keepalived"]["blocks"]]


def asking(*words: str) -> str:
    (name,) = {each["path"] for each in view(NGINX)["keepalived"]["scripts"]["files"]}
    return " ".join([f'"{name}', *words]) + '"'


def test_who_has_nginx_behind_it_asks_it_without_being_told() -> None:
    assert blocks(NGINX) == [
        [
            "vrrp_script web:proxy",
            [
                ["script", asking("HTTP_GET", "127.0.0.1", "80", "1", ask.NO_UNIT, "/up", "200")],
                ["interval", 2],
                ["rise", 2],
                ["fall", 2],
            ],
        ]
    ]
    (instance,) = view(NGINX)["keepalived"]["vrrp_instances"]
    assert ["track_script", [["web:proxy", True]]] in instance["lines"]
    scripts = view(NGINX)["keepalived"]["scripts"]
    assert (scripts["user"], [each["content"] for each in scripts["files"]]) == ("keepalived_script", [ask.TEXT])


def test_what_is_told_of_a_check_holds_and_the_rest_follows_from_nginx() -> None:
    told = {"restart": "nginx", "weight": -20, "interval": 5, "connect_timeout": 2.5, "fall": 3}
    assert blocks({**NGINX, CHECK: told}) == [
        [
            "vrrp_script web:proxy",
            [
                ["script", asking("HTTP_GET", "127.0.0.1", "80", "2.5", "nginx", "/up", "200")],
                ["weight", "-20"],
                ["interval", 5],
                ["rise", 2],
                ["fall", 3],
                # Nobody else may start a unit.
                ["user root", True],
            ],
        ]
    ]


@pytest.mark.parametrize(
    ("check", "words"),
    [
        ({"connect_port": 8404, "path": "/health"}, ["HTTP_GET", "127.0.0.1", "8404", "1", "-", "/health", "200"]),
        (
            {"type": "HTTP_GET", "connect_port": 80, "connect_ip": "192.0.2.99", "status_code": 204},
            ["HTTP_GET", "192.0.2.99", "80", "1", "-", "/", "204"],
        ),
        ({"type": "TCP_CHECK", "connect_port": 443}, ["TCP_CHECK", "127.0.0.1", "443", "1", "-"]),
    ],
)
def test_another_proxy_is_asked_what_is_told(check: dict[str, Any], words: list[str]) -> None:
    (script,) = blocks({**OTHER, CHECK: check})
    assert script[1][0] == ["script", asking(*words)]


def test_each_instance_that_spread_makes_asks_the_one_proxy() -> None:
    spread = {f"{FIRST_INSTANCE}.spread": True, f"{FIRST_INSTANCE}.virtual_ipaddress": [VIP, OTHER_VIP]}
    told = view({**NGINX, **spread})["keepalived"]
    assert [each["keyword"] for each in told["blocks"]] == ["vrrp_script web:proxy"]
    for instance in told["vrrp_instances"]:
        assert ["track_script", [["web:proxy", True]]] in instance["lines"]


def test_a_director_asks_no_proxy() -> None:
    assert blocks({}) == []


def test_a_host_that_directs_nothing_needs_nothing_of_ipvs() -> None:
    assert view(NGINX)["director"]["modules"] == []
    assert view({})["director"]["modules"] == ["ip_vs", "ip_vs_wrr"]


def test_a_weight_moves_nothing_where_nobody_preempts_and_that_is_told() -> None:
    changes = {**OTHER, CHECK: {"connect_port": 80, "weight": -20}, f"{FIRST_INSTANCE}.preempt": False}
    (entry,) = {tuple(each["cluster"]["remarks"]) for each in inventory.views(hostvars(changes), ["lvs1"])}
    assert "watches its proxy (check) with a weight, and nobody preempts" in entry[0]


MISTAKES = [
    bad("port that nobody tells", {**OTHER, CHECK: {"path": "/"}}, "is needed", path=f"{CHECK}.connect_port"),
    bad(
        "port that is none",
        {**OTHER, CHECK: {"connect_port": 0}},
        "is out of range",
        path=f"{CHECK}.connect_port",
    ),
    bad(
        "answer that is waited for too long",
        {**NGINX, CHECK: {"interval": 2, "connect_timeout": 2}},
        "is no less than the interval, 2",
        path=f"{CHECK}.connect_timeout",
    ),
    bad(
        "path of a connection",
        {**OTHER, CHECK: {"type": "TCP_CHECK", "connect_port": 80, "path": "/"}},
        "belongs to HTTP_GET",
        path=f"{CHECK}.path",
    ),
    bad(
        "path that is too long",
        {**NGINX, CHECK: {"path": "/" + "p" * (LONGEST_LINE - 1)}},
        f"and keepalived reads {LONGEST_LINE}",
        path=f"{CHECK}.path",
    ),
    bad(
        "weight in a group without any",
        {**GROUPED, CHECK: {"connect_port": 80, "weight": 5}},
        "is in group both, which takes none",
        path=f"{CHECK}.weight",
    ),
    bad(
        "answer that nginx never gives",
        {**NGINX, CHECK: {"status_code": 204}},
        "is never the answer of nginx to /up",
        path=f"{CHECK}.status_code",
    ),
    bad(
        "virtual address",
        {**NGINX, CHECK: {"connect_ip": VIP}},
        "is a virtual address: all hosts would ask the one that has it",
        path=f"{CHECK}.connect_ip",
    ),
    bad(
        "address of one of the hosts",
        {**NGINX, CHECK: {"connect_ip": "192.0.2.11"}},
        "is an address of lvs1, which lvs2 would ask",
        path=f"{CHECK}.connect_ip",
    ),
    bad(
        "address of another host",
        {**NGINX, CHECK: {"connect_ip": "192.0.2.31"}},
        "is an address of app1, which lvs1, lvs2 would ask",
        path=f"{CHECK}.connect_ip",
    ),
    bad(
        "page of a site with TLS",
        {**NAMED, CHECK: {"connect_port": 443}},
        "is the port of site shop, on which nginx speaks TLS alone",
        path=f"{CHECK}.connect_port",
    ),
    bad(
        "page where all sites have TLS",
        {**NAMED, "lvs_nginx_servers[1]": REMOVED, CHECK: {"restart": "nginx"}},
        "is the port of site shop",
        path=f"{CHECK}.connect_port",
    ),
    bad(
        "page of sites with names",
        {**NAMED, CHECK: {"path": "/status"}},
        "is not /up, and nginx answers nothing else on port 80",
        path=f"{CHECK}.path",
    ),
    bad(
        "health_path that is refused",
        {**NGINX, CHECK: {"restart": "nginx"}, f"{FIRST_UPSTREAM}.health_path": "up"},
        "is not the path of a URL",
        path=f"{FIRST_UPSTREAM}.health_path",
    ),
]


@pytest.mark.parametrize(("changes", "path", "fragments"), MISTAKES)
def test_one_mistake_is_told_once(changes: dict[str, Any], path: str, fragments: tuple[str, ...]) -> None:
    told_once(changes, path, fragments)


@pytest.mark.parametrize(
    "changes",
    [
        NGINX,
        {**NGINX, CHECK: {"path": "/status"}},
        {**NAMED, CHECK: {"path": "/up?of=web"}},
        {**NAMED, CHECK: {"type": "TCP_CHECK", "connect_port": 443}},
        {**NAMED, "lvs_nginx_servers[1].server_name": REMOVED, CHECK: {"path": "/status"}},
        {**NAMED, CHECK: {"connect_port": 8404, "path": "/status"}},
        # Of an instance of one host.
        {**NGINX, CHECK: {"connect_ip": "192.0.2.11"}, f"{FIRST_INSTANCE}.hosts": ["lvs1"]},
        {**GROUPED, CHECK: {"connect_port": 80}},
        {
            **GROUPED,
            CHECK: {"connect_port": 80, "weight": 5},
            "lvs_vrrp_sync_groups[0].sync_group_tracking_weight": True,
        },
    ],
)
def test_what_is_right_is_told_nothing(changes: dict[str, Any]) -> None:
    assert problems_with(changes) == []

# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.lvs.cluster.tests.unit.plugins.module_utils._description.example import (
    OTHER_UPSTREAM,
    OTHER_VIP,
    REMOVED,
    VIP,
)
from ansible_collections.lvs.cluster.tests.unit.plugins.module_utils._description.mistakes import (
    FIRST_SERVICE,
    FIRST_UPSTREAM,
    SECOND_SERVICE,
    SECOND_UPSTREAM,
    SERVICES,
    TWO_OF_EACH,
    TWO_UPSTREAMS,
    bad,
    problems_with,
    told_once,
)

MISTAKES = [
    bad(
        "no virtual_server where there are two",
        TWO_OF_EACH,
        "is needed, as there are 2 virtual servers",
        "Write virtual_server: web or mail",
        path=f"{FIRST_UPSTREAM}.virtual_server",
    ),
    bad(
        "no virtual_server where there is none",
        {SERVICES: REMOVED},
        "there is no virtual server to stand behind",
        "Describe one in lvs_virtual_servers",
        path=f"{FIRST_UPSTREAM}.virtual_server",
    ),
    bad(
        "unknown virtual_server",
        {**TWO_UPSTREAMS, f"{SECOND_UPSTREAM}.virtual_server": "email"},
        '= "email": is not a virtual server',
        "Write one of web, mail",
    ),
    bad(
        "virtual_server where there is none",
        {SERVICES: REMOVED, f"{FIRST_UPSTREAM}.virtual_server": "web"},
        "is not a virtual server",
        "Describe it in lvs_virtual_servers",
    ),
    bad(
        "refused virtual_server",
        {**TWO_OF_EACH, f"{FIRST_UPSTREAM}.virtual_server": ["web"]},
        "= [...]: is not a name",
    ),
    bad(
        "virtual_server whose name was refused",
        {f"{FIRST_UPSTREAM}.virtual_server": "my.web", f"{FIRST_SERVICE}.name": "my web"},
        "is not a name",
    ),
    bad(
        "two upstreams of one virtual_server",
        {**TWO_UPSTREAMS, f"{SECOND_UPSTREAM}.virtual_server": "web"},
        '= "web": has upstream app already',
        "into one pool",
    ),
    bad(
        "two upstreams of the only virtual_server",
        {SECOND_UPSTREAM: {**OTHER_UPSTREAM, "virtual_server": "web"}},
        '= "web": has upstream app already',
        path=f"{SECOND_UPSTREAM}.virtual_server",
    ),
    bad(
        "unknown virtual_server beside the upstream of the only one",
        {SECOND_UPSTREAM: {**OTHER_UPSTREAM, "virtual_server": "wep"}},
        '= "wep": is not a virtual server',
        "Write one of web.",
        path=f"{SECOND_UPSTREAM}.virtual_server",
    ),
    bad("name of an earlier upstream", {**TWO_UPSTREAMS, f"{SECOND_UPSTREAM}.name": "app"}, "name of an earlier entry"),
    bad(
        "upstream server not in the inventory", {f"{FIRST_UPSTREAM}.servers[0]": "app9"}, '"app9": is not a host', "Add"
    ),
    bad("upstream server by address", {f"{FIRST_UPSTREAM}.servers[0]": "198.51.100.9"}, "{address: 198.51.100.9}"),
    bad("upstream server listed twice", {f"{FIRST_UPSTREAM}.servers[2]": "app1"}, "is the same as [0]", "List it once"),
    bad(
        "name that differs in case",
        {**TWO_UPSTREAMS, f"{SECOND_UPSTREAM}.name": "App"},
        '= "App": is the name of upstream app too for nginx, which ignores upper and lower case',
        "a name of its own",
    ),
    bad(
        "two health paths on one port",
        {**TWO_UPSTREAMS, f"{SECOND_SERVICE}.port": 80, f"{SECOND_UPSTREAM}.health_path": "/alive"},
        '= "/alive": is not /healthz, the health_path of upstream app: both use the same port of host web1',
        "Write the same path for both, as health_path: /healthz",
    ),
    bad(
        "upstream server that is the VIP",
        {f"{FIRST_UPSTREAM}.servers[0]": {"address": VIP}},
        f'= "{VIP}": is the address of virtual server web, which host web1 has too: its nginx would ask itself',
        path=f"{FIRST_UPSTREAM}.servers[0].address",
    ),
    bad(
        "upstream server that is this nginx",
        {f"{FIRST_UPSTREAM}.servers[0]": {"host": "web1", "port": 80}},
        '= "web1, port 80": is an nginx whose requests come back to this upstream, in a circle',
        "Write the host and port of what is behind nginx",
    ),
    bad(
        "upstream server that is this nginx, by its address and the pool's port",
        {f"{FIRST_UPSTREAM}.port": 80, f"{FIRST_UPSTREAM}.servers": [{"address": "192.0.2.22"}]},
        "is an nginx whose requests come back to this upstream",
        path=f"{FIRST_UPSTREAM}.servers[0]",
    ),
    bad("upstream server that names none", {f"{FIRST_UPSTREAM}.servers[0]": {"backup": False}}, "names no server"),
    *(
        bad(
            f"backup with {method}",
            {f"{FIRST_UPSTREAM}.method": method, f"{FIRST_UPSTREAM}.servers[1].backup": True},
            f"= True: nginx has no backup servers with method {method}",
            "round_robin or least_conn",
        )
        for method in ("ip_hash", "random")
    ),
    bad(
        "backup servers alone",
        {f"{FIRST_UPSTREAM}.servers": [{"host": "app1", "backup": True}]},
        "has only backup servers",
        "Remove backup from at least one",
    ),
]


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({f"{FIRST_UPSTREAM}.servers[2]": {"host": "app1", "port": 8081}}, id="two servers on one host"),
        pytest.param(
            {
                "hosts.app3": {"ansible_host": "192.0.2.31"},
                f"{FIRST_UPSTREAM}.servers[2]": {"host": "app3", "port": 81},
            },
            id="upstream servers that are one machine",
        ),
        pytest.param({f"{FIRST_UPSTREAM}.servers[2]": {"host": "web1", "port": 81}}, id="upstream beside its nginx"),
        pytest.param(
            {**TWO_UPSTREAMS, f"{SECOND_UPSTREAM}.servers": [{"host": "web1", "port": 80}]},
            id="upstream that is another site of nginx",
        ),
        pytest.param(
            {
                **TWO_UPSTREAMS,
                f"{SECOND_SERVICE}.real_servers": ["app1"],
                f"{FIRST_UPSTREAM}.servers": [{"address": OTHER_VIP, "port": 25}],
            },
            id="upstream that is another service",
        ),
    ],
)
def test_what_is_legitimate_is_accepted(changes):
    assert problems_with(changes) == []


@pytest.mark.parametrize(("changes", "path", "fragments"), MISTAKES)
def test_one_mistake_is_reported_once_with_its_path_reason_and_remedy(changes, path, fragments):
    told_once(changes, path, fragments)


def test_a_circle_of_two_upstreams_is_told_of_both():
    circle = {
        **TWO_UPSTREAMS,
        f"{FIRST_UPSTREAM}.servers": [{"host": "web1", "port": 25}],
        f"{SECOND_UPSTREAM}.servers": [{"host": "web2", "port": 80}],
    }

    assert [problem.path for problem in problems_with(circle)] == [
        f"{upstream}.servers[0]" for upstream in (FIRST_UPSTREAM, SECOND_UPSTREAM)
    ]


def test_a_circle_by_way_of_a_service_is_told():
    circle = {
        **TWO_UPSTREAMS,
        f"{SECOND_SERVICE}.real_servers": ["app1"],
        f"{FIRST_UPSTREAM}.servers": [{"address": OTHER_VIP, "port": 25}],
        f"{SECOND_UPSTREAM}.servers": [{"host": "web2", "port": 80}],
    }

    assert [problem.path for problem in problems_with(circle)] == [
        f"{upstream}.servers[0]" for upstream in (FIRST_UPSTREAM, SECOND_UPSTREAM)
    ]


def test_a_circle_by_way_of_a_group_reached_by_nat_is_told():
    """Its real servers have not the address themselves."""
    circle = {
        f"{FIRST_SERVICE}.lb_kind": "NAT",
        f"{FIRST_SERVICE}.address": REMOVED,
        f"{FIRST_SERVICE}.port": REMOVED,
        f"{FIRST_SERVICE}.group": [{"address": VIP, "port": 80}, {"address": VIP, "port": 8080}],
        f"{FIRST_UPSTREAM}.servers": [{"address": VIP, "port": 8080}],
    }

    assert [problem.path for problem in problems_with(circle)] == [f"{FIRST_UPSTREAM}.servers[0]"]

# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is told of a description as a whole; one mistake of each kind is told in the files beside this one."""

from __future__ import annotations

import pytest
from ansible_collections.lvs.cluster.tests.unit.plugins.module_utils._description.example import (
    HOSTS,
    INSTANCE,
    OTHER_INSTANCE,
    OTHER_VIP,
    REMOVED,
    SERVICE,
    UPSTREAM,
    VIP,
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
    TWO_OF_EACH,
    TWO_UPSTREAMS,
    UPSTREAMS,
    problems_with,
)


@pytest.mark.parametrize("host", HOSTS)
def test_the_good_description_has_no_problems(host):
    assert problems_with({}, host) == []


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param(TWO_UPSTREAMS, id="two of each"),
        pytest.param({UPSTREAMS: REMOVED}, id="no upstreams"),
        pytest.param({UPSTREAMS: REMOVED, SERVICES: REMOVED}, id="VRRP alone"),
    ],
)
def test_what_is_legitimate_is_accepted(changes):
    assert problems_with(changes) == []


OTHER_PORT = {"host": "web2", "port": 81, "lb_kind": "DR"}


def test_all_mistakes_are_reported_at_once():
    problems = problems_with(
        {
            f"{FIRST_INSTANCE}.virtual_router_id": 256,
            f"{FIRST_INSTANCE}.advert_int": 0,
            f"{FIRST_INSTANCE}.authentication": {"auth_pass": "123456789"},
            f"{FIRST_INSTANCE}.hosts": ["lvs1", "lvs1", "lvs9"],
            f"{FIRST_INSTANCE}.virtual_ipaddress": [f"{VIP}/32", f"{VIP}/32", "192.0.2.11/32"],
            f"{FIRST_SERVICE}.address": OTHER_VIP,
            f"{FIRST_SERVICE}.lb_algo": "fastest",
            f"{FIRST_SERVICE}.lb_kind": "TUNNEL",
            f"{FIRST_SERVICE}.check.typo": 1,
            f"{FIRST_SERVICE}.real_servers": [{"host": "web1", "weight": "ten"}, OTHER_PORT, "web9"],
            f"{FIRST_UPSTREAM}.servers": [],
            f"{FIRST_UPSTREAM}.virtual_server": "wep",
            "hosts.web1.ansible_host": "web1.example",
            "lvs_unheard_of": 1,
        }
    )

    assert sorted(problem.path for problem in problems) == sorted(
        [
            "lvs_unheard_of of host lvs1, web1, web2",
            f"{FIRST_INSTANCE}.virtual_router_id",
            f"{FIRST_INSTANCE}.advert_int",
            f"{FIRST_INSTANCE}.authentication.auth_pass",
            f"{FIRST_INSTANCE}.hosts[1]",
            f"{FIRST_INSTANCE}.hosts[2]",
            f"{FIRST_INSTANCE}.virtual_ipaddress[1]",
            f"{FIRST_INSTANCE}.virtual_ipaddress[2]",
            f"{FIRST_SERVICE}.address",
            f"{FIRST_SERVICE}.lb_algo",
            f"{FIRST_SERVICE}.lb_kind",
            f"{FIRST_SERVICE}.check.typo",
            f"{FIRST_SERVICE}.real_servers[0]",
            f"{FIRST_SERVICE}.real_servers[0].weight",
            f"{FIRST_SERVICE}.real_servers[1].port",
            f"{FIRST_SERVICE}.real_servers[2]",
            f"{FIRST_UPSTREAM}.servers",
            f"{FIRST_UPSTREAM}.virtual_server",
        ]
    )


@pytest.mark.parametrize(
    ("changes", "paths"),
    [
        pytest.param(
            {**TWO_UPSTREAMS, f"{FIRST_INSTANCE}.name": "a b", f"{SECOND_INSTANCE}.name": "c d"},
            [f"{FIRST_INSTANCE}.name", f"{SECOND_INSTANCE}.name"],
            id="two refused names are not one name",
        ),
        pytest.param(
            {
                **TWO_UPSTREAMS,
                f"{SECOND_SERVICE}.address": VIP,
                f"{FIRST_SERVICE}.port": "http",
                f"{SECOND_SERVICE}.port": "smtp",
            },
            [f"{FIRST_SERVICE}.port", f"{SECOND_SERVICE}.port"],
            id="two refused ports are not one port",
        ),
        pytest.param(
            {**TWO_UPSTREAMS, f"{UPSTREAMS}[0].virtual_server": "a b", f"{UPSTREAMS}[1].virtual_server": "c d"},
            [f"{FIRST_UPSTREAM}.virtual_server", f"{SECOND_UPSTREAM}.virtual_server"],
            id="two refused virtual servers are not one",
        ),
        pytest.param(
            {f"{FIRST_SERVICE}.real_servers": ["web9", {"host": "web9", "weight": 2}]},
            [f"{FIRST_SERVICE}.real_servers[{place}]" for place in (0, 1, 1)],
            id="an unknown host twice is unknown and twice",
        ),
        pytest.param(
            {**TWO_OF_EACH, f"{FIRST_SERVICE}.name": "a b", f"{SECOND_SERVICE}.name": "c d"},
            [f"{FIRST_SERVICE}.name", f"{SECOND_SERVICE}.name", f"{FIRST_UPSTREAM}.virtual_server"],
            id="two services without a name still need to be told apart",
        ),
    ],
)
def test_each_mistake_is_reported_for_itself(changes, paths):
    assert [problem.path for problem in problems_with(changes)] == paths


def test_three_of_a_kind_are_two_problems():
    third = {**OTHER_INSTANCE, "name": "third", "virtual_router_id": 51, "virtual_ipaddress": [f"{VIP}/32"]}
    problems = problems_with(
        {
            UPSTREAMS: [{**UPSTREAM, "name": name, "virtual_server": "web"} for name in ("a", "b", "c")],
            SERVICES: [SERVICE, {**SERVICE, "name": "b"}, {**SERVICE, "name": "c"}],
            INSTANCES: [INSTANCE, {**third, "name": "second"}, third],
        }
    )

    assert sorted(problem.path for problem in problems) == sorted(
        f"{path}.{key}"
        for key, paths in {
            "virtual_router_id": [f"{INSTANCES}[1]", f"{INSTANCES}[2]"],
            "virtual_ipaddress[0]": [f"{INSTANCES}[1]", f"{INSTANCES}[2]"],
            "address": [f"{SERVICES}[1]", f"{SERVICES}[2]"],
            "virtual_server": [f"{UPSTREAMS}[1]", f"{UPSTREAMS}[2]"],
        }.items()
        for path in paths
    )

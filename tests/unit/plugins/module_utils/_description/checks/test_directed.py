# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Services that no VRRP instance carries: hosts direct them, without keepalived."""

from __future__ import annotations

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._description import inventory
from ansible_collections.lvs.cluster.tests.unit.plugins.module_utils._description.example import (
    HOSTS,
    OTHER_SERVICE,
    OTHER_VIP,
    REMOVED,
    STATIC,
    VIP,
    hostvars,
)
from ansible_collections.lvs.cluster.tests.unit.plugins.module_utils._description.mistakes import (
    FIRST_SERVICE,
    FIRST_UPSTREAM,
    INSTANCES,
    SECOND_SERVICE,
    bad,
    problems_with,
    told_once,
)

HOSTS_OF = f"{FIRST_SERVICE}.hosts"
# A second service on the same address, and one beside an instance.
SECOND = {f"{FIRST_UPSTREAM}.virtual_server": "web", SECOND_SERVICE: {**OTHER_SERVICE, "hosts": ["lvs1"]}}
SAME_ADDRESS = {**STATIC, **SECOND, f"{SECOND_SERVICE}.address": VIP}
BESIDE = {f"{FIRST_UPSTREAM}.virtual_server": "web", SECOND_SERVICE: {**OTHER_SERVICE, "hosts": ["app1"]}}

MISTAKES = [
    bad("no host", {**STATIC, HOSTS_OF: []}, "is empty", "Write at least 1", path=HOSTS_OF),
    bad("no host of the inventory", {**STATIC, HOSTS_OF: ["lvs9"]}, "is not a host", path=f"{HOSTS_OF}[0]"),
    bad(
        "the same machine twice",
        {"hosts.lvs2.ansible_host": HOSTS["lvs1"], **STATIC, HOSTS_OF: ["lvs1", "lvs2"]},
        "is the same machine as lvs1",
        path=f"{HOSTS_OF}[1]",
    ),
    bad(
        "an address that an instance carries",
        {HOSTS_OF: ["app1"]},
        f"are told for {VIP}, which floats with instance web over hosts of its own",
        "Remove hosts",
    ),
    bad(
        "a host with an instance beside one without",
        {**BESIDE, f"{SECOND_SERVICE}.hosts": ["lvs2", "app1"]},
        '= "lvs2": is a host of instance web, whose keepalived owns its IPVS table',
        f"Give {OTHER_VIP} to an instance",
        path=f"{SECOND_SERVICE}.hosts[0]",
    ),
    bad(
        "an address that keepalived does not place",
        {**BESIDE, f"{SECOND_SERVICE}.hosts": ["lvs1"], f"{SECOND_SERVICE}.label": "eth0:web"},
        "is for an address that a host without keepalived gets",
        "lvs_static_ipaddress",
    ),
    bad("a host's own address", {**STATIC, f"{FIRST_SERVICE}.address": HOSTS["app1"]}, "the address of host app1, and"),
    bad(
        "a real server that directs",
        {**STATIC, f"{FIRST_SERVICE}.real_servers[0]": "lvs1"},
        "is a director of this address",
    ),
    bad(
        "a real server at the address of a service",
        {**STATIC, f"{FIRST_SERVICE}.real_servers[0]": {"address": VIP}},
        "is the address of virtual server web",
        path=f"{FIRST_SERVICE}.real_servers[0].address",
    ),
    bad(
        "a check",
        {**STATIC, f"{FIRST_SERVICE}.check": {"type": "TCP_CHECK", "retry": 1}},
        "nothing there checks a real server",
        "have an instance carry the address",
    ),
    bad("an interval of checks", {**STATIC, f"{FIRST_SERVICE}.delay_loop": 2}, "= 2: is for keepalived"),
    bad("a sorry server", {**STATIC, f"{FIRST_SERVICE}.sorry_server": "app1"}, "is for keepalived"),
    bad("a quorum", {**STATIC, f"{FIRST_SERVICE}.quorum": 2}, "= 2: is for keepalived"),
    bad("lines of keepalived.conf", {**STATIC, f"{FIRST_SERVICE}.raw": ["snmp_name a"]}, "is for keepalived"),
    bad(
        "lines of keepalived.conf for a real server",
        {**STATIC, f"{FIRST_SERVICE}.real_servers[0]": {"host": "web1", "raw": ["snmp_name a"]}},
        "is for keepalived",
        path=f"{FIRST_SERVICE}.real_servers[0].raw",
    ),
    bad(
        "a label of another interface",
        {**STATIC, f"{FIRST_SERVICE}.interface": "eth0", f"{FIRST_SERVICE}.label": "eth1:web"},
        '= "eth1:web": is no label of eth0',
        "Write eth0:WORD",
    ),
    bad(
        "an interface for an address that floats",
        {f"{FIRST_SERVICE}.interface": "eth0"},
        "is for an address that one host gets, and hosts names none",
        "write hosts: [HOST]",
    ),
    bad(
        "a label for an address that somebody else moves",
        {**STATIC, HOSTS_OF: ["lvs1", "lvs2"], f"{FIRST_SERVICE}.label": "eth0:web"},
        "who has that of several is somebody else's matter",
    ),
    bad(
        "another host for the same address",
        {**SAME_ADDRESS, f"{SECOND_SERVICE}.hosts": ["lvs2"]},
        "is not that of virtual server web, which has the same address",
        "Write the same for both: lvs1",
    ),
    bad(
        "another interface for the same address",
        {**SAME_ADDRESS, f"{SECOND_SERVICE}.interface": "eth1"},
        "Write the same for both: nothing",
    ),
    bad(
        "what is said of a keepalived that nobody has",
        {**STATIC, "lvs_global_defs": {"smtp_alert_vrrp": False}},
        "is for keepalived, which only a host of lvs_vrrp_instances has",
        path="lvs_global_defs.smtp_alert_vrrp",
    ),
    bad(
        "an address of a host without keepalived",
        {
            **BESIDE,
            "lvs_static_ipaddress": [{"address": "198.51.100.9/32", "dev": "eth0", "host": "app1"}],
        },
        "is in no VRRP instance",
        path="lvs_static_ipaddress[0].host",
    ),
]


@pytest.mark.parametrize(("changes", "path", "fragments"), MISTAKES)
def test_each_mistake_is_told_once_with_its_place_and_its_remedy(changes, path, fragments):
    told_once(changes, path, fragments)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param(STATIC, id="one host"),
        pytest.param({**STATIC, HOSTS_OF: ["lvs1", "lvs2"]}, id="an address that somebody else moves"),
        pytest.param(SAME_ADDRESS, id="two services on one address"),
        pytest.param({**STATIC, **SECOND, f"{SECOND_SERVICE}.hosts": ["lvs2"]}, id="two directors, each with its own"),
        pytest.param(BESIDE, id="beside an instance of other hosts"),
        pytest.param(
            {**BESIDE, f"{SECOND_SERVICE}.hosts": ["lvs1", "lvs2"], f"{SECOND_SERVICE}.check": {}},
            id="hosts of an instance, which check its servers",
        ),
        pytest.param({**STATIC, "lvs_global_defs": {"lvs_timeouts": {"tcp": 30}}}, id="timeouts"),
        pytest.param(
            {**STATIC, f"{FIRST_SERVICE}.interface": "eth1", f"{FIRST_SERVICE}.label": "eth1:web"},
            id="interface, label",
        ),
    ],
)
def test_what_is_legitimate_is_accepted(changes):
    assert problems_with(changes) == []


def test_who_names_neither_instance_nor_hosts_is_told_of_both():
    (problem,) = problems_with({INSTANCES: REMOVED})

    assert "is carried by no VRRP instance" in str(problem)
    assert "write hosts: [HOST]" in str(problem)


def test_a_run_says_that_nothing_checks_the_real_servers():
    def remarks(changes):
        (entry,) = inventory.views(hostvars(changes), ["lvs1"])
        return entry["cluster"]["remarks"]

    assert remarks({}) == []
    (line,) = remarks({**STATIC, **SECOND})
    assert line.startswith("nothing checks the real servers of web, mail, which hosts direct without keepalived")


def test_nothing_is_remarked_of_a_service_whose_name_is_missing():
    (problem,) = problems_with({**STATIC, f"{FIRST_SERVICE}.name": REMOVED})

    assert problem.path == f"{FIRST_SERVICE}.name"


def test_a_director_outside_the_directors_group_is_told():
    variables = {name: {**each, "group_names": ["web"]} for name, each in hostvars(STATIC).items()}
    entries = inventory.views(variables, ["lvs1"], {"directors": "lvs_directors"})

    assert [each.split(":")[0] for each in entries[0]["cluster"]["problems"]] == [f'{HOSTS_OF}[0] = "lvs1"']

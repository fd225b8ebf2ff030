# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is read of a host's own variables, and what is told of them."""

from __future__ import annotations

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._description import inventory
from ansible_collections.lvs.cluster.tests.unit.plugins.module_utils._description.example import HOSTS, hostvars
from ansible_collections.lvs.cluster.tests.unit.plugins.module_utils._description.mistakes import (
    EVERY,
    FIRST_SERVICE,
    bad,
    problems_with,
    told_once,
)

MISTAKES = [
    bad(
        "misspelt lvs_address of a real server",
        {"hosts.web1.lvs_adress": "198.51.100.21"},
        "is an unknown variable",
        "(did you mean lvs_address or lvs_addresses?)",
        path="lvs_adress of host web1",
    ),
    bad(
        "misspelt lvs_address of a backend",
        {"hosts.app1.lvs_addr": "198.51.100.31"},
        "(did you mean lvs_address or",
        path="lvs_addr of host app1",
    ),
    bad(
        "lvs_address that is empty",
        {"hosts.app1.lvs_address": ""},
        'lvs_address of host app1 = "": is not an IPv4 or IPv6 address',
        path="lvs_address of host app1",
    ),
    bad(
        "lvs_address that is a name",
        {"hosts.web1.lvs_address": "web1.example"},
        '= "web1.example": is not an IPv4 or IPv6 address',
        path="lvs_address of host web1",
    ),
    bad(
        "lvs_interface of two words",
        {"hosts.lvs2.lvs_interface": "eth 0"},
        '= "eth 0": is not a name',
        path="lvs_interface of host lvs2",
    ),
    bad(
        "lvs_addresses that are a list",
        {"hosts.lvs1.lvs_addresses": ["198.51.100.11"]},
        "is a list, not a mapping",
        "Write {INTERFACE: IPv4 or IPv6 address, or list of one of each}",
        path="lvs_addresses of host lvs1",
    ),
    bad(
        "lvs_addresses that hold none",
        {"hosts.lvs1.lvs_addresses": {"eth1": "here"}},
        '= "here": is not an IPv4 or IPv6 address',
        path="lvs_addresses.eth1 of host lvs1",
    ),
    bad(
        "lvs_addresses without an interface",
        {"hosts.lvs1.lvs_addresses": {"eth 1": "198.51.100.11"}},
        '= "eth 1": is not a name',
        path="lvs_addresses of host lvs1",
    ),
    bad(
        "lvs_addresses that are empty", {"hosts.lvs1.lvs_addresses": {}}, "is empty", path="lvs_addresses of host lvs1"
    ),
]


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param(
            {
                "hosts": {
                    **{name: {"ansible_host": HOSTS[name]} for name in HOSTS},
                    "192.0.2.23": {"lvs_address": "192.0.2.23"},
                },
                f"{FIRST_SERVICE}.real_servers[2]": "192.0.2.23",
            },
            id="a host whose name is an address",
        ),
        pytest.param({"hosts.lvs1.lvs_interface": "eth0"}, id="variables of a host"),
    ],
)
def test_what_is_legitimate_is_accepted(changes):
    assert problems_with(changes) == []


@pytest.mark.parametrize(("changes", "path", "fragments"), MISTAKES)
def test_one_mistake_is_reported_once_with_its_path_reason_and_remedy(changes, path, fragments):
    told_once(changes, path, fragments)


def test_hosts_behind_forwarded_ports_are_told_to_have_an_address():
    reached = {f"hosts.{name}.ansible_host": "127.0.0.1" for name in HOSTS}

    (problem,) = problems_with(reached)

    assert str(problem) == (
        f'ansible_host of host {EVERY} = "127.0.0.1": is an address of the loopback, where every host finds itself, so '
        "it is not the host's address in the cluster's network. "
        "Set lvs_address of the host to the one that it has there."
    )
    assert problems_with({**reached, **{f"hosts.{name}.lvs_address": own for name, own in HOSTS.items()}}) == []


def test_a_host_that_is_named_by_its_address_has_an_address():
    variables = hostvars({f"{FIRST_SERVICE}.real_servers[2]": "192.0.2.23"})
    variables["192.0.2.23"] = {key: value for key, value in variables["lvs1"].items() if key != "ansible_host"}

    assert inventory.described(variables, "lvs1")[2] == []
    assert inventory.view(variables, "lvs1")["keepalived"]["virtual_servers"][0]["real_servers"][2]["address"] == (
        "192.0.2.23"
    )

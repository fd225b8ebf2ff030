# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One inventory, several clusters, and hosts that have nothing to do with any."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._description import inventory
from ansible_collections.lvs.cluster.plugins.module_utils._description.views.host import as_json
from ansible_collections.lvs.cluster.tests.unit.plugins.module_utils._description.example import REMOVED, hostvars

GROUPS = {"directors": "lvs_directors", "real_servers": "lvs_realservers"}
VRID, ADDRESSES = "lvs_vrrp_instances[0].virtual_router_id", "lvs_vrrp_instances[0].virtual_ipaddress"
# The second cluster is the first in another network, with a letter before each name.
OTHER = {"lvs_cluster": "other", ADDRESSES: ["198.51.100.100/32"], "lvs_virtual_servers[0].address": "198.51.100.100"}


def plain_views(*arguments: Any) -> list[dict[str, Any]]:
    """As they are kept from task to task."""
    return json.loads(as_json(inventory.views(*arguments)))


def renamed(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {key: renamed(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [renamed(value) for value in tree]
    return f"o{tree}" if tree in hostvars() else tree


def two(
    changes: dict[str, Any] | None = None, others: dict[str, Any] | None = None, network: str = "198.51.100."
) -> dict[str, dict[str, Any]]:
    """The variables of all hosts of two clusters, with changes in each."""
    first = hostvars(changes)
    second = {f"o{host}": renamed(variables) for host, variables in hostvars({**OTHER, **(others or {})}).items()}
    for variables in second.values():
        variables["ansible_host"] = variables["ansible_host"].replace("192.0.2.", network)
    both = {**first, **second}
    groups = {group: [host for host in both if part in host] for group, part in WHERE.items()}
    for host, variables in both.items():
        variables["groups"] = groups
        variables["group_names"] = [group for group, hosts in groups.items() if host in hosts]
    return both


WHERE = {"lvs_directors": "lvs", "lvs_realservers": "web", "lvs_backends": "app"}


def clusters(
    variables: Mapping[str, Any], hosts: Sequence[str], groups: dict[str, str] | None = None
) -> dict[str, Any]:
    return {each["cluster"]["name"]: each["cluster"] for each in inventory.views(variables, hosts, groups)}


def problems(variables: Mapping[str, Any], *hosts: str) -> dict[str, list[str]]:
    found = clusters(variables, hosts or ("lvs1", "olvs1"), GROUPS)
    return {name: each["problems"] for name, each in found.items()}


def test_each_host_is_of_the_cluster_that_its_variables_describe():
    first, other = ["lvs1", "lvs2", "web1", "web2"], ["olvs1", "olvs2", "oweb1", "oweb2"]

    assert clusters(two(), ["lvs1", "olvs1"], GROUPS) == {
        "lvs": {"name": "lvs", "hosts": first, "problems": [], "remarks": []},
        "other": {"name": "other", "hosts": other, "problems": [], "remarks": []},
    }


def test_a_host_has_the_same_view_by_itself_and_among_others():
    hosts = ["oweb1", "lvs1", "web1", "olvs2"]
    found = plain_views(two(), hosts, GROUPS)

    assert [each["host"] for each in found] == hosts
    assert [each["view"] for each in found] == [inventory.view(two(), host) for host in hosts]


def test_nothing_is_derived_from_a_description_with_problems():
    found = plain_views(two(others={VRID: 256}), ["lvs1", "olvs1"], GROUPS)

    assert [bool(each["view"]) for each in found] == [True, False]


def test_without_groups_the_hosts_of_the_play_tell_which_clusters_there_are():
    assert clusters(two(), ["olvs2"]) == {"other": {"name": "other", "hosts": ["olvs2"], "problems": [], "remarks": []}}


def test_a_mistake_of_one_cluster_is_not_the_other_s():
    found = problems(two(others={VRID: 256}))

    assert found["lvs"] == []
    assert found["other"] == [f"{VRID} = 256: is out of range. Write a whole number from 1 to 255."]


def test_a_host_sees_its_own_cluster():
    view = inventory.view(two(), "olvs1")

    assert view["cluster"]["name"] == "other"
    assert view["keepalived"]["vrrp_instances"][0]["unicast_peer"] == ["198.51.100.12"]


@pytest.mark.parametrize(
    ("others", "network", "path", "reason"),
    [
        pytest.param({}, "192.0.2.1", VRID, "is the virtual_router_id of instance web of cluster {}", id="VRID"),
        pytest.param(
            {ADDRESSES: ["192.0.2.99/16"], "lvs_virtual_servers[0].address": "192.0.2.99"},
            "198.51.100.",
            VRID,
            "of cluster {}, on the same network",
            id="VRID in a network that an address tells",
        ),
        pytest.param(
            {ADDRESSES: ["192.0.2.100/32"], "lvs_virtual_servers[0].address": "192.0.2.100"},
            "198.51.100.",
            f"{ADDRESSES}[0]",
            "is an address of cluster {} too",
            id="address",
        ),
    ],
)
def test_what_two_clusters_may_not_share_is_told_to_both_by_name(others, network, path, reason):
    found = problems(two(others=others, network=network))

    for name, other in (("lvs", "other"), ("other", "lvs")):
        (line,) = found[name]
        assert line.startswith(path), line
        assert reason.format(other) in line


@pytest.mark.parametrize(
    ("others", "network"),
    [
        pytest.param({}, "198.51.100.", id="the same VRID in two networks"),
        pytest.param({VRID: 52}, "192.0.2.1", id="two VRIDs in one network"),
    ],
)
def test_what_two_clusters_may_have_is_accepted(others, network):
    assert problems(two(others=others, network=network)) == {"lvs": [], "other": []}


def test_one_name_for_two_descriptions_is_told_once_with_a_host_of_each():
    found = problems(two(others={"lvs_cluster": "lvs"}))

    (line,) = [line for line in found["lvs"] if "another description" in line]
    assert "host olvs1 has another description than host lvs1, both of cluster lvs" in line
    assert "group_vars" in line
    assert "lvs_cluster" in line


def test_a_host_that_another_cluster_names_is_told_by_the_one_that_names_it():
    found = problems(two({"lvs_virtual_servers[0].real_servers[2]": "oweb1"}))

    assert found["other"] == []
    (line,) = found["lvs"]
    assert line.startswith('lvs_cluster of host oweb1 = "other": is not lvs, the cluster that names this host')


def silent(variables, *hosts):
    for host in hosts:
        variables[host] = {name: each for name, each in variables[host].items() if not name.startswith("lvs_")}
    return variables


def test_hosts_for_which_nothing_is_described_are_refused():
    """As where group_vars are not beside the inventory."""
    (line,) = problems(silent(hosts := two(), *hosts))["lvs"]

    assert line.startswith("lvs_*: nothing is described for host lvs1, olvs1, lvs2 and 5 more (is group_vars beside")


@pytest.mark.parametrize("host", ["lvs2", "web1"], ids=["director", "real server"])
def test_one_host_for_which_nothing_is_described_is_refused(host):
    (line,) = problems(silent(two(), host))["lvs"]

    assert f"nothing is described for host {host} (is group_vars" in line


def test_nothing_is_derived_for_a_host_for_which_nothing_is_described():
    with pytest.raises(inventory.BadDescription, match="nothing is described for host web1"):
        inventory.view(silent(two(), "web1"), "web1")


def test_a_host_of_the_group_that_the_description_does_not_name_is_no_problem():
    """It is taken out of what it was."""
    variables = two({"lvs_virtual_servers[0].real_servers": ["web1"]})

    assert problems(variables)["lvs"] == []
    assert inventory.view(variables, "web2")["realserver"]["vips"] == []


class HostVars(dict):
    """The variables of all hosts, which can be had as they are written too, as Ansible's can."""

    def raw_get(self, host):
        return dict(self[host].items())


class Undefined(dict):
    """Variables of which some cannot be templated, as Ansible's are."""

    def __getitem__(self, name):
        value = super().__getitem__(name)
        if value is REMOVED:
            raise LookupError("'nowhere' is undefined")
        return value


def test_a_host_that_has_nothing_to_do_with_a_cluster_is_not_read():
    variables = {**two(), "printer": Undefined(ansible_host=REMOVED, lvs_colour=REMOVED)}

    assert problems(variables) == {"lvs": [], "other": []}
    assert inventory.view(variables, "lvs1")["cluster"]["name"] == "lvs"


@pytest.mark.parametrize("host", ["lvs1", "web2", "app1"])
@pytest.mark.parametrize("name", ["ansible_host", "lvs_address", "lvs_addresses", "lvs_virtual_servers"])
def test_an_undefined_template_of_a_member_names_the_host_and_the_variable(host, name):
    variables = HostVars(two())
    variables[host] = Undefined(variables[host], **{name: REMOVED})

    found = problems(variables)

    assert found["other"] == []
    told = f"{name} of host {host}: cannot be read: 'nowhere' is undefined. Mend it, or what it refers to."
    assert told in found["lvs"] or (host, name) == ("app1", "lvs_virtual_servers")


@pytest.mark.parametrize("left", ["{{ nowhere }}", ["{{ nowhere }}"]], ids=["text", "in a list"])
def test_a_template_that_older_cores_leave_is_undefined(left):
    found = problems(two({"lvs_virtual_servers[0].address": left}))

    assert [
        line for line in found["lvs"] if "lvs_virtual_servers" in line and "'nowhere' has something undefined" in line
    ]


class Vaulted:
    """Encrypted text of ansible-core 2.17 and 2.18: a sequence, but no str."""

    __ENCRYPTED__ = True

    def __str__(self) -> str:
        return "s3cret"


def test_an_encrypted_password_is_text():
    variables = two({"lvs_vrrp_instances[0].authentication": {"auth_pass": Vaulted()}})

    assert problems(variables)["lvs"] == []
    assert inventory.view(variables, "lvs1")["keepalived"]["vrrp_instances"][0]["auth_pass"] == "s3cret"


# What setup tells of a host with two interfaces.
FACTS = {
    "os_family": "Debian",
    "interfaces": ["lo", "eth0", "eth1", "eth2"],
    "all_ipv4_addresses": ["192.0.2.11", "198.51.100.11", "203.0.113.11"],
    "eth0": {"device": "eth0", "ipv4": {"address": "192.0.2.11"}},
    "eth1": {"device": "eth1", "ipv4": {"address": "198.51.100.11"}},
    "eth2": {"device": "eth2"},
}
SOURCES = {f"hosts.{host}.lvs_addresses": {"eth1": f"198.51.100.1{host[-1]}"} for host in ("lvs1", "lvs2")}
ON_ETH1 = {"lvs_vrrp_instances[0].interface": "eth1"}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({}, [], id="all is there"),
        pytest.param({**SOURCES, **ON_ETH1}, [], id="an instance on another interface"),
        pytest.param(
            ON_ETH1,
            [
                "192.0.2.11, from which lvs1 is to send the adverts of VRRP instance web, is not on its interface "
                "eth1, which has 198.51.100.11. Set lvs_addresses of the host to {eth1: ADDRESS}."
            ],
            id="the address of another network",
        ),
        pytest.param(
            {**ON_ETH1, "hosts.lvs1.lvs_addresses": {"eth1": "203.0.113.11"}}, [], id="an address with a label"
        ),
        pytest.param(
            {"hosts.lvs1.lvs_interface": "eth9"},
            [
                "lvs1 has no interface eth9; it has lo, eth0, eth1, eth2. Set lvs_interface of the host, or interface "
                "of the VRRP instance, to one of them."
            ],
            id="no interface",
        ),
        pytest.param(
            {"hosts.lvs1.ansible_host": "192.0.2.99"},
            [
                "no interface of lvs1 has its address in the cluster's network; it has 192.0.2.11, 198.51.100.11, "
                "203.0.113.11. Set lvs_address of the host to one of them, or lvs_interface to the interface that will "
                "have it."
            ],
            id="no such address",
        ),
        pytest.param(
            {"lvs_vrrp_instances[0].interface": "eth2", "lvs_vrrp_instances[0].unicast": False},
            [
                "lvs1 has no address on eth2, where the sync daemon tells connections. Give it one, or write "
                "lvs_sync_daemon: false."
            ],
            id="sync daemon on an interface without an address",
        ),
        pytest.param(
            {**SOURCES, **ON_ETH1, "hosts.lvs1.ansible_host": "lvs1.example"}, [], id="director that no name resolves"
        ),
    ],
)
def test_a_host_s_facts_are_held_against_its_description(changes, expected):
    (found,) = inventory.compared(plain_views(hostvars(changes), ["lvs1"]), {"lvs1": FACTS}, ["Debian"], {})

    assert found["findings"] == expected
    assert found["refused"] == (["lvs1"] if expected else [])


def test_a_host_that_cannot_be_what_it_should_be_stops_its_cluster_and_no_other():
    entries = plain_views(two(), ["lvs1", "lvs2", "olvs1"], GROUPS)
    facts = {"lvs1": {}, "lvs2": {**FACTS, "os_family": "Suse", "distribution": "SLES"}, "olvs1": FACTS}

    found = inventory.compared(entries, facts, ["Debian", "RedHat"], {"lvs1": "No space left on device"})

    assert [each["findings"][:1] for each in found] == [
        ["lvs1 cannot be looked at: No space left on device"],
        ["lvs2 runs SLES; the roles know Debian and RedHat."],
        [],
    ]
    assert [each["refused"] for each in found] == [["lvs1", "lvs2"], ["lvs1", "lvs2"], []]


def test_an_interface_that_the_description_leaves_open_is_the_one_that_has_the_address():
    (found,) = inventory.compared(plain_views(hostvars(), ["lvs1"]), {"lvs1": FACTS}, ["Debian"], {})

    assert found["view"] == inventory.view(hostvars({"hosts.lvs1.ansible_facts": FACTS}), "lvs1")
    assert found["view"]["keepalived"]["vrrp_instances"][0]["interface"] == "eth0"

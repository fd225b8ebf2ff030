# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One inventory, several clusters, and hosts that have nothing to do with any."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._description import inventory
from ansible_collections.lvs.cluster.tests.unit.plugins.module_utils._description.example import (
    REMOVED,
    hostvars,
    plain_views,
)

GROUPS = {"directors": "lvs_directors", "real_servers": "lvs_realservers"}
VRID, ADDRESSES = "lvs_vrrp_instances[0].virtual_router_id", "lvs_vrrp_instances[0].virtual_ipaddress"
SPREAD = "lvs_vrrp_instances[0].spread"
# The second cluster is the first in another network, with a letter before each name.
OTHER = {"lvs_cluster": "other", ADDRESSES: ["198.51.100.100/32"], "lvs_virtual_servers[0].address": "198.51.100.100"}


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
            {VRID: 50, ADDRESSES: ["198.51.100.100/32", "198.51.100.101/32"], SPREAD: True},
            "192.0.2.1",
            VRID,
            "the virtual_router_id of instance we",
            id="VRID that spread gives",
        ),
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
    """The variables of all hosts, rendered and as they are written, as Ansible has them."""

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

# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy
import math
from typing import Any

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._description import inventory, members
from ansible_collections.lvs.cluster.tests.unit.plugins.module_utils._description.example import (
    HOSTS,
    OTHER_INSTANCE,
    OTHER_SERVICE,
    VIP,
    hostvars,
    put,
)
from hypothesis import event, given, settings
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("variables", "address"),
    [
        pytest.param({"ansible_host": "192.0.2.11"}, ["192.0.2.11"], id="ansible_host"),
        pytest.param(
            {"ansible_host": "192.0.2.11", "lvs_address": "198.51.100.11"}, ["198.51.100.11"], id="lvs_address first"
        ),
        pytest.param(
            {"ansible_host": "lvs1.example", "lvs_address": "192.0.2.11"}, ["192.0.2.11"], id="name and address"
        ),
        pytest.param({"ansible_host": "lvs1.example"}, [], id="a name is no address"),
        pytest.param({"ansible_host": "192.0.2.11", "lvs_address": "lvs1"}, [], id="lvs_address is never passed over"),
        pytest.param({"ansible_host": "2001:db8::1"}, ["2001:db8::1"], id="IPv6"),
        pytest.param(
            {"ansible_host": "192.0.2.11", "lvs_address": "2001:db8::11"},
            ["192.0.2.11", "2001:db8::11"],
            id="lvs_address of the other family",
        ),
        pytest.param(
            {"ansible_host": "192.0.2.11", "lvs_address": ["2001:DB8:0::11", "198.51.100.11"]},
            ["198.51.100.11", "2001:db8::11"],
            id="lvs_address of both, that of IPv4 first",
        ),
        pytest.param({"ansible_host": "fe80::1"}, [], id="IPv6 of one link"),
        pytest.param({"ansible_host": "127.0.0.1"}, [], id="a port that is forwarded"),
        pytest.param({"inventory_hostname": "192.0.2.11"}, ["192.0.2.11"], id="its name"),
        pytest.param(
            {"inventory_hostname": "192.0.2.11", "ansible_host": "lvs1.example"}, [], id="its name, and another"
        ),
        pytest.param({}, [], id="neither"),
    ],
)
def test_a_host_s_addresses_are(variables, address):
    held = members.host_addresses(variables)
    assert [held[family] for family in ("ipv4", "ipv6") if family in held] == address


def problems_of(variables, host, groups=None):
    """What is wrong with the only cluster of an inventory."""
    (found,) = inventory.views(variables, [host], groups)
    return found["cluster"]["problems"]


def test_a_bad_description_names_every_problem_in_its_text():
    variables = hostvars({"lvs_vrrp_instances[0].virtual_router_id": 0, "lvs_virtual_servers[0].lb_algo": "wrrr"})

    with pytest.raises(inventory.BadDescription) as caught:
        inventory.view(variables, "lvs1")

    assert str(caught.value).splitlines()[1:] == problems_of(variables, "lvs1")
    assert len(problems_of(variables, "lvs1")) == 2


def test_a_problem_is_one_sentence_of_path_value_reason_and_remedy():
    variables = hostvars({"lvs_vrrp_instances[0].virtual_router_id": 256})

    assert problems_of(variables, "lvs1") == [
        "lvs_vrrp_instances[0].virtual_router_id = 256: is out of range. Write a whole number from 1 to 255."
    ]


def test_variables_of_others_are_left_alone():
    assert problems_of(hostvars({"nginx_port": 80, "lab_networks": "x", "ansible_port": 22}), "lvs1") == []


def test_reading_leaves_the_variables_as_they_were():
    variables = hostvars()
    before = copy.deepcopy(variables)
    inventory.view(variables, "lvs1")

    assert variables == before


# Whatever a YAML file may hold, and often what belongs there.
plausible = st.sampled_from(
    [None, True, False, 0, 1, 2, 3, 80, 0.5, "80", *HOSTS, *HOSTS.values(), VIP, f"{VIP}/32", "web", "mh", "HTTP_GET"]
)
scalars = plausible | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.just(10**400)
keys = (
    st.text(max_size=6) | st.integers(0, 99) | st.sampled_from(["name", "host", "address", "port", "weight", "check"])
)
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3), max_leaves=8
)


def paths(tree: Any, path: str = "") -> list[str]:
    """The path of everything in a description."""
    pairs = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    found = []
    for key, value in pairs:
        here = f"{path}[{key}]" if isinstance(key, int) else f"{path}.{key}" if path else key
        found += [here, *paths(value, here)]
    return found


GOOD = {name: value for name, value in hostvars()["lvs1"].items() if name.startswith("lvs_")}
GOOD["lvs_vrrp_instances"][0].update(version=2, interface="eth0", advert_int=1, preempt=True, preempt_delay=0)
GOOD["lvs_vrrp_instances"][0]["authentication"] = {"auth_pass": "secret"}
GOOD["lvs_virtual_servers"][0]["sorry_server"] = {"host": "app1"}
GOOD["lvs_virtual_servers"][0].update({"mh-port": False, "delay_loop": 6, "quorum": 1})
GOOD["lvs_nginx_upstreams"][0].update(virtual_server="web", method="least_conn")


def is_accepted_or_refused(tables: dict[str, Any]) -> None:
    variables = {name: {"ansible_host": address, **tables} for name, address in HOSTS.items()}
    problems = problems_of(variables, "lvs1")
    event("refused" if problems else "accepted")

    assert [line for line in problems if "\n" in line] == []
    for host in HOSTS if not problems else ():
        inventory.view(variables, host)


@given(
    st.dictionaries(
        st.sampled_from(
            ["lvs_vrrp_instances", "lvs_virtual_servers", "lvs_nginx_upstreams", "lvs_sync_daemon", "lvs_x"]
        ),
        anything | st.lists(st.dictionaries(keys, anything, max_size=4), max_size=3),
    )
)
@settings(max_examples=60, deadline=None)
def test_whatever_the_tables_hold_is_accepted_or_refused(tables):
    is_accepted_or_refused(tables)


@given(st.dictionaries(st.sampled_from(paths(GOOD)), plausible | anything, min_size=1, max_size=2))
@settings(max_examples=150, deadline=None)
def test_whatever_is_put_into_a_good_description_is_accepted_or_refused(changes):
    tables = copy.deepcopy(GOOD)
    # The deepest first: a change may close another's way.
    for path in sorted(changes, key=len, reverse=True):
        put(tables, path, changes[path])

    is_accepted_or_refused(tables)


# By path, values that are good whatever the others are.
GOOD_ANYWAY: dict[str, list[Any]] = {
    "lvs_sync_daemon": [True, False],
    "lvs_vrrp_instances[0].hosts": [["lvs1"], ["lvs2", "lvs1"]],
    "lvs_vrrp_instances[0].unicast": [True, False],
    "lvs_vrrp_instances[0].preempt": [True, False],
    "lvs_vrrp_instances[0].interface": ["eth0"],
    "lvs_vrrp_instances[1]": [OTHER_INSTANCE],
    "lvs_virtual_servers[0].lb_algo": ["rr", "mh", "sh"],
    "lvs_virtual_servers[0].real_servers": [["web1"], [{"address": "198.51.100.9", "weight": 0}], ["app2", "web2"]],
    "lvs_virtual_servers[0].sorry_server": ["app1", {"address": "198.51.100.9"}],
    "lvs_virtual_servers[0].check": [{}, {"type": "HTTP_GET", "status_code": 204}, {"connect_port": 8080}],
    "lvs_virtual_servers[1]": [{**OTHER_SERVICE, "address": VIP}, {**OTHER_SERVICE, "address": VIP, "port": 8080}],
    "lvs_nginx_upstreams[0].virtual_server": ["web"],
    "lvs_nginx_upstreams[0].servers": [["app1"], [{"address": "198.51.100.9"}, {"host": "web1", "backup": True}]],
    "lvs_nginx_upstreams[0].method": ["round_robin", "least_conn"],
}


@given(st.fixed_dictionaries({}, optional={path: st.sampled_from(values) for path, values in GOOD_ANYWAY.items()}))
@settings(deadline=None)
def test_every_host_has_a_view_of_what_is_accepted(changes):
    variables = hostvars({"lvs_nginx_upstreams[0].virtual_server": "web", **changes})

    for host in HOSTS:
        assert inventory.view(variables, host)["keepalived"]["router_id"] == host


def texts(tree: Any) -> Any:
    """The same, with every number as text."""
    if isinstance(tree, dict):
        return {key: texts(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [texts(value) for value in tree]
    return tree if isinstance(tree, (bool, str)) else str(tree)


def seconds_on_a_grid(low: float, high: float, digits: int = 3) -> st.SearchStrategy[float]:
    """Of milliseconds, unless digits say otherwise; whole ones, which may be written as such, often enough."""
    grid = st.integers(round(low * 10**digits), round(high * 10**digits)).map(lambda steps: steps / 10**digits)
    return grid | st.integers(math.ceil(low), math.floor(high))


@given(
    st.fixed_dictionaries(
        {
            "lvs_vrrp_instances[0].virtual_router_id": st.integers(1, 255),
            "lvs_vrrp_instances[0].version": st.just(3),
            "lvs_vrrp_instances[0].advert_int": seconds_on_a_grid(0.01, 40.95, digits=2),
            "lvs_vrrp_instances[0].preempt_delay": seconds_on_a_grid(0, 1000),
            "lvs_virtual_servers[0].port": st.integers(1, 65535),
            "lvs_virtual_servers[0].delay_loop": seconds_on_a_grid(0.001, 86400),
            "lvs_virtual_servers[0].persistence_timeout": st.integers(0, 2678400),
            "lvs_virtual_servers[0].check.path": st.just("/page"),
            "lvs_virtual_servers[0].check.status_code": st.integers(100, 599),
            "lvs_virtual_servers[0].check.retry": st.integers(0, 1000),
            "lvs_virtual_servers[0].real_servers[1].weight": st.integers(0, 65535),
            "lvs_nginx_upstreams[0].port": st.integers(1, 65535),
            "lvs_nginx_upstreams[0].servers[1].max_fails": st.integers(0, 1000),
            "lvs_nginx_upstreams[0].proxy_connect_timeout": seconds_on_a_grid(0.001, 75),
        }
    )
)
@settings(max_examples=50, deadline=None)
def test_a_number_may_be_given_as_text_and_means_the_same(numbers):
    as_numbers = hostvars(numbers)
    as_texts = {name: texts(variables) for name, variables in as_numbers.items()}

    for host in HOSTS:
        assert inventory.view(as_texts, host) == inventory.view(as_numbers, host)


def test_host_with_another_description_is_told():
    """As where the description stands in group_vars of the directors alone."""
    variables = hostvars()
    variables["web2"] = {**variables["web2"], "lvs_sync_daemon": False}

    (problem,) = problems_of(variables, "lvs1")

    assert problem.startswith(
        "lvs_*: host web2 has another description than host lvs1, both of cluster lvs. Put it into group_vars"
    )


GROUPS = {"directors": "lvs_directors", "real_servers": "lvs_realservers"}


@pytest.mark.parametrize(
    ("host", "groups", "problems"),
    [
        ("lvs2", ["lvs_directors"], []),
        ("lvs2", ["all"], ['lvs_vrrp_instances[0].hosts[1] = "lvs2": is not in the group lvs_directors']),
        ("web2", ["lvs_realservers"], []),
        (
            "web2",
            ["lvs_directors"],
            ['lvs_virtual_servers[0].real_servers[1] = "web2": is not in the group lvs_realser'],
        ),
        ("app2", ["all"], ['lvs_virtual_servers[0].sorry_server = "app2": is not in the group lvs_realservers']),
    ],
)
def test_a_host_that_no_play_sets_up_is_refused(host, groups, problems):
    variables = hostvars({"lvs_virtual_servers[0].sorry_server": "app2"})
    for name in variables:
        variables[name]["group_names"] = ["lvs_directors", "lvs_realservers"] if name != host else groups

    found = problems_of(variables, "lvs1", GROUPS)

    assert [line[: len(start)] for line, start in zip(found, problems, strict=True)] == problems


def remarks_on(variables, **groups):
    """What is remarked upon where one host is in more groups than the others."""
    for name, own in variables.items():
        own["group_names"] = groups.get(name, {"l": ["lvs_directors"], "w": ["lvs_realservers"]}.get(name[0], []))
        own["groups"] = {}
    return inventory.views(variables, list(HOSTS), GROUPS)[0]["cluster"]["remarks"]


def test_a_host_of_a_group_that_no_list_names_is_told():
    (remark,) = remarks_on(hostvars(), app1=["lvs_directors"])

    assert remark.startswith("host app1 is in the group lvs_directors, and no list of cluster lvs names it: it loses")
    assert remarks_on(hostvars()) == []


def test_nobody_is_remarked_upon_beside_a_mistake_which_may_be_the_cause():
    assert remarks_on(hostvars({"lvs_vrrp_instances[0].hosts[1]": "lvs 2"})) == []


def test_groups_that_are_not_known_are_not_asked_for():
    assert problems_of(hostvars(), "lvs1", {}) == []

# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import stat

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.lvs.cluster.plugins.filter import described, view
from ansible_collections.lvs.cluster.plugins.module_utils._description import inventory
from ansible_collections.lvs.cluster.plugins.plugin_utils import _described
from ansible_collections.lvs.cluster.tests.unit.plugins.module_utils._description.example import hostvars

BAD = {"lvs_vrrp_instances[0].virtual_router_id": 0, "lvs_virtual_servers[0].lb_algo": "wrrr"}
OTHER_ALGO = {"lvs_virtual_servers[0].lb_algo": "lc"}
view_of = view.FilterModule().filters()["view"]
described_of = described.FilterModule().filters()["described"]


@pytest.fixture(autouse=True)
def of_this_run(tmp_path, monkeypatch):
    """The directory that Ansible makes for each run."""
    monkeypatch.setattr(_described.constants, "DEFAULT_LOCAL_TMP", str(tmp_path))
    return tmp_path


def test_a_good_description_has_a_view_for_each_role():
    assert sorted(view_of(hostvars(), "lvs1")) == [
        "cluster",
        "director",
        "host",
        "keepalived",
        "marking",
        "nginx",
        "realserver",
    ]


def test_a_view_needs_a_good_description_and_fails_with_all_its_problems():
    with pytest.raises(AnsibleFilterError) as caught:
        view_of(hostvars(BAD), "lvs1")

    problems = inventory.views(hostvars(BAD), ["lvs1"])[0]["cluster"]["problems"]
    assert len(problems) == 2
    assert [line for line in problems if line not in str(caught.value)] == []


def test_what_was_derived_for_all_hosts_is_not_derived_again():
    _described.keep(inventory.views(hostvars(OTHER_ALGO), ["lvs1", "web1"]))

    assert view_of(hostvars(), "lvs1") == view_of(hostvars(OTHER_ALGO), "lvs1")
    assert view_of(hostvars(), "lvs2")["keepalived"]["virtual_servers"][0]["lb_algo"] == "wrr"


def test_a_host_s_own_facts_tell_the_interface_that_was_left_open():
    facts = {
        "interfaces": ["ens3"],
        "ens3": {"device": "ens3", "ipv4": {"address": hostvars()["web1"]["ansible_host"]}},
    }
    _described.keep(inventory.views(hostvars(), ["web1"]))

    assert view_of(hostvars({"hosts.web1.ansible_facts": facts}), "web1")["realserver"]["interface"] == "ens3"


def test_a_view_that_was_compared_with_facts_asks_for_no_facts_again():
    """They are the largest of a host's variables, and each task of each host would template them."""
    _described.keep([{**each, "refusal": ""} for each in inventory.views(hostvars(), ["web1"])])

    assert view_of({}, "web1") == inventory.view(hostvars(), "web1")


def test_what_was_kept_of_a_bad_description_gives_no_view():
    _described.keep(inventory.views(hostvars(BAD), ["lvs1"]))

    assert _described.kept_view("lvs1") == {}
    with pytest.raises(AnsibleFilterError, match="has problems"):
        view_of(hostvars(BAD), "lvs1")


def test_the_last_reading_counts():
    for changes in (BAD, OTHER_ALGO):
        _described.keep(inventory.views(hostvars(changes), ["lvs1"]))

    assert described_of("lvs1")["cluster"]["problems"] == []


def test_what_is_kept_is_for_this_user_alone(of_this_run):
    _described.keep(inventory.views(hostvars(), ["lvs1"]))

    paths = list(of_this_run.iterdir())
    assert [stat.S_IMODE(path.stat().st_mode) for path in paths] == [0o600] * 2


def test_any_name_of_a_host_will_do():
    _described.keep([{"host": "../we b/1", "view": {}}])

    assert described_of("../we b/1") == {"host": "../we b/1"}


def test_a_host_of_which_nothing_is_known_is_told_what_is_missing():
    with pytest.raises(AnsibleFilterError, match=r"host lvs9 in a cluster: run lvs\.cluster\.description_read before"):
        described_of("lvs9")

# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.lvs.cluster.plugins.filter import clusters, findings, view
from ansible_collections.lvs.cluster.tests.unit.plugins.module_utils._cluster.example import hostvars

BAD = {"lvs_vrrp_instances[0].virtual_router_id": 0, "lvs_virtual_servers[0].lb_algo": "wrrr"}
view_of = view.FilterModule().filters()["view"]
clusters_of = clusters.FilterModule().filters()["clusters"]
findings_of = findings.FilterModule().filters()["findings"]


def test_a_good_description_has_a_view_for_each_role():
    assert sorted(view_of(hostvars(), "lvs1")) == ["cluster", "director", "keepalived", "nginx", "realserver"]


@pytest.mark.parametrize(("of_host", "error"), [(view_of, AnsibleFilterError), (findings_of, ValueError)])
def test_what_needs_a_good_description_fails_with_all_its_problems(of_host, error):
    with pytest.raises(error) as caught:
        of_host(hostvars(BAD), "lvs1")

    problems = clusters_of(hostvars(BAD), ["lvs1"])["lvs"]["problems"]
    assert len(problems) == 2
    assert [line for line in problems if line not in str(caught.value)] == []

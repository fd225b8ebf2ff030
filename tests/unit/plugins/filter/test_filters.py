# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.lvs.cluster.plugins.filter import problems, view
from ansible_collections.lvs.cluster.tests.unit.plugins.module_utils._cluster.example import hostvars

BAD = {"lvs_vrrp_instances[0].virtual_router_id": 0, "lvs_virtual_servers[0].lb_algo": "wrrr"}
view_of = view.FilterModule().filters()["view"]
problems_of = problems.FilterModule().filters()["problems"]


def test_a_good_description_has_a_view_for_each_role():
    assert sorted(view_of(hostvars(), "lvs1")) == ["cluster", "director", "keepalived", "nginx", "realserver"]


def test_the_view_of_a_bad_description_fails_with_all_its_problems():
    with pytest.raises(AnsibleFilterError) as caught:
        view_of(hostvars(BAD), "lvs1")

    assert len(problems_of(hostvars(BAD), "lvs1")) == 2
    assert [line for line in problems_of(hostvars(BAD), "lvs1") if line not in str(caught.value)] == []

# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: problems
short_description: Everything that is wrong with a cluster's description
version_added: 1.0.0
author: lvs.cluster authors
description:
  - Checks the description of a cluster (variables that start with C(lvs_)) as a whole, without touching a host.
  - Each problem names the path, the value, the reason and the remedy. Passwords are not shown.
positional: _input, host, groups
options:
  _input:
    description: The variables of all hosts, C(hostvars).
    type: dict
    required: true
  host:
    description: A host of the cluster; its variables hold the description.
    type: str
    required: true
  groups:
    description:
      - The groups whose hosts get the parts C(directors) and C(real_servers).
      - A host that has the part and is not in the group is a problem.
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Refuse a bad description
  ansible.builtin.assert:
    that: (hostvars | lvs.cluster.problems(inventory_hostname)) == []

- name: Refuse a director too that is not in the group lvs_directors
  ansible.builtin.assert:
    that: (hostvars | lvs.cluster.problems(inventory_hostname, parts)) == []
  vars:
    parts: {directors: lvs_directors}
"""

RETURN = r"""
_value:
  description: The problems, a line each; empty where there is none.
  type: list
  elements: str
"""

from ansible_collections.lvs.cluster.plugins.module_utils._cluster.inventory import problems_of


class FilterModule:
    def filters(self):
        return {"problems": problems_of}

# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: clusters
short_description: The clusters of an inventory, and everything that is wrong with the description of each
version_added: 1.0.0
author: lvs.cluster authors
description:
  - Checks the descriptions (variables that start with C(lvs_)) of all clusters that these hosts are of, each as a
    whole, without touching a host. Hosts of the same C(lvs_cluster) are of one cluster.
  - Each problem names the path, the value, the reason and the remedy. Passwords are not shown.
  - Of the inventory only these hosts, those of the groups, and those that a description names are read.
positional: _input, hosts, groups
options:
  _input:
    description: The variables of all hosts, C(hostvars).
    type: dict
    required: true
  hosts:
    description: Hosts of the clusters, at least one of each; their variables hold the descriptions.
    type: list
    elements: str
    required: true
  groups:
    description:
      - The groups whose hosts get the parts C(directors) and C(real_servers).
      - All their hosts count as if they were in O(hosts).
      - A host that has the part and is not in the group is a problem; one that is in the group without the part is
        remarked upon.
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Refuse a bad description of any cluster
  ansible.builtin.assert:
    that: clusters.values() | map(attribute='problems') | flatten == []
  run_once: true
  vars:
    clusters: "{{ hostvars | lvs.cluster.clusters(ansible_play_hosts_all) }}"

- name: Show all clusters, and refuse a director too that is not in the group lvs_directors
  ansible.builtin.debug:
    msg: "{{ hostvars | lvs.cluster.clusters(ansible_play_hosts_all, parts) }}"
  run_once: true
  vars:
    parts: {directors: lvs_directors, real_servers: lvs_realservers}
"""

RETURN = r"""
_value:
  description: The clusters, by name.
  type: dict
  contains:
    hosts:
      description: Those of the hosts that are of this cluster, by their own variables.
      type: list
      elements: str
    problems:
      description: What is wrong with its description, a line each; empty where nothing is.
      type: list
      elements: str
    remarks:
      description: What may be forgotten, a line each; empty where there are problems.
      type: list
      elements: str
"""

from ansible_collections.lvs.cluster.plugins.module_utils._cluster.inventory import clusters


class FilterModule:
    def filters(self):
        return {"clusters": clusters}

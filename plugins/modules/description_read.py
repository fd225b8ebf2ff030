#!/usr/bin/python
# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: description_read
short_description: Read and check the descriptions of clusters, and derive what each host needs
version_added: 1.0.0
description:
  - Reads the descriptions (variables that start with C(lvs_)) of all clusters that these hosts are of, each once and
    as a whole, checks them, and derives what each host needs, without touching a host. Hosts of the same
    C(lvs_cluster) are of one cluster.
  - What it finds is kept on the controller until the end of the run, in files that only the user may read, and is had
    by the filters P(lvs.cluster.view#filter) and P(lvs.cluster.described#filter). Nothing of it becomes a fact.
  - Each problem names the path, the value, the reason and the remedy. Passwords are not shown.
  - Of the inventory only these hosts, those of the groups, and those that a description names are read.
extends_documentation_fragment:
  - lvs.cluster._description
options:
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
        warned of.
    type: dict
    default: {}
seealso:
  - plugin: lvs.cluster.view
    plugin_type: filter
  - module: lvs.cluster.description_compare
"""

EXAMPLES = r"""
- name: Read the descriptions of all clusters
  lvs.cluster.description_read:
    hosts: "{{ ansible_play_hosts_all }}"
    groups: {directors: lvs_directors, real_servers: lvs_realservers}
  run_once: true

- name: Refuse a bad description
  ansible.builtin.assert:
    that: (inventory_hostname | lvs.cluster.described).cluster.problems == []
"""

RETURN = r"""
clusters:
  description: The clusters, by name.
  returned: always
  type: dict
  contains:
    name:
      description: The name.
      type: str
    hosts:
      description: Those of the hosts that are of this cluster, by their own variables.
      type: list
      elements: str
    speaker:
      description: Of its hosts the one that tells what is wrong, so that it is told once; none if none is in the play.
      type: str
    problems:
      description: What is wrong with its description, a line each; empty where nothing is.
      type: list
      elements: str
    remarks:
      description: What may be forgotten, a line each, as the warnings have it; empty where there are problems.
      type: list
      elements: str
"""

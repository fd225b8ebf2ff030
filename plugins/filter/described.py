# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: described
short_description: What was found out about a host's part in a cluster
version_added: 1.0.0
author: lvs.cluster authors
description:
  - What M(lvs.cluster.description_read) and M(lvs.cluster.description_compare) of this run found out. What the
    description means for the host is had by the filter P(lvs.cluster.view#filter).
positional: _input
options:
  _input:
    description: The host.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Refuse a bad description of the host's cluster
  ansible.builtin.assert:
    that: (inventory_hostname | lvs.cluster.described).cluster.problems == []
"""

RETURN = r"""
_value:
  description: What is known of the host.
  type: dict
  contains:
    host:
      description: The host.
      type: str
    cluster:
      description: Its cluster, as RV(lvs.cluster.description_read#module:clusters) has it.
      type: dict
    findings:
      description: What is wrong with the host and what to do about it, a line each; once it was compared.
      type: list
      elements: str
    refused:
      description: The hosts of its cluster with findings; once it was compared.
      type: list
      elements: str
    refusal:
      description: Why the host must not be touched, to be told; empty if nothing is wrong; once it was compared.
      type: str
"""

from ansible.errors import AnsibleFilterError
from ansible_collections.lvs.cluster.plugins.plugin_utils._described import kept


def described(host):
    entry = kept(host)
    if entry is None:
        raise AnsibleFilterError(
            f"Nothing is known of the part of host {host} in a cluster: run lvs.cluster.description_read before,"
            " as the role lvs.cluster.preflight does"
        )
    return entry


class FilterModule:
    def filters(self):
        return {"described": described}

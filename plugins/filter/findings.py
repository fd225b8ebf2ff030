# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: findings
short_description: What keeps a host from being what its cluster's description says
version_added: 1.0.0
author: lvs.cluster authors
description:
  - Compares what follows from a description, which must be without problems, with the facts of one host, which must
    have been gathered (M(ansible.builtin.setup), at least its subset C(network)).
  - The host must have the interfaces that it needs, and on each of them the address that it is to send adverts from.
positional: _input, host
options:
  _input:
    description: The variables of all hosts, C(hostvars).
    type: dict
    required: true
  host:
    description: The host that is looked at.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Refuse a host that lacks an interface or an address
  ansible.builtin.assert:
    that: (hostvars | lvs.cluster.findings(inventory_hostname)) == []
"""

RETURN = r"""
_value:
  description: What is wrong with the host and what to do about it, a line each; empty where nothing is.
  type: list
  elements: str
"""

from ansible_collections.lvs.cluster.plugins.module_utils._cluster.inventory import findings


class FilterModule:
    def filters(self):
        return {"findings": findings}

# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  _input:
    description: The variables of all hosts, C(hostvars).
    type: dict
    required: true
  hosts:
    description: The hosts of the clusters, as those of the group C(lvs_directors).
    type: list
    elements: str
    required: true
  without:
    description:
      - Clusters, and instances of C(lvs_vrrp_instances), whose addresses are taken out of the names. One that no name
        has is refused, and so is what would leave a name without any address.
    type: list
    elements: str
    default: []
"""

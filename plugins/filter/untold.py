# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: untold
short_description: Whether a director may still send to what has left the description
version_added: 1.0.0
author: lvs.cluster authors
description:
  - The directors of a real server's cluster that this run has not brought to run what is described, be it that
    C(--limit) or C(--tags) leaves them out, or that they failed. What a real server takes away they may still send to.
  - Those in the variable C(keepalived_absent) count as told.
positional: _input, host
options:
  _input:
    description: The variables of all hosts, C(hostvars).
    type: dict
    required: true
  host:
    description: The real server.
    type: str
    required: true
  alone:
    description: Whether to ask of that host alone, which is a director. Of one that is none the answer is empty.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Refuse while a director may still send here
  ansible.builtin.assert:
    that: (hostvars | lvs.cluster.untold(inventory_hostname)) == ''
"""

RETURN = r"""
_value:
  description: Which they are and what to do, to be told; empty if there are none.
  type: str
"""

from ansible_collections.lvs.cluster.plugins.filter.view import view_filter


def untold_filter(hostvars, host, alone=False):
    # Each task of each host is a process that loads all filters up to the one that it needs.
    from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.rollout import untold  # noqa: PLC0415

    cluster = view_filter(hostvars, host)["cluster"]
    directors = [each for each in cluster["directors"] if each == host or not alone]
    return untold(hostvars, directors, cluster["vrrp_hosts"], hostvars[host].get("keepalived_absent", []))


class FilterModule:
    def filters(self):
        return {"untold": untold_filter}

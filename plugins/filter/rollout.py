# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: rollout
short_description: Whether directors may go on together
version_added: 1.0.0
author: lvs.cluster authors
description:
  - What the role P(lvs.cluster.keepalived#role) goes by. From what each director of this run said of itself so far,
    it comes to the same end on each of them, so that all that must agree go on, or none.
positional: _input, host, run
options:
  _input:
    description: The variables of all hosts, C(hostvars).
    type: dict
    required: true
  host:
    description: The host that asks.
    type: str
    required: true
  run:
    description: What this run is, and the host in it.
    type: dict
    required: true
    suboptions:
      instances:
        description: The VRRP instances of the host, as the filter P(lvs.cluster.view#filter) has them.
        type: list
        elements: dict
        required: true
      batch:
        description: The hosts that go on now, C(ansible_play_batch).
        type: list
        elements: str
        required: true
      directors:
        description: All directors of the host's cluster that have keepalived.
        type: list
        elements: str
        required: true
      absent:
        description: Directors that are switched off and need not agree.
        type: list
        elements: str
        required: true
      forks:
        description: How many hosts do a step at once, C(ansible_forks).
        type: int
        required: true
      allow_empty:
        description: Whether a director may lose its last VRRP instance or virtual server.
        type: bool
        required: true
"""

EXAMPLES = r"""
- name: Refuse what not all who must agree can load together
  ansible.builtin.assert:
    that: __keepalived_rollout.refused == ''
  vars:
    __keepalived_rollout: >-
      {{ hostvars | lvs.cluster.rollout(inventory_hostname, __keepalived_run) }}
"""

RETURN = r"""
_value:
  description:
    - V(refused), why the host must not load what is staged, or empty.
    - V(back), why it must go back to what it had loaded before, or empty.
    - V(pending), whether any director has anything to load.
    - V(unsettled), whether any director loaded what all must agree on, or was started, so that another one may become
      master within a while.
    - V(again), whether what runs is to be asked again, on any of them.
    - V(wrong), a list of what is wrong with what runs on it, and with the masters of its instances.
  type: dict
"""

from ansible.errors import AnsibleError


def rollout_filter(hostvars, host, run):
    # Each task of each host is a process that loads all filters up to the one that it needs.
    from ansible_collections.lvs.cluster.plugins.module_utils._description.members import host_addresses  # noqa: PLC0415
    from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.rollout import Run, judge  # noqa: PLC0415

    def host_at(address):
        for name in hostvars:
            try:
                found = host_addresses(hostvars[name])
            except AnsibleError:
                continue  # a host whose variables cannot be read is none of ours
            if address in found.values():
                return name
        return None

    return judge(hostvars, host, Run(**{**run, "forks": int(run["forks"])}), host_at)


class FilterModule:
    def filters(self):
        return {"rollout": rollout_filter}

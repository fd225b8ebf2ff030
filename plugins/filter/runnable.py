# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: runnable
short_description: The hosts of a playbook, unless it was started as it cannot be run
version_added: 1.0.0
author: lvs.cluster authors
description:
  - What the playbooks of this collection begin with. It fails where C(ansible-playbook) was told to leave out what
    cannot be left out (C(--start-at-task), C(--step), C(--skip-tags)), or was given what would select nothing and look
    like a success, a tag that does not exist, or a limit where O(limits) is false.
  - A task could not say so, as tasks are what these options leave out.
  - A playbook of your own that imports one of this collection's is not judged; its tags and tasks are yours.
positional: _input
options:
  _input:
    description: The pattern of hosts.
    type: str
    required: true
  tags:
    description: The tags that the playbook has.
    type: list
    elements: str
    default: []
  needed:
    description: Those of them that cannot be left out.
    type: list
    elements: str
    default: []
  limits:
    description: Whether C(--limit) may take some of the hosts; it may not of what runs where Ansible does, for all.
    type: bool
    default: true
"""

EXAMPLES = r"""
- name: Check the description and the hosts, and change nothing
  hosts: >-
    {{ 'lvs_directors:lvs_realservers' | lvs.cluster.runnable(tags=['preflight', 'keepalived'], needed=['preflight']) }}
  roles:
    - role: lvs.cluster.preflight
      tags: [always, preflight]
"""

RETURN = r"""
_value:
  description: The pattern of hosts, as it was given.
  type: str
"""

from ansible.errors import AnsibleFilterError
from ansible_collections.lvs.cluster.plugins.plugin_utils._asked import asked, refusal


def runnable(hosts, tags=(), needed=(), limits=True):
    refused = refusal(asked(), tags, needed, limits)
    if refused:
        raise AnsibleFilterError(refused)
    return hosts


class FilterModule:
    def filters(self):
        return {"runnable": runnable}

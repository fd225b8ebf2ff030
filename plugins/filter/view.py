# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: view
short_description: What a cluster's description means for one host
version_added: 1.0.0
author: lvs.cluster authors
description:
  - Derives from the description of a cluster (variables that start with C(lvs_)) everything that one host needs,
    as priorities, unicast peers, addresses on the loopback, and what nginx listens on.
  - The roles of this collection take their defaults from it.
  - Once M(lvs.cluster.description_read) has run, as the role P(lvs.cluster.preflight#role) has it, it is what that
    module derived, for the rest of the run. Before, the description is read and derived for this one host; what speaks
    against it on hosts that it does not name, as those of another cluster, is not looked at.
positional: _input, host
options:
  _input:
    description: The variables of all hosts, C(hostvars).
    type: dict
    required: true
  host:
    description: The host whose view is wanted.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Show what keepalived gets on this host
  ansible.builtin.debug:
    msg: "{{ (hostvars | lvs.cluster.view(inventory_hostname)).keepalived }}"
"""

RETURN = r"""
_value:
  description: The view, with the keys V(host), V(cluster), V(keepalived), V(director), V(realserver) and V(nginx).
  type: dict
"""

from ansible.errors import AnsibleFilterError
from ansible_collections.lvs.cluster.plugins.plugin_utils._described import kept, kept_view
from ansible_collections.lvs.cluster.plugins.plugin_utils._files import read_file


def view_filter(hostvars, host):
    entry = kept(host)
    # What was compared with the host's facts has its interface.
    return kept_view(host) if entry and entry.get("refusal") == "" else derived_view(hostvars, host, entry)


def derived_view(hostvars, host, entry):
    # Each task of each host is a process that loads all filters up to the one that it needs.
    from ansible_collections.lvs.cluster.plugins.module_utils._description import facts, inventory  # noqa: PLC0415

    if entry and not entry["cluster"]["problems"]:
        return facts.placed(kept_view(host), hostvars[host].get("ansible_facts", {}))
    try:
        return inventory.view(hostvars, host, read_file)
    except inventory.BadDescription as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    def filters(self):
        return {"view": view_filter}

# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible.plugins.action import ActionBase
from ansible_collections.lvs.cluster.plugins.module_utils._description.inventory import compared
from ansible_collections.lvs.cluster.plugins.plugin_utils._described import keep, kept

# The fact in which the role preflight notes why a host could not be looked at.
UNSEEN = "__preflight_unseen"


class ActionModule(ActionBase):
    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        _validation, options = self.validate_argument_spec(
            {
                "hosts": {"type": "list", "elements": "str", "required": True},
                "os_families": {"type": "list", "elements": "str", "required": True},
            }
        )
        entries = [entry for entry in map(kept, options["hosts"]) if entry and entry["view"]]
        variables = {entry["host"]: task_vars["hostvars"][entry["host"]] for entry in entries}
        facts = {host: each.get("ansible_facts", {}) for host, each in variables.items()}
        unseen = {host: each[UNSEEN] for host, each in variables.items() if UNSEEN in each}
        keep(compared(entries, facts, options["os_families"], unseen))
        return {**result, "changed": False}

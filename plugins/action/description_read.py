# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible.plugins.action import ActionBase
from ansible_collections.lvs.cluster.plugins.module_utils._description.inventory import views
from ansible_collections.lvs.cluster.plugins.plugin_utils._described import keep


class ActionModule(ActionBase):
    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        _validation, options = self.validate_argument_spec(
            {
                "hosts": {"type": "list", "elements": "str", "required": True},
                "groups": {"type": "dict", "default": {}},
            }
        )
        entries = views(task_vars["hostvars"], options["hosts"], options["groups"])
        clusters = {each["cluster"]["name"]: each["cluster"] for each in entries}
        for each in clusters.values():
            # Who fails in a task leaves these at once, also while others still ask.
            each["speaker"] = next((host for host in each["hosts"] if host in task_vars["ansible_play_hosts"]), None)
        keep(entries)
        remarks = [remark for each in clusters.values() for remark in each["remarks"]]
        return {**result, "changed": False, "clusters": clusters, "warnings": remarks}

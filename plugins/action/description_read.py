# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import ClassVar

from ansible_collections.lvs.cluster.plugins.module_utils._description.inventory import views
from ansible_collections.lvs.cluster.plugins.plugin_utils._described import keep
from ansible_collections.lvs.cluster.plugins.plugin_utils._files import read_file
from ansible_collections.lvs.cluster.plugins.plugin_utils._for_all import ForAllHosts


class ActionModule(ForAllHosts):
    OPTIONS: ClassVar = {"groups": {"type": "dict", "default": {}}}

    def outcome(self, options, task_vars):
        entries = views(task_vars["hostvars"], options["hosts"], options["groups"], read_file)
        clusters = {each["cluster"]["name"]: each["cluster"] for each in entries}
        for each in clusters.values():
            # Who fails in a task leaves these at once, also while others still ask.
            each["speaker"] = next((host for host in each["hosts"] if host in task_vars["ansible_play_hosts"]), None)
        keep(entries)
        remarks = [remark for each in clusters.values() for remark in each["remarks"]]
        return {"clusters": clusters, "warnings": remarks}

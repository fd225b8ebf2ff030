# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import ClassVar

from ansible_collections.lvs.cluster.plugins.module_utils._description.facts import compared, remarks
from ansible_collections.lvs.cluster.plugins.plugin_utils._described import keep, kept, kept_view
from ansible_collections.lvs.cluster.plugins.plugin_utils._for_all import ForAllHosts

# The fact in which the role preflight notes why a host could not be looked at.
UNSEEN = "__preflight_unseen"


class ActionModule(ForAllHosts):
    OPTIONS: ClassVar = {
        "os_families": {"type": "list", "elements": "str", "required": True},
        "serving": {"type": "bool", "default": True},
    }

    def outcome(self, options, task_vars):
        entries = [{**entry, "view": kept_view(entry["host"])} for entry in map(kept, options["hosts"]) if entry]
        variables = {entry["host"]: task_vars["hostvars"][entry["host"]] for entry in entries}
        facts = {host: each.get("ansible_facts", {}) for host, each in variables.items()}
        unseen = {host: each[UNSEEN] for host, each in variables.items() if UNSEEN in each}
        found = compared(entries, facts, options["os_families"], unseen, options["serving"])
        keep(found)
        return {"warnings": remarks(found, facts)}

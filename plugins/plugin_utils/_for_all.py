# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.

"""Actions that do the work for all hosts at once, on the controller."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from ansible.plugins.action import ActionBase


class ForAllHosts(ActionBase):  # type: ignore[misc]
    """What the two have in common; each has an C(outcome) of its own."""

    # Strategies without lockstep ("free") refuse it then by its name, and do not run it for each host.
    BYPASS_HOST_LOOP = True
    _requires_connection = False
    _supports_check_mode = True
    #: Beside C(hosts), as an argument spec has them.
    OPTIONS: ClassVar[dict[str, Any]] = {}

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        hosts = {"type": "list", "elements": "str", "required": True}
        _validation, options = self.validate_argument_spec({"hosts": hosts, **self.OPTIONS})
        return {**result, "changed": False, **self.outcome(options, task_vars or {})}

    def outcome(self, options: Mapping[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        """What the task returns, after it has kept what it found out."""
        raise NotImplementedError

"""Run a module of this collection in this process, as Ansible would, and get its result."""

from __future__ import annotations

import contextlib
import importlib
import io
import json
from typing import Any

from ansible.module_utils.common import warnings
from ansible.module_utils.testing import patch_module_args

MODULES = "ansible_collections.lvs.cluster.plugins.modules"


class ModuleFailedError(Exception):
    """The module failed; C(result) is what it failed with."""

    def __init__(self, result: dict[str, Any]) -> None:
        super().__init__(result.get("msg"))
        self.result = result


def play(name: str, *, check: bool = False, **options: Any) -> dict[str, Any]:
    """The result of a module, with a diff."""
    module = importlib.import_module(f"{MODULES}.{name}")
    output = io.StringIO()
    # Warnings are kept per process, and a module is a process.
    warnings._global_warnings.clear()
    arguments = {**options, "_ansible_check_mode": check, "_ansible_diff": True, "_ansible_remote_tmp": "/tmp"}
    with patch_module_args(arguments), contextlib.redirect_stdout(output), contextlib.suppress(SystemExit):
        module.main()
    result = json.loads(output.getvalue())
    if result.get("failed"):
        raise ModuleFailedError(result)
    return result

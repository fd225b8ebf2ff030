"""Run a module of this collection in this process, as Ansible would, and get its result."""

from __future__ import annotations

import contextlib
import importlib
import io
import json
from collections.abc import Iterator
from typing import Any
from unittest import mock

from ansible.module_utils import basic
from ansible.module_utils.common import warnings

try:
    from ansible.module_utils import _internal
except ImportError:  # ansible-core 2.17 and 2.18, where it makes no difference
    _internal = None

MODULES = "ansible_collections.lvs.cluster.plugins.modules"


class ModuleFailedError(Exception):
    """The module failed; C(result) is what it failed with."""

    def __init__(self, result: dict[str, Any]) -> None:
        super().__init__(result.get("msg"))
        self.result = result


@contextlib.contextmanager
def patch_module_args(arguments: dict[str, Any]) -> Iterator[None]:
    """What ansible.module_utils.testing does, which ansible-core 2.17 and 2.18 do not have."""
    handed = json.dumps({"ANSIBLE_MODULE_ARGS": arguments}).encode()
    profile = mock.patch.object(basic, "_ANSIBLE_PROFILE", "legacy", create=True)
    with mock.patch.object(basic, "_ANSIBLE_ARGS", handed), profile:
        yield


def no_controller() -> contextlib.AbstractContextManager[Any]:
    """In a process that has imported what a controller needs, modules would show their warnings and return none."""
    return mock.patch.object(_internal, "is_controller", False) if _internal else contextlib.nullcontext()


def play(name: str, *, check: bool = False, **options: Any) -> dict[str, Any]:
    """The result of a module, with a diff."""
    module = importlib.import_module(f"{MODULES}.{name}")
    output = io.StringIO()
    # Warnings are kept per process, and a module is a process.
    warnings._global_warnings.clear()
    arguments = {**options, "_ansible_check_mode": check, "_ansible_diff": True, "_ansible_remote_tmp": "/tmp"}
    with no_controller(), patch_module_args(arguments):  # noqa: SIM117
        with contextlib.redirect_stdout(output), contextlib.suppress(SystemExit):
            module.main()
    result = json.loads(output.getvalue())
    # What is no UTF-8 is refused by the controller from ansible-core 2.18 on, when the work is done already.
    json.dumps(result, ensure_ascii=False).encode()
    if result.get("failed"):
        raise ModuleFailedError(result)
    return result

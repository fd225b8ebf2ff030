"""Cuts a run off as a power cut of the controller would, once it has changed something on a host."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: cut_off
type: aggregate
short_description: Cuts a run off at the first thing that it changes
description: Writes the name of the task into the file CUT_OFF of the environment, and kills the run.
"""


def descendants(process: int) -> list[int]:
    """The processes of a run: those that do its tasks have sessions of their own."""
    children = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="utf-8").split()
    return [each for child in map(int, children) for each in (*descendants(child), child)]


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "cut_off"
    CALLBACK_NEEDS_ENABLED = True

    def v2_runner_on_ok(self, result) -> None:
        if result._result.get("changed"):
            Path(os.environ["CUT_OFF"]).write_text(f"{result._host.get_name()}: {result._task.get_name()}", "utf-8")
            for process in (*descendants(os.getpid()), os.getpid()):
                os.kill(process, signal.SIGKILL)

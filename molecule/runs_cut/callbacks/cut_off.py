"""Cuts a run off as a power cut of the controller would, at the first change that no run was cut off at before."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: cut_off
type: aggregate
short_description: Cuts a run off at the first task that changes something
description: Adds the task's name to the file CUT_OFF of the environment, which has those to pass, and kills the run.
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
        note, task = Path(os.environ["CUT_OFF"]), result._task.get_name()
        if result._result.get("changed") and task not in note.read_text(encoding="utf-8").splitlines():
            with note.open("a", encoding="utf-8") as file:
                file.write(f"{task}\n")
            for process in (*descendants(os.getpid()), os.getpid()):
                os.kill(process, signal.SIGKILL)

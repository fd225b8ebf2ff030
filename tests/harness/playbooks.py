"""What a run of a playbook is told, and what it says in the end."""

from __future__ import annotations

import json
import re
from typing import Any


def extra(**variables: Any) -> tuple[str, str]:
    """Options that give variables for one run."""
    return ("--extra-vars", json.dumps(variables))


def recap(output: str, word: str) -> dict[str, int]:
    """A figure of each host from the last lines of a run, as {"lvs1": 0}."""
    return {host: int(count) for host, count in re.findall(rf"^(\S+) +:.*\b{word}=(\d+)", output, re.MULTILINE)}


def told(output: str) -> dict[str, str]:
    """What each host that failed said, in one line, whatever the width of the output."""
    found = re.findall(r"^fatal: \[(\S+?)\].*?$(.*?)(?=^\S|\Z)", output, re.MULTILINE | re.DOTALL)
    return {host: " ".join(text.partition("msg:")[2].split()) for host, text in found}


def changed(output: str) -> dict[str, int]:
    """How many things of each host a run has changed, for those of which it has changed any."""
    return {host: count for host, count in recap(output, "changed").items() if count}

"""What a run of a playbook says in the end."""

from __future__ import annotations

import re


def recap(output: str, word: str) -> dict[str, int]:
    """A figure of each host from the last lines of a run, as {"lvs1": 0}."""
    return {host: int(count) for host, count in re.findall(rf"^(\S+) +:.*\b{word}=(\d+)", output, re.MULTILINE)}


def told(output: str) -> dict[str, str]:
    """What each host that failed said, in one line, whatever the width of the output."""
    found = re.findall(r"^fatal: \[(\S+?)\].*?$(.*?)(?=^\S|\Z)", output, re.MULTILINE | re.DOTALL)
    return {host: " ".join(text.partition("msg:")[2].split()) for host, text in found}

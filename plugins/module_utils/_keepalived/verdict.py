# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""What C(keepalived --config-test) says of a file, read as a verdict.

Its exit status alone is none: 5 stands for errors and for warnings that sound configurations give
alike, and keepalived 2.2.7 can die in the test of a sound file (acassen/keepalived#2587).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import AbstractSet, Tuple

# Said of configurations that work, in the same words by 2.2.7, 2.3.3 and 2.3.4: a host that is drained, an interface
# that appears later. All else is an error, with its text.
DRAINED = re.compile(r"quorum \d+ for (?P<service>\S+) exceeds total weight of real servers")
WARNINGS = (
    DRAINED,
    re.compile(r"WARNING - interface \S+ .*doesn't exist"),
    re.compile(r"^Non-existent interface specified in configuration$"),
)
# Follows from a quorum that was made smaller; of any other it is the file's own mistake.
HYSTERESIS = re.compile(r"^Virtual server (?P<service>\S+): hysteresis \d+ >= quorum \d+; setting hysteresis")
LINE_NUMBER = re.compile(r"^\((?:.*: )?Line (?P<number>\d+)\) *")
FIRST_SIGNAL_STATUS = 128


@dataclass(frozen=True)
class Verdict:
    """errors: why the file must not go live. warnings: what keepalived remarks on. crashed: the test itself died."""

    errors: Tuple[str, ...] = ()
    warnings: Tuple[str, ...] = ()
    crashed: bool = False


def verdict(status: int, output: str, content: str) -> Verdict:
    """Read one run of the test.

    status: its exit status, negative or above 128 for a signal. output: all that it printed.
    content: the file, so that an error can quote the line that it speaks of.
    """
    # keepalived's processes each read the file, so that messages come several times.
    messages = tuple(dict.fromkeys(line.strip() for line in output.splitlines() if line.strip()))
    if status == 0:
        return Verdict(warnings=messages)
    if status < 0 or status > FIRST_SIGNAL_STATUS:
        return Verdict(warnings=messages, crashed=True)
    drained = {found["service"] for found in map(DRAINED.search, messages) if found}
    warnings = tuple(message for message in messages if _is_warning(message, drained))
    errors = tuple(_quoting(message, content) for message in messages if message not in warnings)
    if not messages:
        errors = (f"keepalived --config-test ended with status {status} and no message",)
    return Verdict(errors, warnings)


def _is_warning(message: str, drained: AbstractSet[str]) -> bool:
    hysteresis = HYSTERESIS.search(message)
    if hysteresis:
        return hysteresis["service"] in drained
    return any(known.search(message) for known in WARNINGS)


def _quoting(message: str, content: str) -> str:
    """The message with the text of the line that it names, in place of the name of a temporary file."""
    found = LINE_NUMBER.match(message)
    lines = content.splitlines()
    if not found or not 1 <= int(found["number"]) <= len(lines):
        return message
    number = int(found["number"])
    return f"line {number} ({lines[number - 1].strip()}): {message[found.end() :]}"

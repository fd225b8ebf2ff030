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
from typing import AbstractSet, Sequence, Tuple

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

# The test of 2.2.7 dies where a script is to be run as another user than root (acassen/keepalived#2587, mended in
# 2.2.8), whatever else stands in the file. These lines say so; C(user) is one of the block of a script.
SCRIPT_USER = re.compile(r"(\s*)(script_user|user)\b(?![^#!]*[{}])")
# Where none does, a user of keepalived's own choice takes the place of root.
SECURED = re.compile(r"(\s*)enable_script_security\b(?![^#!]*[{}])")
# What every host has, by a path on which keepalived 2.3 finds no link.
STAND_IN = "/usr/bin/true"
# Said of a file without that.
INSECURE = re.compile(r"^SECURITY VIOLATION - (?:check )?scripts are being executed but script_security not enabled")


@dataclass(frozen=True)
class Verdict:
    """errors: why the file must not go live. warnings: what keepalived remarks on. crashed: the test itself died, so
    that nobody has read the file, which is an error.
    """

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
        died = f"keepalived --config-test crashed (status {status}), so nobody has read the file"
        return Verdict((died, *(_quoting(message, content) for message in messages)), crashed=True)
    drained = {found["service"] for found in map(DRAINED.search, messages) if found}
    warnings = tuple(message for message in messages if _is_warning(message, drained))
    errors = tuple(_quoting(message, content) for message in messages if message not in warnings)
    if not messages:
        errors = (f"keepalived --config-test ended with status {status} and no message",)
    return Verdict(errors, warnings)


@dataclass(frozen=True)
class Copy:
    """A file with other lines in the place of some of its own, and those: each of the others is where it was.

    secured: whether it says still that its scripts are to be secure.
    """

    content: str
    replaced: Tuple[str, ...]
    secured: bool


def run_by_root(content: str) -> Copy:
    """The file with root as the user of its scripts."""
    lines = content.split("\n")
    # A file that names no user gets one, in the place of another line.
    told = any(found and found[2] == "script_user" for found in map(SCRIPT_USER.match, lines))
    places = [SCRIPT_USER] if told else [SCRIPT_USER, SECURED]
    copied, replaced = [], []
    for number, line in enumerate(lines, 1):
        found = next(filter(None, (place.match(line) for place in places)), None)
        if found:
            copied.append(f"{found[1]}{found[2] if found.re is SCRIPT_USER else 'script_user'} root")
            replaced.append(f"line {number} ({line.strip()})")
        else:
            copied.append(line)
    return Copy("\n".join(copied), tuple(replaced), told)


def with_stand_ins(content: str, absent: Sequence[str]) -> str:
    """The file with a program that every host has in the place of scripts that are not there yet."""
    for path in absent:
        content = re.sub(rf'"{re.escape(path)}(?=[ "])', f'"{STAND_IN}', content)
    return content


def verdict_of_copy(status: int, output: str, copy: Copy) -> Verdict:
    """As L(verdict), of a copy that was tested in the place of a file in whose test keepalived died."""
    found = verdict(status, output, copy.content)
    lines = ", ".join(copy.replaced)
    if found.crashed:
        return Verdict((*found.errors, f"a copy with root as user crashed it too: {lines}"), crashed=True)
    errors = tuple(each for each in found.errors if copy.secured or not INSECURE.search(each))
    told = f"the test of the file crashed, so a copy with root as user of its scripts was tested: {lines}"
    return Verdict(errors, (told, *found.warnings))


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

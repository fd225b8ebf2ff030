# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""What systemd says of keepalived's unit, and which file a command line has keepalived read."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from typing import Dict, List, Mapping, Sequence, Tuple

DEFAULT_FILE = "/etc/keepalived/keepalived.conf"
# What is asked with C(systemctl show).
PROPERTIES = (
    "ActiveState",
    "StateChangeTimestampMonotonic",
    "ReloadResult",
    "ExecStart",
    "Environment",
    "EnvironmentFiles",
    "UnitFileState",
    "NeedDaemonReload",
)


@dataclass(frozen=True)
class Unit:
    """active: whether it runs. changed_at: when it was started or reloaded last, in seconds since boot; a reload in
    which nothing else changes is a change of state too, and unlike that of C(ExecReload) systemd keeps its time over
    C(daemon-reload). reloaded: whether the last reload went well. command: its words as the unit has them, with
    variables of C(environment) and of the files. settled: whether it runs, the boot starts it, and systemd has read its
    files as they are.
    """

    active: bool = False
    changed_at: float = 0.0
    reloaded: bool = True
    command: Tuple[str, ...] = ()
    environment: Tuple[str, ...] = ()
    environment_files: Tuple[str, ...] = ()
    settled: bool = False


def parse_show(text: str) -> Unit:
    """Read what C(systemctl show) prints; a property that an older systemd does not know is left out."""
    values: Dict[str, str] = {}
    files: List[str] = []
    for line in text.splitlines():
        name, _equals, value = line.partition("=")
        # Once for each file.
        if name == "EnvironmentFiles":
            files.append(value.partition(" (ignore_errors=")[0])
        values[name] = value
    command = re.search(r"argv\[\]=(.*?) ; ignore_errors=", values.get("ExecStart", ""))
    active = values.get("ActiveState") in ("active", "reloading")
    return Unit(
        active,
        int(values.get("StateChangeTimestampMonotonic") or 0) / 1e6,
        values.get("ReloadResult", "success") == "success",
        tuple(_words(command[1])) if command else (),
        tuple(_words(values.get("Environment", ""))),
        tuple(path for path in files if path),
        active and values.get("UnitFileState") == "enabled" and values.get("NeedDaemonReload") == "no",
    )


def _words(text: str) -> List[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


def parse_environment(text: str) -> Dict[str, str]:
    """The variables of an environment file (systemd.exec(5), EnvironmentFile)."""
    variables = {}
    for line in text.replace("\\\n", "").splitlines():
        name, equals, value = line.strip().partition("=")
        if equals and not name.startswith(("#", ";")):
            variables[name] = " ".join(_words(value))
    return variables


def expanded(words: Sequence[str], variables: Mapping[str, str]) -> List[str]:
    """A command as systemd makes it: a variable that is a word of its own becomes as many words as it has."""
    result: List[str] = []
    for word in words:
        alone = re.fullmatch(r"\$(?:(\w+)|\{(\w+)\})", word)
        if alone and alone[1]:
            result.extend(_words(variables.get(alone[1], "")))
        else:
            result.append(re.sub(r"\$\{(\w+)\}", lambda found: variables.get(found[1], ""), word))
    return result


def option(words: Sequence[str], short: str, name: str, default: str) -> str:
    """The value of an option of a command line, as getopt_long(3) takes it: the last one."""
    found = default
    for number, word in enumerate(words):
        following = words[number + 1] if number + 1 < len(words) else ""
        if word in (f"-{short}", f"--{name}"):
            found = following
        elif word.startswith(f"--{name}="):
            found = word.partition("=")[2]
        elif word.startswith(f"-{short}") and not word.startswith("--"):
            found = word[2:]
    return found


def configuration_file(words: Sequence[str]) -> str:
    """Which file keepalived reads."""
    return option(words[1:], "f", "use-file", DEFAULT_FILE)

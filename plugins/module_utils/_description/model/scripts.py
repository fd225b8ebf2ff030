# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""Scripts that keepalived runs, in the words of keepalived.conf(5)."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from typing import ClassVar, Mapping, Optional, Tuple

from ansible_collections.lvs.cluster.plugins.module_utils._description.kinds import (
    BOOLEAN,
    FILE,
    SCRIPT_FILE,
    SCRIPT_TEXT,
    integer,
    list_of,
    one_of,
    option,
    raw_lines,
    table,
    text,
)
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.scripts import DIRECTORY

from .tracking import Named, Weight

ARGUMENT = text(
    r"[A-Za-z0-9/_.:=@,+%-]+", "word without spaces and quotes", "Write letters, digits and / _ . : = @ , + % - alone"
)


@dataclass(frozen=True)
class Script:
    """A script of yours, which is put on the directors, or a program that they have already."""

    file: str = option(
        SCRIPT_FILE, "a file beside the inventory or the playbook, or in a folder files beside one of them", default=""
    )
    content: str = option(SCRIPT_TEXT, "the text of the script, instead of a file", default="")
    path: str = option(FILE, "a program that the host has already, instead of a script", default="")
    args: Tuple[str, ...] = option(list_of(ARGUMENT, repeated=True), "its arguments", default=())

    @property
    def place(self) -> str:
        """Where it is on a host. Another text is another file: what runs keeps the one that it was started with."""
        if self.path:
            return self.path
        stem, suffix = os.path.splitext(re.sub(r"[^A-Za-z0-9_.-]", "_", os.path.basename(self.file)) or "script")
        return f"{DIRECTORY}/{stem}-{hashlib.sha256(self.content.encode()).hexdigest()[:12]}{suffix}"

    @property
    def command(self) -> str:
        """What keepalived is to run."""
        return " ".join([self.place, *self.args])

    @property
    def printed(self) -> str:
        """As keepalived reads it."""
        return f'"{self.command}"'


SCRIPT = one_of(table(Script, shorthand="file"), ["file", "content", "path"])


@dataclass(frozen=True)
class Notifying:
    """What runs when it becomes another state."""

    notify_master: Optional[Script] = option(SCRIPT, "what runs when it becomes master", default=None)
    notify_backup: Optional[Script] = option(SCRIPT, "what runs when it becomes backup", default=None)
    notify_fault: Optional[Script] = option(SCRIPT, "what runs when it becomes faulty", default=None)
    notify_stop: Optional[Script] = option(
        SCRIPT, "what runs when keepalived stops, and is ended a second later", default=None
    )
    notify: Optional[Script] = option(
        SCRIPT, "what runs on each of these changes, told of it by four more arguments", default=None
    )


@dataclass(frozen=True)
class InstanceNotifying(Notifying):
    """The same of an instance."""

    notify_master_rx_lower_pri: Optional[Script] = option(
        SCRIPT, "what runs when, as master, it hears one of a lower priority", default=None
    )


@dataclass(frozen=True)
class Checking(Named):
    """What is run."""

    script: Script = option(SCRIPT, "what is run; it fails unless its exit status is 0")


@dataclass(frozen=True)
class Runs:
    """How often it is run, and what counts."""

    interval: Optional[int] = option(
        integer(1, 4294, "seconds"), "seconds from one run to the next; 1 by default", default=None
    )
    timeout: Optional[int] = option(
        integer(1, 4294, "seconds"), "seconds after which a run has failed; by default the interval", default=None
    )
    rise: Optional[int] = option(
        integer(1, 2**31 - 1), "how many runs in a row must succeed; 1 by default", default=None
    )
    fall: Optional[int] = option(integer(1, 2**31 - 1), "how many runs in a row must fail; 1 by default", default=None)
    init_fail: bool = option(BOOLEAN, "whether it has failed until its first run", default=False)
    raw: Tuple[str, ...] = raw_lines()

    # Keywords that follow from something else, and from what.
    DERIVED: ClassVar[Mapping[str, str]] = {"user": "script_user of lvs_global_defs"}


@dataclass(frozen=True)
class VrrpScript(Runs, Weight, Checking):
    """C(vrrp_script): a script that is run again and again. Its weight holds where what tracks it says no other."""

    keyword: ClassVar[str] = "vrrp_script"

# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""The one door to what marks packets: C(nft) and C(tc)."""

from __future__ import annotations

from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

from ansible_collections.lvs.cluster.plugins.module_utils._marks.rules import (
    PREFS,
    TABLE,
    UNIT,
    Mark,
    alike,
    of_nft,
    of_tc,
    removal,
    rules,
    with_filters,
)

from .command import C_LOCALE
from .errors import HostError
from .systemd import units

# What they say where the kernel has not what they need.
UNABLE = ("not supported", "classifier not found", "Protocol error")


class MarksError(HostError):
    """A program that marks packets did not do what it was told."""

    kind = "marks"


class NoMarksError(MarksError):
    """The program is not there, or not what it needs of the kernel."""

    kind = "no_marks"
    remedy = (
        "With language nft the host needs the package nftables and a kernel with nf_tables (family ip); with tc, "
        "iproute2 and a kernel with cls_flower and act_skbedit. Of the role director that is director_marking"
    )


class Step(NamedTuple):
    """A command, and what it reads."""

    words: List[str]
    stdin: str = ""

    def __str__(self) -> str:
        return " ".join(self.words) + (f" <<< {self.stdin.strip()!r}" if self.stdin else "")


class Program:
    """One of the two, as this host has it."""

    name = ""

    def __init__(self, module: Any) -> None:
        self._module = module
        self._path: Optional[str] = module.get_bin_path(self.name)

    def ask(self, words: Sequence[str]) -> Tuple[int, str, str]:
        """Status, output and errors; where there is no such program it has made no rules."""
        if not self._path:
            return 1, "", ""
        status, output, errors = self._module.run_command([self._path, *words], environ_update=C_LOCALE)
        return status, output, errors

    def apply(self, steps: Sequence[Step]) -> None:
        """Run them, up to one that fails."""
        for words, stdin in steps:
            if not self._path:
                raise NoMarksError(f"There is no {self.name} on this host", words)
            more = {"data": stdin} if stdin else {}
            status, output, errors = self._module.run_command([self._path, *words[1:]], environ_update=C_LOCALE, **more)
            if status:
                told = errors.strip() or output.strip() or f"status {status}"
                unable = any(each in told for each in UNABLE)
                raise (NoMarksError if unable else MarksError)(told, words)


class Nft(Program):
    """A table of ours; those of others are nobody's concern."""

    name = "nft"

    def __init__(self, module: Any) -> None:
        super().__init__(module)
        status, output, _errors = self.ask(["-j", "list", "table", "ip", TABLE])
        self._there = status == 0
        self._marks = of_nft(output) if self._there else []

    @property
    def running(self) -> List[Mark]:
        """What gets a mark, as far as it is ours."""
        return self._marks or []

    def plan(self, wanted: Sequence[Mark], _interfaces: Sequence[str]) -> List[Step]:
        """What leads to it; nothing where it is so."""
        if not wanted:
            return [Step(words) for words in removal(self.name)] if self._there else []
        return [] if alike(self._marks, wanted) else [Step(["nft", "-f", "-"], rules(self.name, wanted))]


class Tc(Program):
    """Filters of ours on interfaces; those of others are nobody's concern."""

    name = "tc"

    def __init__(self, module: Any) -> None:
        super().__init__(module)
        # Of each interface that can have filters for what comes in.
        self._filters: Dict[str, Dict[int, Optional[List[Mark]]]] = {
            interface: of_tc(self.ask(["-j", "filter", "show", "dev", interface, "ingress"])[1])
            for interface in with_filters(self.ask(["-j", "qdisc", "show"])[1])
        }

    @property
    def running(self) -> List[Mark]:
        """What gets a mark, as far as it is ours."""
        found = (each for held in self._filters.values() for marks in held.values() for each in marks or ())
        return list(dict.fromkeys(found))

    def plan(self, wanted: Sequence[Mark], interfaces: Sequence[str]) -> List[Step]:
        """What leads to it; nothing where it is so."""
        steps: List[Step] = []
        for interface in dict.fromkeys([*interfaces, *self._filters]):
            held = self._filters.get(interface, {})
            right = [pref for pref, marks in held.items() if alike(marks, wanted)]
            if not wanted or interface not in interfaces:
                stale = list(held)
            elif right:
                stale = [pref for pref in held if pref != right[0]]
            else:
                if interface not in self._filters:
                    steps.append(Step(["tc", "qdisc", "add", "dev", interface, "clsact"]))
                # The new ones stand before the old ones go.
                pref = next((each for each in PREFS if each not in held), PREFS[1])
                if pref in held:
                    steps += _gone(interface, [pref])
                steps.append(Step(["tc", "-batch", "-"], rules(self.name, wanted, [interface], pref)))
                stale = [each for each in held if each != pref]
            steps += _gone(interface, stale)
        return steps


def _gone(interface: str, prefs: Sequence[int]) -> List[Step]:
    return [Step(words) for words in removal("tc", [interface], prefs)]


class BootUnit:
    """The unit that marks at boot: what there is to do before its file changes, and after."""

    def __init__(self, module: Any, wanted: bool, changes: bool) -> None:
        """changes: whether the files do that it is made of."""
        self._module = module
        state = units(module.run_command, [UNIT])[UNIT]
        reload: List[List[str]] = [["systemctl", "daemon-reload"]] if changes else []
        self.before: List[List[str]] = []
        self.after = reload
        if not wanted and (state.active or state.enabled):
            self.before = [["systemctl", "disable", "--now", UNIT]]
        elif wanted and not (state.active and state.enabled):
            self.after = [*reload, ["systemctl", "enable", "--now", UNIT]]

    def run(self, commands: Sequence[Sequence[str]]) -> None:
        """Up to one that fails."""
        for words in commands:
            status, output, errors = self._module.run_command(list(words), environ_update=C_LOCALE)
            if status:
                raise MarksError(errors.strip() or output.strip() or f"status {status}", words)

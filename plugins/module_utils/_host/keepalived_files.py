# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""The one door to keepalived's configuration: the live file, those beside it, and its own test of one."""

from __future__ import annotations

import contextlib
import glob
import hashlib
import json
import os
import stat
import time
from typing import Any, Iterator, Sequence, Tuple

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.verdict import (
    Verdict,
    run_by_root,
    verdict,
    verdict_of_copy,
)

from .command import C_LOCALE
from .errors import HostError
from .files import alone, discard, keep, write
from .keepalived import program_of
from .text import EXACT, read_exact

# auth_pass is in it.
MODE = 0o640
# What we wrote last, to tell it from what others wrote. It outlives a boot, as the file does.
MEMORY = "/var/lib/lvs-cluster/keepalived.json"


class ConfigurationError(HostError):
    """keepalived does not accept a configuration."""

    kind = "refused_configuration"


class NotStagedError(HostError):
    """What is to go live was not tested first."""

    kind = "not_staged"
    remedy = "Stage it first (state: staged)"


class FileError(HostError):
    """A file system is full, or read-only; nothing is moved before all is written."""

    kind = "file"
    remedy = "keepalived runs what it ran before"


class Configuration:
    """A file that keepalived reads; C(.lvs-new) beside it is what comes next, C(.previous) what was."""

    def __init__(self, module: Any, path: str, memory: str = MEMORY) -> None:
        self._module = module
        self.path = path
        self.staged = f"{path}.lvs-new"
        self.previous = f"{path}.previous"
        self._memory = memory

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """While no other run stages or moves: what this one has found staged would go from under it.

        In check mode nobody does.
        """
        if self._module.check_mode:
            yield
            return
        folder = os.path.dirname(self.path)
        os.makedirs(folder, exist_ok=True)
        with alone(folder):
            yield

    def read(self) -> str:
        """The live file; empty where there is none."""
        return read_exact(self.path)

    def read_staged(self) -> str:
        return read_exact(self.staged)

    def read_previous(self) -> str:
        return read_exact(self.previous)

    def is_foreign(self) -> bool:
        """Whether somebody else wrote the live file, or changed it since we did."""
        content = self.read()
        try:
            with open(self._memory, encoding="utf-8") as file:
                remembered = json.load(file)
        except (OSError, ValueError):
            remembered = {}
        return bool(content) and (not isinstance(remembered, dict) or remembered.get(self.path) != _hash(content))

    def stage(self, content: str) -> None:
        """Put it beside the live file, on the disk."""
        write(self.staged, content.encode(), MODE)

    def move(self) -> None:
        """Make what is staged live, and the live file the previous one. Nothing is written but names."""
        content = self.read_staged()
        self._remember(content)
        discard(self.previous)
        if os.path.exists(self.path):
            self._close()
            os.link(self.path, self.previous)
        os.replace(self.staged, self.path)

    def copy(self) -> str:
        """Keep the live file beside itself too, under a name that no other run takes."""
        path = f"{self.path}.{os.getpid()}.{time.strftime('%Y-%m-%d@%H:%M:%S')}~"
        with open(self.path, "rb") as file:
            write(path, file.read(), MODE)
        return path

    def keep(self, renew: bool) -> None:
        """Leave the live file as it is: it is ours now, whoever wrote it. renew: as if it were written now."""
        discard(self.staged)
        if self.is_foreign():
            self._remember(self.read())
        if renew and os.path.exists(self.path):
            os.chmod(self.path, MODE)

    def has_wrong_mode(self) -> bool:
        """Whether others than root may read it, or root alone may not."""
        return os.path.exists(self.path) and stat.S_IMODE(os.stat(self.path).st_mode) != MODE

    def is_untidy(self) -> bool:
        """Whether C(keep) has anything to do."""
        return os.path.exists(self.staged) or self.is_foreign() or self.has_wrong_mode()

    def _close(self) -> None:
        # What is moved or linked takes its mode along.
        if self.has_wrong_mode():
            os.chmod(self.path, MODE)

    def put_back(self) -> None:
        """Undo C(move); without a previous file there is none any more."""
        if os.path.exists(self.previous):
            self._remember(self.read_previous())
            os.replace(self.previous, self.path)
        elif os.path.exists(self.path):
            os.replace(self.path, self.staged)

    def _remember(self, content: str) -> None:
        keep(self._module, self._memory, json.dumps({self.path: _hash(content)}) + "\n", MODE)


def require_accepted(module: Any, content: str) -> Tuple[str, ...]:
    """What keepalived's own test of a configuration remarks on; fails unless it accepts it."""
    found = _tested(module, program_of(module), content)
    if found.errors:
        errors = "\n".join(found.errors)
        raise ConfigurationError(f"keepalived refuses the configuration; nothing was changed.\n{errors}")
    return found.warnings


def _tested(module: Any, program: str, content: str) -> Verdict:
    found = verdict(*_test(module, program, content), content)
    copy = run_by_root(content)
    if found.crashed and copy.replaced:
        return verdict_of_copy(*_test(module, program, copy.content), copy)
    return found


def _test(module: Any, program: str, content: str) -> Tuple[int, str]:
    """Exit status of the test, and all that it printed."""
    # In a file of its own that root alone can read.
    candidate = os.path.join(module.tmpdir, "keepalived.conf")
    write(candidate, content.encode(), MODE)
    status, output, errors = module.run_command(
        [program, "--config-test", "--use-file", candidate], environ_update=C_LOCALE
    )
    return status, output + errors


def read_includes(pattern: str, directory: str) -> Sequence[Tuple[str, str]]:
    """The files of an include; one that cannot be read is as empty as it is to keepalived."""
    found = []
    for path in sorted(glob.glob(os.path.join(directory, pattern))):
        with contextlib.suppress(OSError), open(path, encoding="utf-8", errors="replace") as file:
            found.append((path, file.read()))
    return found


def _hash(content: str) -> str:
    return hashlib.sha256(content.encode("utf-8", EXACT)).hexdigest()

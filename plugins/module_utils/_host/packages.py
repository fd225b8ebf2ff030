# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""The one door to a host's record of its packages; nothing is installed through it."""

from __future__ import annotations

from typing import Any, List, Sequence

from .command import C_LOCALE


def installed(module: Any, names: Sequence[str]) -> List[str]:
    """Those that are installed whole; none of them where the host keeps no record that dpkg-query(1) reads.

    A package of which only configuration files are left is none of them, nor is one whose installation was cut off.
    """
    program = module.get_bin_path("dpkg-query")
    if program is None or not names:
        return []
    # It fails where it knows nothing of one of them, and tells of the others.
    words = [program, "--show", "--showformat", "${db:Status-Status} ${Package}\\n", *names]
    _status, output, _errors = module.run_command(words, environ_update=C_LOCALE)
    told = output.splitlines()
    return [name for name in names if f"installed {name}" in told]

# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""How programs of a host are run."""

from __future__ import annotations

from typing import Callable, Tuple

# As AnsibleModule.run_command: a list of words; exit status, output, errors.
RunCommand = Callable[..., Tuple[int, str, str]]

# Programs are asked in it: what they say is read, and quoted.
C_LOCALE = {"LANGUAGE": "C", "LC_ALL": "C"}

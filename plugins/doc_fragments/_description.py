# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.

from __future__ import annotations


class ModuleDocFragment:
    # What actions have that work for all hosts at once.
    DOCUMENTATION = r"""
options: {}
author: lvs.cluster authors (@lvs-cluster)
attributes:
  action:
    description: Runs on the controller.
    support: full
  async:
    description: Cannot be put into the background.
    support: none
  bypass_host_loop:
    description: Is meant for a task with C(run_once), as it does the work for all hosts.
    support: full
  check_mode:
    description: Can run in check mode, and does the same then.
    support: full
  diff_mode:
    description: Changes nothing.
    support: none
"""

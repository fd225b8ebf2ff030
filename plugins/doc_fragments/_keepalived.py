# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.

from __future__ import annotations


class ModuleDocFragment:
    # What modules need that ask a running keepalived.
    DOCUMENTATION = r"""
options:
  pid_file:
    description: Where keepalived keeps its process id.
    type: path
    default: /run/keepalived.pid
  dump_directory:
    description: Where keepalived writes its files, as it sees the file system itself.
    type: path
    default: /tmp
"""

    # What modules need that compare it with what is described.
    DESCRIBED = r"""
options:
  vrrp_instances:
    description: The VRRP instances that are described.
    type: list
    elements: dict
  virtual_servers:
    description: The virtual servers that are described.
    type: list
    elements: dict
  scripts:
    description:
      - The paths of the scripts that keepalived is to run. One that it does not trust, or that its user cannot reach,
        it leaves out with a line in its log.
    type: list
    elements: path
    default: []
  secrets:
    description: Texts in O(vrrp_instances) that no result or log may show.
    type: list
    elements: str
    default: []
"""

# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.

from __future__ import annotations


class ModuleDocFragment:
    # Files that are written as a whole, or compared.
    DOCUMENTATION = r"""
options:
  files:
    description: Files as they shall be.
    type: list
    elements: dict
    suboptions:
      path:
        description: Where it is.
        type: path
        required: true
      content:
        description: Its whole text, as of P(ansible.builtin.template#lookup). Required unless O(files[].state=absent).
        type: str
      mode:
        description: Its mode, in octal digits.
        type: str
        default: "0644"
      validate:
        description:
          - A command that fails unless the file is good, run without a shell; C(%s) stands for a file that has
            O(files[].content), and C(%d) for a folder that has in it, by their whole paths, all files of the task that
            are to be there. A command that several files have in common is run once.
          - It is run before the file is in its place, if its text changes, and not in check mode.
        type: str
      state:
        description:
          - Whether there is such a file. A link goes, and what it leads to stays. A folder goes if nothing is left in
            it; name it after the files in it.
        type: str
        choices: [present, absent]
        default: present
      secret:
        description: Whether no result and no diff shows the text of a file that goes, as of a key.
        type: bool
        default: false
      lists:
        description:
          - Whether it is a list of files, a line with the whole path for each. Those that it lists on the host, and
            that its text does not, go before it is written, as secrets. With O(files[].state=absent) all of them go.
          - What another list beside it names, a file with the same ending, stays.
        type: bool
        default: false
      keeps:
        description: Files that stay although they are listed no more.
        type: list
        elements: path
        default: []
"""

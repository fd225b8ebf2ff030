#!/usr/bin/python
# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: files
short_description: Write several files at once, or remove them
version_added: 1.0.0
author: lvs.cluster authors (@lvs-cluster)
description:
  - Each of O(files) has its content and its mode, or is not there. Folders on the way to it are made.
  - A file is written as a whole or not at all. Where O(files[].validate) of one refuses it, none of them is written.
  - One task for what else is one or two for each file.
extends_documentation_fragment:
  - lvs.cluster._host
options:
  files:
    description: The files, in the order in which they are written.
    type: list
    elements: dict
    required: true
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
            O(files[].content).
          - It is run before the file is in its place, if its text changes, and not in check mode.
        type: str
      state:
        description:
          - Whether there is such a file. A link goes, and what it leads to stays. A folder goes if nothing is left in
            it; name it after the files in it.
        type: str
        choices: [present, absent]
        default: present
attributes:
  check_mode:
    support: full
    description: Can run in check mode and says what it would do.
  diff_mode:
    support: full
    description: Shows the texts before and after.
"""

EXAMPLES = r"""
- name: Have systemd start keepalived again when it dies
  lvs.cluster.files:
    files:
      - path: /etc/systemd/system/keepalived.service.d/lvs.conf
        content: "{{ lookup('ansible.builtin.template', 'unit.conf.j2') }}"

- name: Remove it, and the folder if nothing else is in it
  lvs.cluster.files:
    files:
      - path: /etc/systemd/system/keepalived.service.d/lvs.conf
        state: absent
      - path: /etc/systemd/system/keepalived.service.d
        state: absent
"""

RETURN = r"""
differing:
  description: Those of which the text or the mode was another than is wanted.
  returned: success
  type: list
  elements: str
  sample: [/etc/systemd/system/keepalived.service.d/lvs.conf]
"""

import re

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.lvs.cluster.plugins.module_utils._host.errors import MODULE_ERRORS, failure
from ansible_collections.lvs.cluster.plugins.module_utils._host.files import Files, Wanted
from ansible_collections.lvs.cluster.plugins.module_utils._problems import bad_option


def wanted(number, options):
    """A file as its options have it."""
    if options["state"] == "absent":
        return Wanted(options["path"], None)
    if options["content"] is None:
        raise bad_option(f"files[{number}].content", None, "is missing", "Write it, or state: absent")
    if not re.fullmatch(r"[0-7]{3,4}", options["mode"]):
        raise bad_option(f"files[{number}].mode", repr(options["mode"]), "is no mode", "Write it as '0644'")
    return Wanted(options["path"], options["content"], int(options["mode"], 8), options["validate"] or "")


def main():
    module = AnsibleModule(
        argument_spec={
            "files": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": {
                    "path": {"type": "path", "required": True},
                    "content": {"type": "str"},
                    "mode": {"type": "str", "default": "0644"},
                    "validate": {"type": "str"},
                    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
                },
            },
        },
        supports_check_mode=True,
    )
    try:
        files = Files(module, [wanted(number, each) for number, each in enumerate(module.params["files"])])
        changed = files.changed
        if not module.check_mode:
            files.apply()
    except MODULE_ERRORS as error:
        module.fail_json(**failure(error))
    module.exit_json(changed=bool(changed), differing=changed, diff=files.diff())


if __name__ == "__main__":
    main()

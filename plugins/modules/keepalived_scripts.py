#!/usr/bin/python
# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: keepalived_scripts
short_description: Have the scripts that keepalived runs, as it would run them
version_added: 1.0.0
author: lvs.cluster authors (@lvs-cluster)
description:
  - Each of O(scripts) is a file that belongs to root, that nobody else may change, and that everybody may run.
  - Fails where keepalived would not run one of them, or one of O(programs), which are on the host already. It, and each
    folder on the way to it, must belong to root, be writable by root alone, and be open to O(user).
  - keepalived leaves out such a script with a line in its log alone; its own test of a configuration does not tell.
  - Give each text of a script a path of its own, as the filter P(lvs.cluster.view#filter) does. Then what is new is put
    beside what runs, and O(purge) takes away what is old once nothing runs it.
extends_documentation_fragment:
  - lvs.cluster._host
  - lvs.cluster._modes
options:
  scripts:
    description: The scripts.
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description: Where it is, in O(directory).
        type: path
        required: true
      content:
        description: Its whole text.
        type: str
        required: true
  programs:
    description: What keepalived runs besides.
    type: list
    elements: path
    default: []
  user:
    description: Who runs all of them, C(script_user) of keepalived. Required where there are any.
    type: str
  directory:
    description: The folder of O(scripts), which has nothing else.
    type: path
    default: /etc/keepalived/scripts
  purge:
    description: Whether all else in O(directory) is removed, and the folder too where nothing is left in it.
    type: bool
    default: false
attributes:
  check_mode:
    support: full
    description: Can run in check mode, and looks at what is there then too.
seealso:
  - module: lvs.cluster.keepalived_config
"""

EXAMPLES = r"""
- name: Put the scripts beside those that run
  lvs.cluster.keepalived_scripts:
    scripts:
      - path: /etc/keepalived/scripts/notify-2c26b46b68ff.sh
        content: "{{ lookup('ansible.builtin.file', 'notify.sh') }}"
    programs: [/usr/bin/pgrep]
    user: keepalived_script

- name: Remove all of them
  lvs.cluster.keepalived_scripts:
    purge: true
"""

RETURN = r"""
differing:
  description: The files that were missing, or other ones, or too many.
  returned: success
  type: list
  elements: str
  sample: [/etc/keepalived/scripts/notify-2c26b46b68ff.sh]
"""

import os

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.lvs.cluster.plugins.module_utils._host.errors import MODULE_ERRORS, failure
from ansible_collections.lvs.cluster.plugins.module_utils._host.files import diff
from ansible_collections.lvs.cluster.plugins.module_utils._host.keepalived_scripts import (
    Scripts,
    inside,
    require_open,
    require_sound,
    user_of,
)
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.scripts import DIRECTORY
from ansible_collections.lvs.cluster.plugins.module_utils._problems import bad_option


def require_all_sound(module, paths):
    """Fail before anything is written, where one could not be run."""
    if not module.params["user"]:
        raise bad_option("user", None, "is missing", "Write who runs the scripts")
    user = user_of(module.params["user"], made_later=module.check_mode)
    for path in module.params["programs"]:
        require_sound(path, user)
    if paths:
        require_open(module.params["directory"], user)


def main():
    module = AnsibleModule(
        argument_spec={
            "scripts": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "path": {"type": "path", "required": True},
                    "content": {"type": "str", "required": True},
                },
            },
            "programs": {"type": "list", "elements": "path", "default": []},
            "user": {"type": "str"},
            "directory": {"type": "path", "default": DIRECTORY},
            "purge": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    folder = os.path.normpath(module.params["directory"])
    wanted = {each["path"]: each["content"] for each in module.params["scripts"]}
    try:
        outside = inside(folder, list(wanted))
        if outside:
            raise bad_option("scripts", outside, f"is not in {folder}", "Write directory too")
        if wanted or module.params["programs"]:
            require_all_sound(module, list(wanted))
        scripts = Scripts(folder, wanted, module.params["purge"])
        changed, texts = scripts.changed, diff(scripts.diff())
        if not module.check_mode:
            scripts.apply()
    except MODULE_ERRORS as error:
        module.fail_json(**failure(error))
    module.exit_json(changed=bool(changed), differing=changed, diff=texts)


if __name__ == "__main__":
    main()

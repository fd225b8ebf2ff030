#!/usr/bin/python
# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: keepalived_version
short_description: Refuse options that the installed keepalived does not know
version_added: 1.0.0
author: lvs.cluster authors (@lvs-cluster)
description:
  - Asks the installed keepalived for its version, and fails where one of O(needs) came with a later one. The message
    tells the option, its value and both versions.
  - Changes nothing.
extends_documentation_fragment:
  - lvs.cluster._host
  - lvs.cluster._modes.reads
options:
  needs:
    description: The options that not every keepalived knows, as the filter P(lvs.cluster.view#filter) has them.
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description: The option, as the description of a cluster names it.
        type: str
        required: true
      value:
        description: What it is to be.
        type: raw
      since:
        description: The first version that knows it.
        type: str
        required: true
seealso:
  - module: lvs.cluster.keepalived_config
"""

EXAMPLES = r"""
- name: Does this keepalived know what is described?
  lvs.cluster.keepalived_version:
    needs: "{{ (hostvars | lvs.cluster.view(inventory_hostname)).keepalived.needs }}"
"""

RETURN = r"""
version:
  description: The version of the installed keepalived.
  returned: success
  type: str
  sample: 2.2.7
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.lvs.cluster.plugins.module_utils._host.errors import MODULE_ERRORS, failure
from ansible_collections.lvs.cluster.plugins.module_utils._host.keepalived import (
    TooOldError,
    program_of,
    version_of,
)
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.versions import too_old


def main():
    module = AnsibleModule(
        argument_spec={
            "needs": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "path": {"type": "str", "required": True},
                    "value": {"type": "raw"},
                    "since": {"type": "str", "required": True},
                },
            }
        },
        supports_check_mode=True,
    )
    try:
        version = version_of(module.run_command, program_of(module))
        refused = too_old(version, module.params["needs"])
        if refused:
            raise TooOldError(version, refused)
    except MODULE_ERRORS as error:
        module.fail_json(**failure(error))
    module.exit_json(changed=False, version=version)


if __name__ == "__main__":
    main()

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
  - Each of O(files) and O(secret_files) has its content and its mode, or is not there. Folders on the way to it are
    made.
  - A file is written as a whole or not at all. Where O(files[].validate) of one refuses it, none of them is written.
  - One task for what else is one or two for each file.
extends_documentation_fragment:
  - lvs.cluster._files
  - lvs.cluster._secret_files
  - lvs.cluster._host
  - lvs.cluster._modes
options:
  files:
    description: The files, in the order in which they are written, after O(secret_files).
    default: []
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

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.lvs.cluster.plugins.module_utils._host.errors import MODULE_ERRORS, failure
from ansible_collections.lvs.cluster.plugins.module_utils._host.files import Files
from ansible_collections.lvs.cluster.plugins.module_utils._host.files_option import SECRET_FILES, SPEC, wanted


def main():
    spec = {"files": {**SPEC, "default": []}, "secret_files": SECRET_FILES}
    module = AnsibleModule(argument_spec=spec, supports_check_mode=True)
    try:
        files = Files(module, wanted(module.params))
        changed = files.changed
        if not module.check_mode:
            files.apply()
    except MODULE_ERRORS as error:
        module.fail_json(**failure(error))
    module.exit_json(changed=bool(changed), differing=changed, diff=files.diff())


if __name__ == "__main__":
    main()

#!/usr/bin/python
# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: packages_info
short_description: Find out which packages a host does not have
version_added: 1.0.0
author: lvs.cluster authors (@lvs-cluster)
description:
  - Looks into the host's own record of its packages. No package manager is asked, no index read, and no mirror needed.
  - Where there is no such record as dpkg keeps, it takes all of them for missing, and the package manager knows.
  - Changes nothing.
options:
  names:
    description: The packages, by the names that the package manager has for them.
    type: list
    elements: str
    required: true
attributes:
  check_mode:
    support: full
    description: Can run in check mode, as it changes nothing.
  diff_mode:
    support: none
    description: Changes nothing that could differ.
seealso:
  - module: ansible.builtin.package
"""

EXAMPLES = r"""
- name: Look what is missing
  lvs.cluster.packages_info:
    names: [ipvsadm, keepalived]
  register: packages

- name: Install it
  ansible.builtin.package:
    name: "{{ packages.missing }}"
    state: present
  when: packages.missing != []
"""

RETURN = r"""
missing:
  description: Those of O(names) that are not installed.
  returned: success
  type: list
  elements: str
  sample: [keepalived]
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.lvs.cluster.plugins.module_utils._host.packages import missing


def main():
    module = AnsibleModule(
        argument_spec={"names": {"type": "list", "elements": "str", "required": True}},
        supports_check_mode=True,
    )
    module.exit_json(changed=False, missing=missing(module, module.params["names"]))


if __name__ == "__main__":
    main()

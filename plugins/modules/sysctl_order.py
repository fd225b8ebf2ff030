#!/usr/bin/python
# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: sysctl_order
short_description: Make sure that a file of kernel settings has the last word at boot
version_added: 1.0.0
author: lvs.cluster authors (@lvs-cluster)
description:
  - Fails where a file that C(systemd-sysctl) reads after O(path) sets one of O(values) to something else. Such a host
    works until it boots.
  - Reads files, and changes nothing. O(path) need not be there yet, so that this can come before it is written.
options:
  path:
    description: The file, in C(/etc/sysctl.d).
    type: path
    required: true
  values:
    description: What it sets, by the names that sysctl(8) has for them.
    type: dict
    required: true
attributes:
  check_mode:
    support: full
    description: Can run in check mode, as it changes nothing.
  diff_mode:
    support: none
    description: Changes nothing that could differ.
seealso:
  - name: sysctl.d(5)
    description: The order in which files are read.
    link: https://www.freedesktop.org/software/systemd/man/latest/sysctl.d.html
"""

EXAMPLES = r"""
- name: Refuse a host whose next boot would set something else
  lvs.cluster.sysctl_order:
    path: /etc/sysctl.d/60-lvs-realserver.conf
    values:
      net.ipv4.conf.all.arp_ignore: 1
"""

RETURN = r"""
read_after:
  description: The files that are read after O(path).
  returned: success
  type: list
  elements: str
  sample: [/etc/sysctl.d/99-sysctl.conf]
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.lvs.cluster.plugins.module_utils._host.sysctl import read_after
from ansible_collections.lvs.cluster.plugins.module_utils._realserver.boot_files import overriding, sysctl_path


def main():
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path", "required": True},
            "values": {"type": "dict", "required": True},
        },
        supports_check_mode=True,
    )
    path = module.params["path"]
    wanted = {key: str(value) for key, value in module.params["values"].items()}
    after = read_after(path)
    found = overriding(path, wanted, after)
    if found:
        own = {sysctl_path(key): (key, value) for key, value in wanted.items()}
        lines = [
            f"{each.path}, line {each.line}, sets {own[each.key][0]} to {each.value} after {path}, which sets it to "
            f"{own[each.key][1]}"
            for each in found
        ]
        module.fail_json(msg="; ".join(lines) + ". Take the line away: the next boot would follow it.")
    module.exit_json(changed=False, read_after=[each for each, _text in after])


if __name__ == "__main__":
    main()

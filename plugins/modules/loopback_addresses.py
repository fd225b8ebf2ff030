#!/usr/bin/python
# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: loopback_addresses
short_description: Give the loopback the virtual addresses of a real server
version_added: 1.0.0
author: lvs.cluster authors (@lvs-cluster)
description:
  - C(lo) holds O(addresses), each as C(/32) that is its own broadcast address, under a label C(lo:N).
    Addresses of the loopback without such a label are left alone.
  - Changes the running kernel alone; what the next boot does is up to the host's network configuration.
  - Silence the host's ARP for the addresses first (C(arp_ignore), C(arp_announce)).
options:
  addresses:
    description: The addresses.
    type: list
    elements: dict
    required: true
    suboptions:
      address:
        description: An IPv4 address.
        type: str
        required: true
      label:
        description:
          - Its label, C(lo:0), C(lo:1), and so on.
          - An address that has another label of this kind already keeps that.
        type: str
        required: true
  purge:
    description:
      - Remove the addresses that have a label C(lo:N) and are not among O(addresses).
      - Do so only when no director sends here for them any more.
    type: bool
    default: false
attributes:
  check_mode:
    support: full
    description: Can run in check mode and says what it would do.
  diff_mode:
    support: full
    description: Shows the addresses before and after.
seealso:
  - name: ip-address(8)
    description: The command that it runs.
    link: https://man7.org/linux/man-pages/man8/ip-address.8.html
"""

EXAMPLES = r"""
- name: Hold a virtual address
  lvs.cluster.loopback_addresses:
    addresses:
      - address: 192.0.2.100
        label: lo:0

- name: Hold none any more
  lvs.cluster.loopback_addresses:
    addresses: []
    purge: true
"""

RETURN = r"""
commands:
  description: What was run, or would be in check mode.
  returned: always
  type: list
  elements: str
  sample: ["ip address add 192.0.2.100/32 broadcast 192.0.2.100 dev lo label lo:0"]
surplus:
  description: Addresses with a label C(lo:N) that are not among O(addresses) and stay, as O(purge=false).
  returned: always
  type: list
  elements: str
  sample: [192.0.2.101]
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.lvs.cluster.plugins.module_utils._loopback import held, plan, render, surplus


def main():
    module = AnsibleModule(
        argument_spec={
            "addresses": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": {
                    "address": {"type": "str", "required": True},
                    "label": {"type": "str", "required": True},
                },
            },
            "purge": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    out = module.run_command(["ip", "-json", "-4", "address", "show", "dev", "lo"], check_rc=True)[1]
    current = held(out)
    wanted = {each["address"]: each["label"] for each in module.params["addresses"]}
    commands = plan(current, wanted, module.params["purge"])
    if not module.check_mode:
        for command in commands:
            module.run_command(command, check_rc=True)
    module.exit_json(
        changed=bool(commands),
        commands=[" ".join(command) for command in commands],
        surplus=[] if module.params["purge"] else surplus(current, wanted),
        diff={"before": render(current, []), "after": render(current, commands)},
    )


if __name__ == "__main__":
    main()

#!/usr/bin/python
# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: addresses_boot
short_description: Have an interface get virtual addresses at each boot
version_added: 1.0.0
author: lvs.cluster authors (@lvs-cluster)
description:
  - Writes O(addresses) where the program that sets up the host's network reads them at boot, has it read them if it
    runs, and asks it whether it has. Without addresses there is nothing of O(owner) for O(interface) any more, whoever
    sets up the network.
  - Fails with what is to be changed, before anything is written where that can be known, if nobody would read it, or
    the boot does not start who does. A host whose file nobody reads works until it boots.
  - The running kernel is M(lvs.cluster.addresses)'s business, and first, so that who reads the file finds them there.
extends_documentation_fragment:
  - lvs.cluster._addresses
  - lvs.cluster._host
  - lvs.cluster._modes
options:
  stack:
    description: Who sets up the network at boot.
    type: str
    choices: [netplan, networkd, ifcfg, NetworkManager, ifupdown]
    required: true
  networkd_file:
    description:
      - The name of a file of the host's own that networkd sets up O(interface) from, and to which O(addresses) are
        added. Empty for the one that it is found to use; for C(lo) it is then a file of this module, and another one
        is refused.
    type: str
    default: ""
  header:
    description: What the files begin with, a comment.
    type: str
    default: ""
seealso:
  - name: interfaces(5)
    description: The grammar of ifupdown's files, C(source) among it.
    link: https://manpages.debian.org/interfaces
  - name: systemd.network(5)
    description: Which file sets up which interface.
    link: https://www.freedesktop.org/software/systemd/man/latest/systemd.network.html
"""

EXAMPLES = r"""
- name: Hold a virtual address on the loopback at boot
  lvs.cluster.addresses_boot:
    stack: ifupdown
    addresses:
      - address: 192.0.2.100
        label: lo:0

- name: Hold one beside the addresses of a network card at boot
  lvs.cluster.addresses_boot:
    stack: networkd
    interface: eth0
    addresses:
      - address: 192.0.2.100
        label: eth0:0
"""

RETURN = r"""
stack:
  description: Who sets up the network at boot.
  returned: success
  type: str
  sample: ifupdown
differing:
  description: The files of which the text or the mode was another than is wanted.
  returned: success
  type: list
  elements: str
  sample: [/etc/network/interfaces.d/lvs-loopback]
read:
  description: Whether they were read before, as far as who reads them tells.
  returned: success
  type: bool
  sample: true
differs:
  description: Whether there was something to do, or is in check mode. Unlike C(changed), a task cannot overrule it.
  returned: success
  type: bool
  sample: true
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.lvs.cluster.plugins.module_utils._addresses.stacks import STACKS
from ansible_collections.lvs.cluster.plugins.module_utils._addresses.wish import Address, Wish
from ansible_collections.lvs.cluster.plugins.module_utils._host.addresses_option import SPEC, addresses_of, require_good
from ansible_collections.lvs.cluster.plugins.module_utils._host.boot import hold, let_go
from ansible_collections.lvs.cluster.plugins.module_utils._host.errors import MODULE_ERRORS, failure


def main():
    module = AnsibleModule(
        argument_spec={
            **SPEC,
            "stack": {"type": "str", "choices": list(STACKS), "required": True},
            "networkd_file": {"type": "str", "default": ""},
            "header": {"type": "str", "default": ""},
        },
        supports_check_mode=True,
    )
    params = module.params
    wish = Wish(
        params["interface"],
        params["owner"],
        [Address(*each) for each in addresses_of(params).items()],
        params["header"],
        params["dummy"],
    )
    try:
        require_good(params)
        do = hold if wish.addresses else let_go
        result = do(module, wish, params["stack"], params["networkd_file"])
    except MODULE_ERRORS as error:
        module.fail_json(**failure(error))
    differs = bool(result["differing"]) or not result["read"]
    module.exit_json(changed=differs, differs=differs, stack=params["stack"], **result)


if __name__ == "__main__":
    main()

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

import time

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.lvs.cluster.plugins.module_utils._addresses.stacks import STACKS, gone
from ansible_collections.lvs.cluster.plugins.module_utils._addresses.wish import Address, Wish
from ansible_collections.lvs.cluster.plugins.module_utils._host.addresses_option import SPEC, addresses_of, require_good
from ansible_collections.lvs.cluster.plugins.module_utils._host.errors import MODULE_ERRORS, failure
from ansible_collections.lvs.cluster.plugins.module_utils._host.files import Files, Wanted
from ansible_collections.lvs.cluster.plugins.module_utils._host.networks import (
    RUNNING,
    NetworkError,
    no_dummies,
    other_additions,
    own_files,
)
from ansible_collections.lvs.cluster.plugins.module_utils._host.systemd import enablement
from ansible_collections.lvs.cluster.plugins.module_utils._problems import bad_option

# For an interface to be set up anew, after who does it was told.
SECONDS = 5


def hold(module, wish):
    """Have them there after each boot."""
    stack = STACKS[module.params["stack"]]
    require_started(module, stack)
    if not stack.has_ipv6 and any(":" in each.address for each in wish.addresses):
        raise bad_option("addresses", None, f"has one of IPv6, of which {stack.name} knows no aliases")
    if wish.is_dummy and not stack.has_dummies:
        raise no_dummies(stack.name)
    running = RUNNING[stack.name](module, wish, module.params["networkd_file"])
    running.look()
    files = Files(module, [Wanted(*each) for each in stack.files(wish, running.found)])
    differing, diff, read = files.changed, files.diff(), running.reads()
    if not (read or differing or running.is_told):
        raise running.unread()
    if not module.check_mode and (differing or not read):
        files.apply()
        running.tell()
        wait_until_read(running)
    return {"differing": differing, "read": read, "diff": diff}


def wait_until_read(running):
    deadline = time.monotonic() + SECONDS
    while not running.reads():
        if time.monotonic() > deadline:
            raise running.unread()
        time.sleep(0.2)


def require_started(module, stack):
    """Fail where the boot does not start who sets up the network."""
    state, _errors = enablement(module.run_command, stack.unit)
    if state in ("disabled", "masked"):
        raise NetworkError(
            f"{stack.unit} is {state}, so nobody reads at boot which addresses {module.params['interface']} has",
            remedy=f"Use 'systemctl enable {stack.unit}', or set realserver_network to what does set up this host's "
            "network",
        )


def let_go(module, wish):
    """Have nothing of the owner's there any more."""
    stack = STACKS[module.params["stack"]]
    running = RUNNING[stack.name](module, wish, module.params["networkd_file"])
    absent = gone(wish, own_files(wish.interface, wish.owner), bool(other_additions(wish)))
    if stack.shares_files:
        running.look()
        absent += stack.files(wish, running.found)
    files = Files(module, [Wanted(*each) for each in absent])
    differing, diff = files.changed, files.diff()
    if not module.check_mode and differing:
        files.apply()
        running.tell_gone()
    return {"differing": differing, "read": True, "diff": diff}


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
        result = hold(module, wish) if wish.addresses else let_go(module, wish)
    except MODULE_ERRORS as error:
        module.fail_json(**failure(error))
    differs = bool(result["differing"]) or not result["read"]
    module.exit_json(changed=differs, differs=differs, stack=params["stack"], **result)


if __name__ == "__main__":
    main()

#!/usr/bin/python
# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: addresses
short_description: Give an interface virtual addresses
version_added: 1.0.0
author: lvs.cluster authors (@lvs-cluster)
description:
  - O(interface) holds O(addresses), each for itself alone (C(/32), of IPv6 C(/128)), under a label C(lo:N) where it has
    one.
  - What it put there it remembers in C(/var/lib/lvs-cluster/addresses), by O(interface) and O(owner). Every other
    address of the interface is somebody else's and stays, whatever its label. What files of O(owner) for the next boot
    name, as M(lvs.cluster.addresses_boot) writes them, is O(owner)'s too, also where nothing has been remembered yet.
  - An address of O(addresses) that is there already is O(owner)'s from then on. One that is there with another length
    is refused, before anything is changed.
  - Changes the running kernel alone; what the next boot does is up to the host's network configuration.
  - Of the loopback of a real server, silence the host's ARP for the addresses first (C(arp_ignore), C(arp_announce)).
extends_documentation_fragment:
  - lvs.cluster._addresses
  - lvs.cluster._host
  - lvs.cluster._modes
options:
  purge:
    description:
      - Remove the addresses that are O(owner)'s and not among O(addresses).
      - Do so only when no director sends here for them any more.
    type: bool
    default: false
seealso:
  - name: ip-address(8)
    description: The command that it runs.
    link: https://man7.org/linux/man-pages/man8/ip-address.8.html
"""

EXAMPLES = r"""
- name: Hold a virtual address on the loopback
  lvs.cluster.addresses:
    addresses:
      - address: 192.0.2.100
        label: lo:0

- name: Hold one beside the addresses of a network card
  lvs.cluster.addresses:
    interface: eth0
    addresses:
      - address: 192.0.2.100
        label: eth0:0

- name: Hold one on a device that is there for it alone
  lvs.cluster.addresses:
    interface: lvs0
    dummy: true
    addresses:
      - address: 192.0.2.100

- name: Hold none on the loopback any more
  lvs.cluster.addresses:
    addresses: []
    purge: true
"""

RETURN = r"""
commands:
  description: What was run, or would be in check mode.
  returned: always
  type: list
  elements: str
  sample: ["ip address add 192.0.2.100/32 dev lo label lo:0"]
surplus:
  description: Addresses that are O(owner)'s and not among O(addresses), and stay, as O(purge=false).
  returned: always
  type: list
  elements: str
  sample: [192.0.2.101]
leaving:
  description: Those, and what else is remembered of O(owner), or stands in its files, and is not there any more.
  returned: always
  type: list
  elements: str
  sample: [192.0.2.101]
interface:
  description: The interface, so that one look is not taken for that at another one.
  returned: always
  type: str
  sample: lo
differs:
  description: Whether there was something to do, or is in check mode. Unlike C(changed), a task cannot overrule it.
  returned: always
  type: bool
  sample: true
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.lvs.cluster.plugins.module_utils._addresses.held import (
    held,
    making,
    plan,
    read_memory,
    render,
    standing,
    surplus,
    too_wide,
    unmaking,
    write_memory,
)
from ansible_collections.lvs.cluster.plugins.module_utils._addresses.stacks import named
from ansible_collections.lvs.cluster.plugins.module_utils._host.addresses_option import SPEC, addresses_of, require_good
from ansible_collections.lvs.cluster.plugins.module_utils._host.errors import MODULE_ERRORS, failure
from ansible_collections.lvs.cluster.plugins.module_utils._host.ip import Ip, WideAddressError
from ansible_collections.lvs.cluster.plugins.module_utils._host.memory import ADDRESSES, OwnersMemory
from ansible_collections.lvs.cluster.plugins.module_utils._host.networks import own_files
from ansible_collections.lvs.cluster.plugins.module_utils._host.text import read_exact


def converge(module, memory):
    """The result, after the interface holds what it shall."""
    params = module.params
    interface, owner = params["interface"], params["owner"]
    wanted, ip = addresses_of(params), Ip.of(module)
    dummy = ip.dummy(interface) if params["dummy"] else None
    current = standing(ip.addresses_of(interface)) if not params["dummy"] else dummy.standing if dummy else []
    wide = too_wide(current, wanted)
    if wide:
        raise WideAddressError(interface, wide)

    current = held(current)
    remembered = {each: read_memory(text) for each, text in memory.read().items()}
    before = remembered.pop(owner, set())
    ours = before.union(*(named(read_exact(path)) for path in own_files(interface, owner)))
    # What another owner holds too goes with that one.
    others = set().union(*remembered.values()) if params["purge"] else set()
    commands, after = plan(current, wanted, ours - others, params["purge"], interface)
    first = making(dummy, interface) if params["dummy"] and wanted else []
    is_last = params["dummy"] and params["purge"] and not after and not any(remembered.values())
    last = unmaking(dummy, interface, ours) if is_last else []
    if not module.check_mode:
        # An address is remembered before it comes, and forgotten once it is gone.
        remember(memory, owner, before, ours | after)
        ip.apply([*first, *commands, *last])
        remember(memory, owner, ours | after, after)
    differs = bool(first or commands or last) or before != after
    return {
        "changed": differs,
        "differs": differs,
        "interface": interface,
        "commands": [" ".join(command) for command in [*first, *commands, *last]],
        "surplus": [] if params["purge"] else surplus(current, wanted, ours),
        "leaving": [] if params["purge"] else sorted(ours.difference(wanted)),
        "diff": {"before": render(current, before, []), "after": render(current, after, commands)},
    }


def remember(memory, owner, before, after):
    """Keep which addresses are the owner's, if that changes."""
    if before != after:
        memory.write(owner, write_memory(after) if after else "")


def main():
    module = AnsibleModule(
        argument_spec={**SPEC, "purge": {"type": "bool", "default": False}},
        supports_check_mode=True,
    )
    params = module.params
    try:
        require_good(params)
        memory = OwnersMemory(module, f"{ADDRESSES}/{params['interface']}")
        with memory.locked():
            result = converge(module, memory)
    except MODULE_ERRORS as error:
        module.fail_json(**failure(error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()

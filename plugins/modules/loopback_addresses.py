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
  - C(lo) holds O(addresses), each as C(/32), under a label C(lo:N) where it has one.
  - What it put there it remembers in C(/var/lib/lvs-cluster/loopback), by O(owner). Every other address of the
    loopback is somebody else's and stays, whatever its label.
  - An address of O(addresses) that is there already is O(owner)'s from then on. One that is there with another length
    than C(/32) is refused, before anything is changed.
  - Changes the running kernel alone; what the next boot does is up to the host's network configuration.
  - Silence the host's ARP for the addresses first (C(arp_ignore), C(arp_announce)).
extends_documentation_fragment:
  - lvs.cluster._host
options:
  addresses:
    description: The addresses.
    type: list
    elements: dict
    required: true
    suboptions:
      address:
        description: An IPv4 address in four numbers, without leading zeros and without a length.
        type: str
        required: true
      label:
        description:
          - Its label, C(lo:0), C(lo:1), and so on; it has none if not given. Up to 12 letters, digits, C(_), C(.) and
            C(-) may follow the colon.
          - A label is for people, and tells nothing of whose an address is. An address that is there already keeps the
            one that it has.
        type: str
  purge:
    description:
      - Remove the addresses that are O(owner)'s and not among O(addresses).
      - Do so only when no director sends here for them any more.
    type: bool
    default: false
  owner:
    description:
      - Whose addresses they are, as the name of a cluster. An address that two owners hold goes with the last of them.
    type: str
    default: lvs
  network_files:
    description:
      - Files of the host's network configuration that the roles of this collection wrote for O(owner). What they give
        to the loopback is O(owner)'s too, also where nothing has been remembered yet.
    type: list
    elements: path
    default: []
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
  sample: ["ip address add 192.0.2.100/32 dev lo label lo:0"]
surplus:
  description: Addresses that are O(owner)'s and not among O(addresses), and stay, as O(purge=false).
  returned: always
  type: list
  elements: str
  sample: [192.0.2.101]
leaving:
  description: Those, and what else is remembered of O(owner), or stands in O(network_files), and is not there any more.
  returned: always
  type: list
  elements: str
  sample: [192.0.2.101]
differs:
  description: Whether there was something to do, or is in check mode. Unlike C(changed), a task cannot overrule it.
  returned: always
  type: bool
  sample: true
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.lvs.cluster.plugins.module_utils._host.errors import MODULE_ERRORS, failure
from ansible_collections.lvs.cluster.plugins.module_utils._host.ip import Ip, WideAddressError
from ansible_collections.lvs.cluster.plugins.module_utils._host.memory import OwnersMemory
from ansible_collections.lvs.cluster.plugins.module_utils._host.text import read_exact
from ansible_collections.lvs.cluster.plugins.module_utils._problems import OptionsError
from ansible_collections.lvs.cluster.plugins.module_utils._realserver.loopback import (
    held,
    named,
    plan,
    problems_of,
    read_memory,
    render,
    standing,
    surplus,
    too_wide,
    write_memory,
)


def converge(module, memory):
    """The result, after C(lo) holds what it shall."""
    params = module.params
    wanted = {each["address"]: each["label"] or "" for each in params["addresses"]}
    ip = Ip.of(module)
    current = standing(ip.loopback())
    wide = too_wide(current, wanted)
    if wide:
        raise WideAddressError(wide)

    current = held(current)
    remembered = {owner: read_memory(text) for owner, text in memory.read().items()}
    before = remembered.pop(params["owner"], set())
    ours = before.union(*(in_file(path) for path in params["network_files"]))
    commands, after = plan(current, wanted, ours, params["purge"], set().union(*remembered.values()))
    if not module.check_mode:
        # An address is remembered before it comes, and forgotten once it is gone.
        remember(memory, params["owner"], before, ours | after)
        ip.apply(commands)
        remember(memory, params["owner"], ours | after, after)
    differs = bool(commands) or before != after
    return {
        "changed": differs,
        "differs": differs,
        "commands": [" ".join(command) for command in commands],
        "surplus": [] if params["purge"] else surplus(current, wanted, ours),
        "leaving": [] if params["purge"] else sorted(ours.difference(wanted)),
        "diff": {"before": render(current, before, []), "after": render(current, after, commands)},
    }


def in_file(path):
    """The addresses that a file of the network's configuration names, if it is there."""
    return named(read_exact(path))


def remember(memory, owner, before, after):
    """Keep which addresses are the owner's, if that changes."""
    if before != after:
        memory.write(owner, write_memory(after) if after else "")


def main():
    module = AnsibleModule(
        argument_spec={
            "addresses": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": {
                    "address": {"type": "str", "required": True},
                    "label": {"type": "str"},
                },
            },
            "purge": {"type": "bool", "default": False},
            "owner": {"type": "str", "default": "lvs"},
            "network_files": {"type": "list", "elements": "path", "default": []},
        },
        supports_check_mode=True,
    )
    try:
        problems = problems_of(module.params["addresses"], module.params["owner"])
        if problems:
            raise OptionsError(problems, "Nothing was changed")
        memory = OwnersMemory(module, "loopback")
        with memory.locked():
            result = converge(module, memory)
    except MODULE_ERRORS as error:
        module.fail_json(**failure(error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()

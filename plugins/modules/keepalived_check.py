#!/usr/bin/python
# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: keepalived_check
short_description: Ask a running keepalived whether it runs what is described
version_added: 1.0.0
author: lvs.cluster authors (@lvs-cluster)
description:
  - Compares what keepalived has in memory, and which addresses the host has, with what the filter
    P(lvs.cluster.view#filter) derives from a description. What does not hold is in RV(problems); nothing fails.
  - A keepalived that was just told to reload is given O(timeout) seconds to do it.
extends_documentation_fragment:
  - lvs.cluster._host
  - lvs.cluster._keepalived
  - lvs.cluster._keepalived.described
options:
  vrrp_instances:
    required: true
  virtual_servers:
    required: true
  settle:
    description:
      - Wait first until a director that hears no other would have made itself master; after a change on any of them.
    type: bool
    default: false
  timeout:
    description: Seconds in which what runs must come to be what is described.
    type: float
    default: 20.0
attributes:
  check_mode:
    support: full
    description: Can run in check mode, and does the same then.
  diff_mode:
    support: none
    description: Changes nothing but files that keepalived writes of itself.
seealso:
  - module: lvs.cluster.keepalived_config
  - module: lvs.cluster.keepalived_info
"""

EXAMPLES = r"""
- name: Does keepalived run what is described?
  lvs.cluster.keepalived_check:
    vrrp_instances: "{{ (hostvars | lvs.cluster.view(inventory_hostname)).keepalived.vrrp_instances }}"
    virtual_servers: "{{ (hostvars | lvs.cluster.view(inventory_hostname)).keepalived.virtual_servers }}"
  register: runs
  failed_when: runs.problems != []
"""

RETURN = r"""
problems:
  description: What runs otherwise than it is described, a line each.
  returned: success
  type: list
  elements: str
  sample: ["vrrp_instance web: addresses 192.0.2.10 -> 192.0.2.10 192.0.2.11"]
states:
  description: The state of each VRRP instance that runs, by name.
  returned: success
  type: dict
  sample: {web: MASTER}
"""

import time

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.lvs.cluster.plugins.module_utils._host.errors import MODULE_ERRORS, failure
from ansible_collections.lvs.cluster.plugins.module_utils._host.ip import Ip
from ansible_collections.lvs.cluster.plugins.module_utils._host.keepalived import (
    Keepalived,
    KeepalivedError,
    dumped,
    program_of,
)
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.addresses import parse_addresses
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.expected import (
    NOT_RUNNING,
    problems_of,
    settling_seconds,
)

# Between two questions.
INTERVAL = 0.5
# For one answer, however late it is.
PATIENCE = 5.0


def ask(module, deadline):
    """The problems, and the states, as they are now."""
    instances, services = module.params["vrrp_instances"], module.params["virtual_servers"]
    keepalived = Keepalived.running(module.params["pid_file"], module.params["dump_directory"])
    if keepalived is None:
        return [NOT_RUNNING], {}
    left = max(deadline - time.monotonic(), PATIENCE)
    running = dumped(keepalived, module.run_command, program_of(module), left)
    addresses = parse_addresses(Ip.of(module).addresses())
    problems = problems_of(instances, services, module.params["scripts"], running, addresses)
    return problems, {each["name"]: each["state"] for each in running["states"]}


def wait_and_ask(module):
    if module.params["settle"]:
        time.sleep(settling_seconds(module.params["vrrp_instances"]))
    deadline = time.monotonic() + module.params["timeout"]
    while True:
        try:
            problems, states = ask(module, deadline)
        except KeepalivedError as error:
            # In the middle of a reload it writes nothing.
            if time.monotonic() > deadline:
                raise
            problems, states = [str(error)], {}
        if not problems or time.monotonic() > deadline:
            return {"problems": problems, "states": states}
        time.sleep(INTERVAL)


def main():
    module = AnsibleModule(
        argument_spec={
            "vrrp_instances": {"type": "list", "elements": "dict", "required": True},
            "virtual_servers": {"type": "list", "elements": "dict", "required": True},
            "scripts": {"type": "list", "elements": "path", "default": []},
            "settle": {"type": "bool", "default": False},
            "secrets": {"type": "list", "elements": "str", "default": [], "no_log": True},
            "pid_file": {"type": "path", "default": "/run/keepalived.pid"},
            "dump_directory": {"type": "path", "default": "/tmp"},
            "timeout": {"type": "float", "default": 20.0},
        },
        supports_check_mode=True,
    )
    try:
        result = wait_and_ask(module)
    except MODULE_ERRORS as error:
        module.fail_json(**failure(error))
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()

#!/usr/bin/python
# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: keepalived_info
short_description: Ask a running keepalived what it thinks
version_added: 1.0.0
description:
  - The VRRP instances with their states and addresses, and the virtual and real servers with the verdicts of their
    checkers, as keepalived itself has them in memory.
  - Signals keepalived to write its state to files, and reads them. The instances come from its JSON; where keepalived
    was built without JSON they come from the text that every build writes, and have no C(counters).
    Virtual servers come from that text always, as no keepalived up to 2.3.4 writes them as JSON. Logs are not read.
  - Changes nothing but these files, also in check mode.
extends_documentation_fragment:
  - lvs.cluster._host
  - lvs.cluster._ipvs
  - lvs.cluster._keepalived
  - lvs.cluster._ipvs.reads
requirements:
  - keepalived on the host
options:
  timeout:
    description: Seconds to wait for the files.
    type: float
    default: 20.0
seealso:
  - module: lvs.cluster.ipvs_info
"""

EXAMPLES = r"""
- name: What does keepalived think?
  lvs.cluster.keepalived_info:
  register: keepalived

- name: Nobody may be in FAULT
  ansible.builtin.assert:
    that: keepalived.instances | selectattr('state', 'eq', 'FAULT') | length == 0
"""

RETURN = r"""
commands:
  description: As of the modules that change something; none, always.
  returned: success
  type: list
  elements: str
  sample: []
running:
  description: Whether keepalived runs. If not, the lists are empty.
  returned: success
  type: bool
  sample: true
source:
  description: Where RV(instances) comes from.
  returned: success
  type: str
  choices: [json, text, none]
  sample: json
instances:
  description: The VRRP instances.
  returned: success
  type: list
  elements: dict
  sample:
    - name: web
      state: MASTER
      wanted_state: MASTER
      interface: eth0
      virtual_router_id: 51
      version: 3
      priority: 254
      effective_priority: 254
      virtual_ipaddress: [192.0.2.10]
      holds_virtual_ipaddress: true
      last_transition: 1795219039.099913
      counters: {advert_rcvd: 0, advert_sent: 28, become_master: 1, release_master: 0}
virtual_servers:
  description: The virtual servers.
  returned: success
  type: list
  elements: dict
  sample:
    - protocol: tcp
      address: 192.0.2.10
      port: 80
      lb_algo: wrr
      lb_kind: DR
      quorum: 1
      quorum_up: true
      alive: true
      lb_flags: []
      ops: false
      persistence_timeout: 300
      sorry_server:
        {address: 203.0.113.99, port: 80, lb_kind: TUN, tun_type: gue, tun_port: 6080, tun_checksum: none,
         inhibit_on_failure: false, is_real_server: false, in_use: false}
      real_servers:
        - address: 192.0.2.51
          port: 80
          lb_kind: DR
          weight: 2
          effective_weight: 2
          uthreshold: 0
          lthreshold: 0
          inhibit_on_failure: true
          alive: false
          in_table: true
          failed_checkers: 1
          checkers:
            - {type: HTTP_GET, enabled: true, up: false, has_run: true}
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.lvs.cluster.plugins.module_utils._host.errors import MODULE_ERRORS, failure
from ansible_collections.lvs.cluster.plugins.module_utils._host.keepalived import (
    Keepalived,
    data_signal,
    program_of,
    signal_number,
)
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.status import (
    parse_check_data,
    parse_json,
    parse_vrrp_data,
)


def instances(keepalived, module, program, signal):
    """The VRRP instances, and where they come from."""
    json_signal = signal_number(module.run_command, program, "JSON")
    name, number, parse, source = (
        ("keepalived.json", json_signal, parse_json, "json")
        if json_signal
        else ("keepalived.data", signal, parse_vrrp_data, "text")
    )
    (read,) = keepalived.dump(number, [name], module.params["timeout"])
    return read(parse), source


def virtual_servers(keepalived, module, signal):
    (read,) = keepalived.dump(signal, ["keepalived_check.data"], module.params["timeout"])
    return read(parse_check_data)


def main():
    module = AnsibleModule(
        argument_spec={
            "pid_file": {"type": "path", "default": "/run/keepalived.pid"},
            "dump_directory": {"type": "path", "default": "/tmp"},
            "timeout": {"type": "float", "default": 20.0},
        },
        supports_check_mode=True,
    )
    result = {"running": False, "source": "none", "instances": [], "virtual_servers": []}
    try:
        keepalived = Keepalived.running(module.params["pid_file"], module.params["dump_directory"])
        if keepalived:
            result["running"] = True
            children = keepalived.children(module.params["timeout"])
            program = program_of(module)
            signal = data_signal(module.run_command, program)
            if "vrrp" in children:
                result["instances"], result["source"] = instances(keepalived, module, program, signal)
            if "checkers" in children:
                result["virtual_servers"] = virtual_servers(keepalived, module, signal)
    except MODULE_ERRORS as error:
        module.fail_json(**failure(error))
    module.exit_json(changed=False, commands=[], **result)


if __name__ == "__main__":
    main()

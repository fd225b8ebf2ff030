#!/usr/bin/python
# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ipvs_drain
short_description: Take a server of IPVS out of service without losing connections
version_added: 1.0.0
description:
  - The server has weight 0, so it keeps its connections and gets no new ones, and the module waits until they are
    gone or a deadline has passed. It says what remains, and warns where no other server of a service is left. With
    V(restored) the server has the weight that it had before.
  - Beside keepalived this is the one module of IPVS to use on a director; RV(keepalived) says what keepalived will do
    next.
extends_documentation_fragment:
  - lvs.cluster._host
  - lvs.cluster._ipvs
  - lvs.cluster._ipvs.service
options:
  state:
    description: Whether the server shall get no new connections, or its share of them again.
    type: str
    choices: [drained, restored]
    default: drained
  address:
    description: The server's address in numbers.
    type: str
    required: true
  port:
    description: The server's port; its servers on all ports if not given.
    type: int
  service:
    description: The service; all that have the server if not given.
  wait_for:
    description:
      - What must be gone. V(active) are established connections, V(inactive) those that are being closed and clients of
        UDP, V(persistent) the templates by which persistence brings known clients back.
    type: list
    elements: str
    choices: [active, inactive, persistent]
    default: [active]
  timeout:
    description:
      - Seconds to wait at most; V(0) for not at all. That the deadline has passed is no failure, see RV(drained).
    type: int
    default: 300
  interval:
    description: Seconds between two looks, more than 0.
    type: float
    default: 1.0
  weight:
    description:
      - The weight with O(state=restored); by default the one that this module found when it drained the server.
    type: int
  expire_quiescent_template:
    description:
      - Sets C(net.ipv4.vs.expire_quiescent_template), for all services. If it is V(false), as the kernel has it by
        default, a persistent service goes on to send the clients that it knows to a server of weight 0.
      - It stays as it is if this is not given.
    type: bool
  force:
    description:
      - Drain also where a hash scheduler has no fallback, and would drop the share of new connections that falls on the
        server.
    type: bool
    default: false
attributes:
  idempotent:
    support: full
notes:
  - Weights from before are kept in C(/run/lvs-cluster), a file for each network namespace, until the server is
    restored. Any number of servers may be drained at once, also by hosts that delegate to one director. On a kernel
    before 5.14 a new network namespace can inherit the file of one that ended.
  - A drain lasts through other modules of IPVS that do not name the server, through M(lvs.cluster.ipvs_table) with
    O(lvs.cluster.ipvs_table#module:keep_weights) or O(lvs.cluster.ipvs_table#module:keep_drained), as the role
    P(lvs.cluster.director#role) has it, and through a reload of keepalived that leaves the configured weight
    as it was.
  - It ends when keepalived is restarted, or reloaded with another weight for the server, when a check of keepalived
    fails and succeeds again, and when M(lvs.cluster.ipvs_table) without
    those, or M(lvs.cluster.ipvs_server) give the server another weight. A server
    that is removed and added again has the weight with which it is added. O(state=restored) leaves a weight as it is
    that something else has brought back.
  - A boot empties the table, and C(/run) with the weights. Where it brings back the table that
    M(lvs.cluster.ipvs_table) persisted, drained servers are drained again, and O(weight) has to be given to restore
    one.
  - Programs that reach the kernel without C(ipvsadm) can make a server that C(ipvsadm) cannot edit, with DR or TUN and
    a port other than the service's. It is refused, unless it has the weight that it shall have.
  - In check mode it does not wait.
seealso:
  - module: lvs.cluster.ipvs_server
  - module: lvs.cluster.keepalived_info
"""

EXAMPLES = r"""
- name: Drain a server in all services, for at most ten minutes
  lvs.cluster.ipvs_drain:
    address: 192.0.2.21
    wait_for: [active, persistent]
    expire_quiescent_template: true
    timeout: 600
  register: drain
  failed_when: drain is failed or not drain.drained

- name: Bring it back
  lvs.cluster.ipvs_drain:
    address: 192.0.2.21
    state: restored
"""

RETURN = r"""
commands:
  description: What was done, or would be done in check mode, a line for each command.
  returned: success
  type: list
  elements: str
  sample: ["ipvsadm -e -t 192.0.2.10:80 -r 192.0.2.21:80 -g -w 0"]
drained:
  description: Whether all that was waited for is gone.
  returned: with O(state=drained)
  type: bool
  sample: true
waited:
  description: Seconds that were waited.
  returned: with O(state=drained)
  type: float
  sample: 12.1
remaining:
  description: What the server still has in each service.
  returned: with O(state=drained)
  type: list
  elements: dict
  sample:
    - service: {protocol: tcp, address: 192.0.2.10, port: 80}
      address: 192.0.2.21
      port: 80
      active_connections: 0
      inactive_connections: 4
      persistent_connections: 0
expire_quiescent_template:
  description: What the sysctl says afterwards, in check mode what it would say; none where there is no such sysctl.
  returned: success
  type: bool
  sample: true
keepalived:
  description: Whether keepalived runs here, and if so what it will do next with services of its own.
  returned: success
  type: dict
  sample: {running: false, next: ""}
"""

import contextlib
import time

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.lvs.cluster.plugins.module_utils._host.errors import MODULE_ERRORS, failure
from ansible_collections.lvs.cluster.plugins.module_utils._host.ipvsadm import Ipvsadm, written
from ansible_collections.lvs.cluster.plugins.module_utils._host.keepalived import keepalived_runs
from ansible_collections.lvs.cluster.plugins.module_utils._host.memory import DrainMemory
from ansible_collections.lvs.cluster.plugins.module_utils._host.sysctl import Sysctl
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.commands import server_command
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.drain import (
    KEEPALIVED_NEXT,
    check_fallback,
    check_nameable,
    check_wait,
    empty_warnings,
    forgotten,
    is_drained,
    persistent_warnings,
    read_weights,
    remaining,
    remaining_options,
    remembered,
    restored_weights,
    targets,
    with_weights,
    write_weights,
    zero_warnings,
)
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.options import (
    desired_address,
    desired_key,
    desired_weight,
)
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.plan import plan
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.save import lines
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.spec import SERVICE_KEY


def weights_and_memory(params, table, chosen, memory):
    """The weights that servers shall have, and what to remember of those that they have now."""
    if params["state"] == "restored":
        weights = restored_weights(memory, table, chosen, desired_weight(params["weight"]))
        return weights, forgotten(memory, chosen)
    if not params["force"]:
        check_fallback(table, chosen)
    return dict.fromkeys(chosen, 0), remembered(memory, table, chosen)


def wait(ipvsadm, chosen, wait_for, timeout, interval):
    """What is left on the servers once nothing is waited for any more, and for how long that took."""
    start = time.monotonic()
    while True:
        left = remaining(ipvsadm.persistent(), chosen)
        waited = time.monotonic() - start
        if is_drained(left, wait_for) or waited >= timeout:
            return left, waited
        time.sleep(min(interval, max(0.0, timeout - waited)))


def as_text(table, chosen):
    return lines([server_command("-a", each.service, table[each.service].servers[each.server]) for each in chosen])


def main():
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": ["drained", "restored"], "default": "drained"},
            "address": {"type": "str", "required": True},
            "port": {"type": "int"},
            "service": {"type": "dict", "options": SERVICE_KEY},
            "wait_for": {
                "type": "list",
                "elements": "str",
                "choices": ["active", "inactive", "persistent"],
                "default": ["active"],
            },
            "timeout": {"type": "int", "default": 300},
            "interval": {"type": "float", "default": 1.0},
            "weight": {"type": "int"},
            "expire_quiescent_template": {"type": "bool"},
            "force": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    params = module.params
    result = {}
    try:
        check_wait(params)
        service = desired_key(params["service"], "service") if params["service"] else None
        ipvsadm, memory = Ipvsadm.of(module), DrainMemory(module)
        drains = params["state"] == "drained"
        # From reading a weight until it is remembered and changed: two that drain at once would forget each other's.
        with contextlib.nullcontext() if module.check_mode else memory.alone():
            table = ipvsadm.table() if service is None else ipvsadm.part(service)
            chosen = targets(table, service, desired_address(params["address"]), params["port"])
            sysctl = Sysctl("expire_quiescent_template", params["expire_quiescent_template"])
            weights, memorable = weights_and_memory(params, table, chosen, read_weights(memory.text))
            check_nameable(table, weights)
            desired = with_weights(table, weights)
            commands = plan(table, desired)
            if not module.check_mode:
                sysctl.write()
                # A weight is remembered before it is lost, and forgotten once it is back.
                if drains:
                    memory.write(write_weights(memorable))
                ipvsadm.apply(commands)
                if not drains:
                    memory.write(write_weights(memorable))
        if drains:
            timeout = 0 if module.check_mode else params["timeout"]
            left, waited = wait(ipvsadm, chosen, params["wait_for"], timeout, params["interval"])
            result["drained"] = is_drained(left, params["wait_for"])
            result["waited"] = round(waited, 1)
            result["remaining"] = remaining_options(left)
            warnings = empty_warnings(desired, chosen)
            warnings += persistent_warnings(table, chosen, sysctl.after)
        else:
            warnings = zero_warnings(weights) if params["weight"] is None else []
        for text in warnings:
            module.warn(text)
    except MODULE_ERRORS as error:
        module.fail_json(**failure(error))
    running = keepalived_runs()
    module.exit_json(
        changed=bool(commands or sysctl.commands),
        commands=[" ".join(each) for each in sysctl.commands] + written(commands),
        expire_quiescent_template=sysctl.after,
        keepalived={"running": running, "next": KEEPALIVED_NEXT if running else ""},
        diff={
            "before": as_text(table, chosen) + sysctl.text(sysctl.before),
            "after": as_text(desired, chosen) + sysctl.text(sysctl.after),
        },
        **result,
    )


if __name__ == "__main__":
    main()

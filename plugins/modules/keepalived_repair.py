#!/usr/bin/python
# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: keepalived_repair
short_description: Have the kernel hold what a running keepalived believes that it holds
version_added: 1.0.0
description:
  - keepalived writes the table of IPVS, the sync daemons and the virtual addresses once, and does not look again. After
    this module the kernel has what keepalived believes, whatever somebody else has changed meanwhile.
  - The table has keepalived's services alone, each with the servers that keepalived has put there, with their settings
    and weights. What is missing or different is sent first, in one batch, and what is a stranger's is deleted after
    that. Nothing that stays is taken away, so connections through it live on. Nothing is restarted or reloaded.
  - A server that its checks took out stays out. One that M(lvs.cluster.ipvs_drain) took out stays drained, see
    RV(drained).
  - The sync daemons are those that go with C(lvs_sync_daemon) and the state of its VRRP instance; none without it.
  - An address of a VRRP instance stands on no interface while keepalived is not C(MASTER) of it. If keepalived is
    C(MASTER) and an address is missing, it is left to keepalived to bring it back; the module fails if that does not
    happen.
  - keepalived is asked before and after the kernel is looked at, and only what it says both times is acted upon.
  - Without a running keepalived nothing is touched. If keepalived has no virtual servers, the table and the sync
    daemons are not its own, and stay as they are.
  - With O(vrrp_instances) and O(virtual_servers) it says too whether keepalived runs what is described, as
    M(lvs.cluster.keepalived_check) does, from what it was told anyway. That what does not hold is in RV(problems) is no
    failure.
extends_documentation_fragment:
  - lvs.cluster._host
  - lvs.cluster._ipvs
  - lvs.cluster._keepalived
  - lvs.cluster._keepalived.described
requirements:
  - keepalived and C(ip) on the host
options:
  timeout:
    description:
      - Seconds to wait for each file of keepalived's, for a VRRP instance that is on its way to another state, and for
        an address that keepalived has to bring back.
    type: float
    default: 20.0
notes:
  - It is the network namespace of keepalived that counts, so the module must run in that.
seealso:
  - module: lvs.cluster.keepalived_check
  - module: lvs.cluster.keepalived_info
  - module: lvs.cluster.ipvs_drain
"""

EXAMPLES = r"""
- name: Put right what somebody changed by hand
  lvs.cluster.keepalived_repair:

- name: See whether somebody did
  lvs.cluster.keepalived_repair:
  check_mode: true
  diff: true
"""

RETURN = r"""
running:
  description: Whether keepalived runs. If not, nothing is looked at.
  returned: success
  type: bool
  sample: true
commands:
  description: What was done, or would be done in check mode, a line for each command. The rules are sent in batches.
  returned: success
  type: list
  elements: str
  sample:
    - "ipvsadm -e -t 192.0.2.10:80 -r 192.0.2.21:80 -g -w 3"
    - "ip address delete 192.0.2.10/32 dev eth0"
drained:
  description: Servers that have weight 0 since M(lvs.cluster.ipvs_drain) drained them, which keepalived does not know.
  returned: success
  type: list
  elements: str
  sample: ["tcp 192.0.2.10:80 -> 192.0.2.22:80"]
left_alone:
  description: What was not compared, and why.
  returned: success
  type: list
  elements: str
  sample: ["virtual_server group web: what keepalived has of a group in the table is not known"]
problems:
  description: What runs otherwise than it is described, a line each.
  returned: O(vrrp_instances) is given
  type: list
  elements: str
  sample: []
states:
  description: The state of each VRRP instance that runs, by name.
  returned: O(vrrp_instances) is given
  type: dict
  sample: {web: MASTER}
instances:
  description: The VRRP instances with the states that keepalived has them in.
  returned: success
  type: list
  elements: dict
  sample:
    - {name: web, state: MASTER}
"""

import time

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.lvs.cluster.plugins.module_utils._host.errors import MODULE_ERRORS, HostError, failure
from ansible_collections.lvs.cluster.plugins.module_utils._host.ip import Ip
from ansible_collections.lvs.cluster.plugins.module_utils._host.ipvsadm import Ipvsadm, written
from ansible_collections.lvs.cluster.plugins.module_utils._host.keepalived import (
    Keepalived,
    KeepalivedError,
    data_signal,
    program_of,
    told,
)
from ansible_collections.lvs.cluster.plugins.module_utils._host.memory import DrainMemory
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.daemons import render_daemons, run_daemons
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.drain import read_weights
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.save import render
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.addresses import parse_addresses
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.belief import (
    Kernel,
    believed,
    delete_address,
    render_addresses,
    repairs,
)
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.expected import NOT_RUNNING, problems_of

# Rounds of looking and acting; a keepalived whose checks fail and succeed all the time is not waited for.
ROUNDS = 5
INTERVAL = 0.2


class Host:
    """The keepalived and the kernel of this host."""

    def __init__(self, module, keepalived):
        self._module = module
        self._keepalived = keepalived
        self._timeout = module.params["timeout"]
        program = program_of(module)
        self._signal = data_signal(module.run_command, program)
        self._ip = Ip.of(module)
        self._ipvsadm = None
        #: What it said that it runs, when it was asked last, and where addresses stood then.
        self.running = told({})
        self.addresses = ()

    def belief(self):
        """What keepalived believes now."""
        readers = self._keepalived.data(self._signal, self._timeout)
        running = self.running = told(readers)
        return believed(running["states"], running["addresses"], running["services"], running["daemon"])

    def kernel(self, belief):
        """What the kernel holds now; of IPVS only what keepalived has there."""
        addresses = self.addresses = parse_addresses(self._ip.addresses())
        if belief.table is None:
            return Kernel({}, {}, addresses)
        self._ipvsadm = self._ipvsadm or Ipvsadm.of(self._module)
        return Kernel(self._ipvsadm.table(), self._ipvsadm.daemons(), addresses)

    def apply(self, todo):
        """Make the kernel hold it: first what answers for an address that another director has."""
        self._ip.apply(map(delete_address, todo.addresses))
        if todo.rules or todo.daemons:
            self._ipvsadm.apply(todo.rules)
            self._ipvsadm.run_all(todo.daemons)


def look(host, timeout):
    """What keepalived believes and what the kernel holds, at a moment when keepalived does not change it."""
    deadline = time.monotonic() + timeout
    belief = host.belief()
    for _round in range(ROUNDS):
        while not belief.settled and time.monotonic() < deadline:
            time.sleep(INTERVAL)
            belief = host.belief()
        kernel = host.kernel(belief)
        before, belief = belief, host.belief()
        if before == belief:
            return belief, kernel
    raise KeepalivedError(
        f"what keepalived believes was another each of {ROUNDS} times that it was asked, so nothing was compared",
        "See its log for checks that fail and succeed, or masters that change; run again when it is quiet",
    )


def difference(host, timeout, weights):
    """What is to be done, once keepalived had the time to bring back addresses of its own; and what led to it."""
    deadline = time.monotonic() + timeout
    while True:
        belief, kernel = look(host, timeout)
        todo = repairs(belief, kernel, weights)
        if not todo.missing or time.monotonic() > deadline:
            return belief, kernel, todo
        time.sleep(INTERVAL)


def commands_of(todo):
    return [" ".join(delete_address(each)) for each in todo.addresses] + written(todo.rules) + written(todo.daemons)


def diff(kernel, todo):
    """The table, the daemons and the addresses that go, in the words of ipvsadm and ip."""
    return {
        "before": render(kernel.table) + render_daemons(kernel.daemons) + render_addresses(todo.addresses),
        "after": render(todo.table) + render_daemons(run_daemons(todo.daemons, kernel.daemons)),
    }


def repair(host, timeout, weights, check_mode):
    """The belief, what is left to do, what was done or would be, and the diff of that."""
    belief, kernel, todo = difference(host, timeout, weights)
    shown = diff(kernel, todo)
    if check_mode:
        return belief, todo, commands_of(todo), shown
    done, problem, rounds = [], None, 0
    while not todo.nothing:
        if rounds == ROUNDS:
            raise problem or KeepalivedError(
                f"the kernel does not keep what it was given {ROUNDS} times, at last {'; '.join(done[-3:])}",
                "Find what else writes addresses or the table of IPVS on this host, and stop it",
            )
        rounds += 1
        try:
            host.apply(todo)
            done += commands_of(todo)
        except HostError as error:  # keepalived may have been at the same rule, which the next look tells
            problem = error
        belief, _kernel, todo = difference(host, timeout, weights)
    return belief, todo, done, shown


def require_addresses(todo):
    if todo.missing:
        raise KeepalivedError(
            f"keepalived is MASTER and its addresses are not there: {', '.join(todo.missing)}",
            "See its log and 'ip address'; a restart of keepalived adds them",
        )


def described(module, host):
    """What of the description does not run, where one is given; without a host that runs, all of it."""
    instances, services = module.params["vrrp_instances"], module.params["virtual_servers"]
    if instances is None:
        return {}
    if host is None:
        return {"problems": [NOT_RUNNING], "states": {}}
    return {
        "problems": problems_of(instances, services, module.params["scripts"], host.running, host.addresses),
        "states": {each["name"]: each["state"] for each in host.running["states"]},
    }


def warnings_of(todo):
    """What an operator has to know."""
    if todo.drained:
        yield (
            f"Drained by ipvs_drain, and left so: {', '.join(todo.drained)}."
            " Bring them back with lvs.cluster.ipvs_drain and state restored"
        )
    if todo.undrained:
        yield (
            f"ipvs_drain had drained {', '.join(todo.undrained)}, and keepalived or somebody else has brought them"
            " back since. Drain them again, or have it forgotten with lvs.cluster.ipvs_drain and state restored"
        )
    for each in todo.left_alone:
        yield f"Left alone: {each}"


def main():
    module = AnsibleModule(
        argument_spec={
            "vrrp_instances": {"type": "list", "elements": "dict"},
            "virtual_servers": {"type": "list", "elements": "dict"},
            "scripts": {"type": "list", "elements": "path", "default": []},
            "secrets": {"type": "list", "elements": "str", "default": [], "no_log": True},
            "pid_file": {"type": "path", "default": "/run/keepalived.pid"},
            "dump_directory": {"type": "path", "default": "/tmp"},
            "timeout": {"type": "float", "default": 20.0},
        },
        required_together=[("vrrp_instances", "virtual_servers")],
        supports_check_mode=True,
    )
    timeout = module.params["timeout"]
    try:
        keepalived = Keepalived.running(module.params["pid_file"], module.params["dump_directory"])
        if not keepalived:
            nothing = {"commands": [], "drained": [], "left_alone": [], "instances": []}
            module.exit_json(changed=False, running=False, **nothing, **described(module, None))
        weights = read_weights(DrainMemory(module).text)
        host = Host(module, keepalived)
        belief, todo, done, shown = repair(host, timeout, weights, module.check_mode)
        require_addresses(todo)
    except MODULE_ERRORS as error:
        module.fail_json(**failure(error))
    for text in warnings_of(todo):
        module.warn(text)
    module.exit_json(
        changed=bool(done),
        running=True,
        commands=done,
        drained=todo.drained,
        left_alone=todo.left_alone,
        instances=[{"name": each.name, "state": each.state} for each in belief.instances],
        diff=shown,
        **described(module, host),
    )


if __name__ == "__main__":
    main()

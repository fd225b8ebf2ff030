#!/usr/bin/python
# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ipvs_daemon
short_description: Run a daemon that synchronises connections between directors
version_added: 1.0.0
description:
  - The kernel runs the sync daemon with these settings, or runs none of this role. A director that has the services
    sends its connections to others with O(role=master); one that may take over receives them with O(role=backup).
  - A daemon that runs with other settings is stopped and started, for the kernel cannot change it. Connections stay.
    If the new one cannot be started, the old one is started again.
  - On a director with keepalived, use keepalived's C(lvs_sync_daemon), which follows the state of VRRP.
extends_documentation_fragment:
  - lvs.cluster._host
  - lvs.cluster._ipvs
  - lvs.cluster._ipvs.writes
options:
  state:
    description: Whether the daemon runs.
    type: str
    choices: [started, stopped]
    default: started
  role:
    description: Which daemon; a host can run both at once.
    type: str
    choices: [master, backup]
    required: true
  interface:
    description: The interface to send or receive by; needed with O(state=started).
    type: str
  syncid:
    description: The number, from 0 to 255, that tells the directors of one pair from others on the same network.
    type: int
    default: 0
  mcast_group:
    description: The multicast group, IPv4 or IPv6.
    type: str
    default: 224.0.0.81
  mcast_port:
    description: The UDP port, from 1 to 65535.
    type: int
    default: 8848
  mcast_ttl:
    description: How many hops the packets may go, from 1 to 255.
    type: int
    default: 1
  sync_maxlen:
    description:
      - The length up to which packets are filled, or for which there is room to receive them. From 1, with
        O(role=backup) from 1024, to 65507, with a group of IPv6 to 65487.
      - If it is not given, a daemon that runs keeps what it has, and one that is started takes what the MTU of its
        interface allows.
    type: int
seealso:
  - module: lvs.cluster.ipvs_info
"""

EXAMPLES = r"""
- name: Send the connections to the other director
  lvs.cluster.ipvs_daemon:
    role: master
    interface: eth1
    syncid: 51

- name: Receive them no more
  lvs.cluster.ipvs_daemon:
    role: backup
    state: stopped
"""

RETURN = r"""
commands:
  description: What was done, or would be done in check mode, a line for each command.
  returned: success
  type: list
  elements: str
  sample:
    - >-
      ipvsadm --start-daemon master --mcast-interface eth1 --syncid 51 --mcast-group 224.0.0.81 --mcast-port 8848
      --mcast-ttl 1
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.lvs.cluster.plugins.module_utils._host.errors import MODULE_ERRORS, failure
from ansible_collections.lvs.cluster.plugins.module_utils._host.ipvsadm import (
    Ipvsadm,
    IpvsadmError,
    require_interface,
    written,
)
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.daemons import (
    desired_daemon,
    plan_start,
    plan_stop,
    plan_undo,
    render_daemons,
    run_daemons,
)


def plan(params, current):
    if params["state"] == "stopped":
        return plan_stop(current, params["role"])
    desired = desired_daemon(params)
    require_interface(desired.interface)
    return plan_start(current, desired)


def restart(ipvsadm, commands, current):
    """Run the commands; where the new daemon does not start, have the old one again."""
    try:
        ipvsadm.run_all(commands)
    except IpvsadmError as error:
        undo = plan_undo(current, ipvsadm.daemons())
        ipvsadm.run_all(undo)
        again = " (the daemon that ran before runs again)" if undo else ""
        raise type(error)(error.text + again, error.command) from None


def main():
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": ["started", "stopped"], "default": "started"},
            "role": {"type": "str", "choices": ["master", "backup"], "required": True},
            "interface": {"type": "str"},
            "syncid": {"type": "int", "default": 0},
            # As in net/netfilter/ipvs/ip_vs_sync.c.
            "mcast_group": {"type": "str", "default": "224.0.0.81"},
            "mcast_port": {"type": "int", "default": 8848},
            "mcast_ttl": {"type": "int", "default": 1},
            "sync_maxlen": {"type": "int"},
        },
        required_if=[("state", "started", ("interface",))],
        supports_check_mode=True,
    )
    try:
        ipvsadm = Ipvsadm.of(module)
        current = ipvsadm.daemons()
        commands = plan(module.params, current)
        if not module.check_mode:
            restart(ipvsadm, commands, current)
    except MODULE_ERRORS as error:
        module.fail_json(**failure(error))
    module.exit_json(
        changed=bool(commands),
        commands=written(commands),
        diff={"before": render_daemons(current), "after": render_daemons(run_daemons(commands, current))},
    )


if __name__ == "__main__":
    main()

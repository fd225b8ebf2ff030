#!/usr/bin/python
# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ipvs_server
short_description: Have a real server in a service of IPVS, or have it not
version_added: 1.0.0
description:
  - The service has the server with exactly these settings, or has it not. What is not given has its default, as in
    C(ipvsadm), the weight too. Other servers stay as they are.
  - To take a server out of service without losing connections, use M(lvs.cluster.ipvs_drain).
  - On a director with keepalived, do not use this module but change the configuration of keepalived.
extends_documentation_fragment:
  - lvs.cluster._host
  - lvs.cluster._ipvs
  - lvs.cluster._ipvs.writes
  - lvs.cluster._ipvs.service
options:
  service:
    required: true
  state:
    description:
      - Whether the server is there. With V(absent) its connections get no more packets through. They go on if the
        server is added again to this service before they expire. With C(net.ipv4.vs.expire_nodest_conn) on, each is
        forgotten at its next packet.
    type: str
    choices: [present, absent]
    default: present
  address:
    description: The server's address in numbers. It is of the service's family unless O(lb_kind=TUN).
    type: str
    required: true
  port:
    description:
      - The server's port, by default the service's.
      - With O(lb_kind=DR) and O(lb_kind=TUN) nothing rewrites the port of a packet. C(ipvsadm) silently stores the
        service's port instead of another; this module refuses it.
    type: int
  lb_kind:
    description: How packets get to the server, routed directly, with rewritten addresses, or in a tunnel.
    type: str
    choices: [DR, NAT, TUN]
    default: DR
  weight:
    description:
      - The share of new connections, from 0 to 65535. A server of weight 0 keeps its connections and gets no new ones.
    type: int
    default: 1
  uthreshold:
    description: The number of connections from which on the server gets no new ones; V(0) for no limit.
    type: int
    default: 0
  lthreshold:
    description: The number of connections below which it gets new ones again; V(0) for three quarters of O(uthreshold).
    type: int
    default: 0
  tun_type:
    description: The kind of tunnel, with O(lb_kind=TUN); V(ipip) if not given.
    type: str
    choices: [ipip, gue, gre]
  tun_port:
    description: The UDP port of the tunnel's far end; needed with O(tun_type=gue).
    type: int
  tun_checksum:
    description: The checksum of the tunnel, V(none) if not given; V(remcsum) is for O(tun_type=gue) alone.
    type: str
    choices: [none, csum, remcsum]
seealso:
  - module: lvs.cluster.ipvs_drain
  - module: lvs.cluster.ipvs_table
"""

EXAMPLES = r"""
- name: Add a server
  lvs.cluster.ipvs_server:
    service: {address: 192.0.2.10, port: 80}
    address: 192.0.2.21
    weight: 3

- name: Send to another port, which only NAT can do
  lvs.cluster.ipvs_server:
    service: {address: 192.0.2.10, port: 80}
    address: 192.0.2.22
    port: 8080
    lb_kind: NAT

- name: Reach a server in another network through a tunnel, with at most 1000 connections
  lvs.cluster.ipvs_server:
    service: {address: 192.0.2.10, port: 80}
    address: 198.51.100.23
    lb_kind: TUN
    tun_type: gue
    tun_port: 6080
    uthreshold: 1000
    lthreshold: 800

- name: Remove a server
  lvs.cluster.ipvs_server:
    service: {fwmark: 7, family: ipv6}
    address: 2001:db8::21
    state: absent
"""

RETURN = r"""
commands:
  description: What was done, or would be done in check mode, a line for each command.
  returned: success
  type: list
  elements: str
  sample: ["ipvsadm -a -t 192.0.2.10:80 -r 192.0.2.21:80 -g -w 3"]
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.lvs.cluster.plugins.module_utils._host.errors import MODULE_ERRORS, failure
from ansible_collections.lvs.cluster.plugins.module_utils._host.ipvsadm import Ipvsadm, written
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.commands import server_command
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.options import (
    desired_key,
    desired_server,
    desired_server_key,
)
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.plan import plan_server
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.save import lines
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.spec import LB_KIND, SERVER, SERVICE_KEY


def desired_of(service, params):
    """The server as it shall be, and the key under which it is now."""
    if params["state"] == "absent":
        return desired_server_key(service, params, kind=None), None
    server = desired_server(service, params)
    return server.key, server


def as_text(service, server):
    return lines([server_command("-a", service, server)] if server else [])


def main():
    module = AnsibleModule(
        argument_spec={
            **SERVER,
            "lb_kind": {**LB_KIND, "default": "DR"},
            "service": {"type": "dict", "required": True, "options": SERVICE_KEY},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        },
        supports_check_mode=True,
    )
    try:
        service = desired_key(module.params["service"], "service")
        key, desired = desired_of(service, module.params)
        ipvsadm = Ipvsadm.of(module)
        pool = ipvsadm.part(service).get(service)
        current = pool.servers.get(key) if pool else None
        commands = plan_server(service, current, desired)
        if not module.check_mode:
            ipvsadm.apply(commands)
        elif commands and pool is None:
            module.warn(f"{service} is not in the table: unless the service is added before, this fails")
    except MODULE_ERRORS as error:
        module.fail_json(**failure(error))
    module.exit_json(
        changed=bool(commands),
        commands=written(commands),
        diff={"before": as_text(service, current), "after": as_text(service, desired)},
    )


if __name__ == "__main__":
    main()

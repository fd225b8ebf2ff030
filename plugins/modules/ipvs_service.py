#!/usr/bin/python
# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ipvs_service
short_description: Have a virtual service in IPVS, or have it not
version_added: 1.0.0
description:
  - The kernel has the service with exactly these settings, or has it not. What is not given has its default, as in
    C(ipvsadm); servers of the service stay as they are.
  - On a director with keepalived, do not use this module but change the configuration of keepalived.
extends_documentation_fragment:
  - lvs.cluster._host
  - lvs.cluster._ipvs
  - lvs.cluster._ipvs.writes
  - lvs.cluster._ipvs.service_key
options:
  state:
    description:
      - Whether the service is there. With V(absent) its servers go with it, and its connections stand still as those of
        a server that M(lvs.cluster.ipvs_server) removes.
    type: str
    choices: [present, absent]
    default: present
  lb_algo:
    description:
      - The scheduler, one that the running kernel has, as V(rr), V(wrr), V(lc), V(wlc), V(lblc), V(lblcr), V(dh),
        V(sh), V(sed), V(nq), V(fo), V(ovf), V(mh), or V(twos).
      - One that it neither has nor finds a module for is refused, in check mode too. Where the files of its modules are
        not there, as in a container, the kernel says so itself, outside check mode.
    type: str
    default: wlc
  lb_flags:
    description:
      - Flags of the scheduler, V(mh-port) and V(mh-fallback) for V(mh), V(sh-port) and V(sh-fallback) for V(sh),
        V(flag-1) to V(flag-3) for others. V(flag-1) and V(flag-2) of V(mh) and V(sh) are those with names; they have no
        third one.
      - Without its fallback flag a hash scheduler drops the new connections that fall on a server of weight 0.
    type: list
    elements: str
    default: []
  persistence_timeout:
    description: Seconds, up to 31 days, for which a client keeps its server. Without it there is no persistence.
    type: int
  persistence_granularity:
    description:
      - Clients of one network count as one, a netmask as V(255.255.255.0) or the length of a prefix as V(24) for IPv4,
        the length of a prefix as V(64) for IPv6. By default each client counts for itself.
    type: str
  persistence_engine:
    description: What tells clients apart instead of their address, as V(sip).
    type: str
  ops:
    description: Schedule each packet for itself (one-packet scheduling); for UDP and firewall marks.
    type: bool
    default: false
seealso:
  - module: lvs.cluster.ipvs_server
  - module: lvs.cluster.ipvs_table
"""

EXAMPLES = r"""
- name: Balance the web over its servers by weight
  lvs.cluster.ipvs_service:
    address: 192.0.2.10
    port: 80
    lb_algo: wrr

- name: Keep the clients of a network at one server for ten minutes
  lvs.cluster.ipvs_service:
    address: 2001:db8::10
    port: 443
    lb_algo: sh
    lb_flags: [sh-port, sh-fallback]
    persistence_timeout: 600
    persistence_granularity: "64"

- name: Schedule every packet of a resolver for itself
  lvs.cluster.ipvs_service:
    protocol: udp
    address: 192.0.2.11
    port: 53
    lb_algo: rr
    ops: true

- name: Serve what the firewall marked with 7
  lvs.cluster.ipvs_service:
    fwmark: 7
    lb_algo: rr

- name: Take a service down
  lvs.cluster.ipvs_service:
    address: 192.0.2.10
    port: 8080
    state: absent
"""

RETURN = r"""
commands:
  description: What was done, or would be done in check mode, a line for each command.
  returned: success
  type: list
  elements: str
  sample: ["ipvsadm -A -t 192.0.2.10:80 -s wrr"]
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.lvs.cluster.plugins.module_utils._host.errors import MODULE_ERRORS, failure
from ansible_collections.lvs.cluster.plugins.module_utils._host.ipvsadm import Ipvsadm, written
from ansible_collections.lvs.cluster.plugins.module_utils._host.kernel import require_modules
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import Pool
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.options import desired_key, desired_service
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.plan import plan
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.save import render
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.spec import SERVICE, SERVICE_KEY


def desired_part(params, current):
    """The service as it shall be, with the servers that it has."""
    if params["state"] == "absent":
        return {}
    service = desired_service(params)
    servers = current[service.key].servers if service.key in current else {}
    return {service.key: Pool(service, servers)}


def main():
    module = AnsibleModule(
        argument_spec={
            **SERVICE_KEY,
            **SERVICE,
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        },
        mutually_exclusive=[("address", "fwmark")],
        required_one_of=[("address", "fwmark")],
        required_by={"address": ("port",)},
        supports_check_mode=True,
    )
    try:
        key = desired_key(module.params)
        ipvsadm = Ipvsadm.of(module)
        current = ipvsadm.part(key)
        desired = desired_part(module.params, current)
        require_modules(current, desired)
        commands = plan(current, desired)
        if not module.check_mode:
            ipvsadm.apply(commands)
    except MODULE_ERRORS as error:
        module.fail_json(**failure(error))
    module.exit_json(
        changed=bool(commands),
        commands=written(commands),
        diff={"before": render(current), "after": render(desired)},
    )


if __name__ == "__main__":
    main()

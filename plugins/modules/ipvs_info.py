#!/usr/bin/python
# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ipvs_info
short_description: Read what IPVS holds and does
version_added: 1.0.0
description:
  - Services and servers in the form that M(lvs.cluster.ipvs_table) takes, and apart from them all that the kernel
    counts, as numbers. What only C(ipvsadm) itself takes is shown too, and refused there, a weight above 65535 or an
    engine without persistence. So is what other programs made and C(ipvsadm) cannot, a DR or TUN server of another port
    than its service's, a persistence of 0 s or of more than 31 days, and a way to forward for which C(ipvsadm) has no
    option, which is V(BYPASS) as C(lb_kind) here.
  - Safe beside keepalived.
extends_documentation_fragment:
  - lvs.cluster._host
  - lvs.cluster._ipvs
  - lvs.cluster._ipvs.reads
options:
  gather:
    description:
      - What to read. V(services) is what M(lvs.cluster.ipvs_table) takes; V(statistics) has counters, rates and numbers
        of connections; V(connections) lists single connections, of which there can be millions. These two are read
        only when they are asked for.
    type: list
    elements: str
    choices: [services, statistics, connections, timeouts, daemons, sysctls, kernel]
    default: [services, timeouts, daemons, sysctls, kernel]
  connections_limit:
    description: How many connections to read at most.
    type: int
    default: 1000
seealso:
  - module: lvs.cluster.ipvs_table
  - module: lvs.cluster.keepalived_info
"""

EXAMPLES = r"""
- name: Remember the table
  lvs.cluster.ipvs_info:
    gather: [services]
  register: ipvs

- name: Bring it back
  lvs.cluster.ipvs_table:
    services: "{{ ipvs.services }}"
    purge: true

- name: Who is connected?
  lvs.cluster.ipvs_info:
    gather: [connections]
    connections_limit: 50
"""

RETURN = r"""
commands:
  description: As of the modules that change something; none, always.
  returned: success
  type: list
  elements: str
  sample: []
services:
  description: The services with their servers, thresholds included.
  returned: with V(services) in O(gather)
  type: list
  elements: dict
  sample:
    - protocol: tcp
      address: 192.0.2.10
      port: 80
      lb_algo: wrr
      lb_flags: []
      ops: false
      persistence_timeout: 300
      real_servers:
        - {address: 192.0.2.21, port: 80, lb_kind: DR, weight: 3, uthreshold: 0, lthreshold: 0}
statistics:
  description:
    - What the kernel counts, in the order of the services. The kernel brings counters and rates up to date every two
      seconds. A server that was removed and comes back can have counters from before.
  returned: with V(statistics) in O(gather)
  type: list
  elements: dict
  sample:
    - service: {protocol: tcp, address: 192.0.2.10, port: 80}
      connections: 2
      incoming_packets: 11
      outgoing_packets: 0
      incoming_bytes: 850
      outgoing_bytes: 0
      connections_per_second: 0
      incoming_packets_per_second: 1
      outgoing_packets_per_second: 0
      incoming_bytes_per_second: 93
      outgoing_bytes_per_second: 0
      real_servers:
        - address: 192.0.2.21
          port: 80
          weight: 3
          connections: 2
          incoming_packets: 11
          outgoing_packets: 0
          incoming_bytes: 850
          outgoing_bytes: 0
          connections_per_second: 0
          incoming_packets_per_second: 1
          outgoing_packets_per_second: 0
          incoming_bytes_per_second: 93
          outgoing_bytes_per_second: 0
          active_connections: 1
          inactive_connections: 0
          persistent_connections: 1
connections:
  description: Single connections; those with C(template) are the memory of persistence.
  returned: with V(connections) in O(gather)
  type: list
  elements: dict
  sample:
    - protocol: tcp
      client_address: 192.0.2.50
      client_port: 54672
      service_address: 192.0.2.10
      service_port: 80
      server_address: 192.0.2.21
      server_port: 80
      state: ESTABLISHED
      expires: 897
      template: false
connections_truncated:
  description: Whether there are more than O(connections_limit).
  returned: with V(connections) in O(gather)
  type: bool
  sample: false
timeouts:
  description: Seconds after which connections are forgotten.
  returned: with V(timeouts) in O(gather)
  type: dict
  sample: {tcp: 900, tcp_fin: 120, udp: 300}
daemons:
  description: The sync daemons that run.
  returned: with V(daemons) in O(gather)
  type: list
  elements: dict
  sample:
    - role: master
      interface: eth1
      syncid: 51
      mcast_group: 224.0.0.81
      mcast_port: 8848
      mcast_ttl: 1
      sync_maxlen: 1472
sysctls:
  description:
    - C(net.ipv4.vs) of this network namespace, by the last part of their names.
    - What there is depends on the version of the kernel.
  returned: with V(sysctls) in O(gather)
  type: dict
  sample: {backup_only: 0, expire_quiescent_template: 0, conn_reuse_mode: 1, sync_threshold: [3, 50]}
kernel:
  description:
    - The version of IPVS, and the number of rows of its table of connections.
    - Newer kernels adapt that number to the load, and have none before there is a service.
  returned: with V(kernel) in O(gather)
  type: dict
  sample: {version: 1.2.1, connection_table_size: 4096}
"""


from ansible.module_utils.basic import AnsibleModule
from ansible_collections.lvs.cluster.plugins.module_utils._host import kernel, sysctl
from ansible_collections.lvs.cluster.plugins.module_utils._host.errors import MODULE_ERRORS, failure
from ansible_collections.lvs.cluster.plugins.module_utils._host.ipvsadm import Ipvsadm
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.info import (
    daemon_options,
    parse_sysctl,
    statistics,
)
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.options import table_options
from ansible_collections.lvs.cluster.plugins.module_utils._problems import bad_option


def services(ipvsadm, _params):
    return {"services": table_options(ipvsadm.table())}


def all_statistics(ipvsadm, _params):
    return {"statistics": statistics(ipvsadm.stats(), ipvsadm.rate(), ipvsadm.persistent())}


def connections(_ipvsadm, params):
    found, more = kernel.connections(params["connections_limit"])
    return {"connections": found, "connections_truncated": more}


def timeouts(ipvsadm, _params):
    return {"timeouts": ipvsadm.timeouts()._asdict()}


def daemons(ipvsadm, _params):
    return {"daemons": daemon_options(ipvsadm.daemons())}


def sysctls(_ipvsadm, _params):
    return {"sysctls": {name: parse_sysctl(text) for name, text in sysctl.texts().items()}}


def version(_ipvsadm, _params):
    return {"kernel": kernel.title()}


READERS = {
    "services": services,
    "statistics": all_statistics,
    "connections": connections,
    "timeouts": timeouts,
    "daemons": daemons,
    "sysctls": sysctls,
    "kernel": version,
}


def main():
    module = AnsibleModule(
        argument_spec={
            "gather": {
                "type": "list",
                "elements": "str",
                "choices": ["services", "statistics", "connections", "timeouts", "daemons", "sysctls", "kernel"],
                "default": ["services", "timeouts", "daemons", "sysctls", "kernel"],
            },
            "connections_limit": {"type": "int", "default": 1000},
        },
        supports_check_mode=True,
    )
    result = {}
    try:
        if module.params["connections_limit"] < 0:
            raise bad_option("connections_limit", module.params["connections_limit"], "is not a number from 0 on")
        ipvsadm = Ipvsadm.of(module)
        ipvsadm.require()
        for part in module.params["gather"]:
            result.update(READERS[part](ipvsadm, module.params))
    except MODULE_ERRORS as error:
        module.fail_json(**failure(error))
    module.exit_json(changed=False, commands=[], **result)


if __name__ == "__main__":
    main()

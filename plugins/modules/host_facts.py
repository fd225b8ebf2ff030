#!/usr/bin/python
# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: host_facts
short_description: Find out what the roles need to know of a host
version_added: 1.0.0
author: lvs.cluster authors (@lvs-cluster)
description:
  - Tells of the host's system and network what the description is compared with, by the names that
    M(ansible.builtin.setup) has for it, and which of O(packages) are installed. That is one look for all roles, in the
    time of one.
  - Packages are looked up in the host's own record. No package manager is asked, no index read, and no mirror needed.
    Where there is no such record as dpkg keeps, it takes none for installed, and the package manager knows.
  - Changes nothing.
extends_documentation_fragment:
  - lvs.cluster._host
  - lvs.cluster._modes.reads
options:
  packages:
    description: The packages to look up, by the names that the package manager has for them.
    type: list
    elements: str
    default: []
  routes:
    description: Whether to tell where routes lead, which takes its time on a host that has many.
    type: bool
    default: false
seealso:
  - module: ansible.builtin.setup
"""

EXAMPLES = r"""
- name: Look at the host
  lvs.cluster.host_facts:
    packages: [keepalived]

- name: Install keepalived
  ansible.builtin.package:
    name: keepalived
    state: present
  when: "'keepalived' not in ansible_facts['lvs_packages']"
"""

RETURN = r"""
ansible_facts:
  description: What is told, under C(ansible_facts).
  returned: success
  type: dict
  contains:
    os_family:
      description: The family that the distribution is of, as setup has it.
      type: str
      sample: Debian
    distribution:
      description: The distribution, as it names itself.
      type: str
      sample: Debian GNU/Linux
    interfaces:
      description:
        - The network interfaces. Each is a fact too, with its C(mtu), C(ipv4), C(ipv4_secondaries) and C(ipv6).
      type: list
      elements: str
      sample: [lo, eth0]
    all_ipv4_addresses:
      description: All IPv4 addresses but those of the loopback network.
      type: list
      elements: str
      sample: [192.0.2.11]
    all_ipv6_addresses:
      description: All IPv6 addresses but that of the loopback.
      type: list
      elements: str
      sample: ["2001:db8::11", "fe80::1"]
    default_ipv4:
      description: The way to other networks, with C(interface), C(gateway) and C(address); empty if there is none.
      type: dict
      sample: {interface: eth0, gateway: 192.0.2.254, address: 192.0.2.11}
    default_ipv6:
      description: The same of IPv6.
      type: dict
      sample: {interface: eth0, gateway: "2001:db8::1", address: "2001:db8::11"}
    lvs_gateways:
      description: By gateway, where routes by it lead, in whichever table; with O(routes).
      type: dict
      sample: {192.0.2.254: [default]}
    user_id:
      description: The user that Ansible works as on the host.
      type: str
      sample: root
    effective_user_id:
      description: The number of that user.
      type: int
      sample: 0
    lvs_packages:
      description: Those of O(packages) that are installed whole.
      type: list
      elements: str
      sample: [keepalived]
    lvs_nginx:
      description: The version of nginx that is installed; empty where none is.
      type: str
      sample: 1.26.3
    lvs_worker_connections:
      description: How many connections C(nginx.conf) gives a worker; 0 where it does not say.
      type: int
      sample: 768
    lvs_nginx_asked:
      description: By cluster, what keepalived asks nginx, a line each, as the cluster's file of nginx's tells.
      type: dict
      sample: {lvs: ["http 80 /healthz about 192.0.2.100:80"]}
    lvs_cards:
      description:
        - The interfaces with an IPv4 address, or one of IPv6 that is for more than its link; but for the loopback,
          dummy devices and those with a MAC of VRRP.
      type: list
      elements: str
      sample: [eth0]
    lvs_sysctls_writable:
      description: Whether settings of the network can be set, which they cannot in many a container.
      type: bool
      sample: true
    lvs_without_ipv6:
      description: The interfaces on which IPv6 is switched off.
      type: list
      elements: str
      sample: []
    lvs_advertised:
      description: Those of C(lvs_cards) that take what routers of IPv6 advertise.
      type: list
      elements: str
      sample: [eth0]
    lvs_networkd_files:
      description: By interface, the file that systemd-networkd sets it up from, where that runs.
      type: dict
      sample: {eth0: /etc/systemd/network/10-eth0.network}
    lvs_network:
      description: Who sets up the network, V(netplan), V(networkd), V(ifcfg), V(NetworkManager) or V(ifupdown).
      type: str
      sample: networkd
    lvs_network_notes:
      description: What somebody who expects something else has to know of that.
      type: list
      elements: str
      sample: []
    lvs_holder:
      description: The interface that can hold virtual addresses at boot, V(lo), or the name for a dummy device.
      type: str
      sample: lo
    lvs_holder_notes:
      description: What somebody who expects another one has to know of that.
      type: list
      elements: str
      sample: []
    lvs_keepalived:
      description: The file by which keepalived runs, or starts at the next boot; empty if it does not.
      type: str
      sample: /run/keepalived.pid
    lvs_process_events:
      description: Whether the kernel tells who starts and ends, by which keepalived tracks a process.
      type: bool
      sample: true
    lvs_held:
      description: By interface, whose addresses M(lvs.cluster.addresses) has put there.
      type: dict
      sample: {eth0: [lvs]}
    lvs_sysctls_of:
      description: For whom M(lvs.cluster.kernel_settings) remembers what settings of the kernel were before.
      type: list
      elements: str
      sample: [lvs]
    lvs_gateway_of:
      description: For whom M(lvs.cluster.gateway) has packets go by a director.
      type: list
      elements: str
      sample: [lvs]
    lvs_tunnel_up:
      description: Whether C(tunl0), which takes packets out of tunnels of IP in IP, is there and up.
      type: bool
      sample: false
    lvs_tunnels:
      description: The clusters that have a unit for that, and whether the boot starts it.
      type: dict
      sample: {lvs: true}
    lvs_gue:
      description: The clusters that have a unit for tunnels in UDP, and the ports that the boot opens to those.
      type: dict
      sample: {lvs: [6080]}
    lvs_gue_open:
      description: The ports that are open to those now, where some cluster has such a unit.
      type: list
      elements: int
      sample: [6080]
    lvs_tunnelled:
      description: The clusters with the module for that, and the services whose packets come so, or may still.
      type: dict
      sample: {lvs: [web]}
    lvs_advmss:
      description:
        - The size of segments that the default route has others send, by its C(advmss) or C(mtu); 0 if it has neither.
      type: int
      sample: 1440
    lvs_marked:
      description: Whether M(lvs.cluster.fwmarks) marks packets at boot.
      type: bool
      sample: false
    lvs_ipvs:
      description:
        - The modules of IPVS, C(ipip) and C(fou), that the kernel has (C(loaded)), those of them that C(modprobe) finds
          (C(loadable)), and what bars the loading of any (C(barred)), empty if nothing does.
      type: dict
      sample: {loaded: [ip_vs], loadable: [ip_vs, ip_vs_rr], barred: ""}
"""

import os

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.lvs.cluster.plugins.module_utils._addresses.stacks import (
    holder,
    holder_notes,
    notes,
    recognised,
)
from ansible_collections.lvs.cluster.plugins.module_utils._facts import network, system
from ansible_collections.lvs.cluster.plugins.module_utils._host import kernel_modules, nginx, process_events, sysctl
from ansible_collections.lvs.cluster.plugins.module_utils._host.errors import MODULE_ERRORS, failure
from ansible_collections.lvs.cluster.plugins.module_utils._host.ip import Ip
from ansible_collections.lvs.cluster.plugins.module_utils._host.memory import (
    GATEWAYS,
    SETTINGS,
    owners_of,
    owners_of_addresses,
)
from ansible_collections.lvs.cluster.plugins.module_utils._host.networks import networkd_files, seen
from ansible_collections.lvs.cluster.plugins.module_utils._host.packages import installed
from ansible_collections.lvs.cluster.plugins.module_utils._host.system import (
    gue_ports,
    keepalived,
    os_release,
    tunnel_units,
    tunnelled,
    user,
)
from ansible_collections.lvs.cluster.plugins.module_utils._marks.rules import UNIT_FILE


def look(module):
    ip, stacks, gue = Ip.of(module), seen(module), gue_ports()
    told = network(ip.addresses(), ip.ways_out(), ip.routes() if module.params["routes"] else [])
    return {
        **system(os_release()),
        **told,
        **user(),
        "lvs_packages": installed(module, module.params["packages"]),
        "lvs_nginx": nginx.version(module),
        "lvs_worker_connections": nginx.worker_connections(),
        "lvs_nginx_asked": nginx.asked(),
        "lvs_sysctls_writable": sysctl.writable(),
        "lvs_without_ipv6": sysctl.without_ipv6(told["interfaces"]),
        "lvs_advertised": sysctl.advertised(told["lvs_cards"]),
        "lvs_network": recognised(stacks),
        "lvs_network_notes": notes(stacks),
        "lvs_holder": holder(stacks),
        "lvs_holder_notes": holder_notes(stacks),
        "lvs_networkd_files": networkd_files(module) if stacks.networkd_runs else {},
        "lvs_keepalived": keepalived(),
        "lvs_process_events": process_events.are_told(),
        "lvs_held": owners_of_addresses(),
        "lvs_sysctls_of": owners_of(SETTINGS),
        "lvs_gateway_of": owners_of(GATEWAYS),
        "lvs_tunnels": tunnel_units(),
        "lvs_gue": gue,
        "lvs_gue_open": ip.gue_ports() if gue else [],
        "lvs_tunnelled": tunnelled(),
        "lvs_marked": os.path.exists(UNIT_FILE),
        "lvs_ipvs": kernel_modules.ipvs(),
    }


def main():
    module = AnsibleModule(
        argument_spec={
            "packages": {"type": "list", "elements": "str", "default": []},
            "routes": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    try:
        facts = look(module)
    except MODULE_ERRORS as error:
        module.fail_json(**failure(error))
    module.exit_json(changed=False, ansible_facts={f"ansible_{name}": fact for name, fact in facts.items()})


if __name__ == "__main__":
    main()

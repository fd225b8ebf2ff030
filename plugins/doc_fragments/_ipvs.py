# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.

from __future__ import annotations


class ModuleDocFragment:
    # What all IPVS modules have.
    DOCUMENTATION = r"""
options: {}
author: lvs.cluster authors (@lvs-cluster)
requirements:
  - C(ipvsadm) on the host, and a kernel with IPVS
attributes:
  action_group:
    description: Use C(group/lvs.cluster.ipvs) in C(module_defaults) to set defaults for all modules of IPVS.
    support: full
    membership:
      - lvs.cluster.ipvs
  check_mode:
    description: Can run in check mode and says what it would do; the table is not touched.
    support: full
  diff_mode:
    description: Shows the difference as text of C(ipvsadm).
    support: full
  idempotent:
    description: When run twice in a row outside check mode, with the same arguments, the second time changes nothing.
    support: full
"""

    # For modules that write.
    WRITES = r"""
options: {}
notes:
  - On a director with keepalived, keepalived owns the table of IPVS, and what this module changes lasts until
    keepalived says otherwise. It is for directors without keepalived, for maintenance, and for tests.
  - The table is that of the network namespace that the module runs in.
"""

    # For modules that only read.
    READS = r"""
options: {}
attributes:
  diff_mode:
    description: Shows the difference as text of C(ipvsadm).
    support: none
    details: It changes nothing.
"""

    # What names a service, among a module's own options.
    SERVICE_KEY = r"""
options:
  protocol:
    description: The protocol of a service that has an O(address), V(tcp) if not given. A fwmark has all of them.
    type: str
    choices: [tcp, udp, sctp]
  address:
    description: The virtual address, IPv4 or IPv6, in numbers. Exactly one of O(address) and O(fwmark) is needed.
    type: str
  port:
    description:
      - The port; needed with O(address).
      - V(0) stands for all ports that have no service of their own, and needs persistence.
    type: int
  fwmark:
    description: A firewall mark, from 1 to 4294967295. Packets that carry it are the service.
    type: int
  family:
    description:
      - The address family of a service with a O(fwmark), V(ipv4) if not given. The same mark of the other family is
        another service.
      - An O(address) tells its family itself.
    type: str
    choices: [ipv4, ipv6]
"""

    # What names a service, in an option of its own.
    SERVICE = r"""
options:
  service:
    description: The service.
    type: dict
    suboptions:
      protocol:
        description: The protocol of a service that has an address, V(tcp) if not given. A fwmark has all of them.
        type: str
        choices: [tcp, udp, sctp]
      address:
        description: The virtual address, IPv4 or IPv6, in numbers. Exactly one of address and fwmark is needed.
        type: str
      port:
        description: The port; needed with an address. V(0) stands for all other ports.
        type: int
      fwmark:
        description: A firewall mark, from 1 to 4294967295.
        type: int
      family:
        description: The address family of a service with a fwmark, V(ipv4) if not given.
        type: str
        choices: [ipv4, ipv6]
"""

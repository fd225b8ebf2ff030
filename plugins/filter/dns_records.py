# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: dns_records
short_description: The records that the names of clusters have in DNS
version_added: 1.0.0
author: lvs.cluster authors
description:
  - From C(lvs_dns_names) in the descriptions of all clusters of the inventory. A name that several of them have leads
    to the addresses of all of these.
  - What the playbook C(lvs.cluster.dns) tells the server of the zone.
positional: _input, hosts, without
extends_documentation_fragment: [lvs.cluster._dns]
"""

EXAMPLES = r"""
- name: Show which records the names have
  ansible.builtin.debug:
    msg: "{{ hostvars | lvs.cluster.dns_records(groups['lvs_directors']) }}"
"""

RETURN = r"""
_value:
  description:
    - All records of one type that a name has, V(name) with a dot at its end, V(type) C(A) or C(AAAA), V(ttl) and
      V(addresses).
    - V(addresses) is empty where all of this type are taken out.
    - V(server) is who is to be told, with V(address), V(port), V(zone), V(key_name), V(key_algorithm); or none.
    - V(host) is one whose variables describe all this, and the secret of the key.
  type: list
  elements: dict
"""

import dataclasses

from ansible_collections.lvs.cluster.plugins.plugin_utils import _dns


def dns_records(hostvars, hosts, without=()):
    return [dataclasses.asdict(each) for each in _dns.dns_records(hostvars, hosts, without)]


class FilterModule:
    def filters(self):
        return {"dns_records": dns_records}

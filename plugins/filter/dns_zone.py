# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: dns_zone
short_description: The records of the names of clusters, as lines of a zone
version_added: 1.0.0
author: lvs.cluster authors
description:
  - From C(lvs_dns_names) in the descriptions of all clusters of the inventory. A name that several of them have leads
    to the addresses of all of these.
  - For a zone that is kept as a file.
positional: _input, hosts, without
extends_documentation_fragment: [lvs.cluster._dns]
"""

EXAMPLES = r"""
- name: Write what the zone of the site includes
  ansible.builtin.copy:
    content: "{{ hostvars | lvs.cluster.dns_zone(groups['lvs_directors']) }}"
    dest: /etc/bind/lvs.zone
    mode: "0644"
"""

RETURN = r"""
_value:
  description: A line for each record, as C(www.example.com. 60 IN A 192.0.2.100).
  type: str
"""

from ansible_collections.lvs.cluster.plugins.module_utils._description.views.dns import zone_lines
from ansible_collections.lvs.cluster.plugins.plugin_utils import _dns


def dns_zone(hostvars, hosts, without=()):
    return "".join(f"{line}\n" for line in zone_lines(_dns.dns_records(hostvars, hosts, without)))


class FilterModule:
    def filters(self):
        return {"dns_zone": dns_zone}

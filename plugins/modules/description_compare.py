#!/usr/bin/python
# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: description_compare
short_description: Compare hosts with what is described for them
version_added: 1.0.0
description:
  - Compares what M(lvs.cluster.description_read) derived for each of these hosts with their facts, which must have been
    gathered (M(ansible.builtin.setup), at least its subsets C(min) and C(network)).
  - The hosts must have the interfaces that they need, and on each of them the address that they are to send adverts
    from. The interface that a description does not name is the one that has the host's address.
  - Warns of what may keep the hosts of a cluster from working together. Real servers in no network of a director, hosts
    of a VRRP instance in different networks, different MTUs on the way of a packet, and hosts without a route to the
    clients of an address. Facts do not tell all routes, so none of this is refused.
  - What it finds is had by the filter P(lvs.cluster.described#filter).
extends_documentation_fragment:
  - lvs.cluster._description
options:
  hosts:
    description: The hosts that are looked at.
    type: list
    elements: str
    required: true
  os_families:
    description: The values of the fact C(os_family) that are known.
    type: list
    elements: str
    required: true
  serving:
    description: Whether the hosts are to serve. If not, what a host lacks for that alone is no finding.
    type: bool
    default: true
seealso:
  - module: lvs.cluster.description_read
"""

EXAMPLES = r"""
- name: Compare each host with what is described for it
  lvs.cluster.description_compare:
    hosts: "{{ ansible_play_batch }}"
    os_families: [Debian]
  run_once: true
"""

RETURN = r""" # """

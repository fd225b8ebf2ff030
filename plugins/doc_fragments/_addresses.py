# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.

from __future__ import annotations


class ModuleDocFragment:
    # Addresses of an interface, and whose they are.
    DOCUMENTATION = r"""
options:
  interface:
    description: The interface that holds them.
    type: str
    default: lo
  addresses:
    description: The addresses.
    type: list
    elements: dict
    required: true
    suboptions:
      address:
        description: An address in the one spelling that C(ip address) shows, without a length.
        type: str
        required: true
      label:
        description:
          - Its label, C(lo:0), C(lo:1), and so on; it has none if empty or not given, and one of IPv6 never has
            one. Letters, digits, C(_), C(.) and C(-) may follow the colon, and the whole has up to 15 characters.
          - A label is for people, and tells nothing of whose an address is. An address that is there already keeps the
            one that it has.
        type: str
  dummy:
    description:
      - Whether O(interface) is a dummy device, which is there for such addresses alone. It is made where it is not
        there, and goes with the last address. Its addresses have no labels.
    type: bool
    default: false
  owner:
    description:
      - Whose addresses they are, as the name of a cluster. An address that two owners hold goes with the last of them.
    type: str
    default: lvs
"""

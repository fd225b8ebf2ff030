#!/usr/bin/python
# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: loopback_boot
short_description: Make sure that the next boot reads where the loopback's addresses stand
version_added: 1.0.0
author: lvs.cluster authors (@lvs-cluster)
description:
  - Asks the program that sets up the host's network whether it reads a file, and fails with what is to be changed where
    it does not, or is not started at boot. A real server whose file nobody reads works until it boots.
  - Says of O(files) which are not as they shall be, so that one look tells whether there is anything to do.
  - Changes nothing.
extends_documentation_fragment:
  - lvs.cluster._files
  - lvs.cluster._host
options:
  files:
    description: Files of the host's network configuration as they shall be, to be compared.
  manager:
    description: Who sets up the network at boot.
    type: str
    choices: [networkd, ifupdown]
    required: true
  path:
    description: The file; for networkd a drop-in of the C(.network) file that sets up the loopback.
    type: path
    required: true
  interfaces:
    description: For ifupdown, the interfaces that O(path) has to be brought up at boot.
    type: list
    elements: str
    default: []
  pending:
    description:
      - Whether O(path) is yet to be written, or networkd to be told of it, so that nobody has to read it now. ifupdown
        needs not be told, and fails if O(files) are as they shall be and it does not read them.
    type: bool
    default: false
attributes:
  check_mode:
    support: full
    description: Can run in check mode, as it changes nothing.
  diff_mode:
    support: none
    description: Changes nothing that could differ.
seealso:
  - name: interfaces(5)
    description: The grammar of ifupdown's files, C(source) among it.
    link: https://manpages.debian.org/interfaces
  - name: systemd.network(5)
    description: Which file sets up which interface.
    link: https://www.freedesktop.org/software/systemd/man/latest/systemd.network.html
"""

EXAMPLES = r"""
- name: Refuse a host whose ifupdown does not read the file
  lvs.cluster.loopback_boot:
    manager: ifupdown
    path: /etc/network/interfaces.d/lvs-loopback
    interfaces: [lo:lvs-0]

- name: Refuse a host where another file sets up the loopback
  lvs.cluster.loopback_boot:
    manager: networkd
    path: /etc/systemd/network/10-lvs-loopback.network.d/lvs.conf
    pending: true
"""

RETURN = r"""
differing:
  description: Those of O(files) of which the text or the mode is another.
  returned: success
  type: list
  elements: str
  sample: []
network_file:
  description: For networkd, the file that sets up the loopback; empty for none.
  returned: success
  type: str
  sample: /etc/systemd/network/10-lvs-loopback.network
read:
  description: Whether it reads O(path).
  returned: success
  type: bool
  sample: true
"""

import os

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.lvs.cluster.plugins.module_utils._host.errors import MODULE_ERRORS, failure
from ansible_collections.lvs.cluster.plugins.module_utils._host.files_option import SPEC, differing
from ansible_collections.lvs.cluster.plugins.module_utils._host.networks import (
    NetworkError,
    loopback_file,
    started_interfaces,
)
from ansible_collections.lvs.cluster.plugins.module_utils._host.systemd import enablement

UNITS = {"networkd": "systemd-networkd.service", "ifupdown": "networking.service"}


def check_unit(module):
    """Fail where the boot does not start who sets up the network."""
    unit = UNITS[module.params["manager"]]
    state, _errors = enablement(module.run_command, unit)
    if state in ("disabled", "masked"):
        raise NetworkError(
            f"{unit} is {state}, so nobody reads {module.params['path']} at boot",
            remedy=f"Use 'systemctl enable {unit}', or set realserver_network to what does set up this host's network, "
            "networkd or ifupdown",
        )


def check_ifupdown(module, pending):
    """Fail unless ifup -a brings the interfaces up, or will, as long as the file is pending."""
    path, started = module.params["path"], started_interfaces(module)
    missing = [each for each in module.params["interfaces"] if each not in started]
    if missing and not pending:
        raise NetworkError(
            f"ifupdown does not read {path}, so this host would have no {', '.join(missing)} after a boot",
            remedy=f"Write the line 'source {os.path.dirname(path)}/*' into /etc/network/interfaces",
        )
    return {"network_file": "", "read": not missing}


def check_networkd(module, pending):
    """Fail unless the file adds to what sets up the loopback, or will, as long as it is pending."""
    path = module.params["path"]
    own = os.path.basename(os.path.dirname(path))[: -len(".d")]
    found = loopback_file(module)
    if found.path and os.path.basename(found.path) != own:
        raise NetworkError(
            f"networkd sets up lo from {found.path}, and reads one file per interface, so this host would not have "
            "the virtual addresses after a boot",
            remedy=f"Set realserver_networkd_file to {os.path.basename(found.path)}, and they are added to it",
        )
    read = bool(found.path) and (found.drop_ins is None or path in found.drop_ins)
    if not pending and not read:
        raise NetworkError(
            f"networkd has not read {path} for lo, so this host would not have the virtual addresses after a boot",
            remedy="See 'journalctl -u systemd-networkd'",
        )
    return {"network_file": found.path, "read": read}


def main():
    module = AnsibleModule(
        argument_spec={
            "files": SPEC,
            "manager": {"type": "str", "choices": ["networkd", "ifupdown"], "required": True},
            "path": {"type": "path", "required": True},
            "interfaces": {"type": "list", "elements": "str", "default": []},
            "pending": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    pending = module.params["pending"]
    try:
        check_unit(module)
        others = differing(module)
        if module.params["manager"] == "networkd":
            result = check_networkd(module, pending)
        else:
            result = check_ifupdown(module, pending and bool(others))
    except MODULE_ERRORS as error:
        module.fail_json(**failure(error))
    module.exit_json(changed=False, differing=others, **result)


if __name__ == "__main__":
    main()

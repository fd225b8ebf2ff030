#!/usr/bin/python
# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ipvs_zero
short_description: Set the counters of IPVS to zero
version_added: 1.0.0
description:
  - The counters and rates of one service and its servers, or of all services, are zero. Connections stay as they are.
  - The kernel counts every two seconds, so packets of the last moments can appear in the counters afterwards.
extends_documentation_fragment:
  - lvs.cluster._host
  - lvs.cluster._ipvs
  - lvs.cluster._ipvs.service
options:
  service:
    description: The service; all of them if not given.
attributes:
  idempotent:
    support: partial
    details: Without traffic in between the second run changes nothing; with traffic there is something to do again.
notes:
  - Harmless beside keepalived, which decides nothing by the counters; if it serves SNMP, it shows them.
seealso:
  - module: lvs.cluster.ipvs_info
"""

EXAMPLES = r"""
- name: Count anew before a measurement
  lvs.cluster.ipvs_zero:

- name: Count one service anew
  lvs.cluster.ipvs_zero:
    service: {address: 192.0.2.10, port: 80}
"""

RETURN = r"""
commands:
  description: What was done, or would be done in check mode, a line for each command.
  returned: success
  type: list
  elements: str
  sample: ["ipvsadm -Z -t 192.0.2.10:80"]
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.lvs.cluster.plugins.module_utils._host.errors import MODULE_ERRORS, failure
from ansible_collections.lvs.cluster.plugins.module_utils._host.ipvsadm import (
    Ipvsadm,
    NoSuchServiceError,
    written,
)
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.counters import plan_zero, render_counters, zeroed
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.options import desired_key
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.spec import SERVICE_KEY


def main():
    module = AnsibleModule(
        argument_spec={"service": {"type": "dict", "options": SERVICE_KEY}},
        supports_check_mode=True,
    )
    try:
        key = desired_key(module.params["service"], "service") if module.params["service"] else None
        ipvsadm = Ipvsadm.of(module)
        counters = ipvsadm.stats()
        if key is not None and key not in counters.services:
            raise NoSuchServiceError(f"{key} is not in the table")
        commands = plan_zero(counters, key)
        if not module.check_mode:
            ipvsadm.run_all(commands)
    except MODULE_ERRORS as error:
        module.fail_json(**failure(error))
    module.exit_json(
        changed=bool(commands),
        commands=written(commands),
        diff={"before": render_counters(counters), "after": render_counters(zeroed(counters, key))},
    )


if __name__ == "__main__":
    main()

#!/usr/bin/python
# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ipvs_timeouts
short_description: Set how long IPVS remembers connections
version_added: 1.0.0
description:
  - The timeouts of connections are those given; one that is not given stays as it is.
  - New timeouts hold for packets that come from then on.
extends_documentation_fragment:
  - lvs.cluster._host
  - lvs.cluster._ipvs
  - lvs.cluster._ipvs.writes
options:
  tcp:
    description: Seconds without a packet, up to 31 days, after which an established TCP connection is forgotten.
    type: int
  tcp_fin:
    description: Seconds, up to 31 days, after which a TCP connection is forgotten whose end has begun.
    type: int
  udp:
    description: Seconds without a packet, up to 31 days, after which a UDP client is forgotten.
    type: int
seealso:
  - module: lvs.cluster.ipvs_info
"""

EXAMPLES = r"""
- name: Forget idle TCP connections after two hours
  lvs.cluster.ipvs_timeouts:
    tcp: 7200
"""

RETURN = r"""
commands:
  description: What was done, or would be done in check mode, a line for each command. 0 leaves a timeout as it is.
  returned: success
  type: list
  elements: str
  sample: ["ipvsadm --set 7200 0 0"]
timeouts:
  description: The timeouts afterwards, in check mode as they would be.
  returned: success
  type: dict
  sample: {tcp: 7200, tcp_fin: 120, udp: 300}
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.lvs.cluster.plugins.module_utils._host.errors import MODULE_ERRORS, failure
from ansible_collections.lvs.cluster.plugins.module_utils._host.ipvsadm import Ipvsadm, written
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.timeouts import (
    desired_timeouts,
    merged,
    plan_timeouts,
    render_timeouts,
)


def main():
    module = AnsibleModule(
        argument_spec={"tcp": {"type": "int"}, "tcp_fin": {"type": "int"}, "udp": {"type": "int"}},
        required_one_of=[("tcp", "tcp_fin", "udp")],
        supports_check_mode=True,
    )
    try:
        wanted = desired_timeouts(module.params)
        ipvsadm = Ipvsadm.of(module)
        current = ipvsadm.timeouts()
        commands = plan_timeouts(current, wanted)
        if not module.check_mode:
            ipvsadm.run_all(commands)
    except MODULE_ERRORS as error:
        module.fail_json(**failure(error))
    after = merged(current, wanted)
    module.exit_json(
        changed=bool(commands),
        commands=written(commands),
        timeouts=after._asdict(),
        diff={"before": render_timeouts(current), "after": render_timeouts(after)},
    )


if __name__ == "__main__":
    main()

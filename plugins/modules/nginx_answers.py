#!/usr/bin/python
# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: nginx_answers
short_description: Make sure that health checks of a host are answered by its nginx, from one file
version_added: 1.0.0
author: lvs.cluster authors (@lvs-cluster)
description:
  - Fails where nginx does not read O(path), or where another file of nginx's or another process answers at O(address)
    on a port of O(checks), and names it. keepalived would take such a host for dead.
  - Changes nothing.
extends_documentation_fragment:
  - lvs.cluster._host
options:
  path:
    description: The file of nginx's configuration that is to answer.
    type: path
    required: true
  address:
    description: The host's own address, which checks go to.
    type: str
    required: true
  checks:
    description: What checks ask for.
    type: list
    elements: dict
    required: true
    suboptions:
      port:
        description: The port.
        type: int
        required: true
      path:
        description: The path.
        type: str
        required: true
  header:
    description: A header of an answer that O(path) gives.
    type: str
    required: true
  value:
    description: What stands in it.
    type: str
    required: true
  replaces:
    description: Files of nginx's configuration that are about to go.
    type: list
    elements: path
    default: []
  ask:
    description:
      - Make each check once, as keepalived does, and fail unless the answer has status 200 and O(header).
      - Without it only files and processes are looked at, which tells beforehand.
    type: bool
    default: true
attributes:
  check_mode:
    support: full
    description: Can run in check mode, and does not ask then, as nginx may not yet run with the file.
  diff_mode:
    support: none
    description: Changes nothing that could differ.
"""

EXAMPLES = r"""
- name: Check that nginx answers health checks
  lvs.cluster.nginx_answers:
    path: /etc/nginx/conf.d/lvs.conf
    address: 192.0.2.21
    checks:
      - port: 80
        path: /healthz
    header: X-LVS-Cluster
    value: lvs
"""

RETURN = r"""
answers:
  description: The status of each answer; empty where nothing was asked.
  returned: success
  type: list
  elements: int
  sample: [200]
"""

import os
import time

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.lvs.cluster.plugins.module_utils._host.errors import MODULE_ERRORS, failure
from ansible_collections.lvs.cluster.plugins.module_utils._host.nginx import (
    SEE_LOG,
    NginxError,
    answer_of,
    configuration,
    others_on,
)
from ansible_collections.lvs.cluster.plugins.module_utils._realserver.nginx import listens, rivals

# Old workers may answer a moment longer after a reload.
PATIENCE = 5.0


def with_ours(module):
    """The files that nginx reads; it fails where nginx does not read ours."""
    read, path = configuration(module), module.params["path"]
    # Where nothing is written there may be nothing yet to be read.
    if path not in [each for each, _text in read] and not (module.check_mode and not os.path.exists(path)):
        raise NginxError(
            f"nginx does not read {path}",
            remedy=f"Write the line 'include {os.path.dirname(path)}/*.conf;' into the http block of its own "
            "configuration, /etc/nginx/nginx.conf",
        )
    return read


def in_the_way(module, read, port):
    """Who answers on a port in our place, a line each."""
    params = module.params
    found = [
        f"{each.path} has 'listen {each.text}'"
        for each in rivals(listens(read), params["path"], params["address"], port, set(params["replaces"]))
    ]
    others = others_on(module.run_command, port)
    return found + [f"{each.name} (process {each.pid}) listens on {each.socket}" for each in others]


def taken(address, port, found, happened):
    """The error that says who is in the way."""
    return NginxError(
        f"Health checks of this host at {address}:{port} {happened}: {'; '.join(found)}. keepalived would take this "
        "host for dead",
        remedy="Move that to another port or address, or give the service another port",
    )


def check(module, read, port, path):
    """The status of an answer that is ours."""
    params = module.params
    deadline = time.monotonic() + PATIENCE
    while True:
        got = answer_of(params["address"], port, path, PATIENCE)
        is_ours = got.headers.get(params["header"].lower()) == params["value"]
        if (got.status == 200 and is_ours) or time.monotonic() >= deadline:
            break
        time.sleep(0.5)
    if got.status != 200 or not is_ours:
        found = in_the_way(module, read, port)
        if found:
            raise taken(params["address"], port, found, "are answered by somebody else")
        url = f"http://{params['address']}:{port}{path}"
        raise NginxError(
            f"A health check of this host, {url}, gets {got.error or f'status {got.status}'} and not the answer of "
            f"{params['path']}. keepalived takes this host for dead",
            remedy=SEE_LOG,
        )
    return got.status


def look(module):
    """The status of each answer, once nobody is in the way of any."""
    read = with_ours(module)
    checks = [(each["port"], each["path"]) for each in module.params["checks"]]
    for port in sorted({port for port, _path in checks}):
        found = in_the_way(module, read, port)
        if found:
            raise taken(module.params["address"], port, found, "are for somebody else to answer")
    asked = checks if module.params["ask"] and not module.check_mode else []
    return [check(module, read, port, path) for port, path in asked]


def main():
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path", "required": True},
            "address": {"type": "str", "required": True},
            "checks": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": {
                    "port": {"type": "int", "required": True},
                    "path": {"type": "str", "required": True},
                },
            },
            "header": {"type": "str", "required": True},
            "value": {"type": "str", "required": True},
            "replaces": {"type": "list", "elements": "path", "default": []},
            "ask": {"type": "bool", "default": True},
        },
        supports_check_mode=True,
    )
    try:
        answers = look(module)
    except MODULE_ERRORS as error:
        module.fail_json(**failure(error))
    module.exit_json(changed=False, answers=answers)


if __name__ == "__main__":
    main()

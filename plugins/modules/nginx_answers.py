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
  - Fails where nginx does not read O(path), or where another file of nginx's or another process answers at O(addresses)
    on a port of O(checks) or O(listens), and names it. keepalived would take such a host for dead.
  - Fails where a socket of O(listens) is not answered, or its TLS with another certificate. After a reload that failed
    nginx goes on with its former configuration, and says so in its log alone.
  - Warns of servers in other files that O(path) makes unreachable through an address that it names.
  - Changes nothing.
extends_documentation_fragment:
  - lvs.cluster._host
options:
  path:
    description: The file of nginx's configuration that is to answer.
    type: path
    required: true
  addresses:
    description:
      - The host's own addresses, at most one of each family. Checks go to each where nginx listens at every address of
        its family by O(listens).
    type: list
    elements: str
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
  listens:
    description: The sockets that nginx is to answer on by O(path).
    type: list
    elements: dict
    default: []
    suboptions:
      address:
        description:
          - The address, empty for every one, V(::) for every one of IPv6; then that of O(addresses) is asked.
        type: str
        default: ""
      port:
        description: The port.
        type: int
        required: true
      ssl:
        description: Whether it is one of TLS.
        type: bool
        default: false
      default_server:
        description: Whether O(path) has its default server.
        type: bool
        default: false
      sites:
        description: The sites of TLS that answer there; each is asked for.
        type: list
        elements: dict
        default: []
        suboptions:
          name:
            description: What the site is called.
            type: str
            required: true
          server_name:
            description: The name that it is asked by, empty for none.
            type: str
            default: ""
          ssl_certificate:
            description: The file of the certificate that it shows.
            type: path
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
  main:
    description: A file of directives outside of http. Where it is there, nginx must read it too.
    type: path
  mending:
    description:
      - Whether files of nginx's configuration are about to be written, which may be what it lacks. Where nginx refuses
        its configuration as it is, that is a warning then, and only processes are looked at.
    type: bool
    default: false
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
    addresses: [192.0.2.21]
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
    MAIN_FILE,
    NOT_LOADED,
    SEE_LOG,
    NginxError,
    RefusedConfigurationError,
    answer_of,
    asked_at,
    complaint,
    configuration,
    in_its_way,
    others_on,
)
from ansible_collections.lvs.cluster.plugins.module_utils._host.systemd import service
from ansible_collections.lvs.cluster.plugins.module_utils._net import EVERY, endpoint, family_of
from ansible_collections.lvs.cluster.plugins.module_utils._realserver.nginx import (
    Wanted,
    listens,
    rivals,
    shadowed,
)

# Old workers may answer a moment longer after a reload.
PATIENCE = 5.0


def with_ours(module):
    """The files that nginx reads; it fails where nginx does not read ours."""
    path, main = module.params["path"], module.params["main"]
    try:
        read = configuration(module)
    except RefusedConfigurationError as error:
        if not module.params["mending"]:
            raise
        module.warn(f"{error}. Whether other sites are in the way is seen once this run has written its files")
        return []
    there = [each for each, _text in read]
    # Where nothing is written there may be nothing yet to be read.
    if path not in there and not (module.check_mode and not os.path.exists(path)):
        raise unread(path, "into the http block")
    if main and main not in there and os.path.exists(main):
        raise unread(main, "before all blocks")
    return read


def unread(path, where):
    """The error that says what makes nginx read a file."""
    return NginxError(
        f"nginx does not read {path}",
        remedy=f"Write the line 'include {os.path.dirname(path)}/*.conf;' {where} of its own configuration, "
        f"{MAIN_FILE}",
    )


def staying(params, read):
    """Where the servers listen in files that do not go."""
    return [each for each in listens(read) if each.path not in params["replaces"]]


def own_on(params, port):
    """The host's own addresses at which nginx is asked on a port."""
    listened = {each["address"] for each in params["listens"] if each["port"] == port}
    own = [each for each in params["addresses"] if EVERY[family_of(each)] in (listened or EVERY.values())]
    return own or params["addresses"]


def in_the_way(module, read, port):
    """Who answers on a port in our place, a line each."""
    params = module.params
    found, defaults = (
        [],
        [each["address"] for each in params["listens"] if each["port"] == port and each["default_server"]],
    )
    for address in own_on(params, port):
        is_default = EVERY[family_of(address)] in defaults
        others = rivals(staying(params, read), params["path"], address, port, is_default)
        found += [f"{each.path} has 'listen {each.text}'" for each in others]
    processes = others_on(module.run_command, port, own_on(params, port))
    found += [f"{each.name} (process {each.pid}) listens on {each.socket}" for each in processes]
    return list(dict.fromkeys(found))


def taken(addresses, port, found, happened):
    """The error that says who is in the way."""
    where = " and ".join(endpoint(each, port) for each in addresses)
    return NginxError(
        f"Health checks of this host at {where} {happened}: {'; '.join(found)}. keepalived would take this "
        "host for dead",
        remedy="Move that to another port or address, or give the service another port",
    )


def check(module, read, address, port, path):
    """The status of an answer that is ours."""
    params = module.params
    deadline = time.monotonic() + PATIENCE
    while True:
        got = answer_of(address, port, path, PATIENCE)
        is_ours = got.headers.get(params["header"].lower()) == params["value"]
        if (got.status == 200 and is_ours) or time.monotonic() >= deadline:
            break
        time.sleep(0.5)
    if got.status != 200 or not is_ours:
        found = in_the_way(module, read, port)
        if found:
            raise taken([address], port, found, "are answered by somebody else")
        url = f"http://{endpoint(address, port)}{path}"
        raise NginxError(
            f"A health check of this host, {url}, gets {got.error or f'status {got.status}'} and not the answer of "
            f"{params['path']}. keepalived takes this host for dead",
            remedy=SEE_LOG,
        )
    return got.status


def require_answered(module, wanted):
    """Fail unless a socket is answered as it shall be, in a moment."""
    deadline = time.monotonic() + PATIENCE
    while True:
        found = complaint(wanted, module.params["addresses"], PATIENCE)
        if not found or time.monotonic() >= deadline:
            break
        time.sleep(0.5)
    if found:
        parent = service(module.run_command, "nginx.service").pid
        held = [f"; {each}" for each in in_its_way(module, module.params["path"], parent)]
        where = endpoint(asked_at(wanted, module.params["addresses"]), wanted.port)
        raise NginxError(
            f"nginx does not answer at {where} as {module.params['path']} has it: {found}{''.join(held)}",
            remedy=NOT_LOADED if held else SEE_LOG,
        )


def warn_of_unreachable(module, found, wanted):
    """Other servers on a port that ours is asked on by an address of its own, or will be."""
    params = module.params
    for (address, port), others in shadowed(found, params["path"], wanted).items():
        for each in others:
            named = f" of server {' '.join(each.names)}" if each.names else ""
            module.warn(
                f"{each.path} has 'listen {each.text}'{named}, which cannot be reached at {endpoint(address, port)}, "
                f"where {params['path']} listens. Write 'listen {endpoint(address, port)};' beside it if it shall be"
            )


def wanted_of(listen):
    """An element of the option."""
    shown = tuple((each["server_name"], each["ssl_certificate"]) for each in listen["sites"])
    return Wanted(listen["address"], listen["port"], listen["default_server"], shown)


def look(module):
    """The status of each answer, once nobody is in the way of any."""
    params = module.params
    read = with_ours(module)
    checks = [(each["port"], each["path"]) for each in params["checks"]]
    wanted = [wanted_of(each) for each in params["listens"]]
    for port in sorted({port for port, _path in checks} | {each.port for each in wanted}):
        found = in_the_way(module, read, port)
        if found:
            raise taken(own_on(params, port), port, found, "are for somebody else to answer")
    warn_of_unreachable(module, staying(params, read), wanted)
    if module.check_mode or not params["ask"]:
        return []
    answers = [check(module, read, address, port, path) for port, path in checks for address in own_on(params, port)]
    for each in wanted:
        require_answered(module, each)
    return answers


def main():
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path", "required": True},
            "addresses": {"type": "list", "elements": "str", "required": True},
            "checks": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": {
                    "port": {"type": "int", "required": True},
                    "path": {"type": "str", "required": True},
                },
            },
            "listens": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "address": {"type": "str", "default": ""},
                    "port": {"type": "int", "required": True},
                    "ssl": {"type": "bool", "default": False},
                    "default_server": {"type": "bool", "default": False},
                    "sites": {
                        "type": "list",
                        "elements": "dict",
                        "default": [],
                        "options": {
                            "name": {"type": "str", "required": True},
                            "server_name": {"type": "str", "default": ""},
                            "ssl_certificate": {"type": "path", "required": True},
                        },
                    },
                },
            },
            "header": {"type": "str", "required": True},
            "value": {"type": "str", "required": True},
            "replaces": {"type": "list", "elements": "path", "default": []},
            "main": {"type": "path"},
            "mending": {"type": "bool", "default": False},
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

#!/usr/bin/python
# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: nginx_loaded
short_description: Find out whether nginx runs with a file as it is
version_added: 1.0.0
author: lvs.cluster authors (@lvs-cluster)
description:
  - Changed where nginx runs with workers that started before O(path) was last written, as after a run that was cut off
    between writing and reloading. Reload nginx in a handler then.
  - Says of O(files) which are not as they shall be, so that one look tells whether there is anything to do.
  - Changes nothing itself. An nginx that does not run has nothing to load.
extends_documentation_fragment:
  - lvs.cluster._files
  - lvs.cluster._host
options:
  files:
    description: Files of nginx's configuration as they shall be, to be compared.
  path:
    description: A file of nginx's configuration.
    type: path
    required: true
  wait:
    description:
      - Seconds to wait after a reload until nginx has taken the file, and to fail after.
      - With 0 it only looks.
    type: float
    default: 0
attributes:
  check_mode:
    support: full
    description: Can run in check mode, as it changes nothing itself.
  diff_mode:
    support: none
    description: What differs is in the memory of a process.
"""

EXAMPLES = r"""
- name: Look whether nginx runs with the file
  lvs.cluster.nginx_loaded:
    path: /etc/nginx/conf.d/lvs.conf
  notify: Reload nginx

- name: Check that nginx has taken it
  lvs.cluster.nginx_loaded:
    path: /etc/nginx/conf.d/lvs.conf
    wait: 30
"""

RETURN = r"""
differing:
  description: Those of O(files) of which the text or the mode is another.
  returned: success
  type: list
  elements: str
  sample: []
running:
  description: Whether nginx runs.
  returned: success
  type: bool
  sample: true
enabled:
  description: Whether the boot starts it.
  returned: success
  type: bool
  sample: true
loaded:
  description: Whether it runs with the file as it is.
  returned: success
  type: bool
  sample: true
"""

import os
import time

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.lvs.cluster.plugins.module_utils._host.errors import MODULE_ERRORS, failure
from ansible_collections.lvs.cluster.plugins.module_utils._host.files_option import SPEC, differing
from ansible_collections.lvs.cluster.plugins.module_utils._host.nginx import SEE_LOG, NginxError, worker_starts
from ansible_collections.lvs.cluster.plugins.module_utils._host.systemd import service
from ansible_collections.lvs.cluster.plugins.module_utils._realserver.nginx import is_loaded


def look(module):
    """What runs, once it is what is wanted or nothing is waited for any more."""
    path, wait = module.params["path"], module.params["wait"]
    deadline = time.monotonic() + wait
    while True:
        parent, enabled = service(module.run_command, "nginx.service")
        loaded = bool(parent) and os.path.exists(path) and is_loaded(os.stat(path).st_ctime, worker_starts(parent))
        if loaded or time.monotonic() >= deadline:
            break
        time.sleep(0.2)
    if wait and not parent:
        raise NginxError("nginx does not run", remedy="See 'journalctl -u nginx'")
    if wait and not loaded:
        raise NginxError(
            f"nginx runs on without {path} as it is now, {wait:g} s after it was told to reload", remedy=SEE_LOG
        )
    changed = bool(parent) and os.path.exists(path) and not loaded
    return {
        "changed": changed,
        "differing": differing(module),
        "running": bool(parent),
        "enabled": enabled,
        "loaded": loaded,
    }


def main():
    module = AnsibleModule(
        argument_spec={
            "files": SPEC,
            "path": {"type": "path", "required": True},
            "wait": {"type": "float", "default": 0},
        },
        supports_check_mode=True,
    )
    try:
        result = look(module)
    except MODULE_ERRORS as error:
        module.fail_json(**failure(error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()

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
  - Changed where nginx runs with workers that started before O(path), or another file that it reads with it, was last
    written, as after a run that was cut off between writing and reloading, or where somebody renewed a certificate.
    Reload nginx in a handler then.
  - Says of O(files) and O(secret_files) which are not as they shall be, so that one look tells whether there is
    anything to do.
  - Fails where a pair of O(certificates) is none that nginx could serve its names with.
  - Changes nothing itself. An nginx that does not run has nothing to load.
extends_documentation_fragment:
  - lvs.cluster._files
  - lvs.cluster._secret_files
  - lvs.cluster._host
options:
  files:
    description: Files of nginx's configuration as they shall be, to be compared.
  path:
    description: A file of nginx's configuration.
    type: path
    required: true
  certificates:
    description:
      - The certificates that O(path) names. Of each, the key must be its own, the time must be within its validity, and
        it must have every name, as OpenSSL judges when it is shown to a client who trusts it alone. The texts are those
        of O(files) and O(secret_files), of other paths those that are there.
      - Of a certificate that O(path) has named before, and that does not change, the time alone is a warning, so that a
        run can do all else.
    type: list
    elements: dict
    default: []
    suboptions:
      ssl_certificate:
        description: The file of the certificate, and of those who signed it.
        type: path
        required: true
      ssl_certificate_key:
        description: The file of its key, which must have no password.
        type: path
        required: true
      server_name:
        description: The names of its site; a pattern, or what is no name of a host, is not looked for.
        type: list
        elements: str
        default: []
  wait:
    description:
      - Seconds to wait after a reload until nginx has taken the files, and to fail after, with who holds a socket that
        nginx was to listen on. A reload succeeds all the same, and nginx goes on with its former configuration.
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
  description: Those of O(files) and O(secret_files) of which the text, the mode or the owner is another.
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
  description: Whether it runs with the files as they are.
  returned: success
  type: bool
  sample: true
"""

import contextlib
import os
import time

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.lvs.cluster.plugins.module_utils._host.certificates import Pair, require_good
from ansible_collections.lvs.cluster.plugins.module_utils._host.errors import MODULE_ERRORS, failure
from ansible_collections.lvs.cluster.plugins.module_utils._host.files_option import (
    SECRET_FILES,
    SPEC,
    differing,
    texts,
)
from ansible_collections.lvs.cluster.plugins.module_utils._host.nginx import (
    MAIN_FILE,
    NOT_LOADED,
    SEE_LOG,
    NginxError,
    in_its_way,
    last_written,
    worker_starts,
)
from ansible_collections.lvs.cluster.plugins.module_utils._host.systemd import service
from ansible_collections.lvs.cluster.plugins.module_utils._nginx.grammar import NotWholeError, parse, within
from ansible_collections.lvs.cluster.plugins.module_utils._realserver.nginx import asked_as, is_loaded

# Seconds after which nginx does not try again to listen where somebody else does: it tries five times in 2.5 s.
GIVES_UP = 6.0


def read_by_nginx(params):
    """The files that nginx reads anew with a reload, as far as the module knows them.

    A file that has gone is told by its folder.
    """
    files = [each["path"] for each in params["files"] or ()]
    files = [each if os.path.lexists(each) else os.path.dirname(each) for each in files]
    pairs = [path for each in params["certificates"] for path in (each["ssl_certificate"], each["ssl_certificate_key"])]
    return [MAIN_FILE, params["path"], *files, *pairs, *params["secret_files"]]


def pairs_of(module):
    """The certificates and their keys; those that the file names and that stay are live."""
    path, changing, named = module.params["path"], differing(module), set()
    with contextlib.suppress(FileNotFoundError, NotWholeError), open(path, encoding="utf-8", errors="replace") as file:
        named = {word for each in within(parse(file.read())) for word in each.words}
    pairs = []
    for each in module.params["certificates"]:
        paths = (each["ssl_certificate"], each["ssl_certificate_key"])
        is_live = named.issuperset(paths) and not set(paths) & set(changing)
        pairs.append(Pair(*paths, asked_as(each["server_name"]), is_live))
    return pairs


def look(module):
    """What runs, once it is what is wanted or nothing is waited for any more."""
    params = module.params
    require_good(module, pairs_of(module), texts(params))
    path, wait = params["path"], params["wait"]
    deadline = time.monotonic() + wait
    while True:
        parent, enabled = service(module.run_command, "nginx.service")
        written = last_written(read_by_nginx(params))
        loaded = bool(parent) and os.path.exists(path) and is_loaded(written, worker_starts(parent))
        now = time.monotonic()
        if loaded or now >= deadline or (now >= deadline - wait + GIVES_UP and in_its_way(module, path, parent)):
            break
        time.sleep(0.2)
    if wait and not loaded:
        raise refusal(module, path, wait, parent)
    changed = bool(parent) and os.path.exists(path) and not loaded
    return {
        "changed": changed,
        "differing": differing(module),
        "running": bool(parent),
        "enabled": enabled,
        "loaded": loaded,
    }


def refusal(module, path, wait, parent):
    """Why nginx does not run with the file."""
    found = in_its_way(module, path, parent)
    if found:
        what = f"runs on without {path} as it is now" if parent else "does not run"
        return NginxError(f"nginx {what}, for it cannot listen: {'; '.join(found)}", remedy=NOT_LOADED)
    if not parent:
        return NginxError("nginx does not run", remedy="See 'journalctl -u nginx'")
    return NginxError(
        f"nginx runs on without {path} as it is now, {wait:g} s after it was told to reload", remedy=SEE_LOG
    )


def main():
    module = AnsibleModule(
        argument_spec={
            "files": SPEC,
            "secret_files": SECRET_FILES,
            "path": {"type": "path", "required": True},
            "certificates": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "ssl_certificate": {"type": "path", "required": True},
                    # The path of one, and no key itself.
                    "ssl_certificate_key": {"type": "path", "required": True, "no_log": False},
                    "server_name": {"type": "list", "elements": "str", "default": []},
                },
            },
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

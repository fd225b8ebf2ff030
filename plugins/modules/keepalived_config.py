#!/usr/bin/python
# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: keepalived_config
short_description: Write keepalived.conf once keepalived itself accepts it
version_added: 1.0.0
author: lvs.cluster authors (@lvs-cluster)
description:
  - Tests a configuration with C(keepalived --config-test) on the host, and writes it if it has no errors.
    The running keepalived is not told; reload it in a handler.
  - What keepalived only remarks on, as a service whose servers all have weight 0, comes back as warnings.
    A bad file fails with keepalived's message and the line that it speaks of, and the file in place stays as it is.
  - A test that crashes, as in keepalived 2.2.7 with O(content) that sets C(enable_script_security), says nothing
    about the file, which is then written, with a warning.
options:
  content:
    description: The whole configuration.
    type: str
    required: true
  path:
    description: Where keepalived reads it.
    type: path
    default: /etc/keepalived/keepalived.conf
  validate_only:
    description:
      - Test the configuration and write nothing.
      - For a cluster, test on all directors before the first of them gets it; directors whose configurations differ
        can both become master.
    type: bool
    default: false
  secrets:
    description: Texts in O(content) that no result, diff or log may show.
    type: list
    elements: str
    default: []
attributes:
  check_mode:
    support: full
    description: Can run in check mode, and tests the configuration then too, unless keepalived is yet to be installed.
  diff_mode:
    support: full
    description: Shows what changes in the file, with O(secrets) hidden.
seealso:
  - name: keepalived.conf(5)
    description: The grammar of the file.
    link: https://www.keepalived.org/manpage.html
"""

EXAMPLES = r"""
- name: Test the configuration on every director
  lvs.cluster.keepalived_config:
    content: "{{ lookup('ansible.builtin.template', 'keepalived.conf.j2') }}"
    validate_only: true
  any_errors_fatal: true

- name: Write the configuration
  lvs.cluster.keepalived_config:
    content: "{{ lookup('ansible.builtin.template', 'keepalived.conf.j2') }}"
  notify: Reload keepalived
"""

RETURN = r"""
path:
  description: The file.
  returned: always
  type: str
  sample: /etc/keepalived/keepalived.conf
needs_all_directors:
  description:
    - Whether there was a configuration, and O(content) changes what all directors of a VRRP instance must agree on;
      its addresses, version, C(advert_int), password, or whether adverts are unicast.
    - Until all of them have it, the instance can have two masters.
  returned: always
  type: bool
  sample: false
"""

import os
import re

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.config_test import verdict
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.shared import shared_terms

# auth_pass is in it.
MODE = 0o640


def write_candidate(module, content):
    """The content in a file of its own that root alone can read."""
    candidate = os.path.join(module.tmpdir, "keepalived.conf")
    with open(os.open(candidate, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, MODE), "w", encoding="utf-8") as file:
        file.write(content)
    return candidate


def test(module, content):
    """Fail unless keepalived accepts the content."""
    binary = module.get_bin_path("keepalived", opt_dirs=["/usr/sbin", "/usr/local/sbin"])
    if binary is None:
        if module.check_mode:
            module.warn("keepalived is not installed yet, so its own test of the configuration was left out.")
            return
        module.fail_json(
            msg="There is no keepalived on this host. Install it first, as the role lvs.cluster.keepalived does."
        )
    status, out, err = module.run_command(
        [binary, "--config-test", "--use-file", write_candidate(module, content)],
        environ_update={"LC_ALL": "C", "LANGUAGE": "C"},
    )
    found = verdict(status, out + err, content)
    if found.crashed:
        module.warn(
            f"keepalived's test of its configuration crashed (status {status}) and says nothing about the file."
        )
    for warning in found.warnings:
        module.warn(f"keepalived remarks: {warning}")
    if found.errors:
        module.fail_json(msg="keepalived refuses the configuration; nothing was changed.\n" + "\n".join(found.errors))


def main():
    module = AnsibleModule(
        argument_spec={
            "content": {"type": "str", "required": True},
            "path": {"type": "path", "default": "/etc/keepalived/keepalived.conf"},
            "validate_only": {"type": "bool", "default": False},
            # no_log makes Ansible blot these out wherever they stand in a result, in the diff and in messages too.
            "secrets": {"type": "list", "elements": "str", "default": [], "no_log": True},
        },
        supports_check_mode=True,
    )
    path, content = module.params["path"], module.params["content"]

    test(module, content)
    before = ""
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            before = file.read()
    changed = before != content
    needs_all = bool(before) and shared_terms(before) != shared_terms(content)
    # The diff shows the former password too.
    module.no_log_values.update(re.findall(r"^\s*auth_pass\s+(\S+)", before, re.MULTILINE))
    if module.params["validate_only"]:
        module.exit_json(changed=False, path=path, needs_all_directors=needs_all)

    if changed and not module.check_mode:
        candidate = write_candidate(module, content)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        module.atomic_move(candidate, path)
    if os.path.exists(path):
        changed = module.set_mode_if_different(path, MODE, changed)
    module.exit_json(
        changed=changed,
        path=path,
        needs_all_directors=needs_all,
        diff={"before": before, "after": content, "before_header": path, "after_header": path},
    )


if __name__ == "__main__":
    main()

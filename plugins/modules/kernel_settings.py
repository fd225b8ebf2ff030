#!/usr/bin/python
# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: kernel_settings
short_description: Load modules of the kernel and set its settings, now and at boot
version_added: 1.0.0
author: lvs.cluster authors (@lvs-cluster)
description:
  - The kernel has loaded the modules, and then has the settings, for settings of a module are there with it alone.
    The files from which a boot does the same say so too. All that is one task.
  - Fails where a file that C(systemd-sysctl) reads after O(sysctl_file) sets one of O(sysctls) to something else,
    before anything is changed. Such a host works until it boots.
  - Unloads no module, and leaves settings that left O(sysctls) as they are until the next boot, or until O(owner) lets
    go of all with O(state=absent). A parameter of a module that is loaded already has its value when the module is
    loaded anew, at the latest by the next boot; until then a warning says so.
extends_documentation_fragment:
  - lvs.cluster._host
  - lvs.cluster._modes
options:
  modules:
    description: The whole text of O(modules_file); the modules that it names are loaded, unless they are built in.
    type: str
  modules_file:
    description: A file in C(/etc/modules-load.d).
    type: path
  parameters:
    description:
      - Parameters of modules and their values, as C(ip_vs.conn_tab_bits). They are there before a module of O(modules)
        is loaded. With none of them there is no O(parameters_file).
    type: dict
    default: {}
  parameters_file:
    description: A file in C(/etc/modprobe.d), which sets O(parameters) and nothing else.
    type: path
  sysctls:
    description: The settings and their values, by the names that sysctl(8) has for them.
    type: dict
    default: {}
  sysctl_file:
    description:
      - A file in C(/etc/sysctl.d), which sets O(sysctls) and nothing else; none if there are none. One that does
        already stays as it is, with its comments.
    type: path
  owner:
    description:
      - Who wants O(sysctls). What they were before is then remembered in C(/var/lib/lvs-cluster/sysctls).
    type: str
  state:
    description:
      - With V(absent) there is no O(sysctl_file), and what O(owner) had set is in the kernel as it was before, unless
        another owner wants it too, or somebody has set it to something else since.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - name: sysctl.d(5)
    description: The order in which files are read.
    link: https://www.freedesktop.org/software/systemd/man/latest/sysctl.d.html
  - name: modprobe.d(5)
    description: The grammar of O(parameters_file).
    link: https://man7.org/linux/man-pages/man5/modprobe.d.5.html
  - name: modules-load.d(5)
    description: The grammar of O(modules).
    link: https://www.freedesktop.org/software/systemd/man/latest/modules-load.d.html
"""

EXAMPLES = r"""
- name: Load IPVS and have it end connections of a removed server
  lvs.cluster.kernel_settings:
    modules_file: /etc/modules-load.d/lvs.conf
    modules: |
      ip_vs
      ip_vs_wrr
    parameters_file: /etc/modprobe.d/lvs.conf
    parameters:
      ip_vs.conn_tab_bits: 16
    sysctl_file: /etc/sysctl.d/60-lvs.conf
    sysctls:
      net.ipv4.vs.expire_nodest_conn: 1

- name: Keep silent on ARP for addresses of the loopback
  lvs.cluster.kernel_settings:
    sysctl_file: /etc/sysctl.d/60-lvs-realserver.conf
    sysctls:
      net.ipv4.conf.all.arp_ignore: 1
      net.ipv4.conf.all.arp_announce: 2
    owner: lvs

- name: Answer ARP as before
  lvs.cluster.kernel_settings:
    sysctl_file: /etc/sysctl.d/60-lvs-realserver.conf
    owner: lvs
    state: absent
"""

RETURN = r"""
differing:
  description: The files of which the text or the mode was another than is wanted.
  returned: success
  type: list
  elements: str
  sample: [/etc/sysctl.d/60-lvs.conf]
pending:
  description: The parameters whose value a loaded module has not yet, with the one that it has.
  returned: success, with O(state=present)
  type: dict
  sample: {ip_vs.conn_tab_bits: "12"}
commands:
  description: Commands that do what was done to the kernel, or would be in check mode.
  returned: success
  type: list
  elements: str
  sample: [modprobe ip_vs_wrr, sysctl -w net.ipv4.vs.expire_nodest_conn=1]
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.lvs.cluster.plugins.module_utils._host import kernel_modules, sysctl
from ansible_collections.lvs.cluster.plugins.module_utils._host.errors import MODULE_ERRORS, failure
from ansible_collections.lvs.cluster.plugins.module_utils._host.files import Files, Wanted
from ansible_collections.lvs.cluster.plugins.module_utils._host.memory import SETTINGS, OwnersMemory
from ansible_collections.lvs.cluster.plugins.module_utils._host.text import read_exact
from ansible_collections.lvs.cluster.plugins.module_utils._kernel import former
from ansible_collections.lvs.cluster.plugins.module_utils._kernel.boot_files import module_names, sysctl_text


def as_text(value):
    """A value as the kernel takes it: of YAML's on and off, 1 and 0."""
    return str(int(value)) if isinstance(value, bool) else str(value).strip()


def load_modules(module):
    """The file and the modules that were missing; before the settings, which the kernel has only with the module."""
    path, text = module.params["modules_file"], module.params["modules"]
    files = Files(module, [Wanted(path, text, 0o644)] if path else [])
    changed, missing = files.changed, kernel_modules.unloaded(module_names(text or ""))
    if not module.check_mode:
        files.apply()
        kernel_modules.load(module, missing)
    return changed, files.diff(), missing


def set_parameters(module):
    """The file, and the parameters whose value a loaded module will have only when it is loaded anew."""
    path = module.params["parameters_file"]
    wanted = {key: as_text(value) for key, value in module.params["parameters"].items()}
    file = Wanted(path, kernel_modules.parameters_text(wanted) or None, 0o644 if wanted else None)
    files = Files(module, [file] if path else [])
    changed, pending = files.changed, kernel_modules.pending(wanted)
    if not module.check_mode:
        files.apply()
    return changed, files.diff(), pending


def set_sysctls(module, wanted, loaded):
    """The file, and the settings that differed, as they were.

    loaded: whether there were modules to be loaded, with which settings come.
    """
    path = module.params["sysctl_file"]
    text = sysctl_text(wanted, read_exact(path)) if path and wanted else None
    files = Files(module, [Wanted(path, text)] if path else [])
    before = {key: sysctl.current(key) for key in wanted}
    unknown = [key for key, value in before.items() if value is None]
    if unknown and not (module.check_mode and loaded):
        raise sysctl.NoSettingError(f"This kernel has no setting {', '.join(unknown)}")
    differing = {key: value for key, value in before.items() if (value or "").split() != wanted[key].split()}
    changed = files.changed
    if not module.check_mode:
        if module.params["owner"]:
            remember(module, before, wanted)
        # The kernel first: what it refuses is nothing for the next boot.
        for key in differing:
            sysctl.write(key, wanted[key])
        files.apply()
    return changed, files.diff(), differing


def remember(module, before, wanted):
    """What the settings were, before they are set."""
    memory = OwnersMemory(module, SETTINGS)
    with memory.locked():
        owner, memories = module.params["owner"], read_memories(memory)
        after = former.remembering(memories, owner, before, wanted)
        if after != memories.get(owner):
            memory.write(owner, former.write(after))


def read_memories(memory):
    return {owner: former.read(text) for owner, text in memory.read().items()}


def let_go(module):
    """The settings as they were, and no file."""
    path, owner, memory = module.params["sysctl_file"], module.params["owner"], OwnersMemory(module, SETTINGS)
    files = Files(module, [Wanted(path, None)])
    changed, diff = files.changed, files.diff()
    with memory.locked():
        memories = read_memories(memory)
        current = {key: sysctl.current(key) for key in memories.get(owner, {})}
        after = former.restoring(memories, owner, {key: value for key, value in current.items() if value is not None})
        if not module.check_mode:
            files.apply()
            for key, value in after.items():
                sysctl.write(key, value)
            memory.write(owner, "")
    return outcome(changed, diff, [], {key: current[key] for key in after}, after)


def outcome(differing, diff, loaded, before, after):
    commands = [
        *map(" ".join, kernel_modules.loading(loaded)),
        *(f"sysctl -w {key}={value}" for key, value in after.items()),
    ]
    live = {"before_header": "kernel", "after_header": "kernel", "before": lines(before), "after": lines(after)}
    return {
        "changed": bool(differing or commands),
        "differing": differing,
        "commands": commands,
        "diff": diff + ([live] if after else []),
    }


def lines(values):
    """For a diff."""
    return "".join(f"{key} = {value}\n" for key, value in values.items() if value is not None)


def converge(module):
    wanted = {key: as_text(value) for key, value in module.params["sysctls"].items()}
    if module.params["sysctl_file"]:
        sysctl.require_last_word(module.params["sysctl_file"], wanted)
    parameter_files, parameter_diff, pending = set_parameters(module)
    module_files, module_diff, loaded = load_modules(module)
    for key, value in pending.items():
        module.warn(kernel_modules.told_pending(key, value))
    sysctl_files, sysctl_diff, before = set_sysctls(module, wanted, bool(loaded))
    after = {key: wanted[key] for key in before}
    differing, diff = parameter_files + module_files + sysctl_files, parameter_diff + module_diff + sysctl_diff
    return {**outcome(differing, diff, loaded, before, after), "pending": pending}


def main():
    module = AnsibleModule(
        argument_spec={
            "modules": {"type": "str"},
            "modules_file": {"type": "path"},
            "parameters": {"type": "dict", "default": {}},
            "parameters_file": {"type": "path"},
            "sysctls": {"type": "dict", "default": {}},
            "sysctl_file": {"type": "path"},
            "owner": {"type": "str"},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        },
        required_together=[("modules", "modules_file")],
        required_if=[("state", "absent", ("owner", "sysctl_file"))],
        supports_check_mode=True,
    )
    try:
        result = let_go(module) if module.params["state"] == "absent" else converge(module)
    except MODULE_ERRORS as error:
        module.fail_json(**failure(error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()

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
  - What keepalived only remarks on, as a service whose servers all have weight 0, comes back as warnings.
    A bad file fails with keepalived's message and the line that it speaks of, and the file in place stays as it is.
  - The test of keepalived 2.2.7 crashes where scripts run as another user than root. Then a copy of the file with root
    as their user is tested, and a warning tells the lines. If that crashes too, the module fails; a file that no test
    has read never goes live.
  - Of the file and of all that is kept beside it none is readable by others than root and its group, at any moment; a
    file of others is closed to them before it is kept. Text that is no UTF-8 is kept byte for byte.
  - A hash of what it made live last stands in C(/var/lib/lvs-cluster/keepalived.json), which outlives a boot as the
    file does. By that it tells a file that others wrote or changed.
  - Of two runs at once on a host one waits while the other stages, moves and loads.
  - The directors of a VRRP instance must agree on its addresses, version, C(advert_int) and password, and on who they
    are; else more than one makes itself master. For a cluster the file is therefore O(state=staged) on all of them,
    and O(state=live) once RV(terms_changed) of each says that all are ready that must be.
extends_documentation_fragment:
  - lvs.cluster._files
  - lvs.cluster._host
  - lvs.cluster._keepalived
options:
  files:
    description:
      - Files beside the configuration as they shall be, as additions to the unit. O(state=staged) compares them, so
        that one look tells whether there is anything to do; none writes them.
  content:
    description: The whole configuration. Required but for O(state=previous).
    type: str
  path:
    description: Where keepalived reads it.
    type: path
    default: /etc/keepalived/keepalived.conf
  state:
    description:
      - V(present) tests it and writes it. The running keepalived is not told; reload it in a handler.
      - V(staged) tests it and puts it beside the live file, as C(keepalived.conf.lvs-new). It fails where the running
        keepalived, or its unit, reads another file than O(path).
      - V(live) moves what is staged into place, and reloads the unit C(keepalived) if it runs and has not loaded the
        file as it is then. C(keepalived.conf.previous) is the file that was in place; one that others wrote, or
        changed, is kept beside it as well, see RV(backup_file). If the reload fails, the former file is put back.
      - V(previous) puts the former file back and reloads. Where there was none, what went live is staged again.
    type: str
    choices: [present, staged, live, previous]
    default: present
  vrrp_instances:
    description:
      - The VRRP instances in O(content), as the filter P(lvs.cluster.view#filter) has them, to compare with those that
        run.
      - Without it they are read from O(content), and who their directors are is not known.
    type: list
    elements: dict
  secrets:
    description: Texts in O(content) and O(vrrp_instances) that no result, diff or log may show.
    type: list
    elements: str
    default: []
  scripts:
    description:
      - The scripts and programs in O(content) that M(lvs.cluster.keepalived_scripts) has put there, or has found good.
      - With them, the test is made with root as the user of all scripts at once, and without a warning. In check mode
        those that are not there yet are left out of it.
    type: list
    elements: path
    default: []
  timeout:
    description: Seconds to wait for what it writes.
    type: float
    default: 20.0
attributes:
  check_mode:
    support: full
    description: Can run in check mode, and tests the configuration then too, unless keepalived is yet to be installed.
  diff_mode:
    support: full
    description: Shows what changes in the file, with O(secrets) and every C(auth_pass) hidden.
seealso:
  - module: lvs.cluster.keepalived_check
  - name: keepalived.conf(5)
    description: The grammar of the file.
    link: https://www.keepalived.org/manpage.html
"""

EXAMPLES = r"""
- name: Write the configuration of a director that stands alone
  lvs.cluster.keepalived_config:
    content: "{{ lookup('ansible.builtin.template', 'keepalived.conf.j2') }}"
  notify: Reload keepalived

- name: Put the configuration beside the live one on every director
  lvs.cluster.keepalived_config:
    content: "{{ lookup('ansible.builtin.template', 'keepalived.conf.j2') }}"
    state: staged
  register: staged

- name: Load it on all of them together
  lvs.cluster.keepalived_config:
    content: "{{ lookup('ansible.builtin.template', 'keepalived.conf.j2') }}"
    state: live
  when: ansible_play_hosts == ansible_play_hosts_all
"""

RETURN = r"""
path:
  description: The file.
  returned: success
  type: str
  sample: /etc/keepalived/keepalived.conf
step:
  description: The O(state) that was asked for.
  returned: success
  type: str
  sample: staged
differing:
  description: Those of O(files) of which the text or the mode is another.
  returned: O(state=staged)
  type: list
  elements: str
  sample: []
pending:
  description: Whether O(state=live) has anything to do.
  returned: O(state=staged)
  type: bool
  sample: true
differs:
  description: Whether the live file is another one.
  returned: O(state=staged)
  type: bool
  sample: true
running:
  description: Whether keepalived runs.
  returned: O(state=staged)
  type: bool
  sample: true
loaded:
  description: Whether the keepalived that runs has loaded the live file as it is.
  returned: O(state=staged)
  type: bool
  sample: true
settled:
  description: Whether the unit keepalived runs, is started at boot, and systemd has read its files as they are.
  returned: O(state=staged)
  type: bool
  sample: true
foreign:
  description: Whether the live file was written by others, or changed since we wrote it.
  returned: O(state=staged)
  type: bool
  sample: false
terms_changed:
  description:
    - The VRRP instances for which there changes what all directors must agree on; its addresses, version,
      C(advert_int), password, unicast addresses of all directors, or with multicast the interface
        and the group.
    - What was comes from the keepalived that runs; where none runs, from its file.
    - V(leaving) has the addresses of routers that talk in it with unicast until now, and are to do so no more.
    - V(gains) has the virtual addresses that no instance here has until now. Directors of any other instance may have
      them until they are told.
    - Until all of them have loaded the change, the instance can have two masters.
  returned: O(state) is V(present) or V(staged)
  type: list
  elements: dict
  sample:
    - name: web
      hosts: [lvs1, lvs2]
      leaving: []
      gains: [192.0.2.11]
      how: addresses 192.0.2.10 -> 192.0.2.10 192.0.2.11
instances:
  description: The VRRP instances that are staged, with their directors.
  returned: O(state=staged)
  type: list
  elements: dict
  sample: [{name: web, hosts: [lvs1, lvs2]}]
takes_last:
  description: What the keepalived that runs has, and is to have no more of; V(vrrp_instance), V(virtual_server).
  returned: O(state=staged)
  type: list
  elements: str
  sample: []
reloaded:
  description: Whether keepalived was told to reload.
  returned: O(state) is V(live) or V(previous)
  type: bool
  sample: true
backup_file:
  description: Where the former file is, that others wrote or changed.
  returned: O(state=live) has replaced such a file
  type: str
  sample: /etc/keepalived/keepalived.conf.4711.2026-11-25@16:00:00~
"""

import os

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.lvs.cluster.plugins.module_utils._host.errors import MODULE_ERRORS, failure
from ansible_collections.lvs.cluster.plugins.module_utils._host.files import keep
from ansible_collections.lvs.cluster.plugins.module_utils._host.files_option import SPEC, differing
from ansible_collections.lvs.cluster.plugins.module_utils._host.keepalived import (
    Keepalived,
    KeepalivedError,
    NoKeepalivedError,
    command_line,
    dumped,
    program_of,
    version_of,
)
from ansible_collections.lvs.cluster.plugins.module_utils._host.keepalived_files import (
    MODE,
    Configuration,
    FileError,
    NotStagedError,
    read_includes,
    require_accepted,
)
from ansible_collections.lvs.cluster.plugins.module_utils._host.systemd import (
    KeepalivedUnit,
    ReloadError,
    is_loaded,
)
from ansible_collections.lvs.cluster.plugins.module_utils._host.text import readable
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived import agreement, grammar, groups, unit
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.verdict import run_by_root, with_stand_ins
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.versions import is_before


def tested(module, content):
    """What is tested in the place of the content: what the test would die of, or miss, has been looked at already."""
    scripts = module.params["scripts"]
    absent = [path for path in scripts if module.check_mode and not os.path.exists(path)]
    return with_stand_ins(run_by_root(content).content, absent) if scripts else content


def test(module, content):
    """Fail unless keepalived accepts the content."""
    try:
        warnings = require_accepted(module, tested(module, content))
    except NoKeepalivedError:
        if not module.check_mode:
            raise
        module.warn("keepalived is not installed yet, so its own test of the configuration was left out.")
        return
    for warning in warnings:
        module.warn(f"keepalived remarks: {warning}")


def parsed(path, text, config_id=""):
    return grammar.parse(readable(text), os.path.dirname(path), read_includes, config_id)


def diff(path, before, after):
    return {"before": readable(before), "after": readable(after), "before_header": path, "after_header": path}


def passwords(statements):
    """Every auth_pass, wherever it stands."""
    for each in statements:
        if each.keyword == "auth_pass":
            yield from each.words[1:]
        yield from passwords(each.block or ())


def hide_passwords(module, path, *texts):
    """The diff shows former passwords too."""
    for text in texts:
        module.no_log_values.update(word for word in passwords(parsed(path, text).statements) if word)


class Host:
    """keepalived on this host: what runs, and the file that it is to have loaded."""

    def __init__(self, module):
        self.module = module
        self.path = module.params["path"]
        self.configuration = Configuration(module, self.path)
        self.unit = KeepalivedUnit(module.run_command)
        self.shown = self.unit.show()
        self.running = Keepalived.running(module.params["pid_file"], module.params["dump_directory"])
        self.words = command_line(self.running.pid) if self.running else []
        hide_passwords(module, self.path, self.configuration.read(), self.configuration.read_previous())

    def refuse_another_file(self):
        """What is written must be what keepalived reads, now and when it is started next."""
        sources = {"the keepalived that runs": self.words}
        if self.shown:
            sources["the unit keepalived.service"] = KeepalivedUnit.command(self.shown)
        for source, words in sources.items():
            if not words:
                continue
            read = unit.configuration_file(words)
            if os.path.realpath(read) != os.path.realpath(self.path):
                raise KeepalivedError(
                    f"{source} reads {read}, and this module would write {self.path}, which nobody reads",
                    "Take the option --use-file (-f) from the unit or from its options in /etc/default/keepalived or"
                    " /etc/sysconfig/keepalived, and restart keepalived",
                )

    def refuse_no_unit(self):
        if self.running and not (self.shown and self.shown.active):
            raise KeepalivedError(
                f"keepalived runs as process {self.running.pid}, but not as the unit keepalived.service, which alone"
                " can reload it",
                "End it, and start the unit",
            )

    def runs(self):
        """The instances that run and how many services; of a keepalived that does not, what its file has."""
        if self.running is None:
            words = KeepalivedUnit.command(self.shown) if self.shown else []
            config_id = unit.option(words, "i", "config-id", "")
            return agreement.of_tree(parsed(self.path, self.configuration.read(), config_id)), 0
        now = dumped(self.running, self.module.run_command, program_of(self.module), self.module.params["timeout"])
        return [agreement.of_dump(each) for each in now["terms"]], len(now["services"] or ())

    def loaded(self):
        return bool(self.running and self.shown and os.path.exists(self.path) and is_loaded(self.path, self.shown))


def wanted_instances(module):
    given = module.params["vrrp_instances"]
    if given is None:
        return agreement.of_tree(parsed(module.params["path"], module.params["content"])), {}
    return [agreement.of_view(each) for each in given], {each["name"]: each.get("hosts", []) for each in given}


def terms_changed(before, after, hosts_of):
    return [
        {
            "name": each.name,
            "how": each.how,
            "hosts": hosts_of.get(each.name, []),
            "leaving": list(each.leaving),
            "gains": list(each.gains),
        }
        for each in agreement.changes(before, after)
    ]


def takes_last(module, instances, services, wanted):
    """What runs and is to run no more at all."""
    kept = {each.keyword for each in parsed(module.params["path"], module.params["content"]).statements}
    lost = {"vrrp_instance": instances and not wanted, "virtual_server": services and "virtual_server" not in kept}
    return [keyword for keyword, is_lost in lost.items() if is_lost]


def warn_of_groups(module, host):
    """Before a reload of which the process of the checks dies; keepalived starts it again by itself."""
    # A run that was cut off has moved the file, and not had it loaded.
    runs = host.configuration.read() if host.loaded() else host.configuration.read_previous()
    extended = groups.that_it_dies_of(*(parsed(host.path, text) for text in (runs, module.params["content"])))
    if not extended or host.running is None:
        return
    version = version_of(module.run_command, program_of(module))
    if not is_before(version, groups.DIES_SINCE):
        module.warn(
            f"The process of keepalived {version} that checks servers dies of a group that gets another address or port"
            f" and has no sorry_server: {', '.join(extended)}. Started again, it empties the table and puts each"
            " server there when its check has succeeded: until then no service of this host answers. To avoid that,"
            " give the service a sorry_server in the same run, or make what comes a service of its own."
        )


def stage(module, host):
    host.refuse_another_file()
    host.refuse_no_unit()
    content = module.params["content"]
    test(module, content)
    instances, services = host.runs()
    wanted, hosts_of = wanted_instances(module)
    changes = terms_changed(instances, wanted, hosts_of)
    live = host.configuration.read()
    differs = live != content
    warn_of_groups(module, host)
    # One that runs something else than the very file that it has loaded is helped by loading it again.
    loaded = host.loaded() and (differs or not changes)
    if not module.check_mode and (differs or not loaded):
        host.configuration.stage(content)
    return {
        "changed": False,
        "differing": differing(module),
        "pending": differs or not loaded or host.configuration.is_untidy(),
        "differs": differs,
        "running": host.running is not None,
        "loaded": loaded,
        "settled": bool(host.shown and host.shown.settled),
        "foreign": differs and host.configuration.is_foreign(),
        "instances": [{"name": each.name, "hosts": hosts_of.get(each.name, [])} for each in wanted],
        "terms_changed": changes,
        "takes_last": takes_last(module, instances, services, wanted) if host.running else [],
    }


def go_live(module, host):
    """Move and load in one go: nothing that cuts a run off comes in between."""
    configuration, content = host.configuration, module.params["content"]
    before, staged = configuration.read(), configuration.read_staged()
    differs = before != content
    # What is staged though the file is the same was found not to run.
    stale = differs or not host.loaded() or staged == content or configuration.has_wrong_mode()
    reload = host.running is not None and stale
    result = {
        "changed": differs or reload or configuration.has_wrong_mode(),
        "reloaded": reload,
        "diff": diff(host.path, before, content),
    }
    if module.check_mode:
        return result
    if differs and staged != content:
        raise NotStagedError(f"{configuration.staged} is not what is to go live")
    if differs:
        if configuration.is_foreign():
            result["backup_file"] = configuration.copy()
            module.warn(
                f"{host.path} was written by others, or changed by hand since we wrote it; it is kept as"
                f" {result['backup_file']}."
            )
        configuration.move()
    else:
        configuration.keep(stale)
    if reload:
        load(host, differs)
    return result


def load(host, moved):
    """Have keepalived read its file; if it cannot be told, it is to have the file that it runs."""
    try:
        host.unit.reload()
    except ReloadError as error:
        if moved:
            host.configuration.put_back()
        raise ReloadError(
            f"{error.text}; keepalived runs what it ran before, and {host.path} is what it was", error.command
        ) from None


def go_back(module, host):
    configuration = host.configuration
    before, after = configuration.read(), configuration.read_previous()
    reload = host.running is not None and bool(after)
    if not module.check_mode:
        configuration.put_back()
        if reload:
            host.unit.reload()
    return {
        "changed": True,
        "reloaded": reload,
        "diff": diff(host.path, before, after),
    }


def write_alone(module):
    """state: present."""
    path, content = module.params["path"], module.params["content"]
    test(module, content)
    before = Configuration(module, path).read()
    changed = before != content
    hide_passwords(module, path, before)
    changes = terms_changed(agreement.of_tree(parsed(path, before)), *wanted_instances(module))
    if changed and not module.check_mode:
        keep(module, path, content, MODE)
    if os.path.exists(path):
        changed = module.set_mode_if_different(path, MODE, changed)
    return {"changed": changed, "diff": diff(path, before, content), "terms_changed": changes}


def main():
    module = AnsibleModule(
        argument_spec={
            "files": SPEC,
            "content": {"type": "str"},
            "path": {"type": "path", "default": "/etc/keepalived/keepalived.conf"},
            "state": {"type": "str", "choices": ["present", "staged", "live", "previous"], "default": "present"},
            "vrrp_instances": {"type": "list", "elements": "dict"},
            # no_log makes Ansible blot these out wherever they stand in a result, in the diff and in messages too.
            "secrets": {"type": "list", "elements": "str", "default": [], "no_log": True},
            "scripts": {"type": "list", "elements": "path", "default": []},
            "pid_file": {"type": "path", "default": "/run/keepalived.pid"},
            "dump_directory": {"type": "path", "default": "/tmp"},
            "timeout": {"type": "float", "default": 20.0},
        },
        required_if=[("state", each, ["content"]) for each in ("present", "staged", "live")],
        supports_check_mode=True,
    )
    state = module.params["state"]
    steps = {"staged": stage, "live": go_live, "previous": go_back}
    try:
        if state == "present":
            result = write_alone(module)
        else:
            # From the first look on: of two runs at once both would find the same to do.
            with Configuration(module, module.params["path"]).alone():
                result = steps[state](module, Host(module))
    except MODULE_ERRORS as error:
        module.fail_json(**failure(error))
    except OSError as error:
        module.fail_json(**failure(FileError(f"{error.filename}: {error.strerror}")))
    # Not C(state): of a result that has a path, Ansible makes that the file's.
    module.exit_json(path=module.params["path"], step=state, **result)


if __name__ == "__main__":
    main()

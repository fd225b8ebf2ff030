#!/usr/bin/python
# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fwmarks
short_description: Mark packets for services of IPVS, now and at boot
version_added: 1.0.0
author: lvs.cluster authors (@lvs-cluster)
description:
  - A service with a C(fwmark) takes all packets that have the mark, whatever their port. Packets to O(marks) have it
    when IPVS sees them, and after a boot too.
  - With nftables that is a table of its own, C(ip lvs_cluster), which is changed in one step; with C(tc) filters on
    O(interfaces), of which the new ones stand before the old ones go. Tables and filters of others stay as they are.
  - Compares what runs. A unit of systemd does the same at boot, and again where C(nftables.service), which begins with
    no tables at all, is restarted or reloaded. Where that one is started and was not running, nothing is marked until
    the next run, or C(systemctl reload lvs-marks).
extends_documentation_fragment:
  - lvs.cluster._host
options:
  marks:
    description: All packets that get a mark. With none of them nothing of this module's is left on the host.
    type: list
    elements: dict
    required: true
    suboptions:
      fwmark:
        description: The mark.
        type: int
        required: true
      address:
        description: The IPv4 address that packets are sent to.
        type: str
        required: true
      port:
        description: The port there.
        type: int
        required: true
      protocol:
        description: The protocol.
        type: str
        choices: [tcp, udp, sctp]
        default: tcp
  language:
    description: Who marks, V(nft) or V(tc). What the other one did for this module goes.
    type: str
    choices: [nft, tc]
    default: nft
  interfaces:
    description: The interfaces on which packets come in; V(tc) needs one, but for no O(marks).
    type: list
    elements: str
    default: []
  purge:
    description:
      - Whether what has left O(marks) goes from the kernel at once. The next boot never brings it back.
      - Where the same packets get another mark they have the former one until it goes.
    type: bool
    default: true
  persist:
    description: Whether a boot does the same.
    type: bool
    default: true
attributes:
  check_mode:
    support: full
    description: Can run in check mode and says what it would do.
  diff_mode:
    support: full
    description: Shows the marks and the files before and after.
seealso:
  - module: lvs.cluster.ipvs_table
  - name: nft(8)
    description: The grammar of the table.
    link: https://www.netfilter.org/projects/nftables/manpage.html
  - name: tc-flower(8)
    description: The grammar of the filters.
    link: https://man7.org/linux/man-pages/man8/tc-flower.8.html
"""

EXAMPLES = r"""
- name: Make one service of two ports
  lvs.cluster.fwmarks:
    marks:
      - {fwmark: 1, address: 192.0.2.100, port: 80}
      - {fwmark: 1, address: 192.0.2.100, port: 443}

- name: Do the same on a kernel without nftables
  lvs.cluster.fwmarks:
    marks:
      - {fwmark: 1, address: 192.0.2.100, port: 80}
      - {fwmark: 1, address: 192.0.2.100, port: 443}
    language: tc
    interfaces: [eth0]

- name: Mark nothing any more
  lvs.cluster.fwmarks:
    marks: []
"""

RETURN = r"""
commands:
  description: What was done, or would be in check mode.
  returned: success
  type: list
  elements: str
  sample: [systemctl enable --now lvs-marks.service]
leaving:
  description: What still gets a mark and is not in O(marks), with O(purge=false).
  returned: success
  type: list
  elements: str
  sample: [192.0.2.100 tcp 8080 mark 1]
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.lvs.cluster.plugins.module_utils._host.errors import MODULE_ERRORS, failure
from ansible_collections.lvs.cluster.plugins.module_utils._host.files import Files, Wanted
from ansible_collections.lvs.cluster.plugins.module_utils._host.marks import BootUnit, Nft, Tc
from ansible_collections.lvs.cluster.plugins.module_utils._marks.rules import FILES, UNIT_FILE, Mark, rules, unit_text

MARK = {
    "fwmark": {"type": "int", "required": True},
    "address": {"type": "str", "required": True},
    "port": {"type": "int", "required": True},
    "protocol": {"type": "str", "choices": ["tcp", "udp", "sctp"], "default": "tcp"},
}


def boot_files(module, wanted):
    """What a boot reads; of the other language nothing."""
    language, interfaces = module.params["language"], module.params["interfaces"]
    file = FILES[language]
    texts = {file: rules(language, wanted, interfaces), UNIT_FILE: unit_text(language, file, interfaces)}
    held = texts if wanted else {}
    return Files(module, [Wanted(path, held.get(path)) for path in (*FILES.values(), UNIT_FILE)])


def programs_of(module):
    """Nft and tc as they are now, of which the one that is wanted comes first."""
    language = module.params["language"]
    return sorted([Nft(module), Tc(module)], key=lambda each: each.name != language)


def plans(module, programs, marks):
    """What there is to do, each with who does it."""
    first, other = programs
    wishes = ((first, marks), (other, []))
    return [(each, each.plan(wish, module.params["interfaces"])) for each, wish in wishes]


def apply(module, todo):
    """Do it, unless it is only tried; the commands of it."""
    for program, steps in todo:
        if not module.check_mode:
            program.apply(steps)
    return [str(step) for _program, steps in todo for step in steps]


def together(wanted, leaving):
    """The marks of both; packets that get another one have the former one until that goes: no packet is of two."""
    former = {each._replace(fwmark=0) for each in leaving}
    return [*(each for each in wanted if each._replace(fwmark=0) not in former), *leaving]


def converge(module):
    wanted = [Mark(each["address"], each["protocol"], each["port"], each["fwmark"]) for each in module.params["marks"]]
    programs = programs_of(module)
    before = [mark for program in programs for mark in program.running]
    leaving = [] if module.params["purge"] else [each for each in before if each not in wanted]
    marks = together(wanted, leaving)
    # Before the unit: a host that is not able to do it says so, and keeps none.
    first, *others = plans(module, programs, marks)
    done, diff = apply(module, [first]), []
    if module.params["persist"]:
        files = boot_files(module, wanted)
        unit = BootUnit(module, bool(wanted), bool(files.changed))
        done, diff = [*done, *map(" ".join, unit.before + unit.after)], files.diff()
        if not module.check_mode:
            unit.run(unit.before)
            files.apply()
            unit.run(unit.after)
    # A unit that has just been started knows only of what is wanted.
    done += apply(module, others if module.check_mode else plans(module, programs_of(module), marks))
    return {
        "changed": bool(diff or done),
        "commands": done,
        "leaving": list(map(str, leaving)),
        "diff": [*diff, shown(before, marks)],
    }


def shown(before, after):
    """For a diff."""
    texts = {"before": before, "after": after}
    headers = {f"{when}_header": "marks" for when in texts}
    return {**headers, **{when: "".join(f"{each}\n" for each in sorted(marks)) for when, marks in texts.items()}}


def main():
    module = AnsibleModule(
        argument_spec={
            "marks": {"type": "list", "elements": "dict", "required": True, "options": MARK},
            "language": {"type": "str", "choices": ["nft", "tc"], "default": "nft"},
            "interfaces": {"type": "list", "elements": "str", "default": []},
            "purge": {"type": "bool", "default": True},
            "persist": {"type": "bool", "default": True},
        },
        supports_check_mode=True,
    )
    given = module.params
    if given["language"] == "tc" and given["marks"] and not given["interfaces"]:
        module.fail_json(msg="interfaces is empty: language tc marks nothing then. Name those on which packets come in")
    try:
        result = converge(module)
    except MODULE_ERRORS as error:
        module.fail_json(**failure(error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()

#!/usr/bin/python
# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ipvs_table
short_description: Have a list of services with their servers in IPVS
version_added: 1.0.0
description:
  - The kernel has the services of a list, each with the servers of its list, with exactly these settings. Without
    O(purge) other services, and other servers of these services, stay as they are.
  - What is new and what is different is sent first, in one batch, and deletions after that, in another that is sent
    only if the first was accepted whole. Nothing that stays is ever taken away, so connections through it live on.
  - Without O(purge) this holds too for what other programs made and C(ipvsadm) could not, as a DR server of another
    port than its service's; with O(purge) it is removed as all else that is not in the list.
  - If rules of the batch fail, the module fails and names each with its line and its reason; the others are in the
    table, and another run sends only what is missing.
  - On a director with keepalived, do not use this module but change the configuration of keepalived.
extends_documentation_fragment:
  - lvs.cluster._host
  - lvs.cluster._ipvs
  - lvs.cluster._ipvs.writes
options:
  services:
    description:
      - The services, in the form that M(lvs.cluster.ipvs_info) returns. An empty list with O(purge) empties the table.
    type: list
    elements: dict
    required: true
    suboptions:
      protocol:
        description: The protocol of a service that has an address, V(tcp) if not given. A fwmark has all of them.
        type: str
        choices: [tcp, udp, sctp]
      address:
        description: The virtual address, IPv4 or IPv6, in numbers. Exactly one of address and fwmark is needed.
        type: str
      port:
        description: The port; needed with an address. V(0) stands for all other ports, and needs persistence.
        type: int
      fwmark:
        description: A firewall mark, from 1 to 4294967295.
        type: int
      family:
        description: The address family of a service with a fwmark, V(ipv4) if not given.
        type: str
        choices: [ipv4, ipv6]
      lb_algo:
        description: The scheduler, as for M(lvs.cluster.ipvs_service).
        type: str
        default: wlc
      lb_flags:
        description: Flags of the scheduler, as for M(lvs.cluster.ipvs_service).
        type: list
        elements: str
        default: []
      persistence_timeout:
        description: Seconds for which a client keeps its server.
        type: int
      persistence_granularity:
        description: A netmask or the length of a prefix; the clients of such a network count as one.
        type: str
      persistence_engine:
        description: What tells clients apart instead of their address, as V(sip).
        type: str
      ops:
        description: Schedule each packet for itself.
        type: bool
        default: false
      lb_kind:
        description: How packets get to those of the servers that say nothing about it; V(DR) if not given.
        type: str
        choices: [DR, NAT, TUN]
      real_servers:
        description: The servers.
        type: list
        elements: dict
        default: []
        suboptions:
          address:
            description: The server's address in numbers.
            type: str
            required: true
          port:
            description: The server's port, by default the service's. Only with NAT can it be another.
            type: int
          lb_kind:
            description: How packets get to the server, by default as the service says.
            type: str
            choices: [DR, NAT, TUN]
          weight:
            description: The share of new connections, from 0 to 65535.
            type: int
            default: 1
          uthreshold:
            description: The number of connections from which on the server gets no new ones; V(0) for no limit.
            type: int
            default: 0
          lthreshold:
            description: The number of connections below which it gets new ones again.
            type: int
            default: 0
          tun_type:
            description: The kind of tunnel, with TUN; V(ipip) if not given.
            type: str
            choices: [ipip, gue, gre]
          tun_port:
            description: The UDP port of the tunnel's far end; needed with V(gue).
            type: int
          tun_checksum:
            description: The checksum of the tunnel, V(none) if not given.
            type: str
            choices: [none, csum, remcsum]
  purge:
    description: Remove services that are not in the list, and servers that are not in the list of their service.
    type: bool
    default: false
  keep_weights:
    description:
      - Servers that are in the table keep the weight they have there; the weights of the list are for new ones.
        A server that was drained stays drained, unless it was removed meanwhile.
    type: bool
    default: false
  keep_drained:
    description:
      - Servers that M(lvs.cluster.ipvs_drain) drained, and that have weight 0 still, keep it until that module restores
        them; all others have the weight of the list.
    type: bool
    default: false
  timeouts:
    description:
      - Seconds after which connections are forgotten, as for M(lvs.cluster.ipvs_timeouts); one that is not given stays.
        With O(persist) a boot brings them back too.
    type: dict
    suboptions:
      tcp:
        description: Of an established TCP connection over which nothing comes.
        type: int
      tcp_fin:
        description: Of a TCP connection whose end has begun.
        type: int
      udp:
        description: Of a UDP client from whom nothing comes.
        type: int
  persist:
    description:
      - Have the whole resulting table, thresholds included, restored at boot.
      - On Debian and its like the rules go into C(/etc/ipvsadm.rules) and C(AUTO) is set in C(/etc/default/ipvsadm),
        on Fedora and its like they go into C(/etc/sysconfig/ipvsadm). The service C(ipvsadm) is enabled, and not
        started, because its start flushes the table.
      - The service of Fedora and its like, once a boot has started it, writes its file anew whenever it stops, without
        thresholds and timeouts. Have them in the list of a play that runs after a boot.
      - A weight that O(keep_weights) kept is restored as it was kept, and a boot empties the memory of
        M(lvs.cluster.ipvs_drain). Give its O(lvs.cluster.ipvs_drain#module:weight) to a server that was drained before.
      - What other programs put into the table and C(ipvsadm) cannot say, as a persistence of 0 s, is not restored at
        boot; a warning names it.
    type: bool
    default: false
  forget:
    description:
      - Have a boot restore nothing any more. The file of rules has none, and on Debian and its like C(AUTO) is off; on
        Fedora and its like the service C(ipvsadm) is disabled.
    type: bool
    default: false
  full_diff:
    description: Have the whole table in the diff, and not just the services that change, each with all its servers.
    type: bool
    default: false
seealso:
  - module: lvs.cluster.ipvs_info
  - module: lvs.cluster.ipvs_drain
"""

EXAMPLES = r"""
- name: Balance the web and the resolver, and leave all else alone
  lvs.cluster.ipvs_table:
    services:
      - address: 192.0.2.10
        port: 80
        lb_algo: wrr
        real_servers:
          - {address: 192.0.2.21, weight: 3}
          - {address: 192.0.2.22}
      - protocol: udp
        address: 2001:db8::10
        port: 53
        lb_kind: NAT
        real_servers:
          - {address: "2001:db8::21", port: 5353}

- name: Have exactly what stands in the inventory, also after a boot, and leave drained servers drained
  lvs.cluster.ipvs_table:
    services: "{{ ipvs_services }}"
    purge: true
    keep_weights: true
    persist: true

- name: Take all of it away, now and at boot
  lvs.cluster.ipvs_table:
    services: []
    purge: true
    forget: true

- name: Remember the table
  lvs.cluster.ipvs_info:
  register: before

- name: Bring it back
  lvs.cluster.ipvs_table:
    services: "{{ before.services }}"
    purge: true
"""

RETURN = r"""
commands:
  description: What was done, or would be done in check mode, a line for each command. The rules are sent in batches.
  returned: success, and if rules of a batch failed
  type: list
  elements: str
  sample:
    - "ipvsadm -A -t 192.0.2.10:80 -s wrr"
    - "ipvsadm -a -t 192.0.2.10:80 -r 192.0.2.21:80 -g -w 3"
    - "ipvsadm -D -t 192.0.2.9:80"
persisted:
  description: The files that were written for the next boot, or would be in check mode.
  returned: with O(persist) or O(forget)
  type: list
  elements: str
  sample: [/etc/ipvsadm.rules, /etc/default/ipvsadm]
failed_commands:
  description: The rules that had no effect.
  returned: if rules of a batch failed
  type: list
  elements: dict
  sample:
    - line: 1
      command: "ipvsadm -A -t 192.0.2.10:80 -s nosuch"
      reason: Scheduler or persistence engine not found
      remedy: >-
        See 'ls /lib/modules/$(uname -r)/kernel/net/netfilter/ipvs' for what this kernel has: ip_vs_NAME for lb_algo
        NAME, ip_vs_pe_NAME for persistence_engine NAME
table:
  description: What the kernel holds after a failure, as rules.
  returned: if rules of a batch failed
  type: list
  elements: str
  sample: ["-A -t 192.0.2.11:80 -s rr"]
"""

import gc

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.lvs.cluster.plugins.module_utils._host.errors import MODULE_ERRORS, failure
from ansible_collections.lvs.cluster.plugins.module_utils._host.ipvs_boot import Boot
from ansible_collections.lvs.cluster.plugins.module_utils._host.ipvsadm import Ipvsadm, NoIpvsError, written
from ansible_collections.lvs.cluster.plugins.module_utils._host.kernel import require_modules
from ansible_collections.lvs.cluster.plugins.module_utils._host.memory import DrainMemory
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.beyond import within
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.drain import read_weights, with_drained
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.given import given_services
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.options import desired_table
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.plan import differing, overlaid, plan, with_weights_of
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.save import lines, render
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.timeouts import (
    Timeouts,
    desired_timeouts,
    merged,
    plan_timeouts,
    render_timeouts,
    set_timeouts,
)

UNKNOWN_TIMEOUTS = Timeouts(None, None, None)


class TableModule(AnsibleModule):
    """A module whose complaint about text in place of services says which option it is about; Ansible's does not."""

    def fail_json(self, msg, **result):
        if "dictionary" in str(msg) and "services" not in str(msg):
            remedy = (
                "Write a list of services; on the command line as JSON: -e '{\"NAME\": [...]}', or in a file: -e @FILE"
            )
            msg = f"services: is no list of services, but text: {msg}. {remedy}"
        super().fail_json(msg, **result)


def desired_of(services, params, current):
    """The whole table as it shall be."""
    desired = desired_table(services)
    if params["keep_weights"]:
        desired = with_weights_of(current, desired)
    return desired if params["purge"] else overlaid(current, desired)


def table_diff(params, current, desired):
    if not params["full_diff"]:
        current, desired = differing(current, desired)
    return [{"before": render(current), "after": render(desired)}]


def table_of(ipvsadm, services):
    """What the kernel holds. One without IPVS has no table, which is all right where none is wanted."""
    try:
        return ipvsadm.table()
    except NoIpvsError:
        if services:
            raise
        return {}


def boot_of(module, desired, timeouts):
    """What restores the table and the timeouts at boot, as far as ipvsadm can."""
    if module.params["forget"]:
        return Boot.forgetting(module)
    if not module.params["persist"]:
        return Boot.untouched(module)
    possible, reasons = within(desired)
    for reason in reasons:
        module.warn(f"{reason}, so that a boot does not bring it back")
    return Boot.of(module, render(possible) + lines(set_timeouts(timeouts)))


def timeouts_of(params, ipvsadm):
    """The timeouts as they are and as they are wanted; nothing is asked where none is."""
    if params["timeouts"] is None:
        return UNKNOWN_TIMEOUTS, UNKNOWN_TIMEOUTS
    wanted = desired_timeouts(params["timeouts"])
    return ipvsadm.timeouts(), wanted


def timeouts_diff(before, wanted):
    after = merged(before, wanted)
    return [{"before": render_timeouts(before), "after": render_timeouts(after)}] if after != before else []


def main():
    module = TableModule(
        argument_spec={
            # Without the sub-options, which L(given_services) checks.
            "services": {"type": "list", "elements": "dict", "required": True},
            "purge": {"type": "bool", "default": False},
            "keep_weights": {"type": "bool", "default": False},
            "keep_drained": {"type": "bool", "default": False},
            "timeouts": {"type": "dict", "options": {name: {"type": "int"} for name in Timeouts._fields}},
            "persist": {"type": "bool", "default": False},
            "forget": {"type": "bool", "default": False},
            "full_diff": {"type": "bool", "default": False},
        },
        mutually_exclusive=[("persist", "forget")],
        supports_check_mode=True,
    )
    try:
        services = given_services(module.params["services"])
        ipvsadm = Ipvsadm.of(module)
        current = table_of(ipvsadm, services)
        memory = read_weights(DrainMemory(module).text) if module.params["keep_drained"] else {}
        desired = with_drained(current, desired_of(services, module.params, current), memory)
        require_modules(current, desired)
        before, wanted = timeouts_of(module.params, ipvsadm)
        commands, timing = plan(current, desired), plan_timeouts(before, wanted)
        boot = boot_of(module, desired, wanted)
        if not module.check_mode:
            ipvsadm.apply(commands)
            ipvsadm.run_all(timing)
            boot.apply()
    except MODULE_ERRORS as error:
        module.fail_json(**failure(error))
    module.exit_json(
        changed=bool(commands or timing or boot.files or boot.commands),
        commands=written([*commands, *timing]) + [" ".join(each) for each in boot.commands],
        persisted=[each.path for each in boot.files],
        # Ten thousand rules as text are not for those who did not ask, and what stays is no difference.
        diff=[*table_diff(module.params, current, desired), *timeouts_diff(before, wanted), *boot.diff()]
        if module._diff
        else [],
        # Nor is what they gave us themselves: AnsibleModule would return all of it.
        invocation={"module_args": {**module.params, "services": f"{len(module.params['services'])} services"}},
    )


if __name__ == "__main__":
    # Ten thousand rules are a million objects that live until the end: nothing there for a collector.
    gc.disable()
    main()

#!/usr/bin/python
# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: gateway
short_description: Have a host send packets by a gateway, now and at each boot
version_added: 1.0.0
author: lvs.cluster authors (@lvs-cluster)
description:
  - Gives O(interface) two routes by each of O(gateways), which have a half of all addresses each, C(0.0.0.0/1) and
    C(128.0.0.0/1), or C(::/1) and C(8000::/1). The kernel takes them before any default route; that one stays as it is,
    and counts again as soon as they have gone.
  - They are brought at once, and written where the program that sets up the host's network reads them at boot, which is
    told. It is asked whether it has read them.
  - Networks that the host is in, and routes that are narrower, are what they were.
  - What was put there is remembered. Without O(gateways) it goes, and nothing else; nor what another owner wants too.
  - Where another owner has packets of a family go elsewhere it is refused, before anything is changed; and where who
    has this run on the host would be answered by the gateway from then on.
extends_documentation_fragment:
  - lvs.cluster._host
  - lvs.cluster._modes
options:
  interface:
    description: The interface by which they are reached.
    type: str
    default: ""
  gateways:
    description: The gateways, one of each family at most, in a network of O(interface).
    type: list
    elements: str
    required: true
  owner:
    description: Whose routes they are, as the name of a cluster.
    type: str
    default: lvs
  stack:
    description: Who sets up the network at boot. C(ifcfg) files have no place for them, and are refused.
    type: str
    choices: [netplan, networkd, ifcfg, NetworkManager, ifupdown]
    required: true
  header:
    description: What the file begins with, a comment.
    type: str
    default: ""
seealso:
  - module: lvs.cluster.addresses_boot
"""

EXAMPLES = r"""
- name: Answer clients by the director
  lvs.cluster.gateway:
    interface: eth0
    gateways: [198.51.100.1]
    stack: networkd
"""

RETURN = r"""
differing:
  description: The files of which the text or the mode was another than is wanted.
  returned: success
  type: list
  elements: str
  sample: [/etc/systemd/network/10-eth0.network.d/lvs-gateway-eth0.conf]
commands:
  description: What brought routes to the running kernel, or took them away, or would in check mode.
  returned: success
  type: list
  elements: str
  sample: [ip route replace 0.0.0.0/1 via 198.51.100.1 dev eth0]
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.lvs.cluster.plugins.module_utils._addresses.gateway import (
    Led,
    missing,
    overruled,
    problems_of,
    read_memory,
    rival,
    standing,
    surplus,
    write_memory,
)
from ansible_collections.lvs.cluster.plugins.module_utils._addresses.stacks import STACKS
from ansible_collections.lvs.cluster.plugins.module_utils._addresses.wish import Wish
from ansible_collections.lvs.cluster.plugins.module_utils._host.boot import Holding, let_go
from ansible_collections.lvs.cluster.plugins.module_utils._host.caller import callers
from ansible_collections.lvs.cluster.plugins.module_utils._host.errors import MODULE_ERRORS, HostError, failure
from ansible_collections.lvs.cluster.plugins.module_utils._host.ip import Ip
from ansible_collections.lvs.cluster.plugins.module_utils._host.memory import GATEWAYS, OwnersMemory
from ansible_collections.lvs.cluster.plugins.module_utils._net import TITLES, family_of
from ansible_collections.lvs.cluster.plugins.module_utils._problems import OptionsError


def wish_of(params, led, before, others):
    owner = f"{params['owner']}-gateway"
    shared = [route for each in others if each.interface == led.interface for route in each.routes]
    return Wish(led.interface, owner, [], params["header"], routes=led.routes, former=before.routes, shared=shared)


def lead(module, holding, led, before, others):
    """Have packets go there; the files first, for who reads them may set up the interface anew."""
    if not module.check_mode:
        holding.apply()
    ip = Ip.of(module)
    there = standing(ip.routes_of(led.interface))
    # The kernel has one route of a half, so that of another gateway is replaced.
    families = {family_of(each) for each in led.gateways}
    former = Led(led.interface, [each for each in before.gateways if family_of(each) not in families])
    commands = missing(led, there) + surplus(former, there, others)
    if not module.check_mode:
        ip.apply(commands)
    return {**holding.outcome, "commands": commands}


def leave(module, before, others):
    """Have them go as before; from the kernel first, for who is told of the files takes them away later."""
    ip = Ip.of(module)
    commands = surplus(before, standing(ip.routes_of(before.interface)), others)
    if not module.check_mode:
        ip.apply(commands)
    wish = wish_of(module.params, Led(before.interface, ()), before, others)
    return {**let_go(module, wish, module.params["stack"]), "commands": commands}


def require_good(params):
    """Fail with all that is wrong with the options."""
    problems = problems_of(params["interface"], params["gateways"], params["owner"])
    if problems:
        raise OptionsError(problems, "Nothing was changed")


def require_no_rival(owner, led, others):
    """Fail where another owner has the packets go elsewhere: each run of one would take the gateway from the other."""
    for other, theirs in others.items():
        found = rival(led, theirs)
        if found:
            gateway, way = found
            raise HostError(
                f"{owner} is to have this host send packets of {TITLES[family_of(gateway)]} by {gateway} on "
                f"{led.interface}, and {other} has it send them by {way.gateways[0]} on {way.interface}. "
                "Nothing was changed",
                remedy="Have both write the same gateway, or remove lvs_set_gateway of the host in one of them and run "
                "that; where both are to move, do so first, and write it again afterwards (docs/nat.md)",
            )


def require_answers(module, led):
    """Fail where whoever has this run here would get no more answers, but by a gateway that may not be there yet."""
    ip = Ip.of(module)
    families = {family_of(each): each for each in led.gateways}
    for caller in callers():
        gateway = families.get(family_of(caller.address))
        way = overruled(ip.way_to(*caller), led) if gateway else ""
        if way:
            raise HostError(
                f"{caller.address}, from where this run comes, is answered {way}, and would be by {gateway} then: "
                "while no director has that address, nobody reaches this host. Nothing was changed",
                remedy=f"Write a route of its own into the configuration of this host's network, as 'ip route add "
                f"{caller.address} {way}' brings it, or come from a network that this host is in (docs/nat.md)",
            )


def change(module):
    params = module.params
    require_good(params)
    memory = OwnersMemory(module, GATEWAYS)
    led = Led(params["interface"], params["gateways"])
    wanted = [led] if led.gateways else []
    with memory.locked():
        remembered = {owner: read_memory(text) for owner, text in memory.read().items()}
        before = remembered.pop(params["owner"], [])
        others = [each for leds in remembered.values() for each in leds]
        require_no_rival(params["owner"], led, remembered)
        here = next((each for each in before if wanted and each.interface == led.interface), Led(led.interface, ()))
        require_answers(module, led)
        holdings = [Holding(module, wish_of(params, each, here, others), params["stack"]) for each in wanted]
        if not module.check_mode:
            # A run that is cut off, or fails, has done some of it.
            memory.write(params["owner"], write_memory([*wanted, *before]))
        outcomes = [leave(module, each, others) for each in before if each is not here]
        outcomes += [lead(module, each, led, here, others) for each in holdings]
        if not module.check_mode:
            memory.write(params["owner"], write_memory(wanted))
    return outcomes


def main():
    module = AnsibleModule(
        argument_spec={
            "interface": {"type": "str", "default": ""},
            "gateways": {"type": "list", "elements": "str", "required": True},
            "owner": {"type": "str", "default": "lvs"},
            "stack": {"type": "str", "choices": list(STACKS), "required": True},
            "header": {"type": "str", "default": ""},
        },
        supports_check_mode=True,
    )
    try:
        outcomes = change(module)
    except MODULE_ERRORS as error:
        module.fail_json(**failure(error))
    differing = [path for each in outcomes for path in each.get("differing", ())]
    commands = [" ".join(command) for each in outcomes for command in each.get("commands", ())]
    is_unread = not all(each.get("read", True) for each in outcomes)
    module.exit_json(
        changed=bool(differing or commands) or is_unread,
        differing=differing,
        commands=commands,
        diff=[each for outcome in outcomes for each in outcome.get("diff", ())],
    )


if __name__ == "__main__":
    main()

# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""What must hold between the settings of a VRRP instance: keepalived resets one of two that do not go together."""

from __future__ import annotations

from typing import Iterator, Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._description.kinds import numbered
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.vrrp import VrrpInstance
from ansible_collections.lvs.cluster.plugins.module_utils._problems import Problem

from .static import check_placed, check_route, check_rule
from .tables import first
from .whole import Whole

# What keepalived resets where strict_mode is set, but for these values (vrrp.c: vrrp_complete_instance()).
STRICT = {
    "authentication": (),
    "preempt_delay": (0,),
    "vmac_xmit_base": (False,),
    "down_timer_adverts": (3,),
    "garp_lower_prio_delay": (0,),
    "garp_lower_prio_repeat": (0,),
    "lower_prio_no_advert": (True,),
    "higher_prio_send_advert": (False,),
}


def check_settings(
    instance: VrrpInstance, path: str, earlier: Sequence[VrrpInstance], whole: Whole
) -> Iterator[Problem]:
    yield from _check_adverts(instance, path)
    yield from _check_vmac(instance, path, earlier)
    yield from _check_strict(instance, path)
    yield from _check_accept(instance, path, whole)
    for inner, each in instance.floating:
        yield from check_placed(each, f"{path}.{inner}")
    for index, route in numbered(instance.virtual_routes):
        yield from check_route(route, f"{path}.virtual_routes[{index}]")
    for index, rule in numbered(instance.virtual_rules):
        yield from check_rule(rule, f"{path}.virtual_rules[{index}]")


def _shares(instance: VrrpInstance) -> bool:
    return len(instance.hosts or ()) > 1


def _check_adverts(instance: VrrpInstance, path: str) -> Iterator[Problem]:
    if instance.mcast_src_ip and instance.unicast:
        reason, remedy = "is for multicast", "Remove it, or write unicast: false"
        yield Problem(f"{path}.mcast_src_ip", True, reason, remedy)
    if instance.timer_expired_backup:
        here = f"{path}.timer_expired_backup"
        if instance.preempt:
            remedy = "Remove it, or write preempt: false"
            yield Problem(here, True, "is for an instance that does not preempt", remedy)
        elif not _shares(instance):
            yield Problem(here, True, "is for an instance of several hosts", "Remove it, or name another host")
    if instance.v3_checksum_as_v2 and instance.vrrp_version == 2:
        remedy = "Remove it, or write version: 3"
        yield Problem(f"{path}.v3_checksum_as_v2", True, "is for VRRPv3", remedy)


def _check_vmac(instance: VrrpInstance, path: str, earlier: Sequence[VrrpInstance]) -> Iterator[Problem]:
    if instance.use_vmac and instance.unicast and _shares(instance) and instance.vmac_xmit_base is False:
        remedy = "Write vmac_xmit_base: true, or unicast: false"
        yield Problem(f"{path}.use_vmac", instance.use_vmac, "has no address to send unicast adverts from", remedy)
    if instance.use_vmac is False:
        for name in ("vmac_xmit_base", "garp_extra_if"):
            if getattr(instance, name):
                remedy = "Remove it, or write use_vmac: true"
                yield Problem(f"{path}.{name}", getattr(instance, name), "has no effect without use_vmac", remedy)
    if isinstance(instance.use_vmac, str):
        for other in first(each for each in earlier if _same_name(instance, each)):
            reason = f"is the interface of instance {other.name} too"
            yield Problem(f"{path}.use_vmac", instance.use_vmac, reason, "Choose another name, or write true")


def _same_name(one: VrrpInstance, other: VrrpInstance) -> bool:
    return one.use_vmac == other.use_vmac and bool(set(one.hosts or ()) & set(other.hosts or ()))


def _check_strict(instance: VrrpInstance, path: str) -> Iterator[Problem]:
    if not instance.strict_mode:
        return
    if instance.family == "ipv6":
        reason = "takes addresses of IPv6 only beside one of the link (RFC 9568, 5.2.9), which is none of a service"
        yield Problem(f"{path}.strict_mode", True, reason, "Remove it")
    reason, remedy = "is not what RFC 9568 has, and strict_mode takes nothing else", "Remove it, or strict_mode"
    if instance.unicast and _shares(instance):
        yield Problem(f"{path}.unicast", True, reason, "Write unicast: false, or remove strict_mode")
    for name, allowed in STRICT.items():
        value = getattr(instance, name)
        if value is not None and value not in allowed:
            shown = None if name == "authentication" else value
            yield Problem(f"{path}.{name}", shown, reason, remedy)
    if instance.accept and instance.vrrp_version == 2:
        yield Problem(f"{path}.accept", True, "is not what VRRPv2 has, and strict_mode takes nothing else", remedy)


def _check_accept(instance: VrrpInstance, path: str, whole: Whole) -> Iterator[Problem]:
    """A firewall that drops packets to an address does so before IPVS sees them."""
    name = "accept" if instance.accept is False else "strict_mode" if instance.strict_mode else ""
    if not name or instance.accept:
        return
    for address in first(each for each in instance.addresses if each in whole.serving):
        reason = (
            f"has a firewall drop what clients send to {address}, where service {whole.serving[address][0].name} is"
        )
        remedy = "Remove it" if name == "accept" else "Remove it, or write version: 3 and accept: true"
        yield Problem(f"{path}.{name}", getattr(instance, name), reason, remedy)

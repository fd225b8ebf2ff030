# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""What must hold of the questions by which hosts of an instance find out whether their proxy serves."""

from __future__ import annotations

from typing import Iterator

from ansible_collections.lvs.cluster.plugins.module_utils._description.asking import asked, script_of, sites_behind
from ansible_collections.lvs.cluster.plugins.module_utils._description.kinds import LONGEST_LINE, numbered, options
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.asking import Ask, AskHttp
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.cluster import Cluster
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.vrrp import VrrpInstance
from ansible_collections.lvs.cluster.plugins.module_utils._problems import Problem

from .tables import entries
from .whole import Whole


def check_asking(cluster: Cluster, whole: Whole) -> Iterator[Problem]:
    for path, instance, _earlier in entries(cluster.lvs_vrrp_instances, "lvs_vrrp_instances"):
        if instance.check is not None:
            yield from _check_ask(instance, instance.check, f"{path}.check", cluster, whole)


def _check_ask(instance: VrrpInstance, told: Ask, path: str, cluster: Cluster, whole: Whole) -> Iterator[Problem]:
    # Of one that was refused in part, no more is said.
    if None in [getattr(told, field.name) for field in options(type(told)).values() if field.default is not None]:
        return
    if told.connect_timeout >= told.interval:
        reason = f"is no less than the interval, {told.interval}, after which the next question is due"
        remedy = "Write a smaller one, or a longer interval"
        yield Problem(f"{path}.connect_timeout", told.connect_timeout, reason, remedy)
    behind = sites_behind(instance, whole.sites)
    if not told.connect_port and not behind and _proxies_known(cluster):
        reason = "is needed, as no nginx of the description stands behind the instance"
        yield Problem(f"{path}.connect_port", None, reason, "Write the port that the proxy listens on")
    elif isinstance(told, AskHttp) and not told.connect_port and behind and behind[0].is_tls:
        reason = "is needed, as nginx speaks TLS alone behind the instance, and what asks does not"
        yield Problem(f"{path}.connect_port", None, reason, "Write a port without TLS, or type: TCP_CHECK")
    filled = asked(instance, whole.sites)
    command = script_of(instance, filled).script.command if filled and instance.name else ""
    if len(command) > LONGEST_LINE:
        reason = f"comes to a command of {len(command)} characters, and keepalived reads {LONGEST_LINE}"
        yield Problem(f"{path}.path", None, reason, "Write a shorter one")
    for group in [each for _place, each in numbered(cluster.lvs_vrrp_sync_groups)]:
        if told.weight and instance.name in (group.group or ()) and group.sync_group_tracking_weight is False:
            reason = f"is given, and the instance is in group {group.name}, which takes none"
            remedy = "Remove the weight, or write sync_group_tracking_weight: true for the group"
            yield Problem(f"{path}.weight", told.weight, reason, remedy)


def _proxies_known(cluster: Cluster) -> bool:
    """Whether none was refused, which may be the one behind an instance."""
    tables = (cluster.lvs_nginx_upstreams, cluster.lvs_nginx_servers)
    return all(held is not None and None not in held for held in tables)

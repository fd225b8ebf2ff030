# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""What must hold of the questions by which hosts of an instance find out whether their proxy serves."""

from __future__ import annotations

from typing import Iterator, List

from ansible_collections.lvs.cluster.plugins.module_utils._description.asking import asked, script_of, sites_behind
from ansible_collections.lvs.cluster.plugins.module_utils._description.kinds import LONGEST_LINE, numbered, options
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.asking import Ask, AskHttp
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.cluster import Cluster
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.vrrp import VrrpInstance
from ansible_collections.lvs.cluster.plugins.module_utils._description.sites import Site
from ansible_collections.lvs.cluster.plugins.module_utils._problems import Problem, listed

from .checkers import OK
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
    yield from _check_whom(instance, told, f"{path}.connect_ip", whole)
    filled = asked(instance, whole.sites)
    if not told.connect_port and not sites_behind(instance, whole.sites) and _proxies_known(cluster):
        reason = "is needed, as no nginx of the description stands behind the instance"
        yield Problem(f"{path}.connect_port", None, reason, "Write the port that the proxy listens on")
    elif isinstance(filled, AskHttp):
        yield from _check_page(instance, filled, path, cluster, whole)
    script = script_of(instance, filled).script if filled and instance.name else None
    # Of a health_path that was refused no command can be made.
    if script and None not in script.args and len(script.command) > LONGEST_LINE:
        reason = f"comes to a command of {len(script.command)} characters, and keepalived reads {LONGEST_LINE}"
        yield Problem(f"{path}.path", None, reason, "Write a shorter one")
    for group in [each for _place, each in numbered(cluster.lvs_vrrp_sync_groups)]:
        if told.weight and instance.name in (group.group or ()) and group.sync_group_tracking_weight is False:
            reason = f"is given, and the instance is in group {group.name}, which takes none"
            remedy = "Remove the weight, or write sync_group_tracking_weight: true for the group"
            yield Problem(f"{path}.weight", told.weight, reason, remedy)


def _check_whom(instance: VrrpInstance, told: Ask, path: str, whole: Whole) -> Iterator[Problem]:
    """Each host asks its own proxy."""
    remedy = "Remove it: a host finds itself at 127.0.0.1 then"
    owner = whole.owners.get(told.connect_ip)
    others = [host for _place, host in numbered(instance.hosts) if host != owner]
    if told.connect_ip in whole.floating or told.connect_ip in whole.serving:
        reason = "is a virtual address: all hosts would ask the one that has it"
        yield Problem(path, told.connect_ip, reason, remedy)
    elif owner and others:
        reason = f"is an address of {owner}, which {listed(others)} would ask in the place of a proxy of its own"
        yield Problem(path, told.connect_ip, reason, remedy)


def _check_page(
    instance: VrrpInstance, filled: AskHttp, path: str, cluster: Cluster, whole: Whole
) -> Iterator[Problem]:
    """What an nginx of the description answers to one who speaks no TLS and names no site."""
    port, hosts = filled.connect_port, {host for _place, host in numbered(instance.hosts)}
    on_port: List[Site] = [
        each for each in whole.sites if each.instance and each.hosts & hosts and ("", port) in each.sockets()
    ]
    secret = next((each for each in on_port if each.is_tls), None)
    if secret:
        reason = f"is the port of {secret.title}, on which nginx speaks TLS alone, and what asks does not"
        yield Problem(f"{path}.connect_port", port, reason, "Write a port without TLS, or type: TCP_CHECK")
        return
    page = "" if filled.path is None else filled.path.partition("?")[0]
    if filled.status_code != OK and page in [each.server.health_path for each in on_port]:
        reason = f"is never the answer of nginx to {page}, its health_path, which is {OK}"
        yield Problem(f"{path}.status_code", filled.status_code, reason, "Remove it, or ask for another path")
    known = [filled.path, *(part for each in on_port for part in (each.server.server_name, each.server.health_path))]
    if None in known or not _proxies_known(cluster) or any(each.takes_all for each in on_port):
        return
    paths = [each.server.health_path for each in on_port]
    if paths and page not in paths:
        reason = f"is not {paths[0]}, and nginx answers nothing else on port {port} to a question that names no site"
        yield Problem(f"{path}.path", filled.path, reason, f"Write path: {paths[0]}")


def _proxies_known(cluster: Cluster) -> bool:
    """Whether none was refused, which may be the one behind an instance."""
    tables = (cluster.lvs_nginx_upstreams, cluster.lvs_nginx_servers)
    return all(held is not None and None not in held for held in tables)

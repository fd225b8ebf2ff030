# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""The description of a cluster: all its tables, and how they are read from inventory variables.

Where it matters to a check that nothing was written, the default is empty text: None is what was refused.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Dict, Mapping, Optional, Sequence, Tuple

from ansible_collections.lvs.cluster.plugins.module_utils._description.kinds import (
    BOOLEAN,
    LONGEST_NAME,
    Problems,
    list_of,
    nearest,
    numbered,
    option,
    options,
    read_table,
    table,
    word,
)
from ansible_collections.lvs.cluster.plugins.module_utils._problems import Problem

from .dns import DnsName, DnsServer
from .globals import GlobalDefs
from .hosts import HostVariables
from .proxies import LOG_FORMATS, NginxServer, NginxSettings, Upstream
from .scripts import VrrpScript
from .services import SERVICE, VirtualServer
from .tracking import BfdInstance, TrackFile, TrackProcess
from .vrrp import StaticAddress, StaticRoute, StaticRule, SyncGroup, VrrpInstance

# Of a cluster that has none of its own.
DEFAULT_NAME = "lvs"
# A list that is there and empty is no order to remove: a template may have come to it.
EMPTY_TABLE = "Leave the variable out if nothing is meant; lvs.cluster.teardown takes a whole cluster away"


@dataclass(frozen=True)
class Cluster:
    """The whole description, each table under the name of its inventory variable."""

    lvs_vrrp_instances: Tuple[VrrpInstance, ...] = option(
        list_of(table(VrrpInstance), EMPTY_TABLE), "which addresses float over which hosts", default=()
    )
    lvs_vrrp_scripts: Tuple[VrrpScript, ...] = option(
        list_of(table(VrrpScript), EMPTY_TABLE), "scripts that say how well a director is", default=()
    )
    lvs_virtual_servers: Tuple[VirtualServer, ...] = option(
        list_of(SERVICE, EMPTY_TABLE), "what is balanced over which real servers", default=()
    )
    lvs_nginx_upstreams: Tuple[Upstream, ...] = option(
        list_of(table(Upstream), EMPTY_TABLE), "what stands behind nginx", default=()
    )
    lvs_nginx_servers: Tuple[NginxServer, ...] = option(
        list_of(table(NginxServer), EMPTY_TABLE), "the sites of nginx", default=()
    )
    lvs_nginx_settings: Optional[NginxSettings] = option(
        table(NginxSettings), "what holds for nginx as a whole", default=None
    )
    lvs_global_defs: Optional[GlobalDefs] = option(
        table(GlobalDefs), "what holds for each keepalived as a whole", default=None
    )
    lvs_vrrp_sync_groups: Tuple[SyncGroup, ...] = option(
        list_of(table(SyncGroup), EMPTY_TABLE), "which instances have one state", default=()
    )
    lvs_vrrp_track_processes: Tuple[TrackProcess, ...] = option(
        list_of(table(TrackProcess), EMPTY_TABLE), "processes that instances may watch", default=()
    )
    lvs_vrrp_track_files: Tuple[TrackFile, ...] = option(
        list_of(table(TrackFile), EMPTY_TABLE), "files with a number that instances may watch", default=()
    )
    lvs_bfd_instances: Tuple[BfdInstance, ...] = option(
        list_of(table(BfdInstance), EMPTY_TABLE), "neighbours that instances may watch", default=()
    )
    lvs_static_ipaddress: Tuple[StaticAddress, ...] = option(
        list_of(table(StaticAddress), EMPTY_TABLE), "addresses of hosts that do not float", default=()
    )
    lvs_static_routes: Tuple[StaticRoute, ...] = option(
        list_of(table(StaticRoute), EMPTY_TABLE), "routes of hosts, whoever is master", default=()
    )
    lvs_static_rules: Tuple[StaticRule, ...] = option(
        list_of(table(StaticRule), EMPTY_TABLE), "rules of hosts, whoever is master", default=()
    )
    lvs_dns_names: Tuple[DnsName, ...] = option(
        list_of(table(DnsName), EMPTY_TABLE), "names that lead to the cluster, for lvs.cluster.dns", default=()
    )
    lvs_dns_server: Optional[DnsServer] = option(
        table(DnsServer), "the server that lvs.cluster.dns tells of them", default=None
    )
    lvs_sync_daemon: bool = option(
        BOOLEAN,
        "whether masters tell the other directors their connections, so that they survive them",
        default=True,
    )
    lvs_cluster: str = option(
        word(LONGEST_NAME, LOG_FORMATS, "is a log_format that nginx or its distribution has already"),
        "the name of the cluster, where an inventory holds several",
        default=DEFAULT_NAME,
    )

    @property
    def instances(self) -> Tuple[VrrpInstance, ...]:
        """What VRRP gets of C(lvs_vrrp_instances)."""
        return tuple(each for _place, told in numbered(self.lvs_vrrp_instances) for each in told.instances)


# One of these a host must have, to be described at all.
TABLES = ("lvs_vrrp_instances", "lvs_virtual_servers", "lvs_nginx_upstreams")
CLUSTER_VARIABLES = tuple(options(Cluster))
HOST_VARIABLES = tuple(options(HostVariables))


def read_cluster(variables: Mapping[str, Any], problems: Problems, refused: Sequence[str] = ()) -> Cluster:
    """The cluster that a host's variables describe; what is wrong is added to problems.

    variables: those that start with C(lvs_).
    refused: the names of those that could not be read. They, and tables that are misspelt, are not the same as what is
    left out: they are held as None. Who finds them tells of them.
    """
    described = {name: variables[name] for name in CLUSTER_VARIABLES if name in variables and name not in refused}
    empty = [name for name in TABLES if name in described and described[name] is None]
    problems.extend(Problem(name, None, "is empty", EMPTY_TABLE) for name in empty)
    known = [*CLUSTER_VARIABLES, *HOST_VARIABLES]
    misspelt = {near for name in variables if name not in known for near in nearest(name, known)} - set(described)
    cluster = read_table(Cluster, described, "", problems)
    unknown = [name for name in CLUSTER_VARIABLES if name in (*refused, *empty, *misspelt)]
    held: Dict[str, Any] = dict.fromkeys(unknown)
    return dataclasses.replace(cluster, **held)

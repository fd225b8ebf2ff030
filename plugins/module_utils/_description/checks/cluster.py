# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""What must hold between the parts of a description.

Each check yields the problems that it finds. A value that its kind has refused is None: the checks
pass over it, so that one mistake is one problem.
"""

from __future__ import annotations

from typing import Iterator

from ansible_collections.lvs.cluster.plugins.module_utils._description.model.cluster import Cluster
from ansible_collections.lvs.cluster.plugins.module_utils._problems import Problem

from .asking import check_asking
from .checkers import check_checkers
from .directives import check_directives
from .dns import check_dns
from .globals import check_globals
from .proxies import check_circles, check_upstream
from .raw import check_raw
from .scripts import check_scripts
from .servers import Hosts
from .services import check_service
from .sites import check_nginx_server, check_nginx_settings, check_sites
from .static import check_static
from .tables import check_name, entries
from .tracking import check_tracking
from .vrrp import check_instance
from .whole import whole_of


def check_cluster(cluster: Cluster, hosts: Hosts) -> Iterator[Problem]:
    """Every problem between the parts of the description, and between it and the inventory."""
    whole = whole_of(cluster, hosts)
    for path, instance, earlier in entries(cluster.lvs_vrrp_instances, "lvs_vrrp_instances"):
        yield from check_name(instance, path, earlier)
        yield from check_instance(instance, path, earlier, whole)
    for path, service, earlier in entries(cluster.lvs_virtual_servers, "lvs_virtual_servers"):
        yield from check_name(service, path, earlier)
        yield from check_service(service, path, earlier, whole)
    for path, upstream, earlier in entries(cluster.lvs_nginx_upstreams, "lvs_nginx_upstreams"):
        yield from check_name(upstream, path, earlier)
        yield from check_upstream(upstream, path, earlier, whole)
    for path, server, earlier in entries(cluster.lvs_nginx_servers, "lvs_nginx_servers"):
        yield from check_name(server, path, earlier)
        yield from check_nginx_server(server, path, whole)
    yield from check_nginx_settings(cluster)
    yield from check_sites(whole)
    yield from check_checkers(cluster, whole)
    yield from check_circles(cluster, whole)
    yield from check_tracking(cluster, hosts)
    yield from check_asking(cluster, whole)
    yield from check_static(cluster, whole)
    yield from check_globals(cluster)
    yield from check_scripts(cluster)
    yield from check_dns(cluster)
    yield from check_raw(cluster)
    yield from check_directives(cluster)

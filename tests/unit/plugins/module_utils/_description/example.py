# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A good description of a cluster, and what else its tests are made of."""

from __future__ import annotations

import copy
import json
import re
from typing import Any

from ansible_collections.lvs.cluster.plugins.module_utils._description import inventory
from ansible_collections.lvs.cluster.plugins.module_utils._description.views.host import as_json

VIP = "192.0.2.100"
HOSTS = {
    "lvs1": "192.0.2.11",
    "lvs2": "192.0.2.12",
    "web1": "192.0.2.21",
    "web2": "192.0.2.22",
    "app1": "192.0.2.31",
    "app2": "192.0.2.32",
}
REMOVED = object()

INSTANCE = {
    "name": "web",
    "virtual_router_id": 51,
    "virtual_ipaddress": [f"{VIP}/32"],
    "hosts": ["lvs1", "lvs2"],
}
SERVICE = {
    "name": "web",
    "address": VIP,
    "port": 80,
    "lb_algo": "wrr",
    "check": {"type": "HTTP_GET", "path": "/healthz"},
    "real_servers": ["web1", {"host": "web2", "weight": 2}],
}
UPSTREAM = {"name": "app", "servers": ["app1", {"host": "app2", "max_fails": 3}]}

# Without an instance: one host directs the service, without keepalived.
STATIC = {
    "lvs_vrrp_instances": REMOVED,
    "lvs_virtual_servers[0].hosts": ["lvs1"],
    "lvs_virtual_servers[0].check": REMOVED,
}

# Seconds of each table, which go with the first.
OTHER_VIP = "192.0.2.101"
OTHER_INSTANCE = {
    "name": "mail",
    "virtual_router_id": 52,
    "virtual_ipaddress": [f"{OTHER_VIP}/32"],
    "hosts": ["lvs2", "lvs1"],
}
OTHER_SERVICE = {"name": "mail", "address": OTHER_VIP, "port": 25, "real_servers": ["web1", "web2"]}
OTHER_UPSTREAM = {"name": "relay", "virtual_server": "mail", "servers": ["app2"]}


def hostvars(changes: dict[str, Any] | None = None) -> dict[str, dict[str, Any]]:
    """The variables of all hosts of a good description, but for the changes.

    A change is a value by its path, written as the messages write it; C(hosts.web1.ansible_host) is a host's own
    variable, the place after a list's last makes it longer, and REMOVED takes away.
    """
    whole: dict[str, Any] = {
        "lvs_vrrp_instances": [copy.deepcopy(INSTANCE)],
        "lvs_virtual_servers": [copy.deepcopy(SERVICE)],
        "lvs_nginx_upstreams": [copy.deepcopy(UPSTREAM)],
        "hosts": {name: {"ansible_host": address} for name, address in HOSTS.items()},
    }
    for path, value in (changes or {}).items():
        put(whole, path, copy.deepcopy(value) if value is not REMOVED else value)
    hosts = whole.pop("hosts")
    return {name: {**whole, **own} for name, own in hosts.items()}


def put(whole: Any, path: str, value: Any) -> None:
    """Change what stands at a path."""
    *way, last = [int(step) if step.isdigit() else step for step in re.findall(r"[^.\[\]]+", path)]
    for step in way:
        whole = whole[step]
    if value is REMOVED:
        del whole[last]
    elif isinstance(whole, list) and last == len(whole):
        whole.append(value)
    else:
        whole[last] = value


def plain_views(*arguments: Any) -> list[dict[str, Any]]:
    """The views of hosts as they are kept from task to task."""
    return json.loads(as_json(inventory.views(*arguments)))

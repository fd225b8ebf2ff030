# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What clients come by: one way for each service, and nobody else's address, port or mark."""

from __future__ import annotations

import pytest
from ansible_collections.lvs.cluster.tests.unit.plugins.module_utils._description.example import (
    HOSTS,
    OTHER_INSTANCE,
    OTHER_VIP,
    REMOVED,
    VIP,
)
from ansible_collections.lvs.cluster.tests.unit.plugins.module_utils._description.mistakes import (
    FIRST_INSTANCE,
    FIRST_SERVICE,
    FIRST_UPSTREAM,
    SECOND_INSTANCE,
    SECOND_SERVICE,
    bad,
    problems_with,
    told_once,
)

NO_ADDRESS = {f"{FIRST_SERVICE}.address": REMOVED, f"{FIRST_SERVICE}.port": REMOVED}
MARKED = {
    **NO_ADDRESS,
    f"{FIRST_SERVICE}.fwmark": 1,
    f"{FIRST_SERVICE}.marked": [{"address": VIP, "ports": [80, 443]}],
}
OF_UDP = {**MARKED, f"{FIRST_SERVICE}.marked[0].protocol": "UDP", "lvs_nginx_upstreams": REMOVED}
GROUP = {**NO_ADDRESS, f"{FIRST_SERVICE}.group": [{"address": VIP, "port": 80}, {"address": VIP, "port": 8080}]}
OF_NETWORKS = {
    **GROUP,
    f"{FIRST_SERVICE}.persistence_timeout": 50,
    f"{FIRST_SERVICE}.persistence_granularity": "255.255.255.0",
}
# Its packets are routed to the directors, whatever floats.
ROUTED_TO = {f"{FIRST_SERVICE}.check": REMOVED, f"{FIRST_INSTANCE}.virtual_ipaddress": [f"{OTHER_VIP}/32"]}
BOTH_FLOAT = {f"{FIRST_INSTANCE}.virtual_ipaddress": [f"{VIP}/32", f"{OTHER_VIP}/32"]}
OTHER = {"name": "other", "real_servers": ["web1"]}
WITH_OTHER = {f"{FIRST_UPSTREAM}.virtual_server": "web"}

MISTAKES = [
    bad("no way at all", NO_ADDRESS, "has none of address, fwmark, group", "Write address: ...", path=FIRST_SERVICE),
    bad("two ways", {f"{FIRST_SERVICE}.fwmark": 1}, "has address and fwmark", path=FIRST_SERVICE),
    bad(
        "a mark of nothing",
        {**NO_ADDRESS, f"{FIRST_SERVICE}.fwmark": 1},
        "is missing",
        "Write marked: of a fwmark",
        path=f"{FIRST_SERVICE}.marked",
    ),
    bad(
        "marked without a mark",
        {f"{FIRST_SERVICE}.marked": [{"address": VIP, "ports": [80]}]},
        "belongs to fwmark",
        path=f"{FIRST_SERVICE}.marked",
    ),
    bad(
        "a port beside a mark",
        {**MARKED, f"{FIRST_SERVICE}.port": 80},
        "belongs to address",
        "write address for fwmark",
        path=f"{FIRST_SERVICE}.port",
    ),
    bad(
        "a port beside a group",
        {**GROUP, f"{FIRST_SERVICE}.port": 80},
        "belongs to address",
        path=f"{FIRST_SERVICE}.port",
    ),
    bad(
        "mark 0",
        {**MARKED, f"{FIRST_SERVICE}.fwmark": 0},
        "= 0: is out of range",
        "from 1 to 4294967295",
        path=f"{FIRST_SERVICE}.fwmark",
    ),
    bad(
        "an address of a mark that nobody carries",
        {**MARKED, f"{FIRST_SERVICE}.marked": [{"address": OTHER_VIP, "ports": [80, 443]}]},
        "is carried by no VRRP instance",
        path=f"{FIRST_SERVICE}.marked[0].address",
    ),
    bad(
        "granularity of a group",
        OF_NETWORKS,
        "is what keepalived leaves out",
        "a service for each address",
        path=f"{FIRST_SERVICE}.persistence_granularity",
    ),
    bad(
        "granularity of a group that hosts with keepalived direct, and no instance carries",
        {**OF_NETWORKS, **ROUTED_TO, f"{FIRST_SERVICE}.hosts": ["lvs1", "lvs2"]},
        "is what keepalived leaves out",
        path=f"{FIRST_SERVICE}.persistence_granularity",
    ),
    bad(
        "an address of a group that nobody carries",
        {**GROUP, f"{FIRST_SERVICE}.group[1].address": OTHER_VIP},
        "is carried by no VRRP instance",
        path=f"{FIRST_SERVICE}.group[1].address",
    ),
    bad(
        "an address that floats over other hosts",
        {
            **GROUP,
            f"{FIRST_SERVICE}.group[1].address": OTHER_VIP,
            SECOND_INSTANCE: {**OTHER_INSTANCE, "hosts": ["lvs1"]},
        },
        "floats over lvs1, and another address of this service over lvs1, lvs2",
        path=f"{FIRST_SERVICE}.group[1].address",
    ),
    bad(
        "a mark of two services",
        {
            **MARKED,
            **WITH_OTHER,
            **BOTH_FLOAT,
            SECOND_SERVICE: {**OTHER, "fwmark": 1, "marked": [{"address": OTHER_VIP, "ports": [80]}]},
        },
        "is the mark of virtual server web too",
        path=f"{SECOND_SERVICE}.fwmark",
    ),
    bad(
        "a marked port that is a service's",
        {**MARKED, **WITH_OTHER, SECOND_SERVICE: {**OTHER, "address": VIP, "port": 443}},
        "port 443 of this address already belongs to virtual server web",
        path=f"{SECOND_SERVICE}.address",
    ),
    bad(
        "a port twice in what is marked",
        {**MARKED, f"{FIRST_SERVICE}.marked[1]": {"address": VIP, "ports": [443, 444]}},
        "port 443 of this address already belongs to an earlier entry",
        path=f"{FIRST_SERVICE}.marked[1].address",
    ),
    bad(
        "the protocol of a mark",
        {**MARKED, f"{FIRST_SERVICE}.protocol": "UDP"},
        "is told of a mark, which packets of any protocol may have",
        "Write it in marked",
    ),
    bad(
        "checks that wait for the address of a mark",
        {**MARKED, f"{FIRST_SERVICE}.alpha": False, f"{FIRST_SERVICE}.ha_suspend": True},
        "keepalived knows none of a mark",
    ),
    bad(
        "packets one by one, of a mark of two protocols",
        {
            **OF_UDP,
            f"{FIRST_SERVICE}.marked[1]": {"address": VIP, "ports": [53]},
            f"{FIRST_SERVICE}.ops": True,
        },
        "is not for TCP",
    ),
    bad(
        "nginx behind a mark of udp",
        {f"{FIRST_UPSTREAM}.virtual_server": "web", **MARKED, f"{FIRST_SERVICE}.marked[0].protocol": "UDP"},
        "is of UDP, and nginx serves HTTP",
        path=f"{FIRST_UPSTREAM}.virtual_server",
    ),
    bad(
        "a server's port that no packet comes to",
        {**MARKED, f"{FIRST_SERVICE}.real_servers[1].port": 8443},
        "must be the service's, 80 or 443",
        "write port: 80 or 443",
    ),
    bad(
        "a port of a server's own, with a mark of one port",
        {
            **MARKED,
            f"{FIRST_SERVICE}.marked": [{"address": VIP, "ports": [80]}],
            f"{FIRST_SERVICE}.lb_kind": "NAT",
            f"{FIRST_SERVICE}.real_servers[1].port": 8000,
        },
        "is for a service with a mark, and nothing rewrites the port of what is marked",
    ),
    bad(
        "a host's address in a group, without keepalived",
        {
            **GROUP,
            "lvs_vrrp_instances": REMOVED,
            f"{FIRST_SERVICE}.hosts": ["lvs1"],
            f"{FIRST_SERVICE}.check": REMOVED,
            f"{FIRST_SERVICE}.group[1].address": HOSTS["web2"],
        },
        "is already the address of host web2",
        path=f"{FIRST_SERVICE}.group[1].address",
    ),
]


@pytest.mark.parametrize(("changes", "path", "fragments"), MISTAKES)
def test_one_mistake_is_reported_once_with_its_path_reason_and_remedy(changes, path, fragments):
    told_once(changes, path, fragments)


@pytest.mark.parametrize(
    "changes",
    [
        MARKED,
        GROUP,
        {**GROUP, **BOTH_FLOAT, f"{FIRST_SERVICE}.group[1].address": OTHER_VIP},
        {**GROUP, SECOND_INSTANCE: OTHER_INSTANCE, f"{FIRST_SERVICE}.group[1].address": OTHER_VIP},
        {**MARKED, **WITH_OTHER, SECOND_SERVICE: {**OTHER, "address": VIP, "port": 8080}},
        {**OF_UDP, f"{FIRST_SERVICE}.ops": True},
        {**MARKED, f"{FIRST_SERVICE}.real_servers[1].port": 443},
        {**OF_NETWORKS, **ROUTED_TO, "lvs_vrrp_instances": REMOVED, f"{FIRST_SERVICE}.hosts": ["lvs1"]},
    ],
    ids=[
        "a mark",
        "a group",
        "of two addresses",
        "of two instances",
        "beside a service",
        "of udp",
        "one port checked",
        "networks of clients, without keepalived",
    ],
)
def test_each_way_is_accepted(changes):
    assert problems_with(changes) == []

# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._description import inventory
from ansible_collections.lvs.cluster.tests.unit.plugins.module_utils._description.example import VIP, hostvars
from ansible_collections.lvs.cluster.tests.unit.plugins.module_utils._description.mistakes import (
    FIRST_INSTANCE,
    SECOND_INSTANCE,
    TWO_UPSTREAMS,
    bad,
    problems_with,
    told_once,
)

PROCESSES, FILES, BFD = "lvs_vrrp_track_processes", "lvs_vrrp_track_files", "lvs_bfd_instances"
GROUPS = "lvs_vrrp_sync_groups"
NGINX = {PROCESSES: [{"name": "nginx", "process": "nginx"}]}
PLANNED = {FILES: [{"name": "planned", "file": "/run/planned"}]}
PEERS = {BFD: [{"name": "peers", "hosts": ["lvs1", "lvs2"]}]}
GROUP = {
    **TWO_UPSTREAMS,
    f"{SECOND_INSTANCE}.hosts": ["lvs1", "lvs2"],
    GROUPS: [{"name": "both", "group": ["web", "mail"]}],
}
WATCHED = {
    "track_process": (NGINX, "nginx"),
    "track_file": (PLANNED, "planned"),
    "track_bfd": (PEERS, "peers"),
}
STATIC = {"host": "lvs1", "address": "192.0.2.61/24", "dev": "eth0"}


def watching(name: str, *watched: Any) -> dict[str, Any]:
    return {f"{FIRST_INSTANCE}.{name}": list(watched)}


MISTAKES = [
    bad(
        "group with an instance that is spread",
        {**GROUP, f"{FIRST_INSTANCE}.spread": True},
        '= "web": has a master for each address',
        path=f"{GROUPS}[0].group[0]",
    ),
    *(
        bad(
            f"{name} of what nobody describes",
            {**described, **watching(name, {"name": "other", "weight": 5, "reverse": True})},
            f'= "other": is not described in {next(iter(described))}',
            path=f"{FIRST_INSTANCE}.{name}[0]",
        )
        for name, (described, _name) in WATCHED.items()
    ),
    *(
        bad(
            f"{name} of one thing twice",
            {
                **described,
                **watching(name, *({"name": watched, "weight": each, "reverse": True} for each in (5, 6))),
            },
            "is watched already",
            path=f"{FIRST_INSTANCE}.{name}[1]",
        )
        for name, (described, watched) in WATCHED.items()
    ),
    bad(
        "reverse without a weight",
        watching("track_interface", {"interface": "eth1", "reverse": True}),
        "no effect without a weight",
        path=f"{FIRST_INSTANCE}.track_interface[0].reverse",
    ),
    bad(
        "weight that is more than a priority",
        watching("track_interface", {"interface": "eth1", "weight": 254}),
        "is out of range",
        path=f"{FIRST_INSTANCE}.track_interface[0].weight",
    ),
    bad(
        "own interface, as the host has it",
        {"hosts.lvs2.lvs_interface": "eth1", **watching("track_interface", "eth1")},
        "own interface, which is watched anyway",
        path=f"{FIRST_INSTANCE}.track_interface[0]",
    ),
    bad(
        "neighbour without a weight",
        {**PEERS, **watching("track_bfd", "peers")},
        "takes a director whose neighbour is gone out",
        "reverse: true",
        path=f"{FIRST_INSTANCE}.track_bfd[0]",
    ),
    bad(
        "neighbour whose end makes worse",
        {**PEERS, **watching("track_bfd", {"name": "peers", "weight": 10})},
        "or makes it worse",
        path=f"{FIRST_INSTANCE}.track_bfd[0]",
    ),
    bad(
        "neighbours that are not those of the instance",
        {
            BFD: [{"name": "peers", "hosts": ["lvs1", "app1"]}],
            **watching("track_bfd", {"name": "peers", "weight": 10, "reverse": True}),
        },
        "does not ask lvs2 of instance web",
        path=f"{FIRST_INSTANCE}.track_bfd[0]",
    ),
    bad("neighbour of nobody", {BFD: [{"name": "peers", "hosts": ["lvs1"]}]}, "no neighbour", path=f"{BFD}[0].hosts"),
    bad(
        "neighbour that is no host",
        {BFD: [{"name": "peers", "hosts": ["lvs1", "lvs9"]}]},
        "is not a host of the inventory",
        path=f"{BFD}[0].hosts[1]",
    ),
    bad(
        "neighbours without addresses on their interface",
        {
            "hosts.lvs1.lvs_addresses": {"eth1": "198.51.100.11"},
            "hosts.lvs2.lvs_addresses": {"eth2": "198.51.100.12"},
            BFD: [{"name": "peers", "hosts": ["lvs1", "lvs2"], "interface": "eth1"}],
        },
        "has no known IPv4 address on eth1",
        path=f"{BFD}[0].hosts[1]",
    ),
    bad(
        "neighbours that ask each other twice",
        {BFD: [*PEERS[BFD], {"name": "again", "hosts": ["lvs2", "lvs1"]}]},
        "ask each other by peers already",
        path=f"{BFD}[1].hosts",
    ),
    bad(
        "more routers than a packet lives",
        {BFD: [{"name": "peers", "hosts": ["lvs1", "lvs2"], "ttl": 5, "max_hops": 6}]},
        "is more than the ttl, 5",
        path=f"{BFD}[0].max_hops",
    ),
    bad(
        "program that the kernel calls otherwise",
        {PROCESSES: [{"name": "nginx", "process": "/usr/sbin/nginx"}]},
        "is not what the kernel calls a program",
        "full_command: true",
        path=f"{PROCESSES}[0].process",
    ),
    bad(
        "fewer than there must be",
        {PROCESSES: [{"name": "nginx", "process": "nginx", "quorum": 3, "quorum_max": 2}]},
        "is more than quorum_max",
        path=f"{PROCESSES}[0].quorum",
    ),
    bad(
        "two processes of one name",
        {PROCESSES: [*NGINX[PROCESSES], {"name": "nginx", "process": "haproxy"}]},
        "is the name of an earlier entry too",
        path=f"{PROCESSES}[1].name",
    ),
    bad(
        "weight of a file in the block of the file",
        {FILES: [{"name": "planned", "file": "/run/planned", "raw": ["weight 5"]}]},
        "follows from the weight of what tracks it",
        path=f"{FILES}[0].raw",
    ),
    bad(
        "group of one", {GROUPS: [{"name": "both", "group": ["web"]}]}, "one instance alone", path=f"{GROUPS}[0].group"
    ),
    bad(
        "group of what nobody describes",
        {GROUPS: [{"name": "both", "group": ["web", "other"]}]},
        "is not described in lvs_vrrp_instances",
        path=f"{GROUPS}[0].group[1]",
    ),
    bad(
        "instance of two groups",
        {
            **TWO_UPSTREAMS,
            f"{SECOND_INSTANCE}.hosts": ["lvs1", "lvs2"],
            GROUPS: [{"name": "both", "group": ["web", "mail"]}, {"name": "again", "group": ["mail", "web"]}],
            f"{GROUPS}[1].group": ["mail", "mail2"],
            "lvs_vrrp_instances[2]": {
                "name": "mail2",
                "virtual_router_id": 60,
                "virtual_ipaddress": ["192.0.2.160"],
                "hosts": ["lvs1", "lvs2"],
            },
        },
        "is in group both already",
        path=f"{GROUPS}[1].group[0]",
    ),
    bad(
        "group whose members prefer other hosts",
        {**GROUP, f"{SECOND_INSTANCE}.hosts": ["lvs2", "lvs1"]},
        "has other hosts than web, or in another order",
        path=f"{GROUPS}[0].group[1]",
    ),
    bad(
        "weight in a group that has none",
        {**GROUP, **watching("track_interface", {"interface": "eth1", "weight": 5})},
        "is in group both, which takes none",
        "sync_group_tracking_weight: true",
        path=f"{FIRST_INSTANCE}.track_interface[0]",
    ),
    bad(
        "file without weight 0 in a group that has none",
        {**GROUP, **PLANNED, **watching("track_file", "planned")},
        "is in group both, which takes none",
        path=f"{FIRST_INSTANCE}.track_file[0]",
    ),
    bad(
        "watched by the group too",
        {
            **GROUP,
            GROUPS: [{"name": "both", "group": ["web", "mail"], "track_interface": ["eth1"]}],
            **watching("track_interface", "eth1"),
        },
        "is watched by group both already",
        path=f"{FIRST_INSTANCE}.track_interface[0]",
    ),
    bad(
        "address of a host without keepalived",
        {"lvs_static_ipaddress": [{**STATIC, "host": "web1"}]},
        "is in no VRRP instance",
        path="lvs_static_ipaddress[0].host",
    ),
    bad(
        "address of no interface",
        {"lvs_static_ipaddress": [{"host": "lvs1", "address": "192.0.2.61"}]},
        "is missing",
        "Write dev",
        path="lvs_static_ipaddress[0].dev",
    ),
    bad(
        "address that floats",
        {"lvs_static_ipaddress": [{**STATIC, "address": VIP}]},
        "floats with instance web",
        path="lvs_static_ipaddress[0].address",
    ),
    bad(
        "route of a host without keepalived",
        {"lvs_static_routes": [{"to": "default", "dev": "eth0", "hosts": ["lvs1", "web1"]}]},
        "is in no VRRP instance",
        path="lvs_static_routes[0].hosts[1]",
    ),
    bad(
        "route that nobody watches",
        {"lvs_static_routes": [{"to": "default", "via": "192.0.2.1"}]},
        "is missing",
        path="lvs_static_routes[0].dev",
    ),
    bad(
        "no time for IPVS",
        {"lvs_global_defs": {"lvs_timeouts": {}}},
        "has no time",
        path="lvs_global_defs.lvs_timeouts",
    ),
    bad(
        "group that is no multicast address",
        {"lvs_global_defs": {"vrrp_mcast_group4": "192.0.2.9"}},
        "is no multicast address of IPv4",
        path="lvs_global_defs.vrrp_mcast_group4",
    ),
    bad(
        "group that leaves the link",
        {"lvs_global_defs": {"vrrp_mcast_group6": "ff05::2"}},
        "is for more than one link",
        path="lvs_global_defs.vrrp_mcast_group6",
    ),
]


@pytest.mark.parametrize(("changes", "path", "fragments"), MISTAKES)
def test_one_mistake_is_reported_once_with_its_path_reason_and_remedy(changes, path, fragments):
    told_once(changes, path, fragments)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({**NGINX, **watching("track_process", "nginx")}, id="process"),
        pytest.param({**PLANNED, **watching("track_file", {"name": "planned", "weight": 0})}, id="file"),
        pytest.param(
            {**PEERS, **watching("track_bfd", {"name": "peers", "weight": -10, "reverse": True})}, id="neighbour"
        ),
        pytest.param({**GROUP, **watching("track_interface", "eth1")}, id="group, and a fault of one of it"),
        pytest.param(
            {
                **GROUP,
                f"{GROUPS}[0].sync_group_tracking_weight": True,
                **watching("track_interface", {"interface": "eth1", "weight": 5}),
            },
            id="group with weights",
        ),
        pytest.param({"lvs_static_ipaddress": [STATIC]}, id="address of one host"),
    ],
)
def test_accepted(changes):
    assert problems_with(changes) == []


def remarks(changes: dict[str, Any]) -> list[str]:
    (told,) = inventory.views(hostvars(changes), ["lvs1"])
    remarked: list[str] = told["cluster"]["remarks"]
    return remarked


def test_a_weight_that_moves_nobody_is_remarked_on():
    weighed = watching("track_interface", {"interface": "eth1", "weight": -5})
    (told,) = remarks({f"{FIRST_INSTANCE}.preempt": False, **weighed})
    assert told.startswith(f"{FIRST_INSTANCE} watches eth1 with a weight, and nobody preempts")
    assert remarks(weighed) == []
    assert remarks({f"{FIRST_INSTANCE}.preempt": False, **watching("track_interface", "eth1")}) == []


def test_each_host_asks_the_others_and_watches_them_by_the_names_that_they_have_there():
    changes = {
        BFD: [{"name": "peers", "hosts": ["lvs1", "app1", "lvs2"]}],
        **watching("track_bfd", {"name": "peers", "weight": 10, "reverse": True}),
    }
    keepalived = inventory.view(hostvars(changes), "lvs2")["keepalived"]
    assert keepalived["blocks"] == [
        {"keyword": "bfd_instance peers:1", "lines": [["neighbor_ip", "192.0.2.11"], ["source_ip", "192.0.2.12"]]},
        {"keyword": "bfd_instance peers:2", "lines": [["neighbor_ip", "192.0.2.31"], ["source_ip", "192.0.2.12"]]},
    ]
    watched = dict(keepalived["vrrp_instances"][0]["lines"])["track_bfd"]
    assert watched == [["peers:1 weight 10 reverse", True], ["peers:2 weight 10 reverse", True]]


def test_of_two_hosts_the_neighbour_has_the_name_of_its_entry():
    (block,) = inventory.view(hostvars(PEERS), "lvs1")["keepalived"]["blocks"]
    assert block["keyword"] == "bfd_instance peers"


def test_a_host_has_its_own_addresses_and_the_routes_of_all():
    changes = {
        "lvs_static_ipaddress": [STATIC, {**STATIC, "host": "lvs2", "address": "192.0.2.62/24"}],
        "lvs_static_routes": [
            {"to": "default", "dev": "eth0"},
            {"to": "203.0.113.0/24", "dev": "eth0", "hosts": ["lvs1"]},
        ],
    }
    assert inventory.view(hostvars(changes), "lvs2")["keepalived"]["blocks"] == [
        {"keyword": "static_ipaddress", "lines": [["192.0.2.62/24 dev eth0", True]]},
        {"keyword": "static_routes", "lines": [["default dev eth0", True]]},
    ]

# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.lvs.cluster.tests.unit.plugins.module_utils._description.example import (
    OTHER_VIP,
    REMOVED,
    VIP,
)
from ansible_collections.lvs.cluster.tests.unit.plugins.module_utils._description.mistakes import (
    FIRST_INSTANCE,
    SECOND_INSTANCE,
    TWO_UPSTREAMS,
    bad,
    problems_with,
    told_once,
)

# The second instance with directors of its own, with the first one's number.
PAIR_ELSEWHERE = {
    "hosts.lvs3": {"ansible_host": "198.51.100.13"},
    "hosts.lvs4": {"ansible_host": "198.51.100.14"},
    f"{SECOND_INSTANCE}.hosts": ["lvs3", "lvs4"],
    f"{SECOND_INSTANCE}.virtual_router_id": 51,
}
SPREAD = {
    f"{FIRST_INSTANCE}.spread": True,
    f"{FIRST_INSTANCE}.virtual_ipaddress": [f"{VIP}/32", "198.51.100.1/32", "198.51.100.2/32"],
}
SPREAD_SECOND = {
    f"{SECOND_INSTANCE}.spread": True,
    f"{SECOND_INSTANCE}.virtual_ipaddress": [f"{OTHER_VIP}/32", "198.51.100.1/32"],
}
ELSEWHERE = {f"{SECOND_INSTANCE}.virtual_router_id": 100}

MISTAKES = [
    bad(
        "instance on an interface whose address is not known",
        {"hosts.lvs2.lvs_interface": "eth0", f"{FIRST_INSTANCE}.interface": "eth1"},
        '= "lvs2": has no known IPv4 address on eth1, the interface of the instance',
        "Set lvs_addresses of that host to {eth1: ADDRESS}",
        path=f"{FIRST_INSTANCE}.hosts[1]",
    ),
    bad(
        "director listed twice",
        {f"{FIRST_INSTANCE}.hosts[2]": "lvs1"},
        '= "lvs1": is the same as [0]',
        "List it once",
    ),
    bad(
        "director not in the inventory",
        {f"{FIRST_INSTANCE}.hosts[1]": "lvs3"},
        '"lvs3": is not a host',
        "Add the host",
    ),
    bad("director by address", {f"{FIRST_INSTANCE}.hosts[1]": "192.0.2.12"}, "is not a host", "mend the name"),
    bad(
        "director without an address",
        {"hosts.lvs2.ansible_host": REMOVED},
        '"lvs2": is a host without an address',
        "Set lvs_address (or ansible_host)",
        path=f"{FIRST_INSTANCE}.hosts[1]",
    ),
    bad(
        "more directors than priorities",
        {
            **{f"hosts.d{number}": {"ansible_host": f"198.51.100.{number}"} for number in range(255)},
            f"{FIRST_INSTANCE}.hosts": [f"d{number}" for number in range(255)],
        },
        "= 255: are more hosts than VRRP has priorities (254)",
        "several instances",
    ),
    bad(
        "VIP that is a host's own",
        {f"{FIRST_INSTANCE}.virtual_ipaddress[1]": "192.0.2.31/32"},
        '= "192.0.2.31": is already the address of host app1',
        "Choose an address that no host has",
    ),
    bad("VIP listed twice", {f"{FIRST_INSTANCE}.virtual_ipaddress[1]": f"{VIP}/32"}, "same as [0]", "List it once"),
    bad(
        "VIP with two prefixes",
        {f"{FIRST_INSTANCE}.virtual_ipaddress[1]": f"{VIP}/24"},
        "another way",
        "List it once",
    ),
    bad(
        "VIP of two instances",
        {**TWO_UPSTREAMS, f"{SECOND_INSTANCE}.virtual_ipaddress[1]": f"{VIP}/32"},
        f'= "{VIP}": floats with instance web already',
        "List it in one instance",
    ),
    bad(
        "same VRID on the default interface",
        {**TWO_UPSTREAMS, f"{SECOND_INSTANCE}.virtual_router_id": 51},
        "= 51: is the virtual_router_id of instance web on the same interface",
        "Choose an unused one",
    ),
    bad(
        "same VRID on a named interface",
        {
            **TWO_UPSTREAMS,
            f"{FIRST_INSTANCE}.interface": "eth1",
            f"{SECOND_INSTANCE}.interface": "eth1",
            f"{SECOND_INSTANCE}.virtual_router_id": "51",
        },
        "of instance web on the same interface",
    ),
    bad(
        "same VRID on an interface that may be the default",
        {**TWO_UPSTREAMS, f"{FIRST_INSTANCE}.interface": "eth1", f"{SECOND_INSTANCE}.virtual_router_id": 51},
        "of instance web, whose interface may be the same",
        "Choose an unused one",
    ),
    bad(
        "refused interface beside the same VRID",
        {**TWO_UPSTREAMS, f"{SECOND_INSTANCE}.virtual_router_id": 51, f"{SECOND_INSTANCE}.interface": "eth 1"},
        "is not a name",
    ),
    bad(
        "same VRID on interfaces of one name in one network",
        {
            **TWO_UPSTREAMS,
            **PAIR_ELSEWHERE,
            f"{FIRST_INSTANCE}.interface": "eth0",
            f"{SECOND_INSTANCE}.interface": "eth1",
            "hosts.lvs3": {"lvs_addresses": {"eth1": "192.0.2.13"}},
            "hosts.lvs4": {"lvs_addresses": {"eth1": "192.0.2.14"}},
        },
        "of instance web, on the same network",
        path=f"{SECOND_INSTANCE}.virtual_router_id",
    ),
    bad(
        "advert_int between the steps of VRRPv3",
        {f"{FIRST_INSTANCE}.version": 3, f"{FIRST_INSTANCE}.advert_int": 0.125},
        "= 0.125: VRRPv3 counts in hundredths of a second",
        "Write at most 2 decimals",
    ),
    bad(
        "more addresses than an advert names",
        {
            f"{FIRST_INSTANCE}.virtual_ipaddress": [
                f"{VIP}/32",
                *(f"198.51.100.{number}/32" for number in range(1, 255)),
                "203.0.113.1/32",
            ]
        },
        "= 256: are more addresses than a VRRP advert can name (255)",
        "several instances",
    ),
    bad(
        "VIP that makes a host's address a broadcast address",
        {"hosts.app1.ansible_host": "198.51.100.127", f"{FIRST_INSTANCE}.virtual_ipaddress[1]": "198.51.100.100/25"},
        "makes 198.51.100.127, the address of host app1, the broadcast address of 198.51.100.0/25",
        "Write 198.51.100.100/32, or the prefix length",
    ),
    bad(
        "VIP that makes another one a network address",
        {f"{FIRST_INSTANCE}.virtual_ipaddress": [f"{VIP}/32", "198.51.100.9/24", "198.51.100.0/32"]},
        "makes 198.51.100.0 the network address of 198.51.100.0/24",
        path=f"{FIRST_INSTANCE}.virtual_ipaddress[1]",
    ),
    bad(
        "directors that are one machine",
        {"hosts.lvs3": {"ansible_host": "192.0.2.11"}, f"{FIRST_INSTANCE}.hosts[2]": "lvs3"},
        '= "lvs3": is the same machine as lvs1, by its address 192.0.2.11',
        "Name the machine once",
    ),
    bad(
        "name of an earlier instance",
        {**TWO_UPSTREAMS, f"{SECOND_INSTANCE}.name": "web"},
        '= "web": is the name of an earlier entry too',
        "a name of its own",
    ),
    bad(
        "authentication with VRRPv3",
        {f"{FIRST_INSTANCE}.version": 3, f"{FIRST_INSTANCE}.authentication": {"auth_pass": "secret"}},
        "VRRPv3 has no authentication",
        "Remove it, or write version: 2",
    ),
    bad("fraction with VRRPv2", {f"{FIRST_INSTANCE}.advert_int": 0.5}, "= 0.5: VRRPv2 counts in whole", "version: 3"),
    bad(
        "advert_int too long for VRRPv3",
        {f"{FIRST_INSTANCE}.version": 3, f"{FIRST_INSTANCE}.advert_int": 41},
        "= 41: is more than VRRPv3 can express",
        "Write at most 40.95",
    ),
    bad(
        "spread beyond the last number",
        {**SPREAD, f"{FIRST_INSTANCE}.virtual_router_id": 254},
        "= 254: leaves no number for the last of 3 addresses, as spread gives each the next one",
        "Write at most 253",
    ),
    bad(
        "spread over a number of an earlier instance",
        {**TWO_UPSTREAMS, f"{FIRST_INSTANCE}.virtual_router_id": 53, **SPREAD_SECOND},
        "= 52: makes 53 with spread, the virtual_router_id of instance web on the same interface",
        "Choose an unused one",
        path=f"{SECOND_INSTANCE}.virtual_router_id",
    ),
    bad(
        "number that an earlier one's spread has",
        {**TWO_UPSTREAMS, **SPREAD},
        "= 52: is the virtual_router_id of instance web_2 on the same interface",
        path=f"{SECOND_INSTANCE}.virtual_router_id",
    ),
    bad(
        "spread of a name that leaves no room",
        {**SPREAD, f"{FIRST_INSTANCE}.name": "a" * 62},
        "has 62 characters, and spread adds _1",
        "Write at most 61",
    ),
    bad(
        "name that spread gives",
        {**TWO_UPSTREAMS, **SPREAD, **ELSEWHERE, f"{SECOND_INSTANCE}.name": "web_3"},
        '= "web_3": is an instance that spread makes of web',
        "Choose another name",
    ),
    bad(
        "spread that gives a name that is there",
        {**TWO_UPSTREAMS, f"{FIRST_INSTANCE}.name": "mail_1", **SPREAD_SECOND},
        '= "mail": makes mail_1 with spread, the name of an earlier entry',
        "Choose another name",
        path=f"{SECOND_INSTANCE}.name",
    ),
    bad(
        "spread with a route of one master",
        {**SPREAD, f"{FIRST_INSTANCE}.virtual_routes": [{"to": "203.0.113.0/24", "dev": "eth0"}]},
        "spread makes one for each address",
        path=f"{FIRST_INSTANCE}.virtual_routes[0]",
    ),
    bad(
        "spread with an interface of one name",
        {**SPREAD, f"{FIRST_INSTANCE}.unicast": False, f"{FIRST_INSTANCE}.use_vmac": "vrrp"},
        "spread makes an instance for each address",
        "Write true",
    ),
    bad(
        "spread without preemption",
        {f"{FIRST_INSTANCE}.preempt": False, f"{FIRST_INSTANCE}.spread": True},
        "has no effect with preempt: false",
        "Remove it, or remove preempt: false",
    ),
    bad(
        "preempt_delay without preemption",
        {f"{FIRST_INSTANCE}.preempt": False, f"{FIRST_INSTANCE}.preempt_delay": 30},
        "= 30: has no effect with preempt: false",
        "Remove it, or remove preempt: false",
    ),
]


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({f"{FIRST_INSTANCE}.version": 3, f"{FIRST_INSTANCE}.advert_int": 0.1}, id="fraction with VRRPv3"),
        pytest.param({f"{FIRST_INSTANCE}.version": 3, f"{FIRST_INSTANCE}.advert_int": 40.95}, id="longest of VRRPv3"),
        pytest.param({f"{FIRST_INSTANCE}.version": 3, f"{FIRST_INSTANCE}.advert_int": 0.01}, id="shortest of VRRPv3"),
        pytest.param({f"{FIRST_INSTANCE}.advert_int": 255}, id="longest of VRRPv2"),
        pytest.param({f"{FIRST_INSTANCE}.preempt_delay": 30}, id="preempt_delay"),
        pytest.param({f"{FIRST_INSTANCE}.preempt": False}, id="no preemption"),
        pytest.param(
            {
                **{f"hosts.d{number}": {"ansible_host": f"198.51.100.{number}"} for number in range(254)},
                f"{FIRST_INSTANCE}.hosts": [f"d{number}" for number in range(254)],
            },
            id="as many directors as priorities",
        ),
        pytest.param({f"{FIRST_INSTANCE}.hosts": ["lvs2"]}, id="one director"),
        pytest.param(
            {
                f"{FIRST_INSTANCE}.interface": "eth1",
                "hosts.lvs1": {"ansible_host": "lvs1.example", "lvs_addresses": {"eth1": "192.0.2.11"}},
            },
            id="director that has an address on the instance's interface alone",
        ),
        pytest.param(
            {
                "hosts.lvs2.lvs_interface": "eth0",
                f"{FIRST_INSTANCE}.interface": "eth1",
                f"{FIRST_INSTANCE}.unicast": False,
            },
            id="multicast on an interface whose address is not told",
        ),
        pytest.param(
            {
                **TWO_UPSTREAMS,
                f"{FIRST_INSTANCE}.interface": "eth0",
                f"{SECOND_INSTANCE}.interface": "eth1",
                f"{SECOND_INSTANCE}.virtual_router_id": 51,
            },
            id="same VRID on two interfaces",
        ),
        pytest.param({**TWO_UPSTREAMS, **PAIR_ELSEWHERE}, id="same VRID in another network"),
        pytest.param(
            {
                f"{FIRST_INSTANCE}.virtual_ipaddress": [
                    f"{VIP}/32",
                    *(f"198.51.100.{number}/32" for number in range(1, 255)),
                ]
            },
            id="as many addresses as an advert names",
        ),
        pytest.param({f"{FIRST_INSTANCE}.virtual_ipaddress[1]": "198.51.100.2/31"}, id="first of two addresses"),
        pytest.param({**SPREAD, f"{FIRST_INSTANCE}.virtual_router_id": 253}, id="spread up to the last number"),
        pytest.param({**SPREAD, f"{FIRST_INSTANCE}.name": "a" * 61}, id="spread of the longest name"),
        pytest.param({**SPREAD, f"{FIRST_INSTANCE}.preempt_delay": 30}, id="spread that waits"),
    ],
)
def test_what_is_legitimate_is_accepted(changes):
    assert problems_with(changes) == []


@pytest.mark.parametrize(("changes", "path", "fragments"), MISTAKES)
def test_one_mistake_is_reported_once_with_its_path_reason_and_remedy(changes, path, fragments):
    told_once(changes, path, fragments)

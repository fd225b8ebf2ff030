# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.lvs.cluster.tests.unit.plugins.module_utils._description.example import OTHER_VIP, REMOVED, VIP
from ansible_collections.lvs.cluster.tests.unit.plugins.module_utils._description.mistakes import (
    FIRST_INSTANCE,
    SECOND_INSTANCE,
    TWO_UPSTREAMS,
    bad,
    problems_with,
    told_once,
)

MULTICAST = {f"{FIRST_INSTANCE}.unicast": False}
NO_SERVICES = {"lvs_virtual_servers": REMOVED, "lvs_nginx_upstreams": REMOVED}
STRICT = {**NO_SERVICES, **MULTICAST, f"{FIRST_INSTANCE}.strict_mode": True}
ROUTES, RULES = f"{FIRST_INSTANCE}.virtual_routes", f"{FIRST_INSTANCE}.virtual_rules"
EXCLUDED = f"{FIRST_INSTANCE}.virtual_ipaddress_excluded"

MISTAKES = [
    bad("multicast source of unicast", {f"{FIRST_INSTANCE}.mcast_src_ip": True}, "is for multicast", "unicast: false"),
    bad(
        "late master that preempts",
        {f"{FIRST_INSTANCE}.timer_expired_backup": True},
        "does not preempt",
        "preempt: false",
    ),
    bad(
        "late master that is alone",
        {
            f"{FIRST_INSTANCE}.hosts": ["lvs1"],
            f"{FIRST_INSTANCE}.preempt": False,
            f"{FIRST_INSTANCE}.timer_expired_backup": True,
        },
        "several hosts",
    ),
    bad("checksum of VRRPv2", {f"{FIRST_INSTANCE}.v3_checksum_as_v2": True}, "is for VRRPv3", "version: 3"),
    bad(
        "unicast from a MAC address of its own",
        {f"{FIRST_INSTANCE}.use_vmac": True},
        "has no address to send unicast adverts from",
        "vmac_xmit_base: true, or unicast: false",
    ),
    bad("base of no MAC address", {f"{FIRST_INSTANCE}.vmac_xmit_base": True}, "no effect without use_vmac"),
    bad(
        "more repeats than a master has time for",
        {f"{FIRST_INSTANCE}.garp_master_repeat": 101},
        "= 101: is out of range",
        "from 1 to 100",
    ),
    bad("repeats of no MAC address", {f"{FIRST_INSTANCE}.garp_extra_if": 60}, "no effect without use_vmac"),
    bad(
        "two MAC addresses of one interface",
        {
            **TWO_UPSTREAMS,
            **MULTICAST,
            f"{SECOND_INSTANCE}.unicast": False,
            f"{FIRST_INSTANCE}.use_vmac": "vrrp.web",
            f"{SECOND_INSTANCE}.use_vmac": "vrrp.web",
        },
        "is the interface of instance web too",
    ),
    bad(
        "name that keepalived reads as an option",
        {**MULTICAST, f"{FIRST_INSTANCE}.use_vmac": "group"},
        "a word of keepalived's use_vmac",
    ),
    *(
        bad(f"strict, with {name}", {**STRICT, f"{FIRST_INSTANCE}.{name}": value}, "strict_mode takes nothing else")
        for name, value in {
            "authentication": {"auth_pass": "secret"},
            "preempt_delay": 3,
            "down_timer_adverts": 4,
            "garp_lower_prio_delay": 1,
            "garp_lower_prio_repeat": 1,
            "lower_prio_no_advert": False,
            "higher_prio_send_advert": True,
            "accept": True,
        }.items()
    ),
    bad(
        "strict, with unicast",
        {**STRICT, f"{FIRST_INSTANCE}.unicast": True},
        "unicast: false",
        path=f"{FIRST_INSTANCE}.unicast",
    ),
    bad(
        "strict where clients come",
        {**MULTICAST, f"{FIRST_INSTANCE}.strict_mode": True},
        f"drop what clients send to {VIP}, where service web is",
        "accept: true",
    ),
    bad("firewall where clients come", {f"{FIRST_INSTANCE}.accept": False}, f"drop what clients send to {VIP}"),
    bad(
        "broadcast address of one address",
        {f"{FIRST_INSTANCE}.virtual_ipaddress[1]": {"address": OTHER_VIP, "brd": "+"}},
        f"{OTHER_VIP}/32 is none",
        path=f"{FIRST_INSTANCE}.virtual_ipaddress[1].brd",
    ),
    bad(
        "address that floats in two ways",
        {EXCLUDED: [VIP]},
        "is listed in another way too",
        "List it once",
        path=f"{EXCLUDED}[0]",
    ),
    bad(
        "route with bits of a host",
        {ROUTES: [{"to": "192.0.2.1/24", "dev": "eth0"}]},
        "is not an IPv4 or IPv6 network",
        path=f"{ROUTES}[0].to",
    ),
    bad(
        "route that nobody watches",
        {ROUTES: [{"to": "default", "via": "192.0.2.1"}]},
        "is missing",
        "no_track: true",
        path=f"{ROUTES}[0].dev",
    ),
    bad(
        "route to nowhere",
        {ROUTES: [{"to": "default", "no_track": True}]},
        "is missing",
        path=f"{ROUTES}[0].dev",
    ),
    bad("rule without a place", {RULES: [{"table": 100}]}, "is missing", path=f"{RULES}[0].priority"),
]


@pytest.mark.parametrize(("changes", "path", "fragments"), MISTAKES)
def test_one_mistake_is_reported_once_with_its_path_reason_and_remedy(changes, path, fragments):
    told_once(changes, path, fragments)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({**MULTICAST, f"{FIRST_INSTANCE}.mcast_src_ip": True}, id="multicast from the host's address"),
        pytest.param({**MULTICAST, f"{FIRST_INSTANCE}.use_vmac": True}, id="MAC address of its own"),
        pytest.param(
            {f"{FIRST_INSTANCE}.use_vmac": True, f"{FIRST_INSTANCE}.vmac_xmit_base": True}, id="the same by unicast"
        ),
        pytest.param(STRICT, id="strict without services"),
        pytest.param(
            {
                **MULTICAST,
                f"{FIRST_INSTANCE}.version": 3,
                f"{FIRST_INSTANCE}.strict_mode": True,
                f"{FIRST_INSTANCE}.accept": True,
            },
            id="strict with services",
        ),
        pytest.param({**NO_SERVICES, f"{FIRST_INSTANCE}.accept": False}, id="firewall without services"),
        pytest.param(
            {EXCLUDED: [OTHER_VIP], "lvs_virtual_servers[0].address": OTHER_VIP}, id="service that no advert names"
        ),
    ],
)
def test_accepted(changes):
    assert problems_with(changes) == []

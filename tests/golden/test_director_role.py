"""What the role director hands to its modules, worked out as Ansible does."""

from __future__ import annotations

import pytest
from golden.programs import of_a_role

FACTS = {"lvs_cards": ["eth0", "eth1.7"], "lvs_advertised": ["eth1.7"]}


@pytest.mark.parametrize("routes", [[], ["ipv4"], ["ipv6"], ["ipv4", "ipv6"]])
def test_a_router_tells_nobody_of_a_shorter_way_and_keeps_its_own(routes: list[str]) -> None:
    given = {"director_sysctls": {"net.ipv4.vs.conntrack": 1}, "__director_view": {"routes": routes}}
    redirects = [f"net.ipv4.conf.{each}.send_redirects" for each in ("all", "default", "eth0", "eth1/7")]
    wanted = {
        "ipv4": {"net.ipv4.ip_forward": 1, **dict.fromkeys(redirects, 0)},
        # In this order: what came by an advertisement goes as the host begins to route.
        "ipv6": {"net.ipv6.conf.eth1/7.accept_ra": 2, "net.ipv6.conf.all.forwarding": 1},
    }
    told = of_a_role("director", "__director_sysctls", ansible_facts=FACTS, **given)
    assert list(told.items()) == [
        ("net.ipv4.vs.conntrack", 1),
        *(setting for family in routes for setting in wanted[family].items()),
    ]

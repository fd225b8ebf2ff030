"""What the role director hands to its modules, worked out as Ansible does."""

from __future__ import annotations

import pytest
from golden.programs import of_a_role

FACTS = {"lvs_cards": ["eth0", "eth1.7"]}


@pytest.mark.parametrize("is_router", [True, False])
def test_a_router_tells_nobody_of_a_shorter_way_on_whichever_interface(is_router: bool) -> None:
    given = {"director_sysctls": {"net.ipv4.vs.conntrack": 1}, "__director_view": {"routes": is_router}}
    redirects = [f"net.ipv4.conf.{each}.send_redirects" for each in ("all", "default", "eth0", "eth1/7")]
    assert of_a_role("director", "__director_sysctls", ansible_facts=FACTS, **given) == {
        "net.ipv4.vs.conntrack": 1,
        **({"net.ipv4.ip_forward": 1, **dict.fromkeys(redirects, 0)} if is_router else {}),
    }

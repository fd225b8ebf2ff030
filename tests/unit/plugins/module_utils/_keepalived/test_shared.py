from __future__ import annotations

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.shared import shared_terms

CONFIGURATION = """
vrrp_instance a {
    state BACKUP
    version 2
    virtual_router_id 51
    priority 254
    advert_int 1
    authentication {
        auth_type PASS
        auth_pass s3cret
    }
    unicast_src_ip 192.0.2.11
    unicast_peer {
        192.0.2.12
    }
    virtual_ipaddress {
        192.0.2.100/32
        192.0.2.101/32
    }
}

vrrp_instance b {
    version 3
    virtual_router_id 52
    advert_int 0.1
    virtual_ipaddress {
        192.0.2.102/32
    }
}

virtual_server 192.0.2.100 80 {
    delay_loop 6
}
"""


def test_terms_belong_to_the_router_id_of_their_instance() -> None:
    assert shared_terms(CONFIGURATION) == {
        ("51", "version", "2"),
        ("51", "advert_int", "1"),
        ("51", "auth_pass", "s3cret"),
        ("51", "unicast_peer", "{"),
        ("51", "192.0.2.100/32", ""),
        ("51", "192.0.2.101/32", ""),
        ("52", "version", "3"),
        ("52", "advert_int", "0.1"),
        ("52", "192.0.2.102/32", ""),
    }


@pytest.mark.parametrize(
    ("old", "new"),
    [("priority 254", "priority 253"), ("192.0.2.12\n", "192.0.2.13\n"), ("delay_loop 6", "delay_loop 2")],
    ids=["priority", "a peer", "a service"],
)
def test_what_each_director_has_for_itself_is_no_term(old: str, new: str) -> None:
    assert shared_terms(CONFIGURATION.replace(old, new)) == shared_terms(CONFIGURATION)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("192.0.2.101/32", "192.0.2.103/32"),
        ("advert_int 1", "advert_int 2"),
        ("auth_pass s3cret", "auth_pass other"),
        ("version 3", "version 2"),
        ("unicast_peer", "unicast_other"),
        ("virtual_router_id 52", "virtual_router_id 53"),
    ],
)
def test_what_makes_directors_drop_each_others_adverts_is_a_term(old: str, new: str) -> None:
    assert shared_terms(CONFIGURATION.replace(old, new)) != shared_terms(CONFIGURATION)


def test_empty_file_has_no_terms() -> None:
    assert shared_terms("") == frozenset()

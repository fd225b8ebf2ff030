from __future__ import annotations

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.floating import floating

CONFIGURATION = """
vrrp_instance a {
    virtual_router_id 51
    priority 254
    virtual_ipaddress {
        192.0.2.100/32
        192.0.2.101/32
    }
}

vrrp_instance b {
    virtual_router_id 52
    virtual_ipaddress {
        192.0.2.102/32
    }
}
"""


def test_every_address_belongs_to_the_router_id_before_it() -> None:
    assert floating(CONFIGURATION) == {("51", "192.0.2.100/32"), ("51", "192.0.2.101/32"), ("52", "192.0.2.102/32")}


def test_other_settings_move_nothing() -> None:
    assert floating(CONFIGURATION.replace("priority 254", "priority 253")) == floating(CONFIGURATION)


def test_address_that_changes_its_instance_moves() -> None:
    moved = CONFIGURATION.replace("        192.0.2.101/32\n", "").replace("192.0.2.102/32", "192.0.2.101/32")
    assert floating(moved) != floating(CONFIGURATION)


def test_nothing_floats_in_an_empty_file() -> None:
    assert floating("") == frozenset()

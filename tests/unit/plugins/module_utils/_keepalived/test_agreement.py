"""Whether a change touches what directors must agree on, whoever wrote the former configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.agreement import (
    Change,
    Instance,
    changes,
    gone,
    of_dump,
    of_tree,
    of_view,
)
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.grammar import parse
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.status import parse_vrrp_terms

RECORDED = Path(__file__).parent / "recorded"

VIEW: dict[str, Any] = {
    "name": "web",
    "interface": "eth0",
    "version": 2,
    "virtual_router_id": 51,
    "advert_int": 1.0,
    "auth_pass": "s3cret-and-long",
    "unicast_src_ip": "192.0.2.11",
    "unicast_peer": ["192.0.2.12"],
    "mcast_group": "",
    "virtual_ipaddress": ["192.0.2.100/32", "192.0.2.101/24"],
}
MULTICAST = {**VIEW, "unicast_src_ip": "", "unicast_peer": [], "mcast_group": "224.0.0.18"}

# As our template writes it; as tutorials do; and as one may.
FILE = """
vrrp_instance web {
    state BACKUP
    interface eth0
    version 2
    virtual_router_id 51
    priority 254
    advert_int 1
    authentication {
        auth_type PASS
        auth_pass s3cret-and-long
    }
    unicast_src_ip 192.0.2.11
    unicast_peer {
        192.0.2.12
    }
    virtual_ipaddress {
        192.0.2.100/32
        192.0.2.101/24
    }
}
"""
BY_HAND = """
! Configuration File for keepalived
global_defs {
   notification_email { admin@example.com }
   router_id LVS_DEVEL
}
$NET=192.0.2
vrrp_instance VI_1
{
    state MASTER
    interface eth0
    virtual_router_id 51          # unique
    authentication { auth_type PASS
        auth_pass "s3cret-a"
    }
    unicast_peer {
        ${NET}.12   # the other
    }
    unicast_src_ip ${NET}.11
    virtual_ipaddress { 192.0.2.101 dev eth0 label eth0:1
        192.0.2.100
    }
    virtual_ipaddress_excluded {
        192.0.2.200
    }
}
virtual_server 192.0.2.100 80 {
    real_server 192.0.2.21 80 { weight 1 }
}
"""


def of_file(text: str) -> list[Instance]:
    return of_tree(parse(text))


@pytest.mark.parametrize("text", [FILE, BY_HAND], ids=["ours", "by hand"])
def test_a_file_of_the_same_terms_changes_nothing(text: str) -> None:
    assert changes(of_file(text), [of_view(VIEW)]) == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"virtual_ipaddress": ["192.0.2.100/32"]}, "addresses 192.0.2.100 192.0.2.101 -> 192.0.2.100"),
        ({"advert_int": 2}, "advert_int 1.0 -> 2.0"),
        ({"auth_pass": "other"}, "another password"),
        ({"version": 3, "auth_pass": ""}, "version 2 -> 3, another password"),
        (
            {"unicast_peer": ["192.0.2.12", "192.0.2.13"]},
            "unicast addresses 192.0.2.11 192.0.2.12 -> 192.0.2.11 192.0.2.12 192.0.2.13",
        ),
        (
            {"unicast_src_ip": "192.0.2.1"},
            "unicast addresses 192.0.2.11 192.0.2.12 -> 192.0.2.1 192.0.2.12",
        ),
        (
            {"unicast_src_ip": "", "unicast_peer": []},
            "unicast addresses 192.0.2.11 192.0.2.12 -> none, interface none -> eth0",
        ),
        ({"virtual_router_id": 52}, "is new here"),
    ],
)
def test_what_makes_directors_deaf_to_each_other_is_told(change: dict[str, Any], told: str) -> None:
    (found,) = changes(of_file(FILE), [of_view({**VIEW, **change})])
    assert (found.name, found.how) == ("web", told)


@pytest.mark.parametrize(
    "change",
    [
        {"name": "other"},
        {"interface": "eth1"},
        {"priority": 1},
        {"auth_pass": "s3cret-a"},
        {"virtual_ipaddress": ["192.0.2.101", "192.0.2.100/24"]},
        {"unicast_src_ip": "192.0.2.12", "unicast_peer": ["192.0.2.11"]},
    ],
    ids=["name", "interface with unicast", "priority", "password beyond 8", "prefix lengths and order", "the peer"],
)
def test_what_each_director_has_for_itself_is_no_term(change: dict[str, Any]) -> None:
    assert changes(of_file(FILE), [of_view({**VIEW, **change})]) == []


def test_addresses_of_the_other_family_that_stand_in_no_advert_make_no_other_instance() -> None:
    both = BY_HAND.replace("192.0.2.200", "2001:db8::200")
    assert changes(of_file(both), [of_view(VIEW)]) == []


def test_addresses_that_no_instance_here_had_are_named() -> None:
    both = VIEW["virtual_ipaddress"]
    other = {**VIEW, "name": "other", "virtual_router_id": 52, "virtual_ipaddress": ["192.0.2.102/32"]}
    more = {**VIEW, "virtual_ipaddress": [*both, "192.0.2.102/24", "192.0.2.103/32"]}
    ours = ("192.0.2.100", "192.0.2.101")
    for before, after, gains in (
        ([VIEW], more, ("192.0.2.102", "192.0.2.103")),
        ([VIEW, other], more, ("192.0.2.103",)),
        ([more], VIEW, ()),
        ([], VIEW, ours),
    ):
        (change,) = changes([of_view(each) for each in before], [of_view(after)])
        assert change.gains == gains


def test_who_leaves_an_instance_is_named() -> None:
    (change,) = changes(of_file(FILE), [of_view({**VIEW, "unicast_peer": ["192.0.2.13"]})])
    assert change.leaving == ("192.0.2.12",)
    (change,) = changes(of_file(FILE), [of_view({**VIEW, "unicast_peer": ["192.0.2.12", "192.0.2.13"]})])
    assert change.leaving == ()


def test_with_multicast_the_interface_is_a_term() -> None:
    moved = of_view({**MULTICAST, "interface": "eth1"})
    assert changes([of_view(MULTICAST)], [moved]) == [Change("web", "interface eth0 -> eth1")]


def test_with_multicast_the_group_is_a_term() -> None:
    moved = of_view({**MULTICAST, "mcast_group": "224.0.0.19"})
    assert changes([of_view(MULTICAST)], [moved]) == [Change("web", "multicast group 224.0.0.18 -> 224.0.0.19")]
    multicast = FILE[: FILE.index("    unicast_src_ip")] + FILE[FILE.index("    virtual_ipaddress") :]
    assert changes(of_file(f"global_defs {{\n vrrp_mcast_group4 224.0.0.19\n}}\n{multicast}"), [moved]) == []
    assert changes(of_file(multicast.replace("priority", "mcast_dst_ip 224.0.0.19\n priority")), [moved]) == []


def test_an_address_that_moves_changes_both_instances() -> None:
    other = {**VIEW, "name": "other", "virtual_router_id": 52, "virtual_ipaddress": ["192.0.2.102"]}
    before = [of_view(VIEW), of_view(other)]
    after = [
        of_view({**VIEW, "virtual_ipaddress": ["192.0.2.100"]}),
        of_view({**other, "virtual_ipaddress": ["192.0.2.102", "192.0.2.101"]}),
    ]
    assert [each.name for each in changes(before, after)] == ["web", "other"]


def test_a_file_that_is_not_understood_counts_as_another() -> None:
    assert changes(of_file(FILE + "~SEQ(X, 1, 2) a $X\n"), [of_view(VIEW)]) == [
        Change("web", "is new here", gains=("192.0.2.100", "192.0.2.101"))
    ]


def test_an_instance_that_leaves_is_named() -> None:
    assert gone(of_file(FILE), []) == ["web"]
    assert gone(of_file(FILE), [of_view(VIEW)]) == []


def test_defaults_are_those_of_keepalived() -> None:
    (web,) = of_file("global_defs {\n vrrp_version 3\n default_interface eth7\n}\nvrrp_instance web {\n}\n")
    assert (web.terms.version, web.terms.advert_int, web.terms.interface) == (3, 1.0, "eth7")
    (six,) = of_file("vrrp_instance web {\n virtual_ipaddress {\n 2001:db8::1/64\n }\n}\n")
    assert (six.terms.family, six.terms.version) == (6, 3)


# As keepalived 2.2.7 of Debian 12 writes it, a backup with unicast.
DUMP = """------< VRRP Topology >------
 VRRP Instance = web
   VRRP Version = 2
   State = BACKUP
   Master router = 192.0.2.12
   Master priority = 254
   Flags:
     Using unicast
   Wantstate = BACKUP
   Interface = eth0
   Using src_ip = 192.0.2.11 (from configuration)
   Virtual Router ID = 51
   Priority = 253
   Advert interval = 1 sec
   Authentication type = SIMPLE_PASSWORD
   Password = s3cret-a
   Virtual IP (2):
     192.0.2.100 dev eth0 scope global
     192.0.2.101/24 dev eth0 scope global
   Virtual IP Excluded :
     192.0.2.200 dev eth0 scope global
   Check unicast src : no
   Unicast Peer :
     192.0.2.12 min_ttl 0 max_ttl 255
   Unicast checksum compatibility = no
   fd_in 12, fd_out 13
------< Interfaces >------
"""


def test_a_running_keepalived_says_its_terms() -> None:
    assert changes([of_dump(each) for each in parse_vrrp_terms(DUMP)], [of_view(VIEW)]) == []


@pytest.mark.parametrize("recorded", ["2.2.7", "2.2.7-many"])
def test_recorded_ones_do_so_too(recorded: str) -> None:
    text = (RECORDED / recorded / "keepalived.data").read_text()
    instances = [of_dump(each) for each in parse_vrrp_terms(text)]
    assert all(each.terms.advert_int > 0 and each.terms.addresses for each in instances)
    assert changes(instances, instances) == []

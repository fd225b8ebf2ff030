"""From options to the model and back, and what is refused on the way."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import Table, address_service, fwmark_service
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.options import (
    desired_server,
    desired_service,
    desired_table,
    table_options,
)
from ansible_collections.lvs.cluster.plugins.module_utils._problems import OptionsError
from ansible_collections.lvs.cluster.tests.unit.ipvs_strategies import tables
from hypothesis import given

WEB = {"protocol": "tcp", "address": "192.0.2.10", "port": 80}
WEB_KEY = address_service("tcp", "192.0.2.10", 80)


@given(tables())
def test_a_table_survives_the_way_through_options(table: Table) -> None:
    assert desired_table(table_options(table)) == table


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"port": 65536}, "port: 65536 is not a number from 0 to 65535"),
        ({"port": -1}, "port: -1 is not a number"),
        ({"port": None}, "port: missing"),
        ({"port": True}, "port: True is not a number"),
        ({"port": 0}, "port: 0 needs persistence"),
        ({"address": "www.example.com"}, "address: www.example.com is not an IPv4 or IPv6 address"),
        ({"address": "192.0.2.10/32"}, "address: 192.0.2.10/32 is not"),
        ({"address": "010.0.0.1"}, "is not an IPv4"),
        ({"address": None}, "address: missing. Write"),
        ({"address": "239.0.0.1"}, "address: 239.0.0.1 is not the address of one host"),
        ({"address": "::"}, "address: :: is not the address of one host"),
        ({"address": None, "port": None, "fwmark": 7, "protocol": "udp"}, "protocol: udp does not go with a fwmark"),
        ({"family": "ipv6"}, "family: ipv6 is not the family of 192.0.2.10"),
        ({"fwmark": 7}, "fwmark: 7 and address 192.0.2.10 are two services"),
        ({"address": None, "port": None, "fwmark": 0, "protocol": None}, "fwmark: 0 is not a number from 1"),
        ({"address": None, "port": None, "fwmark": 1 << 32}, "fwmark: 4294967296 is not a number"),
        ({"address": None, "protocol": None, "fwmark": 7}, "port: 80 does not go with a fwmark"),
        ({"lb_algo": "rr -p"}, "lb_algo: 'rr -p' is not a name"),
        ({"lb_algo": "rr\n-C"}, "lb_algo: 'rr.n-C' is not a name"),
        ({"lb_algo": "mh", "lb_flags": ["sh-port"]}, "lb_flags: scheduler mh has no flag sh-port"),
        ({"lb_algo": "sh", "lb_flags": ["flag-3"]}, "scheduler sh has no flag flag-3"),
        ({"lb_flags": ["flag-4"]}, "scheduler wlc has no flag flag-4"),
        ({"persistence_timeout": 0}, "persistence_timeout: 0 is not a number from 1 to 2678400"),
        ({"persistence_timeout": 2678401}, "persistence_timeout: 2678401"),
        ({"persistence_granularity": "24"}, "persistence_granularity: 24 means nothing without persistence"),
        ({"persistence_engine": "sip"}, "persistence_engine: sip means nothing without persistence"),
        ({"persistence_timeout": 9, "persistence_granularity": "33"}, "persistence_granularity: 33 is neither"),
        ({"persistence_timeout": 9, "persistence_granularity": "²"}, "persistence_granularity: ² is neither"),
        ({"persistence_timeout": 9, "persistence_granularity": "٢٤"}, "persistence_granularity: ٢٤ is neither"),
        ({"persistence_timeout": 9, "persistence_granularity": "ffff::"}, "persistence_granularity: ffff:: is neither"),
        ({"persistence_timeout": 9, "persistence_engine": "sip -b"}, "persistence_engine: 'sip -b' is not a name"),
        ({"ops": True}, "ops: one-packet scheduling is not for tcp"),
    ],
)
def test_a_service_that_cannot_be_had_is_refused(options: dict[str, Any], complaint: str) -> None:
    with pytest.raises(OptionsError, match=complaint):
        desired_service({**WEB, **options})


@pytest.mark.parametrize("granularity", ["129", "0", "255.255.255.0", "²"])
def test_the_granularity_of_ipv6_is_the_length_of_a_prefix(granularity: str) -> None:
    options = {"address": "2001:db8::10", "port": 80, "persistence_timeout": 9, "persistence_granularity": granularity}
    with pytest.raises(OptionsError, match="length of an IPv6 prefix"):
        desired_service(options)


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"port": 8080}, "port: 8080 is not the service's port 80: with lb_kind DR"),
        ({"port": 8080, "lb_kind": "TUN"}, "port: 8080 is not the service's port 80: with lb_kind TUN"),
        ({"port": 65536, "lb_kind": "NAT"}, "port: 65536 is not a number"),
        ({"address": "2001:db8::21"}, "address: 2001:db8::21 is not ipv4, as the service is"),
        ({"address": "239.0.0.1"}, "address: 239.0.0.1 is not the address of one host"),
        ({"address": "0.0.0.0"}, "is not the address of one host"),
        ({"address": "::", "lb_kind": "TUN"}, "is not the address of one host"),
        ({"address": "ff02::1", "lb_kind": "TUN"}, "is not the address of one host"),
        ({"address": "fe80::1", "lb_kind": "TUN"}, "is not the address of one host"),
        ({"address": "::ffff:192.0.2.21", "lb_kind": "TUN"}, "is not the address of one host"),
        ({"address": "web1"}, "address: web1 is not an IPv4"),
        ({"weight": -1}, "weight: -1 is not a number from 0 to 65535"),
        ({"weight": 65536}, "weight: 65536"),
        ({"uthreshold": -1}, "uthreshold: -1"),
        ({"uthreshold": 1 << 31}, "uthreshold: 2147483648"),
        ({"uthreshold": 5, "lthreshold": 6}, "lthreshold: 6 is not from 0 to uthreshold, which is 5"),
        ({"lthreshold": 1}, "lthreshold: 1 is not from 0 to uthreshold, which is 0"),
        ({"tun_type": "gue"}, "tun_type: gue does not go with lb_kind DR"),
        ({"lb_kind": "NAT", "tun_port": 1}, "tun_port: 1 does not go with lb_kind NAT"),
        ({"lb_kind": "TUN", "tun_type": "gue"}, "tun_port: missing. tun_type gue needs the UDP port"),
        ({"lb_kind": "TUN", "tun_port": 6080}, "tun_port: 6080 does not go with tun_type ipip"),
        ({"lb_kind": "TUN", "tun_type": "gue", "tun_port": 0}, "tun_port: 0 is not a number from 1"),
        ({"lb_kind": "TUN", "tun_checksum": "csum"}, "tun_checksum: csum is not for tun_type ipip"),
        ({"lb_kind": "TUN", "tun_type": "gre", "tun_checksum": "remcsum"}, "remcsum is not for tun_type gre"),
    ],
)
def test_a_server_that_cannot_be_had_is_refused(options: dict[str, Any], complaint: str) -> None:
    with pytest.raises(OptionsError, match=complaint):
        desired_server(WEB_KEY, {"address": "192.0.2.21", **options})


@pytest.mark.parametrize("address", ["ff::1", "fec0::1", "2001:DB8::21", "::1", "::ffff:0:c000:215"])
def test_what_only_looks_like_no_host_is_taken(address: str) -> None:
    assert desired_server(WEB_KEY, {"address": address, "lb_kind": "TUN"}).key.address == address.lower()


def test_weight_0_is_a_weight_and_no_weight_is_1() -> None:
    assert desired_server(WEB_KEY, {"address": "192.0.2.21", "weight": 0}).weight == 0
    assert desired_server(WEB_KEY, {"address": "192.0.2.21"}).weight == 1


def test_a_server_without_a_port_has_the_services() -> None:
    assert desired_server(WEB_KEY, {"address": "192.0.2.21", "lb_kind": "NAT"}).key.port == 80
    assert desired_server(fwmark_service(7), {"address": "192.0.2.21"}).key.port == 0


def test_a_tunnel_may_lead_to_the_other_family() -> None:
    assert desired_server(WEB_KEY, {"address": "2001:db8::21", "lb_kind": "TUN"}).tun_type == "ipip"


@pytest.mark.parametrize(
    ("written", "meant"),
    [("24", "255.255.255.0"), ("255.255.255.0", "255.255.255.0"), ("0", "0.0.0.0"), ("32", None)],
)
def test_a_granularity_is_a_mask_or_the_length_of_a_prefix(written: str, meant: str | None) -> None:
    service = desired_service({**WEB, "persistence_timeout": 9, "persistence_granularity": written})
    assert service.persistence_granularity == meant


def test_all_problems_of_a_table_come_at_once_each_with_its_path() -> None:
    services = [
        {**WEB, "real_servers": [{"address": "192.0.2.21", "port": 8080}, {"address": "192.0.2.21", "weight": 65536}]},
        {**WEB},
        {**WEB, "port": 70000},
        {**WEB, "port": 81, "lb_kind": "NAT", "real_servers": [{"address": "192.0.2.21"}, {"address": "192.0.2.21"}]},
    ]
    with pytest.raises(OptionsError) as caught:
        desired_table(services)
    assert caught.value.remedies == ["Write 80 or leave it out, or use lb_kind NAT", "Remove one of the two"]
    assert [problem.path for problem in caught.value.problems] == [
        "services[0].real_servers[0].port",
        "services[0].real_servers[1].weight",
        "services[1]",
        "services[2].port",
        "services[3].real_servers[1]",
    ]


def test_a_service_says_how_its_servers_are_reached_unless_they_say_it() -> None:
    servers = [{"address": "192.0.2.21"}, {"address": "192.0.2.22", "lb_kind": "TUN"}]
    pool = desired_table([{**WEB, "lb_kind": "NAT", "real_servers": servers}])[WEB_KEY]
    assert [server.lb_kind for server in pool.servers.values()] == ["NAT", "TUN"]

"""What is described, against what runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.addresses import Address
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.expected import (
    differences,
    misplaced,
    problems_of,
    settling_seconds,
)
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.status import parse_check_data, parse_vrrp_terms

RECORDED = Path(__file__).parent / "recorded" / "2.2.7-many"
INSTANCES = parse_vrrp_terms((RECORDED / "keepalived.data").read_text())
SERVICES = [each for each in parse_check_data((RECORDED / "keepalived_check.data").read_text()) if "address" in each]


def described() -> list[dict[str, Any]]:
    """The running instances, as a view has them."""
    return [
        {**each, "auth_pass": each["password"], "unicast_src_ip": "", "unicast_peer": each["unicast_peer"]}
        for each in INSTANCES
    ]


def found(instances: Any = None, services: Any = None) -> list[str]:
    running = {"terms": INSTANCES, "services": SERVICES}
    return differences(
        described() if instances is None else instances, SERVICES if services is None else services, running
    )


def test_what_runs_as_described_is_no_problem() -> None:
    assert found() == []


def test_another_address_and_an_instance_too_many_are_told() -> None:
    web, _other = described()
    problems = found([{**web, "virtual_ipaddress": ["203.0.113.10"]}])
    assert problems == [
        "vrrp_instance web: addresses 203.0.113.10 203.0.113.11 -> 203.0.113.10",
        "vrrp_instance other runs and is not described",
    ]


def test_services_and_servers_are_compared() -> None:
    first, *others = SERVICES
    assert [each for each in found(services=others) if "runs and is not described" in each]
    assert [each for each in found(services=[{**first, "lb_algo": "mh"}, *others]) if "does not run" in each]
    server = {**first["real_servers"][0], "weight": 77}
    problems = found(services=[{**first, "real_servers": [server]}, *others])
    assert len(problems) == 1
    assert "weight 77" in problems[0]


STANDING = [
    Address("127.0.0.1", 8, "lo"),
    Address("192.0.2.100", 32, "lo"),
    Address("192.0.2.11", 24, "eth0"),
    Address("192.0.2.101", 24, "eth0", secondary=True),
    Address("2001:db8::11", 64, "eth0"),
]


@pytest.mark.parametrize(
    ("state", "address", "told"),
    [
        ("BACKUP", "192.0.2.100", ""),
        ("BACKUP", "192.0.2.101", "ip address delete 192.0.2.101/24 dev eth0"),
        ("MASTER", "192.0.2.101", ""),
        ("MASTER", "192.0.2.102", "has not its address 192.0.2.102"),
        ("TRANSITION", "192.0.2.101", ""),
    ],
)
def test_an_address_stands_on_its_master_alone(state: str, address: str, told: str) -> None:
    problems = misplaced([{"name": "web", "state": state, "virtual_ipaddress": [address]}], STANDING)
    assert len(problems) == bool(told)
    assert told in "".join(problems)


def test_settling_takes_as_long_as_the_slowest_takes_over() -> None:
    assert settling_seconds([{"advert_int": 1}, {"advert_int": 0.1}]) == 5.0
    assert settling_seconds([]) == 0.0


def test_problems_are_of_what_runs_and_of_where_addresses_stand() -> None:
    running = {"terms": INSTANCES, "services": SERVICES, "states": []}
    assert problems_of(described(), SERVICES, running, []) == []
    master = {"name": "web", "state": "MASTER", "virtual_ipaddress": ["203.0.113.10/32"]}
    problems = problems_of(described()[:1], SERVICES, {**running, "states": [master]}, [])
    assert problems == [
        "vrrp_instance other runs and is not described",
        "vrrp_instance web: it is MASTER and has not its address 203.0.113.10",
    ]

"""What is described, against what runs."""

from __future__ import annotations

from collections.abc import Sequence
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
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.status import (
    parse_check_data,
    parse_vrrp_data,
    parse_vrrp_terms,
)

RECORDED = Path(__file__).parent / "recorded" / "2.2.7-many"
DATA = (RECORDED / "keepalived.data").read_text()
INSTANCES, STATES = parse_vrrp_terms(DATA), parse_vrrp_data(DATA)
SERVICES = [each for each in parse_check_data((RECORDED / "keepalived_check.data").read_text()) if "address" in each]


def described() -> list[dict[str, Any]]:
    """The running instances, as a view has them."""
    return [
        {
            **each,
            "auth_pass": each["password"],
            "unicast_src_ip": "",
            "virtual_ipaddress_excluded": [f"{address}/24" for address in state["virtual_ipaddress_excluded"]],
        }
        for each, state in zip(INSTANCES, STATES, strict=True)
    ]


def as_view(services: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Running services, as a view has them."""
    return [
        {
            **each,
            "real_servers": [
                {**server, "checkers": [{"keyword": checker["type"], "lines": []} for checker in server["checkers"]]}
                for server in each["real_servers"]
            ],
        }
        for each in services
    ]


DESCRIBED = as_view(SERVICES)


def found(instances: Any = None, services: Any = None, scripts: Sequence[str] = ()) -> list[str]:
    running = {"terms": INSTANCES, "states": STATES, "services": SERVICES, "scripts": [["/run", "a"], ["/other"]]}
    return differences(
        described() if instances is None else instances, DESCRIBED if services is None else services, scripts, running
    )


def test_what_runs_as_described_is_no_problem() -> None:
    assert found() == []


def test_a_script_that_keepalived_left_out_is_told() -> None:
    assert found(scripts=["/run", "/other"]) == []
    assert found(scripts=["/run", "/gone"]) == ["script /gone is not run by keepalived; its log says why"]


def test_another_address_and_an_instance_too_many_are_told() -> None:
    web, _other = described()
    problems = found([{**web, "virtual_ipaddress": ["203.0.113.10"]}])
    assert problems == [
        "vrrp_instance web: addresses 203.0.113.10 203.0.113.11 -> 203.0.113.10",
        "vrrp_instance other runs and is not described",
    ]


def test_an_address_that_no_advert_carries_is_compared_too() -> None:
    web, other = described()
    problems = found([{**web, "virtual_ipaddress_excluded": ["203.0.113.99/24"]}, other])
    had = " ".join(sorted(STATES[0]["virtual_ipaddress_excluded"])) or "none"
    assert problems == [f"vrrp_instance web: virtual_ipaddress_excluded {had} -> 203.0.113.99"]


def test_a_mark_and_a_group_are_compared_by_what_clients_come_by() -> None:
    running = parse_check_data((RECORDED / "keepalived_check.data").read_text())
    told = as_view(running)
    (group,) = (each for each in told if "group" in each)
    mark = next(each for each in told if "fwmark" in each)
    sound = {"terms": INSTANCES, "states": STATES, "services": running, "scripts": []}
    described_group = {**group, "name": "other", "sockets": list(reversed(group["sockets"]))}
    others = [each for each in told if each not in (group, mark)]
    assert differences(described(), [*others, {**mark, "protocol": "TCP"}, described_group], [], sound) == []
    fewer = {**group, "sockets": group["sockets"][:1]}
    assert differences(described(), [*others, mark, fewer], [], sound) == [
        "virtual_server 203.0.113.10 443 (TCP, rr, DR) does not run",
        "virtual_server 203.0.113.10 443 and 203.0.113.11 443 and fwmark 9 family ipv4 (TCP, rr, DR) runs and is not "
        "described",
    ]
    assert [each.split(" (")[0] for each in differences(described(), [*others, group], [], sound)] == [
        f"virtual_server fwmark {mark['fwmark']}"
    ]


def test_services_and_servers_are_compared() -> None:
    first, *others = DESCRIBED
    assert [each for each in found(services=others) if "runs and is not described" in each]
    assert [each for each in found(services=[{**first, "lb_algo": "mh"}, *others]) if "does not run" in each]
    server = {**first["real_servers"][0], "weight": 77}
    problems = found(services=[{**first, "real_servers": [server]}, *others])
    assert len(problems) == 1
    assert "weight 77" in problems[0]
    server = {**first["real_servers"][0], "lb_kind": "BYPASS"}
    (problem,) = found(services=[{**first, "real_servers": [server, *first["real_servers"][1:]]}, *others])
    assert problem.endswith(" BYPASS")


@pytest.mark.parametrize(
    ("runs", "wanted", "told"),
    [
        pytest.param("GUE, port = 6080, no checksum", 6080, [], id="the same"),
        pytest.param("GUE, port = 6080, no checksum", 6081, ["TUN gue 6080 -> ", "TUN gue 6081"], id="another port"),
        pytest.param("GUE, port = 6080, no checksum", None, ["TUN gue 6080 -> ", "TUN"], id="of IP in IP"),
        pytest.param("IPIP", 6080, ["TUN -> ", "TUN gue 6080"], id="of UDP"),
        pytest.param("IPIP", None, [], id="of IP in IP as before"),
    ],
)
def test_what_a_tunnel_is_made_of_is_compared(runs: str, wanted: int | None, told: list[str]) -> None:
    lines = f"forwarding method = TUN, type = {runs}"
    dump = (RECORDED / "keepalived_check.data").read_text()
    tunnels = parse_check_data(dump.replace("   forwarding method = TUN, type = IPIP", f"   {lines}"))
    running = [each for each in tunnels if each.get("fwmark") == 7]
    (view,) = as_view(running)
    view["real_servers"] = [{**each, "tun_port": wanted} for each in view["real_servers"]]
    sound = {"terms": INSTANCES, "states": STATES, "services": running, "scripts": []}
    found = differences(described(), [view], [], sound)
    assert len(found) == bool(told), found
    assert all(word in found[0] for word in told)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"ops": True}, "ops none -> True"),
        ({"persistence_timeout": 77}, "persistence_timeout "),
        ({"lb_flags": ["mh-port", "mh-fallback"]}, "-> mh-fallback mh-port"),
    ],
)
def test_how_a_service_is_served_is_compared(changes: dict[str, Any], told: str) -> None:
    first, *others = DESCRIBED
    (problem,) = found(services=[{**first, **changes}, *others])
    assert told in problem
    assert problem.startswith("virtual_server ")


def test_a_check_that_keepalived_left_out_is_told() -> None:
    first, *others = DESCRIBED
    server, *rest = first["real_servers"]
    checkers = [*server["checkers"], {"keyword": "MISC_CHECK", "lines": []}]
    (problem,) = found(services=[{**first, "real_servers": [{**server, "checkers": checkers}, *rest]}, *others])
    assert problem.endswith(
        f"{server['address']} {server['port']} is not checked by MISC_CHECK; keepalived's log says why"
    )


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
    for held, other in (
        ("virtual_ipaddress", "virtual_ipaddress_excluded"),
        ("virtual_ipaddress_excluded", "virtual_ipaddress"),
    ):
        problems = misplaced([{"name": "web", "state": state, held: [address], other: []}], STANDING)
        assert len(problems) == bool(told)
        assert told in "".join(problems)


def test_settling_takes_as_long_as_the_slowest_takes_over() -> None:
    assert settling_seconds([{"settling": 3.5}, {"settling": 0.3}]) == 4.5
    assert settling_seconds([]) == 0.0


def test_problems_are_of_what_runs_and_of_where_addresses_stand() -> None:
    running = {"terms": INSTANCES, "services": SERVICES, "states": [], "scripts": []}
    assert problems_of(described(), DESCRIBED, [], running, []) == []
    master = {
        "name": "web",
        "state": "MASTER",
        "virtual_ipaddress": ["203.0.113.10/32"],
        "virtual_ipaddress_excluded": [],
    }
    web = {**described()[0], "virtual_ipaddress_excluded": []}
    problems = problems_of([web], DESCRIBED, [], {**running, "states": [master]}, [])
    assert problems == [
        "vrrp_instance other runs and is not described",
        "vrrp_instance web: it is MASTER and has not its address 203.0.113.10",
    ]

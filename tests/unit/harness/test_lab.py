"""What is read from the hosts' own words."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs import save
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import ServerKey, address_service
from harness.evidence import folder_name
from harness.lab import Lab, LabFailed, Route, addresses, flags, last_hop, local_end, weights

LINKS = [
    {"ifname": "lo", "addr_info": [{"local": "127.0.0.1"}, {"local": "192.0.2.100", "label": "lo:0"}]},
    {"ifname": "eth0", "addr_info": [{"local": "192.0.2.11"}, {"local": "2001:db8::11"}]},
    {"ifname": "eth1", "addr_info": []},
]


def test_addresses_of_cards_and_of_the_loopback_are_told_apart() -> None:
    assert addresses(LINKS, loopback=False) == {"192.0.2.11", "2001:db8::11"}
    assert addresses(LINKS, loopback=True) == {"127.0.0.1", "192.0.2.100"}


def test_marks_of_an_address_are_told_from_what_else_is_said_of_it() -> None:
    told = {"local": "2001:db8::100", "prefixlen": 128, "scope": "global", "nodad": True, "preferred_life_time": 1}
    assert flags(told) == {"nodad"}
    assert flags({**told, "tentative": True, "dadfailed": True}) == {"nodad", "tentative", "dadfailed"}


def test_weights_are_those_of_the_service_that_is_asked_for() -> None:
    table = save.parse("-A -t 192.0.2.100:80 -s wrr\n-a -t 192.0.2.100:80 -r 192.0.2.21:80 -g -w 3\n")
    assert weights(table, address_service("tcp", "192.0.2.100", 80)) == {ServerKey("192.0.2.21", 80): 3}
    assert weights(table, address_service("tcp", "192.0.2.100", 443)) == {}


def test_neighbour_is_whoever_stands_in_the_addresss_network() -> None:
    routes = {"client": Route("eth0", "198.18.1.253"), "router": Route("eth1", None), "web1": Route("eth0", None)}
    owners = {"198.18.1.253": "router"}

    def neighbour(host: str) -> tuple[str, str]:
        return last_hop(lambda each, _address: routes[each], owners.__getitem__, host, "198.18.0.100")

    assert neighbour("client") == ("router", "eth1")
    assert neighbour("web1") == ("web1", "eth0")


def test_own_end_of_a_connection_is_told_from_the_other() -> None:
    for own, address in (
        ("198.18.1.41:51234", "198.18.1.41"),
        ("198.18.1.41%eth0:51234", "198.18.1.41"),
        ("[2001:2:0:1::41]:51234", "2001:2:0:1::41"),
        ("[2001:2:0:1::41]%eth0:51234", "2001:2:0:1::41"),
    ):
        assert local_end(f"0      0      {own}      198.18.0.100:80   ") == (address, 51234)


def test_hosts_that_hang_do_not_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    lab = Lab(Path("nowhere"))
    monkeypatch.setattr(lab, "argv", lambda _host, *command: list(command))
    begun = time.monotonic()
    done = lab.try_all({"a": ["sleep", "30"], "b": ["sleep", "30"], "c": ["echo", "well"]}, longest=0.5)
    assert time.monotonic() - begun < 5
    assert [done[host].status for host in "abc"] == [124, 124, 0]
    assert done["c"].output == "well\n"


def test_routes_in_a_circle_are_told() -> None:
    with pytest.raises(LabFailed, match="in a circle"):
        last_hop(lambda _host, _address: Route("eth0", "192.0.2.1"), lambda _gateway: "a", "a", "192.0.2.9")


def test_folder_of_the_evidence_is_named_after_the_test() -> None:
    assert folder_name("molecule/default/tests/test_2.py::test_stands_in[power]") == "test_stands_in-power"

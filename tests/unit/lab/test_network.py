"""What on this machine keeps packets from a lab, told before anybody waits for hosts."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from lvslab import network
from lvslab.errors import LabError
from lvslab.inventory import Network

LAN = Network("lan", "198.18.0.0/24", "2001:2::/64")
Answer = Callable[[str], None]


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> Answer:
    """Make ip print something."""

    def told(text: str) -> None:
        done = subprocess.CompletedProcess([], 0, text.encode(), b"")
        monkeypatch.setattr(network, "run", lambda *_words, **_options: done)

    return told


@pytest.mark.parametrize(
    ("route", "named"),
    [
        ({"dst": "198.18.0.128/25", "gateway": "10.0.0.1", "dev": "lan"}, "198.18.0.128/25 via 10.0.0.1 dev lan"),
        ({"dst": "198.18.0.0/15", "dev": "tun0", "table": "77"}, "198.18.0.0/15 dev tun0 table 77"),
        ({"dst": "198.18.0.7", "dev": "tun0"}, "198.18.0.7 dev tun0"),
        ({"dst": "2001:2::/48", "dev": "tun0"}, "2001:2::/48 dev tun0"),
    ],
)
def test_a_route_into_the_subnet_is_refused(answer: Answer, route: dict[str, Any], named: str) -> None:
    answer(json.dumps([route]))
    with pytest.raises(LabError, match=re.escape(f": {named};")):
        network.check_no_route([LAN])


@pytest.mark.parametrize(
    "route",
    [
        pytest.param({"dst": "default", "gateway": "10.0.0.1", "dev": "lan"}, id="default"),
        pytest.param({"dst": "128.0.0.0/1", "dev": "tun0"}, id="half of the Internet"),
        pytest.param({"dst": "198.18.1.0/24", "dev": "lab-c6120100"}, id="another lab's"),
        pytest.param({"dst": "198.18.0.0/24", "dev": "lab-c6120000"}, id="its own"),
        pytest.param({"type": "unreachable", "dst": "198.18.0.0/24", "metric": 4000000000}, id="the guard"),
    ],
)
def test_other_routes_may_be(answer: Answer, route: dict[str, Any]) -> None:
    answer(json.dumps([route]))
    network.check_no_route([LAN])


def test_a_policy_that_leads_elsewhere_is_named(answer: Answer) -> None:
    answer("198.18.0.11 via 10.8.0.1 dev tun0 table 51820 src 10.8.0.2 uid 0 \n    cache \n")
    with pytest.raises(LabError, match=r"via 10[.]8[.]0[.]1 dev tun0 table 51820"):
        network.check_way(LAN, ["198.18.0.11"])


def test_the_way_over_the_labs_interface_is_right(answer: Answer) -> None:
    answer("198.18.0.11 dev lab-c6120000 src 198.18.0.1 uid 0 \n    cache \n")
    network.check_way(LAN, ["198.18.0.11"])

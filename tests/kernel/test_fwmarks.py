"""fwmarks by tc on a real kernel: a service of two ports gets the packets of both, and nobody else's filters change."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.lvs.cluster.tests.kernel.conftest import run, sh
from ansible_collections.lvs.cluster.tests.unit.playing import ModuleFailedError, play

VIP = "203.0.116.100"
SHOP = [{"fwmark": 7, "address": VIP, "port": port} for port in (80, 443)]
OTHER = [{"fwmark": 8, "address": VIP, "port": 53, "protocol": "udp"}]
# A client behind the interface that packets come in by, and a server that is the director itself.
SETUP = f"""
ip netns add asking
ip link add mark0 type veth peer name mark1 netns asking
ip link set mark0 up && ip addr add 203.0.116.1/24 dev mark0 && ip addr add {VIP}/32 dev mark0
ip -n asking link set mark1 up && ip -n asking link set lo up && ip -n asking addr add 203.0.116.2/24 dev mark1
"""


@pytest.fixture
def wire() -> Iterator[None]:
    sh(SETUP)
    yield
    sh("ip netns del asking; ip link del mark0", check=False)


def mark(marks: list[dict[str, Any]], **options: Any) -> dict[str, Any]:
    return play("fwmarks", marks=marks, language="tc", interfaces=["mark0"], persist=False, **options)


def filters() -> list[dict[str, Any]]:
    told = json.loads(sh("tc -j filter show dev mark0 ingress"))
    return [each for each in told if "options" in each]


def directed(*ports: int) -> set[int]:
    """The ports of connections that IPVS has, after one to each of these was tried."""
    for port in ports:
        sh(f"ip netns exec asking timeout 0.3 bash -c 'echo >/dev/tcp/{VIP}/{port}'", check=False)
    return {int(each) for each in re.findall(rf" {re.escape(VIP)}:(\d+) ", sh("ipvsadm -Lnc"))}


@pytest.mark.usefixtures("wire", "empty")
def test_a_service_gets_what_is_marked_and_nothing_else() -> None:
    sh("ipvsadm -A -f 7 -s rr && ipvsadm -a -f 7 -r 203.0.116.2 -g")
    assert directed(80, 443) == set()
    assert mark(SHOP, check=True)["changed"]
    assert filters() == []
    result = mark(SHOP)
    assert result["commands"][0] == "tc qdisc add dev mark0 clsact"
    assert result["diff"][-1]["after"].splitlines() == [f"{VIP} tcp {port} mark 7" for port in (80, 443)]
    assert directed(80, 443, 8080) == {80, 443}
    assert not mark(SHOP)["changed"]


@pytest.mark.usefixtures("wire")
def test_new_ones_stand_before_old_ones_go_and_those_of_others_stay() -> None:
    sh("tc qdisc add dev mark0 clsact && tc filter add dev mark0 ingress pref 5 protocol ip matchall action pass")
    mark(SHOP)
    kept = mark(OTHER, purge=False)
    assert kept["leaving"] == [f"{VIP} tcp 80 mark 7", f"{VIP} tcp 443 mark 7"]
    assert sorted(each["options"]["keys"]["dst_port"] for each in filters() if each["pref"] != 5) == [53, 80, 443]
    assert not mark(OTHER, purge=False)["changed"]
    assert mark(OTHER)["changed"]
    assert [each["options"]["keys"]["dst_port"] for each in filters() if each["pref"] != 5] == [53]
    # What somebody changed is put right.
    sh("tc filter del dev mark0 ingress pref 17300; tc filter del dev mark0 ingress pref 17301", check=False)
    assert mark(OTHER)["changed"]
    assert mark([])["changed"]
    assert [each["pref"] for each in filters()] == [5]
    assert not mark([])["changed"]


def test_a_kernel_without_the_family_of_nftables_is_told_by_name() -> None:
    if "lvs_cluster" in run(["sh", "-c", "command -v nft && nft list tables; true"]):
        pytest.fail("this kernel has a table of ours")
    with pytest.raises(ModuleFailedError, match="director_marking") as failed:
        play("fwmarks", marks=SHOP, persist=False)
    assert failed.value.result["error"]["kind"] == "no_marks"

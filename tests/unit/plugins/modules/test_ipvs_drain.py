"""Draining and restoring, over a table in memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.basic import AnsibleModule
from ansible_collections.lvs.cluster.plugins.module_utils._host import memory, sysctl
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.drain import KEEPALIVED_NEXT
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.save import parse, render
from ansible_collections.lvs.cluster.plugins.modules import ipvs_drain
from ansible_collections.lvs.cluster.tests.unit.fake_ipvsadm import FakeIpvsadm
from ansible_collections.lvs.cluster.tests.unit.playing import ModuleFailedError, play

WEB = {"address": "192.0.2.10", "port": 80}
SERVER = "192.0.2.22"
QUIESCENT = "net/ipv4/vs/expire_quiescent_template"


@pytest.fixture(autouse=True)
def host(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A host with the sysctl and a place for the memory, without keepalived."""
    (tmp_path / QUIESCENT).parent.mkdir(parents=True)
    (tmp_path / QUIESCENT).write_text("0\n")
    monkeypatch.setattr(sysctl, "SETTINGS", str(tmp_path))
    monkeypatch.setattr(memory, "RUN", str(tmp_path / "memory"))
    monkeypatch.setattr(ipvs_drain, "keepalived_runs", lambda: False)
    monkeypatch.setattr(ipvs_drain.time, "sleep", lambda _seconds: None)
    return tmp_path


def weights(ipvsadm: FakeIpvsadm) -> dict[str, int]:
    return {
        f"{key} {each}": server.weight for key, pool in ipvsadm.table.items() for each, server in pool.servers.items()
    }


def test_a_drained_server_gets_its_old_weight_back(ipvsadm: FakeIpvsadm) -> None:
    before = render(ipvsadm.table)
    assert play("ipvs_drain", address=SERVER)["changed"]
    assert weights(ipvsadm)["tcp 192.0.2.10:80 192.0.2.22:80"] == 0
    assert not play("ipvs_drain", address=SERVER)["changed"]
    assert play("ipvs_drain", address=SERVER, state="restored")["changed"]
    assert render(ipvsadm.table) == before
    assert not play("ipvs_drain", address=SERVER, state="restored")["changed"]


def test_a_table_that_keeps_drained_servers_leaves_those_alone_that_are(ipvsadm: FakeIpvsadm) -> None:
    key, drained = "tcp 192.0.2.10:80", "tcp 192.0.2.10:80 192.0.2.22:80"
    others = {"services": [{**WEB, "lb_algo": "wrr", "real_servers": [{"address": SERVER, "weight": 5}]}]}
    play("ipvs_drain", address=SERVER)
    assert not play("ipvs_table", check=True, keep_drained=True, **others)["changed"]
    others["services"][0]["real_servers"][0]["weight"] = 7
    assert not play("ipvs_table", keep_drained=True, **others)["changed"]
    play("ipvs_drain", address=SERVER, state="restored")
    assert weights(ipvsadm)[drained] == 5
    assert play("ipvs_table", keep_drained=True, **others)["changed"]
    assert weights(ipvsadm)[drained] == 7
    # What has weight 0 by another hand was drained by nobody.
    ipvsadm.table = parse(render(ipvsadm.table).replace(f"{SERVER}:80 -g -w 7", f"{SERVER}:80 -g -w 0"))
    assert play("ipvs_table", keep_drained=True, **others)["commands"] == [
        f"ipvsadm -e -t {key.split()[1]} -r {SERVER}:80 -g -w 7"
    ]


def test_a_server_is_drained_in_all_services_or_in_one(ipvsadm: FakeIpvsadm) -> None:
    ipvsadm.table = parse(
        render(ipvsadm.table) + "-A -t 192.0.2.11:80 -s rr\n-a -t 192.0.2.11:80 -r 192.0.2.22:80 -w 4\n"
    )
    play("ipvs_drain", address=SERVER, service=WEB)
    assert weights(ipvsadm)["tcp 192.0.2.11:80 192.0.2.22:80"] == 4
    play("ipvs_drain", address=SERVER)
    assert weights(ipvsadm)["tcp 192.0.2.11:80 192.0.2.22:80"] == 0
    play("ipvs_drain", address=SERVER, state="restored")
    assert (
        weights(ipvsadm)["tcp 192.0.2.10:80 192.0.2.22:80"],
        weights(ipvsadm)["tcp 192.0.2.11:80 192.0.2.22:80"],
    ) == (5, 4)


def test_it_waits_until_the_connections_are_gone(ipvsadm: FakeIpvsadm) -> None:
    ipvsadm.connections[SERVER] = [3, 7, 1]
    result = play("ipvs_drain", address=SERVER)
    assert result["drained"]
    looks = [call for call in ipvsadm.calls if "--persistent-conn" in call]
    assert len(looks) == 4
    assert result["remaining"] == [
        {
            "service": {"protocol": "tcp", **WEB},
            "address": SERVER,
            "port": 80,
            "active_connections": 0,
            "inactive_connections": 7,
            "persistent_connections": 1,
        }
    ]


@pytest.mark.parametrize("what", ["inactive", "persistent"])
def test_it_waits_for_what_it_is_told_to_and_says_what_remains(ipvsadm: FakeIpvsadm, what: str) -> None:
    ipvsadm.connections[SERVER] = [0, 7, 1]
    result = play("ipvs_drain", address=SERVER, wait_for=[what], timeout=0)
    assert not result["drained"]
    assert result["remaining"][0][f"{what}_connections"] in (7, 1)


@pytest.mark.parametrize(("connections", "slept"), [(2, [2, 2]), (9, [2, 1])])
def test_it_looks_at_intervals_and_no_longer_than_it_may(
    ipvsadm: FakeIpvsadm, monkeypatch: pytest.MonkeyPatch, connections: int, slept: list[float]
) -> None:
    clock: list[float] = []
    monkeypatch.setattr(ipvs_drain.time, "sleep", clock.append)
    monkeypatch.setattr(ipvs_drain.time, "monotonic", lambda: sum(clock))
    limit = 3 if connections == 9 else 300
    ipvsadm.connections[SERVER] = [connections, 0, 0]
    result = play("ipvs_drain", address=SERVER, interval=2, timeout=limit)
    assert clock == slept
    assert (result["drained"], result["waited"]) == (connections == 2, sum(slept))


@pytest.mark.usefixtures("ipvsadm")
def test_a_diff_has_the_servers_and_the_sysctl() -> None:
    diff = play("ipvs_drain", address=SERVER, expire_quiescent_template=True)["diff"]
    assert diff == {
        "before": "-a -t 192.0.2.10:80 -r 192.0.2.22:80 -g -w 5\nnet.ipv4.vs.expire_quiescent_template = 0\n",
        "after": "-a -t 192.0.2.10:80 -r 192.0.2.22:80 -g -w 0\nnet.ipv4.vs.expire_quiescent_template = 1\n",
    }


def test_check_mode_touches_and_remembers_nothing_and_does_not_wait(ipvsadm: FakeIpvsadm, host: Path) -> None:
    before = render(ipvsadm.table)
    ipvsadm.connections[SERVER] = [3, 0, 0]
    result = play("ipvs_drain", check=True, address=SERVER, expire_quiescent_template=True)
    assert result["changed"]
    assert not result["drained"]
    assert result["commands"] == [
        "sysctl -w net.ipv4.vs.expire_quiescent_template=1",
        "ipvsadm -e -t 192.0.2.10:80 -r 192.0.2.22:80 -g -w 0",
    ]
    assert render(ipvsadm.table) == before
    assert (host / QUIESCENT).read_text() == "0\n"
    assert not (host / "memory").exists()
    assert len([call for call in ipvsadm.calls if "--persistent-conn" in call]) == 1


@pytest.mark.parametrize(
    ("scheduler", "remedy"),
    [("sh", "sh-fallback"), ("mh", "mh-fallback"), ("dh", "no flag for that")],
)
def test_a_scheduler_that_would_drop_connections_is_refused(ipvsadm: FakeIpvsadm, scheduler: str, remedy: str) -> None:
    ipvsadm.table = parse(render(ipvsadm.table).replace("-s wrr", f"-s {scheduler}"))
    before = render(ipvsadm.table)
    with pytest.raises(ModuleFailedError, match=f"scheduler {scheduler} drops the new connections.*{remedy}"):
        play("ipvs_drain", address=SERVER)
    assert render(ipvsadm.table) == before
    assert play("ipvs_drain", address=SERVER, force=True)["changed"]
    assert not play("ipvs_drain", address=SERVER)["changed"], "nothing is dropped that was not before"


@pytest.mark.parametrize("scheduler", ["sh -b sh-fallback", "mh -b mh-fallback", "sh -b flag-1"])
def test_a_hash_scheduler_with_a_fallback_is_drained(ipvsadm: FakeIpvsadm, scheduler: str) -> None:
    ipvsadm.table = parse(render(ipvsadm.table).replace("-s wrr", f"-s {scheduler}"))
    assert play("ipvs_drain", address=SERVER)["changed"]


def test_templates_of_persistence_are_spoken_of_until_the_sysctl_is_set(
    ipvsadm: FakeIpvsadm, host: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Where a controller's code was imported too, Ansible shows a warning and returns none.
    warned: list[str] = []
    monkeypatch.setattr(AnsibleModule, "warn", lambda _module, text: warned.append(text))
    play("ipvs_drain", address=SERVER)
    assert "expire_quiescent_template" not in str(warned), "no service is persistent"
    ipvsadm.table = parse(render(ipvsadm.table).replace("-s wrr", "-s wrr -p 300"))
    result = play("ipvs_drain", address=SERVER)
    assert not result["expire_quiescent_template"]
    assert "expire_quiescent_template is off" in str(warned)
    warned.clear()
    result = play("ipvs_drain", address=SERVER, expire_quiescent_template=True)
    assert result["changed"]
    assert result["expire_quiescent_template"]
    assert "expire_quiescent_template" not in str(warned)
    assert (host / QUIESCENT).read_text() == "1"
    assert not play("ipvs_drain", address=SERVER, expire_quiescent_template=True)["changed"]


@pytest.mark.usefixtures("ipvsadm")
def test_the_result_says_what_keepalived_will_do_next(monkeypatch: pytest.MonkeyPatch) -> None:
    assert play("ipvs_drain", address=SERVER)["keepalived"] == {"running": False, "next": ""}
    monkeypatch.setattr(ipvs_drain, "keepalived_runs", lambda: True)
    assert play("ipvs_drain", address=SERVER)["keepalived"] == {"running": True, "next": KEEPALIVED_NEXT}


def test_without_a_memory_the_weight_has_to_be_said(ipvsadm: FakeIpvsadm) -> None:
    with pytest.raises(ModuleFailedError, match="nobody knows its weight before"):
        play("ipvs_drain", address="192.0.2.21", service=WEB, state="restored")
    assert play("ipvs_drain", address="192.0.2.21", service=WEB, state="restored", weight=9)["changed"]
    assert weights(ipvsadm)["tcp 192.0.2.10:80 192.0.2.21:80"] == 9


def test_a_server_of_weight_0_among_others_keeps_it(ipvsadm: FakeIpvsadm, monkeypatch: pytest.MonkeyPatch) -> None:
    warned: list[str] = []
    monkeypatch.setattr(AnsibleModule, "warn", lambda _module, text: warned.append(text))
    before = render(ipvsadm.table)
    play("ipvs_drain", address="192.0.2.21")  # 0 in one service, 1 in the other
    play("ipvs_drain", address="192.0.2.21")
    assert warned == ["fwmark 7 has no server left with a weight above 0: its new connections are refused"] * 2
    warned.clear()
    play("ipvs_drain", address="192.0.2.21", state="restored")
    assert render(ipvsadm.table) == before
    assert warned == [
        "tcp 192.0.2.10:80 -> 192.0.2.21:80 had weight 0 when it was drained, and keeps it. Set weight for another"
    ]


def test_who_comes_back_is_forgotten_and_nobody_else(ipvsadm: FakeIpvsadm) -> None:
    before = render(ipvsadm.table)
    play("ipvs_drain", address="192.0.2.21", service={"fwmark": 7})
    play("ipvs_drain", address=SERVER)
    play("ipvs_drain", address="192.0.2.21", service={"fwmark": 7}, state="restored")
    play("ipvs_drain", address=SERVER, state="restored")
    assert render(ipvsadm.table) == before


def test_a_restored_server_may_get_weight_0(ipvsadm: FakeIpvsadm) -> None:
    assert play("ipvs_drain", address=SERVER, state="restored", weight=0)["changed"]
    assert weights(ipvsadm)["tcp 192.0.2.10:80 192.0.2.22:80"] == 0


def test_a_weight_that_could_not_be_brought_back_is_not_forgotten(
    ipvsadm: FakeIpvsadm, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = render(ipvsadm.table)
    play("ipvs_drain", address=SERVER)
    with monkeypatch.context() as patch:
        patch.setattr(ipvsadm, "_rule", lambda _words: (255, "Memory allocation problem\n"))
        with pytest.raises(ModuleFailedError, match="Memory allocation problem"):
            play("ipvs_drain", address=SERVER, state="restored")
    play("ipvs_drain", address=SERVER, state="restored")
    assert render(ipvsadm.table) == before


@pytest.mark.parametrize("missing", [True, False])
def test_a_sysctl_that_cannot_be_had_is_an_error_only_for_who_wants_it(
    ipvsadm: FakeIpvsadm, host: Path, missing: bool
) -> None:
    before = render(ipvsadm.table)
    (host / QUIESCENT).unlink()
    if not missing:
        (host / QUIESCENT).symlink_to("/proc/version")  # cannot be written, by root neither
    with pytest.raises(ModuleFailedError, match=r"expire_quiescent_template .*/proc/sys writable") as caught:
        play("ipvs_drain", address=SERVER, expire_quiescent_template=False)
    assert caught.value.result["error"]["kind"] == "sysctl"
    assert render(ipvsadm.table) == before
    assert not list((host / "memory").glob("drained-*"))
    result = play("ipvs_drain", address=SERVER)
    assert result["changed"]
    assert (result["expire_quiescent_template"] is None) is missing


@pytest.mark.usefixtures("ipvsadm")
def test_a_damaged_memory_is_no_memory(host: Path) -> None:
    play("ipvs_drain", address=SERVER)
    (memory,) = (host / "memory").glob("drained-*")
    memory.write_text("{")
    with pytest.raises(ModuleFailedError, match="nobody knows"):
        play("ipvs_drain", address=SERVER, state="restored")


@pytest.mark.usefixtures("ipvsadm")
@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"address": "192.0.2.99"}, "192.0.2.99 is in no service"),
        ({"address": SERVER, "port": 81}, "is in no service"),
        ({"address": SERVER, "service": {"fwmark": 7}}, "192.0.2.22 is not in fwmark 7"),
        ({"address": "web1"}, "address: web1 is not an IPv4"),
        ({"address": SERVER, "state": "restored", "weight": 65536}, "weight: 65536"),
        ({"address": SERVER, "wait_for": ["all"]}, "must be one or more of"),
        ({"address": SERVER, "timeout": -1}, "timeout: -1 is not a number of seconds"),
        ({"address": SERVER, "interval": 0}, "interval: 0.0 is not a number of seconds"),
        ({"address": SERVER, "interval": "nan"}, "interval: nan is not a number of seconds"),
        ({"address": SERVER, "weight": 3}, "weight: 3 does not go with state drained"),
    ],
)
def test_what_cannot_be_drained_is_refused(options: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ModuleFailedError, match=complaint):
        play("ipvs_drain", **options)

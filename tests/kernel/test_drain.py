"""Draining on a real kernel, without connections: what is set, what is remembered, and what is not touched."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.basic import AnsibleModule
from ansible_collections.lvs.cluster.plugins.module_utils._host.keepalived import keepalived_runs
from ansible_collections.lvs.cluster.tests.kernel.conftest import drain_state, kernel_table, namespace, run, sh
from ansible_collections.lvs.cluster.tests.kernel.test_modules import changes_checks_and_stays, saved
from ansible_collections.lvs.cluster.tests.unit.playing import ModuleFailedError, play

DRAINED = {"address": "192.0.2.22", "timeout": 0}


@pytest.fixture(autouse=True)
def fresh(rules: str) -> Iterator[str]:
    """The rules, and no memory of drained servers."""
    sh("rm -f /run/lvs-cluster/drained-*; echo 0 >/proc/sys/net/ipv4/vs/expire_quiescent_template")
    yield rules
    sh("echo 0 >/proc/sys/net/ipv4/vs/expire_quiescent_template")


def test_a_drained_server_comes_back_with_its_weight(fresh: str) -> None:
    changes_checks_and_stays("ipvs_drain", {**DRAINED, "expire_quiescent_template": True}, drain_state)
    assert "-a -t 192.0.2.10:80 -r 192.0.2.22:8080 -m -w 0" in saved()
    changes_checks_and_stays("ipvs_drain", {**DRAINED, "state": "restored"}, drain_state)
    assert kernel_table() == fresh


def test_a_drained_server_comes_back_with_another_weight(fresh: str) -> None:
    play("ipvs_drain", **DRAINED)
    changes_checks_and_stays("ipvs_drain", {**DRAINED, "state": "restored", "weight": 65535}, drain_state)
    assert kernel_table() == fresh.replace("-m -w 5", "-m -w 65535")


def test_a_sysctl_alone_is_a_change(fresh: str) -> None:
    changes_checks_and_stays(
        "ipvs_drain", {"address": "192.0.2.21", "timeout": 0, "expire_quiescent_template": True}, drain_state
    )
    assert kernel_table() == fresh, "its weight was 0"


@pytest.mark.parametrize("lb_algo", ["sh", "mh", "dh"])
def test_force_drains_where_connections_are_dropped(lb_algo: str) -> None:
    run(["ipvsadm", "-E", "-t", "192.0.2.10:80", "-s", lb_algo])
    changes_checks_and_stays("ipvs_drain", {**DRAINED, "force": True}, drain_state)
    assert "-a -t 192.0.2.10:80 -r 192.0.2.22:8080 -m -w 0" in saved()


def test_draining_the_last_server_of_a_service_warns(monkeypatch: pytest.MonkeyPatch) -> None:
    warnings: list[str] = []
    monkeypatch.setattr(AnsibleModule, "warn", lambda _module, text: warnings.append(text))
    play("ipvs_drain", **DRAINED)
    assert warnings == []
    for check in (True, False):
        play("ipvs_drain", check=check, address="198.51.100.23", timeout=0)
        assert warnings.pop().startswith("tcp 192.0.2.10:80 has no server left with a weight above 0")
    play("ipvs_drain", address="198.51.100.23", state="restored")
    assert warnings == []


def test_each_network_namespace_has_its_own_memory_and_no_keepalived(fresh: str) -> None:
    sh("ip netns add drains && ip -n drains link set lo up")
    play("ipvs_drain", **DRAINED)
    with namespace("drains"):
        run(["ipvsadm", "-R"], stdin="-A -t 192.0.2.10:80\n-a -t 192.0.2.10:80 -r 192.0.2.22:8080 -m -w 7\n")
        play("ipvs_drain", **DRAINED)
    play("ipvs_drain", **DRAINED, state="restored")
    assert kernel_table() == fresh
    with namespace("drains"):
        play("ipvs_drain", **DRAINED, state="restored")
        assert "-a -t 192.0.2.10:80 -r 192.0.2.22:8080 -m -w 7" in saved()
        assert not keepalived_runs()


# A module is a process, and those of many hosts that delegate to one director run at once.
PROCESS = """
import json, sys
from ansible_collections.lvs.cluster.tests.unit.playing import play
print(json.dumps(play("ipvs_drain", timeout=0, **json.loads(sys.argv[1]))))
"""


def at_once(options: list[dict[str, object]]) -> None:
    """Several runs of the module, each a process, at the same time."""
    running = [
        subprocess.Popen(
            [sys.executable, "-c", PROCESS, json.dumps(each)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for each in options
    ]
    for each in running:
        _output, errors = each.communicate()
        assert not each.returncode, errors


def test_those_that_are_drained_at_once_all_come_back_with_their_weights() -> None:
    services = [f"-t 192.0.2.{number}:80" for number in range(101, 107)]
    servers = [f"198.51.100.{number}" for number in range(101, 107)]
    added = [f"-A {service} -s wrr\n" for service in services]
    added += [
        f"-a {service} -r {server}:80 -g -w {20 + number}\n"
        for service in services
        for number, server in enumerate(servers)
    ]
    run(["ipvsadm", "-R"], stdin="".join(added))
    before = kernel_table()
    at_once([{"address": server} for server in servers])
    assert not [line for line in saved() if " -r 198.51.100.1" in line and not line.endswith("-w 0")]
    at_once([{"address": server, "state": "restored"} for server in servers])
    assert kernel_table() == before


def test_a_network_namespace_inherits_nothing_from_one_that_ended() -> None:
    rules = "-A -t 192.0.2.10:80\n-a -t 192.0.2.10:80 -r 192.0.2.22:80 -g -w 7\n"
    sh("ip netns add ended && ip -n ended link set lo up")
    inode = Path("/run/netns/ended").stat().st_ino
    with namespace("ended"):
        run(["ipvsadm", "-R"], stdin=rules)
        play("ipvs_drain", **DRAINED)
    sh("ip netns del ended")
    # The kernel takes its time to end one; until then its number is in use.
    for _attempt in range(200):
        sh("ip netns add ended")
        if Path("/run/netns/ended").stat().st_ino == inode:
            break
        sh("ip netns del ended; sleep 0.1")
    assert Path("/run/netns/ended").stat().st_ino == inode, "the kernel did not give the number away again"
    sh("ip -n ended link set lo up")
    with namespace("ended"):
        run(["ipvsadm", "-R"], stdin=rules.replace("-w 7", "-w 0"))
        with pytest.raises(ModuleFailedError, match="nobody knows its weight before"):
            play("ipvs_drain", **DRAINED, state="restored")
    sh("ip netns del ended")


WEB = {"address": "192.0.2.10", "port": 80}
SERVER = {"address": "192.0.2.22", "port": 8080, "lb_kind": "NAT", "weight": 7}
OTHER = {"address": "192.0.2.29"}
TABLE = {**WEB, "lb_algo": "wrr", "real_servers": [SERVER]}
UNNAMED = [
    ("ipvs_server", {"service": WEB, **OTHER}),
    ("ipvs_server", {"service": WEB, "address": "192.0.2.21", "state": "absent"}),
    ("ipvs_service", {**WEB, "lb_algo": "wlc", "persistence_timeout": 60}),
    ("ipvs_table", {"services": [{**WEB, "real_servers": [OTHER]}]}),
    ("ipvs_table", {"services": [{"fwmark": 9}]}),
    ("ipvs_table", {"services": [TABLE], "purge": True, "keep_weights": True}),
    ("ipvs_timeouts", {"udp": 60}),
]


@pytest.mark.usefixtures("fresh", "quiet")
@pytest.mark.parametrize(("name", "options"), UNNAMED)
def test_a_drain_lasts_through_modules_that_do_not_name_the_server(name: str, options: dict[str, Any]) -> None:
    play("ipvs_drain", **DRAINED)
    assert play(name, **options)["changed"]
    assert "-a -t 192.0.2.10:80 -r 192.0.2.22:8080 -m -w 0" in saved()
    assert play("ipvs_drain", **DRAINED, state="restored")["changed"]
    assert "-a -t 192.0.2.10:80 -r 192.0.2.22:8080 -m -w 5" in saved()


@pytest.mark.usefixtures("fresh")
@pytest.mark.parametrize(
    ("name", "options"),
    [("ipvs_server", {"service": WEB, **SERVER}), ("ipvs_table", {"services": [TABLE]})],
)
def test_who_gives_the_server_a_weight_ends_its_drain(name: str, options: dict[str, Any]) -> None:
    play("ipvs_drain", **DRAINED)
    play(name, **options)
    assert "-a -t 192.0.2.10:80 -r 192.0.2.22:8080 -m -w 7" in saved()
    assert not play("ipvs_drain", **DRAINED, state="restored")["changed"]


@pytest.mark.usefixtures("fresh")
@pytest.mark.parametrize("keep_weights", [False, True])
def test_a_server_that_is_removed_and_added_again_has_the_weight_with_which_it_is_added(keep_weights: bool) -> None:
    play("ipvs_drain", **DRAINED)
    play("ipvs_table", services=[{**TABLE, "real_servers": [OTHER]}], purge=True, keep_weights=keep_weights)
    assert not any("192.0.2.22" in line for line in saved())
    with pytest.raises(ModuleFailedError, match="in no service"):
        play("ipvs_drain", **DRAINED, state="restored")
    play("ipvs_table", services=[TABLE], keep_weights=keep_weights)
    assert "-a -t 192.0.2.10:80 -r 192.0.2.22:8080 -m -w 7" in saved()
    assert not play("ipvs_drain", **DRAINED, state="restored")["changed"]


@pytest.mark.usefixtures("fresh")
def test_after_a_boot_a_persisted_drain_lasts_and_the_weight_has_to_be_said() -> None:
    play("ipvs_drain", **DRAINED)
    persisted = "\n".join(saved())
    sh("ipvsadm -C; rm /run/lvs-cluster/drained-*")
    run(["ipvsadm", "-R"], stdin=persisted + "\n")
    assert "-a -t 192.0.2.10:80 -r 192.0.2.22:8080 -m -w 0" in saved()
    with pytest.raises(ModuleFailedError, match=r"nobody knows its weight before\. Set weight"):
        play("ipvs_drain", **DRAINED, state="restored")
    assert play("ipvs_drain", **DRAINED, state="restored", weight=5)["changed"]

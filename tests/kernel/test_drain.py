"""Draining on a real kernel, without connections: what is set, what is remembered, and what is not touched."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs_host import keepalived_runs
from ansible_collections.lvs.cluster.tests.kernel.conftest import drain_state, kernel_table, namespace, run, sh
from ansible_collections.lvs.cluster.tests.kernel.test_modules import changes_checks_and_stays, saved
from ansible_collections.lvs.cluster.tests.unit.playing import play

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

"""What somebody changed on running directors behind keepalived's back: said by check mode, put right by site.yml."""

from __future__ import annotations

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import endpoint
from harness.playbooks import recap

DIRECTORS = ("--limit", "lvs_directors")


@pytest.fixture
def drained(module, service):
    """A real server that an operator took out on the master, with the tool for that."""
    host = min(service.realservers)
    address = service.server(host).address
    assert module(service.master, "ipvs_drain", address=address, timeout=0)["changed"]
    yield host
    module(service.master, "ipvs_drain", address=address, state="restored")


@pytest.fixture
def kernel(lab, service):
    """What keepalived has in the kernels of the directors."""

    def look():
        return (
            lab.weights(service.directors, service.key),
            {host: lab.sync_daemons(host) for host in service.directors},
            lab.holders(service.vip, service.directors),
        )

    return look


@pytest.fixture
def drift(drained, kernel, lab, service, module):
    """An empty table, another weight, no sync daemon, and the address on two directors; and what was before."""
    assert drained
    before = kernel()
    web = endpoint(service.vip, service.port)
    other = endpoint(*service.server(max(service.realservers)))
    lab.shell(service.master, "ipvsadm -C")
    lab.shell(
        service.backup,
        f"ipvsadm -e -t {web} -r {other} -g -w 7 && ipvsadm --stop-daemon backup"
        f" && ip address add {service.vip}/32 dev eth0",
    )
    assert kernel() != before
    yield before
    for host in service.directors:
        module(host, "keepalived_repair")


@pytest.fixture(autouse=True)
def _from_a_steady_cluster(steady):
    steady()


@pytest.mark.usefixtures("drift")
def test_drift_is_told_by_check_mode_and_stays(site, kernel, service):
    drifted = kernel()
    done = site(*DIRECTORS, "--check", "--diff")
    assert done.returncode == 0, done.stdout + done.stderr
    assert all(recap(done.stdout, "changed")[host] for host in service.directors), done.stdout
    web = endpoint(service.vip, service.port)
    for line in (f"+-A -t {web} -s ", "+--start-daemon backup ", f"-inet {service.vip}/32 dev eth0"):
        assert line in done.stdout
    assert kernel() == drifted


def test_drift_is_put_right_and_a_drained_server_stays(site, drift, drained, kernel, service, prove, probe, tell):
    done = site(*DIRECTORS)
    assert done.returncode == 0, done.stdout + done.stderr
    assert kernel() == drift
    told = " ".join((done.stdout + done.stderr).split())
    assert "Drained by ipvs_drain, and left so:" in told
    assert f"-> {endpoint(*service.server(drained))}" in told
    running = probe(rate=20)
    again = site(*DIRECTORS)
    report = running.stop()
    assert again.returncode == 0, again.stdout + again.stderr
    assert set(recap(again.stdout, "changed").values()) == {0}, again.stdout
    tell("the directors are looked at again", report, 0)
    assert report["failures"] == {}
    prove(service.master, service.realservers - {drained})

"""Break, prove, heal, prove: each failure as a client sees it, against what theory allows."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(("breaking", "healing"), [("kill", "start"), ("cut", "join")], ids=["power", "cable"])
def test_backup_stands_in_for_a_master_without(
    cluster, lab, steady, probe, synced, tell, prove, limit, breaking, healing
):
    steady()
    running = probe(seconds=15)
    synced()
    with lab.broken(breaking, healing, cluster.master):
        report = running.report()
        tell(f"lab {breaking} master", report, limit(cluster.takeover))
        assert report["longest_gap"] > 0, "nothing was broken"
        assert report["longest_gap"] < limit(cluster.takeover)
        assert set(report["realservers"]) == cluster.realservers
        assert report["held"]["survived"], report["held"]
        prove(cluster.backup)

    running = probe(seconds=12)
    steady()
    report = running.report()
    tell(f"lab {healing} master", report, limit(0))
    assert report["longest_gap"] < limit(0)
    prove(cluster.master)


def test_keepalived_is_stopped_on_the_master(cluster, lab, steady, probe, synced, tell, prove, limit):
    steady()
    running = probe(seconds=10)
    synced()
    lab.exec(cluster.master, "systemctl", "stop", "keepalived")
    try:
        report = running.report()
        # The master says goodbye (priority 0), so the backup waits for its skew alone.
        tell("keepalived is stopped on the master", report, limit(cluster.skew))
        assert report["longest_gap"] < limit(cluster.skew)
        assert report["held"]["survived"], report["held"]
        prove(cluster.backup)
    finally:
        lab.exec(cluster.master, "systemctl", "start", "keepalived")
    steady()
    prove(cluster.master)


def test_keepalived_dies_on_the_master_and_comes_back_by_itself(cluster, lab, steady, probe, tell, prove, limit):
    def restarts():
        return int(lab.exec(cluster.master, "systemctl", "show", "-P", "NRestarts", "keepalived"))

    steady()
    before = restarts()
    running = probe(seconds=12)
    lab.exec(cluster.master, "systemctl", "kill", "--signal=KILL", "--kill-whom=all", "keepalived")
    report = running.report()
    tell("keepalived is killed on the master", report, limit(cluster.takeover))
    assert report["longest_gap"] < limit(cluster.takeover)
    assert restarts() == before + 1
    steady()
    prove(cluster.master)


def test_realserver_loses_power(cluster, lab, steady, probe, tell, prove, limit, outage):
    lost, *others = sorted(cluster.realservers)
    steady()
    running = probe(seconds=cluster.detection + 10)
    with lab.broken("kill", "start", lost):
        report = running.report()
        seen = outage(report)
        tell("real server loses power", report, limit(cluster.detection), seen)
        assert 0 < seen < limit(cluster.detection)
        prove(cluster.master, set(others))
    steady()
    prove(cluster.master)


def test_nginx_is_stopped_on_a_realserver(cluster, lab, steady, probe, tell, prove, limit, outage):
    stopped, *others = sorted(cluster.realservers)
    steady()
    running = probe(seconds=cluster.detection + 10)
    lab.exec(stopped, "systemctl", "stop", "nginx")
    try:
        report = running.report()
        seen = outage(report)
        tell("nginx is stopped on a real server", report, limit(cluster.detection), seen)
        assert seen < limit(cluster.detection)
        assert "refused" in report["failures"], "nothing was broken"
        prove(cluster.master, set(others))
    finally:
        lab.exec(stopped, "systemctl", "start", "nginx")
    steady()
    prove(cluster.master)


def test_no_request_fails_when_a_backend_is_stopped(cluster, lab, steady, probe, tell, ask):
    stopped, *others = sorted(cluster.backends)
    steady()
    running = probe(seconds=8)
    lab.exec(stopped, "systemctl", "stop", "lab-backend")
    try:
        report = running.report()
        tell("backend is stopped", report, 0)
        assert report["failures"] == {}
        assert set(ask()["backends"]) == set(others)
    finally:
        lab.exec(stopped, "systemctl", "start", "lab-backend")


def test_directors_reboot_one_after_the_other(cluster, lab, steady, probe, tell, prove, limit):
    for director, deputy in ((cluster.backup, cluster.master), (cluster.master, cluster.backup)):
        steady()
        running = probe(seconds=40, rate=20)
        lab("reboot", director)
        lab.forget(director)
        report = running.report()
        tell(f"{director} reboots, {deputy} stands in", report, limit(cluster.takeover))
        assert report["longest_gap"] < limit(cluster.takeover)
    steady()
    prove(cluster.master)
    for director in cluster.instance.directors:
        assert lab.exec(director, "sysctl", "-n", "net.ipv4.vs.expire_nodest_conn").strip() == "1"


def test_realserver_comes_back_from_a_reboot_as_it_was(cluster, lab, steady, prove):
    for host in sorted(cluster.realservers):
        steady()
        lab("reboot", host)
        lab.forget(host)
        addresses = lab.exec(host, "ip", "-4", "-o", "address", "show", "dev", "lo", "label", "lo:0")
        assert f"inet {cluster.vip}/32" in addresses
        settings = lab.exec(host, "sysctl", "-n", "net.ipv4.conf.eth0.arp_ignore", "net.ipv4.conf.eth0.arp_announce")
        assert settings.split() == ["1", "2"]
    steady()
    prove(cluster.master)


def test_held_connection_dies_without_the_sync_daemon(cluster, lab, steady, probe, tell, limit, site):
    """The control run that gives `survived` above its meaning."""
    only_directors = ("--limit", "lvs_directors")
    done = site("--extra-vars", "lvs_sync_daemon=false", *only_directors)
    assert done.returncode == 0, done.stdout + done.stderr
    try:
        steady()
        running = probe(seconds=12)
        with lab.broken("kill", "start", cluster.master):
            report = running.report()
        tell("master loses power, without sync daemon", report, limit(cluster.takeover))
        assert not report["held"]["survived"]
    finally:
        done = site(*only_directors)
    assert done.returncode == 0, done.stdout + done.stderr
    steady()

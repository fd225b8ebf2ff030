"""Break, prove, heal, prove: each failure as a client sees it, against what theory allows."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(("breaking", "healing"), [("kill", "start"), ("cut", "join")], ids=["power", "cable"])
def test_backup_stands_in_for_a_master_without(cluster, lab, steady, probe, tell, prove, limit, breaking, healing):
    steady()
    running = probe()
    running.wait_until_synced()
    with lab.broken(breaking, healing, cluster.master):
        prove(cluster.backup)
        report = running.stop()
        running = probe()
    tell(f"lab {breaking} master", report, limit(cluster.takeover))
    assert report["longest_gap"] > 0, "nothing was broken"
    assert report["longest_gap"] < limit(cluster.takeover)
    assert set(report["realservers"]) == cluster.realservers
    assert report["held"]["survived"], report["held"]

    steady()
    prove(cluster.master)
    report = running.stop()
    tell(f"lab {healing} master", report, limit(0))
    assert report["longest_gap"] < limit(0)


def test_keepalived_is_stopped_on_the_master(cluster, lab, steady, probe, tell, prove, limit):
    steady()
    running = probe()
    running.wait_until_synced()
    lab.exec(cluster.master, "systemctl", "stop", "keepalived")
    try:
        prove(cluster.backup)
        report = running.stop()
    finally:
        lab.exec(cluster.master, "systemctl", "start", "keepalived")
    # The master says goodbye (priority 0), so the backup waits for its skew alone.
    tell("keepalived is stopped on the master", report, limit(cluster.skew))
    assert report["longest_gap"] < limit(cluster.skew)
    assert report["held"]["survived"], report["held"]
    steady()
    prove(cluster.master)


def test_keepalived_that_dies_comes_back_by_itself(cluster, lab, steady, prove, without, wait_for):
    def restarts():
        return int(lab.exec(cluster.master, "systemctl", "show", "--value", "--property", "NRestarts", "keepalived"))

    lost, *others = sorted(cluster.realservers)
    steady()
    before = restarts()
    # Stopped first, so that none of its processes can clear up when it sees another one die.
    for signal in ("STOP", "KILL"):
        lab.exec(cluster.master, "systemctl", "kill", f"--signal={signal}", "--kill-whom=all", "keepalived")
    # Who dies meanwhile must not stay in the table that the dead keepalived left.
    lab.exec(lost, "systemctl", "stop", "nginx")
    try:
        wait_for("systemd to start keepalived again", restarts, lambda seen: seen == before + 1)
        without(lost)
        prove(cluster.master, set(others))
    finally:
        lab.exec(lost, "systemctl", "start", "nginx")
    steady()
    prove(cluster.master)


def test_realserver_loses_power(cluster, lab, steady, probe, tell, prove, limit, outage, without):
    lost, *others = sorted(cluster.realservers)
    steady()
    running = probe()
    with lab.broken("kill", "start", lost):
        without(lost)
        prove(cluster.master, set(others))
        report = running.stop()
    seen = outage(report)
    tell("a real server loses power", report, limit(cluster.detection), seen)
    assert 0 < seen < limit(cluster.detection)
    steady()
    prove(cluster.master)


def test_nginx_is_stopped_on_a_realserver(cluster, lab, on, steady, probe, tell, prove, limit, outage, without):
    stopped, *others = sorted(cluster.realservers)
    steady()
    running = probe()
    lab.exec(stopped, "systemctl", "stop", "nginx")
    try:
        without(stopped)
        prove(cluster.master, set(others))
        (service,) = on(cluster.master).ansible("lvs.cluster.keepalived_info", check=False)["virtual_servers"]
        report = running.stop()
    finally:
        lab.exec(stopped, "systemctl", "start", "nginx")
    dead = [server["address"] for server in service["real_servers"] if not server["alive"]]
    assert dead == [cluster.addresses[stopped]]
    seen = outage(report)
    tell("nginx is stopped on a real server", report, limit(cluster.detection), seen)
    assert seen < limit(cluster.detection)
    assert "refused" in report["failures"], "nothing was broken"
    steady()
    prove(cluster.master)


def test_no_request_fails_when_a_backend_is_stopped(cluster, lab, steady, probe, tell, ask):
    stopped, *others = sorted(cluster.backends)
    steady()
    running = probe()
    lab.exec(stopped, "systemctl", "stop", "lab-backend")
    try:
        assert set(ask()["backends"]) == set(others)
        report = running.stop()
    finally:
        lab.exec(stopped, "systemctl", "start", "lab-backend")
    tell("a backend is stopped", report, 0)
    assert report["failures"] == {}


def test_directors_reboot_one_after_the_other(cluster, lab, steady, probe, tell, prove, limit):
    for director, deputy in ((cluster.backup, cluster.master), (cluster.master, cluster.backup)):
        steady()
        before = lab.boot(director)
        running = probe(rate=20)
        lab("reboot", director)
        lab.forget(director)
        assert lab.boot(director) != before, "nothing was rebooted"
        steady()
        report = running.stop()
        tell(f"{director} reboots, {deputy} stands in", report, limit(cluster.takeover))
        assert report["longest_gap"] < limit(cluster.takeover)
        assert lab.exec(director, "sysctl", "-n", "net.ipv4.vs.expire_nodest_conn").strip() == "1"
    prove(cluster.master)


def test_realserver_comes_back_from_a_reboot_as_it_was(cluster, lab, steady, prove):
    for host in sorted(cluster.realservers):
        steady()
        before = lab.boot(host)
        lab("reboot", host)
        lab.forget(host)
        assert lab.boot(host) != before, "nothing was rebooted"
        addresses = lab.exec(host, "ip", "-4", "-o", "address", "show", "dev", "lo", "label", "lo:0")
        assert f"inet {cluster.vip}/32" in addresses
        settings = lab.exec(host, "sysctl", "-n", "net.ipv4.conf.eth0.arp_ignore", "net.ipv4.conf.eth0.arp_announce")
        assert settings.split() == ["1", "2"]
    steady()
    prove(cluster.master)


def test_held_connection_dies_without_the_sync_daemon(cluster, lab, steady, probe, tell, limit, prove, site):
    """The control run that gives `survived` above its meaning."""
    only_directors = ("--limit", "lvs_directors")
    done = site("--extra-vars", "lvs_sync_daemon=false", *only_directors)
    assert done.returncode == 0, done.stdout + done.stderr
    try:
        steady()
        running = probe()
        with lab.broken("kill", "start", cluster.master):
            prove(cluster.backup)
            report = running.stop()
        tell("lab kill master, without sync daemon", report, limit(cluster.takeover))
        assert not report["held"]["survived"]
    finally:
        done = site(*only_directors)
    assert done.returncode == 0, done.stdout + done.stderr
    steady()

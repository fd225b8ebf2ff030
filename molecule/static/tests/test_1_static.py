"""One director without keepalived: what it has, what it keeps, and what it does not do."""

from __future__ import annotations

import ipaddress

import pytest
from harness.cluster import only
from harness.playbooks import changed, extra, told

# Packets, of which each request takes four at least.
ENOUGH = 400


@pytest.fixture(scope="session")
def director(service):
    return only(service.directors)


@pytest.fixture
def state(lab, service, director):
    """What makes the host a director."""

    def look():
        return {
            "rules": lab.weights([director], service.key)[director],
            "timeouts": lab.exec(director, "ipvsadm", "--list", "--timeout").strip(),
            "addresses": lab.labels(director, "eth0"),
            "parameters": lab.shell(director, "modprobe --showconfig | grep '^options ip_vs '").strip(),
            "settings": lab.exec(director, "sysctl", "-n", "net.ipv4.vs.expire_nodest_conn").strip(),
        }

    return look


@pytest.fixture
def unhurt(probe, tell):
    """Requests of which none may fail meanwhile; what became of the connection that was held beside them."""

    def check(what, change):
        running = probe(rate=20)
        change()
        report = running.stop()
        tell(what, report, 0)
        assert report["failures"] == {}
        return report["held"]

    return check


def test_clients_are_served_through_the_director_alone(service, director, lab, client, prove):
    prove(director)
    assert client.lladdr(service.vip) == lab.mac(director)
    assert len(service.realservers) > 1


def test_the_director_has_what_the_tutorials_type(service, director, cluster, state):
    described = cluster.described.lvs_global_defs.lvs_timeouts
    seen = state()
    assert seen["rules"] == service.weights
    assert seen["timeouts"] == f"Timeout (tcp tcpfin udp): {described.tcp} {described.tcpfin} {described.udp}"
    assert seen["addresses"]["eth0:0"] == f"{service.vip}/32"
    assert seen["addresses"]["eth0"].split("/")[0] == cluster.addresses[director]
    assert seen["parameters"] == "options ip_vs conn_tab_bits=12"
    assert seen["settings"] == "1"


def test_a_run_finds_nothing_to_do_and_says_that_nobody_checks(site):
    done = site()
    assert done.returncode == 0, done.stdout + done.stderr
    assert changed(done.stdout) == {}
    output = " ".join((done.stdout + done.stderr).split())
    assert "nothing checks the real servers of web, which hosts direct without keepalived" in output
    assert "has another value" not in output


def test_no_keepalived_comes_with_it(lab, director):
    assert "keepalived" not in lab.exec(director, "dpkg-query", "--show")


def test_what_would_change_is_told_and_not_done(cluster, service, state, site):
    before = state()
    done = site(*weighing(cluster, 3), "--check", "--diff", "--limit", "lvs_directors")
    assert done.returncode == 0, done.stdout + done.stderr
    host = min(service.realservers)
    assert f"+-a -t {service.vip}:{service.port} -r {cluster.addresses[host]}:{service.port} -g -w 3" in done.stdout
    assert state() == before


def test_a_scheduler_that_the_kernel_does_not_have_is_refused_before_anything_changes(cluster, director, state, site):
    """The lab's kernel has all but this one."""
    before = state()
    described = only(cluster.variables["lvs_virtual_servers"])
    done = site(*extra(lvs_virtual_servers=[{**described, "lb_algo": "twos"}]))
    assert done.returncode == 2, done.stdout
    assert f"the kernel of {director} has no ip_vs_twos, and a director needs IPVS" in told(done.stdout)[director]
    assert changed(done.stdout) == {}
    assert state() == before


def test_a_boot_of_the_director_brings_all_of_it_back(faults, director, state, probe, tell, prove, wait_for):
    before = state()
    running = probe(rate=20)
    faults.reboot(director)
    wait_for("what the director had", state, lambda seen: seen == before)
    prove(director)
    report = running.stop()
    # Nobody stands in: what it takes is told, and not judged.
    tell("the director reboots, and nobody stands in", report, report["longest_gap"])
    assert report["longest_gap"] > 0, "nothing was rebooted"


def test_nobody_takes_a_stopped_nginx_out_until_somebody_drains_it(
    cluster, service, director, lab, faults, module, site, probe, outage, tell, prove, wait_for
):
    stopped, *others = sorted(service.realservers)
    drain = {"address": cluster.addresses[stopped], "timeout": 0}
    running = probe()
    with faults.stopped(stopped, "nginx"):
        before = lab.packets(director, service.key)
        wait_for(
            "some hundred packets of requests",
            lambda: lab.packets(director, service.key) - before,
            lambda seen: seen > ENOUGH,
            patience=60,
        )
        report = running.stop()
        # Its share, and no less: half of all with two servers.
        tell(f"nginx is stopped on {stopped}, for as long", report, outage(report), outage(report))
        failed = [start for start, _duration, outcome, *_names in report["samples"] if outcome != "ok"]
        assert failed, "nothing was broken"
        since = [start for start, *_rest in report["samples"] if start >= min(failed)]
        assert 0.4 <= len(failed) / len(since) <= 0.6, report["failures"]
        assert "refused" in report["failures"]

        module(director, "ipvs_drain", **drain)
        prove(director, set(others))
        done = site("--limit", "lvs_directors")
        assert done.returncode == 0, done.stdout + done.stderr
        assert lab.weights([director], service.key)[director][service.server(stopped)] == 0, "a run undid the drain"
    module(director, "ipvs_drain", state="restored", **drain)
    done = site("--limit", "lvs_directors")
    assert done.returncode == 0, done.stdout + done.stderr
    prove(director)


def weighing(cluster, weight):
    """The description with another weight for its first real server."""
    described = only(cluster.variables["lvs_virtual_servers"])
    first, *others = described["real_servers"]
    return extra(lvs_virtual_servers=[{**described, "real_servers": [{"host": first, "weight": weight}, *others]}])


def test_a_weight_changes_without_a_lost_connection(cluster, service, director, lab, site, unhurt):
    def change():
        done = site(*weighing(cluster, 3), "--limit", "lvs_directors")
        assert done.returncode == 0, done.stdout + done.stderr
        assert lab.weights([director], service.key)[director][service.server(min(service.realservers))] == 3
        assert site("--limit", "lvs_directors").returncode == 0

    held = unhurt("a weight changes, and changes back", change)
    assert held["survived"], held
    assert lab.weights([director], service.key)[director] == service.weights


@pytest.fixture
def address_events(lab, service, director):
    """What became of the addresses of the director and of the real servers, a line each."""
    hosts = [director, *sorted(service.realservers)]
    words = ("systemd-run", "--unit=watch", "--property=StandardOutput=truncate:/run/watch")
    lab.exec_all(hosts, *words, "ip", "-4", "-oneline", "monitor", "address")
    yield lambda: "".join(lab.exec_all(hosts, "cat", "/run/watch").values()).splitlines()
    lab.exec_all(hosts, "systemctl", "stop", "watch")


def test_an_address_with_its_service_comes_and_goes_and_touches_no_other(
    cluster, service, director, lab, client, site, unhurt, address_events, prove
):
    """One of each family; that of IPv6 is one that nobody has."""
    own = cluster.by_family[director]["ipv6"]
    second, six = cluster.another(), str(ipaddress.ip_address(own) + 1)
    before = set(lab.flags(director, "eth0"))

    def labels(label):
        seen = {director: lab.labels(director, "eth0").get(f"eth0:{label}")}
        return {**seen, **{host: lab.loopback(host).get(f"lo:{label}") for host in service.realservers}}

    def change():
        done = site(*extra(**cluster.with_another_service(second, six)))
        assert done.returncode == 0, done.stdout + done.stderr
        assert set(labels(1).values()) == {f"{second}/32"}
        fetched = lab.exec(client.host, "curl", "-sS", "--fail", "--max-time", "2", f"http://{second}/")
        assert "backend" in fetched
        report = client.ask(f"http://[{six}]/")
        assert (report["failures"], set(report["realservers"])) == ({}, service.realservers)
        # From the virtual address it would hear nothing of real servers, which have that too.
        sources = [lab.source(director, cluster.by_family[host]["ipv6"]) for host in sorted(service.realservers)]
        assert set(sources) == {own}
        done = site()
        assert done.returncode == 0, done.stdout + done.stderr
        assert set(labels(1).values()) == {None}
        assert set(lab.flags(director, "eth0")) == before

    unhurt("a service comes and goes with its address", change)
    assert set(labels(0).values()) == {f"{service.vip}/32"}
    gone = [line for line in address_events() if line.startswith("Deleted")]
    assert len(gone) == len(labels(0)), gone
    assert [line for line in gone if f"{second}/32" not in line] == []
    prove(director)

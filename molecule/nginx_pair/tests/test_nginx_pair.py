"""Proxies that stand in for each other: whose proxy does not serve gives its address up, and rejoins by itself."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.asking import AskHttp
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.vrrp import VrrpInstance
from ansible_collections.lvs.cluster.plugins.module_utils._description.views.keepalived import takeover_seconds
from harness import cluster as description
from harness.clock import wait_for
from harness.cluster import only
from harness.playbooks import changed, told

CONFIGURATION = "/etc/keepalived/keepalived.conf"
# Of an operator, in a table that is nobody else's business.
OPERATORS_RULE = "-A -t 198.18.80.200:9999 -s rr"
# An administrator stops the proxy, and nobody starts it again; or it lives, and serves nobody.
BREAKS = {
    "stop": "systemctl mask --runtime --now {unit}",
    "hang": "systemctl kill --signal STOP {unit}",
}
HEALS = {
    "stop": "systemctl unmask --runtime {unit} && systemctl start {unit}",
    "hang": "systemctl kill --signal CONT {unit}",
}


@dataclass(frozen=True)
class Floating:
    """An address that floats over proxies."""

    instance: VrrpInstance

    @property
    def vip(self):
        return only(self.instance.addresses)

    @property
    def url(self):
        return f"http://{self.vip}/"

    @property
    def hosts(self):
        return list(self.instance.hosts)

    @property
    def takeover(self):
        """Seconds in theory until another host has it, once the check of its master fails.

        Every run of the check that must fail, and what the next host waits after a goodbye.
        """
        check = self.instance.check or AskHttp()
        skew = takeover_seconds(self.instance, self.hosts[1]) - 3 * self.instance.advert_int
        return check.interval * check.fall + skew

    @property
    def silence(self):
        """Seconds that the last run of the check waits for the answer of a proxy that hangs."""
        return (self.instance.check or AskHttp()).connect_timeout


@pytest.fixture(scope="session")
def nginx(inventory_path):
    return [Floating(each) for each in description.read(inventory_path, name="lvs").instances]


@pytest.fixture(scope="session")
def haproxy(inventory_path):
    return Floating(only(description.read(inventory_path, name="haproxy").instances))


@pytest.fixture(scope="session")
def backends(cluster):
    return set(cluster.groups["lvs_backends"])


@pytest.fixture
def prove(lab, client, backends):
    """Proves that a client comes to both applications through an address, by one proxy and nobody else."""

    def look(floating, proxy):
        mac = lab.mac(proxy)
        wait_for(
            f"{proxy} alone to answer ARP", lambda: client.arp(floating.vip), lambda macs: macs == {mac}, patience=30
        )
        report = client.ask(floating.url)
        assert report["failures"] == {}
        assert set(report["realservers"]) == {proxy}
        assert set(report["backends"]) == backends

    return look


@pytest.fixture
def holder(lab):
    """Waits until one host has an address, and the others are its backups; who it is."""

    def wait(floating, *hosts):
        def look():
            states = lab.vrrp_states(floating.hosts)
            told = {host: state.get(floating.instance.name) for host, state in states.items()}
            return lab.holders(floating.vip, floating.hosts), sorted(told.values())

        def right(seen):
            return len(seen[0]) == 1 and seen[1] == ["BACKUP", "MASTER"] and seen[0][0] in (hosts or floating.hosts)

        (found,), _states = wait_for(f"one of {hosts or floating.hosts} to have {floating.vip}", look, right)
        return found

    return wait


@pytest.fixture
def steady(nginx, haproxy, holder):
    """Waits until each address of nginx is where it is preferred, and that of haproxy somewhere."""

    def wait():
        for each in nginx:
            holder(each, each.hosts[0])
        return holder(haproxy)

    return wait


@pytest.fixture
def entered(lab):
    """How often each host's keepalived became master of an instance since its boot, by what it says itself."""

    def count(floating):
        words = f"({floating.instance.name}) Entering MASTER STATE"
        journals = lab.exec_all(floating.hosts, "journalctl", "-b", "-u", "keepalived", "-o", "cat")
        return {host: text.splitlines().count(words) for host, text in journals.items()}

    return count


@pytest.fixture
def move(lab, faults, client, entered, holder, prove, tell, limit):
    """Breaks the proxy of the host that has an address, and heals it.

    Who had the address, who took it, how often, and a probe that has begun since.
    """

    def run(floating, unit, breaking):
        lost = holder(floating)
        (kept,) = set(floating.hosts) - {lost}
        before = entered(floating)
        running = client.probe(floating.url)
        with faults.healing(lambda: lab.shell(lost, HEALS[breaking].format(unit=unit))):
            lab.shell(lost, BREAKS[breaking].format(unit=unit))
            prove(floating, kept)
            report = running.stop()
        theory = floating.takeover + (floating.silence if breaking == "hang" else 0)
        tell(f"{breaking} {unit}, {theory:.2f} s in theory", report, limit(theory))
        assert 0 < report["longest_gap"] < limit(theory)
        running = client.probe(floating.url)
        holder(floating)
        return lost, kept, entered(floating)[kept] - before[kept], running

    return run


def described(folder, words):
    """Another inventory, which describes the nginx pair otherwise and leaves the other cluster its own words."""
    (folder / "group_vars").mkdir(exist_ok=True)
    (folder / "hosts.yml").write_text(json.dumps({"proxies": None}))
    (folder / "group_vars" / "proxies.yml").write_text(json.dumps(words))
    return str(folder)


def test_a_client_sees_both_applications_through_each_address(nginx, haproxy, steady, prove):
    kept = steady()
    for each in nginx:
        prove(each, each.hosts[0])
    prove(haproxy, kept)


def test_ipvs_is_nobodys_business_there(nginx, haproxy, lab):
    hosts = [*nginx[0].hosts, *haproxy.hosts]
    look = f"""command -v ipvsadm; grep lvs_flush {CONFIGURATION}
        ls /etc/modules-load.d/lvs-director.conf /etc/sysctl.d/60-lvs-director.conf /run/checkers.pid 2>/dev/null; :"""
    assert lab.exec_all(hosts, "sh", "-c", look) == dict.fromkeys(hosts, "")


@pytest.mark.parametrize("breaking", list(BREAKS))
def test_whose_nginx_does_not_serve_gives_its_address_up_and_gets_it_back(
    nginx, steady, move, prove, tell, limit, breaking
):
    steady()
    first = nginx[0]
    lost, _kept, moved, running = move(first, "nginx", breaking)
    assert (lost, moved) == (first.hosts[0], 1)
    steady()
    prove(first, lost)
    report = running.stop()
    tell("nginx serves again, and has its address back", report, limit(0))
    assert report["longest_gap"] < limit(0)


def test_an_nginx_that_failed_is_started_once_and_then_its_address_moves(
    nginx, lab, faults, client, steady, prove, entered, tell, limit, wait_for
):
    steady()
    first, _other = nginx
    host, kept = first.hosts
    before = entered(first)

    def crash():
        lab.exec(host, "systemctl", "kill", "--signal", "KILL", "nginx")

    def is_active():
        return lab.exec(host, "systemctl", "is-active", "nginx", check=False).strip()

    running = client.probe(first.url)
    with faults.healing(lambda: lab.exec(host, "systemctl", "start", "nginx")):
        crash()
        wait_for("nginx to be started", is_active, lambda seen: seen == "active")
        prove(first, host)
        report = running.stop()
        interval = first.instance.check.interval
        tell(f"nginx fails, and is started within {interval} s", report, limit(interval))
        assert 0 < report["longest_gap"] < limit(interval)
        assert entered(first) == before, "the address moved"
        # Not for ever: one that fails again at once is not helped.
        crash()
        prove(first, kept)
        assert is_active() == "failed"
    steady()
    assert entered(first) == {host: before[host] + 1, kept: before[kept] + 1}


def test_a_host_that_boots_without_its_nginx_takes_no_address_and_rejoins_once_it_runs(
    nginx, lab, faults, steady, prove, entered, wait_for
):
    steady()
    first, _other = nginx
    host, kept = first.hosts
    with faults.healing(lambda: lab.exec(host, "systemctl", "enable", "--now", "nginx")):
        lab.exec(host, "systemctl", "disable", "nginx")
        faults.reboot(host)
        wait_for(
            "keepalived to know that nothing serves",
            lambda: lab.exec(host, "journalctl", "-b", "-u", "keepalived", "-o", "cat"),
            lambda text: "now returning 1" in text,
        )
        for each in nginx:
            prove(each, kept)
        assert [entered(each)[host] for each in nginx] == [0, 0]
        assert set(lab.vrrp_states([host])[host].values()) == {"FAULT"}
    steady()
    prove(first, host)


@pytest.mark.parametrize("breaking", list(BREAKS))
def test_an_address_of_haproxy_moves_and_stays_where_it_is_then(haproxy, move, holder, prove, tell, limit, breaking):
    _lost, kept, moved, running = move(haproxy, "haproxy", breaking)
    assert moved == 1
    assert holder(haproxy) == kept
    prove(haproxy, kept)
    report = running.stop()
    tell("haproxy serves again, and its address stays", report, limit(0))
    # One that hung gives the applications at once what it was asked meanwhile, and they are busy for a moment.
    assert report["longest_gap"] < limit(0)


def test_what_keepalived_asks_changes_and_no_request_fails_and_no_address_moves(
    inventory_path, nginx, lab, site, client, steady, tell, limit, tmp_path
):
    """Another path, and the port that is asked goes again; clients come by one that stays."""
    steady()
    upstream = only(description.read(inventory_path, name="lvs").variables["lvs_nginx_upstreams"])
    hosts = nginx[0].hosts
    other = {"listen": [8080, 80], "health_path": "/up"}

    def run(words, *options):
        folder = described(tmp_path, {"lvs_nginx_upstreams": [{**upstream, **words}]})
        done = site("-i", folder, "--limit", "proxies", *options)
        assert done.returncode == 0, done.stdout + done.stderr
        return changed(done.stdout)

    def answered(place):
        words = ("curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", f"http://127.0.0.1{place}")
        return {lab.exec(host, *words, check=False) for host in hosts}

    since = lab.exec(hosts[0], "date", "+%s").strip()
    running = client.probe(nginx[0].url, rate=10)
    run(other, "--tags", "nginx")
    # Nobody has been told to ask by it.
    assert run(other, "--tags", "nginx") == {}
    assert [answered("/healthz"), answered(":8080/up")] == [{"200"}, {"200"}]
    run(other)
    run({})
    report = running.stop()
    tell("keepalived asks otherwise", report, limit(0))
    assert report["longest_gap"] < limit(0)
    journals = lab.exec_all(hosts, "journalctl", "-u", "keepalived", "-o", "cat", "--since", f"@{since}")
    assert all("Reloading" in text for text in journals.values()), journals
    assert [host for host, text in journals.items() if "FAULT" in text or "now returning 1" in text] == []
    assert answered(":8080/up") == {"000"}


def test_tracking_a_process_is_refused_where_the_kernel_tells_of_none(inventory_path, nginx, site, tmp_path):
    """As in the lab, and in containers."""
    told_ = description.read(inventory_path, name="lvs").variables
    instance = {**only(told_["lvs_vrrp_instances"]), "track_process": ["nginx"]}
    words = {"lvs_vrrp_track_processes": [{"name": "nginx", "process": "nginx"}], "lvs_vrrp_instances": [instance]}
    done = site("-i", described(tmp_path, words), "--limit", "proxies")
    assert done.returncode == 2, done.stdout
    for host in nginx[0].hosts:
        assert f"the kernel of {host} tells nobody who starts and ends" in told(done.stdout)[host]
    assert changed(done.stdout) == {}


def test_a_second_run_finds_nothing_to_do(site):
    done = site()
    assert done.returncode == 0, done.stdout + done.stderr
    assert changed(done.stdout) == {}


def test_a_rule_of_an_operators_survives_what_happens_to_keepalived_and_the_teardown(nginx, lab, site, steady):
    """The last: it leaves a ruin."""
    steady()
    host = nginx[0].hosts[0]
    lab.exec(host, "apt-get", "install", "--yes", "--quiet", "--no-install-recommends", "ipvsadm")
    lab.shell(host, f"ipvsadm {OPERATORS_RULE}")

    def rules():
        return lab.exec(host, "ipvsadm", "-S", "-n").splitlines()

    for step in ("reload", "restart"):
        lab.exec(host, "systemctl", step, "keepalived")
        steady()
        assert rules() == [OPERATORS_RULE], step
    done = site()
    assert done.returncode == 0, done.stdout + done.stderr
    assert rules() == [OPERATORS_RULE]
    done = site(playbook="teardown")
    assert done.returncode == 0, done.stdout + done.stderr
    assert rules() == [OPERATORS_RULE]
    look = "ls /etc/nginx/conf.d /etc/keepalived/keepalived.conf 2>/dev/null; systemctl is-active keepalived; :"
    assert lab.exec_all(nginx[0].hosts, "sh", "-c", look) == dict.fromkeys(
        nginx[0].hosts, "/etc/nginx/conf.d:\ninactive\n"
    )
    assert lab.holders(nginx[0].vip, nginx[0].hosts) == []

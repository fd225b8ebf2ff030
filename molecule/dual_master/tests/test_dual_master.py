"""Two addresses, each director master of one: either stands in for the other, and connections through both go on."""

from __future__ import annotations

import ipaddress
import json

import pytest
from harness import cluster as description
from harness import judge
from harness.cluster import only
from harness.faults import HEALING
from harness.playbooks import extra, recap


@pytest.fixture
def prove(lab, client):
    """Proves that a service is served through this director."""
    return lambda service, director: judge.prove(lab, client, service, director)


@pytest.fixture
def measure(cluster, client):
    """Starts a probe of each service; what is returned ends them, and tells what each saw."""

    def start():
        running = {service.name: client.probe(service.url, rate=20) for service in cluster.services}
        return lambda: {name: probe.stop() for name, probe in running.items()}

    return start


@pytest.fixture
def synced(cluster, client):
    """Waits until each backup was told of the connection that the probe of a service holds."""

    def wait():
        for service in cluster.services:
            client.wait_until_synced(service.key, service.backup)

    return wait


@pytest.fixture
def packets(cluster, lab):
    """What the IPVS of each director has counted, by service and director."""
    return lambda: {
        (service.name, director): lab.packets(director, service.key)
        for service in cluster.services
        for director in service.directors
    }


@pytest.fixture
def named(site):
    """Tells the name server what is described; how many things that changed."""

    def run(*options):
        done = site(*options, playbook="dns")
        assert done.returncode == 0, done.stdout + done.stderr
        return recap(done.stdout, "changed")["localhost"]

    return run


@pytest.fixture
def unnamed(cluster, lab):
    """Has the zone as it was before anybody was told."""
    (server,) = cluster.groups["lvs_nameservers"]
    steps = ("zone-begin example.com", "zone-unset example.com www A", "zone-commit example.com")
    lab.shell(server, "; ".join(f"knotc {step}" for step in steps))


@pytest.fixture
def asked(cluster, lab):
    """The addresses of a name, as the client's resolver has them."""
    script = "import socket, sys; print(*{each[4][0] for each in socket.getaddrinfo(sys.argv[1], 80)})"

    def ask(name):
        (done,) = lab.try_all({cluster.client: ("python3", "-c", script, name)}).values()
        assert done.status == 0 or "Name or service not known" in done.errors, done
        return set(done.output.split()) if done.status == 0 else set()

    return ask


@pytest.fixture
def answering(cluster, lab):
    """The addresses that requests of a client go to that asks for the name anew each time."""
    once = "curl --silent --fail --max-time 10 --output /dev/null --write-out '%{remote_ip}\\n' http://"
    return lambda name: set(lab.shell(cluster.client, f"for i in $(seq 16); do {once}{name}/ || exit; done").split())


@pytest.fixture
def wider(cluster, tmp_path):
    """The inventory that makes a third host a director, with an address of its own, beside the lab's own."""
    folder = tmp_path / "wider"
    (folder / "group_vars").mkdir(parents=True)
    third = only(cluster.groups["lvs_spares"])
    (folder / "hosts.yml").write_text(json.dumps({"lvs_directors": {"hosts": {third: {}}}}))
    vips = [service.vip for service in cluster.services]
    address = str(ipaddress.ip_address(vips[-1]) + 1)
    (*services, last), (*pools, pool) = (
        cluster.variables[name] for name in ("lvs_virtual_servers", "lvs_nginx_upstreams")
    )
    variables = {
        "web_addresses": [*vips, address],
        "lvs_virtual_servers": [*services, last, {**last, "name": "third", "address": address}],
        "lvs_nginx_upstreams": [*pools, pool, {**pool, "name": "third", "virtual_server": "third"}],
    }
    (folder / "group_vars" / "all.yml").write_text(json.dumps(variables))
    return folder


def test_both_directors_serve_at_once_each_its_own_address(cluster, steady, prove, measure, packets, wait_for):
    first, second = cluster.services
    assert [first.master, second.master] == [second.backup, first.backup] == first.directors
    steady()
    for service in cluster.services:
        prove(service, service.master)
    before, running = packets(), measure()
    # As long as it takes the kernel to count them.
    wait_for(
        "both directors to count",
        packets,
        lambda now: all(now[each.name, each.master] > before[each.name, each.master] for each in cluster.services),
        patience=20,
    )
    reports = running()
    assert {name: report["failures"] for name, report in reports.items()} == {first.name: {}, second.name: {}}
    after = packets()
    assert [after[each.name, each.backup] - before[each.name, each.backup] for each in cluster.services] == [0, 0]
    assert all(set(reports[each.name]["realservers"]) == each.realservers for each in cluster.services)


def test_both_directors_send_and_receive_connections_under_one_id(cluster, module, steady):
    """Bound to an instance, as with one preferred master, only those through its address would be told."""
    steady()
    number = cluster.instances[0].virtual_router_id
    for director in cluster.services[0].directors:
        daemons = {(each["role"], each["syncid"]) for each in module(director, "ipvs_info")["daemons"]}
        assert daemons == {("master", number), ("backup", number)}, director


def test_what_a_director_was_told_it_does_not_tell_on(cluster, lab, client, steady, wait_for):
    """Adverts are unicast, so that all that goes to a group is of the sync daemon."""
    first = cluster.services[0]

    def sent():
        told = lab.exec_all(first.directors, "nstat", "--noupdate", "--zeros", "--json", "IpExtOutMcastPkts")
        return {host: json.loads(text)["kernel"]["IpExtOutMcastPkts"] for host, text in told.items()}

    steady()
    before = sent()
    running = client.probe(first.url)
    client.wait_until_synced(first.key, first.backup)
    after = wait_for("the master to tell more", sent, lambda now: now[first.master] > before[first.master] + 5)
    running.stop()
    assert after[first.backup] == before[first.backup]


@pytest.mark.parametrize("place", [0, 1], ids=["first", "second"])
def test_either_director_stands_in_for_the_other_and_takes_its_own_back(
    cluster, faults, steady, prove, measure, synced, tell, limit, place
):
    lost, kept = cluster.services[place], cluster.services[1 - place]
    steady()
    running = measure()
    synced()
    with faults.broken("kill", lost.master):
        prove(lost, lost.backup)
        prove(kept, kept.master)
        reports = running()
        running = measure()
    for service, theory in ((lost, lost.takeover), (kept, 0)):
        tell(f"lab kill {lost.master}, address {service.name}", reports[service.name], limit(theory))
        assert reports[service.name]["longest_gap"] < limit(theory)
        assert reports[service.name]["held"]["survived"], reports[service.name]["held"]
    assert reports[lost.name]["longest_gap"] > 0, "nothing was broken"

    steady()
    prove(lost, lost.master)
    prove(kept, kept.master)
    reports = running()
    for service in (lost, kept):
        tell(f"lab {HEALING['kill']} {lost.master}, address {service.name}", reports[service.name], limit(0))
        assert reports[service.name]["longest_gap"] < limit(0)


def test_a_second_run_finds_nothing_to_do(cluster, site):
    done = site()
    assert done.returncode == 0, done.stdout + done.stderr
    hosts = [*cluster.groups["lvs_directors"], *cluster.groups["lvs_realservers"]]
    assert recap(done.stdout, "changed") == dict.fromkeys(hosts, 0), done.stdout


@pytest.mark.usefixtures("unnamed")
def test_the_name_of_the_site_leads_to_both_addresses_but_for_what_is_taken_out(cluster, named, asked, answering):
    """By a real name server that is told by RFC 2136, and a client that resolves: both masters are asked."""
    first, second = [service.vip for service in cluster.services]
    name = only(cluster.variables["lvs_dns_names"])["name"]
    assert asked(name) == set()
    assert named("--check") == 1
    assert asked(name) == set(), "check mode told the name server"
    assert named() == 1
    assert named() == 0
    assert asked(name) == {first, second}
    assert answering(name) == {first, second}

    instance = cluster.services[1].instance.name
    assert named(*extra(dns_without=[instance])) == 1
    assert asked(name) == {first}
    assert answering(name) == {first}

    assert named() == 1
    assert asked(name) == {first, second}


def test_a_name_that_would_lead_nowhere_and_a_key_that_is_not_the_servers_change_nothing(cluster, site, asked):
    name = only(cluster.variables["lvs_dns_names"])["name"]
    before = asked(name)
    assert before
    server = cluster.variables["lvs_dns_server"]
    foreign = {**server, "key": {**server["key"], "secret": "Zm9yZWlnbg=="}}
    for options, told in (
        (extra(dns_without=[cluster.described.lvs_cluster]), "would lead nowhere"),
        (extra(lvs_dns_server=foreign), "TSIG"),
    ):
        done = site(*options, playbook="dns")
        assert done.returncode != 0, done.stdout
        assert told in " ".join((done.stdout + done.stderr).split())
        assert foreign["key"]["secret"] not in done.stdout + done.stderr
    assert asked(name) == before


def test_three_directors_share_three_addresses(cluster, inventory_path, site, lab, faults, prove, wider):
    """The last of all: the lab stays so."""
    three = description.read(inventory_path, wider)
    third = only(cluster.groups["lvs_spares"])
    assert [service.master for service in three.services] == [*cluster.groups["lvs_directors"], third]
    done = site("-i", str(wider))
    assert done.returncode == 0, done.stdout + done.stderr
    judge.wait_until_steady(lab, three)
    for service in three.services:
        prove(service, service.master)
    with faults.broken("kill", third):
        for service in three.services:
            prove(service, service.backup if service.master == third else service.master)
    judge.wait_until_steady(lab, three)

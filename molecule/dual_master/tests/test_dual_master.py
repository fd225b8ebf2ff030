"""Two addresses, each director master of one: either stands in for the other, and connections through both go on."""

from __future__ import annotations

import ipaddress
import json

import pytest
from harness import cluster as description
from harness import judge
from harness.cluster import only
from harness.faults import HEALING
from harness.playbooks import recap


@pytest.fixture
def prove(lab, client):
    """Proves that a service is served through this director."""
    return lambda service, director: judge.prove(lab, client, service, director)


@pytest.fixture
def measure(cluster, client):
    """Starts a probe of each service; what is returned ends them, and tells what each saw."""

    def start():
        running = {service.name: client.probe(service.url, rate=20) for service in cluster.services}

        def end():
            one, *others = running.values()
            one.stop()  # all of them are told to end
            for other in others:
                other.report()
            return {name: probe.seen for name, probe in running.items()}

        return end

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

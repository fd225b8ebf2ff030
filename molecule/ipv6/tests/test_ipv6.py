"""Clients of either family are served by one set of hosts, and what IPv6 does otherwise holds."""

from __future__ import annotations

import ipaddress
import re

import pytest
from harness import judge
from harness.playbooks import changed, extra

# Of a line that tcpdump writes: from which MAC, and which address is asked for or told of.
NEIGHBOURS = re.compile(
    r"^\S+ (\S+) > .*neighbor (?:solicitation, .*who has|advertisement, .*tgt is) ([^\s,]+)", re.MULTILINE
)
HEARD = "/var/tmp/neighbours.pcap"
# One that a failed test left goes first.
LISTEN = f"""
systemctl --quiet stop neighbours 2>/dev/null
rm -f {HEARD}
systemd-run --quiet --collect --unit=neighbours tcpdump --immediate-mode -U -Z root -i eth0 -w {HEARD} icmp6
until [ -s {HEARD} ]; do sleep 0.1; done
"""


@pytest.fixture(scope="session")
def both(cluster):
    """The service of each family, that of IPv4 first."""
    return sorted(cluster.services, key=lambda service: ":" in service.vip)


@pytest.fixture(scope="session")
def six(both):
    return both[1]


@pytest.fixture
def prove(lab, client, both):
    """Proves that clients of either family are served through this director, by these real servers and nobody else."""

    def look(director, realservers=None):
        for each in both:
            judge.prove(lab, client, each, director, realservers)

    return look


@pytest.fixture
def probes(client, both):
    """Starts a probe of each family; how to stop them, which gives a report of each."""

    def start():
        running = [(each, client.probe(each.url, rate=25)) for each in both]
        return lambda: [(each, probe.stop()) for each, probe in running]

    return start


@pytest.fixture
def neighbours(lab, client):
    """Has the client listen; which MACs it then has heard ask or tell who has an address, its own among them."""

    def listen(address):
        lab.shell(client.host, LISTEN)

        def heard():
            text = lab.shell(client.host, f"systemctl stop neighbours && tcpdump -nne -r {HEARD} 2>/dev/null")
            return [mac for mac, told in NEIGHBOURS.findall(text) if told == address]

        return heard

    return listen


def test_clients_of_either_family_see_all_real_servers_and_are_seen(cluster, both, lab, client, steady, prove):
    steady()
    prove(both[0].master)
    # As the applications are told by nginx.
    told = [lab.json(client.host, "curl", "-sS", "--fail", each.url)["client"] for each in both]
    assert told == [cluster.by_family[client.host][family] for family in ("ipv4", "ipv6")]


def test_real_servers_hold_the_address_and_ask_nobody_whose_it_is(six, lab):
    """For the master would answer, and an address that another one has serves nobody."""
    for host in six.realservers:
        held = lab.flags(host, "lo")
        assert held.pop(f"{six.vip}/128") == {"nodad"}, host
        assert set(held) == {"::1/128"}, host


def test_both_addresses_move_and_clients_learn_of_it_unasked_when_the_master_loses_power(
    both, six, lab, client, faults, steady, probes, neighbours, tell, prove, limit, wait_for
):
    steady()
    stop = probes()
    for each in both:
        client.wait_until_synced(each.key, each.backup)
    heard = neighbours(six.vip)
    master, backup = (lab.mac(host) for host in six.directors)
    with faults.broken("kill", six.master):
        # Looked at where the client has it: whoever asks learns it by that.
        wait_for("the client to know the new master", lambda: client.lladdr(six.vip), lambda mac: mac == backup)
        # The master may have told it again, before.
        first, *_others = (mac for mac in heard() if mac != master)
        assert first == backup, "the client had to ask"
        prove(six.backup)
        for each, report in stop():
            tell(f"lab kill master, {each.name}", report, limit(each.takeover))
            assert 0 < report["longest_gap"] < limit(each.takeover)
            assert report["held"]["survived"], report["held"]
        stop = probes()
    steady()
    prove(six.master)
    for each, report in stop():
        tell(f"lab start master, {each.name}", report, limit(0))
        assert report["longest_gap"] < limit(0)


def test_a_real_server_whose_nginx_stops_leaves_both_services_and_returns(
    both, lab, faults, steady, probes, tell, prove, limit, outage, wait_for
):
    stopped, *others = sorted(both[0].realservers)
    steady()
    stop = probes()
    with faults.stopped(stopped, "nginx"):
        for each in both:
            wait_for(
                f"{stopped} to be taken out of {each.name}",
                lambda each=each: lab.weights(each.directors, each.key),
                lambda known, each=each: not any(each.server(stopped) in servers for servers in known.values()),
            )
        prove(both[0].master, set(others))
        for each, report in stop():
            seen, allowed = outage(report), limit(each.detection(report["late_max"]))
            tell(f"nginx is stopped, {each.name}", report, allowed, seen)
            assert seen < allowed
            assert "refused" in report["failures"], "nothing was broken"
    steady()
    prove(both[0].master)


def test_real_servers_come_back_from_a_reboot_with_the_address(
    six, lab, faults, steady, probes, tell, prove, limit, outage
):
    for host in sorted(six.realservers):
        steady()
        stop = probes()
        faults.reboot(host)
        assert lab.flags(host, "lo")[f"{six.vip}/128"] == {"nodad"}, host
        steady()
        for each, report in stop():
            seen, allowed = outage(report), limit(each.detection(report["late_max"]))
            tell(f"{host} reboots, {each.name}", report, allowed, seen)
            assert seen < allowed
    prove(six.master)


def test_the_address_of_ipv6_goes_and_returns_and_no_request_to_the_other_fails(
    both, six, lab, client, site, steady, prove, tell
):
    """Another one takes its place meanwhile, so each run takes one away and brings one."""
    four, other = both[0], str(ipaddress.ip_address(six.vip) + 1)

    def run(*options):
        done = site(*options)
        assert done.returncode == 0, done.stdout + done.stderr
        return changed(done.stdout)

    def holders(address):
        hosts = {*six.directors, *six.realservers}
        held = [lab.held(hosts, loopback=loopback) for loopback in (False, True)]
        return {host for each in held for host, addresses in each.items() if address in addresses}

    steady()
    running = client.probe(four.url, rate=20)
    run(*extra(web_address6=other))
    assert holders(six.vip) == set()
    assert client.arp(six.vip) == set()
    assert set(client.ask(six.url.replace(six.vip, other))["realservers"]) == six.realservers
    run()
    steady()
    assert holders(other) == set()
    report = running.stop()
    tell("the address of IPv6 goes and returns", report, 0)
    # What it holds may end: nginx ends it when it reads its sites anew.
    assert report["failures"] == {}
    prove(six.master)
    assert run() == {}


def test_a_teardown_leaves_no_address(both, lab, client, site):
    """The last: it leaves a ruin."""
    done = site(playbook="teardown")
    assert done.returncode == 0, done.stdout + done.stderr
    assert [client.arp(each.vip) for each in both] == [set(), set()]
    text = lab.exec_all([*both[0].directors, *both[0].realservers], "ip", "-brief", "address")
    assert [host for host, told in text.items() if any(each.vip in told for each in both)] == []

"""NAT: requests reach real servers under their own addresses, and answers go back through the director alone."""

from __future__ import annotations

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._description.parts import holders_of
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs import listing
from harness.cluster import only
from harness.playbooks import changed, told

ARP_FILE = "/etc/sysctl.d/60-lvs-realserver.conf"

# What the fixture asks for: the kernel forwards, and tells of no shorter way: all interfaces, new ones, the inner one.
FORWARDING = ("1", "0", "0", "0")


@pytest.fixture(scope="session")
def gateway(cluster):
    """The address by which real servers answer."""
    (inner,) = (each for each in cluster.instances if each.interface)
    return only(inner.addresses)


@pytest.fixture(scope="session")
def inside(service):
    """The real servers that get packets under their own addresses."""
    return sorted(service.realservers - set(holders_of(service.described)))


@pytest.fixture
def forwards(lab, service):
    """Whether each director forwards, and tells nobody of a shorter way."""

    def look():
        interfaces = ("all", "default", "eth1")
        words = ("net.ipv4.ip_forward", *(f"net.ipv4.conf.{each}.send_redirects" for each in interfaces))
        told = lab.exec_all(service.directors, "sysctl", "-n", *words)
        return {host: tuple(text.split()) for host, text in told.items()}

    return look


def test_clients_are_served_and_seen_by_every_real_server(cluster, service, client, steady, prove, seen, inside):
    steady()
    prove(service.master)
    assert seen() == {host: {cluster.addresses[client.host]} for host in service.realservers}
    assert set(inside) < service.realservers


def test_answers_of_those_inside_go_back_through_the_director(service, lab, client, steady, inside):
    """Of the others it never sees one."""
    steady()
    assert client.ask(service.url)["failures"] == {}
    text = lab.exec(service.master, "ipvsadm", "--list", "--numeric", "--stats", "--exact")
    counted = listing.parse_listing(text, listing.STATS).servers
    answering = {host for host in service.realservers if counted[service.key, service.server(host)]["outgoing_packets"]}
    assert answering == set(inside)


def test_real_servers_inside_know_nothing_of_the_address(lab, service, inside):
    for host in inside:
        assert service.vip not in lab.shell(
            host, f"ip -4 address; cat {ARP_FILE} /etc/nginx/conf.d/*.conf | grep -v -e name -e asked:"
        )
        assert lab.weights(service.directors, service.key)[service.master][service.server(host)] == 1
        assert service.server(host).port != service.port
    (other,) = service.realservers - set(inside)
    assert lab.loopback(other)["lo:0"] == f"{service.vip}/32"


def test_one_inside_is_led_by_the_director_past_its_own_default_route(lab, gateway, inside):
    """Now and at boot; what it answers comes back, as another test sees."""
    defaults = {host: lab.shell(host, "ip route show default").split() for host in inside}
    (host,) = [host for host, words in defaults.items() if gateway not in words]
    assert defaults[host][:2] == ["default", "via"]
    assert gateway in lab.shell(host, "ip route get 203.0.113.1").split()
    assert "eth0:lvs-gateway" in lab.shell(host, "ifquery --list").split()


def test_directors_forward(service, forwards):
    told = forwards()
    assert (set(told), set(told.values())) == (set(service.directors), {FORWARDING})


def test_a_second_run_finds_nothing_to_do_and_nothing_to_tell_of(site):
    done = site()
    assert done.returncode == 0, done.stdout + done.stderr
    assert changed(done.stdout) == {}, done.stdout
    assert "lb_kind" not in done.stdout + done.stderr


def test_another_gateway_of_a_real_server_is_refused_before_anything_changes(lab, faults, site, gateway, inside):
    host, other = inside[0], gateway.rpartition(".")[0] + ".1"
    way = "ip route replace default via {} dev eth0"
    lab.shell(host, way.format(other))
    with faults.healing(lambda: lab.shell(host, way.format(gateway))):
        done = site()
    assert done.returncode == 2, done.stdout
    assert f"by the director, {gateway}; but its default route goes by {other} on eth0" in told(done.stdout)[host]
    assert changed(done.stdout) == {}


def test_both_addresses_move_and_a_connection_goes_on_when_the_master_loses_power(
    service, lab, faults, gateway, steady, synced_probe, tell, prove, limit, forwards, probe
):
    steady()
    running = synced_probe()
    with faults.broken("kill", service.master):
        prove(service.backup)
        assert lab.holders(gateway, service.directors) == [service.backup]
        report = running.stop()
        running = probe()
    tell("lab kill master", report, limit(service.takeover))
    assert 0 < report["longest_gap"] < limit(service.takeover)
    assert report["held"]["survived"], report["held"]
    steady()
    prove(service.master)
    report = running.stop()
    tell("lab start master", report, limit(0))
    assert report["longest_gap"] < limit(0)
    # And so after a boot.
    assert forwards()[service.master] == FORWARDING


def test_both_addresses_move_when_the_inner_cable_of_the_master_is_cut(
    service, lab, faults, steady, synced_probe, tell, prove, limit
):
    steady()
    running = synced_probe()
    lab("cut", service.master, "inner")
    with faults.healing(lambda: lab("join", service.master, "inner")):
        prove(service.backup)
        assert lab.holders(service.vip, service.directors) == [service.backup]
        report = running.stop()
    tell("lab cut master inner", report, limit(service.takeover))
    assert 0 < report["longest_gap"] < limit(service.takeover)
    assert report["held"]["survived"], report["held"]
    steady()
    prove(service.master)

"""TUN: requests reach real servers in another network in tunnels, and these answer the client themselves."""

from __future__ import annotations

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._description.parts import tunnelled_of
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs import listing
from harness.clock import wait_for
from harness.playbooks import changed, extra, told

LARGE = 10_000_000
# As many as come to each of three in turn, whatever else is asked meanwhile.
REQUESTS = 6
STRICT = "/etc/sysctl.d/10-strict.conf"
ROUTE = "ip route change default via 198.18.132.253 dev eth0"


@pytest.fixture(scope="session")
def far(service):
    """The real servers that get packets in tunnels."""
    return sorted(tunnelled_of(service.described))


@pytest.fixture
def opened(lab):
    """The ports that are open to tunnels in UDP on a host."""

    def look(host):
        told = lab.exec(host, "ip", "fou", "show", check=False)  # it fails where the kernel knows no such
        return [int(line.split()[1]) for line in told.splitlines() if line.endswith(" gue")]

    return look


@pytest.fixture
def takes_out(lab, far, opened):
    """Whether each of them takes packets out of tunnels, whatever its cards think of them, and at which ports."""

    def look():
        words = ("net.ipv4.conf.all.rp_filter", "net.ipv4.conf.tunl0.rp_filter")
        settings = lab.exec_all(far, "sysctl", "-n", *words)
        return {
            host: (
                "UP" in lab.json(host, "ip", "-json", "link", "show", "dev", "tunl0")[0]["flags"],
                told.split(),
                opened(host),
            )
            for host, told in settings.items()
        }

    return look


@pytest.fixture
def far_alone(lab, service, steady, faults, far):
    """The master gives new connections to none but those. One that boots meanwhile has its table anew."""
    steady()
    (near,) = service.realservers - set(far)
    rule = f"ipvsadm -e -t {service.vip}:{service.port} -r {service.server(near)} -g -w"
    lab.shell(service.master, f"{rule} 0")
    with faults.healing(lambda: lab.shell(service.master, f"{rule} 1 || true")):
        yield


@pytest.fixture
def without_icmp(lab, cluster, client, faults):
    """A router that drops what the client is told of packets that are too large, as many a firewall does."""
    rule = f"pref 10 ipproto icmp to {cluster.addresses[client.host]} blackhole"
    lab.shell("router", f"ip rule add {rule}")
    with faults.healing(lambda: lab.shell("router", f"ip rule delete {rule}")):
        yield


@pytest.fixture
def curl(lab, client, service):
    """Several requests after each other: of each its status, who answered, and the bytes that went either way."""

    def ask(path, *options):
        form = "%{http_code} %header{x-served-by} %{size_upload} %{size_download}\\n"
        command = f"curl --silent --max-time 20 --output /dev/null --write-out '{form}' {' '.join(options)}"
        script = f"for _ in $(seq {REQUESTS}); do {command} {service.url.rstrip('/')}{path} || true; done"
        return [line.split() for line in lab.shell(client.host, script).splitlines()]

    return ask


def described(far):
    """To the first of them tunnels are of IP in IP, to the second of UDP."""
    return {host: (True, ["0", "0"], ports) for host, ports in zip(far, ([], [6080]), strict=True)}


def test_clients_are_served_and_seen_by_every_real_server(cluster, service, client, steady, prove, seen, far):
    steady()
    prove(service.master)
    assert seen() == {host: {cluster.addresses[client.host]} for host in service.realservers}
    assert set(far) < service.realservers


def test_no_answer_goes_back_through_the_director(service, lab, client, steady):
    steady()
    assert client.ask(service.url)["failures"] == {}
    text = lab.exec(service.master, "ipvsadm", "--list", "--numeric", "--stats", "--exact")
    counted = listing.parse_listing(text, listing.STATS).servers
    assert {counted[service.key, service.server(host)]["outgoing_packets"] for host in service.realservers} == {0}


def test_those_far_away_take_packets_out_of_tunnels(takes_out, far, lab, service):
    assert takes_out() == described(far)
    for host in far:
        assert lab.loopback(host)["lo:0"] == f"{service.vip}/32"


def test_a_second_run_finds_nothing_to_do_and_nothing_to_tell_of(site):
    done = site()
    assert done.returncode == 0, done.stdout + done.stderr
    assert changed(done.stdout) == {}, done.stdout
    assert "lb_kind" not in done.stdout + done.stderr


@pytest.mark.usefixtures("without_icmp")
def test_large_requests_and_answers_pass_without_icmp(lab, client, service, steady, curl):
    steady()
    lab.shell(client.host, f"head -c {LARGE} /dev/zero >/var/tmp/large")
    seen = curl("/upload", "--data-binary", "@/var/tmp/large")
    assert {(status, int(sent)) for status, _host, sent, _got in seen} == {("200", LARGE)}, seen
    assert {host for _status, host, _sent, _got in seen} == service.realservers
    seen = curl(f"/large?bytes={LARGE}")
    assert {(status, int(got) > LARGE) for status, _host, _sent, got in seen} == {("200", True)}, seen
    assert {host for _status, host, _sent, _got in seen} == service.realservers


def test_segments_that_a_tunnel_has_no_room_for_are_told_of(lab, faults, site, far):
    host = far[0]
    lab.shell(host, ROUTE)
    with faults.healing(lambda: lab.shell(host, f"{ROUTE} advmss 1440")):
        done = site("--tags", "preflight")
    assert done.returncode == 0, done.stdout + done.stderr
    words = " ".join((done.stdout + done.stderr).split())
    assert f"clients of {host} are told to send segments of 1460 bytes, and in a tunnel of lb_kind TUN 1440" in words


def test_no_single_run_takes_a_server_out_of_its_tunnel(site, service, far):
    kinds = {host: "DR" if host == far[0] else "TUN" for host in sorted(service.realservers)}
    servers = [{"host": host, "lb_kind": kind} for host, kind in kinds.items()]
    done = site("--tags", "preflight", *extra(web_servers=servers))
    assert "Run first without it among the servers there" in told(done.stdout)[far[0]]


def test_a_tunnel_comes_to_be_of_something_else_without_a_failed_request(
    site, service, lab, far, opened, faults, steady, probe, tell
):
    """Of IP in IP, of UDP to another port, and as described: a port closes once no director sends there any more."""
    (near,) = service.realservers - set(far)

    def look(running, ports):
        report = running.stop()
        tell(f"tun_port {ports}", report, 0)
        assert report["failures"] == {}
        assert opened(far[1]) == ports
        assert bool(ports) == ("gue@" in lab.exec(far[1], "ls", "/etc/systemd/system"))

    steady()
    with faults.healing(site):
        for told, ports in (({}, []), ({"tun_type": "gue", "tun_port": 6081}, [6081])):
            servers = [far[0], {"host": far[1], **told}, {"host": near, "lb_kind": "DR"}]
            running = probe(rate=20)
            done = site(*extra(web_servers=servers))
            assert done.returncode == 0, done.stdout + done.stderr
            look(running, ports)
        running = probe(rate=20)
    look(running, [6080])
    steady()


@pytest.mark.usefixtures("far_alone")
def test_a_connection_goes_on_when_the_master_loses_power(
    service, faults, steady, synced_probe, tell, prove, limit, probe, far
):
    running = synced_probe()
    with faults.broken("kill", service.master):
        prove(service.backup)
        report = running.stop()
        running = probe()
    tell("lab kill master", report, limit(service.takeover))
    assert 0 < report["longest_gap"] < limit(service.takeover)
    assert report["held"]["survived"], report["held"]
    assert report["held"]["realserver"] in far
    steady()
    prove(service.master)
    report = running.stop()
    tell("lab start master", report, limit(0))
    assert report["longest_gap"] < limit(0)


@pytest.mark.parametrize("place", [pytest.param(0, id="IP in IP"), pytest.param(1, id="UDP")])
def test_a_real_server_that_boots_takes_packets_out_of_tunnels_again(
    service, lab, faults, steady, prove, takes_out, far, place
):
    """Also where the distribution has the kernel compare where a packet comes from."""
    host = far[place]
    lab.shell(host, f"echo net.ipv4.conf.all.rp_filter=1 >{STRICT}")
    with faults.healing(lambda: lab.shell(host, f"rm {STRICT}")):
        faults.reboot(host)
        wait_for(
            f"tunnels of {host}", lambda: takes_out()[host], lambda seen: seen == described(far)[host], patience=30
        )
        steady()
        prove(service.master)

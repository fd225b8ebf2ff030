"""The cluster as it came out of the site run."""

from __future__ import annotations

import json
from pathlib import Path

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.config_test import verdict

GOLDEN = sorted(Path(__file__).parents[3].glob("tests/golden/*/*.keepalived.conf"))


def test_preferred_director_alone_has_the_address(cluster, lab, steady):
    steady()
    assert lab.holders(cluster.vip, cluster.groups["lvs_directors"]) == [cluster.master]


def test_master_alone_answers_arp_for_the_address(cluster, lab, arp):
    # A real server that is not silent would take the clients past the director, and all requests would still succeed.
    assert arp() == {lab.mac(cluster.master)}


def test_clients_know_the_address_by_the_masters_mac(cluster, lab, ask):
    ask()
    neighbour = json.loads(lab.exec("client", "ip", "-json", "neighbour", "show", cluster.vip))
    assert [entry["lladdr"] for entry in neighbour] == [lab.mac(cluster.master)]


def test_every_realserver_and_every_backend_answers_and_nobody_else(cluster, ask):
    report = ask()
    assert report["failures"] == {}
    assert set(report["realservers"]) == cluster.realservers
    assert set(report["backends"]) == cluster.backends


def test_every_request_goes_through_the_masters_ipvs(cluster, prove):
    prove(cluster.master)


def test_applications_and_logs_see_the_clients_address(cluster, lab):
    client = cluster.addresses["client"]
    answer = json.loads(lab.exec("client", "curl", "-sS", "--fail", cluster.url))
    assert answer["client"] == client
    logs = [lab.shell(host, "tail -n 5 /var/log/nginx/web.access.log") for host in sorted(cluster.realservers)]
    assert all(line.split()[0] == client for log in logs for line in log.splitlines()), logs
    assert any(logs)


def test_realservers_hold_the_address_and_keep_silent(cluster, on):
    for name in sorted(cluster.realservers):
        host = on(name)
        assert f"inet {cluster.vip}/32" in host.check_output("ip -4 -o address show dev lo label lo:0")
        for interface in ("all", "lo", "eth0"):
            assert host.sysctl(f"net.ipv4.conf.{interface}.arp_ignore") == 1
            assert host.sysctl(f"net.ipv4.conf.{interface}.arp_announce") == 2


def test_services_run_and_come_back_at_boot(cluster, on):
    wanted = dict.fromkeys(cluster.realservers, "nginx") | dict.fromkeys(cluster.instance.directors, "keepalived")
    for name, unit in wanted.items():
        service = on(name).service(unit)
        assert service.is_running
        assert service.is_enabled


def test_directors_kernel_is_set_up(cluster, on):
    for name in cluster.instance.directors:
        host = on(name)
        assert host.sysctl("net.ipv4.vs.expire_nodest_conn") == 1
        assert host.sysctl("net.ipv4.vs.expire_quiescent_template") == 1
        assert host.sysctl("net.ipv4.vs.conn_reuse_mode") == 3
        assert host.file("/etc/modules-load.d/lvs-director.conf").contains("^ip_vs_wrr$")


def test_password_is_for_root_alone(cluster, on):
    for name in cluster.instance.directors:
        file = on(name).file("/etc/keepalived/keepalived.conf")
        assert file.contains(f"auth_pass {cluster.instance.authentication.auth_pass}")
        assert (file.user, file.mode) == ("root", 0o640)


def test_both_keepalived_versions_accept_every_golden_file(cluster, lab):
    assert GOLDEN
    versions = set()
    for director in cluster.instance.directors:
        versions.add(lab.shell(director, "keepalived --version 2>&1 | head -n 1"))
        for path in GOLDEN:
            lab.shell(director, f"cat > /tmp/golden.conf <<'END'\n{path.read_text()}END")
            *output, status = lab.shell(
                director, "keepalived --config-test -f /tmp/golden.conf 2>&1; echo $?"
            ).splitlines()
            found = verdict(int(status), "\n".join(output), path.read_text())
            assert not found.errors, (director, path, found)
            assert not found.crashed, (director, path, found)
    assert len(versions) == 2, versions


def test_keepalived_info_tells_each_directors_part(cluster, on, steady):
    steady()
    states = {}
    for director in cluster.instance.directors:
        told = on(director).ansible("lvs.cluster.keepalived_info", check=False)
        (instance,) = told["instances"]
        states[director] = instance["state"]
        assert (instance["name"], instance["interface"]) == (cluster.instance.name, "eth0")
        assert [address.split("/")[0] for address in instance["virtual_ipaddress"]] == [cluster.vip]
        (service,) = told["virtual_servers"]
        assert (service["address"], service["port"]) == (cluster.vip, cluster.service.port)
        alive = {server["address"]: server["alive"] for server in service["real_servers"]}
        assert alive == {cluster.addresses[host]: True for host in cluster.realservers}
    assert states == {cluster.master: "MASTER", cluster.backup: "BACKUP"}

"""The cluster as it came out of the site run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from harness.clock import LEDGER
from harness.playbooks import recap


def test_built_collection_works_by_name_from_elsewhere_and_finds_nothing_to_change(
    root, inventory_path, tmp_path, cluster
):
    """Built as for Galaxy, installed into an empty place, run from a folder that is not the checkout."""
    galaxy = Path(sys.executable).with_name("ansible-galaxy")
    playbook = Path(sys.executable).with_name("ansible-playbook")
    environment = {name: value for name, value in os.environ.items() if name != "ANSIBLE_CONFIG"}
    environment |= {"ANSIBLE_COLLECTIONS_PATH": str(tmp_path), "ANSIBLE_PIPELINING": "1", "ANSIBLE_FORCE_COLOR": "0"}

    def run(*command):
        with LEDGER.spending("Ansible"):
            done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    run(galaxy, "collection", "build", "--output-path", tmp_path, root)
    run(galaxy, "collection", "install", "--offline", "--collections-path", tmp_path, *tmp_path.glob("*.tar.gz"))
    output = run(playbook, "--inventory", inventory_path, "lvs.cluster.site")
    hosts = cluster.groups["lvs_directors"] + cluster.groups["lvs_realservers"]
    assert recap(output, "changed") == dict.fromkeys(hosts, 0), output


def test_preferred_director_alone_has_the_address(cluster, service, lab, steady):
    steady()
    assert lab.holders(service.vip, cluster.groups["lvs_directors"]) == [service.master]


def test_master_alone_answers_arp_for_the_address(service, lab, arp):
    # A real server that is not silent would take the clients past the director, and all requests would still succeed.
    assert arp() == {lab.mac(service.master)}


def test_clients_know_the_address_by_the_masters_mac(service, lab, client, ask):
    ask()
    assert client.lladdr(service.vip) == lab.mac(service.master)


def test_every_realserver_and_every_backend_answers_and_nobody_else(service, ask):
    report = ask()
    assert report["failures"] == {}
    assert set(report["realservers"]) == service.realservers
    assert set(report["backends"]) == service.backends


def test_every_request_goes_through_the_masters_ipvs(service, prove):
    prove(service.master)


def test_applications_and_logs_see_the_clients_address(cluster, service, lab, client):
    address = cluster.addresses[client.host]
    assert lab.json(client.host, "curl", "-sS", "--fail", service.url)["client"] == address
    logs = lab.exec_all(service.realservers, "tail", "-n", "5", "/var/log/nginx/lvs.web.access.log")
    assert all(line.split()[0] == address for log in logs.values() for line in log.splitlines()), logs
    assert any(logs.values())


def test_realservers_hold_the_address_and_keep_silent(service, lab, on):
    for name in sorted(service.realservers):
        host = on(name)
        assert lab.loopback(name)["lo:0"] == f"{service.vip}/32"
        for interface in ("all", "lo", "eth0"):
            assert host.sysctl(f"net.ipv4.conf.{interface}.arp_ignore") == 1
            assert host.sysctl(f"net.ipv4.conf.{interface}.arp_announce") == 2


def test_services_run_and_come_back_at_boot(service, on):
    wanted = dict.fromkeys(service.realservers, "nginx") | dict.fromkeys(service.directors, "keepalived")
    for name, unit in wanted.items():
        running = on(name).service(unit)
        assert running.is_running
        assert running.is_enabled


def test_directors_kernel_is_set_up(service, on):
    for name in service.directors:
        host = on(name)
        assert host.sysctl("net.ipv4.vs.expire_nodest_conn") == 1
        assert host.sysctl("net.ipv4.vs.expire_quiescent_template") == 1
        assert host.sysctl("net.ipv4.vs.conn_reuse_mode") == 3
        assert host.file("/etc/modules-load.d/lvs-director.conf").contains("^ip_vs_wrr$")


def test_password_is_for_root_alone(service, on):
    for name in service.directors:
        file = on(name).file("/etc/keepalived/keepalived.conf")
        assert file.contains(f"auth_pass {service.instance.authentication.auth_pass}")
        assert (file.user, file.mode) == ("root", 0o640)


def test_keepalived_info_tells_each_directors_part(cluster, service, lab, module, steady):
    steady()
    states = {}
    for director in service.directors:
        told = module(director, "keepalived_info")
        (instance,) = told["instances"]
        states[director] = instance["state"]
        assert (instance["name"], instance["interface"]) == (service.instance.name, "eth0")
        assert [address.split("/")[0] for address in instance["virtual_ipaddress"]] == [service.vip]
        (virtual,) = told["virtual_servers"]
        assert (virtual["address"], virtual["port"]) == (service.vip, service.port)
        alive = {server["address"]: server["alive"] for server in virtual["real_servers"]}
        assert alive == {cluster.addresses[host]: True for host in service.realservers}
    assert states == {service.master: "MASTER", service.backup: "BACKUP"}
    assert lab.vrrp_states(service.directors) == {host: {service.instance.name: told} for host, told in states.items()}

"""What an operator does to a running cluster, with and without mistakes."""

from __future__ import annotations

import os

import pytest
from harness.playbooks import extra, recap, told


def test_bad_description_is_refused_as_a_whole_before_any_host_is_touched(site, live):
    before = live()
    done = site(
        *extra(
            lvs_vrrp_instances=[
                {"name": "web", "virtual_router_id": 256, "virtual_ipaddress": ["198.18.0.1"], "hosts": ["lvs9"]}
            ],
            lvs_virtual_servers=[{"name": "web", "address": "198.18.0.1", "port": 80, "real_servers": ["client"]}],
            lvs_colour="red",
        )
    )
    assert done.returncode == 2, done.stdout
    output = done.stdout + done.stderr
    assert "no host of it was touched" in output
    telling = [host for host, text in told(done.stdout).items() if "lvs_vrrp_instances[0]" in text]
    assert len(telling) == 1, "told once, not for each host"
    for text in (
        "lvs_vrrp_instances[0].virtual_router_id = 256",
        "lvs_vrrp_instances[0].hosts[0]",
        "lvs_virtual_servers[0].real_servers[0]",
        "is not in the group lvs_realservers",
        "lvs_colour",
    ):
        assert text in output
    assert set(recap(done.stdout, "skipped").values()) == {1}, "nobody was looked at"
    assert live() == before


def test_missing_interface_is_refused_before_anything_is_written(site, live, service):
    before = live()
    done = site(*extra(lvs_interface="eth9"))
    assert done.returncode == 2, done.stdout
    assert f"{service.master} has no interface eth9" in done.stdout + done.stderr
    assert set(recap(done.stdout, "changed").values()) == {0}
    assert live() == before


def test_configuration_that_one_keepalived_refuses_goes_live_on_none(site, live, service, prove):
    before = live()
    bad = f"{{{{ 'x\n    no_such_keyword' if inventory_hostname == '{service.backup}' else 'other' }}}}"
    done = site(*extra(__keepalived_router_id=bad), "--limit", "lvs_directors")
    assert done.returncode == 2, done.stdout
    assert "no_such_keyword" in done.stdout + done.stderr
    assert live() == before
    prove(service.master)


def test_configuration_that_nginx_refuses_does_not_go_live(site, live, service, prove):
    before = live()
    done = site(*extra(nginx_served_by_header="X-Bad { no_such_directive"), "--limit", "lvs_realservers")
    assert done.returncode == 2, done.stdout
    assert "nginx" in done.stdout + done.stderr
    assert live() == before
    prove(service.master)


def test_unreachable_realserver_does_not_keep_the_others_from_being_set_up(site, faults, service):
    lost = max(service.realservers)
    with faults.broken("cut", lost):
        done = site()
    assert done.returncode == 4, done.stdout
    assert {host for host, count in recap(done.stdout, "unreachable").items() if count} == {lost}
    assert set(recap(done.stdout, "failed").values()) == {0}
    others = {*service.directors, *service.realservers} - {lost}
    assert all(recap(done.stdout, "ok")[host] >= 10 for host in others), done.stdout


def two_services(cluster):
    """The lab's description with a second address, and a second service on it."""
    second = cluster.another()
    return second, extra(**cluster.with_another_service(second))


@pytest.fixture
def loads(lab, service):
    """When keepalived of each director was last started or told to reload: who loads and goes back runs what it ran."""
    show = ("systemctl", "show", "--property=StateChangeTimestampMonotonic", "keepalived")
    return lambda: lab.exec_all(service.directors, *show)


def test_addresses_do_not_change_while_a_director_cannot_be_told(site, faults, live, loads, cluster, service):
    before = live(), loads()
    _second, options = two_services(cluster)
    with faults.broken("cut", service.backup):
        done = site(*options, "--limit", "lvs_directors")
    assert done.returncode != 0
    assert f"{service.backup} cannot be told" in done.stdout + done.stderr
    assert (live(), loads()) == before


@pytest.mark.parametrize(
    ("how", "roles", "told"),
    [
        ("serial: 1", "lvs.cluster.preflight, lvs.cluster.keepalived", "cannot be told"),
        ("strategy: free", "lvs.cluster.preflight, lvs.cluster.keepalived", "description_read' module bypasses"),
        # Alone, as after a play of its own for preflight: nobody but the role can refuse.
        ("strategy: free", "lvs.cluster.keepalived", "bypasses the host loop"),
    ],
    ids=["serial", "free_preflight", "free"],
)
def test_directors_that_do_not_go_together_are_refused(site, live, loads, cluster, tmp_path, root, how, roles, told):
    """A play of the user's own, with what all directors must agree on changed."""
    before = live(), loads()
    _second, options = two_services(cluster)
    (tmp_path / "own.yml").write_text(f"- hosts: lvs_directors\n  gather_facts: false\n  {how}\n  roles: [{roles}]\n")
    done = site(*options, playbook=os.path.relpath(tmp_path / "own", root / "playbooks"))
    assert done.returncode != 0
    assert told in done.stdout + done.stderr
    assert (live(), loads()) == before


def test_a_limit_hides_no_director(site, live, loads, cluster, service):
    """Who talks to whom changes, and only the backup is to be told."""
    before = live(), loads()
    instance = {**cluster.variables["lvs_vrrp_instances"][0], "unicast": False}
    done = site(*extra(lvs_vrrp_instances=[instance]), "--limit", service.backup)
    assert done.returncode == 2, done.stdout
    assert f"{service.master} cannot be told" in done.stdout + done.stderr
    assert (live(), loads()) == before


CANNOT = {
    "its file cannot be written": (
        "mount --bind /etc/keepalived /etc/keepalived && mount -o remount,bind,ro /etc/keepalived",
        "umount /etc/keepalived",
        "cannot be told",
        False,
    ),
    "its reload fails": (
        "mkdir -p /run/systemd/system/keepalived.service.d && cd /run/systemd/system/keepalived.service.d"
        " && printf '[Service]\\nExecReload=\\nExecReload=/bin/false\\n' > broken.conf && systemctl daemon-reload",
        "rm /run/systemd/system/keepalived.service.d/broken.conf && systemctl daemon-reload",
        "runs its former configuration again",
        True,
    ),
}


@pytest.mark.parametrize("why", CANNOT)
def test_one_director_does_not_go_ahead_of_another(site, live, loads, lab, faults, cluster, service, why):
    breaking, healing, told, goes_back = CANNOT[why]
    before, loaded = live(), loads()
    second, options = two_services(cluster)
    lab.shell(service.backup, breaking)
    with faults.healing(lambda: lab.shell(service.backup, healing)):
        done = site(*options, "--limit", "lvs_directors")
    assert done.returncode == 2, done.stdout
    assert told in done.stdout + done.stderr
    assert live() == before
    assert (loads()[service.master] != loaded[service.master]) is goes_back
    assert lab.holders(service.vip, service.directors) == [service.master]
    assert lab.holders(second, service.directors) == []


def test_what_was_never_loaded_is_loaded_and_what_others_wrote_is_kept(site, lab, service):
    file = "/etc/keepalived/keepalived.conf"
    was = "grep 'delay_loop =' /tmp/keepalived_check.data"
    # The backup runs something else than its file says; and the master's file has somebody's work in it.
    lab.shell(
        service.backup,
        f"cp -p {file} /root/kept && sed -i 's/delay_loop .*/delay_loop 77/' {file} && systemctl reload keepalived"
        f" && sleep 2 && mv /root/kept {file}",
    )
    lab.shell(service.master, f"echo '# by hand' >> {file}")
    done = site("--limit", "lvs_directors")
    assert done.returncode == 0, done.stdout + done.stderr
    changed = recap(done.stdout, "changed")
    assert (changed[service.backup], changed[service.master]) == (1, 1), done.stdout
    assert "77" not in lab.shell(service.backup, f"kill -USR1 $(cat /run/keepalived.pid); sleep 2; {was}", check=False)
    assert lab.shell(service.master, f"tail -n 1 {file}.*~").strip() == "# by hand"
    lab.shell(service.master, f"rm {file}.*~")


def test_a_reload_that_does_nothing_is_told(site, lab, faults, cluster, service):
    """Its keepalived says that it still runs what is described no more."""
    described = cluster.variables["lvs_virtual_servers"][0]
    heavier = {**described, "real_servers": [{"host": each, "weight": 7} for each in described["real_servers"]]}
    drop_in = "/run/systemd/system/keepalived.service.d"
    lab.shell(
        service.backup,
        f"mkdir -p {drop_in} && printf '[Service]\\nExecReload=\\nExecReload=/bin/true\\n' > {drop_in}/idle.conf"
        " && systemctl daemon-reload",
    )
    undo = f"rm {drop_in}/idle.conf && systemctl daemon-reload"
    with faults.healing(lambda: lab.shell(service.backup, undo)):
        done = site(*extra(lvs_virtual_servers=[heavier]), "--limit", "lvs_directors")
    assert done.returncode == 2, done.stdout
    assert f"{service.backup}: virtual_server {service.vip} 80" in done.stdout + done.stderr
    assert {host for host, count in recap(done.stdout, "failed").items() if count} == {service.backup}
    done = site("--limit", "lvs_directors")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def pids(live):
    """The process ids of what runs on each host."""
    return lambda: {host: text.split("MainPID=")[1] for host, text in live().items()}


WATCH = ("systemd-run", "--unit=watch", "--property=StandardOutput=file:/run/watch")


@pytest.fixture
def loopback_events(lab, service):
    """What became of the addresses of the real servers' loopback, a line each."""
    hosts = sorted(service.realservers)
    lab.exec_all(hosts, *WATCH, "ip", "-4", "-oneline", "monitor", "address", "dev", "lo")
    yield lambda: "".join(lab.exec_all(hosts, "cat", "/run/watch").values()).splitlines()
    lab.exec_all(hosts, "systemctl", "stop", "watch")


def test_second_service_comes_without_a_failed_request(
    site, lab, cluster, service, client, pids, steady, probe, tell, wait_for, loopback_events
):
    steady()
    before = pids()
    second, options = two_services(cluster)
    running = probe(rate=20)
    done = site(*options)
    assert done.returncode == 0, done.stdout + done.stderr
    for host in sorted(service.realservers):
        assert lab.loopback(host)["lo:1"] == f"{second}/32"
    # keepalived has been told to reload; what it does then takes its time.
    wait_for(
        "the master alone to have it",
        lambda: lab.holders(second, service.directors),
        lambda seen: seen == [service.master],
    )
    fetch = ["curl", "-sS", "--fail", "--max-time", "2", "-D", "-", "-o", "/dev/null", f"http://{second}/"]
    wait_for(
        "an answer from it", lambda: lab.exec(client.host, *fetch, check=False), lambda seen: "X-Served-By" in seen
    )
    report = running.stop()
    tell("a service is added", report, 0)
    assert report["failures"] == {}
    # The probe rarely meets an address that is gone for less than a millisecond.
    seen = loopback_events()
    assert any(f"{second}/32" in line for line in seen), seen
    assert [line for line in seen if line.startswith("Deleted")] == []
    assert pids() == before, "something was restarted"


def test_second_service_and_a_realserver_leave_without_a_failed_request(
    site, lab, cluster, service, pids, probe, tell, prove, wait_for
):
    """Directors first: a real server that lets go of the address while they still send to it fails its share."""
    leaving, *staying = sorted(service.realservers)
    smaller = {**cluster.variables["lvs_virtual_servers"][0], "real_servers": staying}
    second, _options = two_services(cluster)
    before = pids()
    running = probe(rate=20)
    # While we are at it: what somebody changed by hand is put right by the same run.
    lab.exec(staying[0], "sysctl", "-w", "net.ipv4.conf.all.arp_ignore=0")
    done = site(*extra(lvs_virtual_servers=[smaller]))
    assert done.returncode == 0, done.stdout + done.stderr
    assert lab.exec(staying[0], "sysctl", "-n", "net.ipv4.conf.all.arp_ignore").strip() == "1"
    wait_for("nobody to have it", lambda: lab.holders(second, service.directors), lambda seen: seen == [])
    prove(service.master, set(staying))
    report = running.stop()
    tell("a service and a real server leave", report, 0)
    assert report["failures"] == {}
    assert [set(lab.loopback(host).values()) - {"127.0.0.1/8"} for host in (leaving, *staying)] == [
        set(),
        *({f"{service.vip}/32"} for _host in staying),
    ]
    assert lab.exec(leaving, "ls", "/etc/nginx/conf.d") == ""
    assert pids() == before, "something was restarted"


def test_realserver_returns_to_the_description(site, service, steady, prove):
    done = site()
    assert done.returncode == 0, done.stdout + done.stderr
    steady()
    prove(service.master)

"""The first run: what it would do, who may do it, and that it is done."""

from __future__ import annotations

import pytest
from harness.playbooks import changed, extra, recap

USER, PASSWORD = "deploy", "of-deploy"
# Its own connections: those of the lab's user are kept open by host alone.
AS_USER = {
    "ansible_user": USER,
    "ansible_ssh_common_args": "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR"
    " -o ControlPath=~/.cache/lvs-lab/ssh-%r-%h",
}
# A hash that is made fast: sudo asks for each task of each host, and the lab has one CPU.
MAKE_USER = f"""
id {USER} >/dev/null 2>&1 || useradd --create-home {USER}
echo {USER}:{PASSWORD} | chpasswd --crypt-method SHA256 --sha-rounds 1000
install -d -m 0700 -o {USER} /home/{USER}/.ssh
install -m 0600 -o {USER} /root/.ssh/authorized_keys /home/{USER}/.ssh
"""
# What a run could have changed.
TRACES = (
    "dpkg-query --show keepalived ipvsadm nginx 2>/dev/null; ls /etc/sysctl.d /etc/modules-load.d /etc/systemd/network"
    " /etc/systemd/system /etc/network/interfaces.d /etc/nginx/* /etc/keepalived /var/lib/lvs-cluster 2>/dev/null;"
    " ip -o address show dev lo; cat /proc/sys/net/ipv4/conf/all/arp_ignore"
)


@pytest.fixture(scope="session")
def hosts(service):
    return sorted({*service.directors, *service.realservers})


@pytest.fixture(scope="session")
def may_become(lab, hosts):
    """A user of the hosts who is not root, and whom sudo asks for the password, or does not."""

    def let(rule):
        lab.exec_all(hosts, "sh", "-c", f"{MAKE_USER}\necho '{USER} ALL=(ALL) {rule}ALL' > /etc/sudoers.d/{USER}")

    yield let
    lab.exec_all(hosts, "rm", "-f", f"/etc/sudoers.d/{USER}")


@pytest.fixture
def traces(lab, hosts):
    return lambda: lab.exec_all(hosts, "sh", "-c", TRACES, check=False)


def test_check_mode_tells_what_the_first_run_would_do_and_does_nothing(site, traces, hosts):
    before = traces()
    assert not [host for host, text in before.items() if "keepalived\t" in text or "nginx\t" in text], "no fresh hosts"
    done = site("--check", "--diff")
    assert done.returncode == 0, done.stdout + done.stderr
    assert sorted(changed(done.stdout)) == hosts
    for line in (
        "+vrrp_instance web {",
        "+    virtual_router_id 71",
        "+net.ipv4.conf.all.arp_ignore = 1",
        "+upstream ",
    ):
        assert line in done.stdout
    assert traces() == before


@pytest.mark.parametrize(
    ("options", "reason", "remedy"),
    [
        ({}, f"works on {{host}} as user {USER}", "ansible_become: true"),
        ({"ansible_become": True}, "{host} cannot be looked at: ", "ansible_become_password"),
        (
            {"ansible_become": True, "ansible_become_password": "wrong"},
            "{host} cannot be looked at: ",
            "ansible_become_password",
        ),
    ],
    ids=["who is not root", "without a password", "with a wrong password"],
)
def test_a_user_who_may_not_change_hosts_is_refused_at_once(site, traces, hosts, may_become, options, reason, remedy):
    may_become("")
    before = traces()
    done = site(*extra(**AS_USER, **options))
    said = " ".join((done.stdout + done.stderr).split())
    assert done.returncode == 2, said
    assert not [host for host in hosts if reason.format(host=host) not in said], said
    assert remedy in said
    assert "Permission denied" not in said
    assert said.count("PLAY [") == 1
    assert traces() == before


def test_the_first_run_of_a_user_with_a_password_makes_a_cluster_that_serves(
    site, may_become, hosts, service, steady, prove
):
    may_become("")
    done = site(*extra(**AS_USER, ansible_become=True, ansible_become_password=PASSWORD))
    assert done.returncode == 0, done.stdout + done.stderr
    assert sorted(changed(done.stdout)) == hosts
    assert PASSWORD not in done.stdout + done.stderr
    steady()
    prove(service.master)


def test_a_second_run_of_a_user_without_a_password_finds_nothing_to_do(site, may_become, hosts):
    may_become("NOPASSWD: ")
    done = site(*extra(**AS_USER, ansible_become=True))
    assert done.returncode == 0, done.stdout + done.stderr
    assert recap(done.stdout, "changed") == dict.fromkeys(hosts, 0), done.stdout

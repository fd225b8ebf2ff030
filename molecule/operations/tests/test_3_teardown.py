"""The last act: nothing that site.yml made is left."""

from __future__ import annotations


def test_teardown_removes_what_site_made(service, lab, arp, site, on):
    done = site(playbook="teardown")
    assert done.returncode == 0, done.stdout + done.stderr
    assert arp() == set()
    for director in service.directors:
        assert lab.weights([director], service.key)[director] == {}
        host = on(director)
        assert not host.service("keepalived").is_running
        assert not host.service("keepalived").is_enabled
        assert not host.file("/etc/keepalived/keepalived.conf").exists
        assert lab.shell(director, "find /etc/sysctl.d /etc/modules-load.d /etc/systemd -name '*lvs*'") == ""
    for realserver in sorted(service.realservers):
        host = on(realserver)
        assert set(lab.loopback(realserver)) == {"lo"}
        assert host.sysctl("net.ipv4.conf.all.arp_ignore") == 0
        assert host.sysctl("net.ipv4.conf.eth0.arp_announce") == 0
        left = lab.shell(
            realserver, "find /etc/sysctl.d /etc/network /etc/systemd /etc/nginx -name '*lvs*' 2>/dev/null || :"
        )
        assert left == ""
        assert host.service("nginx").is_running


def test_second_teardown_finds_nothing_to_do(site):
    done = site(playbook="teardown")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "changed=0" in done.stdout
    assert not [line for line in done.stdout.splitlines() if "changed=" in line and "changed=0" not in line]

"""The last act: nothing that site.yml made is left, and no boot brings it back."""

from __future__ import annotations

from harness.cluster import only
from harness.playbooks import changed

LEFT = (
    "find /etc/sysctl.d /etc/modules-load.d /etc/modprobe.d /etc/network /etc/systemd /var/lib/lvs-cluster"
    " -name '*lvs*' -o -name '*.json'; grep -hv '^#' /etc/ipvsadm.rules; grep AUTO=.*true /etc/default/ipvsadm;"
    " ipvsadm --save"
)


def test_teardown_leaves_nothing_now_and_after_a_boot(service, lab, client, faults, site):
    director = only(service.directors)
    done = site(playbook="teardown")
    assert done.returncode == 0, done.stdout + done.stderr
    assert client.arp(service.vip) == set()
    again = site(playbook="teardown")
    assert (again.returncode, changed(again.stdout)) == (0, {}), again.stdout
    faults.reboot(director)
    assert lab.shell(director, f"({LEFT}) 2>/dev/null || :").split() == ["/var/lib/lvs-cluster"]
    assert set(lab.labels(director, "eth0")) == {"eth0"}
    for host in sorted(service.realservers):
        assert set(lab.loopback(host)) == {"lo"}

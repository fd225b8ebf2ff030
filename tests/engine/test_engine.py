"""The lab on the user's own kernel: it works, and the machine is afterwards as it was before.

The tests tell one story, in this order, with one lab.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from ansible_collections.lvs.cluster.tests.engine.conftest import (
    INVENTORY,
    Lab,
    assert_unchanged,
    clock,
    lose_power,
    run,
    sh,
)

HOSTS = ("lvs1", "lvs2", "web1", "client")


def eventually(check: Callable[[], bool], seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, what
        time.sleep(0.2)


def conditions(lab: Lab) -> dict[str, str]:
    """What the lab says of each host."""
    return {line.split()[0]: line.split()[-1] for line in lab("status").splitlines() if line.split()[0] in HOSTS}


def is_reachable(host: str) -> bool:
    addresses = {"lvs1": "198.18.65.11", "lvs2": "198.18.65.12", "web1": "198.18.65.21", "client": "198.18.65.41"}
    return run(["ping", "-c", "1", "-W", "1", addresses[host]]).returncode == 0


def test_a_lab_comes_up_on_the_kernel_of_this_machine(lab: Lab) -> None:
    told = lab.try_to("up")
    assert told.returncode == 0, told.stderr
    assert "engine: host, because this kernel has IPVS" in told.stderr
    assert "failed" not in told.stderr
    assert conditions(lab) == dict.fromkeys(HOSTS, "on")
    assert all(is_reachable(host) for host in HOSTS)


@pytest.mark.parametrize("host", ["lvs1", "lvs2"])
def test_a_host_has_booted_without_a_failure(lab: Lab, host: str) -> None:
    assert lab.ask(host, "systemctl is-system-running") == "running"


def test_a_host_has_the_kernels_network_settings_and_not_this_machines(lab: Lab) -> None:
    names = "net.ipv4.ip_forward net.ipv4.conf.all.arp_ignore net.ipv4.conf.default.arp_ignore"
    assert lab.ask("lvs1", f"sysctl -n {names} net.ipv4.conf.eth0.arp_ignore").split() == ["0"] * 4


def test_a_commands_exit_status_is_the_commands_own(lab: Lab) -> None:
    assert lab.try_to("exec", "web1", "--", "sh", "-c", "exit 7").returncode == 7


@pytest.mark.parametrize("host", ["lvs1", "lvs2"])
def test_a_host_cannot_set_this_machines_clock(lab: Lab, host: str) -> None:
    before = clock()
    # By the lab's own way in, and by a service of the host's systemd, as whatever Ansible starts.
    ways = [[], ["systemd-run", "--wait", "--quiet", "--collect"]]
    refused = [lab.try_to("exec", host, "--", *way, "date", "-s", "2030-01-01").returncode for way in ways]
    moved = clock() - before
    sh(f"date -s @{time.monotonic() + before:.0f}")
    assert abs(moved) < 5
    assert all(refused), refused


@pytest.mark.parametrize("name", ["kernel/core_pattern", "kernel/hostname", "fs/nr_open", "vm/swappiness"])
def test_a_host_cannot_change_this_machines_kernel(lab: Lab, name: str) -> None:
    refused = lab.try_to(
        "exec", "lvs1", "--", "sh", "-c", f"cat /proc/sys/{name} > /tmp/x && cat /tmp/x > /proc/sys/{name}"
    )
    assert "Read-only" in refused.stderr


def test_a_host_cannot_reach_this_machines_emergency_key(lab: Lab) -> None:
    assert "Read-only" in lab.try_to("exec", "lvs1", "--", "sh", "-c", "echo h > /proc/sysrq-trigger").stderr


def test_a_host_can_set_up_its_own_network(lab: Lab) -> None:
    assert lab.ask("lvs1", "sysctl -w net.ipv4.conf.all.arp_announce=2; sysctl -n net.ipv4.conf.all.arp_announce")


def test_power_that_fails_comes_back(lab: Lab) -> None:
    lab.ask("web1", "echo kept > /root/mark")
    lab("kill", "web1")
    assert conditions(lab)["web1"] == "off"
    assert not is_reachable("web1")
    lab("start", "web1")
    assert is_reachable("web1")
    assert lab.ask("web1", "cat /root/mark") == "kept"


def test_a_host_reboots(lab: Lab) -> None:
    lab.ask("client", "touch /run/mark")
    lab("reboot", "client")
    assert lab.ask("client", "ls /run/mark || echo gone") == "gone"


def test_a_cable_is_pulled_and_plugged(lab: Lab) -> None:
    lab("cut", "client")
    assert not is_reachable("client")
    assert lab.ask("client", "cat /sys/class/net/eth0/carrier") == "0"
    lab("join", "client")
    eventually(lambda: is_reachable("client"), 10, "client does not answer")


def test_a_cluster_survives_its_director(lab: Lab) -> None:
    played = run([".venv/bin/ansible-playbook", "-i", str(INVENTORY), "lvs.cluster.site"], timeout=900)
    assert not played.returncode, played.stdout + played.stderr

    def served() -> bool:
        asked = ["curl", "--silent", "--fail", "--max-time", "1", "http://198.18.65.100/"]
        return not lab.try_to("exec", "client", "--", *asked).returncode

    eventually(served, 30, "nobody serves")
    assert "198.18.65.100" in lab.ask("lvs1", "ip address show eth0")
    lab("kill", "lvs1")
    eventually(served, 15, "nobody serves after the director's death")
    assert "198.18.65.100" in lab.ask("lvs2", "ip address show eth0")
    lab("start", "lvs1")


def test_restarting_networkd_opens_no_way_out(lab: Lab) -> None:
    """The lab's addresses never leave the machine, not even after the lab's interface is gone."""
    sh("systemctl restart systemd-networkd && networkctl reload && networkctl reconfigure lan")
    eventually(lambda: "routable" in sh("networkctl list lan --no-legend"), 20, "networkd is not ready")
    assert "unreachable 198.18.65.0/24" in sh("ip route")
    sh("ip route del unreachable 198.18.65.0/24 proto kernel")
    lab("up")
    assert "unreachable 198.18.65.0/24" in sh("ip route")


def test_up_works_over_what_a_reboot_left(lab: Lab) -> None:
    lose_power(lab)
    lab("up")
    assert conditions(lab) == dict.fromkeys(HOSTS, "on")
    assert all(is_reachable(host) for host in HOSTS)


def test_down_leaves_the_machine_as_it_was(lab: Lab, before: dict[str, set[str]]) -> None:
    lab("down")
    assert_unchanged(before)


def test_down_needs_no_record(single: Lab, before: dict[str, set[str]]) -> None:
    single("up")
    lose_power(single)
    single("down")
    assert_unchanged(before)


def test_a_command_under_ipvs_leaves_nothing_behind_even_twice(lab: Lab, before: dict[str, set[str]]) -> None:
    makes = "ip netns add made; mkdir -p /run/lvs-cluster /etc/iproute2/made; ip link add made type dummy"
    for _round in range(2):
        lab("run", "--", "sh", "-euc", f"{makes}; ipvsadm -C; ipvsadm -A -t 192.0.2.9:80")
    assert_unchanged(before)


def test_a_route_that_leads_elsewhere_is_named(single: Lab) -> None:
    sh("ip route add 198.18.66.0/25 via 10.0.0.1")
    refused = single.try_to("up")
    sh("ip route del 198.18.66.0/25")
    assert refused.returncode
    assert "198.18.66.0/25 via 10.0.0.1" in refused.stderr


def test_a_policy_that_leads_elsewhere_is_named_at_once(single: Lab) -> None:
    sh("ip route add default via 10.0.0.1 table 77; ip rule add to 198.18.0.0/15 lookup 77 priority 77")
    began = time.monotonic()
    refused = single.try_to("up")
    sh("ip rule del priority 77; ip route flush table 77")
    assert refused.returncode
    assert "table 77" in refused.stderr
    assert time.monotonic() - began < 60


def test_after_refusals_too_the_machine_is_as_it_was(before: dict[str, set[str]]) -> None:
    assert_unchanged(before)

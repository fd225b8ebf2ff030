"""What each network stack does by itself and when it is told to, seen by a client: addresses and silence hold."""

from __future__ import annotations

import json
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from harness import judge
from harness.clock import LEDGER
from harness.playbooks import recap
from harness.probe import PROBE

FILES = {
    "web-netplan": "/etc/netplan/60-lvs-loopback.yaml",
    "web-manager": "/etc/NetworkManager/system-connections/lvs-loopback.nmconnection",
    "web-ifupdown": "/etc/network/interfaces.d/lvs-loopback",
    "web-networkd": "/etc/systemd/network/10-lvs-loopback.network.d/lvs-loopback.conf",
}
# Of another owner than the cluster, beside its addresses on the loopback.
SIX = "2001:db8::70"
RATE = 20
# One that a failed test left goes first.
WATCH = (
    "systemctl --quiet stop watch 2>/dev/null; systemd-run --quiet --unit=watch"
    " --property=StandardOutput=truncate:/run/watch ip -4 -oneline monitor address"
)
# Seconds in which a stack has done what it was told, and a client may have noticed.
PACE = 2.5


@dataclass(frozen=True)
class Command:
    """What an administrator says to a stack.

    longest: seconds for which clients may get no answer, beside what the lab adds; 0 where none is to notice.
    """

    text: str
    longest: float = 0.0


# It talks to udev, which does not run on the lab's hosts, and to devices, which are not theirs.
APPLY = (
    "mount -o remount,rw /sys; /lib/systemd/systemd-udevd --daemon >/dev/null 2>&1; netplan apply; status=$?; "
    "pkill systemd-udevd; mount -o remount,ro /sys; exit $status"
)
# Cards and addresses go for a moment, by the command's own words.
BLINK = 1.0
# Requests that a starved lab may lose where none is to be lost.
LOST = 1
# A card that goes down is a director that another one stands in for: three adverts and a skew.
HANDOVER = 4.0
COMMANDS = {
    "web-netplan": [
        Command(APPLY),
        Command("networkctl reload"),
        Command("networkctl reconfigure lo eth0"),
        Command("systemctl restart systemd-networkd"),
    ],
    "web-manager": [
        Command("nmcli connection reload"),
        Command("nmcli device reapply lo"),
        Command("nmcli connection up lvs-loopback", BLINK),
        Command("nmcli connection up eth0", BLINK),
        Command("systemctl restart NetworkManager"),
    ],
    "web-ifupdown": [
        Command("ifup --force lo:lvs-0"),
        Command("ifdown lo:lvs-0; ifup lo:lvs-0", BLINK),
        Command("ifdown eth0; ifup eth0", BLINK),
        Command("systemctl restart networking", BLINK),
    ],
    "web-networkd": [
        Command("networkctl reload"),
        Command("networkctl reconfigure lo eth0", BLINK),
        Command("systemctl restart systemd-networkd"),
    ],
    "lvs-netplan": [
        Command(APPLY),
        Command("networkctl reload"),
        Command("networkctl reconfigure eth0"),
        Command("systemctl restart systemd-networkd"),
    ],
    "lvs-manager": [
        Command("nmcli connection reload"),
        Command("nmcli device reapply eth0", BLINK),
        Command("nmcli connection up eth0", BLINK),
        Command("systemctl restart NetworkManager"),
    ],
    "lvs-ifupdown": [
        Command("ifup --force eth0"),
        Command("ifdown eth0; ifup eth0", HANDOVER),
        Command("systemctl restart networking", HANDOVER),
    ],
    "lvs-networkd": [
        Command("networkctl reload"),
        Command("networkctl reconfigure eth0"),
        Command("systemctl restart systemd-networkd"),
    ],
}


@pytest.fixture(scope="session")
def directors(cluster):
    return cluster.groups["lvs_directors"]


@pytest.fixture(scope="session")
def real_servers(cluster):
    return cluster.groups["lvs_realservers"]


@pytest.fixture(scope="session")
def vips(cluster):
    return {service.vip for service in cluster.services}


@pytest.fixture(scope="session")
def beside(cluster, directors):
    """The address of another owner than the cluster on the card of each director."""
    return {host: cluster.addresses[host].replace(".70.1", ".70.9") for host in directors}


@pytest.fixture
def other(site):
    """Another owner than the cluster holds addresses of its own, or lets go of them."""

    def act(tasks):
        done = site("--extra-vars", f"act={tasks}", playbook="../molecule/stacks/other")
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return act


@pytest.fixture
def settled(lab, real_servers, directors, vips, beside):
    """That every host has its addresses, of the cluster and beside it, and real servers are silent."""
    names = [
        f"net.ipv4.conf.{card}.{name}" for card in ("all", "lo", "eth0") for name in ("arp_ignore", "arp_announce")
    ]

    def look(*, others=True):
        more = {SIX} if others else set()
        held = lab.held(real_servers, loopback=True)
        assert held == {host: {"127.0.0.1", "::1", *vips, *more} for host in real_servers}
        told = lab.exec_all(real_servers, "sysctl", "-n", *names)
        assert {host: text.split() for host, text in told.items()} == dict.fromkeys(real_servers, ["1", "2"] * 3)
        cards = lab.held(directors)
        assert [host for host in directors if (beside[host] in cards[host]) != others] == []

    return look


@pytest.fixture
def leaving(lab, vips):
    """Which addresses of the cluster have left any interface of each host since this was asked for."""

    def start(hosts):
        lab.exec_all(hosts, "sh", "-c", WATCH)

        def seen():
            told = lab.exec_all(hosts, "sh", "-c", "systemctl stop watch; cat /run/watch")
            deleted = {
                host: [line for line in text.splitlines() if line.startswith("Deleted")] for host, text in told.items()
            }
            return {
                host: sorted(vip for vip in vips for line in lines if f" {vip}/" in line)
                for host, lines in deleted.items()
            }

        return seen

    return start


@pytest.fixture
def watch(lab, client):
    """Who answers ARP for an address in the next seconds, by their MAC addresses."""

    def start(vip, seconds):
        interface = client.neighbour(vip)[1]
        words = [PROBE, "arp", vip, "--interface", interface, "--seconds", str(seconds), "--json"]
        running = subprocess.Popen(lab.argv(client.host, *words), stdout=subprocess.PIPE, text=True)
        return lambda: {answer["mac"] for answer in json.loads(running.communicate(timeout=90)[0])["answers"]}

    return start


def failures(report, begun):
    """By command, when each of its failed requests began: those after it was given and before the next one was."""
    found = {text: [] for text, _when in begun}
    for start, _duration, outcome, *_names in report["samples"]:
        if outcome != "ok":
            found[max((when, text) for text, when in begun if when <= start + PACE / 10)[1]].append(start)
    return found


def test_addresses_stand_where_the_stack_of_each_host_reads_them(lab, real_servers):
    found = lab.exec_all(real_servers, "sh", "-c", f"ls {' '.join(FILES.values())} 2>/dev/null || :")
    assert {host: text.split() for host, text in found.items()} == {host: [FILES[host]] for host in real_servers}


def test_every_address_is_served_through_its_own_director(cluster, lab, client, steady, settled):
    steady()
    settled(others=False)
    for service in cluster.services:
        judge.prove(lab, client, service, service.master)


def test_another_owner_has_addresses_beside_those_of_the_cluster(
    lab, other, settled, real_servers, client, cluster, leaving, tell
):
    """Of IPv6 on the loopback, and on the card of a director, on every stack; those of the cluster stay meanwhile."""
    gone = leaving(real_servers)
    running = client.probe(cluster.services[0].url, rate=RATE)
    other("main")
    report, left = running.stop(), gone()
    tell("an owner comes beside", report, 0.0)
    assert report["failures"] == {}
    assert left == {host: [] for host in real_servers}
    settled()
    shown = lab.exec_all(real_servers, "ip", "-6", "address", "show", "dev", "lo")
    assert not any("tentative" in text or "dadfailed" in text for text in shown.values())
    again = other("main")
    assert set(recap(again, "changed").values()) == {0}, again


@pytest.mark.parametrize("host", COMMANDS)
def test_addresses_and_silence_hold_whatever_a_stack_is_told(
    host, cluster, lab, client, steady, settled, watch, leaving, directors, real_servers, tell, limit
):
    service = next((each for each in cluster.services if each.master == host), cluster.services[0])
    macs = {name: lab.mac(name) for name in (*directors, *real_servers)}
    commands = COMMANDS[host]
    steady()
    answering = watch(service.vip, PACE * len(commands) + 1)
    running, since = client.probe(service.url, rate=RATE), time.monotonic()
    begun, gone = [], {}
    for command in commands:
        left = leaving([host])
        begun.append((command.text, time.monotonic() - since))
        lab.exec(host, "sh", "-c", command.text)
        if host in directors and command.longest:
            steady()
        with LEDGER.spending("waiting for a stack to do what it was told"):
            time.sleep(max(0.0, begun[-1][1] + PACE - (time.monotonic() - since)))
        gone[command.text] = left()[host]
    steady()
    settled()
    report = running.stop()
    noticed = failures(report, begun)
    for command in commands:
        seen = noticed[command.text]
        out_for = max(seen) - min(seen) + 1 / RATE if seen else 0.0
        name = "netplan apply" if command.text == APPLY else command.text
        told = {**report, "failed": len(seen)}
        tell(f"{host}: {name}"[:42], told, limit(command.longest) if command.longest else 0.0, out_for)
    assert answering() <= {macs[name] for name in directors}
    for command in commands:
        seen = noticed[command.text]
        assert not seen or max(seen) - min(seen) < limit(command.longest), command
        assert command.longest or (len(seen) <= LOST and not gone[command.text]), (command, gone[command.text])


def test_every_host_comes_back_from_a_reboot_as_it_was(
    faults, steady, settled, cluster, lab, client, real_servers, directors
):
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(faults.reboot, real_servers))
        list(pool.map(faults.reboot, directors))
    steady()
    settled()
    for service in cluster.services:
        judge.prove(lab, client, service, service.master)


def test_what_another_owner_lets_go_of_goes_alone(lab, other, faults, steady, settled, real_servers, directors):
    """At the next boot too: it shared a file, or a folder, with the cluster."""
    other("teardown")
    steady()
    settled(others=False)
    for host in ("web-manager", "web-networkd"):
        faults.reboot(host)
    steady()
    settled(others=False)
    folders = "/etc/netplan /etc/systemd/network /etc/network /etc/NetworkManager/system-connections"
    left = lab.exec_all((*real_servers, *directors), "sh", "-c", f"grep -rl other {folders} 2>/dev/null || :")
    assert {host: text for host, text in left.items() if text} == {}


@pytest.fixture
def move(site, client, cluster, tell):
    """The real servers' addresses go to another interface, watched by a client."""

    def go(interface, former):
        running = client.probe(cluster.services[0].url, rate=RATE)
        done = site("--extra-vars", f"realserver_interface={interface}")
        report = running.stop()
        assert done.returncode == 0, done.stdout + done.stderr
        tell(f"addresses go from {former} to {interface}", report, 0.0)
        assert len(report["samples"]) > RATE
        assert report["failed"] <= LOST, report["failures"]

    return go


@pytest.fixture
def standing(lab, real_servers, vips):
    """By interface of real servers, which of the cluster's addresses stand there."""

    def look():
        shown = lab.exec_all(real_servers, "ip", "-json", "-4", "address")
        return {
            host: {
                link["ifname"]: held
                for link in json.loads(text)
                if (held := vips & {each.get("local") for each in link["addr_info"]})
            }
            for host, text in shown.items()
        }

    return look


def test_addresses_go_to_a_dummy_device_which_each_stack_makes_at_boot_and_back(
    move, standing, faults, steady, cluster, lab, client, real_servers, vips, watch
):
    """No request fails, and the cards stay silent."""
    macs = {name: lab.mac(name) for name in real_servers}
    move("lvs0", "lo")
    assert standing() == {host: {"lvs0": vips} for host in real_servers}
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(faults.reboot, real_servers))
    steady()
    assert standing() == {host: {"lvs0": vips} for host in real_servers}
    judge.prove(lab, client, cluster.services[0], cluster.services[0].master)
    answering = watch(cluster.services[0].vip, 3)
    assert not answering() & set(macs.values())
    move("lo", "lvs0")
    assert standing() == {host: {"lo": vips} for host in real_servers}
    links = lab.exec_all(real_servers, "ls", "/sys/class/net")
    assert {host: text.split() for host, text in links.items()} == {host: ["eth0", "lo"] for host in real_servers}
    folders = "/etc/netplan /etc/systemd/network /etc/network /etc/NetworkManager/system-connections"
    left = lab.exec_all(real_servers, "sh", "-c", f"grep -rl lvs0 {folders} 2>/dev/null || :")
    assert {host: text for host, text in left.items() if text} == {}

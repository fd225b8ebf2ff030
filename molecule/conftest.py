"""What the tests of every scenario share: the cluster as described, the lab that runs it, and a client that looks on.

A scenario's tests are a story that runs from top to bottom on one lab. Whatever a test breaks it heals again, and
`steady` waits until the cluster says so.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
import testinfra
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.vars.hostvars import HostVars
from ansible.vars.manager import VariableManager
from ansible_collections.lvs.cluster.plugins.module_utils._cluster import derive, inventory
from ansible_collections.lvs.cluster.plugins.module_utils._cluster.model import VirtualServer, VrrpInstance

ROOT = Path(__file__).resolve().parents[1]
INVENTORY = Path(os.environ.get("LAB_INVENTORY", ROOT / "inventories" / "lab"))
T = TypeVar("T")

# For everything that is waited for: far longer than it takes, even on a busy machine.
PATIENCE = 90.0
# Added to what theory says of a gap, as one CPU runs all hosts of the lab. Less than the three adverts that a backup
# waits for when nobody says goodbye, so that a planned handover can be told from a crash.
MARGIN = 2.0


def wait_for(what: str, look: Callable[[], T], right: Callable[[T], Any] = bool, patience: float = PATIENCE) -> T:
    """What look() gives, once it is right; fails with the last thing seen."""
    deadline = time.monotonic() + patience
    while True:
        seen = look()
        if right(seen):
            return seen
        if time.monotonic() > deadline:
            pytest.fail(f"waited {patience:g} s for {what}; last seen: {seen!r}")
        time.sleep(0.5)


class Cluster:
    """The description, read as the filters read it, so that no test repeats an address or a host."""

    def __init__(self) -> None:
        loader = DataLoader()
        hosts = InventoryManager(loader, sources=[str(INVENTORY)])
        hostvars = HostVars(hosts, VariableManager(loader, hosts), loader)
        some_host = hosts.get_hosts()[0].name
        self.described, addresses, problems = inventory.described(hostvars, some_host)
        self.variables = {name: value for name, value in hostvars[some_host].items() if name.startswith("lvs_")}
        assert not problems, problems
        self.addresses = {host: str(address) for host, address in addresses.items()}
        self.groups: dict[str, list[str]] = hosts.get_groups_dict()

    @property
    def instance(self) -> VrrpInstance:
        return self.described.lvs_vrrp_instances[0]

    @property
    def service(self) -> VirtualServer:
        return self.described.lvs_virtual_servers[0]

    @property
    def vip(self) -> str:
        return self.service.address

    @property
    def url(self) -> str:
        return f"http://{self.vip}:{self.service.port}/"

    @property
    def master(self) -> str:
        return self.instance.directors[0]

    @property
    def backup(self) -> str:
        return self.instance.directors[1]

    @property
    def realservers(self) -> set[str]:
        return {str(server.host) for server in self.service.real_servers}

    @property
    def backends(self) -> set[str]:
        return {str(server.host) for server in self.described.lvs_nginx_upstreams[0].servers}

    @property
    def takeover(self) -> float:
        """Seconds without an advert after which the backup takes over."""
        return derive.takeover_seconds(self.instance, self.backup)

    @property
    def skew(self) -> float:
        """Seconds that the backup waits after a master's goodbye (an advert of priority 0)."""
        return self.takeover - 3 * self.instance.advert_int

    @property
    def detection(self) -> float:
        """Seconds at most until keepalived takes a silent real server out: every try of a round of checks times out."""
        check = self.service.check
        tries = check.retry + 1
        return self.service.delay_loop + tries * check.connect_timeout + check.retry * check.delay_before_retry


class Lab:
    """The lab's own command, and what is looked at through it: it reaches a host whose network is cut."""

    def __init__(self, addresses: dict[str, str]) -> None:
        self.addresses = addresses

    def __call__(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        command = [ROOT / "lab" / "lab", words[0], "-i", INVENTORY, *words[1:]]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if check and done.returncode:
            pytest.fail(f"lab {shlex.join(words)}: status {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def exec(self, host: str, *command: str, check: bool = True) -> str:
        return self("exec", host, "--", *command, check=check).stdout

    def shell(self, host: str, script: str, check: bool = True) -> str:
        return self.exec(host, "sh", "-c", script, check=check)

    @contextlib.contextmanager
    def broken(self, breaking: str, healing: str, host: str) -> Iterator[None]:
        self(breaking, host)
        try:
            yield
        finally:
            self(healing, host)
            self.forget(host)

    def forget(self, host: str) -> None:
        """A connection that SSH keeps open to a host does not survive the host's reboot."""
        Path(f"~/.cache/lvs-lab/ssh-{self.addresses[host]}").expanduser().unlink(missing_ok=True)

    def mac(self, host: str) -> str:
        return self.exec(host, "cat", "/sys/class/net/eth0/address").strip()

    def holders(self, address: str, hosts: list[str]) -> list[str]:
        """The hosts that have an address on their network card; a host that is off has none."""
        shown = {host: self.exec(host, "ip", "-4", "-o", "address", "show", "eth0", check=False) for host in hosts}
        return [host for host, addresses in shown.items() if f" {address}/" in addresses]

    def packets(self, director: str, service: VirtualServer) -> int:
        """Packets for a service that a director's IPVS has handed to real servers."""
        table = self.exec(director, "ipvsadm", "--list", "--numeric", "--stats", "--exact")
        total = re.search(rf"^TCP +{re.escape(f'{service.address}:{service.port}')} +\d+ +(\d+)", table, re.MULTILINE)
        return int(total[1]) if total else 0

    def established(self, director: str) -> set[str]:
        """The clients, with their ports, of the established connections in a director's table."""
        table = self.exec(director, "ipvsadm", "--list", "--numeric", "--connection", check=False)
        return {line.split()[3] for line in table.splitlines() if "ESTABLISHED" in line}

    def boot(self, host: str) -> str:
        """Differs from boot to boot."""
        return self.exec(host, "systemctl", "show", "--property", "UserspaceTimestampMonotonic").strip()

    def weights(self, director: str, service: VirtualServer) -> dict[str, int]:
        """The real servers in a director's IPVS table, and their weights."""
        table = self.exec(director, "ipvsadm", "--save", "--numeric", check=False)
        rule = re.compile(
            rf"^-a -t {re.escape(f'{service.address}:{service.port}')} -r (\S+):\d+ -g -w (\d+)", re.MULTILINE
        )
        return {address: int(weight) for address, weight in rule.findall(table)}


class Probe:
    """The probe on the client, at work while something is broken."""

    def __init__(self, lab: Lab, url: str, backup: str, seconds: float = 500, rate: float = 50) -> None:
        self.lab = lab
        self.backup = backup
        self.known_before = lab.established(backup)
        words = ["load", url, "--rate", str(rate), "--seconds", str(seconds), "--hold", "--samples", "--json"]
        command = [ROOT / "lab" / "lab", "exec", "-i", INVENTORY, "client", "--", "/opt/lab/probe", *words]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert self.process.stderr
        told = []
        for line in self.process.stderr:
            told.append(line)
            if line.strip() == "probing":
                return
        pytest.fail(f"the probe did not begin: {''.join(told)}")

    def wait_until_synced(self) -> None:
        """Until the backup was told of the held connection, which takes the kernel a few packets."""
        wait_for(
            f"the held connection in the table of {self.backup}",
            lambda: self.lab.established(self.backup) - self.known_before,
            patience=30,
        )

    def stop(self) -> dict[str, Any]:
        """The report of what was seen from the beginning until now, with nothing left out."""
        self.lab.exec("client", "pkill", "-TERM", "-f", "/opt/lab/probe load")
        report = self.report()
        assert report["stopped_early"], "the probe had ended before it was to"
        return report

    def report(self) -> dict[str, Any]:
        out, err = self.process.communicate(timeout=PATIENCE)
        assert self.process.returncode == 0, err
        report: dict[str, Any] = json.loads(out)
        return report


MEASURED: list[str] = []


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """The figures, whether the tests passed or not."""
    if MEASURED:
        terminalreporter.section("seen by the client")
        terminalreporter.line(f"{'':<42}{'out for':>9}{'limit':>9}{'failed':>8}{'of':>6}  long-lived connection")
        for line in MEASURED:
            terminalreporter.line(line)


@pytest.fixture(scope="session", name="wait_for")
def wait_for_fixture() -> Callable[..., Any]:
    return wait_for


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def inventory_path() -> Path:
    """The inventory of the lab."""
    return INVENTORY


@pytest.fixture(scope="session")
def cluster() -> Cluster:
    return Cluster()


@pytest.fixture(scope="session")
def lab(cluster: Cluster) -> Lab:
    return Lab(cluster.addresses)


@pytest.fixture
def on() -> Callable[[str], testinfra.host.Host]:
    """A host as testinfra sees it, over SSH."""

    def host(name: str) -> testinfra.host.Host:
        return testinfra.get_host(f"ansible://{name}", ansible_inventory=str(INVENTORY))

    return host


@pytest.fixture
def arp(cluster: Cluster, lab: Lab) -> Callable[[], set[str]]:
    """The MAC addresses that answer a client's ARP request for the virtual address."""

    def ask() -> set[str]:
        told = json.loads(lab.exec("client", "/opt/lab/probe", "arp", cluster.vip, "--json"))
        return {answer["mac"] for answer in told["answers"]}

    return ask


@pytest.fixture
def probe(cluster: Cluster, lab: Lab) -> Callable[..., Probe]:
    """Starts the probe on the client; it is at work when this returns."""
    return functools.partial(Probe, lab, cluster.url, cluster.backup)


@pytest.fixture
def ask(probe: Callable[..., Probe]) -> Callable[[], dict[str, Any]]:
    """A short measurement from the client.

    Its rate is no divisor of a longer measurement's (50, 20) that may be under way: requests of both in turns would
    give a round-robin scheduler reason to send all of one's to the same real server.
    """
    return lambda: probe(seconds=2.5, rate=9).report()


@pytest.fixture
def tell() -> Callable[..., None]:
    """Keeps what was measured for the summary."""

    def keep(what: str, report: dict[str, Any], allowed: float, out_for: float | None = None) -> None:
        held = report["held"]
        fate = "survived" if held["survived"] else f"died: {held['error']}"
        seconds = report["longest_gap"] if out_for is None else out_for
        MEASURED.append(
            f"{what:<42}{seconds:>7.2f} s{allowed:>7.2f} s{report['failed']:>8}{report['requested']:>6}  {fate}"
        )

    return keep


@pytest.fixture
def outage() -> Callable[[dict[str, Any]], float]:
    """Seconds from the first failed request to the last, where others succeed in between."""

    def measure(report: dict[str, Any]) -> float:
        failed = [start for start, _duration, outcome, *_names in report["samples"] if outcome != "ok"]
        return float(max(failed) - min(failed)) if failed else 0.0

    return measure


@pytest.fixture
def limit() -> Callable[[float], float]:
    """What a gap may last, given what theory says of it."""
    return lambda theory: theory + MARGIN


@pytest.fixture
def prove(
    cluster: Cluster, lab: Lab, arp: Callable[[], set[str]], ask: Callable[[], dict[str, Any]]
) -> Callable[..., None]:
    """Proves, as a client sees it, that requests go through this director to these real servers and nowhere else."""

    def look(director: str, realservers: set[str] | None = None) -> None:
        # For a moment nobody answers; but two masters, or a real server that is not silent, would stay two answers.
        wait_for(f"{director} alone to answer ARP", arp, lambda macs: macs == {lab.mac(director)}, patience=30)
        before = lab.packets(director, cluster.service)
        report = ask()
        assert report["failures"] == {}
        assert set(report["realservers"]) == (realservers or cluster.realservers)
        # Each request takes a SYN, an ACK, the request itself and a FIN. Packets and not connections: where a client
        # takes a port again too soon, IPVS counts no new one. The kernel's counters lag behind by two seconds.
        wait_for(
            f"the packets of {report['requested']} requests in the IPVS counters of {director}",
            lambda: lab.packets(director, cluster.service) - before,
            lambda counted: counted >= 4 * report["requested"],
            patience=20,
        )

    return look


@pytest.fixture
def steady(cluster: Cluster, lab: Lab) -> Callable[[], None]:
    """Waits until the preferred director alone has the address and both know all real servers."""
    directors = list(cluster.instance.directors)
    everyone = {cluster.addresses[host]: 1 for host in cluster.realservers}

    def look() -> tuple[list[str], list[dict[str, int]]]:
        return lab.holders(cluster.vip, directors), [lab.weights(each, cluster.service) for each in directors]

    def wait() -> None:
        expected = ([cluster.master], [everyone] * len(directors))
        wait_for("one master and all real servers", look, lambda seen: seen == expected)

    return wait


@pytest.fixture
def without(cluster: Cluster, lab: Lab) -> Callable[[str], None]:
    """Waits until both directors have taken a real server out."""

    def look() -> set[str]:
        return {address for each in cluster.instance.directors for address in lab.weights(each, cluster.service)}

    return lambda host: wait_for(f"{host} to be taken out", look, lambda known: cluster.addresses[host] not in known)


@pytest.fixture
def site() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs a playbook of the collection, as a user does in the checkout."""

    def run(*options: str, playbook: str = "site") -> subprocess.CompletedProcess[str]:
        command = [Path(sys.executable).with_name("ansible-playbook"), "-i", INVENTORY, f"playbooks/{playbook}.yml"]
        environment = {**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_FORCE_COLOR": "0"}
        return subprocess.run(
            [*command, *options], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )

    return run

"""The fixtures of the scenarios, for pytest.

A scenario's tests are a story that runs from top to bottom on one lab. Whatever a test breaks it heals again, and
`steady` waits until the cluster says so. The inventory is the one that testinfra is given (--ansible-inventory).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest
import testinfra

from harness import cluster as description
from harness import judge
from harness import probe as probes
from harness.clock import LEDGER, wait_for
from harness.cluster import Cluster, Service
from harness.evidence import Evidence
from harness.faults import Faults
from harness.lab import ROOT, Lab, environment
from harness.probe import Client, Probe, Report

# Added to what theory says of a gap, as one CPU runs all hosts of the lab. Less than the three adverts that a backup
# waits for when nobody says goodbye, so that a planned handover can be told from a crash.
MARGIN = 2.0

# A playbook that hangs tells less than one that fails.
LONGEST_RUN = 900.0

LIVE = {
    "lvs_directors": "sha256sum /etc/keepalived/keepalived.conf; systemctl show -p MainPID keepalived",
    "lvs_realservers": "sha256sum /etc/nginx/conf.d/lvs.conf; systemctl show -p MainPID nginx",
}

REPORTS = ROOT / ".reports"
MEASURED: list[str] = []
START = time.monotonic()


def scenario() -> str:
    """The name of the scenario that molecule verifies."""
    return os.environ.get("MOLECULE_SCENARIO_NAME", "default")


def pytest_configure() -> None:
    """Ansible finds this checkout's collection, whoever started the tests."""
    os.environ["ANSIBLE_COLLECTIONS_PATH"] = str(ROOT / ".collections")


# -- reports


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """The figures, whether the tests passed or not."""
    if MEASURED:
        terminalreporter.section("seen by the client")
        terminalreporter.line(f"{'':<42}{'out for':>9}{'limit':>9}{'failed':>8}{'of':>6}  long-lived connection")
        for line in MEASURED:
            terminalreporter.line(line)
    terminalreporter.section("where the time of these tests went")
    for line in LEDGER.lines(time.monotonic() - START):
        terminalreporter.line(line)


def pytest_sessionfinish() -> None:
    """Where the time went, for the summary of the whole scenario; it may verify more than once."""
    if "MOLECULE_SCENARIO_NAME" in os.environ:
        times = REPORTS / f"times-{scenario()}.json"
        before = json.loads(times.read_text(encoding="utf-8")) if times.exists() else {}
        times.parent.mkdir(exist_ok=True)
        times.write_text(json.dumps({**before, **LEDGER.after(before)}) + "\n", encoding="utf-8")


@pytest.fixture(scope="session")
def evidence(lab: Lab) -> Evidence:
    return Evidence(lab, REPORTS / "evidence" / scenario())


@pytest.fixture(autouse=True)
def _about_this_test(request: pytest.FixtureRequest, evidence: Evidence) -> None:
    evidence.begin(request.node.nodeid)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failure names the folder with its evidence."""
    report = yield
    kept = getattr(item, "funcargs", {}).get("evidence")
    if report.failed and kept and call.excinfo:
        try:
            told = f"evidence: {kept.collect()}"
        except Exception as error:  # whatever it is, the test's own failure must be told
            told = f"no evidence: {error!r}"
        report.sections.append(("evidence", told))
        crash = getattr(report.longrepr, "reprcrash", None)
        if crash:
            crash.message += f"\n{told}"
    return report


# -- what a test looks at


@pytest.fixture(scope="session", name="wait_for")
def wait_for_fixture() -> Callable[..., Any]:
    return wait_for


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def inventory_path(pytestconfig: pytest.Config) -> Path:
    """The inventory of the lab."""
    given = pytestconfig.getoption("--ansible-inventory")
    if not given:
        pytest.exit("say which inventory: --ansible-inventory molecule/default/inventory", returncode=2)
    return Path(given).absolute()


@pytest.fixture(scope="session")
def cluster(inventory_path: Path) -> Cluster:
    return description.read(inventory_path)


@pytest.fixture(scope="session")
def service(cluster: Cluster) -> Service:
    """The service of a cluster that has one."""
    return cluster.service


@pytest.fixture(scope="session")
def lab(inventory_path: Path) -> Lab:
    return Lab(inventory_path)


@pytest.fixture(scope="session")
def faults(lab: Lab, evidence: Evidence) -> Faults:
    return Faults(lab, evidence)


@pytest.fixture(scope="session")
def client(cluster: Cluster, lab: Lab) -> Client:
    """The client of a cluster that has one."""
    return Client(lab, cluster.client)


@pytest.fixture
def on(inventory_path: Path) -> Callable[[str], testinfra.host.Host]:
    """A host as testinfra sees it, over SSH."""

    def host(name: str) -> testinfra.host.Host:
        return testinfra.get_host(f"ansible://{name}", ansible_inventory=str(inventory_path))

    return host


@pytest.fixture
def module(on: Callable[[str], testinfra.host.Host]) -> Callable[..., dict[str, Any]]:
    """Runs a module of the collection on a host."""

    def run(host: str, name: str, **options: Any) -> dict[str, Any]:
        with LEDGER.spending("Ansible"):
            words = json.dumps(options) if options else None
            result: dict[str, Any] = on(host).ansible(f"lvs.cluster.{name}", words, check=False)
        return result

    return run


@pytest.fixture
def begin(inventory_path: Path) -> Callable[..., subprocess.Popen[str]]:
    """Starts a playbook of the collection, as a user does in the checkout; variables are those of the environment."""

    def start(*options: str, playbook: str = "site", **variables: str) -> subprocess.Popen[str]:
        program = str(Path(sys.executable).with_name("ansible-playbook"))
        return subprocess.Popen(
            [program, "-i", str(inventory_path), f"playbooks/{playbook}.yml", *options],
            cwd=ROOT,
            env={**environment(ROOT), **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


@pytest.fixture
def finish() -> Callable[..., subprocess.CompletedProcess[str]]:
    """How a playbook that was begun ended."""

    def wait(running: subprocess.Popen[str]) -> subprocess.CompletedProcess[str]:
        with LEDGER.spending("Ansible"):
            try:
                output, errors = running.communicate(timeout=LONGEST_RUN)
            except BaseException:
                running.kill()
                raise
        return subprocess.CompletedProcess(running.args, running.returncode, output, errors)

    return wait


@pytest.fixture
def site(
    begin: Callable[..., subprocess.Popen[str]], finish: Callable[..., subprocess.CompletedProcess[str]]
) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs a playbook of the collection, as a user does in the checkout."""
    return lambda *options, **words: finish(begin(*options, **words))


@pytest.fixture
def live(cluster: Cluster, lab: Lab) -> Callable[[], dict[str, str]]:
    """What runs on each host of the cluster and with what configuration."""
    looks = {host: ("sh", "-c", look) for group, look in LIVE.items() for host in cluster.groups[group]}

    def look() -> dict[str, str]:
        seen = lab.try_all(looks)
        assert all(done.status == 0 and "MainPID=" in done.output for done in seen.values()), seen
        return {host: done.output for host, done in seen.items()}

    return look


# -- what a client sees


@pytest.fixture
def arp(service: Service, client: Client) -> Callable[[], set[str]]:
    """The MAC addresses that answer for the virtual address when the client, or its router, asks."""
    return lambda: client.arp(service.vip)


@pytest.fixture
def probe(service: Service, client: Client) -> Callable[..., Probe]:
    """Starts the probe on the client; it is at work when this returns."""
    return lambda **options: client.probe(service.url, **options)


@pytest.fixture
def synced_probe(service: Service, client: Client) -> Callable[[], Probe]:
    """Starts the probe, and waits until the backup was told of the connection that it holds."""

    def start() -> Probe:
        running = client.probe(service.url)
        client.wait_until_synced(service.key, service.backup)
        return running

    return start


@pytest.fixture
def ask(service: Service, client: Client) -> Callable[[], Report]:
    """A short measurement from the client."""
    return lambda: client.ask(service.url)


@pytest.fixture
def outage() -> Callable[[Report], float]:
    return probes.outage


@pytest.fixture
def limit() -> Callable[[float], float]:
    """What a gap may last, given what theory says of it."""
    return lambda theory: theory + MARGIN


@pytest.fixture
def tell_time() -> Callable[[str, float, float], None]:
    """Keeps for the summary how long something took, beside what it may."""
    return lambda what, seconds, allowed: MEASURED.append(_line(what, seconds, allowed))


@pytest.fixture
def tell_count() -> Callable[[str, int, int], None]:
    """Keeps for the summary how many there were, beside how many there may be."""
    return lambda what, count, allowed: MEASURED.append(f"{what:<42}{count:>7}  {allowed:>7}")


@pytest.fixture
def tell() -> Callable[..., None]:
    """Keeps for the summary what a client saw."""

    def keep(what: str, report: Report, allowed: float, out_for: float | None = None) -> None:
        held = report["held"]
        fate = "survived" if held["survived"] else f"died: {held['error']}"
        seconds = report["longest_gap"] if out_for is None else out_for
        seen = f"{report['failed']:>8}{report['requested']:>6}  {fate}"
        MEASURED.append(_line(what, seconds, allowed) + seen)

    return keep


def _line(what: str, seconds: float, allowed: float) -> str:
    return f"{what:<42}{seconds:>7.2f} s{allowed:>7.2f} s"


@pytest.fixture
def prove(service: Service, lab: Lab, client: Client) -> Callable[..., None]:
    """Proves, as a client sees it, that requests go through this director to these real servers and nowhere else."""

    def look(director: str, realservers: set[str] | None = None) -> None:
        judge.prove(lab, client, service, director, realservers)

    return look


@pytest.fixture
def seen(service: Service, lab: Lab) -> Callable[[], dict[str, set[str]]]:
    """Tells by real server whom its nginx has seen in its last requests."""

    def look() -> dict[str, set[str]]:
        path = f"/var/log/nginx/lvs.{service.name}.access.log"
        logs = lab.exec_all(service.realservers, "tail", "-n", "5", path)
        return {host: {line.split()[0] for line in log.splitlines()} for host, log in logs.items()}

    return look


@pytest.fixture
def steady(cluster: Cluster, lab: Lab) -> Callable[[], None]:
    """Waits until the preferred directors alone have their addresses, and all know all real servers."""
    return lambda: judge.wait_until_steady(lab, cluster)


@pytest.fixture
def without(service: Service, lab: Lab) -> Callable[[str], None]:
    """Waits until all directors have taken a real server out."""

    def wait(host: str) -> None:
        wait_for(
            f"{host} to be taken out",
            lambda: lab.weights(service.directors, service.key),
            lambda known: not any(service.server(host) in servers for servers in known.values()),
        )

    return wait

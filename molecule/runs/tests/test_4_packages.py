"""Sources of packages that do not answer: they matter to nobody who has all packages."""

from __future__ import annotations

import time

import pytest
from harness.playbooks import changed, extra, told

SOURCES, KEPT = "/etc/apt/sources.list.d", "/var/tmp/sources"
# An index of that age is not up to date: who needs one asks the source.
AGED = "rm -f /var/lib/apt/periodic/update-success-stamp && touch -d '2 days ago' /var/lib/apt/lists"
# As long as apt waits for one source, more or less.
WAIT = 20.0


@pytest.fixture
def source(lab, faults, service):
    """Gives a director another source of packages, and the first one back afterwards."""
    host = service.backup
    lab.shell(host, f"rm -rf {KEPT} && cp -a /etc/apt {KEPT}")

    def give(address):
        line = f"deb [trusted=yes] http://{address}/debian stable main"
        lab.shell(host, f"rm -rf /etc/apt/sources.list {SOURCES}/* && echo '{line}' > {SOURCES}/own.list && {AGED}")

    with faults.healing(lambda: lab.shell(host, f"rm -rf /etc/apt && mv {KEPT} /etc/apt")):
        yield give


def test_a_source_that_is_silent_costs_nothing(site, lab, cluster, service, source):
    host, nobody = service.backup, cluster.another(99)
    # Who has no such neighbour hears at once that there is none; this one takes packets and answers none.
    neighbour = ["ip", "neighbour", "replace", nobody, "lladdr", "02:00:00:00:00:63", "dev", "eth0", "nud", "permanent"]
    lab.exec(host, *neighbour)
    took = []
    for give in (lambda: None, lambda: source(nobody)):
        give()
        start = time.monotonic()
        done = site("--limit", host)
        took.append(time.monotonic() - start)
        assert done.returncode == 0, done.stdout + done.stderr
        assert changed(done.stdout) == {}
    assert took[1] < took[0] + WAIT


def test_a_package_that_cannot_be_had_is_told_before_anything_changes(
    site, live, lab, faults, cluster, service, source
):
    host = service.backup
    described = cluster.variables["lvs_virtual_servers"][0]
    heavier = [{"host": each, "weight": 5} for each in described["real_servers"]]
    before = live()
    source("127.0.0.1:9")
    away = "mv /var/cache/apt/archives/ipvsadm_*.deb /var/tmp && dpkg --remove --force-depends ipvsadm"
    back = "mv /var/tmp/ipvsadm_*.deb /var/cache/apt/archives && dpkg --install /var/cache/apt/archives/ipvsadm_*.deb"
    lab.shell(host, away)
    with faults.healing(lambda: lab.shell(host, back)):
        done = site("--limit", host, *extra(lvs_virtual_servers=[{**described, "real_servers": heavier}]))
    assert done.returncode == 2, done.stdout + done.stderr
    assert "ipvsadm" in told(done.stdout)[host]
    assert changed(done.stdout) == {}
    assert live() == before

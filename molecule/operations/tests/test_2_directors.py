"""A third director comes, serves and goes, and at no moment has the address two masters."""

from __future__ import annotations

import json

import pytest
from harness import cluster as description
from harness import judge
from harness.cluster import only
from harness.playbooks import recap

LIVE = "sha256sum /etc/keepalived/keepalived.conf; systemctl show -p MainPID keepalived"
DIRECTORS = ("--limit", "lvs_directors")


@pytest.fixture
def third(cluster):
    """The host that is no director yet."""
    return only(cluster.groups["lvs_spares"])


@pytest.fixture
def added(third, tmp_path):
    """The inventory that makes it one, beside the lab's own."""
    path = tmp_path / "third.yml"
    path.write_text(f"lvs_directors: {{hosts: {{{third}: }}}}\n")
    return path


@pytest.fixture
def comings_and_goings(lab, service, third):
    """What became of the virtual address on the network card of each director, a line each, since the test began.

    Who makes itself master takes it, if only for a moment.
    """
    hosts = [*service.directors, third]
    output = "--property=StandardOutput=truncate:/run/watch-address"
    watch = ("ip", "-4", "-oneline", "monitor", "address", "dev", "eth0")
    lab.exec_all(hosts, "systemd-run", "--unit=watch-address", output, *watch)

    def look():
        seen = lab.exec_all(hosts, "cat", "/run/watch-address")
        return [(host, line) for host, text in seen.items() for line in text.splitlines() if f"{service.vip}/" in line]

    yield look
    lab.exec_all(hosts, "systemctl", "stop", "watch-address")


def test_a_third_director_waits_until_all_are_told(site, lab, service, third, added, comings_and_goings):
    """It would be master beside the one that does not know it."""
    before = lab.exec_all(service.directors, "sh", "-c", LIVE)
    done = site("--inventory", str(added), "--limit", f"{service.master},{third}")
    assert done.returncode == 2, done.stdout
    assert f"{service.backup} cannot be told" in done.stdout + done.stderr
    assert recap(done.stdout, "changed")[service.master] == 0
    assert lab.exec_all(service.directors, "sh", "-c", LIVE) == before
    assert lab.exec(third, "systemctl", "is-active", "keepalived", check=False).strip() == "inactive"
    assert comings_and_goings() == []


def test_a_third_director_joins_as_a_backup_and_takes_over(
    site, lab, service, third, added, inventory_path, comings_and_goings, probe, tell, prove, faults, wait_for
):
    running = probe(rate=20)
    done = site("--inventory", str(added), *DIRECTORS)
    assert done.returncode == 0, done.stdout + done.stderr
    assert lab.vrrp_states([third]) == {third: {service.instance.name: "BACKUP"}}
    report = running.stop()
    tell("a director is added", report, 0)
    assert report["failures"] == {}
    assert comings_and_goings() == []
    with faults.stopped(service.master, "keepalived"), faults.stopped(service.backup, "keepalived"):
        wait_for(
            f"{third} to have the address",
            lambda: lab.holders(service.vip, [*service.directors, third]),
            lambda seen: seen == [third],
        )
        prove(third)
        assert {host for host, _line in comings_and_goings()} == {*service.directors, third}, "nobody watches"
    judge.wait_until_steady(lab, description.read(inventory_path, added))


def test_a_third_director_is_taken_out_again(site, lab, third, added, comings_and_goings, probe, tell):
    running = probe(rate=20)
    # It goes on with its old list, and would hear nobody.
    done = site(*DIRECTORS)
    assert done.returncode == 2, done.stdout
    assert f"{third} cannot be told" in done.stdout + done.stderr
    assert set(recap(done.stdout, "changed").values()) == {0}
    done = site("--inventory", str(added), "--limit", third, playbook="teardown")
    assert done.returncode == 0, done.stdout + done.stderr
    done = site(*DIRECTORS, "--extra-vars", json.dumps({"keepalived_absent": [third]}))
    assert done.returncode == 0, done.stdout + done.stderr
    report = running.stop()
    tell("a director is taken away", report, 0)
    assert report["failures"] == {}
    assert comings_and_goings() == []
    assert lab.exec(third, "systemctl", "is-active", "keepalived", check=False).strip() == "inactive"
    assert "keepalived.conf" not in lab.exec(third, "ls", "/etc/keepalived").split()
    done = site(*DIRECTORS)
    assert set(recap(done.stdout, "changed").values()) == {0}, done.stdout

"""Who has the address keeps it: a failure is one switch, and its healing is none."""

from __future__ import annotations

import contextlib
import dataclasses
import json

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._description.views.keepalived import takeover_seconds
from harness.faults import HEALING

# Seconds that a director waits before it takes the address back; more than a start takes.
DELAY = 6


@pytest.fixture
def settled(service, lab, wait_for):
    """Waits until one director is master, the others are backups, and all know all real servers; who it is."""

    def look():
        states = lab.vrrp_states(service.directors)
        masters = [host for host, told in states.items() if told == {service.instance.name: "MASTER"}]
        backups = [host for host, told in states.items() if told == {service.instance.name: "BACKUP"}]
        tables = lab.weights(service.directors, service.key)
        return (
            masters,
            backups,
            lab.holders(service.vip, service.directors),
            [host for host, weights in tables.items() if weights == service.weights],
        )

    def wait():
        (master,), *_others = wait_for(
            "one master, and a backup",
            look,
            lambda seen: len(seen[0]) == 1 and seen[2] == seen[0] and len(seen[1]) == len(seen[3]) - 1 == 1,
        )
        return master

    return wait


@pytest.fixture
def entered(service, lab):
    """When each director's keepalived entered a state since the host's boot, by what it says itself."""

    def read(state):
        journals = lab.exec_all(service.directors, "journalctl", "-b", "-u", "keepalived", "-o", "short-unix")
        words = f"({service.instance.name}) Entering {state} STATE"
        return {
            host: [float(line.split()[0]) for line in text.splitlines() if words in line]
            for host, text in journals.items()
        }

    return read


@pytest.fixture
def described_with(cluster, site, faults, settled):
    """The cluster with other words at its instance, for a while."""
    (instance,) = cluster.variables["lvs_vrrp_instances"]

    def run(*options):
        done = site("--limit", "lvs_directors", *options)
        assert done.returncode == 0, done.stdout + done.stderr

    @contextlib.contextmanager
    def change(**words):
        with faults.healing(run):
            run("--extra-vars", json.dumps({"lvs_vrrp_instances": [{**instance, **words}]}))
            yield
        settled()

    return change


@pytest.mark.parametrize("breaking", ["kill", "cut", "stop"], ids=["power", "cable", "keepalived"])
def test_each_failure_is_one_switch(service, faults, settled, entered, probe, client, tell, prove, limit, breaking):
    lost = settled()
    (kept,) = set(service.directors) - {lost}
    before = entered("MASTER")
    running = probe()
    client.wait_until_synced(service.key, kept)
    stopped = breaking == "stop"
    with faults.stopped(lost, "keepalived") if stopped else faults.broken(breaking, lost):
        prove(kept)
        report = running.stop()
        running = probe()
    theory = service.skew if stopped else service.takeover
    tell(f"{breaking} master, {theory:.2f} s in theory", report, limit(theory))
    assert report["longest_gap"] < limit(theory)
    assert stopped or report["longest_gap"] > 0, "nothing was broken"
    assert stopped or report["held"]["survived"], report["held"]

    assert settled() == kept
    prove(kept)
    report = running.stop()
    tell(f"{HEALING.get(breaking, 'start')} it again", report, 0)
    assert report["failures"] == {}
    after = entered("MASTER")
    assert len(after[kept]) == len(before[kept]) + 1
    # Who lost power has a journal of a new boot.
    assert after[lost] == ([] if breaking == "kill" else before[lost])


def test_a_preferred_director_that_waits_takes_the_address_back_after_that_time(
    service, described_with, lab, faults, entered, steady, tell, probe, limit, wait_for
):
    with described_with(preempt=True, preempt_delay=DELAY):
        steady()
        with faults.stopped(service.master, "keepalived"):
            wait_for("the backup to have the address", lambda: lab.holders(service.vip, [service.backup]))
        running = probe()
        steady()
        report = running.stop()
        tell(f"{service.master} takes the address back", report, limit(0))
        backup, master = (entered(state)[service.master][-1] for state in ("BACKUP", "MASTER"))
        assert DELAY <= master - backup < DELAY + limit(service.takeover)
        assert report["longest_gap"] < limit(0)


def test_a_crash_costs_three_tenths_of_a_second_with_adverts_every_tenth(
    service, described_with, lab, faults, settled, probe, tell, prove
):
    fast = dataclasses.replace(service.instance, version=3, advert_int=0.1)
    with described_with(version=fast.version, advert_int=fast.advert_int):
        # All hosts of the lab wait for one CPU, which would be silence; those of others have their own.
        lab.exec_all(service.directors, "sh", "-c", "renice -n -20 -p $(pgrep keepalived)")
        lost = settled()
        (kept,) = set(service.directors) - {lost}
        running = probe()
        theory = takeover_seconds(fast, service.backup)
        with faults.broken("kill", lost):
            prove(kept)
            report = running.stop()
        tell(f"kill master, {theory:.2f} s in theory", report, 1)
        # Less than a second, which is what VRRPv2 cannot promise.
        assert 0 < report["longest_gap"] < 1

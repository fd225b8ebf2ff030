"""Runs that meet each other, and runs that are cut off, while a client looks on."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from harness.playbooks import changed, extra

CALLBACKS = Path(__file__).resolve().parents[1] / "callbacks"
# Far more than there are.
MOST = 30


@pytest.fixture
def edit(cluster):
    """Much at once: a second address with a service on it, other weights, another scheduler, another upstream."""
    described = cluster.with_another_service(cluster.another())
    first, other = described["lvs_virtual_servers"]
    heavier = [{"host": host, "weight": 3} for host in first["real_servers"]]
    upstreams = [{**each, "health_path": "/alive"} for each in described["lvs_nginx_upstreams"]]
    services = [{**first, "real_servers": heavier}, {**other, "lb_algo": "rr"}]
    return extra(**{**described, "lvs_virtual_servers": services, "lvs_nginx_upstreams": upstreams})


@pytest.fixture
def cut_off(begin, finish, tmp_path):
    """Starts site.yml and cuts it off once it has changed something; tells the host and the task, or that it ended."""
    note = tmp_path / "cut_off"

    def run(*options):
        note.unlink(missing_ok=True)
        words = {"ANSIBLE_CALLBACK_PLUGINS": str(CALLBACKS), "ANSIBLE_CALLBACKS_ENABLED": "cut_off"}
        done = finish(begin(*options, **words, CUT_OFF=str(note)))
        if done.returncode == -signal.SIGKILL:
            return note.read_text(encoding="utf-8")
        assert done.returncode == 0, done.stdout + done.stderr
        assert changed(done.stdout) == {}, done.stdout
        return ""

    return run


def test_two_runs_at_once_both_end_and_leave_a_cluster(begin, finish, site, edit, probe, tell, steady):
    steady()
    running = probe(rate=20)
    both = [begin(*edit) for _run in range(2)]
    for done in [finish(each) for each in both]:
        assert done.returncode == 0, done.stdout + done.stderr
    done = site(*edit)
    assert done.returncode == 0, done.stdout + done.stderr
    assert changed(done.stdout) == {}, done.stdout
    report = running.stop()
    tell("two runs at once", report, 0)
    assert report["failures"] == {}


def test_runs_that_are_cut_off_after_each_change_get_to_the_end_and_the_cluster_serves(cut_off, edit, probe, tell):
    """Back to the first description, and on to the edit again: what is taken away, and what comes."""
    running = probe(rate=20)
    seen = []
    for options in ((), edit):
        while told := cut_off(*options):
            seen.append(told)
            assert len(seen) < MOST, seen
            assert running.is_running
    print("\n".join(seen))
    report = running.stop()
    tell("runs are cut off", report, 0)
    assert report["failures"] == {}
    tasks = {each.partition(": ")[2] for each in seen}
    assert len(tasks) >= 10, seen


def test_the_first_description_comes_back(site, service, steady, prove):
    done = site()
    assert done.returncode == 0, done.stdout + done.stderr
    assert changed(done.stdout), "nothing was left to change"
    steady()
    prove(service.master)

"""Runs that meet each other, and runs that are cut off, while a client looks on."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from harness.playbooks import changed, extra

CALLBACKS = Path(__file__).resolve().parents[1] / "callbacks"


def edited(cluster, number):
    """Much at once: a second address with a service on it, other weights, another scheduler, another upstream."""
    described = cluster.with_another_service(cluster.another(number))
    first, other = described["lvs_virtual_servers"]
    heavier = [{"host": host, "weight": 2 + number} for host in first["real_servers"]]
    upstreams = [{**each, "health_path": f"/alive/{number}"} for each in described["lvs_nginx_upstreams"]]
    services = [{**first, "real_servers": heavier}, {**other, "lb_algo": "rr"}]
    return {**described, "lvs_virtual_servers": services, "lvs_nginx_upstreams": upstreams}


@pytest.fixture
def edit(cluster):
    return extra(**edited(cluster, 1))


@pytest.fixture
def next_edit(cluster):
    """The second address goes and another one comes; and for other tasks a script, which has a user."""
    described = edited(cluster, 2)
    instances = [{**each, "notify": {"content": "#!/bin/sh\n"}} for each in described["lvs_vrrp_instances"]]
    return extra(**{**described, "lvs_vrrp_instances": instances})


@pytest.fixture
def find_nothing_to_do(site):
    """What runs before this one have left undone of an edit, it would find."""

    def run(*edit):
        done = site(*edit)
        assert done.returncode == 0, done.stdout + done.stderr
        assert changed(done.stdout) == {}, done.stdout

    return run


@pytest.fixture
def cut_off(begin, finish, tmp_path):
    """Runs site.yml, cut off at each task that changes something, and at last to its end; tells the tasks, each once.

    A task is passed by the runs that come after: some tell what is still to be done, as long as it is.
    """
    note = tmp_path / "cut_off"
    note.touch()
    words = {"ANSIBLE_CALLBACK_PLUGINS": str(CALLBACKS), "ANSIBLE_CALLBACKS_ENABLED": "cut_off", "CUT_OFF": str(note)}

    def run(*options):
        while (done := finish(begin(*options, **words))).returncode == -signal.SIGKILL:
            pass
        assert done.returncode == 0, done.stdout + done.stderr
        return note.read_text(encoding="utf-8").splitlines()

    return run


def test_two_runs_at_once_both_end_and_leave_a_cluster(begin, finish, find_nothing_to_do, edit, probe, tell, steady):
    steady()
    running = probe(rate=20)
    both = [begin(*edit) for _run in range(2)]
    for done in [finish(each) for each in both]:
        assert done.returncode == 0, done.stdout + done.stderr
    find_nothing_to_do(*edit)
    report = running.stop()
    tell("two runs at once", report, 0)
    assert report["failures"] == {}


def test_two_runs_that_disagree_leave_a_cluster_that_the_next_one_finds_whole(
    begin, finish, site, find_nothing_to_do, edit, probe, tell
):
    """One knows what the other one has not heard of; each may end in an error that names what runs instead."""
    running = probe(rate=20)
    for done in [finish(each) for each in (begin(), begin(*edit))]:
        assert done.returncode in (0, 2), done.stdout + done.stderr
    done = site(*edit)
    assert done.returncode == 0, done.stdout + done.stderr
    find_nothing_to_do(*edit)
    report = running.stop()
    tell("two runs that disagree", report, 0)
    assert report["failures"] == {}


def test_runs_that_are_cut_off_get_to_the_end_and_the_cluster_serves_all_the_while(
    cut_off, find_nothing_to_do, next_edit, probe, tell
):
    """One edit has what goes and what comes, so that tasks of all roles are among those at which runs are cut off."""
    running = probe(rate=20)
    cuts = cut_off(*next_edit)
    find_nothing_to_do(*next_edit)
    report = running.stop()
    tell(f"runs cut off at {len(cuts)} tasks", report, 0)
    assert report["failures"] == {}
    assert len(set(cuts)) >= 10, cuts


def test_the_first_description_comes_back(site, service, steady, prove):
    done = site()
    assert done.returncode == 0, done.stdout + done.stderr
    assert changed(done.stdout), "nothing was left to change"
    steady()
    prove(service.master)

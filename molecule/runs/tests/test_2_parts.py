"""A part of site.yml, by tags or by a limit: it does its part, or says what it needs."""

from __future__ import annotations

import pytest
from harness.playbooks import changed, extra, recap, told

TAGS = ["preflight", "realserver", "nginx", "director", "keepalived"]


def only(*hosts):
    return ("--limit", ",".join(hosts))


@pytest.fixture
def second(cluster):
    return cluster.another()


@pytest.fixture
def edit(cluster, second):
    """A second address with a service on it."""
    return extra(**cluster.with_another_service(second))


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("--tags", "keepalive"), f"--tags keepalive: there is no such tag; there are {', '.join(TAGS)}"),
        (("--tags", "keepalived,untagged"), "--tags untagged: there is no such tag"),
        (("--skip-tags", "nginxx"), "--skip-tags nginxx: there is no such tag"),
        (("--skip-tags", "preflight"), "--skip-tags preflight: the others need what it finds out"),
        (("--start-at-task", "Live | Load the configuration, on all directors together"), "--start-at-task: each task"),
        (("--step",), "--step: each task needs what those before it found out"),
    ],
    ids=" ".join,
)
def test_what_cannot_be_a_run_is_refused_before_a_host_is_asked(site, options, reason):
    done = site(*options)
    said = " ".join((done.stdout + done.stderr).split())
    assert done.returncode not in (0, 2), said
    assert reason in said
    assert "TASK" not in said


@pytest.mark.parametrize(
    "options",
    [*(("--tags", tag) for tag in TAGS), ("--skip-tags", "realserver,nginx,director")],
    ids=" ".join,
)
def test_a_part_of_what_is_so_already_changes_nothing(site, options):
    done = site(*options)
    assert done.returncode == 0, done.stdout + done.stderr
    assert changed(done.stdout) == {}


@pytest.mark.parametrize("kind", ["director", "real server"])
def test_a_limit_to_what_is_so_already_changes_nothing(site, service, kind):
    host = service.backup if kind == "director" else min(service.realservers)
    done = site(*only(host))
    assert done.returncode == 0, done.stdout + done.stderr
    assert recap(done.stdout, "changed") == {host: 0}


def test_check_mode_tells_what_a_run_would_change_and_changes_nothing(site, live, service, second, edit):
    before = live()
    done = site("--check", "--diff", *edit)
    assert done.returncode == 0, done.stdout + done.stderr
    assert set(changed(done.stdout)) == {*service.directors, *service.realservers}
    assert f"+        {second}/32" in done.stdout
    assert live() == before


def test_a_service_that_comes_part_by_part_is_served_in_the_end_and_the_other_all_the_while(
    site, lab, service, probe, tell, client, wait_for, second, edit
):
    """Directors first, which is the wrong way round: they keep the new address to themselves until it is served."""
    running = probe(rate=20)
    for tag, hosts in (
        ("director", []),
        ("keepalived", service.directors),
        ("realserver", sorted(service.realservers)),
        ("nginx", sorted(service.realservers)),
    ):
        done = site("--tags", tag, *edit)
        assert done.returncode == 0, done.stdout + done.stderr
        assert sorted(changed(done.stdout)) == hosts, (tag, done.stdout)
    fetch = ["curl", "-sS", "--fail", "--max-time", "2", "-D", "-", "-o", "/dev/null", f"http://{second}/"]
    wait_for(
        "an answer from it", lambda: lab.exec(client.host, *fetch, check=False), lambda seen: "X-Served-By" in seen
    )
    report = running.stop()
    tell("a service comes part by part", report, 0)
    assert report["failures"] == {}


@pytest.mark.parametrize("part", ["limit", "tags"])
def test_a_real_server_keeps_what_a_director_may_still_send_to(site, lab, service, second, part):
    """The description is the first one again, and only real servers hear of it."""
    host = min(service.realservers)
    options = {"limit": only(host), "tags": ("--tags", "realserver")}[part]
    done = site(*options)
    said = told(done.stdout)[host]
    assert done.returncode == 2, done.stdout
    assert f"{host} holds {second}, which has left the description" in said
    assert f"has not told {service.master}, {service.backup}, which may still send here for it" in said
    assert f"{second}/32" in lab.loopback(host).values()


def test_a_limit_to_a_director_does_what_needs_no_other(site, lab, cluster, service, wait_for):
    """Weights are each director's own; of addresses the others must know."""
    described = cluster.variables["lvs_virtual_servers"][0]
    heavier = [{"host": host, "weight": 3} for host in described["real_servers"]]
    edit = cluster.with_another_service(cluster.another())
    services = [{**each, "real_servers": heavier} for each in edit["lvs_virtual_servers"]]
    done = site(*extra(**{**edit, "lvs_virtual_servers": services}), *only(service.backup))
    assert done.returncode == 0, done.stdout + done.stderr
    wait_for(
        "the weights of one director alone",
        lambda: lab.weights(service.directors, service.key),
        lambda seen: [set(seen[host].values()) for host in service.directors] == [{1}, {3}],
    )
    refused = site(*only(service.master))
    assert refused.returncode == 2, refused.stdout
    assert f"{service.backup} cannot be told together with it" in told(refused.stdout)[service.master]


def test_the_whole_run_takes_away_what_has_left(site, lab, service, second, steady, prove):
    done = site()
    assert done.returncode == 0, done.stdout + done.stderr
    assert set(changed(done.stdout)) == {*service.directors, *service.realservers}
    for host in sorted(service.realservers):
        assert f"{second}/32" not in lab.loopback(host).values()
    steady()
    prove(service.master)

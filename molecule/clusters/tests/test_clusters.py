"""Two clusters in one inventory: one run is for both, and what is wrong with one is no business of the other."""

from __future__ import annotations

import json

import pytest
from harness import cluster as description
from harness import judge
from harness.playbooks import recap, told

# What the runs could change on a host: its files, its virtual addresses, and what runs.
LIVE = (
    "sha256sum /etc/keepalived/keepalived.conf /etc/nginx/conf.d/*lvs* 2>/dev/null;"
    " ip -o -4 address show dev lo | awk '{print $4}'; systemctl show -p MainPID keepalived nginx"
)


@pytest.fixture(scope="session")
def shop(inventory_path):
    return description.read(inventory_path, name="shop")


@pytest.fixture(scope="session")
def blog(inventory_path):
    return description.read(inventory_path, name="blog")


@pytest.fixture
def written(tmp_path):
    """Other words in the descriptions: an inventory that is read after the lab's own."""

    def write(**clusters):
        folder = tmp_path / "written"
        (folder / "group_vars").mkdir(parents=True)
        (folder / "hosts.yml").write_text(json.dumps(dict.fromkeys(clusters)))
        for name, variables in clusters.items():
            (folder / "group_vars" / f"{name}.yml").write_text(json.dumps(variables))
        return folder

    return write


@pytest.fixture
def live(lab):
    """What is live on each host of a cluster."""

    def look(cluster):
        seen = lab.exec_all(hosts_of(cluster), "sh", "-c", LIVE)
        assert all("MainPID=" in text for text in seen.values()), seen
        return seen

    return look


@pytest.fixture
def prove(lab, client):
    """Proves that a service is served through its preferred director, by the real servers of its own cluster."""
    return lambda service: judge.prove(lab, client, service, service.master)


def hosts_of(cluster):
    return cluster.groups[cluster.described.lvs_cluster]


def changed(done, cluster):
    return {host: recap(done.stdout, "changed")[host] for host in hosts_of(cluster)}


def one(cluster, table, **words):
    """The only entry of a table of the description, with some words changed."""
    (entry,) = cluster.variables[table]
    return [{**entry, **words}]


def test_one_run_made_two_clusters(lab, shop, blog, prove):
    for cluster in (shop, blog):
        judge.wait_until_steady(lab, cluster)
        prove(cluster.service)
        assert lab.holders(cluster.service.vip, cluster.groups["lvs_directors"]) == [cluster.service.master]
        for director, states in lab.vrrp_states(cluster.service.directors).items():
            wanted = "MASTER" if director == cluster.service.master else "BACKUP"
            assert states == {cluster.instance.name: wanted}, director
        for host in cluster.service.realservers:
            assert set(lab.loopback(host).values()) == {"127.0.0.1/8", f"{cluster.service.vip}/32"}


def test_a_mistake_in_one_does_not_stop_a_change_of_the_other(site, live, lab, shop, blog, written, prove, wait_for):
    before = live(shop)
    (server,) = blog.service.realservers
    heavier = one(blog, "lvs_virtual_servers", real_servers=[{"host": server, "weight": 3}])
    mistaken = one(shop, "lvs_vrrp_instances", virtual_router_id=256)
    folder = written(shop={"lvs_vrrp_instances": mistaken}, blog={"lvs_virtual_servers": heavier})
    done = site("-i", str(folder))
    assert done.returncode == 2, done.stdout + done.stderr
    assert set(told(done.stdout)) == set(hosts_of(shop))
    assert "The description of cluster shop has 1 problem(s); no host of it was touched" in done.stdout + done.stderr
    assert "lvs_vrrp_instances[0].virtual_router_id = 256" in done.stdout + done.stderr
    assert set(changed(done, shop).values()) == {0}
    assert live(shop) == before
    assert all(changed(done, blog)[host] for host in blog.service.directors), done.stdout
    assert {host: failed for host, failed in recap(done.stdout, "failed").items() if failed} == dict.fromkeys(
        hosts_of(shop), 1
    )
    weights = {blog.service.server(server): 3}
    wait_for(
        "the weight in the tables of blog",
        lambda: lab.weights(blog.service.directors, blog.service.key),
        lambda seen: seen == dict.fromkeys(blog.service.directors, weights),
    )
    prove(shop.service)
    prove(blog.service)


def another(cluster):
    """An address that nobody has."""
    return cluster.another(10)


def test_a_dead_director_of_one_does_not_stop_new_addresses_of_the_other(
    site, live, lab, faults, inventory_path, shop, blog, written, prove
):
    dead, left = shop.service.backup, shop.service.master
    folder = written(
        shop=shop.with_another_service(another(shop)),
        blog=blog.with_another_service(another(blog)),
    )
    before = live(shop)
    with faults.broken("cut", dead):
        done = site("-i", str(folder))
    assert {host for host, count in recap(done.stdout, "unreachable").items() if count} == {dead}, done.stdout
    assert {host for host, count in recap(done.stdout, "failed").items() if count} == {left}, done.stdout
    assert f"{dead} cannot be told together with it" in told(done.stdout)[left]
    # Real servers may hold an address that nobody sends to them yet.
    after = live(shop)
    assert [after[host] for host in (left, dead)] == [before[host] for host in (left, dead)]
    assert lab.holders(another(shop), shop.service.directors) == []
    prove(shop.service)

    described = description.read(inventory_path, folder, name="blog")
    judge.wait_until_steady(lab, described)
    assert [each.vip for each in described.services] == [blog.service.vip, another(blog)]
    for service in described.services:
        prove(service)


def test_what_two_clusters_must_not_share_is_refused_with_both_names(site, live, shop, blog, written):
    before = live(shop), live(blog)
    number, vip = shop.instance.virtual_router_id, shop.service.vip
    same = one(blog, "lvs_vrrp_instances", virtual_router_id=number, virtual_ipaddress=[f"{vip}/32"])
    served = one(blog, "lvs_virtual_servers", address=vip)
    done = site("-i", str(written(blog={"lvs_vrrp_instances": same, "lvs_virtual_servers": served})))
    assert done.returncode == 2, done.stdout + done.stderr
    reports = list(told(done.stdout).values())
    for mine, other in (("shop", "blog"), ("blog", "shop")):
        (report,) = (each for each in reports if f"cluster {mine} has 2 problem(s); no host of it was touched" in each)
        assert f'virtual_ipaddress[0] = "{vip}": is an address of cluster {other} too' in report
        told_number = f"virtual_router_id = {number}: is the virtual_router_id of instance {other} of cluster {other}"
        assert told_number in report
    assert set(recap(done.stdout, "skipped").values()) == {1}, "nobody was looked at"
    assert set(recap(done.stdout, "changed").values()) == {0}
    assert (live(shop), live(blog)) == before


def test_the_first_description_comes_back(site, lab, shop, blog, prove):
    done = site()
    assert done.returncode == 0, done.stdout + done.stderr
    for cluster in (shop, blog):
        judge.wait_until_steady(lab, cluster)
        assert lab.holders(another(cluster), cluster.service.directors) == []
        for host in cluster.service.realservers:
            assert set(lab.loopback(host).values()) == {"127.0.0.1/8", f"{cluster.service.vip}/32"}
        prove(cluster.service)


def test_a_second_run_finds_nothing_to_do(site, shop, blog):
    done = site()
    assert done.returncode == 0, done.stdout + done.stderr
    assert recap(done.stdout, "changed") == dict.fromkeys([*hosts_of(shop), *hosts_of(blog)], 0), done.stdout

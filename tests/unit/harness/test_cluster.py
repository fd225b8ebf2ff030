"""A cluster with several of everything."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.cluster import read_cluster
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import ServerKey
from harness.cluster import Cluster, only, read

VARIABLES = {
    "lvs_vrrp_instances": [
        {
            "name": "a",
            "virtual_router_id": 1,
            "virtual_ipaddress": ["192.0.2.100/32", "192.0.2.101/32"],
            "hosts": ["lvs1", "lvs2"],
        },
        {"name": "c", "virtual_router_id": 1, "virtual_ipaddress": ["2001:db8::100"], "hosts": ["lvs1", "lvs2"]},
        {"name": "b", "virtual_router_id": 2, "virtual_ipaddress": ["192.0.2.200/32"], "hosts": ["lvs2", "lvs1"]},
    ],
    "lvs_virtual_servers": [
        {"name": "web", "address": "192.0.2.100", "port": 80, "real_servers": ["web1", {"host": "web2", "weight": 3}]},
        {"name": "mail", "address": "192.0.2.200", "port": 25, "real_servers": ["web2", {"address": "192.0.2.99"}]},
        {"name": "web6", "address": "2001:db8::100", "port": 80, "real_servers": ["web1", "web2"]},
    ],
    "lvs_nginx_upstreams": [
        {"name": "app", "virtual_server": "web", "servers": ["app1"]},
        {"name": "post", "virtual_server": "mail", "servers": ["app2"]},
    ],
}
ADDRESSES = {
    host: {"ipv4": f"192.0.2.{number}", "ipv6": f"2001:db8::{number}"}
    for host, number in {"lvs1": 11, "lvs2": 12, "web1": 21, "web2": 22}.items()
}


@pytest.fixture
def cluster() -> Cluster:
    return Cluster(read_cluster(VARIABLES, []), ADDRESSES, {"lvs_clients": ["c1", "c2"]}, VARIABLES)


def test_each_service_has_its_own_master_servers_and_backends(cluster: Cluster) -> None:
    web, mail, _web6 = cluster.services
    assert (web.master, web.backup, mail.master, mail.backup) == ("lvs1", "lvs2", "lvs2", "lvs1")
    assert (web.url, mail.url) == ("http://192.0.2.100:80/", "http://192.0.2.200:25/")
    assert (web.realservers, mail.realservers) == ({"web1", "web2"}, {"web2"})
    assert (web.backends, mail.backends) == ({"app1"}, {"app2"})
    assert web.weights == {ServerKey("192.0.2.21", 80): 1, ServerKey("192.0.2.22", 80): 3}
    assert mail.weights == {ServerKey("192.0.2.22", 25): 1, ServerKey("192.0.2.99", 25): 1}
    assert mail.server("web2") == ServerKey("192.0.2.22", 25)


def test_a_service_of_ipv6_reaches_its_servers_by_it(cluster: Cluster) -> None:
    *_others, web6 = cluster.services
    assert web6.instance.name == "c"
    assert web6.url == "http://[2001:db8::100]:80/"
    assert set(web6.weights) == {ServerKey("2001:db8::21", 80), web6.server("web2")}
    assert web6.server("web2") == ServerKey("2001:db8::22", 80)
    assert cluster.addresses["web2"] == "192.0.2.22"


def test_what_is_not_the_only_one_must_be_named(cluster: Cluster) -> None:
    for ask in (lambda: cluster.service, lambda: cluster.instance, lambda: cluster.client):
        with pytest.raises(AssertionError, match=r"not one but [23]"):
            ask()
    assert only(["x"]) == "x"


def test_times_are_those_of_theory(cluster: Cluster) -> None:
    web, _mail, _web6 = cluster.services
    assert web.takeover == pytest.approx(3 + 3 / 256)
    assert web.skew == pytest.approx(3 / 256)
    # delay_loop 6; four tries of 3 s, 1 s between them.
    assert web.detection(late=0.0) == 6 + 4 * 3 + 3 * 1
    assert web.detection(late=0.5) == 6.5 + 4 * 3.5 + 3 * 1.5


def test_each_cluster_of_an_inventory_is_read_by_its_name(tmp_path: Path) -> None:
    inventory, later = tmp_path / "hosts.yml", tmp_path / "later"
    (tmp_path / "group_vars").mkdir()
    (later / "group_vars").mkdir(parents=True)
    inventory.write_text(
        "all: {hosts: {client: {}}, children: {a: {hosts: {a1: {ansible_host: 192.0.2.1}}},"
        " b: {hosts: {b1: {ansible_host: 192.0.2.2}}}}}"
    )
    for number, name in enumerate("ab", start=1):
        (tmp_path / "group_vars" / f"{name}.yml").write_text(
            f"lvs_cluster: {name}\nlvs_vrrp_instances: [{{name: {name}, virtual_router_id: {number},"
            f" virtual_ipaddress: [192.0.2.10{number}/32], hosts: [{name}1]}}]\n"
        )
    (later / "hosts.yml").write_text("b:\n")
    (later / "group_vars" / "b.yml").write_text("lvs_sync_daemon: false\n")
    assert read(inventory).instance.hosts == ("a1",)
    assert read(inventory, name="b").instance.hosts == ("b1",)
    assert read(inventory, name="b").described.lvs_sync_daemon
    assert not read(inventory, later, name="b").described.lvs_sync_daemon
    with pytest.raises(AssertionError, match="nobody describes a cluster c"):
        read(inventory, name="c")


def test_an_inventory_without_a_cluster_has_an_empty_one(tmp_path: Path) -> None:
    (tmp_path / "hosts.yml").write_text("all: {hosts: {x: {ansible_host: 192.0.2.1}}}")
    assert read(tmp_path / "hosts.yml").services == ()

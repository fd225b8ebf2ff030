"""A cluster with several of everything."""

from __future__ import annotations

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._cluster.model import read_cluster
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import ServerKey
from harness.cluster import Cluster, only

VARIABLES = {
    "lvs_vrrp_instances": [
        {
            "name": "a",
            "virtual_router_id": 1,
            "virtual_ipaddress": ["192.0.2.100/32", "192.0.2.101/32"],
            "directors": ["lvs1", "lvs2"],
        },
        {"name": "b", "virtual_router_id": 2, "virtual_ipaddress": ["192.0.2.200/32"], "directors": ["lvs2", "lvs1"]},
    ],
    "lvs_virtual_servers": [
        {"name": "web", "address": "192.0.2.100", "port": 80, "real_servers": ["web1", {"host": "web2", "weight": 3}]},
        {"name": "mail", "address": "192.0.2.200", "port": 25, "real_servers": ["web2", {"address": "192.0.2.99"}]},
    ],
    "lvs_nginx_upstreams": [
        {"name": "app", "virtual_server": "web", "servers": ["app1"]},
        {"name": "post", "virtual_server": "mail", "servers": ["app2"]},
    ],
}
ADDRESSES = {"lvs1": "192.0.2.11", "lvs2": "192.0.2.12", "web1": "192.0.2.21", "web2": "192.0.2.22"}


@pytest.fixture
def cluster() -> Cluster:
    return Cluster(read_cluster(VARIABLES, []), ADDRESSES, {"lvs_clients": ["c1", "c2"]}, VARIABLES)


def test_each_service_has_its_own_master_servers_and_backends(cluster: Cluster) -> None:
    web, mail = cluster.services
    assert (web.master, web.backup, mail.master, mail.backup) == ("lvs1", "lvs2", "lvs2", "lvs1")
    assert (web.url, mail.url) == ("http://192.0.2.100:80/", "http://192.0.2.200:25/")
    assert (web.realservers, mail.realservers) == ({"web1", "web2"}, {"web2"})
    assert (web.backends, mail.backends) == ({"app1"}, {"app2"})
    assert web.weights == {ServerKey("192.0.2.21", 80): 1, ServerKey("192.0.2.22", 80): 3}
    assert mail.weights == {ServerKey("192.0.2.22", 25): 1, ServerKey("192.0.2.99", 25): 1}
    assert mail.server("web2") == ServerKey("192.0.2.22", 25)


def test_what_is_not_the_only_one_must_be_named(cluster: Cluster) -> None:
    for ask in (lambda: cluster.service, lambda: cluster.instance, lambda: cluster.client):
        with pytest.raises(AssertionError, match="not one but 2"):
            ask()
    assert only(["x"]) == "x"


def test_times_are_those_of_theory(cluster: Cluster) -> None:
    web, _mail = cluster.services
    assert web.takeover == pytest.approx(3 + 3 / 256)
    assert web.skew == pytest.approx(3 / 256)
    # delay_loop 6; four tries of 3 s, 1 s between them.
    assert web.detection(late=0.0) == 6 + 4 * 3 + 3 * 1
    assert web.detection(late=0.5) == 6.5 + 4 * 3.5 + 3 * 1.5

"""After the cluster: the directors, which nobody owns now, with a table that no keepalived keeps."""

from __future__ import annotations

import pytest


@pytest.fixture
def table(cluster, service, module):
    """Sets the whole table of a director, for the next boot too."""
    server = {"lb_kind": "DR", "weight": 3}
    wanted = {
        "address": service.vip,
        "port": service.port,
        "real_servers": [{**server, "address": cluster.addresses[host]} for host in sorted(service.realservers)],
    }

    def set_table(director, services=(wanted,)):
        return module(director, "ipvs_table", services=list(services), purge=True, persist=True)

    return set_table


def test_table_is_back_after_a_boot_until_it_is_purged(service, lab, faults, table):
    rules = {service.server(host): 3 for host in service.realservers}
    for director in service.directors:
        assert table(director)["changed"]
        assert lab.weights([director], service.key)[director] == rules

        faults.reboot(director)
        assert lab.weights([director], service.key)[director] == rules, director
        again = table(director)
        assert not again["changed"], again

        assert table(director, services=[])["changed"]
        assert lab.weights([director], service.key)[director] == {}

"""After the cluster: the directors, which nobody owns now, with a table that no keepalived keeps."""

from __future__ import annotations

import json

import pytest


@pytest.fixture
def table(cluster, on):
    """Sets the whole table of a director, for the next boot too."""
    server = {"lb_kind": "DR", "weight": 3}
    service = {
        "address": cluster.vip,
        "port": cluster.service.port,
        "real_servers": [{**server, "address": cluster.addresses[host]} for host in sorted(cluster.realservers)],
    }

    def set_table(director, services=(service,)):
        options = json.dumps({"services": list(services), "purge": True, "persist": True})
        return on(director).ansible("lvs.cluster.ipvs_table", options, check=False)

    return set_table


def test_table_is_back_after_a_boot_until_it_is_purged(cluster, lab, table):
    rules = {cluster.addresses[host]: 3 for host in cluster.realservers}
    for director in cluster.instance.directors:
        assert table(director)["changed"]
        assert lab.weights(director, cluster.service) == rules

        lab("reboot", director)
        lab.forget(director)
        assert lab.weights(director, cluster.service) == rules, director
        again = table(director)
        assert not again["changed"], again

        assert table(director, services=[])["changed"]
        assert lab.weights(director, cluster.service) == {}

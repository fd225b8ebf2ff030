# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all checks look up is worked out once for a cluster, however many services and servers it has."""

from __future__ import annotations

from collections import Counter

from ansible_collections.lvs.cluster.plugins.module_utils._description import inventory
from ansible_collections.lvs.cluster.plugins.module_utils._description.checks.cluster import check_cluster
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.vrrp import VrrpInstance
from ansible_collections.lvs.cluster.tests.unit.plugins.module_utils._description.example import (
    SERVICE,
    UPSTREAM,
    hostvars,
)
from ansible_collections.lvs.cluster.tests.unit.plugins.module_utils._description.mistakes import SERVICES, UPSTREAMS


class Counted(dict):
    """Hosts that count how often somebody looks at all of them."""

    def __init__(self, hosts):
        super().__init__(hosts)
        self.counts = Counter()

    def items(self):
        self.counts["hosts"] += 1
        return super().items()

    def values(self):
        self.counts["hosts"] += 1
        return super().values()


def looked_at(services, monkeypatch):
    """How often the checks look at all hosts, and at all addresses of an instance."""
    servers = ["web1", "web2", *({"address": f"198.51.100.{number}"} for number in range(1, 9))]
    names = [f"web{number}" for number in range(services)]
    changes = {
        SERVICES: [
            {**SERVICE, "name": name, "port": 80 + place, "real_servers": servers} for place, name in enumerate(names)
        ],
        UPSTREAMS: [{**UPSTREAM, "name": name, "virtual_server": name} for name in names],
    }
    cluster, members, problems = inventory.described(hostvars(changes), "lvs1")
    assert problems == []
    hosts = Counted(members)
    addresses = VrrpInstance.addresses.fget

    def counted(instance):
        hosts.counts["addresses"] += 1
        return addresses(instance)

    with monkeypatch.context() as patch:
        patch.setattr(VrrpInstance, "addresses", property(counted))
        assert list(check_cluster(cluster, hosts)) == []
    return hosts.counts


def test_more_services_do_not_make_the_checks_look_at_all_hosts_and_addresses_more_often(monkeypatch):
    assert looked_at(20, monkeypatch) == looked_at(1, monkeypatch)

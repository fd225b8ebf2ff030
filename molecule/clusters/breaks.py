"""What must turn each test of this scenario red: `make red SCENARIO=clusters`."""

from __future__ import annotations

import ipaddress

from harness.breaks import Row
from harness.cluster import Cluster
from harness.lab import Lab

ARP = "for i in all lo eth0; do sysctl -qw net.ipv4.conf.$i.arp_ignore={} net.ipv4.conf.$i.arp_announce={}; done"
# What blog's real server knows to have put on its loopback.
MEMORY = "/var/lib/lvs-cluster/loopback/blog.json"
BETWEEN = "plugins/module_utils/_description/checks/between.py"


def rows(cluster: Cluster, lab: Lab) -> list[Row]:  # noqa: ARG001
    other, left = (str(ipaddress.ip_address(cluster.service.vip) + number) for number in (1, 10))
    return [
        Row(
            "a real server answers arp",
            "made_two_clusters",
            {"blog-web1": ARP.format(0, 0)},
            {"blog-web1": ARP.format(1, 2)},
        ),
        Row(
            "a director has the other cluster's address too",
            "made_two_clusters",
            {"shop-lvs1": f"ip address add {other}/32 dev eth0"},
            {"shop-lvs1": f"ip address delete {other}/32 dev eth0"},
        ),
        # Before those that leave something to do.
        Row(
            "every run changes something",
            "nothing_to_do",
            edits={"roles/keepalived/tasks/stage.yml": ("  changed_when: false", "  changed_when: true")},
        ),
        Row(
            "a mistake in one cluster stops all",
            "a_mistake_in_one",
            edits={
                "playbooks/site.yml": (
                    "  roles:\n    - role: lvs.cluster.preflight\n",
                    "  any_errors_fatal: true\n  roles:\n    - role: lvs.cluster.preflight\n",
                )
            },
        ),
        Row(
            "a dead director stops all",
            "a_dead_director",
            edits={
                "plugins/module_utils/_keepalived/rollout.py": (
                    """run).get(host, "") or _""",
                    """run).get(host, "") or "; ".join(refusals(staged, run).values()) or _""",
                )
            },
        ),
        Row(
            "addresses of two clusters are not compared",
            "must_not_share",
            edits={BETWEEN: ("            if address in theirs:\n", "            if False:\n")},
        ),
        Row(
            "numbers of two clusters are not compared",
            "must_not_share",
            edits={BETWEEN: ("instance.virtual_router_id is not None\n", "instance.virtual_router_id is None\n")},
        ),
        Row(
            "a real server keeps an address",
            "comes_back",
            {"blog-web1": f"ip address add {left}/32 dev lo label lo:9; sed -i 's/\\[/[\"{left}\",/' {MEMORY}"},
            {"blog-web1": f"ip address delete {left}/32 dev lo; sed -i 's/\"{left}\",//' {MEMORY}"},
            edits={"roles/realserver/tasks/purge.yml": ("    purge: true\n", "    purge: false\n")},
        ),
    ]

"""What must turn each test of this scenario red: `make red SCENARIO=clusters`."""

from __future__ import annotations

import ipaddress

from harness.breaks import Row, always_changed, answers_arp, has_address
from harness.cluster import Cluster
from harness.lab import Lab

# What blog's real server knows to have put on its loopback.
MEMORY = "/var/lib/lvs-cluster/addresses/lo/blog.json"
BETWEEN = "plugins/module_utils/_description/checks/between.py"


def rows(cluster: Cluster, lab: Lab) -> list[Row]:  # noqa: ARG001
    other, left = (str(ipaddress.ip_address(cluster.service.vip) + number) for number in (1, 10))
    return [
        answers_arp("made_two_clusters", "blog-web1"),
        has_address("a director has the other cluster's address too", "made_two_clusters", "shop-lvs1", other),
        # Before those that leave something to do.
        always_changed("nothing_to_do"),
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
            edits={"roles/addresses/tasks/purge.yml": ("    purge: true\n", "    purge: false\n")},
        ),
    ]

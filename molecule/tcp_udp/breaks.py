"""What must turn each test of this scenario red: `make red SCENARIO=tcp_udp`."""

from __future__ import annotations

from harness.breaks import KEEPALIVED, Row, always_changed, edit_live, edited
from harness.cluster import Cluster
from harness.lab import Lab

DIRECTORS = "lvs1 lvs2"


def live(name: str, tests: str, expression: str, how: str = "reload") -> Row:
    """Something else in the files that run."""
    return edited(name, tests, DIRECTORS, edit_live(KEEPALIVED, expression, f"systemctl {how} keepalived"))


def rows(cluster: Cluster, lab: Lab) -> list[Row]:  # noqa: ARG001
    return [
        Row(
            "nothing marks packets",
            "plain_and_secure",
            {"lvs1": "tc filter delete dev eth0 ingress pref 17300"},
            {"lvs1": "systemctl restart lvs-marks"},
        ),
        live("each request for itself", "plain_and_secure", "/^virtual_server fwmark/,/^}/{/persistence_timeout/d}"),
        Row(
            "the boot marks nothing",
            "after_its_boot",
            {"lvs2": "systemctl disable lvs-marks"},
            {"lvs2": "systemctl enable --now lvs-marks"},
        ),
        live("no one-packet scheduling", "spread_one_by_one", "/^    ops$/d"),
        live("nobody asks the name servers", "refuses", "/DNS_CHECK {/,/^        }/d"),
        Row(
            "each address is checked for itself",
            "checked_once",
            edits={
                "molecule/tcp_udp/tests/test_tcp_udp.py": (
                    'done = site("--limit", "lvs_directors")\n',
                    'done = site("--limit", "lvs_directors", *extra(lvs_virtual_servers=[*others, *apart]))\n',
                )
            },
        ),
        live("no standby", "stands_in and stopped", "/sorry_server/d"),
        live("no standby for a lost host", "stands_in and power", "/sorry_server/d"),
        live("nobody is told", "stands_in and stopped", "/notify_down/d"),
        live("nobody tells connections", "survives", "/lvs_sync_daemon/d", "restart"),
        always_changed("nothing_to_do"),
    ]

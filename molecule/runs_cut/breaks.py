"""What must turn each test of this scenario red: `make red SCENARIO=runs_cut`."""

from __future__ import annotations

from harness.breaks import Row
from harness.cluster import Cluster
from harness.lab import Lab


def rows(cluster: Cluster, lab: Lab) -> list[Row]:  # noqa: ARG001
    return [
        Row(
            "keepalived is restarted and not reloaded",
            "two_runs or cut_off",
            edits={"plugins/module_utils/_host/systemd.py": ('"systemctl", "reload"', '"systemctl", "restart"')},
        ),
        Row(
            "nobody asks what nginx runs with",
            "cut_off",
            edits={"plugins/modules/nginx_loaded.py": ("changed = bool(parent) and", "changed = False and")},
        ),
        Row(
            "a real server does not serve again",
            "comes_back",
            {"web1": "systemctl mask --runtime --now nginx"},
            {"web1": "systemctl unmask --runtime nginx && systemctl start nginx"},
        ),
    ]

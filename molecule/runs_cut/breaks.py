"""What must turn each test of this scenario red: `make red SCENARIO=runs_cut`."""

from __future__ import annotations

from harness.breaks import Row
from harness.cluster import Cluster
from harness.lab import Lab


def rows(cluster: Cluster, lab: Lab) -> list[Row]:  # noqa: ARG001
    return [
        Row(
            "nobody asks what nginx runs with",
            "cut_off",
            edits={"plugins/modules/nginx_loaded.py": ("changed = bool(parent) and", "changed = False and")},
        ),
    ]

"""What must turn each test of this scenario red: `make red SCENARIO=drift`."""

from __future__ import annotations

from harness.breaks import Row, edit_live
from harness.cluster import Cluster
from harness.lab import Lab

DEAF = edit_live("/etc/nginx/conf.d/lvs.conf", "s/proxy_bind .*/return 200;/", "systemctl reload nginx")


def rows(cluster: Cluster, lab: Lab) -> list[Row]:  # noqa: ARG001
    return [
        Row(
            "check mode mends",
            "told_by_check_mode",
            edits={"plugins/modules/keepalived_repair.py": ("    if check_mode:\n", "    if False:\n")},
        ),
        Row(
            "nobody looks at what runs",
            "told_by_check_mode or is_put_right",
            edits={"roles/keepalived/tasks/repair.yml": ("when: __keepalived_present", "when: false")},
        ),
        Row(
            "a drained server is brought back",
            "is_put_right",
            edits={
                "plugins/module_utils/_keepalived/belief.py": ("server._replace(weight=0)", "server._replace(weight=1)")
            },
        ),
        Row(
            "a site that answers in our place is told too late",
            "would_not_serve",
            edits={
                "roles/nginx/tasks/configure.yml": (
                    "  check_mode: true\n  when: __nginx_present and",
                    "  check_mode: true\n  when: false and",
                )
            },
        ),
        Row(
            "nobody looks what a director's next boot sets",
            "would_not_serve",
            edits={
                "plugins/modules/kernel_settings.py": (
                    '    if module.params["sysctl_file"]:\n',
                    "    if False:\n",
                )
            },
        ),
        Row(
            "ifupdown is not asked what it reads",
            "would_not_serve",
            edits={"plugins/module_utils/_host/networks.py": ("return not self._missing()", "return True")},
        ),
        Row(
            "nginx answers checks wherever its addresses are",
            "lost_its_address",
            {"web2": DEAF[0]},
            {"web2": DEAF[1]},
        ),
        Row(
            "nobody asks what nginx runs with",
            "lost_its_address",
            edits={"plugins/modules/nginx_loaded.py": ("changed = bool(parent) and", "changed = False and")},
        ),
        Row(
            "every address of the loopback is ours",
            "of_others_stay",
            edits={
                "plugins/module_utils/_addresses/held.py": (
                    "if address in ours and address not in wanted",
                    "if address not in wanted",
                )
            },
        ),
    ]

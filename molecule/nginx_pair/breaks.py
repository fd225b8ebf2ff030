"""What must turn each test of this scenario red: `make red SCENARIO=nginx_pair`."""

from __future__ import annotations

from harness.breaks import KEEPALIVED, Row, always_changed, edit_live, edited, everywhere, has_address
from harness.cluster import Cluster
from harness.lab import Lab

NGINX = "proxy1 proxy2"
HAPROXY = "haproxy1 haproxy2"
SCRIPTS = "/etc/keepalived/scripts/ask-proxy-*"
TEARDOWN = "- name: Remove the configuration\n"
EMPTYING = "- name: Empty the table\n  ansible.builtin.command: ipvsadm -C\n\n"


def live(name: str, tests: str, hosts: str, expression: str) -> Row:
    """Something else in the file that runs."""
    return edited(name, tests, hosts, edit_live(KEEPALIVED, expression, "systemctl restart keepalived"))


def rows(cluster: Cluster, lab: Lab) -> list[Row]:  # noqa: ARG001
    nobody_asks = "/^    track_script {/,/}/d"
    return [
        Row(
            "one application is gone",
            "client_sees",
            {"app2": "systemctl stop lab-backend"},
            {"app2": "systemctl start lab-backend"},
        ),
        has_address("two proxies have the address", "client_sees", "proxy2", "198.18.80.100"),
        Row(
            "the operator of a proxy finds modules of ours",
            "nobodys_business",
            {"haproxy1": "touch /etc/modules-load.d/lvs-director.conf"},
            {"haproxy1": "rm /etc/modules-load.d/lvs-director.conf"},
        ),
        live("nobody asks nginx", "(whose_nginx and stop) or boots_without", NGINX, nobody_asks),
        live("nobody asks haproxy", "of_haproxy and stop", HAPROXY, nobody_asks),
        live(
            "only a connection is asked for",
            "(whose_nginx or of_haproxy) and hang",
            f"{NGINX} {HAPROXY}",
            "s/HTTP_GET 127/TCP_CHECK 127/",
        ),
        live("nginx keeps what it has", "whose_nginx and stop", NGINX, "s/^    state BACKUP/&\\n    nopreempt/"),
        live("haproxy takes its address back", "of_haproxy and stop", HAPROXY, "/nopreempt/d"),
        live("nobody starts what failed", "failed_is_started", NGINX, "s/ nginx \\/healthz/ - \\/healthz/"),
        Row(
            "what failed is started for ever",
            "failed_is_started",
            everywhere(
                NGINX,
                f"cp -p {SCRIPTS} /var/tmp/ && sed -i 's/(set -C/(set +C/' {SCRIPTS}",
            ),
            everywhere(NGINX, "mv /var/tmp/ask-proxy-* /etc/keepalived/scripts/"),
        ),
        Row(
            "a boot starts nginx all the same",
            "boots_without",
            edits={"molecule/nginx_pair/tests/test_nginx_pair.py": ('"systemctl", "disable", "nginx"', '"true"')},
        ),
        Row(
            "nobody asks what the kernel tells",
            "tracking_a_process",
            edits={"plugins/modules/host_facts.py": ("process_events.are_told()", "True")},
        ),
        always_changed("finds_nothing"),
        # The last one: it leaves a ruin.
        Row(
            "keepalived empties the table",
            "survives",
            edits={"roles/keepalived/tasks/teardown.yml": (TEARDOWN, f"{EMPTYING}{TEARDOWN}")},
        ),
    ]

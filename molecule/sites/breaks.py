"""What must turn each test of this scenario red: `make red SCENARIO=sites`."""

from __future__ import annotations

from harness.breaks import Row, always_changed, answers_arp, edit_live, everywhere
from harness.cluster import Cluster
from harness.lab import Lab

LIVE = "/etc/nginx/conf.d/lvs.conf"
HOSTS = "web1 web2"
TEMPLATE = "roles/nginx/templates/lvs.conf.j2"
CONFIGURE = "roles/nginx/tasks/configure.yml"

OF_THE_SHOP = "ssl_certificate /etc/ssl/shop.crt; ssl_certificate_key /etc/ssl/private/shop.key;"


def live(name: str, tests: str, expression: str, hosts: str = HOSTS) -> Row:
    """Something else in the file that nginx runs with."""
    change, back = edit_live(LIVE, expression, "systemctl reload nginx && sleep 1")
    return Row(name, tests, everywhere(hosts, change), everywhere(hosts, back))


def rows(cluster: Cluster, lab: Lab) -> list[Row]:  # noqa: ARG001
    return [
        answers_arp("served_by_its_name", "web1"),
        live("one pool answers for the other", "served_by_its_name", "s/http:\\/\\/lvs_api;/http:\\/\\/lvs_app;/"),
        live("no http2", "http2_is_spoken", "s/ http2;/;/; /http2 on;/d", "web2"),
        live("the first site answers who names none", "names_no_site", f"s|ssl_reject_handshake on;|{OF_THE_SHOP}|"),
        live("no redirect", "sent_to_tls", "s/return 301 .*/return 404;/", "web1"),
        live("health is redirected", "sent_to_tls", "s/location = \\/healthz/location = \\/health/"),
        live("no upgrade", "websocket", "/websocket websocket;/d"),
        live(
            "the client's word is passed on",
            "say_that_it_is_another",
            "s/X-Forwarded-For .*/X-Forwarded-For $proxy_add_x_forwarded_for;/",
        ),
        live("each has keys of its own", "goes_on_with", "/ssl_session_ticket_key/d"),
        Row(
            "nginx is restarted in place of reloaded",
            "certificate_changes or is_drained",
            edits={"roles/nginx/handlers/main.yml": ("state: reloaded", "state: restarted")},
        ),
        Row(
            "nobody tells nginx of another certificate",
            "certificate_changes",
            edits={
                "roles/nginx/tasks/write.yml": (
                    "  when: __nginx_runs.differing | intersect(__nginx_read_files) != []\n",
                    "  when: false\n",
                )
            },
        ),
        Row(
            "certificates are not looked at",
            "no_client_would_take",
            edits={CONFIGURE: ('    certificates: "{{ __nginx_certificates }}"\n', "    certificates: []\n")},
        ),
        Row(
            "down is not written",
            "is_drained",
            edits={TEMPLATE: ("{{ ' down' if server.down else '' }}", "")},
        ),
        Row(
            "keepalived names no site",
            "ssl_get",
            edits={"molecule/sites/tests/test_sites.py": ('"enable_sni": True', '"enable_sni": False')},
        ),
        Row(
            "what is asked until then is not answered",
            "keepalived_asks_changes",
            edits={"plugins/modules/host_facts.py": ("nginx.asked()", "{}")},
        ),
        Row(
            "it is not answered once a run has told nobody",
            "keepalived_asks_changes",
            edits={"plugins/filter/untold.py": ("    return untold(", "    return '' and untold(")},
        ),
        always_changed("nothing_to_do"),
        Row(
            "who holds a socket is not asked",
            "in_its_way",
            edits={
                "plugins/modules/nginx_loaded.py": (
                    "    found = in_its_way(module, path, parent)\n    if found:",
                    "    found = []\n    if found:",
                )
            },
        ),
        Row(
            "who listens on a port is not asked",
            "in_its_way",
            edits={
                "plugins/modules/nginx_answers.py": (
                    "    processes = others_on(module.run_command, port, own_on(params, port))\n",
                    "    processes = []\n",
                )
            },
        ),
    ]

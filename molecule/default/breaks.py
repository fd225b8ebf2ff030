"""What must turn each test of this scenario red: `make red`."""

from __future__ import annotations

from harness.breaks import KEEPALIVED, Row, answers_arp, edit_live, edited, has_address, slow_adverts, unbroken
from harness.cluster import Cluster
from harness.lab import Lab

NGINX = "/etc/nginx/conf.d/lvs.conf"
SLOW_CHECKS = edit_live(KEEPALIVED, "s/delay_loop 2/delay_loop 60/", "systemctl reload keepalived")
# Without the keyword alone: a daemon that is stopped by hand is started again by a reload that still goes on.
NO_SYNC = edit_live(KEEPALIVED, "/lvs_sync_daemon/d", "systemctl restart keepalived")
NO_OTHER_TRY = edit_live(NGINX, "s/proxy_http_version/proxy_next_upstream off; &/", "nginx -s reload")
HIDDEN_CLIENT = edit_live(NGINX, "s/\\$remote_addr/127.0.0.9/", "nginx -s reload")
ARP_FILE = "/etc/sysctl.d/60-lvs-realserver.conf"
# All of its processes: those that outlive their parent say goodbye in order.
KILLED = "[Service]\\nKillMode=control-group\\nKillSignal=SIGKILL\\n"
KILLED_ON_STOP = f"mkdir -p /run/systemd/system/keepalived.service.d && printf '{KILLED}'"
UNIT_ADDITION = "/etc/systemd/system/keepalived.service.d/lvs.conf"
RESTART = "systemctl daemon-reload && systemctl restart keepalived"
DROP_IN = "/run/systemd/system/keepalived.service.d/red.conf"


def rows(cluster: Cluster, lab: Lab) -> list[Row]:
    vip = cluster.service.vip
    # Who sends the clients' packets to the address: the client, or its router.
    sender, interface = lab.neighbour(cluster.client, vip)
    return [
        answers_arp("master_alone_answers_arp or keep_silent", "web1"),
        has_address(
            "the backup has the address too", "preferred_director_alone or master_alone_answers_arp", "lvs2", vip
        ),
        Row(
            "the client goes past the director",
            "masters_mac or masters_ipvs",
            {sender: f"ip neigh replace {vip} lladdr {lab.mac('web1')} dev {interface} nud permanent"},
            {sender: f"ip neigh delete {vip} dev {interface}"},
        ),
        Row(
            "a real server's nginx is down",
            "nobody_else",
            {"web2": "systemctl stop nginx"},
            {"web2": "systemctl start nginx"},
        ),
        Row(
            "a backend is down",
            "nobody_else",
            {"app2": "systemctl stop lab-backend"},
            {"app2": "systemctl start lab-backend"},
        ),
        edited("nginx hides the client", "clients_address", "web1 web2", HIDDEN_CLIENT),
        Row(
            "a service does not start at boot",
            "come_back_at_boot",
            {"web1": "systemctl disable nginx"},
            {"web1": "systemctl enable nginx"},
        ),
        Row(
            "a kernel setting is lost",
            "directors_kernel",
            {"lvs1": "sysctl -qw net.ipv4.vs.conn_reuse_mode=1"},
            {"lvs1": "sysctl -qw net.ipv4.vs.conn_reuse_mode=3"},
        ),
        Row(
            "the password can be read",
            "root_alone",
            {"lvs2": f"chmod 644 {KEEPALIVED}"},
            {"lvs2": f"chmod 640 {KEEPALIVED}"},
        ),
        slow_adverts("stands_in", "lvs1 lvs2"),
        edited(
            "nobody tells the backup of connections",
            "stands_in and power or keepalived_is_stopped",
            "lvs1 lvs2",
            NO_SYNC,
        ),
        Row(
            "keepalived dies when it should stop",
            "keepalived_is_stopped",
            {"lvs1": f"{KILLED_ON_STOP} > {DROP_IN} && systemctl daemon-reload"},
            {"lvs1": f"rm {DROP_IN} && {RESTART}"},
        ),
        Row(
            "nobody starts a dead keepalived",
            "dies_comes_back",
            {"lvs1": f"mv {UNIT_ADDITION} /var/tmp && systemctl daemon-reload"},
            {"lvs1": f"mv /var/tmp/lvs.conf {UNIT_ADDITION} && {RESTART}"},
        ),
        Row(
            "a dead keepalived's table stays",
            "dies_comes_back",
            {"lvs1": f"sed -i s/lvs_flush/#lvs_flush/ {KEEPALIVED}"},
            {"lvs1": f"sed -i s/#lvs_flush/lvs_flush/ {KEEPALIVED} && systemctl restart keepalived"},
        ),
        edited("checks come every minute", "realserver_loses_power or nginx_is_stopped", "lvs1 lvs2", SLOW_CHECKS),
        edited("nginx asks no other backend", "no_request_fails", "web1 web2", NO_OTHER_TRY),
        Row(
            "a director does not come back from a reboot",
            "directors_reboot",
            {"lvs1": "systemctl disable keepalived"},
            {"lvs1": "systemctl enable --now keepalived"},
        ),
        Row(
            "a real server forgets its silence at boot",
            "as_it_was",
            {"web1": f"mv {ARP_FILE} /var/tmp/arp.conf"},
            {"web1": f"mv /var/tmp/arp.conf {ARP_FILE} && sysctl -q -p {ARP_FILE}"},
        ),
        Row(
            "a real server forgets its address at boot",
            "as_it_was",
            {"web2": "mv /etc/network/interfaces.d/lvs-loopback /var/tmp"},
            {"web2": "mv /var/tmp/lvs-loopback /etc/network/interfaces.d && ifup lo:lvs-0"},
        ),
        unbroken("stands_in or realserver_loses_power"),
        Row(
            "the control run has its sync daemon",
            "dies_without_the_sync_daemon",
            edits={
                "molecule/default/tests/test_2_failures.py": ('"ipvsadm", "--stop-daemon", part', '"true"'),
                "roles/keepalived/tasks/repair.yml": ("when: __keepalived_present", "when: false"),
            },
        ),
        Row(
            "something is left to change",
            "finds_nothing_to_change",
            {"web2": "sysctl -qw net.ipv4.conf.all.arp_ignore=0"},
            {"web2": "sysctl -qw net.ipv4.conf.all.arp_ignore=1"},
        ),
        Row(
            "a keepalived does not run",
            "keepalived_info",
            edits={"molecule/default/tests/test_1_steady.py": ("    steady()\n    states", "    states")},
            on={"lvs2": "systemctl stop keepalived"},
            undo={"lvs2": "systemctl start keepalived"},
        ),
    ]

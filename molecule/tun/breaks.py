"""What must turn each test of this scenario red: `make red SCENARIO=tun`."""

from __future__ import annotations

from harness.breaks import KEEPALIVED, Row, always_changed, edit_live, edited, unbroken
from harness.cluster import Cluster
from harness.lab import Lab

FACTS = "plugins/module_utils/_description/facts.py"
DIRECTORS = "lvs1 lvs2"
SYSCTLS = "/etc/sysctl.d/60-lvs-realserver.conf"
UNIT = "lvs-realserver-tunnel.service"
PORT = "lvs-realserver-gue@6080.service"
CLOSE = "- name: Tunnel | Close ports\n  ansible.builtin.import_tasks: close.yml\n\n"
PURGE = "roles/realserver/tasks/purge.yml"


def rows(cluster: Cluster, lab: Lab) -> list[Row]:  # noqa: ARG001
    service = cluster.service
    rule = f"ipvsadm -e -t {service.vip}:{service.port} -r {cluster.addresses['web3']}:{service.port} -w 1"
    silent = edit_live(KEEPALIVED, "/lvs_sync_daemon/d", "systemctl restart keepalived")
    strict = "sysctl -w net.ipv4.conf.all.rp_filter={}"
    way = "ip route change default via 198.18.132.253 dev eth0"
    return [
        Row(
            "nothing is taken out of tunnels",
            "served_and_seen or far_away",
            {"web1": "ip link set dev tunl0 down"},
            {"web1": "ip link set dev tunl0 up"},
        ),
        Row(
            "nothing is taken out of tunnels in UDP",
            "served_and_seen or far_away",
            {"web2": "ip fou del port 6080"},
            {"web2": "ip fou add port 6080 gue"},
        ),
        Row(
            "what comes out of tunnels is taken for forged",
            "served_and_seen or far_away",
            {"web2": strict.format(1)},
            {"web2": strict.format(0)},
        ),
        Row("a real server answers by the director", "no_answer", {"lvs1": f"{rule} -m"}, {"lvs1": f"{rule} -g"}),
        Row(
            "a real server far away has not the address",
            "far_away",
            {"web1": f"ip address delete {service.vip}/32 dev lo"},
            {"web1": f"ip address add {service.vip}/32 dev lo label lo:0"},
        ),
        always_changed("second_run"),
        Row(
            "clients are told of larger segments than a tunnel holds",
            "large_requests or second_run",
            {"web1": way},
            {"web1": f"{way} advmss 1440"},
        ),
        Row(
            "nobody looks at segments",
            "told_of",
            edits={FACTS: ("        if hosts[name].announced > room:", "        if not hosts:")},
        ),
        Row(
            "a server may leave its tunnel at once",
            "single_run",
            edits={FACTS: ('facts.get("lvs_tunnelled", {})', "{}")},
        ),
        Row(
            "a port of tunnels never closes",
            "something_else",
            edits={PURGE: ("      when: __realserver_gue_leaving", "      when: false")},
        ),
        Row(
            "a port of tunnels closes before the directors know",
            "something_else",
            edits={
                "roles/realserver/tasks/tunnel.yml": (
                    "# What comes to such a port",
                    f"{CLOSE}# What comes to such a port",
                )
            },
        ),
        unbroken("loses_power"),
        edited("directors tell no connections", "loses_power", DIRECTORS, silent),
        Row(
            "a boot takes nothing out of tunnels",
            "boots and IP",
            {"web1": f"systemctl disable {UNIT}"},
            {"web1": f"systemctl enable --now {UNIT}"},
        ),
        Row(
            "a boot opens no port to tunnels in UDP",
            "boots and UDP",
            {"web2": f"systemctl disable {PORT}"},
            {"web2": f"systemctl enable --now {PORT}"},
        ),
        Row(
            "a boot compares where packets come from",
            "boots and IP",
            {"web1": f"cp {SYSCTLS} /var/tmp/kept && sed -i '/rp_filter/d' {SYSCTLS}"},
            {"web1": f"mv /var/tmp/kept {SYSCTLS} && sysctl -p {SYSCTLS}"},
        ),
    ]

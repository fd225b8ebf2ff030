"""What must turn each test of this scenario red: `make red SCENARIO=static`."""

from __future__ import annotations

from harness.breaks import Row, answers_arp
from harness.cluster import Cluster, only
from harness.lab import Lab

STATIC = "roles/director/tasks/static.yml"
HELD = "plugins/module_utils/_addresses/held.py"
CARD = "roles/director/tasks/card.yml"
PURGE = "roles/realserver/tasks/purge.yml"


def rows(cluster: Cluster, lab: Lab) -> list[Row]:  # noqa: ARG001
    service = cluster.service
    director = only(service.directors)
    server = f"{cluster.addresses['web1']}:{service.port}"
    rule = f"-t {service.vip}:{service.port} -r {server}"

    def on_director(name: str, tests: str, breaking: str, undo: str) -> Row:
        return Row(name, tests, {director: breaking}, {director: undo})

    return [
        answers_arp("served_through", "web1"),
        on_director(
            "the director has one real server", "served_through", f"ipvsadm -d {rule}", f"ipvsadm -a {rule} -g -w 1"
        ),
        on_director(
            "the timeouts are the kernel's", "tutorials_type", "ipvsadm --set 900 120 300", "ipvsadm --set 30 120 300"
        ),
        on_director(
            "the address has no label",
            "tutorials_type",
            f"ip address delete {service.vip}/32 dev eth0; ip address add {service.vip}/32 dev eth0",
            f"ip address delete {service.vip}/32 dev eth0; ip address add {service.vip}/32 dev eth0 label eth0:0",
        ),
        on_director("a rule is missing", "finds_nothing", f"ipvsadm -d {rule}", f"ipvsadm -a {rule} -g -w 1 || :"),
        Row(
            "nobody says that nobody checks",
            "finds_nothing",
            edits={"plugins/module_utils/_description/inventory.py": (", *unchecked_remarks(self.cluster)]", "]")},
        ),
        Row(
            "keepalived comes with it",
            "no_keepalived",
            {director: "apt-get -q -y install --no-install-recommends keepalived; systemctl disable --now keepalived"},
            {director: "apt-get -q -y purge keepalived"},
        ),
        Row(
            "check mode does it",
            "told_and_not_done",
            undo={director: f"ipvsadm -e {rule} -g -w 1; sed -i 's/ -w 3/ -w 1/' /etc/ipvsadm.rules"},
            edits={
                "plugins/modules/ipvs_table.py": (
                    "        if not module.check_mode:\n            ipvsadm",
                    "        if True:\n            ipvsadm",
                )
            },
        ),
        Row(
            "nobody asks what the kernel has",
            "kernel_does_not_have",
            edits={"plugins/module_utils/_description/facts.py": ("    if absent:\n", "    if absent and not host:\n")},
        ),
        on_director(
            "the boot restores no rules",
            "brings_all_of_it_back",
            "sed -i s/true/false/ /etc/default/ipvsadm",
            "sed -i s/false/true/ /etc/default/ipvsadm && systemctl restart ipvsadm",
        ),
        on_director(
            "the boot restores no timeouts",
            "brings_all_of_it_back",
            "cp /etc/ipvsadm.rules /root && sed -i /--set/d /etc/ipvsadm.rules",
            "mv /root/ipvsadm.rules /etc && systemctl restart ipvsadm",
        ),
        on_director(
            "the boot restores no address",
            "brings_all_of_it_back",
            "d=$(dirname $(ls /etc/systemd/network/*.d/lvs-eth0.conf)) && echo $d > /root/was && mv $d /root/kept",
            "mv /root/kept $(cat /root/was) && networkctl reload && networkctl reconfigure eth0",
        ),
        Row(
            "nothing is stopped when nginx should be",
            "stopped_nginx",
            edits={"tests/harness/faults.py": ('"systemctl", "stop", unit', '"true"')},
        ),
        Row("a run undoes a drain", "stopped_nginx", edits={STATIC: ("    keep_drained: true\n", "")}),
        Row(
            "a weight is changed by taking the server out",
            "weight_changes",
            edits={
                "plugins/module_utils/_ipvs/plan.py": (
                    '            changes.append(server_command("-e", key, server))',
                    '            changes += [delete_server(key, each), server_command("-a", key, server)]',
                )
            },
        ),
        Row(
            "real servers let go before the director is told",
            "comes_and_goes",
            edits={"playbooks/site.yml": ("    - role: lvs.cluster.director\n      tags: [director]\n", "")},
        ),
        Row(
            "the director sends from the virtual address",
            "comes_and_goes",
            edits={HELD: ('return ":" in address and interface', 'return ":" not in address and interface')},
        ),
        Row(
            "an address stays on the director",
            "comes_and_goes",
            edits={CARD: ("  when: __addresses_held.leaving != []", "  when: false")},
        ),
        Row(
            "teardown forgets the next boot",
            "teardown",
            edits={"roles/director/tasks/teardown.yml": ("    forget: true\n", "")},
        ),
    ]

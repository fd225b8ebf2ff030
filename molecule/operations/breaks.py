"""What must turn each test of this scenario red: `make red SCENARIO=operations`."""

from __future__ import annotations

from harness.breaks import Row
from harness.cluster import Cluster
from harness.lab import Lab

AGREEMENT = "plugins/module_utils/_keepalived/agreement.py"
NO_ROUTERS = (
    'object.__setattr__(self, "group", "")',
    'object.__setattr__(self, "group", "")\n        object.__setattr__(self, "routers", frozenset())',
)
RELOAD = "systemctl reload keepalived"


def rows(cluster: Cluster, lab: Lab) -> list[Row]:  # noqa: ARG001
    vip = cluster.service.vip
    former = "mv -f keepalived.conf.previous keepalived.conf"
    # Who went ahead may have gone back by itself.
    alone = f"cd /etc/keepalived && if grep -qF {cluster.another()} keepalived.conf; then {former} && {RELOAD}; fi"
    none = "systemctl disable --now keepalived; rm -f /etc/keepalived/keepalived.conf"

    def hold(broadcast: str) -> str:
        """The command that has another virtual address on the loopback, which networkd has heard of."""
        return (
            f"ip address delete {vip}/32 dev lo; ip address add {vip}/32 {broadcast} dev lo label lo:0"
            " && touch /etc/systemd/network/10-lvs-loopback.network.d/lvs-loopback.conf && networkctl reload"
        )

    return [
        Row(
            "a bad description is let through",
            "refused_as_a_whole",
            edits={"roles/preflight/tasks/verdict.yml": ("that: __preflight_described.refusal == ''", "that: true")},
        ),
        Row(
            "a missing interface is let through",
            "missing_interface",
            edits={"roles/preflight/tasks/verdict.yml": ("that: __preflight_described.refusal == ''", "that: true")},
        ),
        Row(
            "one director goes ahead of another's refusal",
            "goes_live_on_none",
            edits={
                "plugins/module_utils/_keepalived/rollout.py": (
                    """.get(host, "") or _refused_by_another(hostvars, run)""",
                    """.get(host, "")""",
                )
            },
        ),
        Row(
            "nginx is not asked first",
            "nginx_refuses",
            edits={"roles/nginx/vars/main.yml": ("  unshare --mount sh -c", "  true sh -c")},
        ),
        Row(
            "one lost host stops the others",
            "unreachable_realserver",
            edits={
                "playbooks/site.yml": (
                    "  roles:\n    - role: lvs.cluster.preflight\n",
                    "  any_errors_fatal: true\n  roles:\n    - role: lvs.cluster.preflight\n",
                )
            },
        ),
        Row(
            "addresses change on one director alone",
            "cannot_be_told or (do_not_go_together and serial) or hides_no_director or (ahead and written)",
            edits={"roles/keepalived/tasks/live.yml": ("that: __keepalived_rollout.refused == ''", "that: true")},
        ),
        Row(
            "directors need not go step by step",
            "do_not_go_together and free and not preflight",
            undo={"lvs1": alone, "lvs2": alone},
            edits={
                "roles/keepalived/tasks/stage.yml": (
                    'ansible.builtin.add_host:\n    name: "{{ inventory_hostname }}"',
                    "ansible.builtin.debug:\n    msg: alone",
                )
            },
        ),
        Row(
            "nobody goes back",
            "ahead and reload",
            edits={"roles/keepalived/tasks/live.yml": ("__keepalived_rollout.back | length > 0", "false")},
        ),
        Row(
            "only the file is looked at",
            "never_loaded",
            edits={
                "plugins/module_utils/_host/systemd.py": (
                    "return shown.reloaded and since_boot <= shown.changed_at",
                    "return True",
                )
            },
        ),
        Row(
            "what runs is not asked",
            "reload_that_does_nothing",
            edits={"roles/keepalived/tasks/check.yml": ("that: __keepalived_rollout.wrong == []", "that: true")},
        ),
        # As the story goes: web1 is there, leaves by the next row, and comes back by the one after it.
        Row(
            "networkd puts an address of its own in the place of ours",
            "comes_without",
            {"web1": hold(f"broadcast {vip}")},
            {"web1": hold("")},
        ),
        Row(
            "a real server lets go before the directors know",
            "leave_without_a_failed_request",
            edits={
                "roles/addresses/tasks/configure.yml": (
                    '    owner: "{{ addresses_owner }}"\n  when: __addresses_held.differs',
                    '    owner: "{{ addresses_owner }}"\n    purge: true\n  when: __addresses_held.leaving != []',
                )
            },
        ),
        Row(
            "a real server that returns does not serve",
            "returns_to_the_description",
            {"web1": "systemctl mask --runtime --now nginx"},
            {"web1": "systemctl unmask --runtime nginx && systemctl start nginx"},
        ),
        Row(
            "keepalived is restarted and not reloaded",
            "comes_without or leave_without",
            edits={"plugins/module_utils/_host/systemd.py": ('"systemctl", "reload"', '"systemctl", "restart"')},
        ),
        # Each of the next three begins where the one before it ended.
        Row(
            "who the directors are is nothing to agree on",
            "third_director_waits",
            undo={"lvs1": f"cd /etc/keepalived && {former}; {RELOAD}", "lvs3": none},
            edits={AGREEMENT: NO_ROUTERS},
        ),
        Row(
            "a new director is started before the others know it",
            "third_director_joins",
            # "failed_when: false", because it is what comes of it that must fail, and not the break.
            edits={
                "roles/keepalived/tasks/live.yml": (
                    "- name: Live | Load the configuration",
                    "- name: Live | Go ahead\n  ansible.builtin.shell: cd /etc/keepalived && ! test -e keepalived.conf"
                    " && cp keepalived.conf.lvs-new keepalived.conf && systemctl start keepalived && sleep 8\n"
                    "  failed_when: false\n\n- name: Live | Load the configuration",
                )
            },
        ),
        Row(
            "who leaves is not told",
            "third_director_is_taken_out",
            undo={"lvs3": none},
            edits={AGREEMENT: NO_ROUTERS},
        ),
        # The last ones: they leave a lab that needs site.yml again.
        Row(
            "teardown forgets what the next boot sets",
            "removes_what_site_made",
            edits={
                "roles/director/tasks/leave.yml": (
                    '      - path: "{{ __director_sysctl_file }}"\n        state: absent\n',
                    "",
                )
            },
        ),
        # What the row before has left is what it finds.
        Row("a teardown leaves something to do", "second_teardown"),
        Row(
            "nothing is restored at boot",
            "back_after_a_boot",
            edits={"plugins/modules/ipvs_table.py": ("            boot.apply()\n", "")},
        ),
    ]

"""What must turn each test of this scenario red: `make red SCENARIO=runs`."""

from __future__ import annotations

from harness.breaks import Row, everywhere
from harness.cluster import Cluster
from harness.lab import Lab

PACKAGES = "plugins/module_utils/_host/packages.py"
INSTALLED = 'return [name for name in names if f"installed {name}" in told]'
WRITES_ANYWAY = {"plugins/modules/files.py": ("        if not module.check_mode:\n", "        if True:\n")}
TOLD = "that: __preflight_described.refusal == ''"
# As installed, but for the packages that others brought.
FRESH = "dpkg --purge --force-depends keepalived ipvsadm nginx nginx-common; rm -rf /etc/nginx /etc/keepalived"


def takes_for_installed(packages: str, turns_red: str) -> Row:
    """These of the packages that a role needs, whatever is there."""
    edits = {PACKAGES: (INSTALLED, f"return {packages}")}
    return Row(f"a role takes for installed: {packages}", turns_red, edits=edits)


def rows(cluster: Cluster, lab: Lab) -> list[Row]:  # noqa: ARG001
    service = cluster.service
    first, second = sorted(service.realservers)
    every = " ".join(sorted({*service.directors, *service.realservers}))
    # An address that has left the description, as the role remembers it.
    holding = (
        f"ip address replace {cluster.another()}/32 dev lo label lo:1; "
        f"""sed -i 's/"{service.vip}"/"{service.vip}", "{cluster.another()}"/' """
        "/var/lib/lvs-cluster/addresses/lo/lvs.json"
    )
    silent = "sysctl -w net.ipv4.conf.all.arp_ignore=0"
    other = "sysctl -w net.ipv4.vs.conn_reuse_mode=0"
    nginx = "touch /etc/nginx/conf.d/lvs.conf"
    heavy = f"ipvsadm -e -t {service.vip}:80 -r {cluster.addresses[first]}:80 -g -w 7"
    return [
        Row(
            "nobody asks how the run was started",
            "cannot_be_a_run and tags",
            edits={"plugins/filter/runnable.py": ("    if refused:\n", "    if False:\n")},
        ),
        Row(
            "something is not so already",
            "part_of_what_is_so and tags and not preflight and not skip",
            {first: silent, second: nginx, service.master: other, service.backup: heavy},
        ),
        Row("the host of a limit has something to change", "limit_to_what", {service.backup: other, first: silent}),
        Row(
            "check mode writes",
            "would_change_and_changes_nothing",
            edits=WRITES_ANYWAY,
        ),
        Row(
            "a tag selects nothing",
            "part_by_part",
            edits={"playbooks/site.yml": ("tags: [keepalived]", "tags: [director]")},
        ),
        Row(
            "a real server lets go while directors do not know",
            "keeps_what",
            everywhere(f"{first} {second}", holding),
            edits={"roles/realserver/tasks/purge.yml": ("that: __realserver_untold == ''", "that: true")},
        ),
        Row(
            "a limit hides a director",
            "needs_no_other",
            edits={"plugins/module_utils/_keepalived/rollout.py": ("    if not names:\n", "    if names:\n")},
        ),
        Row(
            "what has left stays",
            "takes_away",
            everywhere(f"{first} {second}", holding),
            edits={
                "roles/realserver/tasks/purge.yml": ("  when: __realserver_leaving\n", "  when: false\n"),
            },
        ),
        Row(
            "a password is a word like any other",
            "told_to_nobody",
            edits={
                "roles/keepalived/vars/main.yml": (
                    "__keepalived_secrets: \"{{ __keepalived_vrrp_instances | map(attribute='auth_pass')"
                    " | reject('equalto', '') | unique }}\"",
                    "__keepalived_secrets: []",
                )
            },
        ),
        takes_for_installed("[]", "source_that_is_silent"),
        takes_for_installed("list(names)", "package_that_cannot_be_had"),
        Row(
            "who works on a host is not asked",
            "refused_at_once",
            edits={"roles/preflight/tasks/verdict.yml": (TOLD, "that: true")},
        ),
        # The last ones: they leave a lab that needs site.yml again.
        Row(
            "check mode writes on a fresh host",
            "first_run_would_do",
            everywhere(every, FRESH),
            edits=WRITES_ANYWAY,
        ),
        Row(
            "sudo has no rights to give",
            "makes_a_cluster or second_run_of_a_user",
            everywhere(every, "chmod u-s /usr/bin/sudo"),
            everywhere(every, "chmod u+s /usr/bin/sudo"),
        ),
    ]

"""What site.yml and teardown.yml refuse before any host is touched, played on this machine."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from harness.playbooks import recap, told

ROOT = Path(__file__).resolve().parents[2]
PLAYBOOKS = sorted(ROOT.glob("playbooks/*.yml"))
# The last play of the play that the tests make: who gets here would be changed next.
PLAYS: list[dict[str, Any]] = [
    {
        "hosts": "lvs_directors:lvs_realservers",
        "gather_facts": False,
        "roles": [
            {
                "role": "lvs.cluster.preflight",
                "preflight_groups": {"directors": "lvs_directors", "real_servers": "lvs_realservers"},
            }
        ],
    },
    {
        "hosts": "lvs_directors:lvs_realservers",
        "gather_facts": False,
        "tasks": [{"name": "Reached", "ansible.builtin.debug": {"msg": "reached"}}],
    },
]
# All hosts are this machine, whose network card is as good as any; a description tells hosts by their addresses.
HERE = {
    "ansible_connection": "local",
    "ansible_python_interpreter": sys.executable,
    "lvs_interface": next(name for _index, name in socket.if_nameindex() if name != "lo"),
}
# A kernel with IPVS, whatever this machine's is: its modules are looked for in the folder that has its release's name.
KERNEL = """import os

told = os.uname()
os.uname = lambda: os.uname_result((told[0], told[1], os.path.dirname(__file__), *told[3:]))
"""
IPVS = "".join(f"kernel/net/netfilter/ipvs/{name}.ko:\n" for name in ("ip_vs", "ip_vs_wlc", "ip_vs_wrr"))
ADDRESSES = {"a-lvs": "192.0.2.11", "a-web": "192.0.2.12", "b-lvs": "192.0.2.21", "b-web": "192.0.2.22"}
PASSWORD = "s3cret"


def described(name: str, number: int, **changes: Any) -> dict[str, Any]:
    """The variables of a cluster of one director and one real server."""
    vip = f"198.51.{number}.100"
    instance = {
        "name": "web",
        "virtual_router_id": number,
        "virtual_ipaddress": [f"{vip}/32"],
        "hosts": [f"{name}-lvs"],
    }
    service = {"name": "web", "address": vip, "port": 80, "real_servers": [f"{name}-web"]}
    return {"lvs_cluster": name, "lvs_vrrp_instances": [instance], "lvs_virtual_servers": [service], **changes}


@pytest.fixture
def inventory(tmp_path):
    """An inventory of two clusters, each in a group of its own; what is described of each may be changed."""

    def write(hosts: dict[str, dict[str, Any]] | None = None, **descriptions: dict[str, Any]) -> Path:
        parts = {"lvs_directors": ["lvs"], "lvs_realservers": ["web"]}
        children = {
            group: {"hosts": {f"{name}-{part}": {} for name in ("a", "b") for part in members}}
            for group, members in parts.items()
        }
        stranger = {"ansible_host": "{{ nowhere }}", "lvs_colour": "{{ nowhere }}"}
        children["strangers"] = {"hosts": {"printer": stranger}}
        for name, number in (("a", 1), ("b", 2)):
            members = [f"{name}-{part}" for each in parts.values() for part in each]
            children[name] = {
                "hosts": {host: {"lvs_address": ADDRESSES[host], **(hosts or {}).get(host, {})} for host in members},
                "vars": descriptions.get(name, described(name, number)),
            }
        path = tmp_path / "hosts.yml"
        path.write_text(yaml.safe_dump({"all": {"vars": HERE, "children": children}}))
        return path

    return write


@pytest.fixture
def play(tmp_path):
    """Runs the check and, for those who pass it, one task more; or a playbook of the collection, which only looks."""
    plays = tmp_path / "plays.yml"
    plays.write_text(yaml.safe_dump(PLAYS))
    kernel = tmp_path / "kernel"
    kernel.mkdir()
    (kernel / "sitecustomize.py").write_text(KERNEL)
    (kernel / "modules.dep").write_text(IPVS)

    def run(inventory: Path, *options: str | Path, playbook: Path = plays) -> subprocess.CompletedProcess[str]:
        command = [Path(sys.executable).with_name("ansible-playbook"), "-i", inventory, "--check", playbook, *options]
        environment = {
            **os.environ,
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".collections"),
            "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
            "ANSIBLE_FORCE_COLOR": "0",
            "ANSIBLE_HOME": str(tmp_path / "home"),
            "PYTHONPATH": str(kernel),
        }
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    return run


def reached(done: subprocess.CompletedProcess[str]) -> list[str]:
    """The hosts that passed the check."""
    _before, _task, after = done.stdout.partition("TASK [Reached]")
    return sorted(re.findall(r"^ok: \[(\S+)\]", after, re.MULTILINE))


A, B = ["a-lvs", "a-web"], ["b-lvs", "b-web"]


def test_two_clusters_pass_beside_a_host_that_cannot_be_read(inventory, play):
    done = play(inventory())

    assert done.returncode == 0, done.stdout + done.stderr
    assert reached(done) == [*A, *B]


def test_a_host_that_its_cluster_does_not_name_is_told_of_and_stops_nobody(inventory, play):
    service = {**described("b", 2)["lvs_virtual_servers"][0], "real_servers": [{"address": "198.51.2.9"}]}

    done = play(inventory(b=described("b", 2, lvs_virtual_servers=[service])))

    assert done.returncode == 0, done.stdout + done.stderr
    assert reached(done) == [*A, *B]
    # Ansible breaks lines of warnings.
    told = " ".join(done.stderr.split())
    assert told.count("host b-web is in the group lvs_realservers, and no list of cluster b names it") == 1


def test_a_mistake_in_one_description_stops_this_cluster_alone_and_is_told_once(inventory, play):
    done = play(inventory(b=described("b", 2, lvs_sync_daemon="perhaps")))

    assert done.returncode == 2, done.stdout + done.stderr
    assert reached(done) == A
    first, *others = B
    assert 'lvs_sync_daemon = "perhaps"' in told(done.stdout)[first]
    assert {told(done.stdout)[host] for host in others} == {
        "The description of cluster b has problems; b-lvs tells them."
    }


def test_digits_that_are_text_count_and_every_mistake_is_told_in_our_words(inventory, play):
    """By what documents the variables, Ansible would tell mistakes of types alone, on every host, in its own words."""
    good, bad = described("a", 1), described("b", 2)
    good["lvs_vrrp_instances"][0]["virtual_router_id"] = "1"
    bad["lvs_vrrp_instances"][0]["virtual_router_id"] = "many"
    bad["lvs_virtual_servers"] = {"web": {}}

    done = play(inventory(a=good, b=bad))

    assert done.returncode == 2, done.stdout + done.stderr
    assert reached(done) == A
    message = told(done.stdout)[B[0]]
    assert 'lvs_vrrp_instances[0].virtual_router_id = "many": is not a whole number' in message
    assert "lvs_virtual_servers: is a mapping, not a list" in message
    assert "Validation of arguments failed" not in done.stdout + done.stderr


@pytest.mark.parametrize("forks", ["1", "9"])
def test_a_host_that_lacks_something_stops_its_cluster_alone(inventory, play, forks):
    done = play(inventory({"b-web": {"lvs_interface": "eth9"}}), "--forks", forks)

    assert done.returncode == 2, done.stdout + done.stderr
    assert reached(done) == A
    lacking, *others = B[::-1]
    assert f"{lacking} has no interface eth9" in told(done.stdout)[lacking]
    assert {told(done.stdout)[host] for host in others} == {
        f"It is refused with {lacking}, which tells why. No host of cluster b was changed."
    }


def test_real_servers_that_a_director_may_not_reach_are_told_of_and_stop_nobody(inventory, play):
    done = play(inventory({"b-web": {"lvs_address": "203.0.113.22"}}))

    assert done.returncode == 0, done.stdout + done.stderr
    assert reached(done) == [*A, *B]
    assert " ".join(done.stderr.split()).count("b-lvs is in no network with b-web (203.0.113.22), but in ") == 1


def test_a_host_that_cannot_be_reached_stops_nobody(inventory, play):
    done = play(inventory({"b-lvs": {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 9}}))

    assert done.returncode == 4, done.stdout + done.stderr
    assert reached(done) == [*A, "b-web"]


def test_a_limit_does_not_hide_what_two_clusters_share(inventory, play):
    done = play(inventory(b=described("b", 1)), "--limit", "a")

    assert done.returncode == 2, done.stdout + done.stderr
    assert reached(done) == []
    assert "is an address of cluster b too" in done.stdout


@pytest.mark.parametrize("playbook", PLAYBOOKS, ids=lambda path: path.stem)
def test_hosts_for_which_nothing_is_described_are_not_touched(inventory, play, playbook):
    done = play(inventory(a={}, b={}), playbook=playbook)

    assert done.returncode == 2, done.stdout + done.stderr
    assert "is group_vars beside the inventory, and named after a group?" in done.stdout
    assert set(recap(done.stdout, "failed").values()) == {1}
    # Of setup, which would reach them; the playbook for DNS reaches none.
    of_hosts = {host: skipped for host, skipped in recap(done.stdout, "skipped").items() if host != "localhost"}
    assert set(of_hosts.values()) == ({1} if playbook.stem != "dns" else set())
    assert len(re.findall(r"^PLAY \[", done.stdout, re.MULTILINE)) == 1


def test_a_list_that_a_template_made_empty_is_not_taken_for_an_order(inventory, play):
    done = play(inventory(a=described("a", 1, lvs_virtual_servers="{{ groups['nowhere'] | default([]) }}")))

    assert done.returncode == 2, done.stdout + done.stderr
    assert reached(done) == B
    assert "lvs_virtual_servers = []: is empty" in done.stdout


def test_an_undefined_template_names_host_and_variable(inventory, play):
    done = play(inventory({"a-web": {"lvs_address": "{{ nowhere }}"}}))

    assert done.returncode == 2, done.stdout + done.stderr
    assert reached(done) == B
    assert re.search(r"lvs_address of host a-web: cannot be read: .*nowhere", done.stdout)


@pytest.mark.parametrize("where", ["group", "host"])
def test_a_password_may_be_encrypted(inventory, play, tmp_path, where):
    vault = tmp_path / "vault"
    vault.write_text("of the vault\n")
    program = Path(sys.executable).with_name("ansible-vault")
    words = ["encrypt_string", "--vault-password-file", vault, "--encrypt-vault-id", "default", PASSWORD]
    text = subprocess.run([program, *words], capture_output=True, text=True, check=True, cwd=tmp_path).stdout
    ciphertext = "".join(line.strip() + "\n" for line in text.splitlines()[1:])
    instance = described("a", 1)["lvs_vrrp_instances"][0]
    instance["authentication"] = {"auth_pass": "VAULTED" if where == "group" else "{{ secret }}"}
    hosts = {host: {"secret": "VAULTED"} for host in A} if where == "host" else {}
    path = inventory(hosts, a=described("a", 1, lvs_vrrp_instances=[instance]))
    nodes = yaml.safe_load(path.read_text())
    path.write_text(yaml.dump(vaulted(nodes, ciphertext), Dumper=Vaulting))

    done = play(path, "--vault-password-file", vault)

    assert done.returncode == 0, done.stdout + done.stderr
    assert reached(done) == [*A, *B]
    assert PASSWORD not in done.stdout + done.stderr


class Ciphertext(str):
    __slots__ = ()


class Vaulting(yaml.SafeDumper):
    """Writes ciphertext as Ansible expects it."""


Vaulting.add_representer(Ciphertext, lambda dumper, data: dumper.represent_scalar("!vault", str(data), style="|"))


def vaulted(node: Any, ciphertext: str) -> Any:
    if isinstance(node, dict):
        return {key: vaulted(value, ciphertext) for key, value in node.items()}
    if isinstance(node, list):
        return [vaulted(value, ciphertext) for value in node]
    return Ciphertext(ciphertext) if node == "VAULTED" else node


@pytest.mark.parametrize("playbook", PLAYBOOKS, ids=lambda path: path.stem)
def test_no_setting_of_the_user_s_takes_the_lockstep_away(playbook):
    plays = yaml.safe_load(playbook.read_text())

    assert [each["name"] for each in plays if each.get("strategy") != "linear"] == []
    assert [each["name"] for each in plays if "any_errors_fatal" in each] == []


def test_a_kernel_that_cannot_do_what_is_described_stops_its_cluster_alone(inventory, play):
    service = {**described("b", 2)["lvs_virtual_servers"][0], "lb_algo": "twos"}

    done = play(inventory(b=described("b", 2, lvs_virtual_servers=[service])))

    assert reached(done) == A
    assert "the kernel of b-lvs has no ip_vs_twos, and a director needs IPVS" in done.stdout.replace("\n", " ")

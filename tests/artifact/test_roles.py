"""How roles install packages, from a source of our own that does not answer; and what goes once directors are told."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
# As host_facts has them.
FACTS = {"os_family": "Debian", "pkg_mgr": "apt", "lvs_packages": ["there"]}
MANAGER = """#!/usr/bin/python
from ansible.module_utils.basic import AnsibleModule

options = {"name": {"type": "list"}, "state": {}, "update_cache": {"type": "bool"}, "cache_valid_time": {"type": "int"}}
module = AnsibleModule(options)
with open(LOG, "a") as log:
    words = [*module.params["name"], module.params["update_cache"], module.params["cache_valid_time"]]
    log.write(" ".join(map(str, words)) + "\\n")
if module.params["update_cache"]:
    module.fail_json(msg="the source does not answer")
if "nowhere" in module.params["name"]:
    module.fail_json(msg="no index has it")
module.exit_json(changed=True)
"""


@pytest.mark.parametrize(
    ("packages", "calls", "status", "reasons"),
    [
        (["there"], [], 0, []),
        (["there", "missing"], ["missing True 3600", "missing None None"], 0, ["the source does not answer"]),
        (["nowhere"], ["nowhere True 3600", "nowhere None None"], 2, ["the source does not answer", "no index has it"]),
    ],
    ids=["installed", "missing", "cannot be had"],
)
@pytest.mark.parametrize("role", ["director", "keepalived", "nginx"])
def test_package_manager_is_asked_for_what_is_missing_alone(
    tmp_path: Path, role: str, packages: list[str], calls: list[str], status: int, reasons: list[str]
) -> None:
    done, asked = asked_to_install(tmp_path, role, packages, directs_alone=True)
    said = done.stdout + done.stderr
    assert done.returncode == status, said
    assert asked == calls, said
    assert not [each for each in reasons if each not in said], said


@pytest.mark.parametrize(
    ("packages", "calls"),
    [(["there"], []), (["missing"], ["missing keepalived True 3600", "missing keepalived None None"])],
    ids=["installed", "missing"],
)
def test_director_has_keepalived_installed_with_what_it_is_missing(
    tmp_path: Path, packages: list[str], calls: list[str]
) -> None:
    done, asked = asked_to_install(tmp_path, "director", packages, directs_alone=False)
    assert (done.returncode, asked) == (0, calls), done.stdout + done.stderr


def asked_to_install(
    folder: Path, role: str, packages: list[str], *, directs_alone: bool
) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    """What a role's play did, and what the package manager was asked for."""
    log, library = folder / "log", folder / "library"
    library.mkdir()
    (library / "apt.py").write_text(MANAGER.replace("LOG", repr(str(log))))
    play = {
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "vars": {f"__{role}_packages": packages, "ansible_python_interpreter": sys.executable},
        "tasks": [
            {"ansible.builtin.set_fact": {"ansible_facts": FACTS}},
            {
                "ansible.builtin.import_role": {"name": f"lvs.cluster.{role}", "tasks_from": "install"},
                # Not what this is about, and there is no description here.
                "vars": {
                    "__keepalived_view": {"needs": []},
                    "__director_view": {"static": directs_alone},
                    "__director_modules": ["ip_vs"],
                    "__director_marking": {"marks": []},
                },
            },
        ],
    }
    return played(folder, play), log.read_text().splitlines() if log.exists() else []


@pytest.mark.parametrize(("told", "goes"), [([], False), (["lvs1"], True)], ids=["no", "yes"])
def test_marks_go_once_the_host_s_keepalived_is_told(tmp_path: Path, told: list[str], goes: bool) -> None:
    variables = {"__director_marking": {"marks": [], "interfaces": []}}
    facts = {"lvs_marked": True}
    last = last_task(tmp_path, "marked", ("director", "purge"), "lvs1", told, facts, variables)
    assert ("skipping: [lvs1]" not in last) == goes, last


@pytest.mark.parametrize(("told", "goes"), [(["lvs1"], False), (["lvs1", "lvs2"], True)], ids=["one", "all"])
def test_whose_packets_came_in_tunnels_is_forgotten_once_every_director_is_told(
    tmp_path: Path, told: list[str], goes: bool
) -> None:
    facts = {"lvs_tunnelled": {"lvs": ["web", "dns", "mail"]}}
    last = last_task(tmp_path, "tun", ("realserver", "forget"), "web1", told, facts, {})
    assert ("skipping: [web1]" not in last) == goes, last
    assert ("+# In tunnels: web mail\n+ipip\n" in last) == goes, last


def last_task(
    folder: Path,
    case: str,
    tasks: tuple[str, str],
    host: str,
    told: list[str],
    facts: dict[str, Any],
    variables: dict[str, Any],
) -> str:
    """What a dry run of a role's tasks on a host of a golden case shows of their last one.

    told: the directors that have been told.
    """
    role, name = tasks
    play = {
        "hosts": f"lvs_directors:{host}",
        "connection": "local",
        "gather_facts": False,
        "vars": variables,
        "tasks": [
            {"ansible.builtin.set_fact": {"ansible_facts": facts}},
            {
                "ansible.builtin.set_fact": {"__keepalived_runs": {"problems": []}},
                "when": f"inventory_hostname in {told}",
            },
            {
                "ansible.builtin.import_role": {"name": f"lvs.cluster.{role}", "tasks_from": name},
                "when": f"inventory_hostname == '{host}'",
            },
        ],
    }
    done = played(folder, play, "--check", "--diff", "-i", str(ROOT / f"tests/golden/{case}/inventory.yml"))
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.split("TASK [")[-1].split("PLAY RECAP")[0]


def played(folder: Path, play: dict[str, Any], *words: str) -> subprocess.CompletedProcess[str]:
    """A play, whose modules may be those of the folder's own library."""
    (folder / "play.yml").write_text(yaml.safe_dump([play]))
    return subprocess.run(
        [Path(sys.executable).with_name("ansible-playbook"), folder / "play.yml", *words],
        capture_output=True,
        text=True,
        check=False,
        env={
            **os.environ,
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".collections"),
            "ANSIBLE_LIBRARY": str(folder / "library"),
            "ANSIBLE_HOME": str(folder / "home"),
        },
    )

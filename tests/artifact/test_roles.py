"""How roles install packages, with a package manager of our own whose source does not answer."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

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
    log, library = tmp_path / "log", tmp_path / "library"
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
                    "__director_modules": ["ip_vs"],
                    "__director_marking": {"marks": []},
                },
            },
        ],
    }
    (tmp_path / "play.yml").write_text(yaml.safe_dump([play]))
    done = subprocess.run(
        [Path(sys.executable).with_name("ansible-playbook"), tmp_path / "play.yml"],
        capture_output=True,
        text=True,
        check=False,
        env={
            **os.environ,
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".collections"),
            "ANSIBLE_LIBRARY": str(library),
            "ANSIBLE_HOME": str(tmp_path / "home"),
        },
    )
    said = done.stdout + done.stderr
    assert done.returncode == status, said
    assert (log.read_text().splitlines() if log.exists() else []) == calls, said
    assert not [each for each in reasons if each not in said], said

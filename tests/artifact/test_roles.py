"""How roles install packages, with a package manager of our own whose source does not answer."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
DPKG_QUERY = "#!/bin/sh\necho installed there\n"
MANAGER = """#!/usr/bin/python
from ansible.module_utils.basic import AnsibleModule

module = AnsibleModule({"name": {"type": "list"}, "state": {}, "update_cache": {"type": "bool"}})
with open(LOG, "a") as log:
    log.write(f"{','.join(module.params['name'])} {module.params['update_cache']}\\n")
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
        (["there", "missing"], ["missing True", "missing None"], 0, ["the source does not answer"]),
        (["nowhere"], ["nowhere True", "nowhere None"], 2, ["the source does not answer", "no index has it"]),
    ],
    ids=["installed", "missing", "cannot be had"],
)
@pytest.mark.parametrize("role", ["director", "keepalived", "nginx"])
def test_package_manager_is_asked_for_what_is_missing_alone(
    tmp_path: Path, role: str, packages: list[str], calls: list[str], status: int, reasons: list[str]
) -> None:
    log, programs, library = tmp_path / "log", tmp_path / "bin", tmp_path / "library"
    programs.mkdir()
    library.mkdir()
    (programs / "dpkg-query").write_text(DPKG_QUERY)
    (programs / "dpkg-query").chmod(0o755)
    (library / "manager.py").write_text(MANAGER.replace("LOG", repr(str(log))))
    play = {
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "vars": {f"__{role}_packages": packages, "ansible_python_interpreter": sys.executable},
        "tasks": [
            {"ansible.builtin.set_fact": {"ansible_facts": {"pkg_mgr": "manager"}, "pkg_mgr": "manager"}},
            {"ansible.builtin.import_tasks": str(ROOT / "roles" / role / "tasks" / "install.yml")},
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
            "PATH": f"{programs}:{os.environ['PATH']}",
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".collections"),
            "ANSIBLE_LIBRARY": str(library),
            "ANSIBLE_HOME": str(tmp_path / "home"),
        },
    )
    said = done.stdout + done.stderr
    assert done.returncode == status, said
    assert (log.read_text().splitlines() if log.exists() else []) == calls, said
    assert not [each for each in reasons if each not in said], said

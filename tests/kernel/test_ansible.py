"""The modules as Ansible ships them to a host: packed, in a process of their own, with defaults of the action group."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PLAY = """
- hosts: localhost
  gather_facts: false
  module_defaults:
    group/lvs.cluster.ipvs:
      service: {address: 192.0.2.10, port: 80}
  tasks:
    - name: A service
      lvs.cluster.ipvs_table:
        services: [{address: 192.0.2.10, port: 80, lb_algo: rr}]
        purge: true
      module_defaults: {group/lvs.cluster.ipvs: {}}
    - name: A server of the default service
      lvs.cluster.ipvs_server: {address: 192.0.2.21, weight: 0}
    - name: What is there
      lvs.cluster.ipvs_info: {gather: [services]}
      module_defaults: {group/lvs.cluster.ipvs: {}}
"""


@pytest.mark.usefixtures("empty")
def test_a_play_with_defaults_of_the_action_group(tmp_path: Path) -> None:
    (tmp_path / "play.yml").write_text(PLAY)
    ansible = Path(sys.executable).with_name("ansible-playbook")
    environment = {
        **os.environ,
        "ANSIBLE_COLLECTIONS_PATH": str(Path(__file__).parents[2] / ".collections"),
        "ANSIBLE_HOME": str(tmp_path),
        "ANSIBLE_LOCAL_TEMP": str(tmp_path),
        "ANSIBLE_CALLBACK_RESULT_FORMAT": "json",
        "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json",
        "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
    }
    done = subprocess.run(
        [str(ansible) if ansible.exists() else str(shutil.which("ansible-playbook")), str(tmp_path / "play.yml")],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    assert not done.returncode, done.stdout + done.stderr
    tasks = json.loads(done.stdout)["plays"][0]["tasks"]
    results = [task["hosts"]["localhost"] for task in tasks]
    assert [result["changed"] for result in results] == [True, True, False]
    assert results[2]["services"][0]["real_servers"][0]["weight"] == 0

"""Batches that do not go through: refused by the thousand, and cut off in the middle."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from ansible.module_utils.basic import AnsibleModule
from ansible_collections.lvs.cluster.plugins.module_utils._host.ipvsadm import FED
from ansible_collections.lvs.cluster.tests.kernel.conftest import run, run_command
from ansible_collections.lvs.cluster.tests.kernel.test_modules import changes_checks_and_stays, saved
from ansible_collections.lvs.cluster.tests.unit.playing import ModuleFailedError, play

# In a process of its own, with AnsibleModule's own run_command.
REFUSED = """
from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.testing import patch_module_args
from ansible_collections.lvs.cluster.plugins.module_utils._host.ipvsadm import BatchError, Ipvsadm
with patch_module_args({"_ansible_remote_tmp": "/tmp"}):
    module = AnsibleModule({})
try:
    Ipvsadm.of(module).apply([("-a", "-t", f"192.0.2.10:{port}", "-r", "192.0.2.21") for port in range(1, 6001)])
except BatchError as error:
    print(len(error.failed))
"""


@pytest.mark.usefixtures("empty")
def test_thousands_of_refusals_end() -> None:
    done = subprocess.run([sys.executable, "-c", REFUSED], capture_output=True, text=True, check=False, timeout=120)
    assert (done.stdout, done.stderr) == ("6000\n", "")


@pytest.mark.usefixtures("empty")
def test_an_ipvsadm_that_is_killed_leaves_word_of_what_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(_module: AnsibleModule, words: list[str], **options: Any) -> tuple[int, str, str]:
        if tuple(words[:3]) != FED:
            return run_command(words, **options)
        script = 'head -n 5 "$1" | { "$0" --restore; }; kill -9 $$'
        return run_command(["/bin/sh", "-c", script, *words[3:]], **options)

    services = [
        {"address": "192.0.2.10", "port": port, "real_servers": [{"address": "192.0.2.21"}]} for port in (1, 2, 3)
    ]
    with monkeypatch.context() as patch:
        patch.setattr(AnsibleModule, "run_command", killed)
        with pytest.raises(ModuleFailedError, match="ended by SIGKILL: 5 of 6 rules are done") as caught:
            play("ipvs_table", services=services, purge=True)
    result = caught.value.result
    assert result["error"]["kind"] == "killed"
    assert len(result["commands"]) == len(result["table"]) == len(saved()) == 5
    assert [(each["line"], each["reason"]) for each in result["failed_commands"]] == [(6, "not tried")]
    assert changes_checks_and_stays("ipvs_table", {"services": services, "purge": True})["commands"] == [
        "ipvsadm -a -t 192.0.2.10:3 -r 192.0.2.21:3 -g -w 1"
    ]
    run(["ipvsadm", "-C"])

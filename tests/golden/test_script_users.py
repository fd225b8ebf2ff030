"""A real keepalived's test of files whose scripts run as another user than root, of which that of 2.2.7 dies."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible.module_utils.basic import AnsibleModule
from ansible_collections.lvs.cluster.tests.unit.playing import ModuleFailedError, play
from golden.programs import keepalived_says

SOUND = """\
global_defs {
    enable_script_security
    script_user nobody
}
virtual_server 192.0.2.100 80 {
    protocol TCP
    lb_algo wrr
    lb_kind DR
    real_server 192.0.2.21 80 {
        MISC_CHECK {
            misc_path "/bin/true"
        }
    }
}
"""


def test_sound_file_is_written_whether_its_test_crashes_or_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Where a controller's code was imported too, Ansible shows a warning and returns nothing.
    warned: list[str] = []
    monkeypatch.setattr(AnsibleModule, "warn", lambda _module, text: warned.append(text))
    path = tmp_path / "keepalived.conf"
    play("keepalived_config", path=str(path), content=SOUND)
    assert path.read_text() == SOUND
    told = "a copy with root as user of its scripts was tested: line 3 (script_user nobody)"
    assert (told in str(warned)) is keepalived_says(path).crashed


def test_mistake_is_found_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "keepalived.conf"
    with pytest.raises(ModuleFailedError, match=r"line 7 .*lb_algorithm"):
        play("keepalived_config", path=str(path), content=SOUND.replace("lb_algo", "lb_algorithm"))
    assert not path.exists()

"""Whether the next boot reads a file of the loopback, with programs that say what they are told to say."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.lvs.cluster.tests.unit.playing import ModuleFailedError, play

BASE = "/etc/systemd/network/10-lvs-loopback.network"
NETWORKD = {"manager": "networkd", "path": f"{BASE}.d/lvs.conf"}
IFUPDOWN = {"manager": "ifupdown", "path": "/etc/network/interfaces.d/lvs-loopback", "interfaces": ["lo:lvs-0"]}


@pytest.fixture
def says(program):
    """Has a program say something; what sets up the network starts at boot."""
    program("systemctl", "echo enabled")
    return lambda name, text: program(name, f"cat <<'E'\n{text}\nE")


def test_file_that_ifupdown_reads_passes_and_one_that_it_does_not_is_refused(says) -> None:
    says("ifquery", "lo\nlo:lvs-0")
    assert not play("loopback_boot", **IFUPDOWN)["changed"]
    says("ifquery", "lo\neth0")
    with pytest.raises(ModuleFailedError, match=r"'source /etc/network/interfaces.d/\*' into /etc/network/interfaces"):
        play("loopback_boot", **IFUPDOWN)


def test_file_that_is_yet_to_be_written_need_not_be_read(says, tmp_path: Path) -> None:
    says("ifquery", "lo\neth0")
    path = tmp_path / "lvs-loopback"
    options = {**IFUPDOWN, "path": str(path), "files": [{"path": str(path), "content": "auto lo:lvs-0\n"}]}
    found = play("loopback_boot", pending=True, **options)
    assert (found["differing"], found["read"], found["changed"]) == ([str(path)], False, False)
    path.write_text("auto lo:lvs-0\n")
    path.chmod(0o644)
    with pytest.raises(ModuleFailedError, match="does not read"):
        play("loopback_boot", pending=True, **options)


@pytest.mark.parametrize("state", ["disabled", "masked"])
def test_host_whose_boot_does_not_start_the_manager_is_refused(says, state: str) -> None:
    says("ifquery", "lo\nlo:lvs-0")
    says("systemctl", state)
    with pytest.raises(ModuleFailedError, match=f"networking.service is {state}"):
        play("loopback_boot", **IFUPDOWN)


@pytest.mark.usefixtures("says")
def test_host_without_the_manager_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ansible.module_utils.basic.AnsibleModule.get_bin_path", lambda *_words, **_options: None)
    with pytest.raises(ModuleFailedError, match="Set realserver_network to what does"):
        play("loopback_boot", **IFUPDOWN)


@pytest.mark.parametrize(
    ("told", "pending", "refusal"),
    [
        pytest.param(f'{{"NetworkFile":"{BASE}","NetworkFileDropins":["{BASE}.d/lvs.conf"]}}', False, "", id="read"),
        pytest.param(f'{{"NetworkFile":"{BASE}"}}', False, "", id="an older networkd"),
        pytest.param("{}", True, "", id="nothing yet"),
        pytest.param("{}", False, "has not read", id="nothing"),
        pytest.param(f'{{"NetworkFile":"{BASE}","NetworkFileDropins":[]}}', False, "has not read", id="not ours"),
        pytest.param('{"NetworkFile":"/etc/systemd/network/05-lo.network"}', True, "05-lo.network", id="another"),
    ],
)
def test_networkd_is_asked_what_it_reads(says, told: str, pending: bool, refusal: str) -> None:
    says("networkctl", told)
    if refusal:
        with pytest.raises(ModuleFailedError, match=refusal):
            play("loopback_boot", pending=pending, **NETWORKD)
    else:
        result = play("loopback_boot", pending=pending, **NETWORKD)
        assert (result["changed"], result["read"]) == (False, not pending)

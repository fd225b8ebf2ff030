"""The command line, up to the point where something would happen."""

from __future__ import annotations

from pathlib import Path

import pytest
from lvslab import usermachine
from lvslab.cli import command_of, main, parser
from lvslab.command import command_script


def test_words_after_the_dashes_are_the_hosts_command_whatever_they_look_like() -> None:
    options = parser().parse_args(["exec", "-i", "inventories/x", "lvs1", "--", "ip", "-br", "a"])
    assert options.inventory == Path("inventories/x")
    assert options.host == "lvs1"
    assert command_of(options.argv) == ["ip", "-br", "a"]


def test_the_inventory_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAB_INVENTORY", "inventories/other")
    assert parser().parse_args(["status"]).inventory == Path("inventories/other")


def test_up_takes_the_inventory_as_an_argument() -> None:
    assert parser().parse_args(["up", "inventories/x"]).path == Path("inventories/x")


def test_running_no_command_is_wrong_usage(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert main(["run", "--"]) == 2
    assert "no command given" in capsys.readouterr().err


def test_without_root_the_lab_says_so(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert main(["up"]) == 1
    assert "run it as root" in capsys.readouterr().err


def test_a_command_under_ipvs_gets_its_words_and_its_environment_unharmed() -> None:
    script = command_script(["echo", "two words"], {"GREETING": "it's", "BASH_FUNC_x%%": "() { :; }"})
    assert "echo 'two words' </dev/null" in script
    assert """export GREETING='it'"'"'s'""" in script
    assert "BASH_FUNC" not in script


def test_a_users_machine_has_the_node_images_where_engine_host_looks_for_them() -> None:
    script = usermachine.script(["echo", "two words"], ["node-a", "node-b"])
    assert "mount -o ro /dev/ubdb /root/.cache/lvs-lab/images/node-a" in script
    assert "mount -o ro /dev/ubdc /root/.cache/lvs-lab/images/node-b" in script
    assert "echo 'two words' </dev/null" in script

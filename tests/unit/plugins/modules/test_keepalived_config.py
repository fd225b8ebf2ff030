"""The module as Ansible runs it, with a keepalived that says what it is told to say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.lvs.cluster.plugins.modules import keepalived_config
from ansible_collections.lvs.cluster.tests.unit.playing import patch_module_args

pytestmark = pytest.mark.usefixtures("keepalived")

OLD = "global_defs {\n    router_id old\n}\n"
NEW = "global_defs {\n    router_id new\n}\nauthentication {\n    auth_pass s3cret\n}\n"


@pytest.fixture
def keepalived(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program in place of keepalived; what it does is written to by a test."""
    program = tmp_path / "bin" / "keepalived"
    program.parent.mkdir()
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")
    program.write_text("#!/bin/sh\nexit 0\n")
    program.chmod(0o755)
    return program


@pytest.fixture
def warned(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the module warns of; where a controller's code was imported too, Ansible shows it and returns nothing."""
    texts: list[str] = []
    monkeypatch.setattr(keepalived_config.AnsibleModule, "warn", lambda _self, text: texts.append(text))
    return texts


@pytest.fixture
def live(tmp_path: Path) -> Path:
    path = tmp_path / "keepalived.conf"
    path.write_text(OLD)
    return path


def run(capsys: pytest.CaptureFixture[str], path: Path, check: bool = False, **options: Any) -> dict[str, Any]:
    arguments = {"path": str(path), "content": NEW, "secrets": ["s3cret"], **options}
    with (
        patch_module_args({**arguments, "_ansible_check_mode": check, "_ansible_diff": True}),
        pytest.raises(SystemExit),
    ):
        keepalived_config.main()
    result: dict[str, Any] = json.loads(capsys.readouterr().out)
    return result


def test_accepted_configuration_is_written_for_root_alone(live, capsys):
    result = run(capsys, live)
    assert result["changed"]
    assert live.read_text() == NEW
    assert live.stat().st_mode & 0o777 == 0o640


def test_second_run_changes_nothing(live, capsys):
    run(capsys, live)
    assert not run(capsys, live)["changed"]


def test_check_mode_tells_and_does_not_write(live, capsys):
    result = run(capsys, live, check=True)
    assert result["changed"]
    assert live.read_text() == OLD


def test_refused_configuration_leaves_the_live_one_alone_and_names_the_line(keepalived, live, capsys):
    keepalived.write_text("#!/bin/sh\necho \"(x: Line 2) Unknown keyword 'router_id'\" >&2\nexit 5\n")
    result = run(capsys, live)
    assert result["failed"]
    assert "line 2 (router_id new): Unknown keyword 'router_id'" in result["msg"]
    assert result["error"]["kind"] == "refused_configuration"
    assert live.read_text() == OLD


def test_remark_is_passed_on_and_the_file_written(keepalived, live, capsys, warned):
    keepalived.write_text("#!/bin/sh\necho 'quorum 1 for x exceeds total weight of real servers 0' >&2\nexit 5\n")
    run(capsys, live)
    assert live.read_text() == NEW
    assert "quorum 1" in str(warned)


SCRIPTS = NEW + "global_defs {\n    script_user nobody\n}\n"
# As 2.2.7: it dies of a file that has such a line.
DIES = '#!/bin/sh\nif grep -q "script_user nobody" "$3"; then kill -TERM $$; fi\n'


def test_where_the_test_crashes_a_copy_with_root_as_user_is_tested(keepalived, live, capsys, warned):
    keepalived.write_text(DIES)
    run(capsys, live, content=SCRIPTS)
    assert live.read_text() == SCRIPTS
    assert "a copy with root as user of its scripts was tested: line 8 (script_user nobody)" in str(warned)


def test_error_in_the_copy_is_one_of_the_file(keepalived, live, capsys):
    keepalived.write_text(DIES + "echo \"(x: Line 2) Unknown keyword 'router_id'\" >&2\nexit 5\n")
    result = run(capsys, live, content=SCRIPTS)
    assert "line 2 (router_id new)" in result["msg"]
    assert live.read_text() == OLD


def test_scripts_that_were_looked_at_are_tested_with_root_as_user_and_no_warning(keepalived, live, capsys, warned):
    keepalived.write_text(DIES)
    run(capsys, live, content=SCRIPTS, scripts=["/etc/keepalived/scripts/a"])
    assert live.read_text() == SCRIPTS
    assert warned == []


NOTIFYING = SCRIPTS + 'vrrp_instance web {\n    notify "GONE a"\n}\n'
MISSES = '#!/bin/sh\nif grep -q /gone/notify "$3"; then echo "cannot be accessed" >&2; exit 5; fi\n'


def test_in_check_mode_alone_a_script_may_be_missing_yet(keepalived, live, capsys):
    keepalived.write_text(MISSES)
    options = {"content": NOTIFYING.replace("GONE", "/gone/notify"), "scripts": ["/gone/notify"]}
    assert run(capsys, live, check=True, **options)["changed"]
    assert "cannot be accessed" in run(capsys, live, **options)["msg"]
    assert live.read_text() == OLD


@pytest.mark.parametrize("content", [NEW, SCRIPTS], ids=["nothing to leave out", "the copy crashes too"])
def test_file_that_no_test_has_read_is_not_written(keepalived, live, capsys, content):
    keepalived.write_text("#!/bin/sh\nkill -TERM $$\n")
    result = run(capsys, live, content=content)
    assert "crashed" in result["msg"]
    assert result["error"]["kind"] == "refused_configuration"
    assert live.read_text() == OLD


def test_password_is_in_no_result(keepalived, live, capsys):
    live.write_text(NEW.replace("new", "old"))
    keepalived.write_text("#!/bin/sh\necho '(x: Line 5) bad' >&2\nexit 5\n")
    assert "s3cret" not in json.dumps(run(capsys, live))
    keepalived.write_text("#!/bin/sh\nexit 0\n")
    result = run(capsys, live)
    assert "s3cret" not in json.dumps(result)
    live.write_text(NEW.replace("s3cret", "former"))
    assert "former" not in json.dumps(run(capsys, live))
    assert "router_id old" in result["diff"]["before"]


def test_dry_run_before_keepalived_is_installed_succeeds(live, capsys, monkeypatch):
    monkeypatch.setattr(keepalived_config.AnsibleModule, "get_bin_path", lambda *_args, **_options: None)
    assert run(capsys, live, check=True)["changed"]
    result = run(capsys, live)
    assert result["failed"]
    assert result["error"]["kind"] == "no_keepalived"
    assert live.read_text() == OLD


INSTANCE = "vrrp_instance a {\n    virtual_router_id 51\n    virtual_ipaddress {\n        192.0.2.100\n    }\n}\n"


@pytest.mark.parametrize(
    ("before", "after", "changed"),
    [
        ("", INSTANCE, True),
        (INSTANCE, INSTANCE, False),
        (INSTANCE, INSTANCE.replace("100", "101"), True),
        (INSTANCE, INSTANCE.replace("100", "100/32"), False),
    ],
    ids=["first configuration", "same terms", "terms differ", "the same, written otherwise"],
)
def test_a_change_of_what_directors_must_agree_on_is_told(live, capsys, before, after, changed):
    live.write_text(before)
    assert bool(run(capsys, live, check=True, content=after)["terms_changed"]) is changed
    assert live.read_text() == before

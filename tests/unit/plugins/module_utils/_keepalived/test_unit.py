"""What systemd says of keepalived, and what keepalived is told to read."""

from __future__ import annotations

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived import unit

# Of systemd 252.
SHOWN = """ReloadResult=success
ExecStart={ path=/usr/sbin/keepalived ; argv[]=/usr/sbin/keepalived --dont-fork $DAEMON_ARGS ; ignore_errors=no ; start_time=[n/a] ; stop_time=[n/a] ; pid=0 ; code=(null) ; status=0/0 }
Environment="A=b c" D=e
EnvironmentFiles=/etc/default/keepalived (ignore_errors=yes)
EnvironmentFiles=/etc/other (ignore_errors=no)
ActiveState=active
StateChangeTimestampMonotonic=3223500000
"""  # noqa: E501 - as it is


def test_the_unit_is_read() -> None:
    shown = unit.parse_show(SHOWN)
    assert (shown.active, shown.changed_at, shown.reloaded) == (True, 3223.5, True)
    assert shown.command == ("/usr/sbin/keepalived", "--dont-fork", "$DAEMON_ARGS")
    assert shown.environment == ("A=b c", "D=e")
    assert shown.environment_files == ("/etc/default/keepalived", "/etc/other")


def test_a_unit_that_is_not_there_runs_nothing() -> None:
    text = "ActiveState=inactive\nStateChangeTimestampMonotonic=0\nReloadResult=success\nEnvironment=\n"
    assert unit.parse_show(text) == unit.Unit()


@pytest.mark.parametrize(("state", "active"), [("active", True), ("reloading", True), ("failed", False)])
def test_a_unit_runs_or_does_not(state: str, active: bool) -> None:
    assert unit.parse_show(f"ActiveState={state}\n").active is active


@pytest.mark.parametrize(
    ("state", "file", "stale", "settled"),
    [
        ("active", "enabled", "no", True),
        ("failed", "enabled", "no", False),
        ("active", "disabled", "no", False),
        ("active", "enabled", "yes", False),
    ],
    ids=["settled", "does not run", "does not start at boot", "has files that systemd has not read"],
)
def test_a_unit_is_settled_or_there_is_something_to_do(state: str, file: str, stale: str, settled: bool) -> None:
    text = f"ActiveState={state}\nUnitFileState={file}\nNeedDaemonReload={stale}\n"
    assert unit.parse_show(text).settled is settled


@pytest.mark.parametrize(
    ("options", "path"),
    [
        ("", "/etc/keepalived/keepalived.conf"),
        ("-D -f /x", "/x"),
        ("-f/x", "/x"),
        ("--use-file /x", "/x"),
        ("--use-file=/x -P", "/x"),
        ("-f /y --use-file=/x", "/x"),
    ],
)
def test_the_options_say_which_file_is_read(options: str, path: str) -> None:
    variables = unit.parse_environment(f'# said\nDAEMON_ARGS="{options}"\n')
    words = unit.expanded(unit.parse_show(SHOWN).command, variables)
    assert unit.configuration_file(words) == path


def test_a_variable_in_braces_is_one_word() -> None:
    assert unit.expanded(["a", "$X", "${X}", "b${X}", "$Y"], {"X": "1 2"}) == ["a", "1", "2", "1 2", "b1 2"]

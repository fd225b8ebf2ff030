"""Staged, live, previous: with a keepalived that does not run, and with one of which only its processes are real."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._host import keepalived_files, systemd
from ansible_collections.lvs.cluster.plugins.modules import keepalived_config
from ansible_collections.lvs.cluster.tests.unit.playing import ModuleFailedError, play

OLD = "vrrp_instance web {\n    virtual_router_id 51\n    virtual_ipaddress {\n        192.0.2.10\n    }\n}\n"
NEW = OLD.replace("192.0.2.10\n", "192.0.2.10\n        192.0.2.11\n")
WEIGHT = OLD + "virtual_server 192.0.2.10 80 {\n    delay_loop 1\n}\n"


class Host:
    """A director's files, and what systemd says of its keepalived."""

    def __init__(self, path: Path) -> None:
        self.live = path / "keepalived.conf"
        self.staged = path / "keepalived.conf.lvs-new"
        self.previous = path / "keepalived.conf.previous"
        self.show = path / "show"
        self.told = path / "told"
        self.running: Any = None

    def step(self, state: str, content: str = NEW, *, check: bool = False, **options: Any) -> dict[str, Any]:
        if state != "previous":
            options["content"] = content
        options = {"path": str(self.live), "pid_file": "/nonexistent", **options}
        result = play("keepalived_config", check=check, state=state, **options)
        assert result["step"] == state
        return result

    @property
    def reloads(self) -> int:
        return len(self.told.read_text().splitlines()) if self.told.exists() else 0

    def starts(self, *terms: dict[str, Any], services: int = 0) -> None:
        """keepalived runs from now on, with what is in the live file; without services it has no process for them."""
        self.running = {"terms": list(terms), "states": [], "services": [{}] * services or None}
        self.loads()

    def loads(self) -> None:
        # The time of a file is that of the kernel's last tick.
        seconds = time.monotonic() + 0.05
        self.show.write_text(
            f"ActiveState=active\nReloadResult=success\nStateChangeTimestampMonotonic={int(seconds * 1e6)}\n"
        )
        time.sleep(0.06)


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    host = Host(tmp_path)
    programs = tmp_path / "bin"
    programs.mkdir()
    now = "$(python3 -c 'import time; print(int((time.monotonic() + 0.05) * 1e6))')"
    for name, script in {
        "keepalived": "exit 0",
        "systemctl": f"""
            case $1 in
            show) cat {host.show} ;;
            reload)
                echo reload >> {host.told}
                if [ -e {tmp_path}/refuses ]; then echo 'Job failed' >&2; exit 1; fi
                printf 'ActiveState=active\\nStateChangeTimestampMonotonic=%s\\n' "{now}" > {host.show}
                sleep 0.06 ;;
            esac""",
    }.items():
        (programs / name).write_text(f"#!/bin/sh\n{script}\n")
        (programs / name).chmod(0o755)
    host.show.write_text("ActiveState=inactive\n")
    monkeypatch.setenv("PATH", str(programs), prepend=":")
    monkeypatch.setattr(keepalived_files, "MEMORY", str(tmp_path / "memory" / "keepalived.json"))
    monkeypatch.setattr(
        keepalived_config,
        "Configuration",
        lambda module, path: keepalived_files.Configuration(module, path, keepalived_files.MEMORY),
    )

    class Running:
        pid = os.getpid()

        @classmethod
        def running(cls, *_asked: str) -> Any:
            return cls() if host.running else None

    monkeypatch.setattr(keepalived_config, "Keepalived", Running)
    monkeypatch.setattr(keepalived_config, "dumped", lambda *_asked: host.running)
    monkeypatch.setattr(keepalived_config, "command_line", lambda _pid: ["keepalived", "-f", str(host.live)])
    return host


def dump(*addresses: str) -> dict[str, Any]:
    """What a keepalived that runs says of OLD or the like."""
    return {
        "name": "web",
        "virtual_router_id": 51,
        "family": 4,
        "version": 2,
        "advert_int": 1.0,
        "password": "",
        "virtual_ipaddress": list(addresses),
        "source": "192.0.2.1",
        "unicast_peer": [],
        "interface": "eth0",
        "mcast_group": "224.0.0.18",
    }


def test_what_is_staged_lies_beside_the_live_file_for_root_alone(host: Host) -> None:
    host.live.write_text(OLD)
    result = host.step("staged")
    assert not result["changed"]
    assert (result["differs"], result["settled"]) == (True, False)
    assert (host.live.read_text(), host.staged.read_text()) == (OLD, NEW)
    assert host.staged.stat().st_mode & 0o777 == 0o640


def test_check_mode_stages_and_moves_nothing(host: Host) -> None:
    host.live.write_text(OLD)
    assert host.step("staged", check=True)["differs"]
    assert host.step("live", check=True)["changed"]
    assert (host.live.read_text(), host.staged.exists(), host.reloads) == (OLD, False, 0)


def test_what_was_staged_goes_live_and_the_former_file_is_kept(host: Host) -> None:
    host.live.write_text(OLD)
    host.starts(dump("192.0.2.10"))
    host.step("staged")
    result = host.step("live")
    assert (result["changed"], result["reloaded"], host.reloads) == (True, True, 1)
    assert (host.live.read_text(), host.previous.read_text(), host.staged.exists()) == (NEW, OLD, False)


def test_the_same_again_changes_nothing(host: Host) -> None:
    host.starts(dump("192.0.2.10"))
    host.step("staged")
    host.step("live")
    host.running["terms"] = [dump("192.0.2.10", "192.0.2.11")]
    again = host.step("staged")
    assert (again["differs"], again["loaded"], again["terms_changed"]) == (False, True, [])
    assert not host.step("live")["changed"]
    assert host.reloads == 1


def test_whether_there_is_anything_to_load_is_told_before(host: Host) -> None:
    def pending() -> bool:
        told: bool = host.step("staged", OLD)["pending"]
        return told

    assert pending()
    host.step("live", OLD)
    assert pending()  # nobody runs with it
    host.starts(dump("192.0.2.10"))
    host.step("live", OLD)
    assert not pending()
    assert not host.step("live", OLD)["changed"]
    host.live.chmod(0o644)
    assert pending()
    host.step("staged", OLD)
    host.step("live", OLD)
    assert not pending()
    host.staged.write_text("what a run left that was cut off")
    assert pending()
    host.step("live", OLD)
    assert not pending()
    host.running = {"terms": [dump("192.0.2.99")], "states": [], "services": None}
    assert pending()


def test_files_beside_the_configuration_are_compared(host: Host) -> None:
    path = host.live.parent / "lvs.conf"
    files = [{"path": str(path), "content": "[Service]\n"}]
    assert host.step("staged", files=files)["differing"] == [str(path)]
    assert not path.exists()
    path.write_text("[Service]\n")
    path.chmod(0o644)
    assert host.step("staged", files=files)["differing"] == []


def test_a_file_that_cannot_be_written_is_told(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    host.live.write_text(OLD)

    def full(_self: Any, _content: str) -> None:
        raise OSError(28, "No space left on device", "/etc/keepalived/x")

    monkeypatch.setattr(keepalived_files.Configuration, "stage", full)
    with pytest.raises(ModuleFailedError, match=r"/etc/keepalived/x: No space left.*runs what it ran before") as caught:
        host.step("staged")
    assert caught.value.result["error"]["kind"] == "file"
    assert host.live.read_text() == OLD


def test_nothing_goes_live_that_was_not_staged(host: Host) -> None:
    host.live.write_text(OLD)
    with pytest.raises(ModuleFailedError, match="Stage it first") as caught:
        host.step("live")
    assert caught.value.result["error"]["kind"] == "not_staged"
    assert host.live.read_text() == OLD


def test_a_keepalived_that_does_not_run_is_not_told(host: Host) -> None:
    host.step("staged")
    result = host.step("live")
    assert (result["changed"], result["reloaded"], host.reloads) == (True, False, 0)


def test_a_file_that_was_written_and_never_loaded_is_loaded(host: Host) -> None:
    host.live.write_text(OLD)
    host.starts(dump("192.0.2.10"))
    host.live.write_text(NEW)  # here a run was cut off
    staged = host.step("staged")
    assert (staged["differs"], staged["loaded"]) == (False, False)
    assert [each["how"] for each in staged["terms_changed"]] == ["addresses 192.0.2.10 -> 192.0.2.10 192.0.2.11"]
    result = host.step("live")
    assert (result["changed"], host.reloads) == (True, 1)
    host.running["terms"] = [dump("192.0.2.10", "192.0.2.11")]
    host.step("staged")
    assert not host.step("live")["changed"]


def test_what_was_edited_loaded_and_put_back_by_hand_is_loaded_again(host: Host) -> None:
    """The file is as it should be, its terms run, and still it is not what runs."""
    host.live.write_text(WEIGHT.replace("1", "9"))
    host.starts(dump("192.0.2.10"), services=1)
    host.live.write_text(WEIGHT)
    assert not host.step("staged", WEIGHT)["loaded"]
    assert host.step("live", WEIGHT, check=True)["changed"]
    assert host.step("live", WEIGHT)["changed"]
    assert host.reloads == 1


def test_another_configuration_in_memory_is_loaded_whatever_the_times_say(host: Host) -> None:
    host.live.write_text(NEW)
    host.starts(dump("192.0.2.10"))
    assert not host.step("staged")["loaded"]
    assert host.step("live")["changed"]
    assert host.reloads == 1


def test_a_reload_that_fails_leaves_the_former_file_in_place(host: Host) -> None:
    host.live.write_text(OLD)
    host.starts(dump("192.0.2.10"))
    host.step("staged")
    (host.live.parent / "refuses").touch()
    with pytest.raises(ModuleFailedError, match=r"Job failed.*runs what it ran before") as caught:
        host.step("live")
    assert "step" not in caught.value.result
    assert host.live.read_text() == OLD


def test_the_former_configuration_comes_back_and_is_loaded(host: Host) -> None:
    host.live.write_text(OLD)
    host.starts(dump("192.0.2.10"))
    host.step("staged")
    host.step("live")
    result = host.step("previous")
    assert (result["changed"], result["reloaded"], host.reloads) == (True, True, 2)
    assert host.live.read_text() == OLD


def test_a_new_director_that_goes_back_has_no_file(host: Host) -> None:
    host.step("staged")
    host.step("live")
    host.step("previous")
    assert (host.live.exists(), host.staged.read_text()) == (False, NEW)


@pytest.mark.parametrize("edited", [True, False], ids=["ours, edited", "never ours"])
def test_a_file_of_others_is_kept_beside(host: Host, edited: bool) -> None:
    if edited:
        host.step("staged")
        host.step("live")
        host.live.write_text(NEW + "# by hand\n")
    else:
        host.live.write_text(OLD)
    by_hand = host.live.read_text()
    assert host.step("staged", WEIGHT)["foreign"]
    result = host.step("live", WEIGHT)
    assert Path(result["backup_file"]).read_text() == by_hand
    assert host.live.read_text() == WEIGHT


def test_a_file_of_ours_is_not_kept_each_time(host: Host) -> None:
    for content in (OLD, NEW, WEIGHT):
        assert not host.step("staged", content)["foreign"]
        assert "backup_file" not in host.step("live", content)


def test_a_file_that_was_right_already_is_ours_from_then_on(host: Host) -> None:
    host.live.write_text(OLD)
    host.step("staged", OLD)
    host.step("live", OLD)
    assert not host.step("staged", NEW)["foreign"]


def test_another_file_that_keepalived_reads_is_refused_with_both_names(host: Host) -> None:
    host.show.write_text(
        "ActiveState=inactive\n"
        "ExecStart={ path=/usr/sbin/keepalived ; argv[]=/usr/sbin/keepalived -n $X ; ignore_errors=no }\n"
        'Environment="X=-f /srv/keepalived.conf"\n'
    )
    with pytest.raises(ModuleFailedError, match=r"unit keepalived.service reads /srv/keepalived\.conf") as caught:
        host.step("staged")
    assert str(host.live) in str(caught.value)
    assert not host.staged.exists()


def test_a_keepalived_that_is_no_unit_is_refused(host: Host) -> None:
    host.starts(dump("192.0.2.10"))
    host.show.write_text("ActiveState=inactive\n")
    with pytest.raises(ModuleFailedError, match="not as the unit"):
        host.step("staged")


@pytest.mark.parametrize(
    ("content", "last"),
    [
        ("global_defs {\n}\n", ["vrrp_instance", "virtual_server"]),
        (NEW, ["virtual_server"]),
        (WEIGHT, []),
    ],
)
def test_the_last_that_runs_is_not_taken_unsaid(host: Host, content: str, last: list[str]) -> None:
    host.live.write_text(WEIGHT)
    host.starts(dump("192.0.2.10"), services=1)
    assert host.step("staged", content)["takes_last"] == last


def test_no_result_has_a_password_of_old_or_new(host: Host) -> None:
    secret = '    authentication {\n        auth_pass "0ld pass"\n    }\n'
    host.live.write_text(OLD.replace("    virtual_ip", f"{secret}    virtual_ip"))
    for state in ("staged", "live", "previous"):
        assert "0ld pass" not in json.dumps(host.step(state))


def test_the_view_says_the_terms_and_the_directors(host: Host) -> None:
    view = {
        "name": "web",
        "hosts": ["lvs1", "lvs2"],
        "interface": "eth0",
        "version": 2,
        "virtual_router_id": 51,
        "advert_int": 1,
        "auth_pass": "",
        "unicast_src_ip": "192.0.2.1",
        "unicast_peer": ["192.0.2.2"],
        "mcast_group": "",
        "virtual_ipaddress": ["192.0.2.10/32"],
    }
    host.live.write_text(OLD)
    (change,) = host.step("staged", vrrp_instances=[view])["terms_changed"]
    assert change["hosts"] == ["lvs1", "lvs2"]
    assert "unicast addresses none -> 192.0.2.1 192.0.2.2" in change["how"]


def test_times_are_compared_whatever_the_wall_clock_was(host: Host) -> None:
    host.live.write_text(OLD)
    host.starts(dump("192.0.2.10"))
    shown = systemd.KeepalivedUnit(lambda *_args, **_options: (0, host.show.read_text(), "")).show()
    assert shown
    assert systemd.is_loaded(str(host.live), shown)
    host.live.chmod(0o600)
    assert not systemd.is_loaded(str(host.live), shown)


# As a German administrator's editor of the nineties wrote it: a comment, a name and a password of Latin-1.
LATIN = OLD.replace("web {", "b\xfcro {\n    authentication {\n        auth_pass geh\xe9im\n    }").encode("latin-1")
LATIN = b"# Das B\xfcro\r\n" + LATIN


@pytest.mark.parametrize("check", [False, True])
def test_a_file_that_is_no_utf_8_is_replaced_shown_and_kept_byte_for_byte(host: Host, check: bool) -> None:
    host.live.write_bytes(LATIN)
    host.starts(dump("192.0.2.10"))
    assert host.step("staged", check=check)["differs"]
    result = host.step("live", check=check)
    assert "geh" not in json.dumps(result)
    assert "# Das B\ufffdro\n" in result["diff"]["before"]
    if check:
        assert host.live.read_bytes() == LATIN
        return
    assert host.live.read_text() == NEW
    assert host.previous.read_bytes() == Path(result["backup_file"]).read_bytes() == LATIN
    back = host.step("previous", check=check)
    assert "geh" not in json.dumps(back)
    assert host.live.read_bytes() == LATIN


@pytest.mark.parametrize("check", [False, True])
def test_a_file_that_is_no_utf_8_is_replaced_in_one_step_too(host: Host, check: bool) -> None:
    host.live.write_bytes(LATIN)
    draft = Path(f"{host.live}.new")
    draft.write_text("of the administrator")
    result = host.step("present", check=check)
    assert draft.read_text() == "of the administrator"
    assert result["changed"]
    assert "geh" not in json.dumps(result)
    assert host.live.read_bytes() == (LATIN if check else NEW.encode())


def test_two_runs_that_load_the_same_at_once_both_get_there(host: Host, meeting: Callable[..., Any]) -> None:
    host.live.write_text(OLD)
    host.starts(dump("192.0.2.10"))
    host.step("staged")
    result = meeting(lambda: host.step("live"), "link")
    assert (result["reloaded"], host.reloads) == (True, 1)
    assert (host.live.read_text(), host.previous.read_text(), host.staged.exists()) == (NEW, OLD, False)


@pytest.fixture
def leaks(host: Host, after_each_step: Callable[[Callable[[], None]], None]) -> list[str]:
    """Files with a password that others could read after any change of a name or a mode, but for the one of others."""
    found: list[str] = []

    def look() -> None:
        for path in host.live.parent.glob("*keepalived.conf*"):
            former = path == host.live and b"0ld" in path.read_bytes()
            if path.stat().st_mode & 0o007 and b"pass" in path.read_bytes() and not former:
                found.append(path.name)

    after_each_step(look)
    return found


@pytest.mark.parametrize("states", [["present"], ["staged", "live"], ["staged", "live", "previous"]], ids="-".join)
def test_no_file_with_a_password_is_readable_by_others_at_any_moment(
    host: Host, leaks: list[str], states: list[str]
) -> None:
    host.live.write_text(OLD + "# auth_pass 0ld\n")
    host.live.chmod(0o644)
    for state in states:
        host.step(state, NEW + "# auth_pass new\n")
    assert leaks == []
    files = sorted(host.live.parent.glob("keepalived.conf*"))
    assert files
    assert {path.stat().st_mode & 0o777 for path in files} == {0o640}


GROUP = "virtual_server_group web {\n    192.0.2.10 80\n}\nvirtual_server group web {\n    delay_loop 1\n}\n"
PORT = GROUP.replace("80\n", "80\n    192.0.2.10 443\n")


@pytest.mark.parametrize(
    ("version", "before", "after", "warns"),
    [
        ("2.3.3", GROUP, PORT, True),
        ("2.2.7", GROUP, PORT, False),
        ("2.3.3", GROUP, PORT.replace("delay_loop 1", "sorry_server 192.0.2.99"), False),
        ("2.3.3", PORT, GROUP, False),
        ("2.3.3", OLD, PORT, False),
    ],
    ids=["another port", "a version that lives", "a sorry server", "a port less", "a new group"],
)
def test_who_extends_a_group_is_told_before_that_the_checks_die_of_it(
    host: Host, tmp_path: Path, version: str, before: str, after: str, warns: bool
) -> None:
    (tmp_path / "bin" / "keepalived").write_text(f"#!/bin/sh\n[ $# -gt 1 ] || echo 'Keepalived v{version} (x)' >&2\n")
    host.live.write_text(before)
    host.starts(services=1)
    assert is_told_of_a_group(host, after) == warns


def is_told_of_a_group(host: Host, content: str) -> bool:
    told = [str(each) for each in host.step("staged", content, check=True).get("warnings", [])]
    return any("dies of a group" in each and each.count("web") for each in told)


def test_who_extends_a_group_is_told_too_where_a_run_was_cut_off_before_the_reload(host: Host, tmp_path: Path) -> None:
    (tmp_path / "bin" / "keepalived").write_text("#!/bin/sh\n[ $# -gt 1 ] || echo 'Keepalived v2.3.3 (x)' >&2\n")
    host.live.write_text(GROUP)
    host.starts(services=1)
    host.live.rename(host.previous)
    host.live.write_text(PORT)
    assert is_told_of_a_group(host, PORT)

"""The scripts that keepalived runs: put there as it would run them, and refused where it would not."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.lvs.cluster.tests.unit.playing import ModuleFailedError, play

TEXT = "#!/bin/sh\nexit 0\n"


@pytest.fixture(autouse=True)
def _others_come_from_root() -> Iterator[None]:
    if os.geteuid():
        pytest.skip("who is not root cannot give files to root")
    before = os.umask(0o077)
    yield
    os.umask(before)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "keepalived" / "scripts"


def scripts(folder: Path, *names: str, check: bool = False, text: str = TEXT, **options: Any) -> list[str]:
    """The names that differed."""
    wanted = [{"path": str(folder / name), "content": text} for name in names]
    given = {"user": "root", **options}
    result = play("keepalived_scripts", check=check, scripts=wanted, directory=str(folder), **given)
    assert result["changed"] == bool(result["differing"])
    return [Path(each).name for each in result["differing"]]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_scripts_are_open_to_all_and_belong_to_root_whatever_the_umask(folder: Path) -> None:
    assert scripts(folder, "a", "b", check=True) == ["a", "b"]
    assert not folder.parent.exists()
    assert scripts(folder, "a", "b") == ["a", "b"]
    assert {
        path.name: (path.read_text(), mode(path), path.stat().st_uid) for path in folder.iterdir()
    } == dict.fromkeys(("a", "b"), (TEXT, 0o755, 0))
    assert mode(folder) == 0o755
    assert scripts(folder, "a", "b") == []


def test_two_runs_that_do_the_same_at_once_both_get_there(folder: Path, meeting: Callable[..., Any]) -> None:
    assert meeting(lambda: scripts(folder, "a"), "replace") == ["a"]
    assert meeting(lambda: scripts(folder, "b", purge=True), "unlink") == ["b", "a"]
    assert [path.name for path in folder.iterdir()] == ["b"]


@pytest.mark.parametrize("closed", [0o777, 0o700, 0o4755])
def test_what_somebody_changed_is_put_right(folder: Path, closed: int) -> None:
    scripts(folder, "a", "b", "c")
    os.chown(folder, 1, 1)
    os.chown(folder / "a", 1, 1)
    (folder / "b").chmod(closed)
    (folder / "c").write_text("#!/bin/sh\nrm\n")
    assert scripts(folder, "a", "b", "c") == ["scripts", "a", "b", "c"]
    assert {(path.stat().st_uid, path.stat().st_gid, mode(path)) for path in [folder, *folder.iterdir()]} == {
        (0, 0, 0o755)
    }
    assert (folder / "c").read_text() == TEXT


def test_old_ones_stay_until_they_are_purged_and_the_folder_goes_with_the_last(folder: Path) -> None:
    scripts(folder, "old")
    assert scripts(folder, "new") == ["new"]
    assert scripts(folder, "new", purge=True, check=True) == ["old"]
    assert scripts(folder, "new", purge=True) == ["old"]
    assert [path.name for path in folder.iterdir()] == ["new"]
    assert scripts(folder, purge=True, user="") == ["scripts", "new"]
    assert not folder.exists()
    assert scripts(folder, purge=True, user="") == []


def test_diff_shows_the_texts(folder: Path) -> None:
    scripts(folder, "old")
    wanted = [{"path": str(folder / "new"), "content": TEXT}]
    shown = play("keepalived_scripts", check=True, scripts=wanted, directory=str(folder), user="root", purge=True)[
        "diff"
    ]
    assert [(Path(each["before_header"]).name, each["before"], each["after"]) for each in shown] == [
        ("new", "", TEXT),
        ("old", TEXT, ""),
    ]


def refused(folder: Path, *names: str, check: bool = False, **options: Any) -> str:
    with pytest.raises(ModuleFailedError) as failed:
        scripts(folder, *names, check=check, **options)
    assert not folder.exists()
    return str(failed.value)


def test_a_folder_on_the_way_that_the_user_cannot_pass_is_refused_before_anything_is_written(folder: Path) -> None:
    # pytest's own folders are closed.
    assert "is closed to nobody, who runs the script" in refused(folder, "a", user="nobody")


def test_a_folder_on_the_way_that_others_may_write_is_refused(folder: Path) -> None:
    folder.parent.mkdir()
    folder.parent.chmod(0o777)
    assert f"everybody may write {folder.parent}" in refused(folder, "a")


def test_programs_of_the_host_are_looked_at(folder: Path, tmp_path: Path) -> None:
    program = tmp_path / "check"
    assert "there is no such file" in refused(folder, "a", programs=[str(program)])
    program.write_text(TEXT)
    assert f"{program} is closed to root" in refused(folder, "a", programs=[str(program)])
    program.chmod(0o755)
    assert scripts(folder, programs=[str(program)]) == []
    os.chown(program, 1, 0)
    assert f"{program} belongs to user 1" in refused(folder, "a", programs=[str(program)])


def test_a_program_behind_a_link_of_a_folder_is_refused_with_its_path(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "check").write_text(TEXT)
    (tmp_path / "link").symlink_to("bin")
    told = refused(folder, programs=[str(tmp_path / "link" / "check")])
    assert f"write {tmp_path}/bin/check" in told


def test_a_user_who_is_not_there_is_refused_but_in_check_mode_the_one_that_the_role_makes(folder: Path) -> None:
    assert "There is no user gone on this host" in refused(folder, "a", user="gone")
    assert "There is no user gone on this host" in refused(folder, "a", user="gone", check=True)
    assert "is missing" in refused(folder, "a", user="")
    # He is looked for, and a folder that is closed to him found.
    assert "is closed to keepalived_script" in refused(folder, "a", user="keepalived_script", check=True)


def test_a_script_elsewhere_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ModuleFailedError, match="is not in"):
        play("keepalived_scripts", scripts=[{"path": str(tmp_path / "a"), "content": TEXT}], directory=str(folder))

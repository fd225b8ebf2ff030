"""Several files in one task: written as a whole, or not at all."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.basic import AnsibleModule
from ansible_collections.lvs.cluster.tests.unit.playing import ModuleFailedError, play


def files(*wanted: dict[str, Any], check: bool = False) -> list[str]:
    """The paths that changed."""
    result = play("files", check=check, files=list(wanted))
    assert result["changed"] == bool(result["differing"])
    return list(result["differing"])


def file(path: Path, content: str | None = "ours\n", **options: Any) -> dict[str, Any]:
    return {"path": str(path), "content": content, **options}


def absent(path: Path) -> dict[str, Any]:
    return {"path": str(path), "state": "absent"}


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_files_come_with_their_folders_and_modes_and_a_second_run_changes_nothing(tmp_path: Path) -> None:
    first, second = tmp_path / "keepalived.service.d" / "lvs.conf", tmp_path / "secret"
    wanted = [file(first), file(second, "s\n", mode="0600")]
    assert files(*wanted, check=True) == [str(first), str(second)]
    assert not first.parent.exists()
    assert files(*wanted) == [str(first), str(second)]
    assert (first.read_text(), mode(first), mode(first.parent)) == ("ours\n", 0o644, 0o755)
    assert (second.read_text(), mode(second)) == ("s\n", 0o600)
    assert files(*wanted) == []


@pytest.mark.parametrize("is_wanted", [True, False], ids=["write", "remove"])
def test_two_runs_that_do_the_same_at_once_both_get_there(
    tmp_path: Path, meeting: Callable[..., Any], is_wanted: bool
) -> None:
    path = tmp_path / "lvs.conf"
    path.write_text("theirs\n")
    wanted, step = (file(path), "replace") if is_wanted else (absent(path), "unlink")
    assert meeting(lambda: files(wanted), step) == [str(path)]
    assert [each.read_text() for each in tmp_path.iterdir()] == ["ours\n"] * is_wanted


def test_a_mode_that_somebody_changed_is_put_right_and_a_text_leaves_the_mode(tmp_path: Path) -> None:
    path = tmp_path / "lvs.conf"
    path.write_text("ours\n")
    path.chmod(0o600)
    assert files(file(path), check=True) == [str(path)]
    assert mode(path) == 0o600
    assert files(file(path)) == [str(path)]
    assert mode(path) == 0o644
    assert files(file(path, "other\n")) == [str(path)]
    assert (path.read_text(), mode(path)) == ("other\n", 0o644)


@pytest.mark.parametrize("former", [None, 0o644], ids=["new", "had been readable"])
def test_a_secret_is_readable_by_others_at_no_moment(
    tmp_path: Path, after_each_step: Callable[[Callable[[], None]], None], former: int | None
) -> None:
    path, leaks = tmp_path / "secret", []
    if former is not None:
        path.write_text("before\n")
        path.chmod(former)

    def look() -> None:
        leaks.extend(each for each in tmp_path.iterdir() if mode(each) & 0o077 and each.read_text() != "before\n")

    after_each_step(look)
    assert files(file(path, "s3cret\n", mode="0600")) == [str(path)]
    assert leaks == []
    assert [(each.name, mode(each)) for each in tmp_path.iterdir()] == [("secret", 0o600)]


def test_a_secret_is_in_no_result_and_belongs_to_the_user_alone(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path, other = tmp_path / "private" / "shop.key", tmp_path / "lvs.conf"
    text = "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n"
    wanted = {"files": [file(other)], "secret_files": {str(path): text}}
    dry, told = play("files", check=True, **wanted), play("files", **wanted)
    assert dry["differing"] == told["differing"] == [str(path), str(other)]
    assert [(each["before"], each["after"]) for each in told["diff"]] == [("", "another secret\n"), ("", "ours\n")]
    assert "c2VjcmV0" not in f"{dry}{told}{capfd.readouterr()}"
    assert (path.read_text(), mode(path), mode(path.parent)) == (text, 0o600, 0o700)
    assert play("files", **wanted)["differing"] == []
    path.chmod(0o640)
    assert play("files", **wanted)["differing"] == [str(path)]
    assert mode(path) == 0o600
    if os.geteuid() == 0:
        os.chown(path, 65534, 65534)
        assert play("files", **wanted)["differing"] == [str(path)]
        assert path.stat().st_uid == 0


@pytest.mark.parametrize("check", [False, True], ids=["run", "check mode"])
def test_a_secret_that_goes_is_in_no_result(tmp_path: Path, check: bool) -> None:
    path = tmp_path / "shop.key"
    path.write_text("-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n")
    told = play("files", check=check, files=[{**absent(path), "secret": True}])
    assert (told["differing"], path.exists()) == ([str(path)], check)
    assert [(each["before"], each["after"]) for each in told["diff"]] == [("a secret\n", "")]
    assert "c2VjcmV0" not in str(told)


def test_what_is_logged_of_a_run_has_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    logged: list[str] = []
    monkeypatch.setattr(AnsibleModule, "log", lambda _module, msg, log_args=None: logged.append(f"{msg}{log_args}"))
    play("files", secret_files={str(tmp_path / "key"): "line of\na secret\n"})
    assert logged, "nothing is logged any more"
    assert "secret\\n" not in logged[0]
    assert "line of" not in logged[0]


@pytest.mark.parametrize("text", ["", 55, None], ids=repr)
def test_a_secret_that_is_no_text_is_refused(tmp_path: Path, text: object) -> None:
    path = tmp_path / "key"
    with pytest.raises(ModuleFailedError, match="is no text"):
        play("files", secret_files={str(path): text})


def test_diff_shows_the_texts(tmp_path: Path) -> None:
    new, old = tmp_path / "new", tmp_path / "old"
    old.write_bytes(b"caf\xe9\n")
    (shown, gone) = play("files", files=[file(new), absent(old)])["diff"]
    assert (shown["before"], shown["after"], shown["after_header"]) == ("", "ours\n", str(new))
    assert (gone["before"], gone["after"]) == ("caf�\n", "")


def test_where_one_is_refused_none_is_written(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.write_text("before\n")
    check = "grep -q good %s"
    with pytest.raises(ModuleFailedError, match="second is not accepted: status 1") as failed:
        files(file(first), file(second, "bad\n", validate=check))
    assert failed.value.result["error"]["kind"] == "refused_file"
    assert (first.read_text(), second.exists()) == ("before\n", False)
    assert files(file(first), file(second, "good\n", validate=check)) == [str(first), str(second)]


def test_files_are_asked_about_together_and_once(tmp_path: Path) -> None:
    first, second, gone, asked = (tmp_path / name for name in ("first", "second", "gone", "asked"))
    second.write_text("as it is\n")
    gone.touch()
    check = f"sh -c 'cat $0{first} $0{second} >>{asked}; ls $0{tmp_path} >>{asked}' %d"
    secrets = {"secret_files": {str(second): "as it shall be\n"}}
    play(
        "files", files=[file(first, validate=check), file(tmp_path / "third", validate=check), absent(gone)], **secrets
    )
    assert asked.read_text() == "ours\nas it shall be\nfirst\nsecond\nthird\n"


def test_what_is_not_written_is_not_asked_about(tmp_path: Path) -> None:
    path = tmp_path / "lvs.conf"
    assert files(file(path, validate="false %s"), check=True) == [str(path)]
    path.write_text("ours\n")
    path.chmod(0o644)
    assert files(file(path, validate="false %s")) == []


def test_message_of_who_refuses_a_file_speaks_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "lvs.conf"
    with pytest.raises(ModuleFailedError, match=f"grep: {path}: No such file") as failed:
        files(file(path, validate="sh -c 'rm $0; grep x $0' %s"))
    assert str(failed.value).endswith("Nothing was written")


def test_folder_goes_with_the_last_file_in_it_and_stays_with_what_is_of_others(tmp_path: Path) -> None:
    folder, link = tmp_path / "service.d", tmp_path / "link"
    ours, others = folder / "lvs.conf", folder / "own.conf"
    folder.mkdir()
    ours.write_text("ours\n")
    others.write_text("other\n")
    link.symlink_to(others)
    assert files(absent(ours), absent(folder), absent(link)) == [str(ours), str(link)]
    assert (others.read_text(), link.is_symlink()) == ("other\n", False)
    others.unlink()
    ours.write_text("ours\n")
    assert files(absent(ours), absent(folder), check=True) == [str(ours), str(folder)]
    assert ours.exists()
    assert files(absent(ours), absent(folder)) == [str(ours), str(folder)]
    assert not folder.exists()
    assert files(absent(ours), absent(folder)) == []


def test_what_a_list_lists_no_more_goes_before_it_and_all_of_it_with_the_list(tmp_path: Path) -> None:
    first, second, kept, listed = (tmp_path / name for name in ("first", "second", "kept", "listed"))
    for each in (first, second, kept):
        each.write_text("c2VjcmV0\n")
    listed.write_text(f"{first}\n{second}\n{kept}\nrelative\n{tmp_path / 'gone'}\n")
    wanted = file(listed, f"{second}\n", lists=True, keeps=[str(kept)])
    for check in (True, False):
        told = play("files", check=check, files=[wanted])
        assert told["differing"] == [str(first), str(listed)]
        assert "c2VjcmV0" not in str(told)
        assert first.exists() == check
    assert (second.exists(), kept.exists(), files(wanted)) == (True, True, [])
    assert files({**absent(listed), "lists": True}) == [str(second), str(listed)]
    assert [each.name for each in tmp_path.iterdir()] == ["kept"]


@pytest.mark.parametrize(
    ("options", "refusal"),
    [
        ({"content": None}, r"files\[0\].content: is missing. Write it, or state: absent"),
        ({"secret": True}, r"files\[0\].secret: is for a file that goes. Write its text into secret_files"),
        ({"mode": "rw"}, r"files\[0\].mode: 'rw' is no mode. Write it as '0644'"),
    ],
    ids=["no content", "a secret", "no mode"],
)
def test_what_is_no_file_is_refused(tmp_path: Path, options: dict[str, Any], refusal: str) -> None:
    with pytest.raises(ModuleFailedError, match=refusal):
        files({**file(tmp_path / "x"), **options})

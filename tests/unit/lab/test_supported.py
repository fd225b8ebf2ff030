"""What the lab cannot run on is said in one line."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest
from lvslab import apt, supported
from lvslab.cli import main
from lvslab.errors import LabError
from lvslab.sudo import share_key


def test_macos_is_named() -> None:
    with pytest.raises(LabError, match="darwin is not supported"):
        supported.check_system("darwin")


def test_wsl_is_named(tmp_path: Path) -> None:
    version = tmp_path / "version"
    version.write_text("Linux version 5.15.90.1-microsoft-standard-WSL2\n", encoding="utf-8")
    with pytest.raises(LabError, match="WSL"):
        supported.check_system("linux", version)
    version.write_text("Linux version 6.12.48 (debian-kernel@lists.debian.org)\n", encoding="utf-8")
    supported.check_system("linux", version)


def test_control_groups_of_version_1_are_named(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="control groups of version 1"):
        supported.check_cgroups(tmp_path)
    (tmp_path / "cgroup.controllers").touch()
    supported.check_cgroups(tmp_path)


def test_too_few_inotify_instances_are_named_with_a_number_that_suffices(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit = tmp_path / "max_user_instances"
    monkeypatch.setattr(supported, "_INOTIFY_LIMIT", limit)
    limit.write_text("128\n", encoding="utf-8")
    with pytest.raises(LabError, match=r"fs[.]inotify[.]max_user_instances=\d+") as refused:
        supported.check_inotify(40)
    limit.write_text(str(refused.value).rpartition("=")[2], encoding="utf-8")
    supported.check_inotify(40)


def test_without_apt_get_the_missing_packages_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(LabError, match=r"without apt-get .*: podman"):
        apt.require({"podman": "podman"})


def test_programs_of_the_administrator_are_found_after_su(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    main(["run", "--"])
    assert {"/usr/sbin", "/sbin"} <= set(os.environ["PATH"].split(":"))


def test_the_user_behind_sudo_gets_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    account = pwd.struct_passwd(("user", "x", os.getuid(), os.getgid(), "", str(tmp_path / "home"), "/bin/sh"))
    monkeypatch.setenv("SUDO_UID", "1000")
    monkeypatch.setattr("pwd.getpwuid", lambda _uid: account)
    (tmp_path / "id_ed25519").write_text("secret", encoding="utf-8")
    (tmp_path / "id_ed25519").chmod(0o600)
    share_key(tmp_path / "id_ed25519")
    share_key(tmp_path / "id_ed25519")  # once more, over what is there
    copy = tmp_path / "home/.cache/lvs-lab/id_ed25519"
    assert copy.read_text(encoding="utf-8") == "secret"
    assert copy.stat().st_mode & 0o777 == 0o600

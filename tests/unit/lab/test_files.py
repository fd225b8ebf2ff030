"""Files of the checkout that the lab lays into its hosts."""

from __future__ import annotations

from pathlib import Path

from lvslab.files import File, tree
from lvslab.nodes import lab_files


def test_a_tree_is_all_files_below_a_folder_with_what_git_keeps_of_their_modes(tmp_path: Path) -> None:
    program = tmp_path / "usr" / "sbin" / "program"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o775)
    (tmp_path / "note").write_text("")
    (tmp_path / "note").chmod(0o664)
    bytecode = tmp_path / "__pycache__" / "module.pyc"
    bytecode.parent.mkdir()
    bytecode.write_bytes(b"")
    assert tree(tmp_path) == {"note": File(b"", 0o644), "usr/sbin/program": File(b"#!/bin/sh\n", 0o755)}


def test_every_host_finds_the_probe_and_the_application_server() -> None:
    files = lab_files()
    assert files["probe"].mode == 0o755
    assert {"backend.py", "lvsprobe/__init__.py", "lvsprobe/cli.py"} <= set(files)

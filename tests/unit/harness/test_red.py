"""Breaks edit a copy of the checkout, which is one that works, and never the checkout."""

from __future__ import annotations

import runpy
import subprocess
from pathlib import Path
from unittest.mock import MagicMock

import pytest
import yaml
from ansible_collections.lvs.cluster.tests.red import Red, copy_checkout, is_red
from harness import cluster
from harness.breaks import Row
from harness.lab import Lab

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    root = tmp_path / "checkout"
    (root / "plugins").mkdir(parents=True)
    (root / ".venv").mkdir()
    (root / "plugins" / "tracked").write_text("old words\n")
    (root / "link").symlink_to("plugins")
    (root / ".gitignore").write_text("/.venv/\n/ignored\n")
    (root / "deleted").write_text("")
    subprocess.run(["git", "init", "-q", root], check=True)
    subprocess.run(["git", "add", "."], cwd=root, check=True)
    (root / "deleted").unlink()
    (root / "untracked").write_text("")
    (root / "ignored").write_text("")
    return root


def test_copy_is_what_git_knows_or_is_about_to_know(checkout: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    copy_checkout(checkout, copy)
    assert sorted(path.name for path in copy.iterdir()) == [
        *(".cache", ".collections", ".gitignore", ".venv"),
        *("link", "plugins", "untracked"),
    ]
    assert (copy / "link").is_symlink()
    assert (copy / ".collections" / "ansible_collections" / "lvs" / "cluster" / "untracked").resolve().parent == copy


def test_break_is_in_the_copy_and_undone(checkout: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    copy_checkout(checkout, copy)
    red = Red(copy, "default", tmp_path)
    with red.broken(Row("x", "y", edits={"plugins/tracked": ("old", "new")})):
        assert (copy / "plugins" / "tracked").read_text() == "new words\n"
        assert (checkout / "plugins" / "tracked").read_text() == "old words\n"
    assert (copy / "plugins" / "tracked").read_text() == "old words\n"


def test_break_that_breaks_nothing_is_an_error(checkout: Path) -> None:
    row = Row("x", "y", edits={"plugins/tracked": ("no such words", "")})
    with (
        pytest.raises(AssertionError, match="has no 'no such words' any more"),
        Red(checkout, "", checkout).broken(row),
    ):
        pass


@pytest.mark.parametrize(
    ("line", "last", "red"),
    [
        ("/a/test_b.py:7: AssertionError: assert 1 == 2", "2 failed, 8 deselected in 3.50s", True),
        ("/a/test_b.py:7: AssertionError: assert 1 == 2", "1 failed, 1 passed in 3.50s", False),
        ("/a/conftest.py:7: AssertionError: no lab", "1 failed, 1 error in 3.50s", False),
        ("/a/test_b.py:7: ModuleNotFoundError: No module named 'c'", "1 failed in 3.50s", False),
        ("E   ImportError while importing", "Interrupted: 1 error during collection", False),
        ("/a/test_b.py:7: NameError: name 'c' is not defined", "2 failed in 3.50s", False),
        ("", "8 deselected in 0.10s", False),
        ("", "ERROR: usage: pytest [options]", False),
    ],
)
def test_what_is_red_has_run_and_failed_in_all_its_tests(line: str, last: str, red: bool) -> None:
    assert is_red(f"F\n{line}\n{last}\n") is red


@pytest.mark.parametrize("scenario", sorted(ROOT.glob("molecule/*/breaks.py")), ids=lambda path: path.parent.name)
def test_what_a_break_edits_stands_there_once(scenario: Path) -> None:
    """A role that changes must not leave a break that breaks nothing, or more than it says."""
    inventory = scenario.parent / "inventory"
    # No lab is up, and no edit asks it.
    lab = MagicMock(inventory=Lab(inventory).inventory, neighbour=lambda host, _address: (host, "eth0"))
    rows = runpy.run_path(str(scenario))["rows"](cluster.read(inventory), lab)
    found = {
        f"{row.name}: {name}": (ROOT / name).read_text().count(words)
        for row in rows
        for name, (words, _others) in row.edits.items()
    }
    assert {where: count for where, count in found.items() if count != 1} == {}
    # What nobody can read goes red too, and proves nothing.
    for name, (words, others) in (each for row in rows for each in row.edits.items()):
        text = (ROOT / name).read_text().replace(words, others)
        if name.endswith(".py"):
            compile(text, name, "exec")
        elif name.endswith(".yml"):
            yaml.safe_load(text)

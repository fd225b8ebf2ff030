"""Breaks what each test of a scenario guards, and demands that the test goes red.

    tests/red.py SCENARIO [WORD...]    rows of molecule/SCENARIO/breaks.py: all, or those that have one of the words

It needs the scenario's lab, up and set up: make demo leaves the one of `default`. It takes long, so it is no gate: run
it when a test changes. What a row does to hosts is undone again; files are edited in a copy of the checkout.
LAB_INVENTORY chooses another lab.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from harness import cluster
from harness.breaks import Row
from harness.lab import Lab, environment

ROOT = Path(__file__).resolve().parents[1]
#: A test whose code does not come together, as --tb=line tells it.
NOT_RUN = re.compile(r"^\S+:\d+: (?:ImportError|ModuleNotFoundError|NameError|SyntaxError)\b", re.MULTILINE)
#: Made by tools/install, and not by a copy.
INSTALLED = (".venv", ".cache")


def copy_checkout(root: Path, copy: Path) -> None:
    """What git knows of a checkout or is about to know, as an installed checkout."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "-co", "--exclude-standard"], cwd=root, check=True, capture_output=True, text=True
    )
    for name in listed.stdout.split("\0"):
        source, target = root / name, copy / name
        if name and (source.is_symlink() or source.exists()):  # not what is deleted and not yet committed
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target, follow_symlinks=False)
    for name in INSTALLED:
        (copy / name).symlink_to(root / name)
    collection = copy / ".collections" / "ansible_collections" / "lvs" / "cluster"
    collection.parent.mkdir(parents=True)
    collection.symlink_to("../../..")


def is_red(output: str) -> bool:
    """Whether each test that pytest tells of has failed by what it found, and not because it could not be run."""
    last = output.strip().rpartition("\n")[2]
    return "failed" in last and "passed" not in last and "error" not in last and not NOT_RUN.search(output)


@dataclass(frozen=True)
class Red:
    """A scenario that is broken, in a copy of the checkout."""

    copy: Path
    scenario: str
    inventory: Path

    @property
    def lab(self) -> Lab:
        return Lab(self.inventory)

    @property
    def rows(self) -> list[Row]:
        path = self.copy / "molecule" / self.scenario / "breaks.py"
        spec = importlib.util.spec_from_file_location("breaks", path)
        assert spec
        assert spec.loader
        breaks = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(breaks)
        rows: list[Row] = breaks.rows(cluster.read(self.inventory), self.lab)
        return rows

    @contextmanager
    def broken(self, row: Row) -> Iterator[None]:
        """The break, and its undoing whatever happens in between."""
        kept = {self.copy / name: (self.copy / name).read_text(encoding="utf-8") for name in row.edits}
        for name, (old, new) in row.edits.items():
            text = kept[self.copy / name]
            assert old in text, f"{row.name}: {name} has no {old!r} any more"
            (self.copy / name).write_text(text.replace(old, new), encoding="utf-8")
        try:
            for host, command in row.on.items():
                self.lab.shell(host, command)
            yield
        finally:
            for path, text in kept.items():
                path.write_text(text, encoding="utf-8")
            for host, command in row.undo.items():
                self.lab.shell(host, command)

    def goes_red(self, row: Row) -> bool:
        """Whether every test that the row names fails."""
        command = [sys.executable, "-m", "pytest", "-q", "--tb=line", "-p", "no:cacheprovider", "-k", row.tests]
        command += [f"--ansible-inventory={self.inventory}", f"molecule/{self.scenario}/tests"]
        with self.broken(row):
            done = subprocess.run(
                command, cwd=self.copy, env=environment(self.copy), capture_output=True, text=True, check=False
            )
        last = (done.stdout.strip() or done.stderr.strip() or "pytest said nothing").splitlines()[-1]
        red = done.returncode == 1 and is_red(done.stdout)
        print(f"{'red' if red else 'NOT RED':<9}{row.name}: {last}", flush=True)
        return red


def main(words: list[str]) -> int:
    if not words:
        sys.exit(__doc__)
    start = time.monotonic()
    scenario, *wanted = words
    with tempfile.TemporaryDirectory(prefix="lvs-red-") as folder:
        copy = Path(folder)
        copy_checkout(ROOT, copy)
        inventory = Path(os.environ.get("LAB_INVENTORY") or copy / "molecule" / scenario / "inventory")
        red = Red(copy, scenario, inventory)
        rows = [row for row in red.rows if not wanted or any(word in row.name for word in wanted)]
        stayed_green = [row.name for row in rows if not red.goes_red(row)]
    print(f"{len(rows) - len(stayed_green)} of {len(rows)} breaks went red in {time.monotonic() - start:.0f} s")
    return 1 if stayed_green or not rows else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

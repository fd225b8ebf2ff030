"""The documents repeat the code, and must not fall behind it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("roles/*/README.md"), *ROOT.glob("lab/*.md")]
)


def test_generated_tables_are_those_of_the_code() -> None:
    run = subprocess.run(
        [sys.executable, ROOT / "tools" / "document.py", "--check"], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, f"{run.stdout}{run.stderr}\nWrite them with: python tools/document.py"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    links = re.findall(r"\]\((?!https?://|#)([^)#]+)", document.read_text())
    assert [link for link in links if not (document.parent / link).exists()] == []


def test_readme_quotes_the_example_inventory() -> None:
    quoted = re.findall(r"```yaml\n# (inventories/example/\S+)\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert len(quoted) == 2
    for name, text in quoted:
        kept = "".join(line for line in (ROOT / name).read_text().splitlines(keepends=True) if not line.startswith("#"))
        assert text == kept, f"README.md and {name} differ"


def test_description_quotes_the_inventory_of_several_clusters() -> None:
    text = (ROOT / "docs" / "description.md").read_text()
    quoted = re.findall(r"```yaml\n# (molecule/clusters/inventory/\S+)\n(.*?)```", text, re.DOTALL)
    assert len(quoted) == 2
    for name, part in quoted:
        assert part in (ROOT / name).read_text(), f"docs/description.md and {name} differ"

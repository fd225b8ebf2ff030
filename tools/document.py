"""Writes what the documents repeat of the code: the tables of the roles' variables and of the description's keys.

`python tools/document.py` writes them, between the markers in the documents; with --check it only says whether they
are as they should be (a unit test does).
"""

from __future__ import annotations

import dataclasses
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / ".collections"))

from ansible_collections.lvs.cluster.plugins.module_utils._description import kinds  # noqa: E402 - needs the path
from ansible_collections.lvs.cluster.plugins.module_utils._description.model import cluster as model  # noqa: E402

BLOCK = re.compile(r"(?<=<!-- generated -->\n).*?(?=<!-- end -->)", re.DOTALL)


def role_table(role: Path) -> str:
    """The variables of a role, from its argument specification."""
    options = yaml.safe_load((role / "meta" / "argument_specs.yml").read_text())["argument_specs"]["main"]["options"]
    lines = ["| variable | type | meaning |", "| --- | --- | --- |"]
    for name, spec in options.items():
        default = f" Default: `{spec['default']}`." if spec.get("default") not in (None, "") else ""
        kind = f"list of {spec['elements']}" if spec["type"] == "list" else spec["type"]
        lines.append(f"| `{name}` | {kind} | {plain(spec['description'])}{default} |")
    return "\n".join([*lines, ""])


def description_tables() -> str:
    """The keys of the description, table by table, from the model that reads them."""
    return "\n".join(table_lines(model.Cluster, "Variables"))


def table_lines(table: type[Any], title: str) -> Iterator[str]:
    yield from (f"## {title}", "", plain(table.__doc__ or "").splitlines()[0], "")
    yield from ("| key | meaning | value | default |", "| --- | --- | --- | --- |")
    for name, field in kinds.options(table).items():
        yield f"| `{name}` | {field.metadata['about']} | {field.metadata['reader'].accepts} | {default_of(field)} |"
    yield ""
    for name, field in kinds.options(table).items():
        for nested in field.metadata["reader"].tables:
            below = name if table is model.Cluster else f"{title}: {name}"
            several = len(field.metadata["reader"].tables) > 1
            yield from table_lines(nested, f"{below}, type: {nested.keyword}" if several else below)


def default_of(field: dataclasses.Field[Any]) -> str:
    if field.default is dataclasses.MISSING:
        return "**required**"
    if field.default in (None, (), "") or dataclasses.is_dataclass(field.default):
        return ""
    return f"`{str(field.default).lower() if isinstance(field.default, bool) else field.default}`"


def plain(text: str | list[str]) -> str:
    """Ansible's markup as Markdown."""
    joined = " ".join(text) if isinstance(text, list) else text
    return re.sub(r"\b[COVML]\(([^)]*)\)", r"`\1`", joined)


def documents() -> dict[Path, str]:
    """Each document with a generated part, as it should be."""
    parts = {role / "README.md": role_table(role) for role in sorted((ROOT / "roles").iterdir())}
    parts[ROOT / "docs" / "description.md"] = description_tables()
    return {path: BLOCK.sub(lambda _found, part=part: part, path.read_text()) for path, part in parts.items()}


def main(arguments: list[str]) -> int:
    stale = {path: text for path, text in documents().items() if path.read_text() != text}
    for path, text in stale.items():
        if "--check" not in arguments:
            path.write_text(text)
        print(f"{'stale' if '--check' in arguments else 'written'}: {path.relative_to(ROOT)}")
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

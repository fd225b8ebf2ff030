"""The documents repeat the code, and must not fall behind it."""

from __future__ import annotations

import dataclasses
import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.lvs.cluster.plugins.module_utils._addresses.stacks import STACKS
from ansible_collections.lvs.cluster.plugins.module_utils._description import kinds
from ansible_collections.lvs.cluster.plugins.module_utils._description.model import settings
from ansible_collections.lvs.cluster.plugins.module_utils._facts import FAMILIES

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("roles/*/README.md"), *ROOT.glob("lab/*.md")]
)


@pytest.fixture(scope="module")
def tool() -> Any:
    """tools/document.py."""
    spec = importlib.util.spec_from_file_location("document", ROOT / "tools" / "document.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_what_repeats_the_model_is_what_the_model_says(tool, capsys) -> None:
    assert tool.main(["--check"]) == 0, capsys.readouterr().out


def test_every_option_of_keepalived_is_in_a_golden_case(tool) -> None:
    cells = [[cell.strip() for cell in row.split("|")[1:-1]] for row in list(tool.keyword_rows())[2:]]
    assert [option for option, run, golden, _since in cells if run != "refused" and not golden] == []


def test_a_stale_file_is_named_with_what_writes_it_and_is_not_touched(tool, monkeypatch, capsys) -> None:
    stale = ROOT / "roles" / "director" / "defaults" / "main.yml"
    before = stale.read_text()
    monkeypatch.setattr(tool, "written", lambda: {stale: "director_sysctls: {}\n"})

    assert tool.main(["--check"]) == 1
    told = "roles/director/defaults/main.yml is not what the model says: change the model, and run "
    assert capsys.readouterr().out == f"{told}python tools/document.py\n"
    assert stale.read_text() == before


def test_a_document_without_the_mark_of_a_part_is_refused(tool, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(tool, "ROOT", tmp_path)
    (tmp_path / "README.md").write_text("# A role\n")

    with pytest.raises(SystemExit, match=r"README\.md has no mark for variables"):
        tool.document(tmp_path / "README.md", variables=iter(["a line"]))


def test_every_role_has_its_variables_from_the_model() -> None:
    assert sorted(settings.ROLES) == sorted(path.name for path in (ROOT / "roles").iterdir())


def test_roles_know_the_same_of_every_distribution() -> None:
    """No host of the lab is of the other families: what a role of theirs would read must be there, of the same kind."""
    folders = sorted({path.parent for path in ROOT.glob("roles/*/vars/*.yml") if path.stem != "main"})
    assert folders

    for folder in folders:
        told = {path.stem: yaml.safe_load(path.read_text()) for path in folder.glob("*.yml") if path.stem != "main"}
        kinds_of = {family: {name: type(value) for name, value in its.items()} for family, its in told.items()}
        assert kinds_of == dict.fromkeys(sorted(set(FAMILIES.values())), kinds_of["Debian"]), folder


def test_ansible_checks_nothing_by_what_only_documents() -> None:
    """It checks the variables of an entry point before the tasks of its name: those of the description have none."""
    tasks = {
        f"{role}/{name}": f"roles/{role}/tasks/{name}.yml" for role, each in settings.ROLES.items() for name in each
    }

    assert [name for name, path in tasks.items() if not (ROOT / path).exists()] == ["preflight/variables"]
    assert not [name for name in kinds.options(settings.Preflight) if name.startswith("lvs_")]


@dataclasses.dataclass(frozen=True)
class Asking:
    """Asks for a path."""

    path: str = kinds.option(kinds.URL_PATH, "the path to ask for")
    retry: int = kinds.option(kinds.integer(0, 9), "further tries", default=3)


@dataclasses.dataclass(frozen=True)
class Connecting:
    """Connects."""

    retry: int = kinds.option(kinds.integer(0, 9), "further tries", default=3)


CHECK = kinds.Reader(lambda *_: None, "mapping", kind="dict", tables={"HTTP_GET": Asking, "TCP_CHECK": Connecting})


@dataclasses.dataclass(frozen=True)
class Service:
    """A service."""

    checks: Any = kinds.option(kinds.list_of(CHECK), "how servers are checked", default=())  # noqa: RUF009 - a field


def test_a_mapping_of_one_of_several_tables_has_the_options_of_all(tool) -> None:
    checks = tool.option_specs({"": Service})["checks"]

    assert (checks["type"], checks["elements"]) == ("list", "dict")
    assert checks["options"] == {
        "type": {
            "description": ["What it is; the other options go by it.", "Asks for a path.", "Connects."],
            "type": "str",
            "default": "HTTP_GET",
            "choices": ["HTTP_GET", "TCP_CHECK"],
        },
        "path": {"description": ["The path to ask for.", "Path of a URL.", "For HTTP_GET."], "type": "str"},
        "retry": {"description": ["Further tries.", "0 to 9."], "type": "int", "default": 3},
    }


def test_each_of_several_tables_is_shown_under_its_word(tool) -> None:
    lines = list(tool.table_lines(Service, "services"))

    assert [line for line in lines if line.startswith("## ")] == [
        "## services",
        "## services: checks HTTP_GET",
        "## services: checks TCP_CHECK",
    ]


@dataclasses.dataclass(frozen=True)
class Services:
    """Two services."""

    first: Any = kinds.option(kinds.table(Service), "one", default=None)  # noqa: RUF009 - a field
    other: Any = kinds.option(kinds.table(Service), "and another one", default=None)  # noqa: RUF009 - a field


def test_a_table_that_several_options_have_is_shown_once_and_the_others_say_where(tool) -> None:
    lines = list(tool.table_lines(Services, "services"))

    assert [line for line in lines if line.startswith("## ")] == [
        "## services",
        "## services: first",
        "## services: first: checks HTTP_GET",
        "## services: first: checks TCP_CHECK",
    ]
    assert "| `first` | one | mapping |  |" in lines
    assert "| `other` | and another one | mapping, as in `services: first` |  |" in lines


def test_defaults_are_written_with_what_they_are_and_why(tool) -> None:
    text = tool.defaults(settings.Director)

    values = yaml.safe_load(text)["director_sysctls"]
    entries = dataclasses.fields(settings.Director)[0].default
    assert list(values.items()) == [(each.key, each.value) for each in entries]
    for each in entries:
        assert f"  # {each.why.split(',')[0]}" in text


def test_a_default_that_is_a_template_is_a_default_and_no_documented_value(tool) -> None:
    spec = yaml.safe_load(tool.argument_specs(settings.ROLES["realserver"]))["argument_specs"]["main"]["options"]

    assert (
        yaml.safe_load(tool.defaults(settings.Realserver))["realserver_network"] == "{{ ansible_facts['lvs_network'] }}"
    )
    assert spec["realserver_network"]["choices"] == list(STACKS)
    assert "default" not in spec["realserver_network"]


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


@pytest.mark.parametrize(
    ("name", "count"), [("description", 5), ("dns", 1), ("ipv6", 2), ("proxies", 2), ("services", 4), ("static", 1)]
)
def test_documents_quote_inventories(name: str, count: int) -> None:
    text = (ROOT / "docs" / f"{name}.md").read_text()
    quoted = re.findall(r"```yaml\n# (\S+)\n(.*?)```", text, re.DOTALL)
    assert len(quoted) == count
    for source, part in quoted:
        assert part in (ROOT / source).read_text(), f"docs/{name}.md and {source} differ"

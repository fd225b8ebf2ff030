"""Writes what repeats the model of the description and of the roles' variables, for Ansible and for readers.

That is: of each role the argument specifications, the defaults and the table of its README; docs/description.md; and
docs/keywords.md, which also says what inventories of tests write.
`python tools/document.py` writes them; with --check it only says which are stale (a unit test does).
"""

from __future__ import annotations

import dataclasses
import inspect
import json
import re
import sys
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / ".collections"))

from ansible_collections.lvs.cluster.plugins.module_utils._description import kinds, parts  # noqa: E402 - needs the path
from ansible_collections.lvs.cluster.plugins.module_utils._description.model import (  # noqa: E402
    cluster,
    hosts,
    scripts,
    settings,
)
from ansible_collections.lvs.cluster.plugins.module_utils._problems import listed  # noqa: E402

Field = dataclasses.Field[Any]
Tables = Mapping[str, type[Any]]
Spec = dict[str, Any]

WIDTH = 120
# PyYAML ends a line with the word that comes to this column.
YAML_WIDTH = WIDTH - 12
ORIGIN = "by tools/document.py from plugins/module_utils/_description"
HEADER = f"# Written {ORIGIN}: what is changed here is lost.\n"
# C(code), and what else Ansible has of this kind.
MARKUP = re.compile(r"\b[COVML]\(([^)]*)\)")
# A part of a document that people write: its name, and what is between the marks.
PART = re.compile(rf"(<!-- (\w+), written {ORIGIN} -->\n).*?(<!-- end -->)", re.DOTALL)


def held(reader: kinds.Reader) -> kinds.Reader:
    """The reader of a value, or of each value of a list or a mapping."""
    return held(reader.element) if reader.element else reader


def reader_of(field: Field) -> kinds.Reader:
    reader: kinds.Reader = field.metadata["reader"]
    return reader


def default_of(field: Field) -> Any:
    """The default as YAML holds it; None where there is none, or where a template finds it."""
    default = field.default
    if default is dataclasses.MISSING or (isinstance(default, str) and "{{" in default):
        return None
    if isinstance(default, tuple) and reader_of(field).kind == "dict":
        return {each.key: each.value for each in default}
    return list(default) if isinstance(default, tuple) else default


# The tables of documents


def table_lines(outermost: type[Any], heading: str) -> Iterator[str]:
    """A table of the description under its title, and then those in it, each once: others of a kind say where it is."""
    first: dict[type[Any], str] = {}
    for title, table in titled(outermost, heading):
        first.setdefault(table, title)
    for table, title in first.items():
        yield from (f"## {title}", "", markdown(first_line(table)), "")
        yield from ("| key | meaning | value | default |", "| --- | --- | --- | --- |")
        for name, field in kinds.options(table).items():
            inner = held(reader_of(field)).tables
            elsewhere = {first[each] for each in inner.values()} - set(titles_within(table, title, name, inner))
            where = (
                [field.metadata["as_in"]] if field.metadata["as_in"] else [f"`{each}`" for each in sorted(elsewhere)]
            )
            yield line_of_option(name, field, "".join(f", as in {each}" for each in where))
        yield ""


def titled(table: type[Any], title: str) -> Iterator[tuple[str, type[Any]]]:
    """A table with its title, and then those in it."""
    yield title, table
    for name, field in kinds.options(table).items():
        inner = told_tables(field)
        for each, path in zip(inner.values(), titles_within(table, title, name, inner), strict=True):
            yield from titled(each, path)


def told_tables(field: Field) -> Tables:
    """The tables of an option, if this is where documents tell of them."""
    return {} if field.metadata["as_in"] else held(reader_of(field)).tables


def titles_within(table: type[Any], title: str, name: str, words: Iterable[str]) -> list[str]:
    path = name if table is cluster.Cluster else f"{title}: {name}"
    return [f"{path} {word}".strip() for word in words]


def rows(heading: str, table: type[Any]) -> Iterator[str]:
    yield from (f"| {heading} | meaning | value | default |", "| --- | --- | --- | --- |")
    yield from lines_of_options(table, "")


def lines_of_options(table: type[Any], path: str) -> Iterator[str]:
    for name, field in kinds.options(table).items():
        yield line_of_option(f"{path}{name}", field)


def line_of_option(name: str, field: Field, where: str = "") -> str:
    about, accepts = markdown(field.metadata["about"]), reader_of(field).accepts
    return f"| `{name}` | {about} | {accepts}{where} | {shown_default(field)} |"


def shown_default(field: Field) -> str:
    if field.default is dataclasses.MISSING:
        return "**required**"
    default = default_of(field)
    return "" if default in (None, "", [], {}) else f"`{default if isinstance(default, str) else json.dumps(default)}`"


def role_rows(table: type[Any]) -> Iterator[str]:
    """The variables of a role, and the keys of those that are mappings."""
    yield from rows("variable", table)
    for name, field in kinds.options(table).items():
        for inner in held(reader_of(field)).tables.values():
            yield from lines_of_options(inner, f"{name}.")


def first_line(table: type[Any]) -> str:
    """What a table is, in a line."""
    return (inspect.getdoc(table) or "").splitlines()[0]


def markdown(text: str) -> str:
    """Ansible's markup as Markdown."""
    return MARKUP.sub(r"`\1`", text)


# What keepalived is seen to take


def keyword_rows() -> Iterator[str]:
    """Each option of keepalived.conf, with the scenarios whose hosts run with it and the golden cases that have it."""
    run = {path.parent.name: written_in(path) for path in sorted(ROOT.glob("molecule/*/inventory"))}
    run["test-kernel"] = set().union(*map(written_in, ROOT.glob("tests/kernel/*/inventory.yml")))
    golden = {path.parent.name: written_in(path) for path in sorted(ROOT.glob("tests/golden/*/inventory.yml"))}
    yield from ("| option | run in | golden | since |", "| --- | --- | --- | --- |")
    for option, field in keepalived_options():
        scenarios, cases = ([name for name, options in source.items() if option in options] for source in (run, golden))
        ran, seen = ", ".join(scenarios) or "golden only", listed(cases)
        if field.metadata["about"].startswith("refused"):
            ran, seen = "refused", ""
        yield f"| `{option}` | {ran} | {seen} | {field.metadata['since']} |"


def keepalived_options() -> Iterator[tuple[str, Field]]:
    known = kinds.options(cluster.Cluster)
    for variable in ("lvs_global_defs", *parts.KEEPALIVED_TABLES):
        yield from options_within(variable, known[variable])


def options_within(path: str, field: Field) -> Iterator[tuple[str, Field]]:
    for word, table in told_tables(field).items():
        # What a script is, is no matter of keepalived.
        for name, inner in kinds.options(table).items() if table is not scripts.Script else ():
            yield option_path(path, word, name), inner
            yield from options_within(option_path(path, word, name), inner)


def option_path(path: str, word: str, name: str) -> str:
    if not word:
        return f"{path}: {name}"
    # Of several tables each is told of once, wherever it stands.
    variable, *_between, last = path.split(": ")
    return f"{variable}: {last} {word}: {name}"


def written_in(path: Path) -> set[str]:
    """The options that an inventory writes."""
    known = kinds.options(cluster.Cluster)
    files = sorted(path.rglob("*.yml")) if path.is_dir() else [path]
    variables = (each for file in files for each in mappings(yaml.safe_load(file.read_text())))
    return {
        option
        for each in variables
        for name, value in each.items()
        if name in known
        for option in options_in(name, known[name], value)
    }


def mappings(value: Any) -> Iterator[Mapping[str, Any]]:
    """All mappings in a document."""
    if isinstance(value, Mapping):
        yield value
    for each in value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ():
        yield from mappings(each)


def options_in(path: str, field: Field, value: Any) -> Iterator[str]:
    """The options that stand in the value of one."""
    tables = held(reader_of(field)).tables
    for each in (value if isinstance(value, list) else [value]) if tables else ():
        word = each.get("type", next(iter(tables), "")) if isinstance(each, Mapping) else next(iter(tables), "")
        if word and not isinstance(each, Mapping):
            continue  # of several tables, a word is none
        known = kinds.options(tables[word])
        # A bare word stands for the first option of its table.
        entry = each if isinstance(each, Mapping) else {next(iter(known), ""): each}
        for name, inner in entry.items():
            if name in known:
                yield option_path(path, word, name)
                yield from options_in(option_path(path, word, name), known[name], inner)


# The files of roles


# Of what is written in one line, however deep: yamllint takes no second one as PyYAML indents it.
LONGEST_WORDS = 80


class Words(list[str]):
    """A list that is written in one line, unless that is too long."""


class Dumper(yaml.SafeDumper):
    """Writes YAML as yamllint wants it."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002 - PyYAML's
        super().increase_indent(flow, indentless=False)


Dumper.add_representer(
    Words,
    lambda dumper, words: dumper.represent_sequence(
        "tag:yaml.org,2002:seq", words, flow_style=len(", ".join(words)) < LONGEST_WORDS
    ),
)


def argument_specs(entry_points: Tables) -> str:
    specs = {name: entry_point(table, name == "main") for name, table in entry_points.items()}
    text = yaml.dump({"argument_specs": specs}, Dumper=Dumper, sort_keys=False, width=YAML_WIDTH)
    return HEADER + text


def entry_point(table: type[Any], main: bool) -> Spec:
    short, *paragraphs = (inspect.getdoc(table) or "").split("\n\n")
    spec: Spec = {
        "short_description": short.rstrip("."),
        "description": [" ".join(each.split()) for each in paragraphs],
        "options": option_specs({"": table}),
    }
    if main:
        # An empty one too: it stands in defaults/main.yml.
        for name, field in kinds.options(table).items():
            if default_of(field) is not None:
                spec["options"][name]["default"] = default_of(field)
    return spec


def option_specs(tables: Tables) -> Spec:
    """The options of a mapping; of one that may become several tables, those of all of them."""
    found: dict[str, dict[str, Field]] = {}
    for word, table in tables.items():
        for name, field in kinds.options(table).items():
            found.setdefault(name, {})[word] = field
    options = {name: merged(fields, tables) for name, fields in found.items()}
    if len(tables) == 1:
        return options
    told = ["What it is; the other options go by it.", *(first_line(table) for table in tables.values())]
    kind = {"description": told, "type": "str", "default": next(iter(tables)), "choices": Words(tables)}
    return {"type": kind, **options}


def merged(fields: Mapping[str, Field], tables: Tables) -> Spec:
    """An option, as the tables that have it see it: each under the word of its table."""
    specs = [option_spec(field) for field in fields.values()]
    spec: Spec = specs[0]
    for each, word in zip(specs, fields, strict=True):
        if (each["type"], each.get("default")) != (spec["type"], spec.get("default")):
            raise SystemExit(f"An option of {word} has a type or a default of its own: {each}, and {spec}")
        if each["description"] != spec["description"]:
            spec["description"].append(f"For {word}: {each['description'][0]}")
    choices = Words(dict.fromkeys(word for each in specs for word in each.get("choices", [])))
    if choices:
        spec["choices"] = choices
    if len(fields) < len(tables):
        spec["description"].append(f"For {', '.join(fields)}.")
    if len(fields) < len(tables) or not all(each.get("required") for each in specs):
        spec.pop("required", None)
    return spec


def option_spec(field: Field) -> Spec:
    reader = reader_of(field)
    inner = reader.element if reader.kind == "list" and reader.element else reader
    # Ansible itself tells of these which values they take.
    told = inner.kind == "bool" or inner.choices or told_tables(field)
    where = f", as in {field.metadata['as_in']}" if field.metadata["as_in"] else ""
    spec: Spec = {
        "description": [sentence(field.metadata["about"]), *([] if told else [f"{capital(inner.accepts)}{where}."])],
        "type": reader.kind,
    }
    if reader.kind == "list":
        spec["elements"] = inner.kind
    if field.default is dataclasses.MISSING:
        spec["required"] = True
    elif default_of(field) not in (None, "", [], {}):
        spec["default"] = default_of(field)
    if field.metadata["no_log"]:
        spec["no_log"] = True
    if inner.choices:
        spec["choices"] = Words(inner.choices)
    if told_tables(field):
        spec["options"] = option_specs(inner.tables)
    return spec


def defaults(table: type[Any]) -> str:
    """The defaults of a role, each with the comment that says what it is, and why."""
    return HEADER + "".join(f"\n{default_text(name, field)}" for name, field in kinds.options(table).items())


def default_text(name: str, field: Field) -> str:
    about = comment(sentence(MARKUP.sub(r"\1", field.metadata["about"])))
    default: Any = field.default
    if isinstance(default, str):
        return f"{about}{name}: {json.dumps(default)}\n"
    if reader_of(field).kind == "dict" and default:
        entries = "".join(f"{comment(each.why)}{each.key}: {json.dumps(each.value)}\n" for each in default)
        return f"{about}{name}:\n{textwrap.indent(entries, '  ')}"
    return f"{about}{name}: {json.dumps(default_of(field))}\n"


def comment(text: str) -> str:
    lines = textwrap.wrap(text, WIDTH - 2, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False)
    return "\n".join([*lines, ""])


def sentence(words: str) -> str:
    """The words about an option as a sentence. A keyword that they start with, as C(mh:), stays as it is written."""
    first = words.split(maxsplit=1)[0]
    return f"{words if first.endswith(':') else capital(words)}."


def capital(words: str) -> str:
    return words[0].upper() + words[1:]


# All of them


def written() -> dict[Path, str]:
    """Each file that repeats the model, as it should be."""
    files = {}
    for name, entry_points in settings.ROLES.items():
        role, main = ROOT / "roles" / name, entry_points["main"]
        files[role / "meta" / "argument_specs.yml"] = argument_specs(entry_points)
        files[role / "defaults" / "main.yml"] = defaults(main)
        files[role / "README.md"] = document(role / "README.md", variables=role_rows(main))
    description = ROOT / "docs" / "description.md"
    files[description] = document(
        description,
        hosts=rows("variable", hosts.HostVariables),
        tables=table_lines(cluster.Cluster, "Variables"),
    )
    keywords = ROOT / "docs" / "keywords.md"
    files[keywords] = document(keywords, keywords=keyword_rows())
    return files


def document(path: Path, **parts: Iterator[str]) -> str:
    """A document with its parts as they should be; all of them must be marked in it."""
    left = {name: "\n".join(lines).rstrip() + "\n" for name, lines in parts.items()}
    text = PART.sub(lambda found: f"{found[1]}{left.pop(found[2])}{found[3]}", path.read_text())
    if left:
        raise SystemExit(f"{path.relative_to(ROOT)} has no mark for {', '.join(left)}")
    return text


def main(arguments: list[str]) -> int:
    stale = {path: text for path, text in written().items() if not path.exists() or path.read_text() != text}
    for path, text in stale.items():
        name = path.relative_to(ROOT)
        if "--check" in arguments:
            print(f"{name} is not what the model says: change the model, and run python tools/document.py")
        else:
            path.write_text(text)
            print(f"written: {name}")
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

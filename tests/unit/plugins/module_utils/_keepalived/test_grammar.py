"""keepalived.conf as people write it, and as they do not."""

from __future__ import annotations

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.grammar import Statement, Tree, parse, render
from hypothesis import given
from hypothesis import strategies as st


def words(tree: Tree) -> list[tuple[str, ...]]:
    return [each.words for each in tree.statements]


@pytest.mark.parametrize(
    "text",
    [
        "a b {\n    c d\n}\n",
        "a b\n{\n    c d\n}\n",
        "a b { c d }\n",
        "a b {c d}",
        "! said\na b { # more\n  c   d ! and more\n\n}\n",
        '"a" b {\n c "d"\n}',
        "a b {\n  c d\n",
    ],
    ids=["usual", "next line", "one line", "no spaces", "comments", "quotes", "never closed"],
)
def test_a_block_is_read_however_it_is_written(text: str) -> None:
    assert parse(text).statements == (Statement(("a", "b"), (Statement(("c", "d")),)),)


def test_blocks_in_one_line_follow_each_other() -> None:
    block = (Statement(("b",), (Statement(("1",)),)), Statement(("c",), ()))
    assert parse("a { b { 1 } c { } }").statements == (Statement(("a",), block),)


def test_quotes_keep_spaces_braces_and_comments() -> None:
    assert words(parse('notify "/bin/x {1} # ! y" z\n')) == [("notify", "/bin/x {1} # ! y", "z")]


def test_a_backslash_makes_a_comment_sign_an_ordinary_one() -> None:
    assert words(parse("auth_pass a\\#b\\!c # d\n")) == [("auth_pass", "a#b!c")]


def test_definitions_are_put_in_where_they_are_named() -> None:
    text = "$V=192.0.2.\n$W= x y\na ${V}1 $W\nb $UNKNOWN\n$V=2\nc ${V}\n"
    assert words(parse(text)) == [("a", "192.0.2.1", "x", "y"), ("b", "$UNKNOWN"), ("c", "2")]


def test_a_definition_of_several_lines_becomes_as_many() -> None:
    text = "$CHECK= \\\n  TCP_CHECK { \\\n    retry 3 \\\n  }\nreal_server x 80 {\n  $CHECK\n}\n"
    check = Statement(("TCP_CHECK",), (Statement(("retry", "3")),))
    assert parse(text).statements == (Statement(("real_server", "x", "80"), (check,)),)


def test_a_condition_asks_for_the_config_id() -> None:
    text = "@one a\n@two b\n@^one c\nd\n"
    assert words(parse(text, config_id="one")) == [("a",), ("d",)]
    assert words(parse(text)) == [("c",), ("d",)]


def test_includes_are_read_where_they_stand_each_from_its_own_directory() -> None:
    files = {
        ("conf.d/*.conf", "/etc/keepalived"): [("/etc/keepalived/conf.d/a.conf", "b\ninclude more\n")],
        ("more", "/etc/keepalived/conf.d"): [("/etc/keepalived/conf.d/more", "c\n")],
    }
    tree = parse("a\ninclude conf.d/*.conf\nd\n", "/etc/keepalived", lambda *asked: files[asked])
    assert words(tree) == [("a",), ("b",), ("c",), ("d",)]


def test_an_include_of_itself_ends() -> None:
    assert parse("include me\n", "/", lambda *_asked: [("/me", "include me\n")]).not_understood


@pytest.mark.parametrize("line", ["~SEQ(I, 1, 3) a ${I}", "~LST(I, x, y) a ${I}", "include other"])
def test_what_only_keepalived_knows_is_said(line: str) -> None:
    tree = parse(f"a\n{line}\nb\n")
    assert words(tree) == [("a",), ("b",)]
    assert tree.not_understood == (line,)


def test_a_brace_too_many_changes_nothing() -> None:
    assert words(parse("}\na\n}\nb\n")) == [("a",), ("b",)]


PLAIN = st.text(st.sampled_from("abz019./:_-"), min_size=1, max_size=6)
QUOTED = st.text(st.sampled_from("ab #!{}'"), min_size=1, max_size=6)
WORDS = st.tuples(PLAIN.filter(lambda word: word != "include"), PLAIN | QUOTED)
STATEMENTS = st.recursive(
    st.lists(st.builds(Statement, WORDS), max_size=3).map(tuple),
    lambda inner: st.lists(st.builds(Statement, WORDS, st.none() | inner), max_size=3).map(tuple),
    max_leaves=12,
)


@given(STATEMENTS)
def test_what_is_rendered_is_read_as_it_was(statements: tuple[Statement, ...]) -> None:
    assert parse(render(statements)) == Tree(statements)

# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._nginx.grammar import (
    Directive,
    NotWholeError,
    parse,
    place_of,
    within,
)
from ansible_collections.lvs.cluster.plugins.module_utils._nginx.variables import unknown


@pytest.mark.parametrize(
    ("text", "directives"),
    [
        ("", ()),
        ("a b;", (Directive(("a", "b")),)),
        ('a "b; }" c;', (Directive(("a", "b; }", "c")),)),
        (r"a 'it\'s';", (Directive(("a", r"it\'s")),)),
        ("a ${b}c;", (Directive(("a", "${b}c")),)),
        ('a x"y#z;', (Directive(("a", 'x"y#z')),)),
        ("a; # } is a comment\nb;", (Directive(("a",)), Directive(("b",)))),
        ("a { b; }", (Directive(("a",), (Directive(("b",)),)),)),
        ("a b{c;}", (Directive(("a", "b"), (Directive(("c",)),)),)),
        ("location ~ \\.(a|b)$ { }", (Directive(("location", "~", "\\.(a|b)$"), ()),)),
    ],
)
def test_directives_are_read_as_nginx_reads_them(text: str, directives: tuple[Directive, ...]):
    assert parse(text) == directives


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a", "a directive, a, that no ; ends"),
        ("a { b }", "a directive, b, that no ; ends"),
        ("a {", "a block that it does not close"),
        ("}", "closes a block"),
        ("a; } server { b;", "closes a block"),
        ("a { ", "does not close"),
        ("{ a; }", "opens a block that no directive starts"),
        (";", "ends no directive"),
        ('a "b;', "a quotation that does not end"),
        ("a 'b'c;", "something follows without a space"),
        ("a }b;", "closes|no ; ends"),
        ("a # ;", "no ; ends"),
    ],
)
def test_what_would_change_what_stands_around_it_is_not_whole(text: str, reason: str):
    with pytest.raises(NotWholeError, match=reason):
        parse(text)


def test_directives_in_blocks_are_found():
    assert [each.keyword for each in within(parse("a { b; c { d; } } e;"))] == ["a", "b", "c", "d", "e"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("$host$request_uri ${scheme} $http_x_y $arg_a $cookie_b", []),
        ("$hots a", ["$hots"]),
        ("$http_", ["$http_"]),
        ("a $ b", ["$"]),
        ("${nothing}", ["${nothing}"]),
        ("no", []),
    ],
)
def test_what_is_no_variable_of_nginx_s_own_is_found(text: str, found: list[str]):
    assert unknown(text) == found


@pytest.mark.parametrize(
    ("words", "place"),
    [
        (["/a"], "/a"),
        (["^~", "/a"], "/a"),
        (["^~/a"], "/a"),
        (["=", "/a"], "= /a"),
        (["=/a"], "= /a"),
        (["~*", "a$"], "~* a$"),
        (["~a$"], "~ a$"),
        (["@a"], "@a"),
        ([], ""),
    ],
)
def test_a_location_is_known_by_its_paths_however_it_is_written(words, place):
    assert place_of(words) == place

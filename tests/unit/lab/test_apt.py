"""Which Debian archive a machine uses, told from its apt configuration."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from lvslab import apt
from lvslab.apt import Archive, Source, choose_archive, parse_deb822, parse_list

DEB822 = """\
# A comment
Types: deb deb-src
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
# Another
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main

Enabled: no
Types: deb
URIs: http://off.example/debian
Suites: bookworm
Components: main
"""
ONE_LINE = """\
# deb http://commented.example/debian bookworm main
deb-src http://sources.example/debian bookworm main
deb [arch=amd64 signed-by=/etc/apt/keyrings/vendor.gpg] http://vendor.example/apt bookworm main
deb http://mirror.example/debian bookworm main contrib # the main archive
deb http://mirror.example/debian-security bookworm-security main
"""


def test_deb822_stanzas_are_read() -> None:
    keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"
    assert list(parse_deb822(DEB822)) == [
        Source("http://mirror.example/debian", "bookworm", ("main", "contrib"), keyring),
        Source("http://mirror.example/debian", "bookworm-updates", ("main", "contrib"), keyring),
        Source("http://mirror.example/debian-security", "bookworm-security", ("main",)),
    ]


def test_one_line_sources_are_read() -> None:
    assert list(parse_list(ONE_LINE)) == [
        Source("http://vendor.example/apt", "bookworm", ("main",), "/etc/apt/keyrings/vendor.gpg"),
        Source("http://mirror.example/debian", "bookworm", ("main", "contrib")),
        Source("http://mirror.example/debian-security", "bookworm-security", ("main",)),
    ]


@pytest.mark.parametrize("sources", [parse_deb822(DEB822), parse_list(ONE_LINE)], ids=["deb822", "one-line"])
def test_debians_own_archive_is_chosen_and_no_third_party(sources: list[Source]) -> None:
    archive = choose_archive(sources)
    assert archive == Archive("http://mirror.example/debian", "http://mirror.example/debian-security")


@pytest.mark.parametrize(
    "source",
    [
        Source("http://vendor.example/apt", "vendor-bookworm", ("main",)),
        Source("http://vendor.example/apt", "bookworm", ("stable",)),
        Source("http://mirror.example/ubuntu", "noble", ("main",)),
    ],
    ids=["suite", "component", "distribution"],
)
def test_no_archive_is_better_than_a_wrong_one(source: Source) -> None:
    assert choose_archive([source]) is None


def test_the_development_suite_has_main_alone() -> None:
    archive = Archive("http://mirror.example/debian", "http://mirror.example/debian-security")
    assert archive.lines("forky") == ("deb http://mirror.example/debian forky main",)
    assert len(archive.lines("trixie")) == 3


def test_what_another_lab_has_just_installed_is_not_installed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    here: set[str] = set()

    @contextmanager
    def locked(name: str) -> Iterator[None]:
        assert name, "the lock of subnets and CPUs"
        here.add("mmdebstrap")
        yield

    ran: list[list[str]] = []
    monkeypatch.setattr(apt, "locked", locked)
    monkeypatch.setattr(apt, "run", ran.append)
    monkeypatch.setattr(apt.shutil, "which", lambda program: program if program in here | {"apt-get"} else None)
    monkeypatch.setattr(apt, "KEYRING", apt.Path("/"))
    apt.require({"mmdebstrap": "mmdebstrap"})
    assert ran == []
    apt.require({"mmdebstrap": "mmdebstrap", "mke2fs": "e2fsprogs"})
    assert [command[-1] for command in ran] == ["-q", "e2fsprogs"]

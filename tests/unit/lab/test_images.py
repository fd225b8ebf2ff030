"""An image is kept as long as what it is made from stays the same."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from lvslab.apt import Archive
from lvslab.distribution import Image
from lvslab.errors import LabError
from lvslab.files import File
from lvslab.images import Cache, Recipe, node_recipe
from lvslab.mounts import mounts_below

RECIPE = node_recipe(Image(), Archive("http://mirror.example/debian"), as_disk=True)
assert RECIPE.base
BASE = RECIPE.base


def test_the_same_recipe_is_the_same_image() -> None:
    again = node_recipe(Image(), Archive("http://mirror.example/debian"), as_disk=True)
    assert again.name == RECIPE.name


@pytest.mark.parametrize(
    "change",
    [
        {"packages": (*RECIPE.packages, "vim")},
        {"cached_packages": ()},
        {"files": {**RECIPE.files, "etc/motd": File(b"hello")}},
        {"files": {name: replace(file, mode=0o755) for name, file in RECIPE.files.items()}},
        {"setup": RECIPE.setup + "true\n"},
        {"sources": ()},
        {"suite": "bookworm"},
        {"base": replace(BASE, packages=(*BASE.packages, "vim"))},
    ],
    ids=lambda change: next(iter(change)),
)
def test_any_change_of_the_recipe_makes_another_image(change: dict[str, Any]) -> None:
    assert replace(RECIPE, **change).name != RECIPE.name


def test_an_image_holds_what_its_hosts_choose() -> None:
    bookworm = node_recipe(Image("bookworm", "ifupdown"), Archive("http://mirror.example/debian"), as_disk=True)
    assert "ifupdown" in bookworm.packages
    assert "ifupdown" not in RECIPE.packages
    chosen = Image("trixie", "NetworkManager", resolved=True, locale="de_DE.UTF-8", packages=("opensmtpd",))
    german = node_recipe(chosen, Archive("http://mirror.example/debian"), as_disk=True)
    assert {"network-manager", "locales", "opensmtpd"} <= set(german.packages)
    assert "systemd-resolved" in german.cached_packages
    assert "\nLOCALE=de_DE.UTF-8\n" in german.setup
    assert "localedef" in german.setup
    assert "localedef" not in RECIPE.setup


def test_images_of_a_distribution_are_copies_of_one() -> None:
    chosen = Image("trixie", "NetworkManager", packages=("opensmtpd",))
    assert node_recipe(chosen, Archive("http://mirror.example/debian"), as_disk=True).base == BASE
    # dpkg leaves out the messages of all languages but that of the image it unpacks for.
    german = node_recipe(Image(locale="de_DE.UTF-8"), Archive("http://mirror.example/debian"), as_disk=True)
    assert german.base == replace(BASE, role="base-trixie-de", language="de")


def test_a_new_image_replaces_older_ones_of_its_role_only(tmp_path: Path) -> None:
    images = tmp_path / "images"
    old, other, directory = (f"{role}-0123456789ab{end}" for role, end in NAMES)
    images.mkdir()
    for name in (RECIPE.name, old, other, directory):
        (images / name).touch()
    Cache(tmp_path)._prune(RECIPE)
    assert {path.name for path in images.iterdir()} == {RECIPE.name, other, directory}


def test_what_a_killed_build_left_mounted_is_not_removed_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    leftover = tmp_path / "images" / "building-x"
    leftover.mkdir(parents=True)
    unmounted = []

    def unmount(folder: str) -> None:
        assert leftover.exists(), "removed before"
        unmounted.append(folder)

    monkeypatch.setattr("lvslab.images.unmount_below", unmount)
    Cache(tmp_path)._remove_leftovers()
    assert unmounted == [str(leftover)]
    assert not leftover.exists()


def test_mounts_are_undone_from_the_innermost() -> None:
    table = "proc /a/b proc rw 0 0\ndev /a/b/c\\040d dev rw 0 0\nother /a/bc x rw 0 0\n"
    assert mounts_below("/a", table) == ["/a/bc", "/a/b/c d", "/a/b"]
    assert mounts_below("/a/b", table) == ["/a/b/c d"]


NAMES = [("node-trixie-networkd-disk", ".ext4"), ("node-bookworm-ifupdown-disk", ".ext4"), ("node-trixie-networkd", "")]


@pytest.mark.parametrize(("failures", "built"), [(0, True), (2, True), (3, False)])
def test_an_archive_that_fails_once_fails_no_lab(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failures: int, built: bool
) -> None:
    tries = []

    def bootstrap(_recipe: Recipe, root: Path, _log: Path) -> None:
        tries.append(root)
        if len(tries) <= failures:
            raise LabError("the archive does not answer")
        root.mkdir()

    monkeypatch.setattr("lvslab.images._bootstrap", bootstrap)
    monkeypatch.setattr("lvslab.images._finish", lambda _recipe, _root: None)
    recipe = replace(BASE, as_disk=True)
    monkeypatch.setattr("lvslab.images._disk", lambda root, _disk: root)
    with contextlib.nullcontext() if built else pytest.raises(LabError, match="does not answer"):
        Cache(tmp_path).ensure([recipe])
    assert Cache(tmp_path).path(recipe).exists() == built
    assert len(tries) == min(failures + 1, 3)
    assert not [path for path in (tmp_path / "images").iterdir() if path.name.startswith("building-")]

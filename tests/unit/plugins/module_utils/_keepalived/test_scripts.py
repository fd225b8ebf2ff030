"""Why keepalived would not run a script, from what a host says of it and of the folders that lead to it."""

from __future__ import annotations

import stat

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.scripts import Part, User, refusal

USER = User("keepalived_script", 990, 991)
ROOT = User("root", 0, 0)


def way(folder: int = 0o755, file: int = 0o755, uid: int = 0, gid: int = 0) -> list[Part]:
    """A script in a folder in the root, both with this owner."""
    return [
        Part("/", stat.S_IFDIR | 0o755, 0, 0),
        Part("/scripts", stat.S_IFDIR | folder, uid, gid),
        Part("/scripts/a", stat.S_IFREG | file, uid, gid),
    ]


@pytest.mark.parametrize(
    ("parts", "user"),
    [
        pytest.param(way(), USER, id="open to all"),
        pytest.param(way(), None, id="open to all, and to who is yet to be made"),
        pytest.param(way(0o700, 0o100), ROOT, id="of root alone"),
        pytest.param(way(0o710, 0o710, gid=USER.gid), USER, id="of the user's group"),
        pytest.param(way(0o775, 0o775), USER, id="written by the group of root"),
        pytest.param(way(0o1777), USER, id="folder with the sticky bit"),
    ],
)
def test_a_script_that_root_alone_can_change_and_its_user_can_run_is_run(parts: list[Part], user: User | None) -> None:
    assert refusal(parts, user) == ""


@pytest.mark.parametrize(
    ("parts", "user", "reason"),
    [
        (way(uid=1000), USER, "/scripts belongs to user 1000, not to root"),
        (way(0o777), USER, "everybody may write /scripts"),
        (way(0o775, gid=4), USER, "group 4 may write /scripts"),
        (way(file=0o757), ROOT, "everybody may write /scripts/a"),
        (way(0o700), USER, "/scripts is closed to keepalived_script, who runs the script"),
        (way(0o750), None, "/scripts is closed to keepalived_script, who runs the script"),
        (way(file=0o644), USER, "/scripts/a is closed to keepalived_script, who runs the script"),
        (way(file=0o644), ROOT, "/scripts/a is closed to root, who runs the script"),
        # The group's bits hold for who is of it, and no others.
        (way(file=0o705, gid=USER.gid), USER, "/scripts/a is closed to keepalived_script, who runs the script"),
        (way()[:2], USER, "/scripts is no file"),
        ([*way(), Part("/scripts/a/b", stat.S_IFREG | 0o755, 0, 0)], USER, "/scripts/a is no folder"),
    ],
)
def test_any_other_is_refused_with_the_first_reason_on_the_way(
    parts: list[Part], user: User | None, reason: str
) -> None:
    assert refusal(parts, user) == reason

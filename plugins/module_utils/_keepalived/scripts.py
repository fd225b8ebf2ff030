# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""Which scripts keepalived runs, and why it would not run one.

lib/notify.c: check_script_secure(), check_security(). keepalived itself leaves out a script that it does not trust, or
that its user cannot reach, with a line in the log alone: its test of a file says nothing of a notify script, and that
of 2.2.7 dies where the user is not root.
"""

from __future__ import annotations

import stat
from typing import NamedTuple, Optional, Sequence

# Where those are that the collection brings.
DIRECTORY = "/etc/keepalived/scripts"
# Whom keepalived takes by itself, where there is one.
USER = "keepalived_script"


class User(NamedTuple):
    """Who runs scripts, with his own group and no other."""

    name: str
    uid: int
    gid: int


class Part(NamedTuple):
    """A folder on the way to a script, or the script itself."""

    path: str
    mode: int
    uid: int
    gid: int


def refusal(parts: Sequence[Part], user: Optional[User]) -> str:
    """Why keepalived would not run the script to which these parts lead, the script last; empty if it would.

    parts: from the root on, without links.
    user: None where he will only be made.
    """
    *folders, script = parts
    no_file = "" if stat.S_ISREG(script.mode) else f"{script.path} is no file"
    return refusal_of_folders(folders, user) or no_file or _refusal_of_part(script, user)


def refusal_of_folders(folders: Sequence[Part], user: Optional[User]) -> str:
    """Why keepalived would run nothing that is in the last of these folders; empty if it would."""
    for folder in folders:
        told = _refusal_of_part(folder, user) if stat.S_ISDIR(folder.mode) else f"{folder.path} is no folder"
        if told:
            return told
    return ""


def _refusal_of_part(part: Part, user: Optional[User]) -> str:
    closed = f"{part.path} is closed to {user.name if user else USER}, who runs the script"
    return unsafe_part(part) or ("" if _may_execute(part, user) else closed)


def unsafe_part(part: Part) -> str:
    """Who else than root could change it."""
    if part.uid:
        return f"{part.path} belongs to user {part.uid}, not to root"
    # In a folder with the sticky bit nobody can put away what is another's.
    if stat.S_ISDIR(part.mode) and part.mode & stat.S_ISVTX:
        return ""
    if part.mode & stat.S_IWOTH:
        return f"everybody may write {part.path}"
    if part.mode & stat.S_IWGRP and part.gid:
        return f"group {part.gid} may write {part.path}"
    return ""


def _may_execute(part: Part, user: Optional[User]) -> bool:
    if user and user.uid == 0:
        return bool(part.mode & (stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH))
    in_group = user is not None and user.gid == part.gid
    return bool(part.mode & (stat.S_IXGRP if in_group else stat.S_IXOTH))

"""The user behind sudo: the lab needs root, Ansible does not."""

from __future__ import annotations

import os
import pwd
import shutil
from pathlib import Path

_KEY = ".cache/lvs-lab/id_ed25519"


def share_key(cache: Path) -> None:
    """Let the user who called sudo log into hosts: the inventory names the key in the home of whoever runs Ansible."""
    user = os.environ.get("SUDO_UID")
    if not user or user == "0":
        return
    account = pwd.getpwuid(int(user))
    key = Path(account.pw_dir, _KEY)
    made = [folder for folder in (key.parents[1], key.parent) if not folder.exists()]
    key.parent.mkdir(parents=True, exist_ok=True)
    if not key.exists() or not key.samefile(cache / key.name):
        shutil.copy(cache / key.name, key)
    for path in (*made, key.parent, key):  # the folder too: Ansible's connections live in it
        os.chown(path, account.pw_uid, account.pw_gid)

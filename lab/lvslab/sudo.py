"""The user behind sudo: the lab needs root, Ansible does not."""

from __future__ import annotations

import os
import pwd
from pathlib import Path


def caches() -> list[Path]:
    """The lab's folder in the home of the user who called sudo: the inventory names the key and connections there."""
    user = os.environ.get("SUDO_UID")
    return [Path(pwd.getpwuid(int(user)).pw_dir, ".cache/lvs-lab")] if user and user != "0" else []


def share_key(key: Path) -> None:
    """Let the user who called sudo log into hosts."""
    for folder in caches():
        account = pwd.getpwuid(int(os.environ["SUDO_UID"]))
        made = [each for each in (folder.parent, folder) if not each.exists()]
        folder.mkdir(parents=True, exist_ok=True)
        copy = folder / key.name
        if not copy.exists() or not copy.samefile(key):
            # Never anybody else's to read, and never written through a link.
            copy.unlink(missing_ok=True)
            descriptor = os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
            with open(descriptor, "wb") as file:
                file.write(key.read_bytes())
        for path in (*made, folder, copy):  # the folder too: Ansible's connections live in it
            os.chown(path, account.pw_uid, account.pw_gid)

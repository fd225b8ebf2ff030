"""What the lab cannot run on: said in one line before anything is made, instead of found out halfway."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from lvslab.errors import LabError

# A host of either Debian was seen to take 6, for systemd and its services; the rest is for what roles start.
_INOTIFY_PER_HOST = 8
_INOTIFY_LIMIT = Path("/proc/sys/fs/inotify/max_user_instances")


def check_system(platform: str = sys.platform, version: Path = Path("/proc/version")) -> None:
    """Refuse systems that lack what both engines need."""
    if platform != "linux":
        raise LabError(f"the lab needs Linux; {platform} is not supported: use a virtual machine with Debian")
    if "microsoft" in version.read_text(encoding="utf-8").lower():
        raise LabError("Windows' Subsystem for Linux (WSL) is not supported: use a virtual machine with Debian")


def check_cgroups(mounted: Path = Path("/sys/fs/cgroup")) -> None:
    """Engine ``host`` runs systemd in containers on this machine's own control groups."""
    if not (mounted / "cgroup.controllers").exists():
        raise LabError(
            "control groups of version 1 are not supported by engine host: boot this machine with version 2"
            " (systemd.unified_cgroup_hierarchy=1), or use engine uml (LAB_ENGINE=uml)"
        )


def check_inotify(hosts: int) -> None:
    """All containers of engine ``host`` share root's inotify instances; systemd cannot boot without."""
    limit, needed = int(_INOTIFY_LIMIT.read_text(encoding="utf-8")), inotify_in_use() + hosts * _INOTIFY_PER_HOST
    if needed > limit:
        raise LabError(
            f"{hosts} hosts need up to {needed} inotify instances together with what runs here,"
            f" this machine allows root {limit}: sysctl -w fs.inotify.max_user_instances={max(1024, 2 * needed)}"
        )


def inotify_in_use() -> int:
    """How many of root's instances are taken."""
    count = 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if process.stat().st_uid == 0:
                count += sum(os.readlink(file) == "anon_inode:inotify" for file in (process / "fd").iterdir())
        except OSError:
            continue  # it ended, or its files did
    return count

# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""The one door to what a host says of its distribution, of who works on it, and of units that are there."""

from __future__ import annotations

import glob
import os
import pwd
from typing import Any, Dict, List

from .text import read_exact

# os-release(5): the first that is there counts.
OS_RELEASE = ("/etc/os-release", "/usr/lib/os-release")
# The one is there while keepalived runs, the other where the boot starts it.
KEEPALIVED = ("/run/keepalived.pid", "/etc/systemd/system/multi-user.target.wants/keepalived.service")
# By cluster, the unit that has the device of tunnels up (roles/realserver/vars/main.yml).
TUNNEL_UNITS = "/etc/systemd/system/%s-realserver-tunnel.service"
# By cluster, the unit that opens a port to tunnels in UDP (there too).
GUE_UNITS = "/etc/systemd/system/%s-realserver-gue@.service"
# By cluster, the modules that tunnels need, with a line that names the services (there too).
TUNNEL_MODULES = "/etc/modules-load.d/%s-realserver.conf"
TUNNELLED = "# In tunnels:"
# Where a unit that the boot starts has a link.
WANTED = "/etc/systemd/system/multi-user.target.wants"


def os_release() -> str:
    """The text in which a distribution names itself; empty where it does not."""
    for path in OS_RELEASE:
        if os.path.exists(path):
            with open(path, encoding="utf-8", errors="replace") as file:
                return file.read()
    return ""


def user() -> Dict[str, Any]:
    """Whose rights this has, by the names that M(ansible.builtin.setup) has for them."""
    number = os.geteuid()
    return {"user_id": pwd.getpwuid(number).pw_name, "effective_user_id": number}


def keepalived() -> str:
    """The file by which keepalived runs here, or will after the next boot; empty where it does not."""
    return next(filter(os.path.lexists, KEEPALIVED), "")


def tunnel_units() -> Dict[str, bool]:
    """The clusters whose packets are taken out of tunnels here, and whether they are after the next boot."""
    return {
        cluster: os.path.lexists(os.path.join(WANTED, os.path.basename(path)))
        for cluster, path in _by_cluster(TUNNEL_UNITS).items()
    }


def gue_ports() -> Dict[str, List[int]]:
    """The clusters whose packets are taken out of tunnels in UDP here, and at which ports after the next boot."""
    found = {}
    for cluster, path in _by_cluster(GUE_UNITS).items():
        before, after = os.path.join(WANTED, os.path.basename(path)).split("@")
        named = (link[len(before) + 1 : -len(after)] for link in glob.glob(f"{before}@*{after}"))
        found[cluster] = sorted(int(name) for name in named if name.isdigit())
    return found


def tunnelled() -> Dict[str, List[str]]:
    """By cluster, the services whose packets come in tunnels."""
    return {cluster: _tunnelled(path) for cluster, path in _by_cluster(TUNNEL_MODULES).items()}


def _tunnelled(path: str) -> List[str]:
    lines = read_exact(path).splitlines()
    return [name for line in lines if line.startswith(TUNNELLED) for name in line[len(TUNNELLED) :].split()]


def _by_cluster(pattern: str) -> Dict[str, str]:
    """The files that have the name of a cluster in theirs."""
    before, after = pattern.split("%s")
    return {path[len(before) : -len(after)]: path for path in sorted(glob.glob(pattern % "*"))}

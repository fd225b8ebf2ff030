# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""What an interface has after each boot: in files, which who sets up the network reads."""

from __future__ import annotations

import time
from typing import Any, Dict

from ansible_collections.lvs.cluster.plugins.module_utils._addresses.stacks import STACKS, Stack, gone
from ansible_collections.lvs.cluster.plugins.module_utils._addresses.wish import Wish
from ansible_collections.lvs.cluster.plugins.module_utils._problems import bad_option

from .files import Files, Wanted
from .networks import RUNNING, NetworkError, Running, no_dummies, other_additions, own_files
from .systemd import enablement

# For an interface to be set up anew, after who does it was told.
SECONDS = 5


def hold(module: Any, wish: Wish, name: str, networkd_file: str = "") -> Dict[str, Any]:
    """Have them there after each boot.

    name: who sets up the network.
    """
    stack = STACKS[name]
    _require_started(module, stack, wish)
    if not stack.has_ipv6 and any(":" in each.address for each in wish.addresses):
        raise bad_option("addresses", None, f"has one of IPv6, of which {name} knows no aliases")
    if wish.is_dummy and not stack.has_dummies:
        raise no_dummies(name)
    if wish.routes and not stack.has_routes:
        raise NetworkError(
            f"{name} reads all routes of {wish.interface} from one file, which is the host's own",
            remedy=f"Write the gateway there, as GATEWAY={wish.routes[0].via} in ifcfg-{wish.interface}, and remove "
            "lvs_set_gateway of the host (docs/nat.md)",
        )
    running = RUNNING[name](module, wish, networkd_file)
    running.look()
    files = Files(module, [Wanted(*each) for each in stack.files(wish, running.found)])
    differing, diff, read = files.changed, files.diff(), running.reads()
    if not (read or differing or running.is_told):
        raise running.unread()
    if not module.check_mode and (differing or not read):
        files.apply()
        running.tell()
        _wait_until_read(running)
    return {"differing": differing, "read": read, "diff": diff}


def _wait_until_read(running: Running) -> None:
    deadline = time.monotonic() + SECONDS
    while not running.reads():
        if time.monotonic() > deadline:
            raise running.unread()
        time.sleep(0.2)


def _require_started(module: Any, stack: Stack, wish: Wish) -> None:
    """Fail where the boot does not start who sets up the network."""
    state, _errors = enablement(module.run_command, stack.unit)
    if state in ("disabled", "masked"):
        raise NetworkError(
            f"{stack.unit} is {state}, so nobody reads at boot which {wish.kind} {wish.interface} has",
            remedy=f"Use 'systemctl enable {stack.unit}', or set realserver_network to what does set up this host's "
            "network",
        )


def let_go(module: Any, wish: Wish, name: str, networkd_file: str = "") -> Dict[str, Any]:
    """Have nothing of the owner's there any more."""
    stack = STACKS[name]
    running = RUNNING[name](module, wish, networkd_file)
    absent = gone(wish, own_files(wish.interface, wish.owner), bool(other_additions(wish)))
    if stack.shares_files:
        running.look()
        absent += stack.files(wish, running.found)
    files = Files(module, [Wanted(*each) for each in absent])
    differing, diff = files.changed, files.diff()
    if not module.check_mode and differing:
        files.apply()
        running.tell_gone()
    return {"differing": differing, "read": True, "diff": diff}

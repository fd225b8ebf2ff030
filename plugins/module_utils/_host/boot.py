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


class Holding:
    """What it takes to have them there after each boot; what cannot be is refused before anything is changed.

    outcome: what changes, for a result.
    """

    def __init__(self, module: Any, wish: Wish, name: str, networkd_file: str = "") -> None:
        """name: who sets up the network."""
        stack = STACKS[name]
        _require_started(module, stack, wish)
        _require_possible(stack, wish)
        self._running = RUNNING[name](module, wish, networkd_file)
        self._running.look()
        self._files = Files(module, [Wanted(*each) for each in stack.files(wish, self._running.found)])
        differing, read = self._files.changed, self._running.reads()
        self.outcome: Dict[str, Any] = {"differing": differing, "read": read, "diff": self._files.diff()}
        if not (read or differing or self._running.is_told):
            raise self._running.unread()

    def apply(self) -> None:
        if self.outcome["read"] and not self.outcome["differing"]:
            return
        self._files.apply()
        try:
            self._running.tell()
        except NetworkError:
            # Who does not take our file may not take those of the host's own beside it, at the next boot.
            self._files.put_back()
            raise
        _wait_until_read(self._running)


def hold(module: Any, wish: Wish, name: str, networkd_file: str = "") -> Dict[str, Any]:
    """Have them there after each boot."""
    holding = Holding(module, wish, name, networkd_file)
    if not module.check_mode:
        holding.apply()
    return holding.outcome


def _require_possible(stack: Stack, wish: Wish) -> None:
    """Fail where files of ours cannot say it to who sets up the network."""
    if not stack.has_ipv6 and any(":" in each.address for each in wish.addresses):
        raise bad_option("addresses", None, f"has one of IPv6, of which {stack.name} knows no aliases")
    if wish.is_dummy and not stack.has_dummies:
        raise no_dummies(stack.name)
    if wish.routes and not stack.has_routes:
        raise NetworkError(
            f"{stack.name} reads all routes of {wish.interface} from one file, which is the host's own",
            remedy=f"Write the gateway there, as GATEWAY={wish.routes[0].via} in ifcfg-{wish.interface}, and remove "
            "lvs_set_gateway of the host (docs/nat.md)",
        )


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
        running.look_for_rest()
        absent += stack.files(wish, running.found)
    files = Files(module, [Wanted(*each) for each in absent])
    differing, diff = files.changed, files.diff()
    if not module.check_mode and differing:
        files.apply()
        running.tell_gone()
    return {"differing": differing, "read": True, "diff": diff}

# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""Servers, in whichever table."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.lvs.cluster.plugins.module_utils._description.kinds import ADDRESS, WORD, option


@dataclass(frozen=True)
class Server:
    """What is told of every server."""

    host: str = option(WORD, "a host of the inventory", default="")
    address: str = option(ADDRESS, "an address, for a server outside the inventory", default="")

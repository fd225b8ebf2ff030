# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""What must hold between what is said of keepalived as a whole and the rest of a description."""

from __future__ import annotations

from typing import Iterator

from ansible_collections.lvs.cluster.plugins.module_utils._description.kinds import given, options
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.cluster import Cluster
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.globals import GlobalDefs, LvsTimeouts
from ansible_collections.lvs.cluster.plugins.module_utils._description.parts import keepalived_entries
from ansible_collections.lvs.cluster.plugins.module_utils._problems import Problem

# What a director without keepalived has too.
OF_ALL_DIRECTORS = ("lvs_timeouts",)
MAILS = ("smtp_alert", "smtp_alert_vrrp", "smtp_alert_checker")


def check_globals(cluster: Cluster) -> Iterator[Problem]:
    """Mail for nobody, and what would keep clients from their addresses."""
    whole = cluster.lvs_global_defs or GlobalDefs()
    for start, entry in keepalived_entries(cluster) if whole.notification_email == () else ():
        for path, value, field in given(entry, start):
            if field.name in MAILS and value is True:
                remedy = "Write to whom: notification_email of lvs_global_defs"
                yield Problem(path, value, "mails, and nobody gets it", remedy)
    for name, field in options(GlobalDefs).items() if cluster.lvs_vrrp_instances == () else ():
        value = getattr(whole, field.name)
        if name not in (*OF_ALL_DIRECTORS, "vrrp_strict") and value not in (None, field.default):
            reason = "is for keepalived, which only a host of lvs_vrrp_instances has"
            yield Problem(f"lvs_global_defs.{name}", None, reason, "Remove it")
    if whole.lvs_timeouts == LvsTimeouts():
        yield Problem("lvs_global_defs.lvs_timeouts", None, "has no time", "Write tcp, tcpfin or udp, or remove it")
    if whole.vrrp_strict:
        reason = "has a firewall drop what clients send to the addresses, and takes neither unicast nor authentication"
        remedy = "Remove it, or write strict_mode: true for the instance that it is for"
        yield Problem("lvs_global_defs.vrrp_strict", True, reason, remedy)

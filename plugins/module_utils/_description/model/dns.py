# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""The names under which clients find the addresses (RFC 1035), and the server that is told of them (RFC 2136)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, Tuple

from ansible_collections.lvs.cluster.plugins.module_utils._description.kinds import (
    ADDRESS,
    BASE64,
    DOMAIN,
    PORT,
    WORD,
    choice,
    integer,
    list_of,
    option,
    table,
)


def full_name(name: str) -> str:
    """A name as a zone has it, whose case means nothing."""
    return f"{name.rstrip('.').lower()}."


@dataclass(frozen=True)
class DnsName:
    """A name, and whose addresses it leads to; several clusters may have one name, which then leads to those of all."""

    name: str = option(DOMAIN, "the name, from its own label to the last of its zone")
    virtual_servers: Tuple[str, ...] = option(
        list_of(WORD),
        "the services whose addresses it has; with vrrp_instances left out too, all of the cluster",
        default=(),
    )
    vrrp_instances: Tuple[str, ...] = option(
        list_of(WORD), "the instances of lvs_vrrp_instances whose addresses it has", default=()
    )
    ttl: int = option(
        integer(0, 2**31 - 1, "seconds"),
        "seconds for which a resolver may keep it, and so sends clients to an address that was taken out",
        default=60,
    )


@dataclass(frozen=True)
class DnsKey:
    """C(key): what the server knows its own by (TSIG, RFC 8945)."""

    name: str = option(WORD, "its name")
    secret: str = option(BASE64, "its secret, as the server's configuration has it; from a vault")
    algorithm: str = option(
        choice([f"hmac-sha{size}" for size in (224, 256, 384, 512)], "algorithm"), "its kind", default="hmac-sha256"
    )


@dataclass(frozen=True)
class DnsServer:
    """The primary server of the zones that the names are in."""

    address: str = option(ADDRESS, "its address")
    port: int = option(PORT, "its port", default=53)
    zone: str = option(DOMAIN, "the zone; by default the server is asked", default="")
    key: Optional[DnsKey] = option(
        table(DnsKey), "what it knows its own by; without one, who may tell it is its matter", default=None
    )

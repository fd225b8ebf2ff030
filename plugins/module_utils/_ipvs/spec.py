# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""Argument specifications that the IPVS modules share; the fragment C(_ipvs) documents them under the same names."""

from __future__ import annotations

from typing import Any, Dict

Spec = Dict[str, Dict[str, Any]]

# What names a service.
SERVICE_KEY: Spec = {
    "protocol": {"type": "str", "choices": ["tcp", "udp", "sctp"]},
    "address": {"type": "str"},
    "port": {"type": "int"},
    "fwmark": {"type": "int"},
    "family": {"type": "str", "choices": ["ipv4", "ipv6"]},
}

# What it does.
SERVICE: Spec = {
    "lb_algo": {"type": "str", "default": "wlc"},
    "lb_flags": {"type": "list", "elements": "str", "default": []},
    "persistence_timeout": {"type": "int"},
    "persistence_granularity": {"type": "str"},
    "persistence_engine": {"type": "str"},
    "ops": {"type": "bool", "default": False},
}

LB_KIND: dict[str, Any] = {"type": "str", "choices": ["DR", "NAT", "TUN"]}

# A server of a service.
SERVER: Spec = {
    "address": {"type": "str", "required": True},
    "port": {"type": "int"},
    "lb_kind": LB_KIND,
    "weight": {"type": "int", "default": 1},
    "uthreshold": {"type": "int", "default": 0},
    "lthreshold": {"type": "int", "default": 0},
    "tun_type": {"type": "str", "choices": ["ipip", "gue", "gre"]},
    "tun_port": {"type": "int"},
    "tun_checksum": {"type": "str", "choices": ["none", "csum", "remcsum"]},
}

# A service of a table.
TABLE_SERVICE: Spec = {
    **SERVICE_KEY,
    **SERVICE,
    "lb_kind": LB_KIND,
    "real_servers": {"type": "list", "elements": "dict", "default": [], "options": SERVER},
}

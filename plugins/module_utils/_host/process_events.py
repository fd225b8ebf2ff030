# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""The one door to whether the kernel tells who starts and who ends, by which keepalived tracks a process."""

from __future__ import annotations

import socket
import struct

# linux/netlink.h, linux/connector.h, linux/cn_proc.h.
NETLINK_CONNECTOR = 11
CN_IDX_PROC, CN_VAL_PROC = 1, 1
NLMSG_DONE = 3
LISTEN, IGNORE = 1, 2
# The kernel has answered before the question returns.
TIMEOUT = 0.05


def are_told() -> bool:
    """Whether they are told here: not by every kernel, and to no container that has processes of its own."""
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, NETLINK_CONNECTOR) as asking:
            asking.settimeout(TIMEOUT)
            asking.bind((0, CN_IDX_PROC))
            asking.send(_message(LISTEN))
            try:
                return bool(asking.recv(1024))
            finally:
                # Of who only goes away, the kernel goes on to tell.
                asking.send(_message(IGNORE))
    except OSError:
        return False


def _message(operation: int) -> bytes:
    said = struct.pack("=IIIIHHI", CN_IDX_PROC, CN_VAL_PROC, 0, 0, 4, 0, operation)
    return struct.pack("=IHHII", 16 + len(said), NLMSG_DONE, 0, 0, 0) + said

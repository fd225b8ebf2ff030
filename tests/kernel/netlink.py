"""Services and servers as programs make them that talk to the kernel without ipvsadm: keepalived, seesaw, kube-proxy.

The kernel takes more than ipvsadm can say. As much of its generic netlink family IPVS as it needs for that; the numbers
are those of linux/ip_vs.h, linux/netlink.h and linux/genetlink.h.
"""

from __future__ import annotations

import os
import socket
import struct

GENERIC = 16  # NETLINK_GENERIC
REQUEST, ACK = 0x1, 0x4
CONTROLLER, GET_FAMILY = 0x10, 3  # GENL_ID_CTRL, CTRL_CMD_GETFAMILY
FAMILY_ID, FAMILY_NAME = 1, 2  # CTRL_ATTR_*
NEW_SERVICE, NEW_SERVER = 1, 5  # IPVS_CMD_NEW_SERVICE, IPVS_CMD_NEW_DEST
NESTED = 0x8000
PERSISTENT = 0x1  # IP_VS_SVC_F_PERSISTENT
MASQUERADED, LOCAL, TUNNELLED, ROUTED, BYPASSED = range(5)  # IP_VS_CONN_F_*
ALL_BITS = 0xFFFFFFFF


def _attribute(kind: int, data: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(data), kind) + data + bytes(-len(data) % 4)


def _attributes(found: dict[int, bytes]) -> bytes:
    return b"".join(_attribute(kind, data) for kind, data in found.items())


def _ask(family: int, command: int, data: bytes) -> bytes:
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, GENERIC) as kernel:
        body = struct.pack("=BBH", command, 1, 0) + data
        kernel.send(struct.pack("=IHHII", 16 + len(body), family, REQUEST | ACK, 1, 0) + body)
        answer = kernel.recv(65536)
    if struct.unpack_from("=H", answer, 4)[0] == 2:  # NLMSG_ERROR, which says 0 where there is none
        number = -struct.unpack_from("=i", answer, 16)[0]
        if number:
            raise OSError(number, os.strerror(number))
    return answer[20:]


def _family() -> int:
    data = _ask(CONTROLLER, GET_FAMILY, _attribute(FAMILY_NAME, b"IPVS\0"))
    while data:
        length, kind = struct.unpack_from("=HH", data)
        if kind == FAMILY_ID:
            return int(struct.unpack_from("=H", data, 4)[0])
        data = data[length + -length % 4 :]
    raise AssertionError("no family IPVS")


def _service(address: str, port: int) -> dict[int, bytes]:
    packed = socket.inet_aton(address).ljust(16, b"\0")
    return {
        1: struct.pack("=H", socket.AF_INET),
        2: struct.pack("=H", socket.IPPROTO_TCP),
        3: packed,
        4: struct.pack("!H", port),
    }


def add_service(address: str, port: int, persistence_timeout: int | None = None) -> None:
    """A service over TCP, with the scheduler rr; the kernel takes any number of seconds."""
    flags = 0 if persistence_timeout is None else PERSISTENT
    settings = {
        6: b"rr\0",
        7: struct.pack("=II", flags, ALL_BITS),
        8: struct.pack("=I", persistence_timeout or 0),
        9: struct.pack("=I", ALL_BITS),
    }
    _ask(_family(), NEW_SERVICE, _attribute(1 | NESTED, _attributes({**_service(address, port), **settings})))


def add_server(service: tuple[str, int], server: tuple[str, int], forward: int = ROUTED, weight: int = 1) -> None:
    """A server, with a port of its own whatever forwards to it."""
    packed = socket.inet_aton(server[0]).ljust(16, b"\0")
    settings = {
        1: packed,
        2: struct.pack("!H", server[1]),
        3: struct.pack("=I", forward),
        4: struct.pack("=I", weight),
        5: struct.pack("=I", 0),
        6: struct.pack("=I", 0),
        11: struct.pack("=H", socket.AF_INET),
    }
    data = _attribute(1 | NESTED, _attributes(_service(*service))) + _attribute(2 | NESTED, _attributes(settings))
    _ask(_family(), NEW_SERVER, data)

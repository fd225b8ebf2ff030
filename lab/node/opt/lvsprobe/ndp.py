"""Neighbour discovery, the ARP of IPv6 (RFC 4861): who says that the address is theirs?"""

from __future__ import annotations

import json
import socket
import struct
import subprocess
from typing import Any

from lvsprobe.neighbours import as_dict, collect

_SOLICITATION, _ADVERTISEMENT = 135, 136  # types of ICMPv6
_SOURCE_MAC, _TARGET_MAC = 1, 2  # options
_SOLICITED = 0x40
_MESSAGE = struct.Struct("!BBH B3x 16s")  # type, code, checksum (the kernel's affair), flags, target
_ICMP6_FILTER = 1
_HOPS = 255  # a message that has come by a router does not count


def solicitation(address: str, own_mac: bytes) -> bytes:
    target = socket.inet_pton(socket.AF_INET6, address)
    return _MESSAGE.pack(_SOLICITATION, 0, 0, 0, target) + bytes([_SOURCE_MAC, 1]) + own_mac


def solicited_node(address: str) -> str:
    """The multicast group that whoever has the address is in."""
    group = bytes.fromhex("ff0200000000000000000001ff") + socket.inet_pton(socket.AF_INET6, address)[-3:]
    return socket.inet_ntop(socket.AF_INET6, group)


def parse_advertisement(message: bytes, address: str) -> str | None:
    """The MAC that a message claims for `address`, if it is an answer to us (and no announcement to all)."""
    if len(message) < _MESSAGE.size:
        return None
    kind, _, _, flags, target = _MESSAGE.unpack_from(message)
    if kind != _ADVERTISEMENT or not flags & _SOLICITED or target != socket.inet_pton(socket.AF_INET6, address):
        return None
    options = message[_MESSAGE.size :]
    while len(options) >= 8 and options[1]:
        if options[0] == _TARGET_MAC:
            return options[2:8].hex(":")
        options = options[8 * options[1] :]
    return None


def parse_neighbour(text: str) -> str | None:
    """The MAC that `ip -json neighbour show` tells, if the entry has one that still counts."""
    for entry in json.loads(text or "[]"):
        if "lladdr" in entry and not {"FAILED", "INCOMPLETE"} & set(entry["state"]):
            return str(entry["lladdr"])
    return None


def ask(address: str, interface: str, seconds: float, count: int) -> dict[str, Any]:
    """Ask, and collect every answer. The neighbour table is read first: an answer changes what the kernel believes.

    The table is nowhere below /proc, so `ip` is asked for it.
    """
    command = ["ip", "-6", "-json", "neighbour", "show", address, "dev", interface]
    neighbour = parse_neighbour(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    with open(f"/sys/class/net/{interface}/address", encoding="ascii") as file:
        own_mac = bytes.fromhex(file.read().strip().replace(":", ""))
    with socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, _HOPS)
        blocked = bytearray(b"\xff" * 32)  # a bit for each type, in words of this machine
        word = struct.Struct("=I")
        word.pack_into(blocked, _ADVERTISEMENT // 32 * 4, 0xFFFFFFFF & ~(1 << _ADVERTISEMENT % 32))
        sock.setsockopt(socket.IPPROTO_ICMPV6, _ICMP6_FILTER, bytes(blocked))
        question, group = (
            solicitation(address, own_mac),
            (solicited_node(address), 0, 0, socket.if_nametoindex(interface)),
        )
        answers = collect(
            sock,
            lambda: sock.sendto(question, group),
            lambda message: parse_advertisement(message, address),
            seconds,
            count,
        )
    return as_dict(address, interface, answers, neighbour)

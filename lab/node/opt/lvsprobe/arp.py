"""ARP: who says that the address is theirs?"""

from __future__ import annotations

import socket
import struct
from typing import Any

from lvsprobe.neighbours import as_dict, collect

ETH_P_ARP = 0x0806
ARP_PACKET = struct.Struct("!6s6sH HHBBH 6s4s6s4s")  # Ethernet header, ARP header, sender, target


def who_has(address: str, own_address: str, own_mac: bytes) -> bytes:
    return ARP_PACKET.pack(
        b"\xff" * 6, own_mac, ETH_P_ARP,
        1, 0x0800, 6, 4, 1,  # Ethernet, IPv4, their lengths, request
        own_mac, socket.inet_aton(own_address), b"\0" * 6, socket.inet_aton(address),
    )  # fmt: skip


def parse_reply(frame: bytes, address: str, own_mac: bytes) -> str | None:
    """The MAC that a frame claims for `address`, if the frame is an answer to us (and no announcement to all)."""
    if len(frame) < ARP_PACKET.size:
        return None
    to, _, kind, hardware, protocol, _, _, operation, mac, sender, _, _ = ARP_PACKET.unpack_from(frame)
    if (to, kind, hardware, protocol, operation) != (own_mac, ETH_P_ARP, 1, 0x0800, 2):
        return None
    return str(mac.hex(":")) if sender == socket.inet_aton(address) else None


def parse_neighbour(text: str, address: str, interface: str) -> str | None:
    """The MAC that /proc/net/arp holds for the address, if the entry is complete."""
    for line in text.splitlines()[1:]:
        entry, _type, flags, mac, _mask, device = line.split()
        if (entry, device) == (address, interface) and int(flags, 16) & 0x2:
            return mac
    return None


def ask(address: str, interface: str, seconds: float, count: int) -> dict[str, Any]:
    """Ask, and collect every answer. The neighbour table is read first: an answer changes what the kernel believes."""
    with open("/proc/net/arp", encoding="ascii") as file:
        neighbour = parse_neighbour(file.read(), address, interface)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        asker.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
        asker.setsockopt(socket.SOL_SOCKET, socket.SO_DONTROUTE, 1)
        asker.connect((address, 9))  # sends nothing; the kernel picks the source address it would use
        own_address = asker.getsockname()[0]
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ARP)) as sock:
        sock.bind((interface, ETH_P_ARP))
        own_mac = sock.getsockname()[4]
        question = who_has(address, own_address, own_mac)
        answers = collect(
            sock, lambda: sock.send(question), lambda frame: parse_reply(frame, address, own_mac), seconds, count
        )
    return as_dict(address, interface, answers, neighbour)

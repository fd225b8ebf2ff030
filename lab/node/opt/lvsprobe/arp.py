"""ARP: who says that the address is theirs?"""

from __future__ import annotations

import contextlib
import socket
import struct
import time
from collections import Counter
from pathlib import Path
from typing import Any

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
    """Ask `count` times, evenly over `seconds`, and collect every answer until then.

    The neighbour table is read first, for an answer also changes what the kernel believes.
    """
    neighbour = parse_neighbour(Path("/proc/net/arp").read_text(), address, interface)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        asker.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
        asker.setsockopt(socket.SOL_SOCKET, socket.SO_DONTROUTE, 1)
        asker.connect((address, 9))  # sends nothing; the kernel picks the source address it would use
        own_address = asker.getsockname()[0]
    answers: Counter[str] = Counter()
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ARP)) as sock:
        sock.bind((interface, ETH_P_ARP))
        own_mac = sock.getsockname()[4]
        begun = time.monotonic()
        for asked in range(1, count + 1):
            sock.send(who_has(address, own_address, own_mac))
            while (left := begun + seconds * asked / count - time.monotonic()) > 0:
                sock.settimeout(left)
                with contextlib.suppress(TimeoutError):
                    if mac := parse_reply(sock.recv(2048), address, own_mac):
                        answers[mac] += 1
    return {
        "address": address,
        "interface": interface,
        "answers": [{"mac": mac, "replies": replies} for mac, replies in sorted(answers.items())],
        "neighbour": neighbour and {"mac": neighbour, "interface": interface},
    }


def render(told: dict[str, Any]) -> str:
    answers = [f"  {answer['mac']}  answers, {answer['replies']} replies" for answer in told["answers"]]
    neighbour = told["neighbour"]["mac"] if told["neighbour"] else "nothing"
    return "\n".join(
        [
            f"{told['address']} on {told['interface']}",
            *(answers or ["  nobody answers"]),
            f"  this host's neighbour table had {neighbour}",
        ]
    )

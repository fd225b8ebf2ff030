# Copyright: Contributors to the lvs.cluster collection
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""Who answers for an address."""

from __future__ import annotations

import socket

import pytest
from lvsprobe.arp import parse_neighbour, parse_reply, who_has

OURS = bytes.fromhex("020000000001")
THEIRS = bytes.fromhex("020000000002")


def arp_frame(operation: int = 2, to: bytes = OURS, sender: str = "198.18.5.100") -> bytes:
    header = to + THEIRS + bytes.fromhex("0806000108000604") + operation.to_bytes(2, "big")
    padding = bytes(18)  # Ethernet's shortest frame is longer than ARP
    return header + THEIRS + socket.inet_aton(sender) + OURS + socket.inet_aton("198.18.5.1") + padding


def test_the_question_is_a_broadcast_from_our_address() -> None:
    assert who_has("198.18.5.100", "198.18.5.1", OURS).hex(" ", 2) == (
        "ffff ffff ffff 0200 0000 0001 0806 0001 0800 0604 0001 0200 0000 0001 c612 0501 0000 0000 0000 c612 0564"
    )


@pytest.mark.parametrize(
    ("frame", "mac"),
    [
        pytest.param(arp_frame(), "02:00:00:00:00:02", id="an answer to us"),
        pytest.param(arp_frame(sender="198.18.5.101"), None, id="of another address"),
        pytest.param(arp_frame(operation=1), None, id="a question"),
        pytest.param(arp_frame(to=b"\xff" * 6), None, id="an announcement to all"),
        pytest.param(arp_frame()[:40], None, id="cut short"),
        pytest.param(b"", None, id="nothing"),
    ],
)
def test_only_an_answer_to_us_for_that_address_counts(frame: bytes, mac: str | None) -> None:
    assert parse_reply(frame, "198.18.5.100", OURS) == mac


NEIGHBOURS = """\
IP address       HW type     Flags       HW address            Mask     Device
198.18.5.100     0x1         0x2         02:00:00:00:00:02     *        eth0
198.18.5.101     0x1         0x0         00:00:00:00:00:00     *        eth0
"""


@pytest.mark.parametrize(
    ("address", "interface", "mac"),
    [
        ("198.18.5.100", "eth0", "02:00:00:00:00:02"),
        ("198.18.5.100", "eth1", None),
        ("198.18.5.101", "eth0", None),
        ("198.18.5.102", "eth0", None),
    ],
)
def test_the_neighbour_table_counts_where_it_is_complete(address: str, interface: str, mac: str | None) -> None:
    assert parse_neighbour(NEIGHBOURS, address, interface) == mac

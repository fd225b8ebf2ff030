# Copyright: Contributors to the lvs.cluster collection
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""Who answers for an IPv6 address."""

from __future__ import annotations

import pytest
from lvsprobe.ndp import parse_advertisement, parse_neighbour, solicitation, solicited_node

ADDRESS = "2001:2::64"
TARGET = bytes.fromhex("20010002000000000000000000000064")
OTHER_TARGET = bytes.fromhex("20010002000000000000000000000065")
OURS = bytes.fromhex("020000000001")
NONCE = bytes.fromhex("0e01000000000000")
MAC = bytes.fromhex("0201020000000002")  # option 2, one unit of eight bytes


def advertisement(kind: int = 136, flags: int = 0x60, target: bytes = TARGET, options: bytes = MAC) -> bytes:
    return bytes([kind, 0, 0x12, 0x34, flags, 0, 0, 0]) + target + options


def test_the_question_names_the_address_and_our_mac() -> None:
    assert solicitation(ADDRESS, OURS).hex(" ", 4) == (
        "87000000 00000000 20010002 00000000 00000000 00000064 01010200 00000001"
    )


def test_the_question_goes_to_the_group_of_the_address() -> None:
    assert solicited_node("2001:2::12:3456") == "ff02::1:ff12:3456"


@pytest.mark.parametrize(
    ("message", "mac"),
    [
        pytest.param(advertisement(), "02:00:00:00:00:02", id="an answer to us"),
        pytest.param(advertisement(flags=0xE0), "02:00:00:00:00:02", id="of a router"),
        pytest.param(advertisement(options=NONCE + MAC), "02:00:00:00:00:02", id="after another option"),
        pytest.param(advertisement(target=OTHER_TARGET), None, id="of another address"),
        pytest.param(advertisement(kind=135), None, id="a question"),
        pytest.param(advertisement(flags=0x20), None, id="an announcement to all"),
        pytest.param(advertisement(options=b""), None, id="without a MAC"),
        pytest.param(advertisement(options=bytes(16)), None, id="an option without a length"),
        pytest.param(advertisement(options=MAC[:6]), None, id="half a MAC"),
        pytest.param(advertisement()[:20], None, id="cut short"),
        pytest.param(b"", None, id="nothing"),
    ],
)
def test_only_an_answer_to_us_for_that_address_counts(message: bytes, mac: str | None) -> None:
    assert parse_advertisement(message, ADDRESS) == mac


@pytest.mark.parametrize(
    ("text", "mac"),
    [
        ('[{"dst":"2001:2::64","lladdr":"02:00:00:00:00:02","state":["STALE"]}]', "02:00:00:00:00:02"),
        (
            '[{"dst":"2001:2::64","lladdr":"02:00:00:00:00:02","router":null,"state":["REACHABLE"]}]',
            "02:00:00:00:00:02",
        ),
        ('[{"dst":"2001:2::64","state":["FAILED"]}]', None),
        ('[{"dst":"2001:2::64","lladdr":"02:00:00:00:00:02","state":["FAILED"]}]', None),
        ('[{"dst":"2001:2::64","state":["INCOMPLETE"]}]', None),
        ("[ ]", None),
        ("", None),
    ],
)
def test_the_neighbour_table_counts_where_it_is_complete(text: str, mac: str | None) -> None:
    assert parse_neighbour(text) == mac

# Copyright: Contributors to the lvs.cluster collection
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""Asking neighbours, and counting who answers."""

from __future__ import annotations

import socket
import time

from lvsprobe.neighbours import as_dict, collect, render


def test_every_answer_to_every_question_counts_for_its_mac() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    questions = []

    def ask() -> None:
        questions.append(time.monotonic())
        for answer in (b"02:00:00:00:00:02", b"noise", b"02:00:00:00:00:03"):
            theirs.send(answer)

    def parse(message: bytes) -> str | None:
        return None if message == b"noise" else message.decode()

    with ours, theirs:
        assert collect(ours, ask, parse, seconds=0.3, count=3) == {"02:00:00:00:00:02": 3, "02:00:00:00:00:03": 3}
    assert questions[2] - questions[0] >= 0.19


def test_json_tells_answers_and_what_the_neighbour_table_had() -> None:
    assert as_dict("198.18.5.100", "eth0", {"b": 1, "a": 2}, "a") == {
        "address": "198.18.5.100",
        "interface": "eth0",
        "answers": [{"mac": "a", "replies": 2}, {"mac": "b", "replies": 1}],
        "neighbour": {"mac": "a", "interface": "eth0"},
    }


def test_the_table_shows_every_master() -> None:
    told = {
        "address": "198.18.5.100",
        "interface": "eth0",
        "answers": [{"mac": "02:00:00:00:00:02", "replies": 3}, {"mac": "02:00:00:00:00:03", "replies": 3}],
        "neighbour": None,
    }
    text = render(told)
    assert text.count("answers, 3 replies") == 2
    assert "neighbour table had nothing" in text

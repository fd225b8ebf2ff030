# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import struct

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._host import process_events


class Connector:
    """A socket of the connector; it answers, where the kernel would."""

    def __init__(self, answer: bytes | None) -> None:
        self.answer = answer
        self.said: list[int] = []

    def __enter__(self) -> Connector:
        return self

    def __exit__(self, *_error: object) -> None:
        return None

    def settimeout(self, seconds: float) -> None:
        assert 0 < seconds < 1

    def bind(self, address: tuple[int, int]) -> None:
        assert address == (0, process_events.CN_IDX_PROC)

    def send(self, message: bytes) -> None:
        length, kind, _flags, _sequence, _pid, group, value, *_more, operation = struct.unpack("=IHHIIIIIIHHI", message)
        assert (length, kind) == (len(message), process_events.NLMSG_DONE)
        assert (group, value) == (process_events.CN_IDX_PROC, process_events.CN_VAL_PROC)
        self.said.append(operation)

    def recv(self, _size: int) -> bytes:
        if self.answer is None:
            raise TimeoutError
        return self.answer


@pytest.mark.parametrize(("answer", "told"), [(b"an acknowledgement", True), (None, False)])
def test_who_answers_tells_and_is_told_to_be_silent_again(
    monkeypatch: pytest.MonkeyPatch, answer: bytes | None, told: bool
) -> None:
    connector = Connector(answer)
    monkeypatch.setattr(process_events.socket, "socket", lambda *_words: connector)
    assert process_events.are_told() is told
    assert connector.said == [process_events.LISTEN, process_events.IGNORE]


def test_a_kernel_without_connector_tells_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_words: int) -> None:
        raise OSError(93, "Protocol not supported")

    monkeypatch.setattr(process_events.socket, "socket", refuse)
    assert process_events.are_told() is False

"""A WebSocket (RFC 6455) that says short texts and waits for what comes back."""

from __future__ import annotations

import asyncio
import base64
import os
from typing import Any

from lvsprobe.answer import BAD_ANSWER, AnswerError, header
from lvsprobe.connection import Connection, failure_kind
from lvsprobe.targets import Target

SWITCHED = 101
TEXT = 0x81
SHORT = 126


def converse(target: Target, texts: list[str], timeout: float, name_header: str) -> dict[str, Any]:
    """Each text after the answer to the one before, on one connection: what was answered, or the error."""
    return asyncio.run(_converse(target, texts, timeout, name_header))


async def _converse(target: Target, texts: list[str], timeout: float, name_header: str) -> dict[str, Any]:
    clock = asyncio.get_running_loop().time
    connection = Connection()
    answers: list[str] = []
    told: dict[str, Any] = {"realserver": None, "answers": answers, "error": None}
    try:
        await connection.open(target, timeout)
        head = await connection.get(_upgrade(target), clock() + timeout)
        if head.status != SWITCHED:
            raise AnswerError(f"http {head.status}")
        told["realserver"] = header(head, name_header)
        for text in texts:
            await connection.send(_frame(text), clock() + timeout)
            kind, length = await connection.take(2)
            if kind != TEXT or length >= SHORT:
                raise AnswerError(BAD_ANSWER)
            answers.append((await connection.take(length)).decode())
    except OSError as error:
        told["error"] = failure_kind(error, connection.phase)
    except AnswerError as error:
        told["error"] = str(error)
    finally:
        connection.close()
    return told


def _upgrade(target: Target) -> bytes:
    key = base64.b64encode(os.urandom(16)).decode()
    lines = ("Upgrade: websocket", f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13")
    return target.request("Upgrade").removesuffix(b"\r\n") + "".join(f"{line}\r\n" for line in lines).encode() + b"\r\n"


def _frame(text: str) -> bytes:
    """A client's frames are masked."""
    data, mask = text.encode(), os.urandom(4)
    return bytes((TEXT, 0x80 | len(data))) + mask + bytes(byte ^ mask[place % 4] for place, byte in enumerate(data))

"""What ARP and neighbour discovery have in common: a question asked several times, and everybody who answers it."""

from __future__ import annotations

import contextlib
import socket
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any


def collect(
    sock: socket.socket, ask: Callable[[], object], parse: Callable[[bytes], str | None], seconds: float, count: int
) -> Counter[str]:
    """Ask `count` times, evenly over `seconds`, and count every answer until then, by the MAC that it names."""
    answers: Counter[str] = Counter()
    begun = time.monotonic()
    for asked in range(1, count + 1):
        ask()
        while (left := begun + seconds * asked / count - time.monotonic()) > 0:
            sock.settimeout(left)
            with contextlib.suppress(TimeoutError):
                if mac := parse(sock.recv(2048)):
                    answers[mac] += 1
    return answers


def as_dict(address: str, interface: str, answers: Mapping[str, int], neighbour: str | None) -> dict[str, Any]:
    return {
        "address": address,
        "interface": interface,
        "answers": [{"mac": mac, "replies": replies} for mac, replies in sorted(answers.items())],
        "neighbour": neighbour and {"mac": neighbour, "interface": interface},
    }


def render(told: Mapping[str, Any]) -> str:
    answers = [f"  {answer['mac']}  answers, {answer['replies']} replies" for answer in told["answers"]]
    neighbour = told["neighbour"]["mac"] if told["neighbour"] else "nothing"
    return "\n".join(
        [
            f"{told['address']} on {told['interface']}",
            *(answers or ["  nobody answers"]),
            f"  this host's neighbour table had {neighbour}",
        ]
    )

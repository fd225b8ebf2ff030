"""The head of an HTTP answer, and what a server may do wrong."""

from __future__ import annotations

from dataclasses import dataclass

BAD_ANSWER = "bad answer"
CLOSED_EARLY = "closed early"


class AnswerError(Exception):
    """The server did not answer in full, or not in HTTP; the text is the failure kind."""


@dataclass(frozen=True)
class Head:
    status: int
    headers: dict[str, str]  # names in lower case


def parse_head(data: bytes) -> Head:
    status_line, *lines = data.decode("latin-1").split("\r\n")
    version, _, rest = status_line.partition(" ")
    code = rest[:3]
    if not version.startswith("HTTP/1.") or not (code.isascii() and code.isdigit() and len(code) == 3):
        raise AnswerError(BAD_ANSWER)
    pairs = (line.partition(":") for line in lines if line)
    return Head(int(code), {name.strip().lower(): value.strip() for name, _, value in pairs})


def header(head: Head | None, name: str) -> str | None:
    return head.headers.get(name.lower()) if head else None

"""A small file that the lab writes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class File:
    content: bytes
    mode: int = 0o644

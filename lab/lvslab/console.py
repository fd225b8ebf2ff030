"""What the lab says while it works: one line per step, with the seconds since it began."""

from __future__ import annotations

import sys
import time

_began = time.monotonic()


def say(message: str) -> None:
    """Print a progress line to standard error, so that standard output stays the result of the command."""
    print(f"[{time.monotonic() - _began:4.0f} s] {message}", file=sys.stderr, flush=True)

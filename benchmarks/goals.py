"""How a benchmark ends: it tells which goals are met, and keeps what it found."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple


class Goal(NamedTuple):
    value: float
    limit: float
    unit: str


def tell(goals: Mapping[str, Goal]) -> None:
    print()
    for name, goal in goals.items():
        verdict = "met   " if goal.value <= goal.limit else "MISSED"
        print(f"{verdict} {name}: {goal.value:.2f} {goal.unit}")


def keep(found: Any, paths: list[str]) -> None:
    """In the file that the command line names, if it does."""
    for path in map(Path, paths[:1]):
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(found, indent=1) + "\n")

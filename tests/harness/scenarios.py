"""The scenarios of this checkout: what each runs on, for how long, and which of them share a lab."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from lvslab.inventory import lab_name

# What all share; a scenario's own file has the last word.
BASE = Path(".config/molecule/config.yml")


@dataclass(frozen=True)
class Scenario:
    """A folder of molecule/."""

    name: str
    lab: str
    #: The playbook, as molecule.yml names it.
    converge: str
    #: Its budget.
    minutes: float
    #: Whether it is for `make test-full` alone.
    full: bool = False


def read(root: Path) -> list[Scenario]:
    base = _load(root / BASE)
    return [_read_one(path.parent, base) for path in sorted(root.glob("molecule/*/molecule.yml"))]


def _read_one(folder: Path, base: dict[str, Any]) -> Scenario:
    told = [base, _load(folder / "molecule.yml")]
    environment, playbooks = (
        {key: value for each in told for key, value in each.get("ansible", {}).get(part, {}).items()}
        for part in ("env", "playbooks")
    )
    return Scenario(
        folder.name,
        lab_name(folder / "inventory"),
        playbooks["converge"],
        float(environment["SCENARIO_MINUTES"]),
        environment.get("SCENARIO_FULL", "0") == "1",
    )


def _load(path: Path) -> dict[str, Any]:
    told: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return told


def groups(scenarios: Iterable[Scenario]) -> list[list[Scenario]]:
    """Those that share a lab and what it is made into, the longest group first."""
    found: dict[tuple[str, str], list[Scenario]] = {}
    for each in scenarios:
        found.setdefault((each.lab, each.converge), []).append(each)
    return sorted(found.values(), key=lambda group: -sum(each.minutes for each in group))

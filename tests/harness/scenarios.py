"""The scenarios of this checkout: what each runs on, for how long, and which of them share a lab."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from lvslab.inventory import lab_name

MINUTES = 10.0
CONVERGE = "playbooks/site.yml"


@dataclass(frozen=True)
class Scenario:
    """A folder of molecule/."""

    name: str
    lab: str
    converge: str = CONVERGE
    #: Its budget.
    minutes: float = MINUTES
    #: Whether it is for `make test-full` alone.
    full: bool = False


def read_one(folder: Path) -> Scenario:
    told: dict[str, Any] = yaml.safe_load((folder / "molecule.yml").read_text(encoding="utf-8"))
    ansible = told.get("ansible", {})
    environment, playbooks = ansible.get("env", {}), ansible.get("playbooks", {})
    return Scenario(
        folder.name,
        lab_name(folder / "inventory"),
        str(playbooks.get("converge", CONVERGE)),
        float(environment.get("SCENARIO_MINUTES", MINUTES)),
        str(environment.get("SCENARIO_FULL", "0")) == "1",
    )


def read(root: Path) -> list[Scenario]:
    return [read_one(path.parent) for path in sorted(root.glob("molecule/*/molecule.yml"))]


def groups(scenarios: Iterable[Scenario]) -> list[list[Scenario]]:
    """Those that share a lab and what it is made into, the longest group first."""
    found: dict[tuple[str, str], list[Scenario]] = {}
    for each in scenarios:
        found.setdefault((each.lab, each.converge), []).append(each)
    return sorted(found.values(), key=lambda group: -sum(each.minutes for each in group))

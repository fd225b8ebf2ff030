"""What hosts of the lab can be: a file for each distribution, and what an inventory may choose beside it."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "distributions"
DEFAULT = "trixie"


@dataclass(frozen=True)
class Distribution:
    """One file of lab/distributions."""

    name: str
    suite: str
    #: What configures the network of a host that does not say otherwise.
    network_manager: str
    #: Packages in the package manager's cache, and their upstream versions.
    cached: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Image:
    """What hosts with equal choices have in common."""

    distribution: str = DEFAULT
    network_manager: str = "networkd"
    resolved: bool = False
    locale: str = ""
    #: What is installed in it beside what all hosts have.
    packages: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Tells images apart, for people and as the name of a file."""
        choices = [
            self.distribution,
            self.network_manager,
            "resolved" if self.resolved else "",
            self.locale,
            *self.packages,
        ]
        return "-".join(choice for choice in choices if choice)


def known() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


@cache
def load(name: str) -> Distribution:
    facts = tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
    return Distribution(name, facts["suite"], facts["network_manager"], tuple(facts["cached"].items()))

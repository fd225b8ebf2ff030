"""What the breaks of a scenario are made of; tests/red.py makes them."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Row:
    """One break: commands on hosts, or other words in files of a copy of the checkout; and the tests it turns red."""

    name: str
    #: As pytest -k takes them: every one of them must fail.
    tests: str
    on: dict[str, str] = field(default_factory=dict)
    undo: dict[str, str] = field(default_factory=dict)
    #: By file: the words that are there, and those in their place.
    edits: dict[str, tuple[str, str]] = field(default_factory=dict)


def everywhere(hosts: str, command: str) -> dict[str, str]:
    """The same command on several hosts."""
    return dict.fromkeys(hosts.split(), command)


def edit_live(path: str, expression: str, reload: str) -> tuple[str, str]:
    """Commands that change a live configuration and bring it back, each followed by a reload."""
    return (
        f"cp -p {path} /var/tmp/kept && sed -i '{expression}' {path} && {reload}",
        f"mv /var/tmp/kept {path} && {reload}",
    )

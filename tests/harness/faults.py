"""What is broken is healed again, whatever happens in between; before that the evidence of a failure is kept."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from harness.evidence import Evidence
from harness.lab import Lab

# What undoes what; both are commands of the lab.
HEALING = {"kill": "start", "cut": "join"}


class Faults:
    """Failures of one lab."""

    def __init__(self, lab: Lab, evidence: Evidence) -> None:
        self._lab = lab
        self._evidence = evidence

    @contextlib.contextmanager
    def healing(self, heal: Callable[[], object]) -> Iterator[None]:
        """Whatever was broken is healed in the end."""
        try:
            yield
        except BaseException:
            self._evidence.collect()  # afterwards it would be gone
            raise
        finally:
            heal()

    @contextlib.contextmanager
    def broken(self, breaking: str, host: str) -> Iterator[None]:
        """A host without power (kill) or without its cable (cut)."""
        self._lab(breaking, host)
        self._lab.forget(host)
        with self.healing(lambda: self._heal(HEALING[breaking], host)):
            yield

    def _heal(self, healing: str, host: str) -> None:
        self._lab(healing, host)
        self._lab.forget(host)

    @contextlib.contextmanager
    def stopped(self, host: str, unit: str) -> Iterator[None]:
        """A service that an administrator stops."""
        self._lab.exec(host, "systemctl", "stop", unit)
        with self.healing(lambda: self._lab.exec(host, "systemctl", "start", unit)):
            yield

    def reboot(self, host: str) -> None:
        """In an orderly way, and it must have happened."""
        before = self._lab.boot(host)
        self._lab("reboot", host)
        self._lab.forget(host)
        assert self._lab.boot(host) != before, f"{host} was not rebooted"

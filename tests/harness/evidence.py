"""What a failed test leaves behind, in a folder of its own: what the hosts held and said, and what the probe saw."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

from harness.clock import LEDGER
from harness.lab import KEEPALIVED_DUMP, Lab
from harness.probe import Probe

# A host that hangs must not hold the others up.
LONGEST = 20.0
# Of the probes that ended: the last one may be a short one that looked on while the other one ran.
KEPT_PROBES = 2

LOOKS = {
    "addresses": "ip address",
    "routes": "ip route show table all; ip -6 route",
    "neighbours": "ip neighbour",
    "ipvs": "ipvsadm -Ln; ipvsadm -Ln --stats; ipvsadm -L --daemon; ipvsadm -Lnc",
    "keepalived": f"[ ! -e /run/keepalived.pid ] || ({KEEPALIVED_DUMP})",
    "units": "systemctl --failed",
    "journal": "journalctl -b --no-pager",
}
SCRIPT = "".join(f"echo '##### {name}: {' '.join(look.split()[:4])}'; {look}\n" for name, look in LOOKS.items())


def folder_name(test: str) -> str:
    """A test's name as one of a file: `test_1_steady.py::test_x[power]` becomes `test_x-power`."""
    return re.sub(r"[^A-Za-z0-9_.]+", "-", test.rpartition("::")[2]).strip("-")


class Evidence:
    """Of the tests of one scenario, below one folder."""

    def __init__(self, lab: Lab, folder: Path) -> None:
        self._lab = lab
        self._folder = folder
        self._test = ""
        self._collected: Path | None = None

    def begin(self, test: str) -> None:
        """What is collected from now on is about this test."""
        self._test = test
        self._collected = None
        Probe.begun.clear()

    def collect(self) -> Path:
        """Keep what is there now, unless something of this test was kept already: the first look is the best."""
        if self._collected is None:
            self._collected = self._folder / folder_name(self._test)
            shutil.rmtree(self._collected, ignore_errors=True)
            self._collected.mkdir(parents=True)
            with LEDGER.spending("evidence"):
                self._keep(self._collected)
        return self._collected

    def _keep(self, folder: Path) -> None:
        hosts = self._lab.try_all(dict.fromkeys(self._lab.hosts, ("sh", "-c", f"({SCRIPT}) 2>&1")), LONGEST)
        for host, done in hosts.items():
            told = f"status {done.status}\n{done.errors}\n" if done.status or done.errors else ""
            (folder / f"{host}.txt").write_text(told + done.output, encoding="utf-8")
        for number, probe in enumerate(Probe.begun[-KEPT_PROBES:], start=1):
            words = json.dumps(probe.last_words(), indent=1)
            (folder / f"probe-{number}.json").write_text(words + "\n", encoding="utf-8")

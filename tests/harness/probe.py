"""The probe on a client, at work while something is broken."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
from collections import Counter
from typing import Any, ClassVar

from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import ServiceKey

from harness.clock import LEDGER, wait_for
from harness.lab import Lab, LabFailed

PROBE = "/opt/lab/probe"
# Looks at the open connections, a fifth of a second apart, that a request does not see.
LASTING = 6
Report = dict[str, Any]


class Probe:
    """Requests to one address, under way when this is made."""

    #: All that were begun, and what each saw in the end: the last ones are evidence.
    begun: ClassVar[list[Probe]] = []

    def __init__(
        self, lab: Lab, client: str, url: str, *, seconds: float = 590, rate: float = 50, name: str = ""
    ) -> None:
        self.seen: Report | None = None
        self._lab = lab
        self._client = client
        self._url = url
        words = ["load", url, "--rate", str(rate), "--seconds", str(seconds), "--hold", "--samples", "--json"]
        words += ["--name", name] if name else []
        with LEDGER.spending("probes"):
            self._process = subprocess.Popen(
                lab.argv(client, PROBE, *words),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            self._wait_for_the_first()
        Probe.begun.append(self)

    def _wait_for_the_first(self) -> None:
        assert self._process.stderr
        told = []
        for line in self._process.stderr:
            told.append(line)
            if line.strip() == "probing":
                return
        raise LabFailed(f"the probe did not begin: {''.join(told)}")

    @property
    def is_running(self) -> bool:
        return self.seen is None and self._process.poll() is None

    def stop(self) -> Report:
        """The report of what was seen from the beginning until now, with nothing left out."""
        self._lab.exec(self._client, *ending(self._url))
        report = self.report()
        assert report["stopped_early"], "the probe had ended before it was to"
        return report

    def report(self, longest: float = 90) -> Report:
        """What was seen, once the probe has ended."""
        with LEDGER.spending("probes"):
            out, err = self._process.communicate(timeout=longest)
        if self._process.returncode:
            raise LabFailed(f"the probe: status {self._process.returncode}\n{err}")
        self.seen = json.loads(out)
        return self.seen

    def last_words(self) -> Report | str:
        """For the evidence: what this one saw, if need be until now."""
        if self.seen is None:
            with contextlib.suppress(AssertionError, subprocess.TimeoutExpired, ValueError):
                self._lab.try_all({self._client: ending(self._url)}, longest=5)
                self.report(longest=10)
        return self.seen or "the probe said nothing"


def ending(url: str) -> list[str]:
    """The command that ends the probes of a URL; those of another go on."""
    return ["pkill", "-TERM", "-f", f"{PROBE} load {re.escape(url)} "]


def outage(report: Report) -> float:
    """Seconds from the first failed request to the last, where others succeed in between."""
    failed = [start for start, _duration, outcome, *_names in report["samples"] if outcome != "ok"]
    return float(max(failed) - min(failed)) if failed else 0.0


class Client:
    """A host that asks."""

    def __init__(self, lab: Lab, host: str) -> None:
        self._lab = lab
        self.host = host

    def probe(self, url: str, *, rate: float = 50, name: str = "") -> Probe:
        """Requests until it is stopped; name: of the site that is asked for."""
        return Probe(self._lab, self.host, url, rate=rate, name=name)

    def ask(self, url: str, name: str = "") -> Report:
        """A short measurement.

        Its rate is no divisor of a longer measurement's (50, 20) that may be under way: requests of both in turns would
        give a round-robin scheduler reason to send all of one's to the same real server.
        """
        return Probe(self._lab, self.host, url, seconds=1.3, rate=19, name=name).report()

    def neighbour(self, address: str) -> tuple[str, str]:
        """Who of the hosts on the way to an address asks its neighbours for it, and on which interface."""
        return self._lab.neighbour(self.host, address)

    def arp(self, address: str) -> set[str]:
        """The MAC addresses that answer for an address, in the network that it is in."""
        host, interface = self.neighbour(address)
        with LEDGER.spending("probes"):
            question = "ndp" if ":" in address else "arp"
            words = [PROBE, question, address, "--interface", interface, "--seconds", "0.9", "--json"]
            told = self._lab.json(host, *words)
        return {answer["mac"] for answer in told["answers"]}

    def lladdr(self, address: str) -> str | None:
        """The MAC address that packets to an address are sent to in its network."""
        return self._lab.lladdr(*self.neighbour(address), address)

    def wait_until_synced(self, service: ServiceKey, backup: str) -> None:
        """Until a backup was told of the connection that a probe holds, which takes the kernel a few packets.

        It may have been told of requests before; those are over at once, and a held connection is one that lasts.
        """
        seen: Counter[tuple[str, int]] = Counter()

        def look() -> set[tuple[str, int]]:
            seen.update(self._lab.connections(self.host, service))
            lasting = {each for each, looks in seen.items() if looks >= LASTING}
            return lasting & self._lab.established(backup)

        wait_for(f"the held connection in the table of {backup}", look, patience=30)

"""How long site.yml takes, beside the commit from which speed is counted, on one lab in one run.

`make bench` runs it. The lab has a cluster for each of the two, alike but for their addresses, so that the same noise
hits both: every run of the one is followed by the same run of the other. The fastest run of a kind counts.

    benchmarks/playbook.py [JSON FILE]
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from goals import Goal, keep, tell

CHECKOUT = Path(__file__).resolve().parents[1]
BASELINE = "de59824"
# What of a commit is the collection; all of it that site.yml plays.
COLLECTION = ("galaxy.yml", "meta", "playbooks", "plugins", "roles")
WORK = CHECKOUT / ".cache" / "bench"
LAB = WORK / "inventory"
# Fresh labs, and runs of a kind in each; a host has its first run once.
LABS, ROUNDS = 2, 2
# What a run may take at most, beside the baseline.
LIMITS = {"first run": 1.0, "unchanged": 0.5, "weight change": 0.5}
NETWORK = "198.19.0"
# As hosts of inventories/lab, one of each pair is Debian 12.
HOSTS = {"lvs1": (11, "trixie"), "lvs2": (12, "bookworm"), "web1": (21, "trixie"), "web2": (22, "bookworm")}
GROUPS = {"lvs_directors": ("lvs1", "lvs2"), "lvs_realservers": ("web1", "web2")}
BACKEND = {"app1": {"ansible_host": f"{NETWORK}.31"}}
# Notes each call of a program, and is the program then.
NOTE = '#!/bin/sh\necho "$*" >>"$BENCH_CALLS"\nexec {program} "$@"\n'


class Side:
    """A commit of the collection, with a cluster of its own."""

    def __init__(self, name: str, number: int, collections: Path, site: Path, directors: str) -> None:
        self.name = name
        self.collections = collections
        self.site = site
        self._number = number
        # What an instance calls its directors.
        self._directors = directors
        self.addresses = {host: f"{NETWORK}.{each + 100 * number}" for host, (each, _image) in HOSTS.items()}

    @property
    def inventory(self) -> Path:
        return WORK / f"{self.name}.yml"

    def hosts(self, prefix: str = "") -> dict[str, Any]:
        return {
            f"{prefix}{host}": {"ansible_host": self.addresses[host], "lab_image": image}
            for host, (_number, image) in HOSTS.items()
        }

    def describe(self, weight: int) -> None:
        """Write the inventory; weight: of one real server."""
        address = f"{NETWORK}.{50 + self._number}"
        described = {
            **reach(),
            "lvs_vrrp_instances": [
                {
                    "name": "web",
                    "virtual_router_id": 51 + self._number,
                    "virtual_ipaddress": [f"{address}/32"],
                    "authentication": {"auth_pass": "lvs-lab"},
                    self._directors: list(GROUPS["lvs_directors"]),
                }
            ],
            "lvs_virtual_servers": [
                {
                    "name": "web",
                    "address": address,
                    "port": 80,
                    "check": {"type": "HTTP_GET", "path": "/healthz"},
                    "real_servers": [{"host": "web1", "weight": weight}, {"host": "web2"}],
                }
            ],
            "lvs_nginx_upstreams": [{"name": "app", "port": 8080, "servers": list(BACKEND)}],
        }
        children: dict[str, Any] = {
            group: {"hosts": {name: self.hosts()[name] for name in names}} for group, names in GROUPS.items()
        }
        children["lvs_backends"] = {"hosts": BACKEND}
        write(self.inventory, {"all": {"vars": described, "children": children}})

    def run(self) -> dict[str, Any]:
        """Seconds, and by host: tasks, changed tasks, and round trips, which are calls of ssh and sftp."""
        calls = WORK / "calls"
        calls.write_text("")
        environment = {
            **os.environ,
            "ANSIBLE_COLLECTIONS_PATH": str(self.collections),
            "ANSIBLE_CONFIG": str(CHECKOUT / "ansible.cfg"),
            "ANSIBLE_SSH_EXECUTABLE": str(WORK / "ssh"),
            "ANSIBLE_SFTP_EXECUTABLE": str(WORK / "sftp"),
            "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json",
            "BENCH_CALLS": str(calls),
        }
        start = time.perf_counter()
        command = ["ansible-playbook", "-i", str(self.inventory), str(self.site)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        taken = time.perf_counter() - start
        if done.returncode:
            sys.exit(f"{self.name}: site.yml failed\n{done.stdout[-5000:]}{done.stderr[-2000:]}")
        told = json.loads(done.stdout[done.stdout.index("{") :])["stats"]
        trips = Counter(
            host
            for line in calls.read_text().splitlines()
            for host, address in self.addresses.items()
            if {address, f"[{address}]"} & set(line.split())
        )
        return {
            "seconds": taken,
            "tasks": {host: told[host]["ok"] for host in HOSTS},
            "changed": {host: told[host]["changed"] for host in HOSTS},
            "round_trips": {host: trips[host] for host in HOSTS},
        }


def reach() -> dict[str, Any]:
    """How Ansible reaches hosts of a lab."""
    text = (CHECKOUT / "inventories/lab/group_vars/all/reach.yml").read_text()
    told: dict[str, Any] = yaml.safe_load(text)
    return told


def write(path: Path, content: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(content))


def baseline() -> Path:
    """The collections path of the baseline, from the history of this checkout."""
    root = WORK / BASELINE
    target = root / "ansible_collections" / "lvs" / "cluster"
    if not target.exists():
        git = ["git", "-C", str(CHECKOUT)]
        known = subprocess.run([*git, "cat-file", "-e", f"{BASELINE}^{{commit}}"], capture_output=True, check=False)
        if known.returncode:
            sys.exit(
                f"benchmarks/playbook.py: commit {BASELINE}, which site.yml is measured against, is not in the history"
                " of this checkout; get it with 'git fetch --unshallow', or take a clone of the whole repository"
            )
        packed = subprocess.run([*git, "archive", BASELINE, *COLLECTION], capture_output=True, check=True).stdout
        target.mkdir(parents=True)
        subprocess.run(["tar", "-x", "-C", str(target)], input=packed, check=True)
    return root


def sides() -> tuple[Side, Side]:
    collections = baseline()
    before = Side(
        "before", 0, collections, collections / "ansible_collections/lvs/cluster/playbooks/site.yml", "directors"
    )
    now = Side("now", 1, CHECKOUT / ".collections", CHECKOUT / "playbooks" / "site.yml", "hosts")
    return before, now


def prepare(both: tuple[Side, Side]) -> None:
    for program in ("ssh", "sftp"):
        path = WORK / program
        path.write_text(NOTE.format(program=program))
        path.chmod(0o755)
    hosts = {name: host for side in both for name, host in side.hosts(f"{side.name}-").items()}
    backends = {name: {**host, "lab_services": ["lab-backend"]} for name, host in BACKEND.items()}
    variables = {**reach(), "lab_networks": {"lan": {"ipv4": f"{NETWORK}.0/24"}}}
    write(LAB / "hosts.yml", {"all": {"vars": variables, "hosts": {**hosts, **backends}}})


def lab(word: str) -> None:
    done = subprocess.run(
        [str(CHECKOUT / "lab" / "lab"), word, "-i", str(LAB)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"lab {word}:\n{done.stdout}{done.stderr}")


def weights() -> Iterator[int]:
    """Each another than the one before."""
    weight = 1
    while True:
        yield weight
        weight += 1


def measure() -> dict[str, dict[str, list[dict[str, Any]]]]:
    """By kind of run and side, all runs."""
    both = sides()
    prepare(both)
    found: dict[str, dict[str, list[dict[str, Any]]]] = {kind: {side.name: [] for side in both} for kind in LIMITS}

    def take(kind: str, order: tuple[Side, ...], weight: int) -> None:
        for side in order:
            side.describe(weight)
            taken = side.run()
            print(f"{kind}, {side.name}: {taken['seconds']:.1f} s", file=sys.stderr, flush=True)
            changed = {host for host, number in taken["changed"].items() if number}
            if changed != {"first run": set(HOSTS), "unchanged": set(), "weight change": {"lvs1", "lvs2"}}[kind]:
                sys.exit(f"{kind}, {side.name}: changed {', '.join(sorted(changed)) or 'nothing'}")
            found[kind][side.name].append(taken)

    for number in range(LABS):
        order = both if number % 2 == 0 else both[::-1]
        print(f"lab {number + 1} of {LABS} ...", file=sys.stderr, flush=True)
        lab("down")
        try:
            lab("up")
            weight = weights()
            take("first run", order, current := next(weight))
            for _round in range(ROUNDS):
                take("unchanged", order, current)
                take("weight change", order, current := next(weight))
        finally:
            lab("down")
    return found


def report(found: dict[str, dict[str, list[dict[str, Any]]]]) -> None:
    print(
        f"site.yml over two directors and two real servers, beside {BASELINE}: seconds, the fastest run of each kind;"
        " tasks, and round trips (calls of ssh), of a director and of a real server.\n"
    )
    print(f"{'':15} {'seconds':>16} {'ratio':>7} {'tasks':>24} {'round trips':>24}")
    goals = {}
    for kind, by_side in found.items():
        before, now = (min(by_side[name], key=lambda run: run["seconds"]) for name in ("before", "now"))
        ratio = now["seconds"] / before["seconds"]
        goals[f"{kind}: at most {LIMITS[kind]:g} times {BASELINE}"] = Goal(ratio, LIMITS[kind], "times")
        seconds = f"{before['seconds']:.1f} -> {now['seconds']:.1f}"
        print(
            f"{kind:15} {seconds:>16} {ratio:6.2f}x {of_both('tasks', before, now):>24}"
            f" {of_both('round_trips', before, now):>24}"
        )
    tell(goals)


def of_both(what: str, before: dict[str, Any], now: dict[str, Any]) -> str:
    return ", ".join(f"{before[what][host]} -> {now[what][host]}" for host in ("lvs1", "web1"))


def main(arguments: list[str]) -> None:
    found = measure()
    report(found)
    keep(found, arguments)


if __name__ == "__main__":
    main(sys.argv[1:])

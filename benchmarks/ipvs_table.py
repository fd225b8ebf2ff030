"""How fast the table module converges, beside raw ipvsadm, in one run on one machine.

Run as root under a kernel with IPVS; it makes a network namespace of its own:

    lab/lab run -- python benchmarks/ipvs_table.py [SERVICES] [SERVERS] [JSON FILE]

Each way is taken several times, in turns with the others, and the fastest run counts: what is slower is the machine's
noise. The module is run as Ansible runs it on a node: packed, by a Python of its own, its arguments on standard input.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROUNDS = 3
SINGLE_CALLS = 300  # one process per rule is slow: this many are timed, and the time of all is told from it

RUNNER = """
import io, json, resource, runpy, sys, time
start = time.perf_counter()
from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.testing import patch_module_args
from ansible_collections.lvs.cluster.plugins.module_utils import _ipvsadm
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs import options, plan
import ansible_collections.lvs.cluster.plugins.modules.ipvs_table
times = {"imports": time.perf_counter() - start}
starts = []
def timed(owner, name, key, note=lambda *_: None):
    wrapped = getattr(owner, name)
    def call(*args, **options):
        note(*args)
        before = time.perf_counter()
        try:
            return wrapped(*args, **options)
        finally:
            times[key] = times.get(key, 0.0) + time.perf_counter() - before
    setattr(owner, name, call)
timed(AnsibleModule, "run_command", "ipvsadm", lambda _module, words: starts.append(words[1]))
timed(AnsibleModule, "__init__", "arguments")
timed(AnsibleModule, "exit_json", "result")
timed(options, "desired_table", "options to model")
timed(plan, "plan", "plan")
timed(_ipvsadm, "parse", "parse")
timed(_ipvsadm, "parse_listing", "parse")
arguments = json.load(open(sys.argv[1]))
output = sys.stdout
sys.stdout = io.StringIO()
with patch_module_args(arguments):
    before = time.perf_counter()
    try:
        runpy.run_module("ansible_collections.lvs.cluster.plugins.modules.ipvs_table", run_name="__main__")
    except SystemExit:
        pass
    times["main"] = time.perf_counter() - before
result = json.loads(sys.stdout.getvalue())
json.dump({"commands": len(result.get("commands", [])), "msg": result.get("msg"), "times": times,
           "starts": starts, "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}, output)
"""


def ipvsadm(*words: str, stdin: str | None = None) -> str:
    done = subprocess.run(["ipvsadm", *words], input=stdin, capture_output=True, text=True, check=False)
    if done.returncode or done.stderr:
        sys.exit(f"ipvsadm {' '.join(words)}: {done.stderr[:500]}")
    return done.stdout


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def table(services: int, servers: int, weight: Callable[[int], int]) -> list[dict[str, Any]]:
    addresses = [f"198.51.{100 + number // 250}.{1 + number % 250}" for number in range(servers)]
    return [
        {
            "address": f"192.0.2.{1 + number // 10000}",
            "port": 1 + number % 10000,
            "lb_algo": "wrr",
            "real_servers": [{"address": address, "weight": weight(number)} for address in addresses],
        }
        for number in range(services)
    ]


def rules(services: list[dict[str, Any]]) -> list[str]:
    lines = []
    for service in services:
        name = f"-t {service['address']}:{service['port']}"
        lines.append(f"-A {name} -s {service['lb_algo']}")
        lines += [
            f"-a {name} -r {server['address']}:{service['port']} -g -w {server['weight']}"
            for server in service["real_servers"]
        ]
    return lines


class Module:
    """The table module, run as on a node."""

    def __init__(self, directory: str, services: list[dict[str, Any]]) -> None:
        self.arguments = Path(directory, f"arguments-{id(services)}.json")
        self.arguments.write_text(json.dumps({"services": services, "purge": True}))
        self.result: dict[str, Any] = {}

    def __call__(self) -> None:
        done = subprocess.run(
            [sys.executable, "-c", RUNNER, str(self.arguments)], capture_output=True, text=True, check=False
        )
        if done.returncode:
            sys.exit(done.stderr)
        self.result = json.loads(done.stdout)
        if self.result["msg"]:
            sys.exit(self.result["msg"])


def one_call_per_rule(lines: list[str]) -> float:
    """Seconds that all rules would take, from some of them."""
    some = lines[:SINGLE_CALLS]
    taken = seconds(lambda: [ipvsadm(*line.split()) for line in some])
    return taken / len(some) * len(lines)


def measure(services: int, servers: int, directory: str) -> dict[str, Any]:
    before = table(services, servers, lambda _number: 1)
    # One service in a hundred has other weights.
    after = table(services, servers, lambda number: 2 if number % 100 == 0 else 1)
    lines = rules(before)
    changed = [line.replace("-a ", "-e ", 1) for line, old in zip(rules(after), lines, strict=True) if line != old]
    load, unchanged, change = Module(directory, before), Module(directory, before), Module(directory, after)
    times: dict[str, list[float]] = {}

    def take(name: str, work: Callable[[], object]) -> None:
        times.setdefault(name, []).append(seconds(work))

    for _round in range(ROUNDS):
        ipvsadm("-C")
        take("load: ipvsadm -R", lambda: ipvsadm("-R", stdin="\n".join(lines) + "\n"))
        take("read: ipvsadm -S", lambda: ipvsadm("-S", "-n"))
        take("change: ipvsadm -R", lambda: ipvsadm("-R", stdin="\n".join(changed) + "\n"))
        ipvsadm("-C")
        take("load: module", load)
        take("unchanged: module", unchanged)
        take("change: module", change)
    ipvsadm("-C")
    times["load: one call per rule"] = [one_call_per_rule(lines)]
    ipvsadm("-C")
    ipvsadm("-R", stdin="\n".join(lines) + "\n")
    times["change: one call per rule"] = [one_call_per_rule(changed)]
    modules = {"load": load.result, "unchanged": unchanged.result, "change": change.result}
    assert [each["commands"] for each in modules.values()] == [len(lines), 0, len(changed)]
    return {
        "kernel": os.uname().release,
        "services": services,
        "servers": servers,
        "rules": len(lines),
        "changed_rules": len(changed),
        "seconds": {name: min(taken) for name, taken in times.items()},
        "all_seconds": times,
        "modules": modules,
    }


def report(found: dict[str, Any]) -> bool:
    fastest = found["seconds"]
    load, unchanged = fastest["load: module"], fastest["unchanged: module"]
    memory = max(each["memory"] for each in found["modules"].values()) / 1024
    print(
        f"Linux {found['kernel']}: {found['services']} services x {found['servers']} servers, {found['rules']} rules;"
        f" the change is of {found['changed_rules']}. Seconds, the fastest of {ROUNDS} runs.\n"
    )
    print(f"{'':24} {'module':>10} {'ipvsadm -R':>12} {'one call per rule':>18}")
    for what in ("load", "change"):
        single = fastest[f"{what}: one call per rule"]
        print(f"{what:24} {fastest[f'{what}: module']:10.2f} {fastest[f'{what}: ipvsadm -R']:12.2f} {single:17.1f}*")
    print(f"{'unchanged':24} {unchanged:10.2f} {fastest['read: ipvsadm -S']:12.2f} (ipvsadm -S)")
    print(f"* told from {SINGLE_CALLS} calls\n")
    print("Where the module's time goes, in its last run:")
    names = ("imports", "arguments", "options to model", "parse", "plan", "ipvsadm", "result")
    print(f"{'':24} {'start':>8} " + " ".join(f"{name:>16}" for name in names) + "   processes")
    for what, each in found["modules"].items():
        inner = each["times"]
        start = found["all_seconds"][f"{what}: module"][-1] - inner["main"] - inner["imports"]
        print(
            f"{what:24} {start:8.2f} "
            + " ".join(f"{inner.get(name, 0):16.2f}" for name in names)
            + f"   {len(each['starts'])}: {' '.join(each['starts'])}"
        )
    targets = {
        "full load at most 1.3 times ipvsadm -R": (load / fastest["load: ipvsadm -R"], 1.3, "times"),
        "unchanged at most ipvsadm -S + 1.5 s": (unchanged - fastest["read: ipvsadm -S"], 1.5, "s more"),
        "memory of the module under 150 MB": (memory, 150, "MB"),
    }
    print()
    for name, (value, limit, unit) in targets.items():
        print(f"{'met   ' if value <= limit else 'MISSED'} {name}: {value:.2f} {unit}")
    return all(value <= limit for value, limit, _unit in targets.values())


def main(arguments: list[str]) -> int:
    services, servers = (
        int(arguments[index]) if len(arguments) > index else default for index, default in ((0, 1000), (1, 10))
    )
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(0x40000000):  # CLONE_NEWNET; os.unshare() is of Python 3.12
        sys.exit("needs root")
    # Without it every address counts as a broadcast, and is refused as a server's.
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    checkout = Path(__file__).resolve().parents[1]
    os.environ["PYTHONPATH"] = str(checkout / ".collections")
    ipvsadm("--list", "--timeout")
    with tempfile.TemporaryDirectory() as directory:
        found = measure(services, servers, directory)
    found["memory_of_benchmark"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    met = report(found)
    if len(arguments) > 2:
        Path(arguments[2]).write_text(json.dumps(found, indent=1) + "\n")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

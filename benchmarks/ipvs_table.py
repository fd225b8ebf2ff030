"""How fast the table module converges, beside raw ipvsadm, in one run on one machine.

`make bench` runs it; as root, under a kernel with IPVS, in network namespaces of its own:

    benchmarks/ipvs_table.py [SERVICES] [SERVERS] [JSON FILE]

Each way is taken several times, in turns with the others, and the fastest run counts: what is slower is the machine's
noise. Every load has a namespace of its own: for two minutes a kernel looks for each new server among those that were
deleted, which made loads after the first a third slower. The module is run as on a node, by a Python of its own; the
floor is a module without code of ours, which takes no arguments and runs ipvsadm -R.
"""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROUNDS = 3
SINGLE_CALLS = 300  # one process per rule is slow: this many are timed, and the time of all is told from it

# Arguments reach a module as Ansible's own wrapper hands them over.
FLOOR = """
import sys
from ansible.module_utils import basic
basic._ANSIBLE_ARGS, basic._ANSIBLE_PROFILE = b'{"ANSIBLE_MODULE_ARGS": {}}', "legacy"
module = basic.AnsibleModule({})
rules = open(sys.argv[1]).read()
module.exit_json(result=module.run_command(["ipvsadm", "-R"], data=rules) if rules else None)
"""

RUNNER = """
import importlib, io, json, resource, runpy, sys, time
start = time.perf_counter()
from ansible.module_utils import basic
from ansible_collections.lvs.cluster.plugins.module_utils import _ipvsadm
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs import options, plan
name = f"ansible_collections.lvs.cluster.plugins.modules.{sys.argv[2]}"
importlib.import_module(name)
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
note = lambda _module, words: starts.append("--restore" if words[1] == "-c" else words[1])
timed(basic.AnsibleModule, "run_command", "ipvsadm", note)
timed(basic.AnsibleModule, "__init__", "arguments")
timed(basic.AnsibleModule, "exit_json", "result")
timed(options, "desired_table", "options to model")
timed(plan, "plan", "plan")
timed(_ipvsadm, "parse", "parse")
timed(_ipvsadm, "parse_thresholds", "parse")
basic._ANSIBLE_ARGS, basic._ANSIBLE_PROFILE = open(sys.argv[1], "rb").read(), "legacy"
output = sys.stdout
sys.stdout = io.StringIO()
before = time.perf_counter()
try:
    runpy.run_module(name, run_name="__main__")
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


class Namespaces:
    """Network namespaces with a table each; they last as long as this process, as their ends take time too."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._held: list[int] = []

    def enter(self) -> None:
        """A new one."""
        if self._libc.unshare(0x40000000):  # CLONE_NEWNET; os.unshare() is of Python 3.12
            sys.exit("needs root")
        self._held.append(os.open("/proc/self/ns/net", os.O_RDONLY))
        # Without it every address counts as a broadcast, and is refused as a server's.
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


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
    """A module, run as on a node."""

    def __init__(self, directory: str, name: str, **arguments: object) -> None:
        self.name = name
        self.arguments = Path(directory, f"arguments-{id(self)}.json")
        self.arguments.write_text(json.dumps({"ANSIBLE_MODULE_ARGS": arguments}))
        self.result: dict[str, Any] = {}

    def __call__(self) -> None:
        done = subprocess.run(
            [sys.executable, "-c", RUNNER, str(self.arguments), self.name], capture_output=True, text=True, check=False
        )
        if done.returncode:
            sys.exit(done.stderr)
        self.result = json.loads(done.stdout)
        if self.result["msg"]:
            sys.exit(self.result["msg"])


def floor(directory: str, rules_text: str) -> Callable[[], None]:
    """A module that does nothing but hand over rules that somebody else wrote."""
    path = Path(directory, f"rules-{len(rules_text)}")
    path.write_text(rules_text)

    def run() -> None:
        subprocess.run([sys.executable, "-c", FLOOR, str(path)], capture_output=True, check=True)

    return run


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
    load, unchanged = (Module(directory, "ipvs_table", services=before, purge=True) for _each in range(2))
    change = Module(directory, "ipvs_table", services=after, purge=True)
    # A server that none of the tables has in this way.
    name = {key: before[0][key] for key in ("address", "port")}
    edited = before[0]["real_servers"][0]["address"]
    edit = Module(directory, "ipvs_server", service=name, address=edited, weight=3)
    info = Module(directory, "ipvs_info")
    times: dict[str, list[float]] = {}

    def take(name: str, work: Callable[[], object]) -> None:
        times.setdefault(name, []).append(seconds(work))

    rules_text, changed_text = ("".join(f"{line}\n" for line in each) for each in (lines, changed))
    namespaces = Namespaces()
    for round_ in range(1, ROUNDS + 1):
        print(f"round {round_} of {ROUNDS} ...", file=sys.stderr, flush=True)
        namespaces.enter()
        take("load: ipvsadm -R", lambda: ipvsadm("-R", stdin=rules_text))
        take("unchanged: ipvsadm -S", lambda: ipvsadm("-S", "-n"))
        take("unchanged: both readings", lambda: ipvsadm("-S", "-n") + ipvsadm("-L", "-n", "--thresholds"))
        take("change: ipvsadm -R", lambda: ipvsadm("-R", stdin=changed_text))
        namespaces.enter()
        take("load: floor", floor(directory, rules_text))
        take("unchanged: floor", floor(directory, ""))
        take("change: floor", floor(directory, changed_text))
        namespaces.enter()
        take("load: module", load)
        take("unchanged: module", unchanged)
        take("change: module", change)
        take("info: module", info)
        take("edit: module", edit)
    print(f"{SINGLE_CALLS} single calls ...", file=sys.stderr, flush=True)
    namespaces.enter()
    times["load: one call per rule"] = [one_call_per_rule(lines)]
    namespaces.enter()
    ipvsadm("-R", stdin=rules_text)
    times["change: one call per rule"] = [one_call_per_rule(changed)]
    modules = {"load": load.result, "unchanged": unchanged.result, "change": change.result}
    assert [each["commands"] for each in modules.values()] == [len(lines), 0, len(changed)]
    assert edit.result["commands"] == 1
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


def report(found: dict[str, Any]) -> None:
    fastest = found["seconds"]
    load, unchanged = fastest["load: module"], fastest["unchanged: module"]
    memory = max(each["memory"] for each in found["modules"].values()) / 1024
    print(
        f"Linux {found['kernel']}: {found['services']} services x {found['servers']} servers, {found['rules']} rules;"
        f" the change is of {found['changed_rules']}. Seconds, the fastest of {ROUNDS} runs.\n"
    )
    print(f"{'':12} {'module':>8} {'floor':>8} {'raw':>8} {'one call per rule':>18}")
    for what, raw in (("load", "ipvsadm -R"), ("change", "ipvsadm -R"), ("unchanged", "ipvsadm -S")):
        ways = [fastest[f"{what}: {way}"] for way in ("module", "floor", raw)]
        single = fastest.get(f"{what}: one call per rule")
        told = f"{single:17.1f}*" if single else f"{'':18}"
        print(f"{what:12} " + " ".join(f"{each:8.2f}" for each in ways) + f" {told}  raw is {raw}")
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
    batches = max(each["starts"].count("--restore") for each in found["modules"].values())
    both = fastest["unchanged: both readings"]
    targets = {
        "full load at most 1.2 times ipvsadm -R": (load / fastest["load: ipvsadm -R"], 1.2, "times"),
        "unchanged at most 1.3 times both readings": (unchanged / both, 1.3, "times"),
        "one edit by ipvs_server at most 0.5 s": (fastest["edit: module"], 0.5, "s"),
        "ipvs_info at most 1.5 times both readings": (fastest["info: module"] / both, 1.5, "times"),
        "memory of the module under 150 MB": (memory, 150, "MB"),
        "one process for a batch of rules": (batches, 1, f"for {found['rules']} rules"),
    }
    print()
    for name, (value, limit, unit) in targets.items():
        print(f"{'met   ' if value <= limit else 'MISSED'} {name}: {value:.2f} {unit}")


def main(arguments: list[str]) -> None:
    services, servers = (
        int(arguments[index]) if len(arguments) > index else default for index, default in ((0, 1000), (1, 10))
    )
    checkout = Path(__file__).resolve().parents[1]
    os.environ["PYTHONPATH"] = str(checkout / ".collections")
    with tempfile.TemporaryDirectory() as directory:
        found = measure(services, servers, directory)
    report(found)
    if len(arguments) > 2:
        Path(arguments[2]).parent.mkdir(exist_ok=True)
        Path(arguments[2]).write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])

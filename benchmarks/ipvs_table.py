"""How fast the modules of IPVS are on a large table, beside raw ipvsadm, in one run on one machine.

`make bench` runs it; as root, under a kernel with IPVS, in network namespaces of its own:

    benchmarks/ipvs_table.py [SERVICES] [SERVERS] [JSON FILE]

Each way is taken several times, in turns with the others, and the fastest run counts: what is slower is the machine's
noise. Every load has a namespace of its own: for two minutes a kernel looks for each new server among those that were
deleted, which made loads after the first a third slower. The modules are run as on a node, by a Python of its own. The
floor is a module without code of ours, which takes the same arguments, runs the same commands of ipvsadm, and returns
as much: what is left if our own code costs nothing.
"""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from goals import Goal, keep, tell

ROUNDS = 3
SINGLE_CALLS = 300  # one process per rule is slow: this many are timed, and the time of all is told from it

# Arguments reach a module as Ansible's own wrapper hands them over.
FLOOR = """
import json, sys
from ansible.module_utils import basic
task = open(sys.argv[1], "rb").read()
options, commands, result = json.load(open(sys.argv[2]))
basic._ANSIBLE_ARGS, basic._ANSIBLE_PROFILE = task, "legacy"
module = basic.AnsibleModule(options)
for words, rules in commands:
    module.run_command(["ipvsadm", *words], data=rules, check_rc=True)
module.exit_json(invocation={}, **result)
"""

RUNNER = """
import importlib, io, json, resource, runpy, sys, time
start = time.perf_counter()
from ansible.module_utils import basic
from ansible_collections.lvs.cluster.plugins.module_utils._host import ipvsadm
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs import given
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
timed(given, "given_services", "options to model")
timed(options, "desired_table", "options to model")
timed(plan, "plan", "plan")
timed(ipvsadm, "parse", "parse")
timed(ipvsadm, "parse_thresholds", "parse")
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


def returned(services: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A table as ipvs_info returns it, which leaves no default out."""
    return [
        {
            **service,
            "protocol": "tcp",
            "lb_flags": [],
            "ops": False,
            "real_servers": [
                {**server, "port": service["port"], "lb_kind": "DR", "uthreshold": 0, "lthreshold": 0}
                for server in service["real_servers"]
            ],
        }
        for service in services
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


BOTH = (["-S", "-n"], ["-L", "-n", "--thresholds"])


class Floor:
    """A module that does nothing but read, and hand over rules that somebody else wrote."""

    def __init__(
        self, module: Module, readings: Iterable[list[str]] = BOTH, rules_text: str = "", **result: object
    ) -> None:
        self.module = module
        self.path = module.arguments.with_suffix(f".floor-{id(self)}")
        given = json.loads(module.arguments.read_text())["ANSIBLE_MODULE_ARGS"]
        types = {name: {"type": type(value).__name__} for name, value in given.items()}
        commands: list[tuple[list[str], str | None]] = [(words, None) for words in readings]
        if rules_text:
            commands.append((["-R"], rules_text))
        self.path.write_text(json.dumps([types, commands, result]))

    def __call__(self) -> None:
        subprocess.run(
            [sys.executable, "-c", FLOOR, str(self.module.arguments), str(self.path)], capture_output=True, check=True
        )


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
    rules_text, changed_text = ("".join(f"{line}\n" for line in each) for each in (lines, changed))
    # A server that none of the tables has in this way.
    name = {key: before[0][key] for key in ("address", "port")}
    edited = before[0]["real_servers"][0]["address"]
    edit_text = f"{lines[1]}\n".replace("-a ", "-e ", 1).replace("-w 1", "-w 3")
    one = ["-L", "-n", "-t", f"{name['address']}:{name['port']}"]
    # In the order in which they are run: each finds what those before it left.
    modules = {
        "load": Module(directory, "ipvs_table", services=before, purge=True),
        "unchanged": Module(directory, "ipvs_table", services=before, purge=True),
        "info": Module(directory, "ipvs_info", gather=["services"]),
        "edit": Module(directory, "ipvs_server", service=name, address=edited, weight=3),
        "change": Module(directory, "ipvs_table", services=after, purge=True),
    }
    floors = {
        "load": Floor(modules["load"], BOTH[:1], rules_text),
        "unchanged": Floor(modules["unchanged"]),
        "info": Floor(modules["info"], services=returned(before)),
        "edit": Floor(modules["edit"], ([*one, "--tun-info"], [*one, "--thresholds"]), edit_text),
        "change": Floor(modules["change"], BOTH, changed_text),
    }
    start = Floor(Module(directory, "ipvs_info"), ())
    times: dict[str, list[float]] = {}

    def take(name: str, work: Callable[[], object]) -> None:
        times.setdefault(name, []).append(seconds(work))

    namespaces = Namespaces()
    for round_ in range(1, ROUNDS + 1):
        print(f"round {round_} of {ROUNDS} ...", file=sys.stderr, flush=True)
        namespaces.enter()
        take("load: raw", lambda: ipvsadm("-R", stdin=rules_text))
        take("unchanged: raw", lambda: [ipvsadm(*words) for words in BOTH])
        take("info: raw", lambda: [ipvsadm(*words) for words in BOTH])
        take("edit: raw", lambda: ipvsadm("-R", stdin=edit_text))
        take("change: raw", lambda: ipvsadm("-R", stdin=changed_text))
        namespaces.enter()
        take("start", start)
        for what, floor in floors.items():
            take(f"{what}: floor", floor)
        namespaces.enter()
        for what, module in modules.items():
            take(f"{what}: module", module)
    print(f"{SINGLE_CALLS} single calls ...", file=sys.stderr, flush=True)
    namespaces.enter()
    times["load: one call per rule"] = [one_call_per_rule(lines)]
    namespaces.enter()
    ipvsadm("-R", stdin=rules_text)
    times["change: one call per rule"] = [one_call_per_rule(changed)]
    results = {what: module.result for what, module in modules.items()}
    assert [each["commands"] for each in results.values()] == [len(lines), 0, 0, 1, len(changed)]
    return {
        "kernel": os.uname().release,
        "services": services,
        "servers": servers,
        "rules": len(lines),
        "changed_rules": len(changed),
        "seconds": {name: min(taken) for name, taken in times.items()},
        "all_seconds": times,
        "modules": results,
    }


# What is measured, the limit that is its goal, what that is a multiple of, and what raw is.
GOALS = {
    "load": (1.2, "raw", "ipvsadm -R"),
    "unchanged": (1.3, "raw", "both readings, ipvsadm -S and -L --thresholds"),
    "info": (1.5, "raw", "both readings"),
    "edit": (0.5, "seconds", "ipvsadm -R of one rule"),
    "change": (None, "raw", "ipvsadm -R"),
}

TIMES_FLOOR = 1.3


def report(found: dict[str, Any]) -> None:
    fastest = found["seconds"]
    memory = max(each["memory"] for each in found["modules"].values()) / 1024
    print(
        f"Linux {found['kernel']}: {found['services']} services x {found['servers']} servers, {found['rules']} rules;"
        f" the change is of {found['changed_rules']}. Seconds, the fastest of {ROUNDS} runs, and times raw.\n"
    )
    print(f"{'':10} {'module':>8} {'':8} {'floor':>8} {'':8} {'raw':>8} {'one call per rule':>18}   goal")
    for what, (limit, unit, words) in GOALS.items():
        module, floor, raw = (fastest[f"{what}: {way}"] for way in ("module", "floor", "raw"))
        single = fastest.get(f"{what}: one call per rule")
        goal = "none"
        if limit is not None:
            reached, possible = (module, floor) if unit == "seconds" else (module / raw, floor / raw)
            goal = f"{'met' if reached <= limit else 'missed' if possible <= limit else 'missed, and by the floor'}"
            goal += f": at most {limit} {'times raw' if unit == 'raw' else unit}"
        print(
            f"{what:10} {module:8.2f} {module / raw:7.2f}x {floor:8.2f} {floor / raw:7.2f}x {raw:8.2f}"
            f" {f'{single:17.1f}*' if single else '':18}   {goal}; raw is {words}"
        )
    print(f"* told from {SINGLE_CALLS} calls")
    print(f"A module that does nothing at all takes {fastest['start']:.2f} s: that is in each floor.\n")
    print("Where the time of the modules goes, in their last run:")
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
    goals = {
        "memory of a module under 150 MB": Goal(memory, 150, "MB"),
        "one process for a batch of rules": Goal(batches, 1, f"for {found['rules']} rules"),
        # What is ours to better, whatever Ansible and ipvsadm take.
        **{
            f"{what} takes at most {TIMES_FLOOR} times its floor": Goal(
                fastest[f"{what}: module"] / fastest[f"{what}: floor"],
                TIMES_FLOOR,
                "times",
            )
            for what in GOALS
        },
    }
    tell(goals)


def main(arguments: list[str]) -> None:
    services, servers = (
        int(arguments[index]) if len(arguments) > index else default for index, default in ((0, 1000), (1, 10))
    )
    checkout = Path(__file__).resolve().parents[1]
    os.environ["PYTHONPATH"] = str(checkout / ".collections")
    with tempfile.TemporaryDirectory() as directory:
        found = measure(services, servers, directory)
    report(found)
    keep(found, arguments[2:])


if __name__ == "__main__":
    main(sys.argv[1:])

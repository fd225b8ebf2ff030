"""What a description costs on the controller: preflight and all views, for clusters of growing size.

`make bench` runs it. Hosts are not reached: what the role preflight gathers of them is given by a cache of facts.

    benchmarks/controller.py [JSON FILE]
"""

from __future__ import annotations

import ipaddress
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import yaml
from goals import Goal, keep, tell

CHECKOUT = Path(__file__).resolve().parents[1]
REAL_SERVERS = (10, 50, 200)
SERVICES = 50
BACKENDS = 4
# For the largest cluster.
SECONDS, MEGABYTES = 15, 500
# Time per host of the largest cluster beside that of the middle one: 1 is linear.
GROWTH = 1.5
INTERVAL = 0.2

# The tasks of the role preflight, but for the one that reaches hosts.
PREFLIGHT = [
    {
        "name": f"Preflight: {tasks}",
        "ansible.builtin.import_role": {"name": "lvs.cluster.preflight", "tasks_from": tasks},
        "vars": {"preflight_groups": {"directors": "lvs_directors", "real_servers": "lvs_realservers"}},
    }
    for tasks in ("description", "verdict")
]
PLAY = [
    {
        "name": "Check the descriptions and the hosts, and have every host's view",
        "hosts": "lvs_directors:lvs_realservers",
        "gather_facts": False,
        "tasks": [
            *PREFLIGHT,
            {
                "name": "Have the view",
                "ansible.builtin.assert": {
                    "that": "(hostvars | lvs.cluster.view(inventory_hostname)).host.name == inventory_hostname",
                    "quiet": True,
                },
            },
        ],
    }
]


def inventory(real_servers: int) -> dict[str, Any]:
    """A cluster whose every real server serves every service, each behind a pool of its own."""
    addresses = [f"192.0.2.{1 + number}" for number in range(SERVICES)]
    described = {
        "lvs_interface": "eth0",
        "lvs_vrrp_instances": [
            {
                "name": "web",
                "virtual_router_id": 51,
                "virtual_ipaddress": [f"{each}/32" for each in addresses],
                "hosts": "{{ groups['lvs_directors'] }}",
            }
        ],
        "lvs_virtual_servers": [
            {"name": f"web{number}", "address": each, "port": 80, "real_servers": "{{ groups['lvs_realservers'] }}"}
            for number, each in enumerate(addresses)
        ],
        "lvs_nginx_upstreams": [
            {
                "name": f"app{number}",
                "port": 8080,
                "virtual_server": f"web{number}",
                "servers": "{{ groups['lvs_backends'] }}",
            }
            for number in range(SERVICES)
        ],
    }
    sizes = {"lvs_directors": ("lvs", 2), "lvs_realservers": ("web", real_servers), "lvs_backends": ("app", BACKENDS)}
    groups = {
        group: {
            "hosts": {
                f"{name}{number + 1}": {"ansible_host": f"198.51.{network}.{number + 1}"} for number in range(size)
            }
        }
        for network, (group, (name, size)) in enumerate(sizes.items())
    }
    return {"all": {"vars": described, "children": groups}}


def gathered(address: str) -> dict[str, Any]:
    """What setup tells of a host with two interfaces, in the main."""
    addresses = {"lo": "127.0.0.1/8", "eth0": f"{address}/16", "eth1": "203.0.113.7/24"}
    interfaces = {name: ipaddress.IPv4Interface(cidr) for name, cidr in addresses.items()}
    return {
        "ansible_os_family": "Debian",
        "ansible_distribution": "Debian",
        "ansible_interfaces": list(interfaces),
        "ansible_all_ipv4_addresses": [str(each.ip) for each in interfaces.values()],
        "ansible_default_ipv4": {"interface": "eth1", "gateway": "203.0.113.254"},
        **{
            f"ansible_{name}": {
                "device": name,
                "mtu": 1500,
                "ipv4": {
                    "address": str(each.ip),
                    "netmask": str(each.netmask),
                    "network": str(each.network.network_address),
                    "prefix": str(each.network.prefixlen),
                },
            }
            for name, each in interfaces.items()
        },
    }


def megabytes(group: int) -> float:
    """Memory of a process and of those that it started, what they share counted once (proc(5), smaps_rollup)."""
    total = 0
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if os.getpgid(int(path.name)) == group:
                rollup = (path / "smaps_rollup").read_text()
                total += next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
        except (ProcessLookupError, FileNotFoundError):
            continue
    return total / 1024


def run(directory: Path, real_servers: int) -> dict[str, float]:
    hosts, play, facts = directory / f"{real_servers}.yml", directory / "play.yml", directory / "facts"
    described = inventory(real_servers)
    hosts.write_text(yaml.safe_dump(described))
    facts.mkdir(exist_ok=True)
    for group in described["all"]["children"].values():
        for name, own in group["hosts"].items():
            # As the cache of ansible-core 2.19 writes them.
            (facts / f"s1_{name}").write_text(json.dumps({"__payload__": json.dumps(gathered(own["ansible_host"]))}))
    play.write_text(yaml.safe_dump(PLAY))
    environment = {
        **os.environ,
        "ANSIBLE_CACHE_PLUGIN": "jsonfile",
        "ANSIBLE_CACHE_PLUGIN_CONNECTION": str(facts),
        "ANSIBLE_COLLECTIONS_PATH": str(CHECKOUT / ".collections"),
        "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.minimal",
    }
    command = ["ansible-playbook", "-i", str(hosts), str(play)]
    start, memory = time.perf_counter(), 0.0
    with (directory / "output").open("w+") as output:
        running = subprocess.Popen(command, env=environment, stdout=output, stderr=output, start_new_session=True)
        while running.poll() is None:
            memory = max(memory, megabytes(running.pid))
            time.sleep(INTERVAL)
        taken = time.perf_counter() - start
        if running.returncode:
            output.seek(0)
            sys.exit(output.read()[-2000:])
    return {"seconds": taken, "megabytes": memory}


def report(found: dict[int, dict[str, float]]) -> None:
    print(f"The controller's cost of a description with {SERVICES} services, hosts not reached:\n")
    print(f"{'real servers':>12} {'seconds':>8} {'per host, ms':>13} {'MB':>6}")
    for real_servers, each in found.items():
        per_host = 1000 * each["seconds"] / (real_servers + 2)
        print(f"{real_servers:12} {each['seconds']:8.1f} {per_host:13.0f} {each['megabytes']:6.0f}")
    *_, middle, largest = REAL_SERVERS
    growth = (found[largest]["seconds"] / largest) / (found[middle]["seconds"] / middle)
    goals = {
        f"{largest} real servers below {SECONDS} s": Goal(found[largest]["seconds"], SECONDS, "s"),
        f"{largest} real servers below {MEGABYTES} MB": Goal(found[largest]["megabytes"], MEGABYTES, "MB"),
        f"time per host grows at most {GROWTH} times from {middle} to {largest}": Goal(growth, GROWTH, "times"),
    }
    tell(goals)


def main(arguments: list[str]) -> None:
    found = {}
    with tempfile.TemporaryDirectory() as directory:
        for real_servers in REAL_SERVERS:
            print(f"{real_servers} real servers ...", file=sys.stderr, flush=True)
            found[real_servers] = run(Path(directory), real_servers)
    report(found)
    keep(found, arguments)


if __name__ == "__main__":
    main(sys.argv[1:])

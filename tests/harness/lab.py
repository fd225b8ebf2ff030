"""The lab's hosts: commands on them, also where the network is cut, and what they hold in the product's own words."""

from __future__ import annotations

import ipaddress
import json
import os
import shlex
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from ansible_collections.lvs.cluster.plugins.module_utils._ipvs import connections, daemons, listing, save
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import ServerKey, ServiceKey, Table
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived import status
from ansible_collections.lvs.cluster.plugins.module_utils._net import endpoint
from lvslab import cluster as lvslab_cluster
from lvslab import inventory as lvslab_inventory
from lvslab.nodes import Hosts
from lvslab.state import Record

from harness.clock import LEDGER

T = TypeVar("T")
ROOT = Path(__file__).resolve().parents[2]

# No look at a host takes this long; a test that hangs tells less than one that fails.
LONGEST = 60.0
# A host that starts on a busy machine takes a while.
LONGEST_OF_THE_LAB = 600.0

# Has keepalived write what it knows, and prints it once it does not grow any more. Without a service nobody checks one.
KEEPALIVED_DUMP = """
pid=$(cat /run/keepalived.pid) && cd "/proc/$pid/root/tmp" || exit 1
rm -f keepalived.data keepalived_check.data
files=keepalived.data
[ ! -e /run/checkers.pid ] || files="$files keepalived_check.data"
kill -USR1 "$pid"
size=
for _ in $(seq 50); do
    sleep 0.1
    now=$(stat --format %s $files 2>/dev/null) && [ "$now" = "$size" ] && break
    size=$now
done
for file in $files; do
    [ "$file" = keepalived.data ] || echo "=== $file"
    cat "$file"
done
"""


class LabFailed(AssertionError):
    """A command of the lab, or on one of its hosts, ended badly."""


class Done(NamedTuple):
    """How a command on a host ended."""

    status: int
    output: str
    errors: str


class Route(NamedTuple):
    """Where a packet goes first."""

    interface: str
    gateway: str | None


class Lab:
    """The hosts of an inventory, in a lab that is up."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @cached_property
    def inventory(self) -> lvslab_inventory.Inventory:
        return lvslab_inventory.read(self.path)

    @cached_property
    def _record(self) -> Record:
        return lvslab_cluster.require_up(lvslab_inventory.lab_name(self.path))

    @cached_property
    def _hosts(self) -> Hosts:
        return lvslab_cluster.hosts_of(self._record)

    @property
    def hosts(self) -> list[str]:
        return [node.name for node in self._record.nodes]

    def argv(self, host: str, *command: str) -> list[str]:
        """What to execute here in order to execute a command on a host: `lab exec` without a Python of its own."""
        return self._hosts.argv(self._record.node(host), command)

    def __call__(self, *words: str) -> str:
        """A command of the lab itself."""
        command = [str(ROOT / "lab" / "lab"), words[0], "-i", str(self.path), *words[1:]]
        with LEDGER.spending("boots" if words[0] in ("up", "start", "reboot") else "other commands of the lab"):
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=LONGEST_OF_THE_LAB)
        if done.returncode:
            raise LabFailed(f"lab {shlex.join(words)}: status {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def try_all(self, commands: Mapping[str, Sequence[str]], longest: float = LONGEST) -> dict[str, Done]:
        """A command on each of several hosts, side by side; a host that is off has status 125, one that hangs 124."""
        deadline = time.monotonic() + longest
        with LEDGER.spending("round trips to hosts"):
            started = {
                host: subprocess.Popen(
                    self.argv(host, *command),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                )
                for host, command in commands.items()
            }
            return {host: _finish(process, deadline) for host, process in started.items()}

    def exec_all(self, hosts: Iterable[str], *command: str, check: bool = True) -> dict[str, str]:
        """What a command prints on each of several hosts."""
        done = self.try_all(dict.fromkeys(hosts, command))
        for host, each in done.items():
            if check and each.status:
                raise LabFailed(f"{host}: {shlex.join(command)}: status {each.status}\n{each.output}{each.errors}")
        return {host: each.output for host, each in done.items()}

    def exec(self, host: str, *command: str, check: bool = True) -> str:
        return self.exec_all([host], *command, check=check)[host]

    def shell(self, host: str, script: str, check: bool = True) -> str:
        return self.exec(host, "sh", "-c", script, check=check)

    def json(self, host: str, *command: str) -> Any:
        return json.loads(self.exec(host, *command))

    def forget(self, host: str) -> None:
        """A connection that SSH keeps open to a host does not survive the host's reboot."""
        address = self._record.node(host).address
        Path(f"~/.cache/lvs-lab/ssh-{address}").expanduser().unlink(missing_ok=True)

    def boot(self, host: str) -> str:
        """Differs from boot to boot."""
        return self.exec(host, "systemctl", "show", "--property", "UserspaceTimestampMonotonic").strip()

    # -- addresses and routes

    def mac(self, host: str, interface: str = "eth0") -> str:
        (link,) = self.json(host, "ip", "-json", "link", "show", "dev", interface)
        return str(link["address"])

    def held(self, hosts: Iterable[str], *, loopback: bool = False) -> dict[str, set[str]]:
        """The addresses on the network cards of each host, or on its loopback; a host that is off has none."""
        shown = self.exec_all(hosts, "ip", "-json", "address", check=False)
        return {host: addresses(json.loads(text or "[]"), loopback=loopback) for host, text in shown.items()}

    def holders(self, address: str, hosts: Iterable[str]) -> list[str]:
        """The hosts that have an address on a network card."""
        return [host for host, held in self.held(hosts).items() if address in held]

    def loopback(self, host: str) -> dict[str, str]:
        """The IPv4 addresses on a host's loopback with their prefix length, by label: lo, lo:0."""
        return self.labels(host, "lo")

    def labels(self, host: str, interface: str) -> dict[str, str]:
        """Those on an interface."""
        (link,) = self.json(host, "ip", "-json", "-4", "address", "show", "dev", interface)
        return {each["label"]: f"{each['local']}/{each['prefixlen']}" for each in link["addr_info"]}

    def flags(self, host: str, interface: str) -> dict[str, set[str]]:
        """The IPv6 addresses on an interface with their prefix length, and what the kernel marks each with: nodad."""
        (link,) = self.json(host, "ip", "-json", "-6", "address", "show", "dev", interface)
        return {f"{each['local']}/{each['prefixlen']}": flags(each) for each in link["addr_info"]}

    def route(self, host: str, address: str) -> Route:
        """What the kernel of a host would do with a packet."""
        (route,) = self.json(host, "ip", "-json", "route", "get", address)
        return Route(route["dev"], route.get("gateway"))

    def source(self, host: str, address: str) -> str:
        """From which of its addresses a host sends to somebody."""
        (route,) = self.json(host, "ip", "-json", "route", "get", address)
        return str(route["prefsrc"])

    def owner(self, address: str) -> str:
        """Whose network card of the lab has an address from the beginning."""
        return owner(self._record.nodes, address)

    def neighbour(self, host: str, address: str) -> tuple[str, str]:
        """Who asks its neighbours for an address when a host sends to it: it, or the last router; and its interface."""
        return last_hop(self.route, self.owner, host, address)

    def lladdr(self, host: str, interface: str, address: str) -> str | None:
        """The MAC address that a host knows an address by."""
        entries = self.json(host, "ip", "-json", "neighbour", "show", address, "dev", interface)
        return next((entry["lladdr"] for entry in entries if "lladdr" in entry), None)

    def connections(self, host: str, service: ServiceKey) -> set[tuple[str, int]]:
        """A client's own ends, as addresses and ports, of its open connections to a service."""
        peer = endpoint(service.address, service.port)
        listed = self.exec(host, "ss", "-H", "-t", "-n", "state", "established", "dst", peer)
        return {local_end(line) for line in listed.splitlines()}

    # -- IPVS and keepalived

    def tables(self, hosts: Iterable[str]) -> dict[str, Table]:
        """The IPVS tables; a host that is off, or has no ipvsadm yet, has none."""
        texts = self.exec_all(hosts, "ipvsadm", "--save", "--numeric", check=False)
        return {host: save.parse(text) for host, text in texts.items()}

    def weights(self, hosts: Iterable[str], service: ServiceKey) -> dict[str, dict[ServerKey, int]]:
        """The real servers of a service in each table, with their weights."""
        return {host: weights(table, service) for host, table in self.tables(hosts).items()}

    def packets(self, director: str, service: ServiceKey) -> int:
        """Packets for a service that a director's IPVS has handed to real servers."""
        text = self.exec(director, "ipvsadm", "--list", "--numeric", "--stats", "--exact")
        counted = listing.parse_listing(text, listing.STATS).services.get(service)
        return counted["incoming_packets"] if counted else 0

    def established(self, director: str) -> set[tuple[str, int]]:
        """The clients, with their ports, of the established connections in a director's table."""
        lines = self.exec(director, "cat", "/proc/net/ip_vs_conn", check=False).splitlines()
        found, _more = connections.parse_connections(lines, limit=len(lines))
        return {
            (str(each["client_address"]), int(each["client_port"])) for each in found if each["state"] == "ESTABLISHED"
        }

    def sync_daemons(self, director: str) -> set[str]:
        """The parts that a director takes in telling connections: master sends, backup receives."""
        return set(daemons.parse_daemons(self.exec(director, "ipvsadm", "--list", "--daemon")))

    def vrrp_states(self, hosts: Iterable[str]) -> dict[str, dict[str, str]]:
        """What keepalived on each director thinks of each instance: MASTER, BACKUP, FAULT."""
        told = self.vrrp_instances(hosts)
        return {host: {name: each["state"] for name, each in instances.items()} for host, instances in told.items()}

    def vrrp_instances(self, hosts: Iterable[str]) -> dict[str, dict[str, dict[str, Any]]]:
        """All that keepalived on each director says of each instance."""
        dumps = self.exec_all(hosts, "sh", "-c", KEEPALIVED_DUMP)
        return {
            host: {each["name"]: each for each in status.parse_vrrp_data(text.partition("\n===")[0])}
            for host, text in dumps.items()
        }


def _finish(process: subprocess.Popen[str], deadline: float) -> Done:
    try:
        output, errors = process.communicate(timeout=max(1.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        process.kill()
        output, errors = process.communicate()
        return Done(124, output, f"{errors}\nno end in time")
    return Done(process.returncode, output, errors)


def addresses(links: Sequence[Mapping[str, Any]], *, loopback: bool) -> set[str]:
    """The addresses in the output of `ip -json address`."""
    return {
        entry["local"]
        for link in links
        if (link["ifname"] == "lo") == loopback
        for entry in link.get("addr_info", [])
        if "local" in entry
    }


def flags(entry: Mapping[str, Any]) -> set[str]:
    """What is said with one word of an address in the output of `ip -json address`."""
    return {name for name, value in entry.items() if value is True}


def local_end(line: str) -> tuple[str, int]:
    """The address and the port in a line of `ss -H -t -n state ...`: queues, own end%device, other end."""
    address, _colon, port = line.split()[2].rpartition(":")
    return address.partition("%")[0].strip("[]"), int(port)


def weights(table: Table, service: ServiceKey) -> dict[ServerKey, int]:
    pool = table.get(service)
    return {key: server.weight for key, server in pool.servers.items()} if pool else {}


def owner(nodes: Iterable[lvslab_inventory.Node], address: str) -> str:
    wanted = ipaddress.ip_address(address)
    cards = ((node.name, each) for node in nodes for card in node.interfaces for each in card.addresses)
    (host,) = (name for name, each in cards if ipaddress.ip_interface(each).ip == wanted)
    return host


def last_hop(
    route: Callable[[str, str], Route], owner_of: Callable[[str], str], host: str, address: str
) -> tuple[str, str]:
    """Follow the routes from host to host, up to the network that the address is in."""
    for _hop in range(8):
        interface, gateway = route(host, address)
        if gateway is None:
            return host, interface
        host = owner_of(gateway)
    raise LabFailed(f"the routes to {address} go in a circle, back at {host}")


def environment(root: Path) -> dict[str, str]:
    """In which Ansible works on a checkout, whatever the shell says."""
    return {
        **os.environ,
        "ANSIBLE_CONFIG": str(root / "ansible.cfg"),
        "ANSIBLE_COLLECTIONS_PATH": str(root / ".collections"),
        "ANSIBLE_FORCE_COLOR": "0",
    }

"""The hosts themselves: systemd containers that are switched on and off like machines with a disk and a cable."""

from __future__ import annotations

import hashlib
import json
import shlex
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from lvslab import sudo
from lvslab.console import say
from lvslab.errors import LabError
from lvslab.files import File, tree
from lvslab.inventory import Interface, Node
from lvslab.machine import Machine
from lvslab.process import run
from lvslab.stacks import STACKS

_READY_DEADLINE = 120
_CHECKOUT_LAB = Path(__file__).resolve().parents[1]


def hosts_file(nodes: Sequence[Node]) -> str:
    """A name leads to the address that Ansible uses; a host's other addresses have none."""
    lines = ["127.0.0.1 localhost", "::1 localhost"]
    for node in nodes:
        own = next(interface for interface in node.interfaces if interface.ipv4 == node.address)
        lines += [f"{address} {node.name}" for address in (own.ipv4, own.ipv6) if address]
    return "\n".join(lines) + "\n"


# Of all rights over a kernel those that are not a network namespace's own. The clock, the power and what these folders
# set belong to the whole kernel, which may be that of a user's machine.
_WITHHELD = ("SYS_TIME", "SYS_BOOT", "WAKE_ALARM")
_SECURITY = ("unmask=/proc/sys", "seccomp=unconfined", "apparmor=unconfined", "label=disable")
_READ_ONLY = ("/proc/sys/kernel", "/proc/sys/fs", "/proc/sys/vm")
# What `podman exec` does, in a tenth of its time; a process id that is not the container's any more is not entered.
_ENTER = """
pid=$(cat "$2" 2>/dev/null) && [ "/proc/$pid/ns/net" -ef "/run/netns/$1" ] || { echo "$0 is off" >&2; exit 125; }
withheld=$3
shift 3
# Its control group limits which devices a process may open.
echo $$ > "/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$pid/cgroup")/cgroup.procs"
exec setpriv --bounding-set "$withheld" nsenter --all --target "$pid" env -i container=podman HOME=/root \\
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
"""
# A network namespace begins with the machine's settings of IPv4 (not of IPv6), a host with the kernel's.
_KERNEL_DEFAULTS = """
for file in /proc/sys/net/ipv4/conf/*/*; do
    case $file in
    */mc_forwarding | */lo/disable_*) continue ;;
    */accept_redirects | */send_redirects | */secure_redirects | */shared_media | */arp_evict_nocarrier) value=1 ;;
    */all/accept_source_route) value=0 ;;
    */accept_source_route) value=1 ;;
    */igmpv2_unsolicited_report_interval) value=10000 ;;
    */igmpv3_unsolicited_report_interval) value=1000 ;;
    *) value=0 ;;
    esac
    echo $value >"$file"
done
"""
_FORWARDING = b"net.ipv4.ip_forward = 1\nnet.ipv6.conf.all.forwarding = 1\n"


def node_files(node: Node, nodes: Sequence[Node], authorized_key: str) -> dict[str, File]:
    """All that tells one host from another before Ansible comes."""
    machine_id = hashlib.md5(f"lvs-lab {node.name} {node.address}".encode(), usedforsecurity=False).hexdigest()
    return {
        "etc/hostname": File(f"{node.name}\n".encode()),
        "etc/hosts": File(hosts_file(nodes).encode()),
        "etc/machine-id": File(f"{machine_id}\n".encode(), 0o444),
        "root/.ssh/authorized_keys": File(f"{authorized_key}\n".encode(), 0o600),
        **({} if node.image.resolved else {"etc/resolv.conf": File(b"")}),
        **({"etc/sysctl.d/50-router.conf": File(_FORWARDING)} if node.router else {}),
        **STACKS[node.image.network_manager].files(node),
        **_host_key(),
    }


def _host_key() -> dict[str, File]:
    with tempfile.TemporaryDirectory() as folder:
        key = Path(folder, "key")
        run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(key)])
        public = key.with_suffix(".pub").read_bytes()
        return {
            "etc/ssh/ssh_host_ed25519_key": File(key.read_bytes(), 0o600),
            "etc/ssh/ssh_host_ed25519_key.pub": File(public),
        }


def lab_files() -> dict[str, File]:
    """What every node finds in /opt/lab, read-only."""
    return tree(_CHECKOUT_LAB / "node" / "opt")


class Hosts:
    """Everything one can do to the hosts of one lab."""

    def __init__(self, machine: Machine, nodes: Sequence[Node], key: Path) -> None:
        self._machine = machine
        self._nodes = nodes
        self._key = key

    def container(self, node: Node) -> str:
        return f"{self._machine.name}-{node.name}"

    def namespace(self, node: Node) -> str:
        """Of the network. The name of no lab has a dot, so that this is nobody else's."""
        return f"{self._machine.namespace}.{node.name}"

    def _folder(self, node: Node) -> str:
        return f"{self._machine.folder}/nodes/{node.name}"

    def _pid_file(self, node: Node) -> str:
        return f"{self._folder(node)}/pid"

    @property
    def _tools(self) -> str:
        return f"{self._machine.folder}/opt"

    def update_tools(self) -> None:
        """Lay the checkout's programs into /opt/lab of all nodes, also of those that run."""
        self._machine.put(self._tools, lab_files())

    def create(self, nodes: Sequence[Node]) -> None:
        """Disks as fresh as after installation. They live in the machine, so they survive loss of power."""
        key = self._key.with_suffix(".pub").read_text(encoding="utf-8").strip()
        disks, files, units = list[list[str]](), dict[str, File](), list[list[str]]()
        for node in nodes:
            root = f"{self._folder(node)}/root"
            upper, work = f"{self._folder(node)}/upper", f"{self._folder(node)}/work"
            options = f"lowerdir={self._machine.folder_of(node.image)},upperdir={upper},workdir={work},volatile"
            mount = ["-t", "overlay", "-o", options, f"lvs-lab-{self.container(node)}"]
            disks += [
                ["mkdir", "-p", root, upper, work],
                ["sh", "-c", 'mountpoint -q "$0" || exec mount "$@"', root, *mount, root],
                ["ln", "-sf", node.shell, f"{root}/bin/sh"],
            ]
            files |= {f"{node.name}/root/{name}": file for name, file in node_files(node, self._nodes, key).items()}
            if node.services:
                units.append(["chroot", root, "systemctl", "--quiet", "enable", *node.services])
        self._machine.script(disks)
        self._machine.put(f"{self._machine.folder}/nodes", files)
        self._machine.script(units)

    def power_on(self, node: Node) -> None:
        """Plug in the cables and start a host that is off; the network namespace is new, as after any boot."""
        name, namespace, root = self.container(node), self.namespace(node), f"{self._folder(node)}/root"
        modules = self._machine.modules()
        mounts = [f"{self._tools}:/opt/lab:ro", *(f"{folder}:{folder}:ro" for folder in _READ_ONLY)]
        mounts += [f"{modules}:/lib/modules:ro"] if modules else []
        self._machine.script(
            [
                # Ansible's apt module takes this file's age for the age of the package lists.
                ["mkdir", "-p", f"{root}/var/lib/apt/periodic"],
                ["touch", f"{root}/var/lib/apt/periodic/update-success-stamp"],
                ["ip", "netns", "add", namespace],
                ["nsenter", f"--net=/run/netns/{namespace}", "sh", "-euc", _KERNEL_DEFAULTS],
                *(command for interface in node.interfaces for command in self._cable(namespace, interface)),
                [
                    *("podman", "run", "--detach", "--name", name, "--hostname", node.name),
                    *("--label", f"lvs-lab={self._machine.name}", "--pidfile", self._pid_file(node)),
                    # All rights over its own kernel interfaces, but /sys read-only: by that systemd knows that no udev
                    # will announce devices, and networkd configures eth0 without waiting for it.
                    *("--systemd=always", "--cap-add=ALL", *(f"--cap-drop={right}" for right in _WITHHELD)),
                    *(f"--security-opt={each}" for each in _SECURITY),
                    *(f"--network=ns:/run/netns/{namespace}", "--no-hosts", "--dns=none", "--log-driver=none"),
                    *(f"--volume={mount}" for mount in mounts),
                    *("--pids-limit=-1", "--rootfs", root, "/sbin/init"),
                ],
            ]
        )

    def _cable(self, namespace: str, interface: Interface) -> list[list[str]]:
        network = self._machine.networks[interface.network]
        mtu = ["mtu", str(network.mtu)]
        return [
            [
                *("ip", "link", "add", interface.port, *mtu, "type", "veth"),
                *("peer", "name", interface.name, *mtu, "address", interface.mac, "netns", namespace),
            ],
            ["ip", "link", "set", interface.port, "master", network.interface, "up"],
        ]

    def power_off(self, node: Node) -> None:
        """Loss of power: the cables go dead first, since nothing of a dead host may answer, not even its kernel."""
        self._forget_connection(node)
        name, namespace = shlex.quote(self.container(node)), shlex.quote(self.namespace(node))
        self._machine.script(
            "".join(f"ip link del {interface.port} 2>/dev/null || :\n" for interface in node.interfaces)
            + f"podman rm --force --ignore --time 0 {name} >/dev/null\n"
            f"[ ! -e /run/netns/{namespace} ] || ip netns del {namespace}\n"
        )

    def shut_down(self, node: Node) -> None:
        """Orderly, as an administrator would: every service may say good-bye before the power goes."""
        self._machine.run(["podman", "stop", "--ignore", "--time", "60", self.container(node)])
        self.power_off(node)

    def _forget_connection(self, node: Node) -> None:
        """End Ansible's shared connection to a host that goes away, or its next task would wait for a dead one."""
        for folder in (self._key.parent, *sudo.caches()):
            control = folder / f"ssh-{node.address}"
            if control.exists():
                run(["ssh", "-F", "none", "-o", f"ControlPath={control}", "-O", "exit", node.address], check=False)

    def forget_connections(self) -> None:
        for node in self._nodes:
            self._forget_connection(node)

    def set_carrier(self, node: Node, network: str | None, state: str) -> None:
        """Pull or plug the host's network cables, or the one in a network: "down" or "up"."""
        if node.name not in self.running():
            raise LabError(f"{node.name} is switched off: lab start {node.name}")
        ports = [interface.port for interface in node.interfaces if network in (None, interface.network)]
        if not ports:
            own = ", ".join(interface.network for interface in node.interfaces)
            raise LabError(f"{node.name} has no cable in a network {network!r}; it has {own}")
        self._machine.script([["ip", "link", "set", port, state] for port in ports])

    def running(self) -> set[str]:
        """Names of the hosts that are switched on."""
        command = ["podman", "ps", "--filter", f"label=lvs-lab={self._machine.name}", "--format", "{{.Names}}"]
        names = self._machine.run(command).stdout.decode().split()
        return {node.name for node in self._nodes if self.container(node) in names}

    def created(self) -> set[str]:
        """Names of the hosts that have a disk, with all that tells them apart on it."""
        places = [f"nodes/{node.name}/root/etc/machine-id" for node in self._nodes]
        script = f"cd {shlex.quote(self._machine.folder)} && ls {shlex.join(places)} 2>/dev/null || :"
        return {place.split("/")[1] for place in self._machine.script(script).split()}

    def cut_off(self) -> dict[str, list[str]]:
        """The networks that a host's cable to is pulled, by the host's name."""
        links = json.loads(self._machine.run(["ip", "-json", "link", "show", "type", "veth"]).stdout or b"[]")
        down = {link["ifname"] for link in links if "UP" not in link.get("flags", [])}
        cut = {node.name: [each.network for each in node.interfaces if each.port in down] for node in self._nodes}
        return {name: networks for name, networks in cut.items() if networks}

    def wait_until_ready(self, node: Node) -> None:
        """Until systemd has finished booting and SSH answers, judged from this machine, as Ansible will."""
        deadline = time.monotonic() + _READY_DEADLINE
        while True:
            done = self._ssh(node, "systemctl", "is-system-running", "--wait")
            state = done.stdout.decode().strip()
            if state == "running":
                return
            if state == "degraded":
                failed = self._ssh(node, "systemctl", "--failed", "--plain", "--no-legend").stdout.decode()
                say(f"{node.name}: up, but failed: {', '.join(line.split()[0] for line in failed.splitlines())}")
                return
            if time.monotonic() > deadline:
                reason = state or done.stderr.decode(errors="replace").strip()
                raise LabError(f"{node.name} is not ready after {_READY_DEADLINE} s ({reason}): lab shell {node.name}")
            time.sleep(0.2)

    def _ssh(self, node: Node, *command: str) -> subprocess.CompletedProcess[bytes]:
        options = ["-F", "none", "-i", str(self._key), "-o", "BatchMode=yes", "-o", "ConnectTimeout=5"]
        options += ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR"]
        return run(["ssh", *options, f"root@{node.address}", *command], check=False)

    def argv(self, node: Node, command: Sequence[str], *, terminal: bool = False) -> list[str]:
        """What to execute in order to run a command in a host, whether its network works or not."""
        name = self.container(node)
        if terminal:
            return self._machine.argv(["podman", "exec", "--interactive", "--tty", name, *command], terminal=True)
        withheld = ",".join(f"-{right.lower()}" for right in _WITHHELD)
        words = [node.name, self.namespace(node), self._pid_file(node), withheld]
        return self._machine.argv(["sh", "-c", _ENTER, *words, *command])

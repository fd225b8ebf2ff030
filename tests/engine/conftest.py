"""A user's machine that the lab's engine "host" runs on: what it is asked, and what of it must stay as it was.

These tests change the machine they run on, its kernel's settings and its routes: make test-engine gives them one.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from lvslab.inventory import lab_name

ROOT = Path(__file__).resolve().parents[2]
INVENTORY = ROOT / "tests/engine/inventory"
SINGLE = ROOT / "tests/engine/single"
FOLDERS = "/etc /run/lvs-lab /run/lvs-cluster /var/lib/lvs-lab"
# Comes with the first container of podman 4, whoever's it is, and goes when podman likes.
PODMANS = {"/var/lib/containers/storage/overlay"}
# Changes by itself, or with anything that a machine does.
UNSTABLE = {
    *("fs/aio-nr", "fs/dentry-state", "fs/file-nr", "fs/inode-nr", "fs/inode-state", "fs/quota", "kernel/ns_last_pid"),
    *("kernel/pty/nr", "kernel/random", "net/netfilter/nf_conntrack_count"),
}


def run(words: list[str], timeout: float = 300) -> subprocess.CompletedProcess[str]:
    """What a program does; the lab stands on its own feet within the time."""
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False, timeout=timeout)


def sh(script: str) -> str:
    """What a shell prints."""
    done = run(["sh", "-euc", script])
    assert not done.returncode, f"{script}: {done.stderr}"
    return done.stdout


class Lab:
    """The lab's command line, for one inventory."""

    def __init__(self, inventory: Path) -> None:
        self.inventory = inventory

    def try_to(self, command: str, *words: str) -> subprocess.CompletedProcess[str]:
        return run(["lab/lab", command, "-i", str(self.inventory), *words])

    def __call__(self, command: str, *words: str) -> str:
        done = self.try_to(command, *words)
        assert not done.returncode, f"lab {command} {' '.join(words)}: {done.stdout}{done.stderr}"
        return done.stdout

    def ask(self, host: str, script: str) -> str:
        """What a shell on a host prints."""
        return self("exec", host, "--", "sh", "-euc", script).strip()


@pytest.fixture(scope="session")
def lab() -> Lab:
    return Lab(INVENTORY)


@pytest.fixture
def single() -> Iterator[Lab]:
    """A lab of one host, gone afterwards."""
    lab = Lab(SINGLE)
    yield lab
    lab("down")


@pytest.fixture(scope="session", autouse=True)
def before() -> dict[str, set[str]]:
    """The machine as it was, in the middle of its user's life."""
    # They overwrite settings of the kernel and clear /run: on no machine but the one that was made for them.
    assert Path("/opt/lvs.cluster/tools/install").exists(), "make test-engine gives these tests a machine of their own"
    assert Path("/lab/run").exists(), "make test-engine gives these tests a machine of their own"
    sh(f"""
        modprobe -a ip_vs overlay veth bridge
        sysctl -qw kernel.core_pattern=/var/crash/%e fs.protected_fifos=0 fs.protected_regular=0 vm.swappiness=42
        sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.arp_ignore=2 net.ipv4.conf.default.arp_ignore=2
        ip netns add {lab_name(INVENTORY)}-x
        ipvsadm -A -t 192.0.2.1:80 -s rr
        ipvsadm -a -t 192.0.2.1:80 -r 192.0.2.2:80 -m
        podman ps
    """)
    return snapshot()


def snapshot() -> dict[str, set[str]]:
    """All that the lab could leave behind or change, by what it is."""
    processes = [path for path in Path("/proc").iterdir() if path.name.isdigit()]
    return {
        "namespaces": set(os.listdir("/run/netns")),
        "namespaces of processes": {space for path in processes for space in spaces(path)},
        "mounts": {line.split(" ", 2)[1] for line in Path("/proc/self/mounts").read_text().splitlines()} - PODMANS,
        "containers": set(sh("podman ps -aq; podman network ls -q; podman volume ls -q").splitlines()),
        "programs": {(path / "comm").read_text().strip() for path in processes if (path / "comm").exists()}
        & {"conmon", "podman", "crun", "ssh"},
        "interfaces": {line.split("> ", 1)[0].split(": ", 1)[1] for line in sh("ip -o link").splitlines()},
        "addresses": {entry["local"] for link in json.loads(sh("ip -j address")) for entry in link["addr_info"]},
        "routes": set(sh("ip route show table all; ip -6 route show table all; ip rule; ip -6 rule").splitlines()),
        "sysctls": sysctls(),
        "ipvs": set(sh("ipvsadm -S -n").splitlines()),
        "files": set(sh(f"find {FOLDERS} -mindepth 1 -not -name '*.lock' -printf '%p %s\n' || :").splitlines()),
    }


def spaces(process: Path) -> set[str]:
    try:
        return {os.readlink(process / "ns" / kind) for kind in ("net", "uts", "ipc", "pid", "cgroup")}
    except OSError:
        return set()  # it has ended


def sysctls() -> set[str]:
    found = set()
    for path in Path("/proc/sys").rglob("*"):
        name = str(path.relative_to("/proc/sys"))
        if not path.is_file() or name in UNSTABLE or any(str(parent) in UNSTABLE for parent in Path(name).parents):
            continue
        try:
            found.add(f"{name} = {path.read_text().strip()}")
        except (OSError, UnicodeDecodeError):
            continue  # only to be written
    return found


def assert_unchanged(before: dict[str, set[str]]) -> None:
    """The machine is as it was."""
    after = snapshot()
    differences = {kind: (sorted(before[kind] - after[kind]), sorted(after[kind] - before[kind])) for kind in before}
    assert not {kind: {"gone": gone, "new": new} for kind, (gone, new) in differences.items() if gone or new}


def clock() -> float:
    """Wall clock against a clock that nobody can set."""
    return time.time() - time.monotonic()


def lose_power(lab: Lab) -> None:
    """What a reboot of the machine leaves of a lab that is up: containers and files, and nothing below /run."""
    name = lab_name(lab.inventory)
    sh(f"""
        for process in $(podman ps --filter label=lvs-lab={name} --format '{{{{.Pid}}}}'); do
            kill -KILL $(awk '$1 == "PPid:" {{print $2}}' /proc/$process/status) $process
        done
        grep -o ' /var/lib/lvs-lab/{name}/[^ ]*' /proc/mounts | xargs umount -l
        for namespace in $(ls /run/netns | grep -v x$); do ip netns del $namespace; done
        for link in $(ip -br link | grep -o '^lab-[^@ ]*'); do ip link del $link; done
        ip route flush type unreachable
        ip -6 route flush type unreachable
        umount -l $(grep -oE ' (/run/(containers|libpod)|/var/lib/containers/[^ ]*/shm)[^ ]*' /proc/mounts) || :
        rm -rf /run/lvs-lab /run/containers /run/libpod /run/crun ~/.cache/lvs-lab/ssh-*
    """)

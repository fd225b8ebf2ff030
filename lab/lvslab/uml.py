"""Engine ``uml``: the nodes run inside a User-Mode Linux kernel, which is one process of this machine."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from lvslab import apt
from lvslab.console import say
from lvslab.distribution import Image
from lvslab.errors import LabError
from lvslab.images import Cache, machine_recipe, node_recipe
from lvslab.inventory import Network
from lvslab.machine import Machine
from lvslab.network import address, remove
from lvslab.process import run
from lvslab.state import PID_FILE, choose_cpu, locked

PACKAGES = {
    "mmdebstrap": "mmdebstrap",
    "mke2fs": "e2fsprogs",
    "ip": "iproute2",
    "ssh": "openssh-client",
    "unshare": "util-linux",
    "sysctl": "procps",
}
_BOOT_SCRIPT = Path(__file__).resolve().parents[1] / "machine" / "boot.sh"
_BOOT_DEADLINE = 120


def kernel_version(kernel: Path) -> str:
    """The version of the extracted kernel, by its modules' folder."""
    return next((kernel / "usr/lib/uml/modules").iterdir()).name


def kernel_options(version: str) -> list[str]:
    """What every start of the kernel gets: memory, quiet consoles, and seccomp where it is known."""
    major, minor = (int(part) for part in version.split(".")[:2])
    fast = ["seccomp=on"] if (major, minor) >= (6, 16) else []
    return [f"mem={os.environ.get('LAB_MEMORY', '2048M')}", "uml_dir=/tmp/uml", "con=null", "ssl=null", *fast]


def launcher(kernel: Path, pid_file: Path, cpu: int, binds: dict[Path, str], arguments: Sequence[str]) -> list[str]:
    """The command that becomes the kernel.

    Its mounts are in a namespace of its own and vanish with it. It records its own process id before it becomes the
    kernel, so that no interruption can leave a kernel that ``lab down`` does not know.
    """
    script = [
        f"echo $$ > {shlex.quote(str(pid_file))}",
        f"cd {shlex.quote(str(kernel))}",
        "mount -t proc proc proc",
        "mount -t tmpfs -o size=100% tmpfs tmp",
        "mkdir tmp/uml",
        "mount --bind /dev/net/tun dev/net/tun",
        *(f"mount --rbind {shlex.quote(str(source))} ./{target}" for source, target in binds.items()),
        f'exec env -i PATH="$PATH" TMPDIR=/tmp taskset -c {cpu} chroot . /usr/bin/linux.uml {shlex.join(arguments)}',
    ]
    return ["unshare", "--mount", "--propagation=private", "sh", "-euc", "\n".join(script)]


class UmlMachine(Machine):
    """The kernel process, reached over SSH through a tap device."""

    def __init__(
        self, name: str, networks: Sequence[Network], images: Sequence[Image], cache: Cache, state: Path
    ) -> None:
        super().__init__(name, networks, images)
        self._cache = cache
        self._state = state
        self._disks = Path(f"/var/lib/lvs-lab/{name}")
        self._key = cache.folder / "id_ed25519"

    def prepare(self) -> None:
        if not Path("/dev/net/tun").exists():
            raise LabError(
                "/dev/net/tun is missing: load the kernel module tun, or start this container with that device"
            )
        apt.require(PACKAGES)
        archive = apt.host_archive()
        self._cache.kernel(archive)
        self._cache.ensure(
            [machine_recipe(archive), *(node_recipe(each, archive, as_disk=True) for each in self.images)]
        )

    def start(self) -> None:
        for network in self.networks.values():
            run(["ip", "tuntap", "add", "dev", network.interface, "mode", "tap"])
            run(["ip", "link", "set", network.interface, "mtu", str(network.mtu)])
            address(network)
        archive = apt.host_archive()
        kernel = self._cache.kernel(archive)
        root = self._cache.path(machine_recipe(archive))
        disks = [node_recipe(image, archive, as_disk=True).name for image in self.images]
        self._disks.mkdir(parents=True, exist_ok=True)
        run(["cp", "--sparse=always", "--reflink=auto", str(root), f"{self._disks}/root"])
        shutil.copyfile(_BOOT_SCRIPT, self._state / "boot.sh")
        (self._state / "boot.env").write_text(self._boot_environment(), encoding="utf-8")
        version = kernel_version(kernel)
        arguments = [
            *kernel_options(version),
            f"umid={self.name}",
            *("root=/dev/ubda", "rw", "ubd0=/disk/root"),
            *(f"ubd{number}r=/images/{disk}" for number, disk in enumerate(disks, start=1)),
            *(
                f"vec{number}:transport=tap,ifname={network.interface},mtu={network.mtu},depth=128,gro=1"
                for number, network in enumerate(self.networks.values())
            ),
            *("con0=null,fd:1", "console=tty0"),
        ]
        binds = {self._state: "lab", self._disks: "disk", self._cache.folder / "images": "images"}
        cpu = choose_cpu(self.name)
        say(f"booting User-Mode Linux {version} on CPU {cpu}")
        with open(self._console, "wb") as console:
            subprocess.Popen(
                launcher(kernel, self._pid_file, cpu, binds, arguments),
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                start_new_session=True,
            )
        self._wait_for_ssh()

    @property
    def _console(self) -> Path:
        return self._state / "console.log"

    @property
    def _pid_file(self) -> Path:
        return self._state / PID_FILE

    def _boot_environment(self) -> str:
        """What boot.sh, which runs inside the machine, is told."""
        networks = list(self.networks.values())
        told = {
            "IMAGES": " ".join(image.name for image in self.images),
            "BRIDGES": " ".join(f"{network.interface}:{network.mtu}" for network in networks),
            "ADDRESS": networks[0].machine,
            "KEY": self._key.with_suffix(".pub").read_text(encoding="utf-8").strip(),
        }
        return "".join(f'{name}="{value}"\n' for name, value in told.items())

    def _wait_for_ssh(self) -> None:
        deadline = time.monotonic() + _BOOT_DEADLINE
        while self._ssh_master().returncode:
            if not self._pid():
                raise LabError(f"User-Mode Linux ended at start: see {self._console}")
            if time.monotonic() > deadline:
                raise LabError(f"User-Mode Linux did not answer within {_BOOT_DEADLINE} s: see {self._console}")
            time.sleep(0.2)

    def _ssh_master(self) -> subprocess.CompletedProcess[bytes]:
        """One connection that all later commands share; without it they would still work, but take longer."""
        command = self._ssh("-o", "ControlMaster=yes", "-o", "ServerAliveInterval=15", "-N", "-f")
        return subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False
        )

    def _ssh(self, *options: str) -> list[str]:
        fixed = {
            "IdentityFile": str(self._key),
            "IdentitiesOnly": "yes",
            "BatchMode": "yes",
            "StrictHostKeyChecking": "no",
            "UserKnownHostsFile": "/dev/null",
            "LogLevel": "ERROR",
            "ConnectTimeout": "5",
            "ControlPath": str(self._state / "ssh"),
        }
        first = next(iter(self.networks.values()))
        pairs = [word for key, value in fixed.items() for word in ("-o", f"{key}={value}")]
        return ["ssh", "-F", "none", *pairs, *options, f"root@{first.machine.partition('/')[0]}"]

    def stop(self) -> None:
        run([*self._ssh("-O", "exit")], check=False)
        if pid := self._pid():
            os.killpg(pid, signal.SIGKILL)
            while Path(f"/proc/{pid}").exists():
                time.sleep(0.02)
        for network in self.networks.values():
            remove(network)
        shutil.rmtree(self._disks, ignore_errors=True)

    def is_running(self) -> bool:
        return self._pid() is not None

    def _pid(self) -> int | None:
        """The recorded process, if it still is the one that was recorded and not a later one of the same number."""
        try:
            pid = int(self._pid_file.read_text(encoding="utf-8"))
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except (OSError, ValueError):
            return None
        return pid if f"umid={self.name}".encode() in command else None

    def argv(self, command: Sequence[str], *, terminal: bool = False) -> list[str]:
        return [*self._ssh(*(["-t"] if terminal else [])), shlex.join(command)]

    def folder_of(self, image: Image) -> str:
        return f"/images/{image.name}"

    def modules(self) -> str | None:
        return "/lib/modules"


def public_key(cache: Cache) -> str:
    """The key that opens every machine and node of this user's labs; made once."""
    key = cache.folder / "id_ed25519"
    cache.folder.mkdir(parents=True, exist_ok=True)
    # Two labs may be the first ones.
    with locked(".key"):
        if not key.exists():
            run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "lvs-lab", "-f", str(key)])
    return key.with_suffix(".pub").read_text(encoding="utf-8").strip()

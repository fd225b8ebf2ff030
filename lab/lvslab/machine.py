"""The machine that runs the nodes: this one, or a User-Mode Linux kernel on it. Above this interface nobody knows."""

from __future__ import annotations

import io
import shutil
import subprocess
import tarfile
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path

from lvslab.distribution import Image
from lvslab.errors import LabError
from lvslab.files import File
from lvslab.inventory import Network
from lvslab.process import run, shell_script

ENGINES = ("host", "uml")


class Machine(ABC):
    """Runs commands where the nodes are."""

    def __init__(self, name: str, networks: Sequence[Network], images: Sequence[Image]) -> None:
        self.name = name
        self.networks = {network.name: network for network in networks}
        self.images = images
        #: Where the nodes' own files are, on the machine.
        self.folder = f"/var/lib/lvs-lab/{name}"
        #: The network namespace that is the lab's switch, where it needs one, and the beginning of its hosts'.
        self.namespace = f"lvs-lab.{name}"

    @abstractmethod
    def prepare(self) -> None:
        """Have what starting needs: packages, images. Takes minutes the first time; changes nothing that runs."""

    @abstractmethod
    def start(self) -> None:
        """From nothing to empty bridges, one for each network, that this machine has an address on."""

    @abstractmethod
    def stop(self) -> None:
        """Back to nothing, from whatever state, nodes included."""

    @abstractmethod
    def is_running(self) -> bool:
        """Whether commands can be run."""

    @abstractmethod
    def argv(self, command: Sequence[str], *, terminal: bool = False) -> list[str]:
        """What to execute here in order to execute ``command`` there."""

    @abstractmethod
    def folder_of(self, image: Image) -> str:
        """The folder of a node image, on the machine."""

    @abstractmethod
    def modules(self) -> str | None:
        """The folder of the running kernel's modules, on the machine, if it has any."""

    def run(
        self, command: Sequence[str], *, stdin: bytes = b"", check: bool = True
    ) -> subprocess.CompletedProcess[bytes]:
        return run(self.argv(command), stdin=stdin, check=check)

    def script(self, commands: Sequence[Sequence[str]] | str) -> str:
        """Several commands in one round trip, up to the first that fails."""
        text = commands if isinstance(commands, str) else shell_script(commands)
        return self.run(["sh", "-s"], stdin=text.encode()).stdout.decode()

    def put(self, folder: str, files: Mapping[str, File]) -> None:
        """Write files below a folder of the machine."""
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w") as tar:
            for name, file in files.items():
                info = tarfile.TarInfo(name)
                # Its age is that of this very copy: Python tells by it whether bytecode is of these lines.
                info.size, info.mode, info.mtime = len(file.content), file.mode, int(time.time())
                tar.addfile(info, io.BytesIO(file.content))
        unpack = 'mkdir -p "$0" && tar --extract --no-same-owner --directory "$0"'
        self.run(["sh", "-c", unpack, folder], stdin=archive.getvalue())


def has_ipvs() -> bool:
    """Whether this machine's own kernel can be a director."""
    if Path("/proc/net/ip_vs").exists():
        return True
    return bool(shutil.which("modprobe")) and run(["modprobe", "ip_vs"], check=False).returncode == 0


def choose_engine(wanted: str | None, ipvs: bool) -> tuple[str, str]:
    """The engine and the reason for it."""
    if wanted and wanted not in ENGINES:
        raise LabError(f"there is no engine {wanted!r}; choose from {', '.join(ENGINES)}")
    if wanted == "host" and not ipvs:
        return "host", "because you said so; WARNING: this kernel has no IPVS, no director will work"
    if wanted:
        return wanted, "because you said so"
    return ("host", "because this kernel has IPVS") if ipvs else ("uml", "because this kernel has no IPVS")

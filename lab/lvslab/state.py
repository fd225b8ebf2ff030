"""What is up on this machine: one folder for each lab, written before anything is created."""

from __future__ import annotations

import fcntl
import ipaddress
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lvslab.errors import LabError
from lvslab.inventory import Node

FOLDER = Path("/run/lvs-lab")
# Where a User-Mode Linux kernel records its process id.
PID_FILE = "uml.pid"


@dataclass(frozen=True)
class Record:
    """A lab that is up, or on its way up or down."""

    name: str
    engine: str
    subnet: str
    inventory: str
    nodes: tuple[Node, ...] = ()

    @property
    def folder(self) -> Path:
        return FOLDER / self.name

    @contextmanager
    def starting(self) -> Iterator[None]:
        """While this lasts, and for ever after an interruption, the lab is half up."""
        mark = self.folder / "starting"
        mark.touch()
        yield
        mark.unlink()

    @property
    def is_half_up(self) -> bool:
        return (self.folder / "starting").exists()

    def node(self, name: str) -> Node:
        for node in self.nodes:
            if node.name == name:
                return node
        raise LabError(f"lab {self.name} has no host {name!r}; it has {', '.join(node.name for node in self.nodes)}")

    def save(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        temporary = self.folder / "lab.json.new"
        temporary.write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")
        temporary.rename(self.folder / "lab.json")

    def forget(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


def from_json(text: str) -> Record:
    fields: dict[str, Any] = json.loads(text)
    nodes = tuple(Node(**{**node, "services": tuple(node["services"])}) for node in fields.pop("nodes"))
    return Record(**fields, nodes=nodes)


def load(name: str) -> Record | None:
    """The record of a lab, or nothing when it is down."""
    try:
        return from_json((FOLDER / name / "lab.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None


def all_labs() -> list[Record]:
    return [record for path in sorted(FOLDER.glob("*/lab.json")) if (record := load(path.parent.name))]


@contextmanager
def locked(name: str) -> Iterator[None]:
    """One command at a time may change a lab; name "" stands for what labs share: subnets and CPUs."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with open(FOLDER / f"{name}.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def check_subnet_is_free(name: str, subnet: ipaddress.IPv4Network) -> None:
    for other in all_labs():
        if other.name != name and subnet.overlaps(ipaddress.IPv4Network(other.subnet)):
            raise LabError(
                f"subnet {subnet} is in use by lab {other.name} ({other.inventory}):"
                f" take that lab down (lab down -i {other.inventory}), or set another lab_subnet"
            )


def choose_cpu(name: str) -> int:
    """Record and return the CPU with the fewest labs: a User-Mode Linux kernel is fast only on one CPU of its own."""
    with locked(""):
        cpus = sorted(os.sched_getaffinity(0))
        taken = [int(path.read_text()) for path in FOLDER.glob("*/cpu") if not _has_ended(path.parent)]
        cpu = min(cpus, key=taken.count)
        (FOLDER / name / "cpu").write_text(str(cpu), encoding="utf-8")
        return cpu


def _has_ended(folder: Path) -> bool:
    """Whether the kernel of this folder was killed without being taken down."""
    pid = folder / PID_FILE
    return pid.exists() and not Path("/proc", pid.read_text(encoding="utf-8").strip()).exists()

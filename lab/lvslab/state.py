"""What is up on this machine: one folder for each lab, written before anything is created."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lvslab.distribution import Image
from lvslab.errors import LabError
from lvslab.inventory import Interface, Network, Node

FOLDER = Path("/run/lvs-lab")
# Disks, and a second copy of each record: a reboot leaves them, and containers.
DISKS = Path("/var/lib/lvs-lab")
# Where a User-Mode Linux kernel records its process id.
PID_FILE = "uml.pid"


@dataclass(frozen=True)
class Record:
    """A lab that is up, or on its way up or down."""

    name: str
    engine: str
    inventory: str
    networks: tuple[Network, ...]
    nodes: tuple[Node, ...]

    @property
    def folder(self) -> Path:
        return FOLDER / self.name

    @property
    def images(self) -> list[Image]:
        """What its hosts are made from."""
        return sorted({node.image for node in self.nodes}, key=lambda image: image.name)

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
        for folder in (DISKS / self.name, self.folder):
            folder.mkdir(parents=True, exist_ok=True)
            temporary = folder / "lab.json.new"
            temporary.write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")
            temporary.rename(folder / "lab.json")

    def forget(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


def from_json(text: str) -> Record:
    fields: dict[str, Any] = json.loads(text)
    networks = tuple(Network(**network) for network in fields.pop("networks"))
    return Record(networks=networks, nodes=tuple(map(_node, fields.pop("nodes"))), **fields)


def _node(fields: dict[str, Any]) -> Node:
    interfaces = (Interface(**{**each, "addresses": tuple(each["addresses"])}) for each in fields["interfaces"])
    image = Image(**{**fields["image"], "packages": tuple(fields["image"]["packages"])})
    built = {"interfaces": tuple(interfaces), "image": image}
    return Node(**{**fields, **built, "gateways": tuple(fields["gateways"]), "services": tuple(fields["services"])})


def load(name: str) -> Record | None:
    """The record of a lab, or nothing when it is down."""
    return _read(FOLDER / name / "lab.json")


def left_behind(name: str) -> Record | None:
    """What is to be taken down of a lab without a record: the machine was switched off, or somebody cleared /run."""
    if not (DISKS / name).exists():
        return None
    return _read(DISKS / name / "lab.json") or Record(name, "host", "", (), ())


def _read(path: Path) -> Record | None:
    try:
        return from_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (KeyError, TypeError) as error:
        raise LabError(f"{path} is of another version of the lab: lab down with that version ({error!r})") from None


def all_labs() -> Iterator[Record]:
    """Those whose records can be read; who wants a network looks at this machine's interfaces too."""
    for path in sorted(FOLDER.glob("*/lab.json")):
        with suppress(LabError):
            if record := load(path.parent.name):
                yield record


@contextmanager
def locked(name: str) -> Iterator[None]:
    """One command at a time may change a lab; name "" stands for what labs share: subnets and CPUs."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with open(FOLDER / f"{name}.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def check_networks_are_free(name: str, networks: Iterable[Network]) -> None:
    """Refuse a network of another lab."""
    for wanted in networks:
        for other in all_labs():
            for theirs in other.networks:
                if other.name != name and wanted.meets(theirs):
                    raise LabError(
                        f"{', '.join(wanted.subnets)} is in use by lab {other.name} ({other.inventory}):"
                        f" take that lab down (lab down -i {other.inventory}), or choose another in lab_networks"
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

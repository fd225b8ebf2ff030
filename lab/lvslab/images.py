"""The file systems of nodes, of the machine and of its kernel: made once, kept by a hash of what they are made from."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from lvslab import apt, distribution
from lvslab.console import say
from lvslab.distribution import Image
from lvslab.errors import LabError
from lvslab.files import File, tree
from lvslab.mounts import unmount_below
from lvslab.process import run
from lvslab.stacks import STACKS

_CHECKOUT_LAB = Path(__file__).resolve().parents[1]
# Free space that must be there before anything is built; about a third of it stays in use.
_SPACE_TO_BUILD = 5 * 2**30
# An archive that fails once must not fail a lab, which has some hundred megabytes from it the first time. apt's own
# tries are over within seconds.
_TRIES = 3

_APT_OPTIONS = (
    # A mirror may be older than the date a suite is "valid until"; the signatures are verified all the same.
    'Acquire::Check-Valid-Until "false"',
    'Acquire::Languages "none"',
    'APT::Install-Recommends "false"',
)
# Where commands run inside an image; nobody is there to be asked.
_INSIDE = ("PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8", "DEBIAN_FRONTEND=noninteractive")
_DPKG_OPTIONS = tuple(f"path-exclude=/usr/share/{folder}/*" for folder in ("man", "doc", "locale", "info"))

_NODE_PACKAGES = (
    *("systemd", "systemd-sysv", "dbus", "iproute2", "iputils-ping", "iputils-arping", "procps", "kmod"),
    *("python3", "python3-apt", "openssh-server", "sudo", "curl", "tcpdump", "less"),
)
_NODE_FILES = tree(_CHECKOUT_LAB / "node" / "root")
_NODE_CACHED = (_CHECKOUT_LAB / "node" / "cached.sh").read_text(encoding="utf-8")
_NODE_MORE = (_CHECKOUT_LAB / "node" / "more.sh").read_text(encoding="utf-8")
_NODE_SETUP = (_CHECKOUT_LAB / "node" / "setup.sh").read_text(encoding="utf-8")
_RESOLVED_SETUP = (_CHECKOUT_LAB / "node" / "resolved.sh").read_text(encoding="utf-8")
_LOCALE_SETUP = (_CHECKOUT_LAB / "node" / "locale.sh").read_text(encoding="utf-8")

_MACHINE_PACKAGES = (
    *("systemd", "systemd-sysv", "dbus", "iproute2", "procps", "kmod", "openssh-server"),
    *("podman", "crun", "netavark"),
)
_MACHINE_FILES = tree(_CHECKOUT_LAB / "machine" / "root")
_MACHINE_SETUP = (_CHECKOUT_LAB / "machine" / "setup.sh").read_text(encoding="utf-8")
# From 6.16 on UML intercepts system calls with seccomp, 2 to 4 times faster than with ptrace: newest first.
_KERNEL_SUITES = ("forky", "trixie", "bookworm")
_KERNEL_SETUP = (_CHECKOUT_LAB / "kernel" / "setup.sh").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Recipe:
    """Everything an image is made from; equal recipes make the same image."""

    role: str
    suite: str
    sources: tuple[str, ...]
    packages: tuple[str, ...]
    cached_packages: tuple[str, ...] = ()
    files: Mapping[str, File] = field(default_factory=dict)
    setup: str = ""
    variant: str = "minbase"
    #: Whose messages are kept; those of all other languages are left out.
    language: str = ""
    as_disk: bool = False
    #: What it is a copy of, with more in it.
    base: Recipe | None = None

    @property
    def name(self) -> str:
        """File name in the cache: the role for people, the hash for us."""
        facts = [asdict(self), _APT_OPTIONS, _DPKG_OPTIONS, _NODE_CACHED, _NODE_MORE, _INSIDE]
        made_from = json.dumps(facts, sort_keys=True, default=bytes.decode)
        digest = hashlib.sha256(made_from.encode()).hexdigest()[:12]
        return f"{self.role}-{digest}{'.ext4' if self.as_disk else ''}"

    def set_up(self, root: Path) -> None:
        """Run the last step of the recipe in the file system."""
        if self.variant == "extract":
            run(["env", f"--chdir={root}", "sh", "-euc", self.setup])
        else:
            run(["chroot", str(root), "sh", "-euc", self.setup])


def node_recipe(image: Image, archive: apt.Archive, *, as_disk: bool) -> Recipe:
    """A host of the lab, as a fresh installation would leave it."""
    system, stack = distribution.load(image.distribution), STACKS[image.network_manager]
    cached = [package for package, _version in system.cached]
    language = image.locale.partition("_")[0]
    # Made once for all images of the distribution: a copy of it with some packages more takes a tenth of the time.
    base = Recipe(
        role="-".join(filter(None, ["base", system.suite, language])),
        suite=system.suite,
        sources=archive.lines(system.suite),
        packages=_NODE_PACKAGES,
        cached_packages=tuple(cached),
        language=language,
    )
    setup = _NODE_SETUP + stack.setup
    if image.resolved:
        cached.append("systemd-resolved")
        setup += _RESOLVED_SETUP
    if image.locale:
        setup += f"LOCALE={shlex.quote(image.locale)}\n{_LOCALE_SETUP}"
    return Recipe(
        role=f"node-{image.name}{'-disk' if as_disk else ''}",
        suite=base.suite,
        sources=base.sources,
        packages=(*stack.packages, *(["locales"] if image.locale else []), *image.packages),
        # Not installed: roles really install them, and yet download nothing.
        cached_packages=tuple(cached),
        files=_NODE_FILES,
        setup=setup,
        language=language,
        as_disk=as_disk,
        base=base,
    )


def machine_recipe(archive: apt.Archive) -> Recipe:
    """The system that runs the nodes where the user's own kernel cannot."""
    return Recipe(
        role="machine",
        suite="trixie",
        sources=archive.lines("trixie"),
        packages=_MACHINE_PACKAGES,
        files=_MACHINE_FILES,
        setup=_MACHINE_SETUP,
        as_disk=True,
    )


def kernel_recipe(suite: str, archive: apt.Archive) -> Recipe:
    """User-Mode Linux with the C library it was built for: extracted only, nothing in it ever runs but the kernel."""
    return Recipe(
        role="kernel",
        suite=suite,
        sources=(f"deb {archive.main} {suite} main",),
        packages=("libc6", "user-mode-linux"),
        setup=_KERNEL_SETUP,
        variant="extract",
    )


class Cache:
    """The folder of finished images; whoever builds or prunes holds its lock."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, recipe: Recipe) -> Path:
        return self.folder / "images" / recipe.name

    def kernel(self, archive: apt.Archive) -> Path:
        """The newest kernel that the archive has."""
        *newer, oldest = (kernel_recipe(suite, archive) for suite in _KERNEL_SUITES)
        for recipe in newer:
            try:
                self.ensure([recipe])
                return self.path(recipe)
            except LabError as error:
                say(f"no User-Mode Linux from {recipe.suite}, trying an older one ({error})")
        self.ensure([oldest])
        return self.path(oldest)

    def ensure(self, recipes: Iterable[Recipe]) -> None:
        """Have all of these images, building those that are missing."""
        recipes = list(recipes)
        if all(self.path(recipe).exists() for recipe in recipes):
            return
        with self._locked():
            self._build(recipes)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        (self.folder / "images").mkdir(parents=True, exist_ok=True)
        with open(self.folder / "lock", "w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _build(self, recipes: list[Recipe]) -> None:
        missing = [recipe for recipe in recipes if not self.path(recipe).exists()]
        if not missing:
            return
        self._remove_leftovers()
        free = shutil.disk_usage(self.folder).free
        if free < _SPACE_TO_BUILD:
            raise LabError(
                f"{self.folder}: {free / 2**30:.1f} GiB free, building images needs {_SPACE_TO_BUILD / 2**30:.0f} GiB:"
                " make room, or move the folder to a larger disk and leave a symbolic link"
            )
        bases = {each.base.name: each.base for each in missing if each.base and not self.path(each.base).exists()}
        with ThreadPoolExecutor(max_workers=len(os.sched_getaffinity(0))) as pool:
            for some in (bases.values(), missing):
                for _ in pool.map(self._build_one, some):
                    pass

    def _remove_leftovers(self) -> None:
        """What a killed build left behind; nobody else builds while we hold the lock."""
        for leftover in (self.folder / "images").glob("building-*"):
            # This machine's /dev is mounted in it.
            unmount_below(str(leftover))
            shutil.rmtree(leftover, ignore_errors=True)

    def _build_one(self, recipe: Recipe) -> None:
        say(f"building image {recipe.role} (Debian {recipe.suite}) ...")
        for others in reversed(range(_TRIES)):
            try:
                self._try(recipe)
                break
            except LabError as error:
                if not others:
                    raise
                say(f"image {recipe.role}: {error}; trying again")
        self._prune(recipe)
        say(f"built image {recipe.role}")

    def _try(self, recipe: Recipe) -> None:
        work = Path(tempfile.mkdtemp(prefix="building-", dir=self.folder / "images"))
        try:
            root = work / "root"
            if recipe.base:
                _extend(self.path(recipe.base), recipe, root, work / "log")
            else:
                _bootstrap(recipe, root, work / "log")
            _finish(recipe, root)
            result = _disk(root, work / "disk") if recipe.as_disk else root
            result.rename(self.path(recipe))
        finally:
            shutil.rmtree(work, ignore_errors=True)

    def _prune(self, built: Recipe) -> None:
        """Drop older images of the same role, unless a running lab has them open."""
        versions = re.compile(re.escape(built.role) + r"-[0-9a-f]{12}([.]ext4)?")
        for path in (self.folder / "images").iterdir():
            if path == self.path(built) or not versions.fullmatch(path.name):
                continue
            if path.is_file():
                path.unlink()  # a disk that a kernel has open lives on until it is closed
            elif not _is_in_use(path):
                shutil.rmtree(path, ignore_errors=True)


def _is_in_use(folder: Path) -> bool:
    """Whether a running lab's mounts or processes are based on this folder."""
    if str(folder) in Path("/proc/mounts").read_text(encoding="utf-8"):
        return True
    for root in Path("/proc").glob("[0-9]*/root"):
        try:
            if os.readlink(root) == str(folder):
                return True
        except OSError:
            continue
    return False


def _bootstrap(recipe: Recipe, root: Path, log: Path) -> None:
    command = ["mmdebstrap", "--mode=root", f"--variant={recipe.variant}", f"--include={','.join(recipe.packages)}"]
    # Only Debian's own apt trusts Debian without being told.
    command += [f"--keyring={apt.KEYRING}"]
    command += [f"--aptopt={option}" for option in _APT_OPTIONS] + [f"--dpkgopt={option}" for option in _DPKG_OPTIONS]
    if recipe.language:
        command.append(f"--dpkgopt=path-include=/usr/share/locale/{recipe.language}/*")
    if recipe.cached_packages:
        command += ["--skip=cleanup/apt", '--customize-hook=chroot "$1" apt-get clean']
        command.append(f'--customize-hook=chroot "$1" {_caching(recipe)}')
    _fetch([*command, recipe.suite, str(root), *recipe.sources], recipe, log)


def _extend(base: Path, recipe: Recipe, root: Path, log: Path) -> None:
    """Make the copy of another image, and install in it what this one has beside that."""
    run(["cp", "--archive", str(base), str(root)])
    # Names are resolved as they are today, and not when the base was made.
    if os.path.exists("/etc/resolv.conf"):
        shutil.copyfile("/etc/resolv.conf", root / "etc/resolv.conf")
    installing = shlex.join(["sh", "-euc", _NODE_MORE, "sh", *recipe.packages])
    # What is mounted there, and what a package starts there, ends with the commands.
    command = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "env", *_INSIDE, "chroot", str(root)]
    _fetch([*command, "sh", "-euc", f"{installing}\n{_caching(recipe)}"], recipe, log)


def _caching(recipe: Recipe) -> str:
    return shlex.join(["sh", "-euc", _NODE_CACHED, "sh", *recipe.cached_packages])


def _fetch(command: Sequence[str], recipe: Recipe, log: Path) -> None:
    with open(log, "wb") as output:
        failed = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False).returncode
    if failed:
        raise LabError(f"Debian {recipe.suite} could not be fetched (does apt-get update work here?): {_reason(log)}")


def _finish(recipe: Recipe, root: Path) -> None:
    """Lay the recipe's files over the file system, and take its last step in it."""
    for name, file in recipe.files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.content)
        path.chmod(file.mode)
    recipe.set_up(root)


def _reason(log: Path) -> str:
    """The first error of apt or mmdebstrap (the others follow from it), else the last words."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    errors = (line for line in lines if line.startswith("E: "))
    return next(errors, " / ".join(lines[-3:]))


def _disk(root: Path, disk: Path) -> Path:
    """A sparse ext4 image; no journal, since no lab outlives its machine."""
    run(["mke2fs", "-q", "-t", "ext4", "-O", "^has_journal", "-m", "0", "-d", str(root), str(disk), "8G"])
    return disk

"""The file systems of nodes, of the machine and of its kernel: made once, kept by a hash of what they are made from."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from lvslab import apt, distribution
from lvslab.console import say
from lvslab.distribution import Image
from lvslab.errors import LabError
from lvslab.process import run
from lvslab.stacks import STACKS

# Free space that must be there before anything is built; about a third of it stays in use.
_SPACE_TO_BUILD = 5 * 2**30

_APT_OPTIONS = (
    # A mirror may be older than the date a suite is "valid until"; the signatures are verified all the same.
    'Acquire::Check-Valid-Until "false"',
    'Acquire::Languages "none"',
    'APT::Install-Recommends "false"',
)
_DPKG_OPTIONS = tuple(f"path-exclude=/usr/share/{folder}/*" for folder in ("man", "doc", "locale", "info"))

_NODE_PACKAGES = (
    *("systemd", "systemd-sysv", "dbus", "iproute2", "iputils-ping", "iputils-arping", "procps", "kmod"),
    *("python3", "python3-apt", "openssh-server", "curl", "tcpdump", "less"),
)
_NODE_FILES = {
    "etc/systemd/system/lab-backend.service": """\
[Unit]
Description=Lab application server on port 8080
After=network.target

[Service]
ExecStart=/usr/bin/python3 /opt/lab/backend.py
Restart=on-failure

[Install]
WantedBy=multi-user.target
""",
    # One kind of host key, and no PAM: a login costs a third of the time, and Ansible logs in all day long.
    "etc/ssh/sshd_config.d/lab.conf": "HostKey /etc/ssh/ssh_host_ed25519_key\nUsePAM no\nUseDNS no\n",
}
# What has no work in a container, fails there, or (apt's timers) would hold dpkg's lock while a role wants it.
_NODE_SETUP = """
systemctl mask getty.target console-getty.service systemd-logind.service \
    apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer e2scrub_reap.service \
    systemd-udevd.service systemd-udev-trigger.service systemd-network-generator.service systemd-pstore.service \
    systemd-remount-fs.service systemd-firstboot.service kmod-static-nodes.service ifupdown-pre.service \
    dev-hugepages.mount dev-mqueue.mount sys-fs-fuse-connections.mount sys-kernel-config.mount \
    sys-kernel-debug.mount sys-kernel-tracing.mount modprobe@configfs.service modprobe@dm_mod.service \
    modprobe@drm.service modprobe@efi_pstore.service modprobe@fuse.service modprobe@loop.service
systemctl set-default multi-user.target
systemctl enable ssh.service
rm -f /etc/ssh/ssh_host_* /etc/machine-id /etc/hostname
mkdir -p /opt/lab /lib/modules
# Spare every first boot the work that systemd does once after an update of /usr.
touch /etc/.updated /var/.updated
"""
# As PAM would tell it to a login, had sshd's not been switched off.
_LOCALE_SETUP = """
localedef -i {language} -f UTF-8 {locale}
echo LANG={locale} | tee /etc/locale.conf > /etc/default/locale
echo SetEnv LANG={locale} > /etc/ssh/sshd_config.d/locale.conf
"""

_MACHINE_PACKAGES = (
    *("systemd", "systemd-sysv", "dbus", "iproute2", "procps", "kmod", "openssh-server"),
    *("podman", "crun", "netavark"),
)
_MACHINE_FILES = {
    # Everything that differs from lab to lab stands in a script that the lab lays into its state folder.
    "etc/systemd/system/lab-boot.service": """\
[Unit]
Description=Set up this machine as the lab wants it
DefaultDependencies=no
After=local-fs.target
Before=ssh.service

[Service]
Type=oneshot
ExecStart=/usr/local/sbin/mount-hostfs /lab /lab
ExecStart=/bin/sh -eu /lab/boot.sh
StandardOutput=journal+console

[Install]
WantedBy=multi-user.target
""",
    # The kernel's new mount interface wants the option's name, kernels before 6.11 want it without.
    "usr/local/sbin/mount-hostfs": """\
#!/bin/sh
mount -t hostfs -o "hostfs=$1" none "$2" || mount -t hostfs -o "$1" none "$2"
""",
    "etc/ssh/sshd_config.d/lab.conf": "UsePAM no\nUseDNS no\nMaxSessions 100\nMaxStartups 100\n",
    "etc/hostname": "machine\n",
    "etc/fstab": "",
}
_MACHINE_SETUP = """
systemctl mask systemd-udevd.service systemd-udev-trigger.service systemd-logind.service getty.target \
    systemd-networkd.service systemd-networkd.socket apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer \
    e2scrub_all.timer fstrim.timer podman-auto-update.timer podman-restart.service \
    netavark-dhcp-proxy.socket netavark-dhcp-proxy.service
systemctl set-default multi-user.target
systemctl enable ssh.service lab-boot.service
mkdir -p /lab /images /lib/modules
chmod 755 /usr/local/sbin/mount-hostfs
touch /etc/.updated /var/.updated
"""
# From 6.16 on UML intercepts system calls with seccomp, 2 to 4 times faster than with ptrace: newest first.
_KERNEL_SUITES = ("forky", "trixie", "bookworm")
# What "extract" leaves out: the loader's path, mount points, and the modules where modprobe looks for them.
_KERNEL_SETUP = """
ln -s usr/lib64 lib64
ln -s usr/lib lib
ln -s uml/modules usr/lib/modules
mkdir -p proc dev/net tmp lab disk images host
touch dev/net/tun
"""


@dataclass(frozen=True)
class Recipe:
    """Everything an image is made from; equal recipes make the same image."""

    role: str
    suite: str
    sources: tuple[str, ...]
    packages: tuple[str, ...]
    cached_packages: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    setup: str = ""
    variant: str = "minbase"
    as_disk: bool = False

    @property
    def name(self) -> str:
        """File name in the cache: the role for people, the hash for us."""
        made_from = json.dumps([asdict(self), _APT_OPTIONS, _DPKG_OPTIONS], sort_keys=True)
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
    base, stack = distribution.load(image.distribution), STACKS[image.network_manager]
    extra = [*stack.packages, *(["systemd-resolved"] if image.resolved else []), *(["locales"] if image.locale else [])]
    setup = _NODE_SETUP + stack.setup
    if image.locale:
        setup += _LOCALE_SETUP.format(locale=image.locale, language=image.locale.partition(".")[0])
    return Recipe(
        role=f"node-{image.name}{'-disk' if as_disk else ''}",
        suite=base.suite,
        sources=archive.lines(base.suite),
        packages=(*_NODE_PACKAGES, *extra),
        # Not installed: roles really install them, and yet download nothing.
        cached_packages=tuple(package for package, _version in base.cached),
        files=_NODE_FILES,
        setup=setup,
        as_disk=as_disk,
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
        with ThreadPoolExecutor(max_workers=len(os.sched_getaffinity(0))) as pool:
            for _ in pool.map(self._build_one, missing):
                pass

    def _remove_leftovers(self) -> None:
        """What a killed build left behind; nobody else builds while we hold the lock."""
        for leftover in (self.folder / "images").glob("building-*"):
            shutil.rmtree(leftover, ignore_errors=True)

    def _build_one(self, recipe: Recipe) -> None:
        say(f"building image {recipe.role} (Debian {recipe.suite}) ...")
        work = Path(tempfile.mkdtemp(prefix="building-", dir=self.folder / "images"))
        try:
            root = work / "root"
            _bootstrap(recipe, root, work / "log")
            result = _disk(root, work / "disk") if recipe.as_disk else root
            result.rename(self.path(recipe))
        finally:
            shutil.rmtree(work, ignore_errors=True)
        self._prune(recipe)
        say(f"built image {recipe.role}")

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
    if recipe.cached_packages:
        download = f"apt-get install --yes --download-only {' '.join(recipe.cached_packages)}"
        command += ["--skip=cleanup/apt", f"--customize-hook=chroot \"$1\" sh -euc 'apt-get clean; {download}'"]
    command += [recipe.suite, str(root), *recipe.sources]
    with open(log, "wb") as output:
        failed = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False).returncode
    if failed:
        raise LabError(f"Debian {recipe.suite} could not be fetched (does apt-get update work here?): {_reason(log)}")
    for name, content in recipe.files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
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

"""A user's machine, for ``lab run --machine``: an ordinary Debian whose kernel has IPVS, so that engine ``host`` runs.

Its kernel is User-Mode Linux, its files are an image of its own, and this checkout stands at its own path. The node
images of engine ``uml`` are mounted where engine ``host`` looks for its own, so that it builds none.
"""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Sequence
from pathlib import Path

from lvslab import apt, command, uml
from lvslab.console import say
from lvslab.images import Cache, Recipe, node_recipe
from lvslab.inventory import SUITES as NODE_SUITES
from lvslab.process import run

SUITES = ("trixie", "bookworm")
# The checkout's tools as tools/install makes them with that Debian's Python; later mounted into the checkout.
_TOOLS = "opt/lvs.cluster"
_PACKAGES = (
    # What a server has anyway,
    *("systemd", "systemd-sysv", "dbus", "udev", "iproute2", "iputils-ping", "procps", "kmod", "ca-certificates"),
    # what README.md asks for, and what the lab would install by itself.
    *("git", "make", "python3", "python3-venv", "openssh-client", "podman", "crun", "netavark", "mmdebstrap"),
    "debian-archive-keyring",
)
_FILES = {
    "etc/systemd/system/lab-run.service": """\
[Unit]
Description=Run the command of lab run

[Service]
ExecStartPre=/usr/local/sbin/mount-hostfs /lab /lab
ExecStart=/bin/sh /lab/run
KillMode=process

[Install]
WantedBy=multi-user.target
""",
    "etc/systemd/system/lab-modules.service": """\
[Unit]
Description=Mount the modules of this kernel
DefaultDependencies=no
After=local-fs.target
Before=systemd-networkd.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/local/sbin/mount-hostfs /usr/lib/uml/modules /lib/modules

[Install]
WantedBy=sysinit.target
""",
    # The kernel's new mount interface wants the option's name, kernels before 6.11 want it without.
    "usr/local/sbin/mount-hostfs": """\
#!/bin/sh
mkdir -p "$2"
mount -t hostfs -o "hostfs=$1" none "$2" || mount -t hostfs -o "$1" none "$2"
""",
    # A local network with a way out, as users have one, and a daemon that watches over both.
    "etc/systemd/network/lan.netdev": "[NetDev]\nName=lan\nKind=dummy\n",
    "etc/systemd/network/lan.network": "[Match]\nName=lan\n\n[Network]\nAddress=10.0.0.2/24\nGateway=10.0.0.1\n",
    "etc/hostname": "user\n",
    "etc/fstab": "",
}
_SETUP = f"""
/{_TOOLS}/tools/install
apt-get clean
systemctl mask systemd-udevd.service systemd-udev-trigger.service getty.target apt-daily.timer \
    apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer systemd-tmpfiles-clean.timer
systemctl set-default multi-user.target
systemctl enable lab-run.service lab-modules.service systemd-networkd.service
chmod 755 /usr/local/sbin/mount-hostfs
: > /etc/resolv.conf
"""


class UserRecipe(Recipe):
    """An image whose last step reaches this machine's network and believes its certificates."""

    def set_up(self, root: Path) -> None:
        (root / _TOOLS / "tools/install").chmod(0o755)
        script = (
            'mount -t proc proc "$0/proc"\nmount --bind /etc/ssl/certs "$0/etc/ssl/certs"\n'
            'exec chroot "$0" sh -euc "$1"'
        )
        run(["unshare", "--mount", "--propagation=private", "sh", "-euc", script, str(root), self.setup])


def recipe(suite: str, archive: apt.Archive) -> Recipe:
    """An ordinary machine of that Debian, with the checkout's tools made on it by the checkout's own tools/install."""
    names = ("tools/install", "requirements-dev.txt", "requirements-collections.txt")
    tools = {f"{_TOOLS}/{name}": (command.CHECKOUT / name).read_text(encoding="utf-8") for name in names}
    return UserRecipe(
        role=f"user-{suite}",
        suite=suite,
        sources=archive.lines(suite),
        packages=_PACKAGES,
        files=_FILES | tools,
        setup=_SETUP,
        as_disk=True,
    )


def run_on(suite: str, words: Sequence[str], cache: Cache) -> int:
    """Run a command there; its exit status is the command's."""
    apt.require(uml.PACKAGES)
    archive = apt.host_archive()
    kernel = cache.kernel(archive)
    machine = recipe(suite, archive)
    disks = [node_recipe(name, archive, as_disk=True) for name in NODE_SUITES]
    folders = [cache.path(node_recipe(name, archive, as_disk=False)).name for name in NODE_SUITES]
    cache.ensure([machine, *disks])
    with command.run_folder() as folder:
        (folder / "run").write_text(_script(words, folders), encoding="utf-8")
        disk = Path("/var/lib/lvs-lab", folder.name)
        disk.mkdir(parents=True)
        try:
            run(["cp", "--sparse=always", "--reflink=auto", str(cache.path(machine)), f"{disk}/root"])
            say(f"booting a user's machine (Debian {suite})")
            options = ["root=/dev/ubda", "rw", "ubd0=/disk/root"]
            options += [f"ubd{i}r=/images/{image.name}" for i, image in enumerate(disks, start=1)]
            return command.run_in_kernel(kernel, folder, options, {disk: "disk", cache.folder / "images": "images"})
        finally:
            shutil.rmtree(disk)


def _script(words: Sequence[str], images: Sequence[str]) -> str:
    """What the machine runs when it has booted."""
    checkout = command.CHECKOUT
    path = f"{checkout}/.venv/bin:{checkout}/.cache/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    places = [f"/root/.cache/lvs-lab/images/{name}" for name in images]
    mounts = [["mount", "-o", "ro", f"/dev/ubd{'bcdefgh'[i]}", place] for i, place in enumerate(places)]
    commands = [
        ["mount-hostfs", f"/host{checkout}", str(checkout)],
        *(["mount", "--bind", f"/{_TOOLS}/{name}", f"{checkout}/{name}"] for name in (".venv", ".cache")),
        ["mkdir", "-p", *places],
        *mounts,
        ["export", "HOME=/root", "LANG=C.UTF-8", f"PATH={path}"],
    ]
    lines = [
        "set -eu",
        "exec >>/lab/stderr 2>&1",
        *(shlex.join(words) for words in commands),
        "systemctl is-system-running --wait || systemctl --failed",
        *command.run_lines(words, "/lab"),
    ]
    return "\n".join(lines) + "\n"

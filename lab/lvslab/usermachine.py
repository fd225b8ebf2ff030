"""A user's machine, for ``lab run --machine``: an ordinary Debian whose kernel has IPVS, so that engine ``host`` runs.

Its kernel is User-Mode Linux, its files are an image of its own, and this checkout stands at its own path. The node
images of engine ``uml`` are mounted where engine ``host`` looks for its own, so that it builds none.
"""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Sequence
from pathlib import Path

from lvslab import apt, command, distribution, uml
from lvslab.console import say
from lvslab.distribution import Image
from lvslab.files import read, tree
from lvslab.images import Cache, Recipe, node_recipe
from lvslab.process import run

SUITES = ("trixie", "bookworm")
_FILES = command.CHECKOUT / "lab/user"
# Where the image has what tools/install makes; it is mounted into the checkout.
_TOOLS = "opt/lvs.cluster"
_PACKAGES = (
    # What a server has anyway,
    *("systemd", "systemd-sysv", "dbus", "udev", "iproute2", "iputils-ping", "procps", "kmod", "ca-certificates"),
    # what README.md asks for, and what the lab would install by itself.
    *("git", "make", "python3", "python3-venv", "openssh-client", "podman", "crun", "netavark", "mmdebstrap"),
    "debian-archive-keyring",
)


class UserRecipe(Recipe):
    """An image whose last step reaches this machine's network and believes its certificates."""

    def set_up(self, root: Path) -> None:
        script = (
            'mount -t proc proc "$0/proc"\nmount --bind /etc/ssl/certs "$0/etc/ssl/certs"\n'
            'exec chroot "$0" sh -euc "$1"'
        )
        run(["unshare", "--mount", "--propagation=private", "sh", "-euc", script, str(root), self.setup])


def recipe(suite: str, archive: apt.Archive) -> Recipe:
    """An ordinary machine of that Debian, with the checkout's tools made on it by the checkout's own tools/install."""
    names = ["tools/install", *sorted(path.name for path in command.CHECKOUT.glob("requirements-*.txt"))]
    others = {f"{_TOOLS}/{name}": read(command.CHECKOUT / name) for name in names}
    others["usr/local/sbin/mount-hostfs"] = read(_FILES.parent / "machine/root/usr/local/sbin/mount-hostfs")
    return UserRecipe(
        role=f"user-{suite}",
        suite=suite,
        sources=archive.lines(suite),
        packages=_PACKAGES,
        files=tree(_FILES / "root") | others,
        setup=(_FILES / "setup.sh").read_text(encoding="utf-8"),
        as_disk=True,
    )


def node_images() -> list[Image]:
    """What hosts that choose nothing but a distribution are made from."""
    return [Image(name, distribution.load(name).network_manager) for name in SUITES]


def run_on(suite: str, words: Sequence[str], cache: Cache) -> int:
    """Run a command there; its exit status is the command's."""
    apt.require(uml.PACKAGES)
    archive = apt.host_archive()
    kernel = cache.kernel(archive)
    machine = recipe(suite, archive)
    disks = [node_recipe(image, archive, as_disk=True) for image in node_images()]
    folders = [node_recipe(image, archive, as_disk=False).name for image in node_images()]
    cache.ensure([machine, *disks])
    with command.run_folder() as folder:
        (folder / "run").write_text(script(words, folders), encoding="utf-8")
        disk = Path("/var/lib/lvs-lab", folder.name)
        disk.mkdir(parents=True)
        try:
            run(["cp", "--sparse=always", "--reflink=auto", str(cache.path(machine)), f"{disk}/root"])
            say(f"booting a user's machine (Debian {suite})")
            options = ["root=/dev/ubda", "rw", "ubd0=/disk/root"]
            options += [f"ubd{number}r=/images/{image.name}" for number, image in enumerate(disks, start=1)]
            return command.run_in_kernel(kernel, folder, options, {disk: "disk", cache.folder / "images": "images"})
        finally:
            shutil.rmtree(disk)


def script(words: Sequence[str], images: Sequence[str]) -> str:
    """What the machine runs when it has booted."""
    checkout = command.CHECKOUT
    path = f"{checkout}/.venv/bin:{checkout}/.cache/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    places = [f"/root/.cache/lvs-lab/images/{name}" for name in images]
    disks = zip("bcdefghijklmnop", places, strict=False)
    commands = [
        ["mount-hostfs", f"/host{checkout}", str(checkout)],
        *(["mount", "--bind", f"/{_TOOLS}/{name}", f"{checkout}/{name}"] for name in (".venv", ".cache")),
        ["mkdir", "-p", *places],
        *(["mount", "-o", "ro", f"/dev/ubd{letter}", place] for letter, place in disks),
        ["export", "HOME=/root", "LANG=C.UTF-8", f"PATH={path}"],
    ]
    lines = [
        "set -eu",
        "exec >>/lab/stderr 2>&1",
        *map(shlex.join, commands),
        "systemctl is-system-running --wait || systemctl --failed",
        *command.run_lines(words, "/lab"),
    ]
    return "\n".join(lines) + "\n"

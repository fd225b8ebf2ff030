"""Engine ``host``: the nodes run on this machine's own kernel, behind a network namespace that is the lab's switch."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from lvslab import apt
from lvslab.distribution import Image
from lvslab.images import Cache, node_recipe
from lvslab.inventory import Network
from lvslab.machine import Machine
from lvslab.mounts import unmount_below
from lvslab.network import address, exists, remove
from lvslab.process import run

# Debian's and Fedora's.
_NETAVARK = ("/usr/lib/podman/netavark", "/usr/libexec/podman/netavark")


class HostMachine(Machine):
    """The bridges have a namespace of their own, so that this machine's firewall sees no traffic between nodes."""

    def __init__(self, name: str, networks: Sequence[Network], images: Sequence[Image], cache: Cache) -> None:
        super().__init__(name, networks, images)
        self._cache = cache

    def prepare(self) -> None:
        apt.require(
            {
                "mmdebstrap": "mmdebstrap",
                "ip": "iproute2",
                "podman": "podman",
                "crun": "crun",
                next(filter(os.path.exists, _NETAVARK), _NETAVARK[0]): "netavark",
            }
            | {"ssh": "openssh-client", "nsenter": "util-linux", "sysctl": "procps"}
        )
        archive = apt.host_archive()
        self._cache.ensure(node_recipe(image, archive, as_disk=False) for image in self.images)

    def start(self) -> None:
        inside = ["ip", "-netns", self.namespace]
        run(["ip", "netns", "add", self.namespace])
        for network in self.networks.values():
            bridge, cable, mtu = network.interface, f"uplink-{network.interface[4:]}", ["mtu", str(network.mtu)]
            run([*inside, "link", "add", bridge, *mtu, "type", "bridge", "mcast_snooping", "0"])
            run([*inside, "link", "set", bridge, "up"])
            run(
                [
                    "ip",
                    "link",
                    "add",
                    bridge,
                    *mtu,
                    "type",
                    "veth",
                    "peer",
                    "name",
                    cable,
                    *mtu,
                    "netns",
                    self.namespace,
                ]
            )
            run([*inside, "link", "set", cable, "master", bridge, "up"])
            address(network)

    def stop(self) -> None:
        if shutil.which("podman"):
            listed = run(["podman", "ps", "--all", "--quiet", "--filter", f"label=lvs-lab={self.name}"], check=False)
            for container in listed.stdout.decode().split():
                run(["podman", "rm", "--force", "--time", "0", container])
        unmount_below(self.folder)
        for pattern in (f"{self.namespace}.*", self.namespace):
            for namespace in Path("/run/netns").glob(pattern):
                run(["ip", "netns", "del", namespace.name])
        shutil.rmtree(self.folder, ignore_errors=True)
        for network in self.networks.values():
            remove(network)

    def is_running(self) -> bool:
        return Path("/run/netns", self.namespace).exists() and all(map(exists, self.networks.values()))

    def argv(self, command: Sequence[str], *, terminal: bool = False) -> list[str]:  # noqa: ARG002 (it is ours already)
        return ["nsenter", f"--net=/run/netns/{self.namespace}", *command]

    def folder_of(self, image: Image) -> str:
        return str(self._cache.path(node_recipe(image, apt.host_archive(), as_disk=False)))

    def modules(self) -> str | None:
        folder = f"/lib/modules/{os.uname().release}"
        return "/lib/modules" if Path(folder).is_dir() else None

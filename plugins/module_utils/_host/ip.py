# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""The one door to the host's interfaces and their addresses: the C(ip) program."""

from __future__ import annotations

import ipaddress
import json
from typing import Any, Dict, Iterable, List, Optional, Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._addresses.held import (
    LOOPBACK,
    Link,
    Standing,
    alone,
    links,
)
from ansible_collections.lvs.cluster.plugins.module_utils._net import family_of

from .command import C_LOCALE, RunCommand
from .errors import HostError

# As setup asks it, of each family: an address that no host's own network has.
ELSEWHERE = {"ipv4": "8.8.8.8", "ipv6": "2404:6800:400a:800::1012"}


class IpError(HostError):
    """ip did not do what it was told."""


class NoIpError(IpError):
    """The program is not there."""

    kind = "no_ip"
    remedy = "Install the package iproute2 (Debian and its like) or iproute (Fedora and its like)"


class WideAddressError(IpError):
    """Addresses that shall stand for themselves stand for whole networks."""

    kind = "wide_address"

    def __init__(self, interface: str, addresses: Sequence[Standing]) -> None:
        networks = {str(each): ipaddress.ip_interface(str(each)).network for each in addresses}
        commands = " and ".join(f"'ip address delete {each} dev {interface}'" for each in networks)
        loopback = "so that this host takes all of {network} for itself"
        consequence = loopback if interface == LOOPBACK else "not as {alone}"
        told = [
            f"{each} stands on {interface}, "
            + consequence.format(network=networks[str(each)], alone=alone(each.address))
            for each in addresses
        ]
        self.remedy = f"Remove it with {commands}, and from the file of the network's configuration that sets it"
        super().__init__("; ".join(told) + ". Nothing was changed")


class OtherDeviceError(IpError):
    """An interface that is to be a dummy device is something else."""

    kind = "other_device"
    remedy = "Set realserver_interface to a name that no interface has, as lvs0"

    def __init__(self, interface: str, kind: str) -> None:
        super().__init__(
            f"{interface} is there, and no dummy device but {kind or 'a network card'}. Nothing was changed"
        )


class Ip:
    """ip on this host."""

    def __init__(self, run_command: RunCommand, path: str) -> None:
        self._run_command = run_command
        self._path = path

    @classmethod
    def of(cls, module: Any) -> Ip:
        """The program that a module of Ansible finds."""
        path = module.get_bin_path("ip")
        if not path:
            raise NoIpError("There is no ip on this host")
        return cls(module.run_command, path)

    def run(self, *words: str) -> str:
        """What one command prints."""
        status, output, errors = self._run_command([self._path, *words], environ_update=C_LOCALE)
        if status:
            raise IpError(errors.strip() or f"exit status {status}", ["ip", *words])
        return output

    def addresses(self) -> str:
        """All addresses of all interfaces, as JSON."""
        return self.run("-json", "-details", "address", "show")

    def dummy(self, interface: str) -> Optional[Link]:
        """A dummy device; none where there is no interface of its name."""
        link = links(self.addresses()).get(interface)
        if link and link.kind != "dummy":
            raise OtherDeviceError(interface, link.kind)
        return link

    def ways_out(self) -> Dict[str, str]:
        """By family, how the kernel would reach an address elsewhere, as JSON; empty where it has no way there."""
        return {
            family: self._asked("-json", f"-{family[-1]}", "route", "get", address)
            for family, address in ELSEWHERE.items()
        }

    def routes(self) -> List[str]:
        """Of each family, all routes of all tables, as JSON; empty where the kernel does not know the family."""
        return [self._asked("-json", f"-{family[-1]}", "route", "show", "table", "all") for family in ELSEWHERE]

    def routes_of(self, interface: str) -> List[str]:
        """Of each family, the routes of an interface, as JSON."""
        return [self._asked("-json", f"-{family[-1]}", "route", "show", "dev", interface) for family in ELSEWHERE]

    def _asked(self, *words: str) -> str:
        try:
            return self.run(*words)
        except IpError:
            return ""

    def way_to(self, address: str, source: str) -> str:
        """The route by which packets of a source go somewhere, as it stands in its table, as JSON."""
        family = family_of(address)
        return self._asked("-json", f"-{family[-1]}", "route", "get", "fibmatch", address, "from", source)

    def gue_ports(self) -> List[int]:
        """Those at which the kernel takes packets out of tunnels in UDP by IPv4; none where it knows no such."""
        told = json.loads(self._asked("-json", "fou", "show") or "[]")
        return [each["port"] for each in told if "gue" in each and each.get("family") != "inet6"]

    def addresses_of(self, interface: str) -> str:
        """The addresses of an interface, as JSON."""
        return self.run("-json", "address", "show", "dev", interface)

    def apply(self, commands: Iterable[Sequence[str]]) -> None:
        """Run commands, one after the other; each starts with the name of the program."""
        for _ip, *words in commands:
            self.run(*words)

# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""The one door to what sets up a host's network at boot: what is there, whether it reads our files, how it is told."""

from __future__ import annotations

import contextlib
import glob
import os
import time
from typing import Any, Dict, Iterator, List, Mapping, Tuple, Type

from ansible_collections.lvs.cluster.plugins.module_utils._addresses import (
    ifcfg,
    ifupdown,
    keyfile,
    netplan,
    networkd,
)
from ansible_collections.lvs.cluster.plugins.module_utils._addresses.held import LOOPBACK, standing
from ansible_collections.lvs.cluster.plugins.module_utils._addresses.stacks import (
    DUMMY,
    STACKS,
    Seen,
    led,
    named,
    own_patterns,
)
from ansible_collections.lvs.cluster.plugins.module_utils._addresses.wish import Found, Wish

from .command import C_LOCALE
from .errors import HostError
from .ip import Ip
from .systemd import units
from .text import read_exact

# For NetworkManager to let go of an interface.
PATIENCE = 5
# A link for each.
INTERFACES = "/sys/class/net"
# systemd-networkd keeps its state there while it runs.
NETWORKD_STATE = "/run/systemd/netif/state"


class NetworkError(HostError):
    """What sets up the network does not answer, or would not do what it shall."""

    kind = "network"


class NoProgramError(NetworkError):
    """It is not there at all."""

    remedy = "Set realserver_network to what does"


def seen(module: Any) -> Seen:
    """What there is of those who set up networks."""
    told = units(module.run_command, ["NetworkManager.service", "networking.service", "network.service"])
    manager_runs = told["NetworkManager.service"].active
    # Asked only where it decides.
    asked = manager_runs and told["networking.service"].enabled
    cards = [each for each in _started(module) if each.partition(":")[0] != LOOPBACK] if asked else []
    return Seen(
        netplan_writes_for_networkd=bool(glob.glob(netplan.rendered("*"))),
        networkd_runs=os.path.exists(NETWORKD_STATE),
        ifup_aliases_is_there=os.path.exists(ifcfg.ALIASES),
        network_is_enabled=told["network.service"].enabled,
        network_manager_runs=manager_runs,
        ifupdown_has_cards=bool(cards),
        ifcfg_files_are_there=any(not each.endswith("/ifcfg-lo") for each in glob.glob(f"{ifcfg.FOLDER}/ifcfg-*")),
        network_manager_version=keyfile.version(_ask(module, "nmcli", "--version")) if manager_runs else (),
    )


def networkd_files(module: Any) -> Dict[str, str]:
    """By interface, the file that networkd sets it up from."""
    return networkd.network_files(_ask(module, "networkctl", "--json=short", "list"))


def own_files(interface: str, owner: str) -> List[str]:
    """The files of an owner for an interface that are there, whatever sets up the network."""
    return [
        path
        for pattern, is_own in own_patterns(glob.escape(interface), owner).items()
        for path in sorted(glob.glob(pattern))
        if is_own(read_exact(path), owner)
    ]


def other_additions(wish: Wish) -> List[str]:
    """What others have added to the file of ours from which networkd sets up the loopback."""
    folder, own = os.path.split(networkd.addition(wish.interface, wish.owner, ""))
    return [each for each in os.listdir(folder) if each != own] if os.path.isdir(folder) else []


class Running:
    """Who sets up the network of this host, and what it has read for an interface.

    found: what its writer has to know.
    """

    # Whether it has to be told of files; who reads them at boot alone, and does not name them then, never will.
    is_told = True

    def __init__(self, module: Any, wish: Wish, networkd_file: str) -> None:
        self._module = module
        self._wish = wish
        self._networkd_file = networkd_file
        self.found = Found()
        self._path = ""

    def look(self) -> None:
        """Find out what its writer has to know; fail where nobody would read what it writes."""

    def look_for_rest(self) -> None:
        """Find out where something of ours may be that is to go, of who has no file for that alone."""

    def reads(self) -> bool:
        """Whether it has read the files as they are, as far as it tells."""
        raise NotImplementedError

    def tell(self) -> None:
        """Have it read the files."""

    def tell_gone(self) -> None:
        """Have it see that there is nothing of ours any more."""
        self.tell()

    def unread(self) -> NetworkError:
        """Why the files are not read, and what to do."""
        raise NotImplementedError

    def _ask(self, *command: str) -> str:
        return _ask(self._module, *command)

    def _is_there(self) -> bool:
        """A dummy device is not, before the first address comes and after the last has gone."""
        return not self._wish.is_dummy or os.path.exists(os.path.join(INTERFACES, self._wish.interface))

    def _link(self) -> networkd.NetworkFile:
        """The file that networkd sets up the interface from."""
        if not self._is_there():
            return networkd.NetworkFile("", None)
        return networkd.network_file(self._ask("networkctl", "--json=short", "status", self._wish.interface))


class Ifupdown(Running):
    """It has no memory of its own that would have to be told."""

    is_told = False

    def reads(self) -> bool:
        return not self._missing() and not self._is_too_early()

    def tell(self) -> None:
        # Known once the file stands in its place among the others.
        if self._is_too_early():
            raise self.unread()

    def _missing(self) -> List[str]:
        started = _started(self._module)
        return [each for each in ifupdown.started(self._wish) if each not in started]

    def _is_too_early(self) -> bool:
        """Whether the interface is made at boot, and after the routes that need it."""
        path = os.path.join(INTERFACES, ifupdown.maker(self._wish.interface), "uevent")
        if not (self._wish.routes and os.path.exists(path) and ifupdown.is_made(read_exact(path))):
            return False
        return ifupdown.too_early(self._wish, _started(self._module))

    def unread(self) -> NetworkError:
        (file,) = STACKS["ifupdown"].files(self._wish, self.found)
        source = f"'source {os.path.dirname(file.path)}/*'"
        if self._is_too_early():
            return NetworkError(
                f"ifupdown reads {file.path} before it makes {self._wish.interface}, so this host would not have "
                f"{self._wish.what} after a boot",
                remedy=f"Have the stanza of {self._wish.interface} stand before the line {source} in "
                "/etc/network/interfaces",
            )
        return NetworkError(
            f"ifupdown does not read {file.path}, so this host would have no {', '.join(self._missing())} after a boot",
            remedy=f"Write the line {source} into /etc/network/interfaces",
        )


class Networkd(Running):
    def look(self) -> None:
        link = self._link()
        needs_no_file = self._wish.needs_no_file
        own = self._networkd_file or ("" if needs_no_file else os.path.basename(link.path))
        if not own and not needs_no_file:
            raise _no_card(self._wish)
        if link.path and os.path.basename(link.path) != (own or networkd.base(self._wish.interface)):
            raise NetworkError(
                f"networkd sets up {self._wish.interface} from {link.path}, and reads one file per interface, so this "
                f"host would not have {self._wish.what} after a boot",
                remedy=f"Set realserver_networkd_file to {os.path.basename(link.path)}, and they are added to it",
            )
        self.found = Found(own)
        self._path = networkd.addition(self._wish.interface, self._wish.owner, own)

    def reads(self) -> bool:
        link = self._link()
        return bool(link.path) and (link.drop_ins is None or self._path in link.drop_ins)

    def tell(self) -> None:
        self._ask("networkctl", "reload")

    def unread(self) -> NetworkError:
        return NetworkError(
            f"networkd has not read {self._path} for {self._wish.interface}, so this host would not have "
            f"{self._wish.what} after a boot",
            remedy="See 'journalctl -u systemd-networkd'",
        )


class Netplan(Running):
    """It writes networkd's file anew, which networkd then reads."""

    def look(self) -> None:
        path = self._link().path
        if self._wish.is_dummy and not (path or netplan.has_dummies(self._ask("netplan", "info"))):
            raise no_dummies("netplan before 0.107")
        name = netplan.name_in(path) or ("" if path else self._wish.interface)
        if not name or not (path or self._wish.needs_no_file):
            raise NetworkError(
                f"networkd sets up {self._wish.interface} from {path or 'no file'}, and from none of netplan's, so "
                f"this host would not have {self._wish.what} after a boot",
                remedy="Set realserver_network to networkd, and realserver_networkd_file to the name of that file",
            )
        section = "" if self._wish.needs_no_file else netplan.sections(self._ask("netplan", "get")).get(name, "")
        if not (section or self._wish.needs_no_file):
            raise NetworkError(
                f"networkd sets up {self._wish.interface} from {path}, of which netplan's files say nothing any more, "
                f"so this host would not have {self._wish.what} after a boot",
                remedy=f"See 'netplan get', and write {name} into a file in {netplan.FOLDER}",
            )
        self.found = Found(name, section=section)

    def reads(self) -> bool:
        path = netplan.rendered(self.found.own_file)
        if self._link().path != path:
            return False
        text = read_exact(path)
        wanted = {each.address for each in self._wish.addresses}
        return wanted <= named(text) and set(self._wish.routes) <= led(text)

    def tell(self) -> None:
        self._ask("netplan", "generate")
        self._ask("networkctl", "reload")

    def unread(self) -> NetworkError:
        return NetworkError(
            f"netplan has not had networkd read the file of {self._wish.interface}, so this host would not have "
            f"{self._wish.what} after a boot",
            remedy="See 'netplan get' and 'journalctl -u systemd-networkd'",
        )


class NetworkManager(Running):
    def look(self) -> None:
        told = keyfile.version(self._ask("nmcli", "--version"))
        if self._wish.interface == LOOPBACK and told < keyfile.LOOPBACK_SINCE:
            raise NetworkError(
                f"NetworkManager {'.'.join(map(str, told))} leaves lo alone, so this host would not have the virtual "
                "addresses after a boot",
                remedy=f"Set realserver_interface to {DUMMY}, a dummy device",
            )
        _uuid, active = self._active()
        folder, own = os.path.dirname(active), os.path.join(keyfile.FOLDER, os.path.basename(active))
        is_hosts = folder == keyfile.FOLDER and own != keyfile.path_of(self._wish.interface)
        if not (is_hosts or self._wish.needs_no_file):
            raise NetworkError(
                f"NetworkManager sets up {self._wish.interface} from {active or 'no profile'}, and from none in "
                f"{keyfile.FOLDER}, so this host would not have {self._wish.what} after a boot",
                remedy="Make a profile for it there, as 'nmcli connection clone' does",
            )
        self._path = own if is_hosts else keyfile.path_of(self._wish.interface)
        texts = {self._path: read_exact(self._path)} if os.path.exists(self._path) else {}
        self.found = Found(own if is_hosts else "", texts)

    def look_for_rest(self) -> None:
        """Routes stay in a profile that sets up nothing now; of addresses the active one has the claim, or none has."""
        if self._wish.former:
            profiles = filter(os.path.isfile, sorted(glob.glob(f"{keyfile.FOLDER}/*")))
            texts = {path: read_exact(path) for path in profiles}
            its = {path: text for path, text in texts.items() if keyfile.has_going(text, self._wish)}
            self.found = Found(texts=its)
        elif self._wish.needs_no_file or os.path.dirname(self._active()[1]) == keyfile.FOLDER:
            self.look()

    def _profiles(self, *only: str) -> List[Tuple[str, str, str]]:
        """UUID, interface and file of profiles."""
        words = ("-t", "-e", "no", "-f", "UUID,DEVICE,FILENAME", "connection", "show", *only)
        found = []
        for line in self._ask("nmcli", *words).splitlines():
            uuid, device, path = line.split(":", 2)
            found.append((uuid, device, path))
        return found

    def _active(self) -> Tuple[str, str]:
        """UUID and file of the profile that the interface is set up from; empty for none."""
        its = (each for each in self._profiles("--active") if each[1] == self._wish.interface)
        uuid, _device, path = next(its, ("", "", ""))
        return uuid, path

    def reads(self) -> bool:
        uuid, path = self._active()
        if path != self._path:
            return False
        fields = "ipv4.addresses,ipv6.addresses,ipv4.routes,ipv6.routes"
        told = self._ask("nmcli", "-e", "no", "-g", fields, "connection", "show", "uuid", uuid)
        there = {each.partition("/")[0].strip() for each in told.replace("\n", ",").split(",")}
        wanted = {each.address for each in self._wish.addresses}
        return wanted | {each.to.partition("/")[0] for each in self._wish.routes} <= there

    def tell(self) -> None:
        if self._active()[1] == self._path:
            # The interface keeps what it has, which "device reapply" would not let it.
            self._ask("nmcli", "connection", "load", self._path)
            return
        with self._foreign_kept():
            self._ask("nmcli", "connection", "load", self._path)
            uuid = next(uuid for uuid, _device, path in self._profiles() if path == self._path)
            self._ask("nmcli", "connection", "up", "uuid", uuid)

    def tell_gone(self) -> None:
        if self._wish.former:
            # Nothing is set up by a profile that was not.
            for path in self.found.texts:
                self._ask("nmcli", "connection", "load", path)
            return
        if os.path.exists(self._path):
            self.tell()
            return
        if self._wish.is_dummy:
            # Which NetworkManager takes away with its profile.
            self._ask("nmcli", "connection", "reload")
            return
        with self._foreign_kept():
            self._ask("nmcli", "connection", "reload")
            self._wait_until_external()

    def _wait_until_external(self) -> None:
        """Until it has let go of the interface, which it does after it has answered."""
        deadline = time.monotonic() + PATIENCE
        words = ("nmcli", "-g", "GENERAL.STATE", "device", "show", self._wish.interface)
        while "externally" not in self._ask(*words) and time.monotonic() < deadline:
            time.sleep(0.2)

    @contextlib.contextmanager
    def _foreign_kept(self) -> Iterator[None]:
        """Put back what goes with an interface that it sets up anew: all that no profile names."""
        ip = Ip.of(self._module)
        before = standing(ip.addresses_of(self._wish.interface))
        yield
        ours = {each.address for each in self._wish.addresses}
        ours.update(each.address for each in standing(ip.addresses_of(self._wish.interface)))
        lost = [each for each in before if each.is_global and each.address not in ours]
        ip.apply(
            [
                "ip",
                *("address", "add", str(each), "dev", self._wish.interface),
                *(("label", each.label) if each.label else ()),
            ]
            for each in lost
        )

    def unread(self) -> NetworkError:
        return NetworkError(
            f"NetworkManager has not set up {self._wish.interface} from {self._path}, so this host would not have "
            f"{self._wish.what} after a boot",
            remedy="See 'nmcli device' and 'journalctl -u NetworkManager'",
        )


class Ifcfg(Running):
    """initscripts read all that is there at boot."""

    is_told = False

    def look(self) -> None:
        if not os.path.exists(ifcfg.ALIASES):
            raise NetworkError(
                f"There is no {ifcfg.ALIASES} on this host, so nobody reads ifcfg-{self._wish.interface}:0",
                remedy="Install network-scripts, or set realserver_network to what does set up this host's network",
            )
        (pattern,) = ifcfg.own(glob.escape(self._wish.interface), self._wish.owner)
        self.found = Found(texts={path: read_exact(path) for path in sorted(glob.glob(pattern))})

    def reads(self) -> bool:
        return True


RUNNING: Mapping[str, Type[Running]] = {
    "netplan": Netplan,
    "networkd": Networkd,
    "ifcfg": Ifcfg,
    "NetworkManager": NetworkManager,
    "ifupdown": Ifupdown,
}


def no_dummies(stack: str) -> NetworkError:
    return NetworkError(
        f"{stack} makes no dummy devices, so this host would not have the virtual addresses after a boot",
        remedy="Set realserver_interface to lo",
    )


def _no_card(wish: Wish) -> NetworkError:
    return NetworkError(
        f"networkd sets up no {wish.interface}, so this host would not have {wish.what} after a boot",
        remedy="See 'networkctl', and set up the interface by a file in /etc/systemd/network",
    )


def _started(module: Any) -> List[str]:
    """The interfaces that ifupdown brings up at boot, one after the other."""
    return ifupdown.started_at_boot(_ask(module, "ifquery", "--list"))


# Who is missing where a program of his is.
PROGRAMS: Dict[str, str] = {
    "ifquery": "ifupdown",
    "networkctl": "networkd",
    "netplan": "netplan",
    "nmcli": "NetworkManager",
}


def _ask(module: Any, *command: str) -> str:
    program = module.get_bin_path(command[0])
    if program is None:
        raise NoProgramError(
            f"There is no {command[0]} on this host, so {PROGRAMS[command[0]]} does not set up its network"
        )
    status, output, errors = module.run_command([program, *command[1:]], environ_update=C_LOCALE)
    # Of a file that it does not accept nmcli complains, and succeeds.
    if status or "Could not load" in errors:
        raise NetworkError(errors.strip() or output.strip(), command)
    return str(output)

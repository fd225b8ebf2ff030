# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""What sets up a host's network at boot, one by one: how each is recognised, and from which files it reads addresses.

docs/stacks.md has this table.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Callable, List, Mapping, NamedTuple, Sequence, Set, Tuple

from . import ifcfg, ifupdown, keyfile, netplan, networkd
from .held import LOOPBACK
from .wish import Found, Route, StackFile, Wish


class Seen(NamedTuple):
    """What a look at a host finds of those who set up networks."""

    netplan_writes_for_networkd: bool = False
    networkd_runs: bool = False
    ifup_aliases_is_there: bool = False
    network_is_enabled: bool = False
    network_manager_runs: bool = False
    ifupdown_has_cards: bool = False
    ifcfg_files_are_there: bool = False
    network_manager_version: Tuple[int, ...] = ()


def _any(text: str, owner: str) -> bool:  # noqa: ARG001
    return True


@dataclass(frozen=True)
class Stack:
    """One of them.

    sign: by what a host is known to have its network set up by it, for people; C(recognised) says so.
    unit: what the boot starts.
    files: the files, in the order in which they are written.
    own: where files of an owner for an interface may be, as patterns of names; C(is_own) tells by their texts.
    place: where that is, for people.
    tells: the commands by which it is told.
    has_labels, has_ipv6, has_dummies: whether it knows labels, addresses of IPv6, and dummy devices.
    has_routes: whether a file of ours may add routes to those of a card.
    shares_files: whether owners share a file, which C(files) takes the addresses out of too.
    """

    name: str
    sign: str
    recognised: Callable[[Seen], bool]
    unit: str
    files: Callable[[Wish, Found], List[StackFile]]
    own: Callable[[str, str], List[str]]
    place: str
    tells: Sequence[str] = ()
    is_own: Callable[[str, str], bool] = _any
    has_labels: bool = True
    has_ipv6: bool = True
    has_dummies: bool = True
    has_routes: bool = True
    shares_files: bool = False


# The first that is recognised counts; of the last nothing has to be seen.
STACKS: Mapping[str, Stack] = {
    each.name: each
    for each in (
        Stack(
            name="netplan",
            sign="netplan has written files for networkd, which runs",
            recognised=lambda seen: seen.netplan_writes_for_networkd and seen.networkd_runs,
            unit="systemd-networkd.service",
            files=netplan.files,
            own=netplan.own,
            place="/etc/netplan/60-CLUSTER-loopback.yaml",
            tells=("netplan generate", "networkctl reload"),
        ),
        Stack(
            name="networkd",
            sign="systemd-networkd runs",
            recognised=lambda seen: seen.networkd_runs,
            unit="systemd-networkd.service",
            files=networkd.files,
            own=networkd.own,
            place="/etc/systemd/network/10-lvs-loopback.network, and CLUSTER-loopback.conf in its folder",
            tells=("networkctl reload",),
        ),
        Stack(
            name="ifcfg",
            sign="network-scripts' ifup-aliases is there, and network.service is enabled",
            recognised=lambda seen: seen.ifup_aliases_is_there and seen.network_is_enabled,
            unit="network.service",
            files=ifcfg.files,
            own=ifcfg.own,
            place="/etc/sysconfig/network-scripts/ifcfg-lo:0, and so on",
            is_own=ifcfg.is_own,
            has_ipv6=False,
            has_dummies=False,
            has_routes=False,
        ),
        Stack(
            name="NetworkManager",
            sign="NetworkManager runs, and ifupdown brings up no network card",
            recognised=lambda seen: seen.network_manager_runs and not seen.ifupdown_has_cards,
            unit="NetworkManager.service",
            files=keyfile.files,
            own=lambda _interface, _owner: [],
            place="the active profile of /etc/NetworkManager/system-connections, or lvs-loopback.nmconnection there",
            tells=("nmcli connection load", "nmcli connection up"),
            has_labels=False,
            shares_files=True,
        ),
        Stack(
            name="ifupdown",
            sign="none of these",
            recognised=lambda _seen: True,
            unit="networking.service",
            files=ifupdown.files,
            own=ifupdown.own,
            place="/etc/network/interfaces.d/CLUSTER-loopback",
        ),
    )
}


def recognised(seen: Seen) -> str:
    """Who sets up a host's network."""
    return next(name for name, stack in STACKS.items() if stack.recognised(seen))


# What a host gets where lo cannot hold virtual addresses.
DUMMY = "lvs0"


def holder(seen: Seen) -> str:
    """The interface that holds a real server's addresses, unless somebody names another one."""
    is_old = () < seen.network_manager_version < keyfile.LOOPBACK_SINCE
    return DUMMY if recognised(seen) == "NetworkManager" and is_old else LOOPBACK


def notes(seen: Seen) -> List[str]:
    """What somebody who expects something else has to know of who sets up a host's network, a sentence each."""
    found, taken = [], recognised(seen)
    if seen.ifcfg_files_are_there and taken != "ifcfg":
        reason = "network.service is not enabled" if seen.ifup_aliases_is_there else "there is no ifup-aliases"
        found.append(
            f"the files ifcfg-* in {ifcfg.FOLDER} are passed over, for network-scripts do not read them at boot "
            f"({reason}); virtual addresses stand where {taken} reads them"
        )
    return found


def holder_notes(seen: Seen) -> List[str]:
    """What somebody has to know of it who expects another holder, a sentence each."""
    told = ".".join(map(str, seen.network_manager_version))
    note = f"NetworkManager {told} leaves lo alone, so virtual addresses stand on {DUMMY}, a dummy device"
    return [note] if holder(seen) == DUMMY else []


def own_patterns(interface: str, owner: str) -> Mapping[str, Callable[[str, str], bool]]:
    """Where files of an owner for an interface may be, whatever sets up the network, and how they are told by text."""
    return {pattern: stack.is_own for stack in STACKS.values() for pattern in stack.own(interface, owner)}


def gone(wish: Wish, paths: Sequence[str], shared: bool) -> List[StackFile]:
    """The files without those of an owner for an interface, which are at these paths.

    shared: whether another owner's addresses of the interface stand beside them.
    """
    folders = dict.fromkeys(path.rsplit("/", 1)[0] for path in paths if path.startswith(networkd.FOLDER))
    absent = [*paths, *folders]
    if wish.needs_no_file and not shared:
        absent += [f"{networkd.base_path(wish.interface)}.d", networkd.base_path(wish.interface)]
    if wish.is_dummy and not shared:
        absent.append(networkd.device_path(wish.interface))
    return [StackFile(path, None, None) for path in dict.fromkeys(absent)]


GIVEN = re.compile(
    r"^(?:(?:Address=|\s*up ip address replace |\s*- \"?)([0-9a-f.:]+)/(?:32|128)\b|IPADDR=([0-9.]+)$)", re.MULTILINE
)


def named(text: str) -> Set[str]:
    """The addresses that a file of ours, or one that is made from it, gives to its interface for themselves alone."""
    return {prefixed or bare for prefixed, bare in GIVEN.findall(text)}


LED = re.compile(r"^\[Route\]\n((?:\w+=.*\n?)*)", re.MULTILINE)


def led(text: str) -> Set[Route]:
    """The routes by a gateway in a file of networkd's."""
    sections = [dict(line.split("=", 1) for line in lines.splitlines()) for lines in LED.findall(text)]
    return {Route(each["Destination"], each["Gateway"]) for each in sections if {"Destination", "Gateway"} <= set(each)}

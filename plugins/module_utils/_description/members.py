# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""A host of a cluster: what is read of its own variables, and what the description needs to know of it."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._net import FAMILIES, IpAddress, family_of, no_host
from ansible_collections.lvs.cluster.plugins.module_utils._problems import Problem

from .kinds import ADDRESSES, nearest, options
from .model.cluster import CLUSTER_VARIABLES, DEFAULT_NAME, HOST_VARIABLES, TABLES, Cluster, read_cluster
from .model.hosts import HostVariables
from .model.vrrp import VrrpInstance


class Unreadable(Exception):
    """A value that Ansible cannot template or decrypt; its text says why."""


def plain(value: Any) -> Any:
    """A value as Ansible holds it, as plain Python: text that is encrypted, or a template, is neither any more."""
    if getattr(value, "__ENCRYPTED__", False):  # of ansible-core 2.18 and earlier, where it is no str
        return str(value)
    if isinstance(value, str):
        # What ansible-core 2.18 and earlier leave of a template that they cannot fill in. Not quoted as it is: they
        # would try again, in the message.
        if "{{" in value or "{%" in value:
            raise Unreadable(f"'{' '.join(re.sub('{{|}}|{%|%}', '', value).split())}' has something undefined")
        return str(value)
    if isinstance(value, Mapping):
        return {plain(key): plain(value[key]) for key in value}
    if isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray)):
        return [plain(each) for each in value]
    str(value)  # what is undefined to ansible-core 2.19 and later raises now, and not when somebody looks at it
    return value


class Variables:
    """The variables of one host. Only what is asked for is templated, once; what cannot be is a problem, and None."""

    def __init__(self, host: str, raw: Mapping[str, Any], unrendered: Mapping[str, Any]) -> None:
        """unrendered: the same ones, as they are written."""
        self.host = host
        self.problems: List[Problem] = []
        self._raw = raw
        self._unrendered = unrendered
        self.unreadable: List[str] = []
        self._read: Dict[str, Any] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._raw

    def __getitem__(self, name: str) -> Any:
        if name not in self._read:
            try:
                self._read[name] = plain(self._raw[name]) if name in self._raw else None
            except Exception as error:  # whatever a template of the user's comes to
                reason = f"cannot be read: {' '.join(str(error).split())}"
                self.problems.append(Problem(name, None, reason, "Mend it, or what it refers to"))
                self.unreadable.append(name)
                self._read[name] = None
        return self._read[name]

    @property
    def written(self) -> Dict[str, Any]:
        """The description as it is written, templates and all: much cheaper than what it comes to on the host."""
        return {name: self._unrendered[name] for name in CLUSTER_VARIABLES if name in self._unrendered}

    def cannot_read(self, name: str) -> bool:
        return self[name] is None and name in self.unreadable

    @property
    def ours(self) -> List[str]:
        """The names that are the collection's, known and unknown."""
        return [str(name) for name in self._raw if str(name).startswith("lvs_")]

    @property
    def describes(self) -> bool:
        """Whether they hold a description of a cluster, good or bad."""
        return any(name in self for name in TABLES)

    @property
    def cluster_name(self) -> str:
        """The name of the cluster that the host is a member of."""
        return str(self["lvs_cluster"] or DEFAULT_NAME)

    def cluster(self, problems: List[Problem]) -> Cluster:
        """The cluster that they describe; what is wrong is added to problems."""
        described = {name: self[name] if name in CLUSTER_VARIABLES else None for name in self.ours}
        return read_cluster(described, problems, [name for name in described if name in self.unreadable])

    def unknown(self) -> Iterator[Problem]:
        """The variables that would be the collection's, and are not; without their values, which may be passwords."""
        known = [*CLUSTER_VARIABLES, *HOST_VARIABLES]
        for name in self.ours:
            if name not in known:
                near = nearest(name, known, most=2)
                meant = f" (did you mean {' or '.join(near)}?)" if near else ""
                remedy = f"Remove it, or write one of {', '.join(known)}{meant}"
                yield Problem(name, None, "is an unknown variable", remedy)


@dataclass(frozen=True)
class Member:
    """One host that a description is about."""

    name: str
    #: By family, in the cluster's network; what C(lvs_address) says comes first.
    own: Mapping[str, str] = field(default_factory=dict)
    #: What C(lvs_interface) says.
    interface: str = ""
    #: By interface and family, what C(lvs_addresses) says.
    addresses: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    #: Whether it is made to answer by the director that is its gateway.
    sets_gateway: bool = False
    #: Whether what it says of its addresses was refused already.
    refused: bool = False
    #: Which of its own stands for a family that C(lvs_address) does not name.
    reached: str = ""

    @property
    def address(self) -> Optional[str]:
        """Where it is reached by what takes either family; None where it has no address in the cluster's network."""
        return first_of(self.own)

    @property
    def telling(self) -> List[str]:
        """The addresses that no other machine has: several may be reached at one, by forwarded ports."""
        return [each for each in self.every_address if each != self.reached]

    @property
    def every_address(self) -> List[str]:
        return [*self.own.values(), *(each for held in self.addresses.values() for each in held.values())]

    def source(self, instance: VrrpInstance) -> Optional[str]:
        """The address that it tells the other directors of an instance from: the one on the instance's interface."""
        return self.on(instance.interface).get(instance.family)

    def on(self, interface: str) -> Mapping[str, str]:
        """By family, the addresses on an interface, or in the cluster's network where none is named.

        From variables alone, so that everybody names the same, whoever can be reached.
        """
        if interface in self.addresses:
            return self.addresses[interface]
        if not interface or interface == self.interface:
            return self.own
        return self.own if not self.interface and not self.addresses else {}


def first_of(addresses: Mapping[str, str]) -> Optional[str]:
    """Of one address of each family that of IPv4, if it is there."""
    return next((addresses[family] for family in FAMILIES if family in addresses), None)


def shared_family(members: Sequence[Optional[Member]], interface: str) -> str:
    """The first family of which all have an address on an interface; IPv4 if there is none."""
    shared = [family for family in FAMILIES if all(each and family in each.on(interface) for each in members)]
    return next(iter(shared), next(iter(FAMILIES)))


def host_addresses(variables: Mapping[str, Any]) -> Dict[str, str]:
    """The addresses of a host in the cluster's network, by family.

    C(lvs_address), and of a family that it does not name the one at which Ansible reaches the host; a list names all.
    """
    reached = _reached(variables.get("ansible_host", variables.get("inventory_hostname")))
    if "lvs_address" not in variables:
        return reached
    problems: List[Problem] = []
    named = ADDRESSES(variables["lvs_address"], "", problems)
    return {} if problems else {**named, **_lent(reached, variables["lvs_address"], named)}


def _lent(reached: Mapping[str, str], told: Any, named: Mapping[str, str]) -> Dict[str, str]:
    """What stands for a family that C(lvs_address) does not name.

    told: that, as it stands there. named: the addresses that it comes to.
    """
    names_all = isinstance(told, (list, tuple))
    return {} if names_all else {family: each for family, each in reached.items() if family not in named}


def _reached(value: Any) -> Dict[str, str]:
    address = _ip(value)
    return {family_of(str(address)): str(address)} if address and not no_host(address) else {}


def _ip(value: Any) -> Optional[IpAddress]:
    try:
        # What it takes with a % is of one link.
        return ipaddress.ip_address(str(value).replace("%", " "))
    except ValueError:
        return None


def _check_reached(reached: Any) -> Iterator[Problem]:
    """Machines behind forwarded ports are all reached at 127.0.0.1."""
    address = _ip(reached)
    if address and no_host(address):
        reason = f"{no_host(address)}, so it is not the host's address in the cluster's network"
        yield Problem("ansible_host", reached, reason, "Set lvs_address of the host to the one that it has there")


def read_member(variables: Variables, problems: List[Problem]) -> Member:
    """What a host's own variables say of it; what is wrong is added to problems."""
    before = len(problems)
    held = {
        name: known.metadata["reader"](variables[name], name, problems)
        for name, known in options(HostVariables).items()
        if name in variables and not variables.cannot_read(name)
    }
    told = held.get("lvs_address") if "lvs_address" in variables else {}
    own: Dict[str, str] = {}
    lent: Dict[str, str] = {}
    # What was refused is never passed over.
    if told is not None:
        named = "ansible_host" not in variables
        reached = variables.host if named else variables["ansible_host"]
        if "lvs_address" in variables:
            lent = _lent(_reached(reached), variables["lvs_address"], told)
        own = {**told, **lent} or _reached(reached)
        if "lvs_address" not in variables and "lvs_addresses" not in variables:
            problems.extend(_check_reached(reached))
    refused = len(problems) > before or bool(variables.unreadable)
    return Member(
        variables.host,
        own,
        held.get("lvs_interface") or "",
        held.get("lvs_addresses") or {},
        bool(held.get("lvs_set_gateway")),
        refused,
        first_of(lent) or "",
    )

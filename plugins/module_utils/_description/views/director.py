# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""What a director's kernel needs: besides the table that keepalived writes, or with the table where it has none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, Iterable, Iterator, List, Mapping, Optional, Sequence, Tuple

from ansible_collections.lvs.cluster.plugins.module_utils._description.kinds import LONGEST_INTERFACE
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.globals import GlobalDefs, LvsTimeouts
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.services import (
    DR,
    GUE,
    NAT,
    TUN,
    VirtualServer,
)
from ansible_collections.lvs.cluster.plugins.module_utils._description.parts import every_server, kind_of

from .keepalived import GroupSocket, Service


@dataclass(frozen=True)
class TableServer:
    """A server, as M(lvs.cluster.ipvs_table) takes it."""

    address: str
    port: int
    lb_kind: str
    tun_type: Optional[str]
    tun_port: Optional[int]
    weight: int
    uthreshold: Optional[int]
    lthreshold: Optional[int]


@dataclass(frozen=True)
class TableService:
    """A service, as M(lvs.cluster.ipvs_table) takes it; of a mark it has no protocol, address and port."""

    protocol: Optional[str]
    address: Optional[str]
    port: Optional[int]
    fwmark: Optional[int]
    lb_algo: str
    lb_flags: Sequence[str]
    lb_kind: str
    ops: bool
    persistence_timeout: Optional[int]
    persistence_granularity: Optional[str]
    persistence_engine: Optional[str]
    real_servers: Sequence[TableServer]


@dataclass(frozen=True)
class Timeouts:
    """Seconds, as M(lvs.cluster.ipvs_table) takes them; None for one that stays as it is."""

    tcp: Optional[int]
    tcp_fin: Optional[int]
    udp: Optional[int]


@dataclass(frozen=True)
class CardAddress:
    """A virtual address; where its label is empty, number is that of INTERFACE:N. One of IPv6 has neither."""

    address: str
    label: str
    number: Optional[int]


@dataclass(frozen=True)
class Card:
    """What an interface gets beside what it has; interface is empty where the description names none."""

    interface: str
    addresses: Sequence[CardAddress]


@dataclass(frozen=True)
class Director:
    """The kernel modules of IPVS and of the schedulers in use, and whom it sends to.

    modules: none where the host directs nothing, as one whose addresses lead to a proxy: its IPVS is nobody's business.
    servers: by address, those that it reaches by their MAC addresses; tunnelled: those that it reaches in tunnels.
    gue: those of them with a tunnel in UDP.
    routes: the families of which it is the gateway of others.
    static: whether it directs without keepalived; services, timeouts and cards are those of such a host alone.
    """

    modules: Sequence[str]
    servers: Mapping[str, str]
    tunnelled: Mapping[str, str]
    gue: Sequence[str]
    routes: Sequence[str]
    static: bool
    services: Sequence[TableService]
    timeouts: Optional[Timeouts]
    cards: Sequence[Card]


def director_view(
    interface: str,
    directed: Sequence[VirtualServer],
    views: Mapping[str, Service],
    whole: GlobalDefs,
    places: Mapping[str, int],
) -> Director:
    """directed: the services that the host directs; views: of keepalived's words for all of them, by name.

    interface: the host's own; whole: what is said of all directors; places: the number of each address's label.
    """
    static = [each for each in directed if each.hosts]
    servers = [server for each in directed for server in views[each.name].real_servers]
    held = {address: each for each in static if len(each.hosts) == 1 for address in each.addresses}
    return Director(
        modules=_modules(directed) if directed else [],
        servers={each.address: each.name for each in servers if each.lb_kind == DR},
        tunnelled={each.address: each.name for each in servers if each.lb_kind == TUN},
        gue=list(dict.fromkeys(each.address for each in servers if each.tun_port)),
        routes=sorted(
            {each.family for each in directed if NAT in [kind_of(server, each) for server in every_server(each)]}
        ),
        static=bool(static),
        services=[told for each in static for told in _table_services(views[each.name])],
        timeouts=_timeouts(whole.lvs_timeouts) if static and whole.lvs_timeouts else None,
        cards=_cards(
            (each.interface or interface, CardAddress(address, each.label, places.get(address)))
            for address, each in held.items()
        ),
    )


def _modules(directed: Sequence[VirtualServer]) -> List[str]:
    return [
        "ip_vs",
        *sorted({f"ip_vs_{each.lb_algo}" for each in directed}),
        *sorted({f"ip_vs_pe_{each.persistence_engine}" for each in directed if each.persistence_engine}),
    ]


def _table_services(told: Service) -> Iterator[TableService]:
    """A service as the kernel has it: of a group, one for each of its addresses."""
    if told.fwmark:
        yield _table_service(told, None, None, None)
    for each in [GroupSocket(told.address, told.port)] if told.address else told.sockets:
        yield _table_service(told, told.protocol.lower(), each.address, each.port)


def _table_service(told: Service, protocol: Optional[str], address: Optional[str], port: Optional[int]) -> TableService:
    # Nothing rewrites the port of a packet; what has a mark may have any.
    return TableService(
        protocol=protocol,
        address=address,
        port=port,
        fwmark=told.fwmark,
        lb_algo=told.lb_algo,
        lb_flags=told.lb_flags,
        lb_kind=told.lb_kind,
        ops=told.ops,
        persistence_timeout=told.persistence_timeout or None,
        persistence_granularity=told.persistence_granularity or None,
        persistence_engine=told.persistence_engine or None,
        real_servers=[
            TableServer(
                address=each.address,
                port=each.port or port or 0,
                lb_kind=each.lb_kind,
                tun_type=GUE if each.tun_port else None,
                tun_port=each.tun_port,
                weight=each.weight,
                uthreshold=each.uthreshold,
                lthreshold=each.lthreshold,
            )
            for each in told.real_servers
        ],
    )


def _cards(addresses: Iterable[Tuple[str, CardAddress]]) -> List[Card]:
    """addresses: each with its interface."""
    found: Dict[str, List[CardAddress]] = {}
    for interface, address in addresses:
        found.setdefault(interface, []).append(address)
    return [Card(interface, held) for interface, held in found.items()]


def _timeouts(told: LvsTimeouts) -> Timeouts:
    return Timeouts(tcp=told.tcp, tcp_fin=told.tcpfin, udp=told.udp)


def placed_cards(cards: Iterable[Mapping[str, Any]], interface: str) -> List[Dict[str, Any]]:
    """Cards of a plain view, with this interface where none is named, and what M(lvs.cluster.addresses) takes."""
    found: Dict[str, List[Dict[str, Any]]] = {}
    for card in cards:
        name = card["interface"] or interface
        held = [{**each, "label": each["label"] or _label(name, each["number"])} for each in card["addresses"]]
        found.setdefault(name, []).extend({"address": each["address"], "label": each["label"]} for each in held)
    return [{"interface": name, "addresses": held} for name, held in found.items()]


def _label(interface: str, number: Optional[int]) -> str:
    """As the tutorials have it, eth0:0; none where the kernel has no room for it, or the interface is not known."""
    label = f"{interface}:{number}"
    return label if interface and number is not None and len(label) <= LONGEST_INTERFACE else ""

# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""What the facts of hosts, of M(lvs.cluster.host_facts) or M(ansible.builtin.setup), say to what is described for them.

Findings are what surely fails: they stop a cluster. Remarks are what may be meant so: facts know no route but the
default one, and the router between two hosts may be none.
"""

from __future__ import annotations

import ipaddress
from itertools import product
from typing import Any, Dict, Iterable, Iterator, List, Mapping, Optional, Sequence, Tuple

from ansible_collections.lvs.cluster.plugins.module_utils._addresses.gateway import HALVES
from ansible_collections.lvs.cluster.plugins.module_utils._facts import IP_AND_TCP
from ansible_collections.lvs.cluster.plugins.module_utils._net import (
    TITLES,
    IpNetwork,
    family_of,
    is_of_link,
    no_host,
    overlap,
)
from ansible_collections.lvs.cluster.plugins.module_utils._problems import listed

from .views import host as views_of_hosts
from .views.former import taken
from .views.host import Plain

Facts = Mapping[str, Any]
# What a packet in a tunnel has before it, in bytes, RFC 2003.
TUNNEL = 20
# With its UDP and the header of GUE between, linux/include/net/gue.h.
GUE_TUNNEL = TUNNEL + 8 + 4
# With which an address of the link begins that is made of a MAC of VRRP, RFC 4291 appendix A.
VRRP_LINK = "fe80::200:5eff:fe00:2"
BY_DIRECTOR = (
    "Make that its default gateway in the configuration of its network, or write lvs_set_gateway: true for it "
    "(docs/nat.md)."
)
# Each with its interface.
Networks = List[Tuple[str, IpNetwork]]


def placed(view_of_host: Mapping[str, Any], facts: Facts) -> Plain:
    """A view with the interface that a host's facts tell to have its address, where the description names none.

    And with what its nginx has to go on to answer.
    """
    asked = facts.get("lvs_nginx_asked", {}).get(view_of_host["cluster"]["name"], [])
    interfaces = (interface_of(each, facts) for each in view_of_host["host"]["addresses"])
    view = views_of_hosts.placed(view_of_host, next(filter(None, interfaces), ""), asked)
    return _led(view, facts) if view["realserver"]["sets_gateway"] else view


def _led(view: Plain, facts: Facts) -> Plain:
    """With where a real server that is made to answer by its gateways is led: one of each family, by one interface."""
    host = _Host(view, facts)
    gateways = [each for each in host.chosen.values() if each]
    led = {"interface": host.facing(gateways[0]), "gateways": gateways} if gateways else view["realserver"]["led"]
    return {**view, "realserver": {**view["realserver"], "led": led}}


def compared(
    entries: Sequence[Mapping[str, Any]],
    facts: Mapping[str, Facts],
    os_families: Sequence[str],
    unseen: Mapping[str, str],
    serving: bool = True,
) -> List[Dict[str, Any]]:
    """What L(inventory.views) gave for some hosts, each view with its interface, together with C(findings): what keeps
    the host from being that; C(refused): the hosts of its cluster that have findings; and C(refusal): what is to be
    told to the host, which must not be touched then; empty if nothing is wrong.

    Where there are problems with a cluster's description, its hosts have no findings; its C(speaker) tells them.

    facts: by host, what was gathered.
    os_families: the families of operating systems that are known.
    unseen: by host, why nothing could be gathered.
    serving: whether the hosts are to serve; what they lack for that alone keeps nobody from taking a cluster down.
    """
    found = []
    refused: Dict[str, List[str]] = {}
    for entry in entries:
        host, its, view = entry["host"], facts[entry["host"]], entry["view"]
        problems: List[str] = []
        if host in unseen:
            problems = [_unseen_finding(host, unseen[host])]
        elif not entry["cluster"]["problems"]:
            view = placed(view, its)
            problems = [*_system_findings(host, its, os_families), *findings(view, its)]
            problems += _serving_findings(view, its) if serving else []
        found.append({**entry, "view": view, "findings": problems})
        if problems:
            refused.setdefault(entry["cluster"]["name"], []).append(host)
    whole = [{**each, "refused": refused.get(each["cluster"]["name"], [])} for each in found]
    return [{**each, "refusal": _refusal(each)} for each in whole]


def _refusal(entry: Mapping[str, Any]) -> str:
    cluster, host = entry["cluster"], entry["host"]
    name, problems = cluster["name"], cluster["problems"]
    if problems and host == cluster["speaker"]:
        return "\n".join(
            [
                f"The description of cluster {name} has {len(problems)} problem(s); no host of it was touched:",
                *(f"{number}. {problem}" for number, problem in enumerate(problems, 1)),
            ]
        )
    if problems:
        return f"The description of cluster {name} has problems; {cluster['speaker']} tells them."
    if entry["findings"]:
        return f"{' '.join(entry['findings'])} No host of cluster {name} was changed."
    if entry["refused"]:
        return (
            f"It is refused with {', '.join(entry['refused'])}, which tells why. No host of cluster {name} was changed."
        )
    return ""


def _unseen_finding(host: str, reason: str) -> str:
    remedy = " Write ansible_become_password for it, or give --ask-become-pass." if "sudo password" in reason else ""
    return f"{host} cannot be looked at: {reason.rstrip('.')}.{remedy}"


def _system_findings(host: str, facts: Facts, os_families: Sequence[str]) -> Iterator[str]:
    # A user who is not told, as by facts of another hand, may be root.
    if facts.get("effective_user_id", 0) != 0:
        yield (
            f"Ansible works on {host} as user {facts['user_id']}, who may not change it. Write ansible_become: true "
            "for it; and ansible_become_password, or give --ask-become-pass, where sudo asks."
        )
    if facts["os_family"] not in os_families:
        yield f"{host} runs {facts['distribution']}; the roles know {' and '.join(os_families)}."


def findings(wanted: Mapping[str, Any], facts: Facts) -> List[str]:
    """What keeps a host from being what its view says, by its facts, a line each."""
    keepalived, host = wanted["keepalived"], wanted["host"]["name"]
    there = list(_held(facts))
    found = []
    needed = dict.fromkeys(each["interface"] for each in keepalived["vrrp_instances"])
    # Where a director's instances all name their interface, its own is nobody's concern.
    if host not in wanted["cluster"]["directors"] or host in wanted["cluster"]["real_servers"]:
        needed[wanted["realserver"]["interface"]] = None
    needed.update(dict.fromkeys(each["interface"] for each in wanted["director"]["cards"]))
    if "" in needed:
        found.append(
            f"no interface of {host} has its address in the cluster's network; it has "
            f"{', '.join(_every_address(facts)) or 'none'}. "
            "Set lvs_address of the host to one of them, or lvs_interface to the interface that will have it."
        )
    found.extend(
        f"{host} has no interface {interface}; it has {', '.join(there)}. "
        "Set lvs_interface of the host, or interface of the VRRP instance or of the virtual server, to one of them."
        for interface in needed
        if interface and interface not in there
    )
    found.extend(
        f"{host} has no interface {each['interface']}, which {each['path']} names; it has {', '.join(there)}. "
        "Name one of them."
        for each in keepalived["interfaces"]
        if each["interface"] not in needed and each["interface"] not in there
    )
    for each in keepalived["vrrp_instances"]:
        if each["interface"] in each["track_interface"]:
            found.append(
                f"{each['interface']} is the own interface of VRRP instance {each['name']} on {host}, and watched "
                "anyway. Remove it from track_interface."
            )
        if each["interface"] in there:
            found.extend(_source_finding(host, each, facts))
    daemon = (keepalived["lvs_sync_daemon"] or {}).get("interface")
    if daemon in there and not interface_addresses(facts, daemon, "ipv4"):
        found.append(
            f"{host} has no IPv4 address on {daemon}, where the sync daemon tells connections. "
            "Give it one, or write lvs_sync_daemon: false."
        )
    return found


def _process_findings(host: str, processes: Sequence[str], facts: Facts) -> Iterator[str]:
    """Facts of another hand do not tell; who has no rights cannot ask the kernel, and is told that already."""
    if processes and not facts.get("lvs_process_events", True) and facts.get("effective_user_id", 0) == 0:
        yield (
            f"the kernel of {host} tells nobody who starts and ends, as in a container or without CONFIG_PROC_EVENTS: "
            f"its keepalived would never see {listed(processes)} of track_process. Write check for the instance, or "
            "track_script."
        )


def _serving_findings(wanted: Mapping[str, Any], facts: Facts) -> Iterator[str]:
    """What keeps a host from serving alone, whatever its interfaces."""
    cluster, host = wanted["cluster"], wanted["host"]["name"]
    if wanted["realserver"]["vips"] and not facts.get("lvs_sysctls_writable", True):
        yield (
            f"/proc/sys of {host} is read-only, as in a container without rights: it could not keep silent on ARP, and "
            "would draw the clients of the virtual addresses past the director. Give the container /proc/sys/net to "
            "write, as --privileged does, or take another real server."
        )
    yield from _ipv6_findings(wanted, facts)
    yield from _answer_findings(wanted, facts)
    if host in cluster["directors"]:
        remedy = " Without a scheduler, write another lb_algo."
        yield from _module_findings(host, wanted["director"]["modules"], "a director needs IPVS", remedy, facts)
    if wanted["realserver"]["tunnelled"]:
        need = f"what comes to it of {listed(wanted['realserver']['tunnelled'])} by lb_kind TUN is taken out by that"
        yield from _module_findings(host, ["ipip"], need, "", facts)
    ports = wanted["realserver"]["gue"]
    if ports:
        need = (
            f"what comes to its UDP port {listed([str(each) for each in ports])} by tun_type gue is taken out by that"
        )
        yield from _module_findings(host, ["fou"], need, "", facts)
    until_now = facts.get("lvs_tunnelled", {}).get(cluster["name"], ())
    turned = [each for each in wanted["realserver"]["direct"] if each in until_now]
    if turned:
        # To a server of a service IPVS has one way, which any packet finds for all; in a tunnel it is no neighbour's.
        yield (
            f"packets of {listed(turned)} come to {host} in tunnels until now, and are to come by lb_kind DR: as long "
            "as connections from before last, the kernel of a director sends new ones nowhere. Run first without it "
            "among the servers there, and then with it (docs/tun.md)."
        )
    yield from _process_findings(host, wanted["keepalived"]["processes"], facts)
    for site, path, port in taken(wanted["nginx"]):
        yield (
            f"nginx of {host} answers checks with {path} on port {port} until every director asks otherwise, and site "
            f"{site} has a location '= {path}' now. Run first without that location, and then with it."
        )
    if wanted["director"]["static"]:
        yield from _static_findings(wanted, facts)


def _ipv6_findings(wanted: Mapping[str, Any], facts: Facts) -> Iterator[str]:
    """The kernel takes no address where IPv6 is switched off; facts of another hand do not tell."""
    keepalived, director = wanted["keepalived"], wanted["director"]
    floating = [
        (each["interface"], cidr.split("/")[0])
        for each in keepalived["vrrp_instances"]
        for cidr in (*each["virtual_ipaddress"], *each["virtual_ipaddress_excluded"])
    ]
    held = [(facts.get("lvs_holder", "lo"), each["address"]) for each in wanted["realserver"]["vips"]]
    cards = [(card["interface"], each["address"]) for card in director["cards"] for each in card["addresses"]]
    off = facts.get("lvs_without_ipv6", [])
    barred: Dict[str, List[str]] = {}
    for interface, address in [*floating, *held, *cards]:
        if family_of(address) == "ipv6" and interface in off:
            barred.setdefault(interface, []).append(address)
    for interface, addresses in barred.items():
        yield (
            f"IPv6 is switched off on {interface} of {wanted['host']['name']}, which is to have {listed(addresses)}. "
            f"Set net.ipv6.conf.{interface}.disable_ipv6 to 0 where something sets it to 1: in /etc/sysctl.d, in the "
            "configuration of its network, or by ipv6.disable on the command line of the kernel."
        )


def _answer_findings(wanted: Mapping[str, Any], facts: Facts) -> Iterator[str]:
    """With lb_kind NAT the director that has rewritten a request must see the answer; who has another gateway sends it
    past it, and its client takes it for nothing that it has asked for.
    """
    host = _Host(wanted, facts)
    for each in host.gateways:
        apart = sorted(address for address in each["apart"] if host.is_near(address))
        # Who is made to answer by another one is led past its default route.
        by = "" if host.sets_gateway else host.gateway(each)
        if by in each["apart"] or (apart and not host.near(each)):
            address = by if by in each["apart"] else apart[0]
            yield (
                f"{address}, the gateway by which {host.name} is to answer clients of {each['service']}, floats with "
                f"instance {each['apart'][address]}, and another one has {listed(each['vips'])}: once they are on two "
                "directors, no answer comes back by the one that was asked. Name both in one of lvs_vrrp_sync_groups."
            )
        elif host.sets_gateway and not host.chosen[_family(each)]:
            yield (
                f"lvs_set_gateway is true on {host.name}, and no address of a director is one by which it may answer "
                f"clients of {each['service']}: it needs {' or '.join(each['addresses'])}, and is in "
                f"{_shown(host.networks) or 'no network that its addresses tell'}. Give the director an address that "
                "floats there, the same for all services of the host, or remove lvs_set_gateway."
            )
        elif host.near(each) and not host.sets_gateway and host.routed_by(each) == []:
            # Facts of another hand know one route alone.
            yield (
                f"{host.name} gets requests of {each['service']} by lb_kind NAT, and its answers must go back by the "
                f"director, {' or '.join(host.near(each))}; but {host.way(each)}. {BY_DIRECTOR}"
            )
    if host.sets_gateway:
        yield from _led_findings(host)


def _led_findings(host: _Host) -> Iterator[str]:
    """What comes with the role's own routes, by which all answers go."""
    if host.answered & set(host.chosen):
        yield (
            f"lvs_set_gateway is true on {host.name}, which gets other services by lb_kind DR or TUN: what it answers "
            "for these from their addresses would go by the director too, which takes a packet from an address of its "
            "own for forged. Use one lb_kind for all services of the host, or remove lvs_set_gateway."
        )
    led = [each for each in host.chosen.values() if each]
    if len({host.facing(each) for each in led}) > 1:
        yield (
            f"lvs_set_gateway is true on {host.name}, and leads by one interface; "
            f"{listed([f'{each} is on {host.facing(each)}' for each in led])}. Give the director addresses in the "
            "networks of one interface, or remove lvs_set_gateway."
        )


def _module_findings(host: str, modules: Sequence[str], need: str, remedy: str, facts: Facts) -> Iterator[str]:
    """need: what for; remedy: what else may help.

    Facts of another hand do not tell; who has no rights has none to load a module either, which is told already.
    """
    told = facts.get("lvs_ipvs")
    if told is None or facts.get("effective_user_id", 0) != 0:
        return
    missing = [each for each in modules if each not in told["loaded"]]
    absent = [each for each in missing if each not in told["loadable"]]
    if absent:
        yield (
            f"the kernel of {host} has no {listed(absent)}, and {need}. Install the package with all "
            "modules of the kernel that runs, as linux-image-amd64, or boot another one; in a container, have the "
            f"machine that it runs on load them.{remedy}"
        )
    elif missing and told["barred"]:
        yield (
            f"{host} cannot load {listed(missing)} into its kernel, and {need}: {told['barred']}. Have "
            "the machine that it runs on load them at boot."
        )


def _static_findings(wanted: Mapping[str, Any], facts: Facts) -> Iterator[str]:
    """What a director without keepalived must not have, and how it names its addresses."""
    host = wanted["host"]["name"]
    if facts.get("lvs_keepalived"):
        yield (
            f"keepalived runs on {host}, or starts with it (there is {facts['lvs_keepalived']}), and would empty the "
            "IPVS table that lvs_virtual_servers with hosts have there. Run lvs.cluster.teardown with the description "
            f"that it came from, or 'systemctl disable --now keepalived' on {host}."
        )
    for card in wanted["director"]["cards"]:
        interface = card["interface"]
        for each in card["addresses"]:
            if each["label"] and interface and not each["label"].startswith(f"{interface}:"):
                yield (
                    f"{each['label']} is no label of {interface}, where {host} is to have {each['address']}. Write "
                    f"{interface}:WORD as label of the virtual server, or its interface."
                )


def _source_finding(host: str, instance: Mapping[str, Any], facts: Facts) -> Iterator[str]:
    """keepalived sends from an address of the host, and does not start with one that is on no interface of it."""
    source, interface = instance["unicast_src_ip"] or instance["mcast_src_ip"], instance["interface"]
    family = family_of(source or "")
    owned = interface_addresses(facts, interface, family)
    # Of several addresses with one label setup tells the last one alone with its interface.
    somewhere = source in facts.get("all_ipv4_addresses", []) and not interface_of(source, facts)
    if source and source not in owned and not somewhere:
        yield (
            f"{source}, from which {host} is to send the adverts of VRRP instance {instance['name']}, is not on its "
            f"interface {interface}, which has {', '.join(owned) or f'no {TITLES[family]} address'}. "
            f"Set lvs_addresses of the host to {{{interface}: ADDRESS}}."
        )


def remarks(entries: Sequence[Mapping[str, Any]], facts: Mapping[str, Facts]) -> List[str]:
    """What may keep the hosts of a cluster from working together, a line each.

    entries: as L(compared) gives them; of a cluster that is refused nothing is said: it may come of that.
    facts: by host, what was gathered. Who tells no network is passed over, as is who could not be reached.
    """
    clusters: Dict[str, Dict[str, _Host]] = {}
    for entry in entries:
        host = None if entry["refusal"] else _Host(entry["view"], facts[entry["host"]])
        if host and host.networks:
            clusters.setdefault(entry["cluster"]["name"], {})[host.name] = host
    checks = (
        _split_instances,
        _servers_elsewhere,
        _tunnels_nowhere,
        _uneven_mtus,
        _tunnels_too_narrow,
        _unrouted,
        _answered_otherwise,
        _clients_beside,
    )
    told = [line for hosts in clusters.values() for check in checks for line in check(hosts)]
    return told + [line for entry in entries if not entry["refusal"] for line in _network_notes(entry, facts)]


def _network_notes(entry: Mapping[str, Any], facts: Mapping[str, Facts]) -> List[str]:
    """Of who was found to set up a network, to those who have addresses by it: a static director has them on a card."""
    host, its = entry["host"], facts[entry["host"]]
    is_holder, is_static = entry["view"]["realserver"]["vips"], entry["view"]["director"]["static"]
    notes = its.get("lvs_network_notes", []) if is_holder or is_static else []
    held = its.get("lvs_holder_notes", []) if is_holder else []
    return [f"{host}: {each}" for each in (*notes, *held)]


class _Host:
    """A host by its view, with its interface, and its facts."""

    def __init__(self, view: Mapping[str, Any], facts: Facts) -> None:
        self.name: str = view["host"]["name"]
        self.instances: List[Plain] = view["keepalived"]["vrrp_instances"]
        floating = [
            (each["interface"], cidr)
            for each in self.instances
            for cidr in [*each["virtual_ipaddress"], *each["virtual_ipaddress_excluded"]]
        ]
        cards = [each for card in view["director"]["cards"] for each in card["addresses"]]
        held = [each["address"] for each in (*view["realserver"]["vips"], *cards)]
        #: The families of those that it answers from itself.
        self.answered = {family_of(each["address"]) for each in view["realserver"]["vips"]}
        #: The addresses of services.
        self.vips = list(dict.fromkeys([*(cidr.split("/")[0] for _interface, cidr in floating), *held]))
        #: By address the real servers that it sends to; those outside the inventory have no name.
        self.servers: Dict[str, str] = view["director"]["servers"]
        #: Those that it sends to in tunnels.
        self.tunnelled: Dict[str, str] = view["director"]["tunnelled"]
        self.gue: List[str] = view["director"]["gue"]
        own = [
            (interface, f"{each['address']}/{each.get('prefix') or each.get('netmask') or 32}")
            for interface, addresses in _held(facts).items()
            for each in addresses
            if interface != "lo" and each["address"] not in self.vips
        ]
        #: Those of its own addresses, by interface.
        self.networks = _networks(own)
        # One by DHCPv6 comes without the length of its network, RFC 8415 21.6.
        self._is_alone = any(":" in each for _interface, each in own) and not any(
            network.version == 6 for _interface, network in self.networks
        )
        self._master = [*self.networks, *_networks(floating)]
        self._facts = facts
        #: By gateway, where routes by it lead.
        self._ways: Mapping[str, List[str]] = facts.get("lvs_gateways") or {}
        #: By which it should answer, of each service that comes to it by NAT.
        self.gateways: List[Plain] = view["realserver"]["gateways"]
        #: Whether it is made to do so.
        self.sets_gateway: bool = view["realserver"]["sets_gateway"]
        #: Whether it was, and is no more: then its own default route counts again.
        self._is_left = not self.sets_gateway and view["cluster"]["name"] in facts.get("lvs_gateway_of", ())

    def routes(self, address: str) -> bool:
        """Whether it has a default route of an address's family, as far as its facts tell."""
        return bool(self._facts.get(f"default_{family_of(address)}", True))

    def tells_way(self, gateway: Mapping[str, Any]) -> bool:
        return f"default_{_family(gateway)}" in self._facts

    @property
    def tells_ways(self) -> bool:
        """Whether all its routes are known; facts of another hand have the default one alone."""
        return self._facts.get("lvs_gateways") is not None

    def gateway(self, gateway: Mapping[str, Any]) -> str:
        """By which it does answer."""
        if self._is_left:
            own = (each for each, to in self._ways.items() if "default" in to and family_of(each) == _family(gateway))
            return next(own, "")
        return str(self._facts.get(f"default_{_family(gateway)}", {}).get("gateway", ""))

    def way(self, gateway: Mapping[str, Any]) -> str:
        """Its default route, in words."""
        interface = self._facts.get(f"default_{_family(gateway)}", {}).get("interface", "")
        if not interface:
            return "it has no default route"
        if self._is_left and not self.gateway(gateway):
            return "it has no default route of its own by a gateway"
        return f"its default route goes by {self.gateway(gateway) or 'no gateway'} on {interface}"

    def is_near(self, address: str) -> bool:
        """Whether an address is in a network of its own."""
        return any(ipaddress.ip_address(address) in network for _interface, network in self.networks)

    def is_nowhere(self, address: str) -> bool:
        """Whether its own addresses of an address's family tell nothing of the networks that it is in."""
        return self._is_alone and family_of(address) == "ipv6"

    def near(self, gateway: Mapping[str, Any]) -> List[str]:
        """The addresses of a director that it can have as gateway."""
        return [each for each in gateway["addresses"] if self.is_near(each)]

    @property
    def chosen(self) -> Dict[str, str]:
        """By family, an address that all its services of that family may be answered by; empty for none.

        Of several the one that it is led by now, or else the first.
        """
        found: Dict[str, List[str]] = {}
        for each in self.gateways if self.sets_gateway else ():
            near = self.near(each)
            found[_family(each)] = [address for address in found.get(_family(each), near) if address in near]
        return {family: max(near, key=self._is_led, default="") for family, near in found.items()}

    def _is_led(self, gateway: str) -> bool:
        """Whether all packets of its family go by a gateway, past any default route."""
        return set(HALVES[family_of(gateway)]) <= set(self._ways.get(gateway, ()))

    def routed_by(self, gateway: Mapping[str, Any]) -> Optional[List[str]]:
        """Where its routes by a director lead; None where its facts do not tell."""
        if self.gateway(gateway) in gateway["addresses"]:
            return ["default"]
        # Whose an address of the link is, no facts tell; but none floats, unless it is made of a MAC of VRRP.
        of_link = is_of_link(self.gateway(gateway))
        if of_link and (not gateway["floats"] or self.gateway(gateway).startswith(VRRP_LINK)):
            return None
        going = HALVES[_family(gateway)] if self._is_left else ()
        routes = [to for each in gateway["addresses"] for to in self._ways.get(each, ()) if to not in going]
        return routes if self.tells_ways else None

    def facing(self, address: str) -> str:
        """The interface in whose network an address is, also if only a master is in it; empty if there is none."""
        return next((name for name, each in self._master if ipaddress.ip_address(address) in each), "")

    def way_to(self, address: str) -> str:
        """The interface by which packets to an address leave; empty where none is known.

        Of a route by a gateway, the one in whose network that is.
        """
        near = (self.facing(gateway) for gateway, led in self._ways.items() if any(_leads(to, address) for to in led))
        default: str = self._facts.get("default_ipv4", {}).get("interface", "")
        return self.facing(address) or next(filter(None, near), default)

    @property
    def announced(self) -> int:
        """The size of segments that clients by its default route are told to send; 0 if it is not known."""
        told: Optional[int] = self._facts.get("lvs_advmss")
        mtu = self.mtu(self._facts.get("default_ipv4", {}).get("interface", ""))
        return told or (mtu - IP_AND_TCP if told is not None and mtu else 0)

    def mtu(self, interface: str) -> int:
        """In bytes; 0 if it is not told."""
        return int(_details(self._facts, interface).get("mtu", 0))

    def mtu_at(self, address: str) -> Tuple[str, int]:
        """The interface that has an address of its own, and its MTU."""
        interface = interface_of(address, self._facts)
        return interface, self.mtu(interface)


def _leads(destination: str, address: str) -> bool:
    """Whether a route is one to an address, and not the default one; that to one address alone has no length."""
    return destination != "default" and ipaddress.ip_address(address) in ipaddress.ip_network(destination)


def _family(gateway: Mapping[str, Any]) -> str:
    """That of the service that is answered by a gateway."""
    return family_of(gateway["vips"][0])


def _networks(addresses: Iterable[Tuple[str, str]]) -> Networks:
    """By interface. An address that is alone in its network tells nothing of who else is on the wire."""
    found = [(interface, ipaddress.ip_interface(cidr).network) for interface, cidr in addresses]
    return [each for each in dict.fromkeys(found) if each[1].num_addresses > 1]


def _shown(networks: Networks) -> str:
    return listed([f"{network} on {interface}" for interface, network in networks])


def _split_instances(hosts: Mapping[str, _Host]) -> Iterator[str]:
    """An address floats by ARP, or by what IPv6 has for it, which passes no router."""
    floating: Dict[str, List[Tuple[str, Networks]]] = {}
    for host in hosts.values():
        for instance in host.instances:
            family = family_of(instance["virtual_ipaddress"][0])
            own = [each for each in host.networks if each[0] == instance["interface"]]
            networks = [each for each in own if family_of(str(each[1])) == family]
            if networks:
                floating.setdefault(instance["name"], []).append((host.name, networks))
    for name, ((first, firsts), *others) in floating.items():
        for other, networks in others:
            if not any(overlap(mine, theirs) for _interface, mine in firsts for _other, theirs in networks):
                yield (
                    f"VRRP instance {name} is in {_shown(firsts)} of {first} and in {_shown(networks)} of {other}, and "
                    "an address floats within one network only. Set interface of the instance, or lvs_interface of the "
                    "host, to the one in their common network."
                )


def _servers_elsewhere(hosts: Mapping[str, _Host]) -> Iterator[str]:
    """With lb_kind DR a director puts the real server's MAC address before a packet to the virtual address."""
    for host in hosts.values():
        far = [
            f"{name} ({each})" if name else each
            for each, name in host.servers.items()
            if not host.facing(each) and not host.is_nowhere(each)
        ]
        if far:
            yield (
                f"{host.name} is in no network with {listed(far)}, but in {_shown(host.networks)}: lb_kind DR needs a "
                f"route to a real server that passes no router. Give {host.name} an address in the server's network, "
                "or take a real server in its own."
            )


def _tunnels_nowhere(hosts: Mapping[str, _Host]) -> Iterator[str]:
    """What goes in a tunnel goes where the address of its end is routed."""
    for host in hosts.values():
        far = [f"{name} ({each})" if name else each for each, name in host.tunnelled.items() if not host.way_to(each)]
        if far and host.tells_ways:
            yield (
                f"{host.name} has neither a default route nor another one to {listed(far)}, to which it sends by "
                "lb_kind TUN. Give it one in the configuration of its network."
            )


def _tunnels_too_narrow(hosts: Mapping[str, _Host]) -> Iterator[str]:
    """A client sends segments of the size that the real server has announced, which knows nothing of the tunnel."""
    rooms: Dict[str, Tuple[int, int]] = {}
    for host in hosts.values():
        for address, name in host.tunnelled.items():
            mtu = host.mtu(host.way_to(address))
            if mtu and name in hosts:
                header = GUE_TUNNEL if address in host.gue else TUNNEL
                found = (mtu - header - IP_AND_TCP, header)
                rooms[name] = min(found, rooms.get(name, found))
    narrow: Dict[Tuple[int, int, int], List[str]] = {}
    for name, (room, header) in rooms.items():
        if hosts[name].announced > room:
            narrow.setdefault((hosts[name].announced, room, header), []).append(name)
    for (announced, room, header), names in narrow.items():
        yield (
            f"clients of {listed(names)} are told to send segments of {announced} bytes, and in a tunnel of lb_kind "
            f"TUN {room} have room: who never hears of that, as behind a firewall that drops ICMP, uploads nothing. "
            f"Give the default route there advmss {room} (docs/tun.md), or all between it and its directors an MTU of "
            f"{announced + header + IP_AND_TCP}."
        )


def _uneven_mtus(hosts: Mapping[str, _Host]) -> Iterator[str]:
    """What a director accepts it hands on as it is; no router tells the client of a smaller MTU."""
    for host in hosts.values():
        uneven: Dict[Tuple[str, str, int], List[str]] = {}
        for address, name in host.servers.items():
            facing = host.facing(address)
            interface, mtu = hosts[name].mtu_at(address) if name in hosts else ("", 0)
            if mtu and host.mtu(facing) not in (0, mtu):
                uneven.setdefault((facing, interface, mtu), []).append(name)
        for (facing, interface, mtu), names in uneven.items():
            yield (
                f"the MTU of {facing} of {host.name} is {host.mtu(facing)}, and that of {interface} of {listed(names)} "
                f"is {mtu}: with lb_kind DR a packet goes through both, and what is too big for one is lost. Set the "
                "same MTU on both."
            )


def _unrouted(hosts: Mapping[str, _Host]) -> Iterator[str]:
    """A real server answers the client itself, and a director with rp_filter accepts only whom it has a route to."""
    lost: Dict[Tuple[str, ...], List[str]] = {}
    for host in hosts.values():
        addresses = tuple(each for each in host.vips if not host.routes(each) and not host.facing(each))
        if addresses:
            lost.setdefault(addresses, []).append(host.name)
    for addresses, names in lost.items():
        yield (
            f"on {listed(names)} there is neither a network with {listed(addresses)} nor a default route: clients in "
            "networks that the host has no route to get no answer. Give it a default route, or a route to them."
        )


def _answered_otherwise(hosts: Mapping[str, _Host]) -> Iterator[str]:
    """By routes beside the default one, or by somebody else's."""
    for host in hosts.values():
        for each in host.gateways:
            routed, near = host.routed_by(each), host.near(each)
            if not near and not host.is_nowhere(each["vips"][0]) and not any(map(host.is_near, each["apart"])):
                yield (
                    f"{host.name} is in no network with {listed(each['addresses'])}, but in {_shown(host.networks)}, "
                    f"and {each['service']} comes to it by lb_kind NAT: who routes its answers must send them by the "
                    f"director of {each['service']}. Give the director an address in the server's network."
                )
            elif not near and routed == []:
                yield (
                    f"the answers of {host.name} to clients of {each['service']} must go back by the director, "
                    f"{' or '.join(each['addresses'])}, but {host.way(each)}, and no route goes by it: unless who "
                    "routes its answers sends them there, clients get none that they take."
                )
            elif (
                near and not host.sets_gateway and host.tells_way(each) and host.gateway(each) not in each["addresses"]
            ):
                leading = f"routes to {listed(routed)} alone go by it" if routed else "no other route is known"
                yield (
                    f"the answers of {host.name} to clients of {each['service']} must go back by the director, "
                    f"{' or '.join(near)}, but {host.way(each)}, and {leading}: other clients get no answer that they "
                    f"take. {BY_DIRECTOR}"
                )
            elif near and _family(each) in host.answered:
                yield (
                    f"{host.name} gets {each['service']} by lb_kind NAT and other services by DR or TUN: what it "
                    "answers for these from their addresses goes by the director too, which takes a packet from an "
                    "address of its own for forged. Use one lb_kind for all services of a host, or give their "
                    "addresses a route of their own."
                )


def _clients_beside(hosts: Mapping[str, _Host]) -> Iterator[str]:
    """What is in one network with a real server it answers itself, and not by the director."""
    beside: Dict[Tuple[str, str, str], List[str]] = {}
    for host in hosts.values():
        for each in host.gateways:
            for address, (_interface, network) in product(each["vips"], host.networks):
                if ipaddress.ip_address(address) in network:
                    beside.setdefault((each["service"], address, str(network)), []).append(host.name)
    for (service, address, shared), names in beside.items():
        yield (
            f"{address} of {service} is in {shared}, where {listed(names)} stands too: with lb_kind NAT a client in "
            "that network is answered from there and not by the director, and takes no answer. Serve clients of other "
            "networks alone, or write lb_kind: DR."
        )


def interface_addresses(facts: Facts, interface: str, family: str) -> List[str]:
    """The addresses of a family that an interface has, by the facts of its host."""
    held = dict.fromkeys(str(each["address"]) for each in _held(facts).get(interface, []))
    return [each for each in held if family_of(each) == family]


def _every_address(facts: Facts) -> List[str]:
    """Those by which others may reach a host."""
    told = [*facts.get("all_ipv4_addresses", []), *facts.get("all_ipv6_addresses", [])]
    return [each for each in told if family_of(each) == "ipv4" or not no_host(ipaddress.ip_address(each))]


def interface_of(address: Optional[str], facts: Facts) -> str:
    """The interface that has an address; empty where the host's network facts do not tell."""
    having = (name for name, held in _held(facts).items() if address in [str(each["address"]) for each in held])
    return next(having, "")


def _held(facts: Facts) -> Dict[str, List[Mapping[str, Any]]]:
    """By interface, its addresses as setup tells them, but for those of its link, which all links have in common.

    An address with a label (eth0:1) may be told of the label alone, which is listed like an interface, with _ for the
    colon, but is no device (LinuxNetwork of ansible.module_utils.facts.network.linux).
    """
    told = {str(name): _details(facts, str(name)) for name in facts.get("interfaces", [])}
    held: Dict[str, List[Mapping[str, Any]]] = {name: [] for name, details in told.items() if "device" in details}
    for name, details in told.items():
        devices = [name] if name in held else [each for each in held if name.startswith(f"{each}_")]
        of_link = [each for each in details.get("ipv6", []) if each["scope"] == "link"]
        addresses = [details.get("ipv4", {}), *details.get("ipv4_secondaries", []), *details.get("ipv6", [])]
        if devices:
            held[max(devices, key=len)].extend(
                each for each in addresses if each.get("address") and each not in of_link
            )
    return held


def _details(facts: Facts, interface: str) -> Mapping[str, Any]:
    # In the keys of its facts, and there alone, setup writes _ for -.
    details: Mapping[str, Any] = facts.get(interface.replace("-", "_"), {})
    return details

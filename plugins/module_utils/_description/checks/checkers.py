# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""What must hold for the checks of real servers: that each can fail, and can succeed."""

from __future__ import annotations

from typing import Any, Callable, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Type, Union

from ansible_collections.lvs.cluster.plugins.module_utils._description.kinds import numbered
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.checkers import (
    Alpha,
    Asking,
    BfdCheck,
    Checker,
    Checks,
    FileCheck,
    HttpGet,
    Page,
    Pages,
    SslGet,
    TcpCheck,
    UdpCheck,
    Way,
)
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.cluster import Cluster
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.services import RealServer, VirtualServer
from ansible_collections.lvs.cluster.plugins.module_utils._description.parts import checked_port_of
from ansible_collections.lvs.cluster.plugins.module_utils._net import TITLES, family_of
from ansible_collections.lvs.cluster.plugins.module_utils._problems import Problem, listed

from .services import check_alpha
from .tables import entries
from .tracking import check_named
from .whole import Whole

# What says more of a regular expression.
OF_REGEX = ("regex_no_match", "regex_options", "regex_min_offset", "regex_max_offset")
LONGEST_REPLY = 255
# What an nginx of ours answers to a check.
OK = 200
# Of the kernel (TCP_TIMEWAIT_LEN).
TIME_WAIT = 60


class Asked(NamedTuple):
    """Who is asked by a check, and where that is written.

    servers: those of the service that have it.
    """

    path: str
    service: VirtualServer
    servers: Sequence[RealServer]
    cluster: Cluster
    whole: Whole

    @property
    def directors(self) -> List[str]:
        """Those who ask."""
        instance = self.whole.carrier(self.service)
        return [host for _place, host in numbered(instance.hosts if instance else self.service.hosts)]


def check_checkers(cluster: Cluster, whole: Whole) -> Iterator[Problem]:
    for path, service, _earlier in entries(cluster.lvs_virtual_servers, "lvs_virtual_servers"):
        servers = list(numbered(service.real_servers))
        sharing = [server for _place, server in servers if server.check is None]
        asked = [(service.check, Asked(f"{path}.check", service, sharing, cluster, whole))]
        for place, server in servers:
            own = Asked(f"{path}.real_servers[{place}].check", service, [server], cluster, whole)
            asked.append((server.check, own))
        for checks, by in asked:
            for here, check in _each(checks, by.path):
                for table, look in LOOKS:
                    if isinstance(check, table):
                        yield from look(check, by._replace(path=here))


def _each(checks: Checks, path: str) -> List[Tuple[str, Checker]]:
    if isinstance(checks, tuple):
        return [(f"{path}[{place}]", each) for place, each in enumerate(checks) if each is not None]
    return [] if checks is None else [(path, checks)]


def _check_alpha(check: Alpha, asked: Asked) -> Iterator[Problem]:
    yield from check_alpha(check.alpha, f"{asked.path}.alpha", asked.service)


def _check_port(check: Asking, asked: Asked) -> Iterator[Problem]:
    if asked.service.port == 0 and check.connect_port is None:
        reason = "is needed, as the service has all ports and none to check"
        yield Problem(f"{asked.path}.connect_port", None, reason, "Write the port of one of them")
    if check.bind_port is not None and check.bindto == "":
        yield Problem(f"{asked.path}.bind_port", check.bind_port, "has no effect without bindto", "Write that too")
    delay = check.delay_loop or asked.service.delay_loop
    if isinstance(check, TcpCheck) and check.bind_port is not None and delay is not None and delay <= TIME_WAIT:
        reason = f"is still taken by the check before: who ends a connection keeps its port for {TIME_WAIT} seconds"
        yield Problem(f"{asked.path}.bind_port", check.bind_port, reason, "Remove it, or write a longer delay_loop")


def _check_way(check: Way, asked: Asked) -> Iterator[Problem]:
    whole, here = asked.whole, f"{asked.path}.bindto"
    if check.connect_ip in whole.floating or check.connect_ip in whole.serving:
        reason = "is a virtual address: the director that has it would ask itself, whichever server is meant"
        remedy = "Remove connect_ip; where nginx answers a check, it asks itself through the virtual address"
        yield Problem(f"{asked.path}.connect_ip", check.connect_ip, reason, remedy)
    target = family_of(check.connect_ip) if check.connect_ip else asked.service.family
    if check.bindto and target and family_of(check.bindto) != target:
        reason = f"is not of {TITLES[target]}, as what it checks from there is"
        yield Problem(
            here, check.bindto, reason, f"Write the director's {TITLES[target]} address, or bind_if: INTERFACE"
        )
    owner = whole.owners.get(check.bindto) if check.bindto else None
    if check.bindto in whole.floating:
        reason = "floats: a director that has it not could check nobody"
        yield Problem(here, check.bindto, reason, "Write bind_if: INTERFACE instead")
    elif owner and asked.directors != [owner]:
        others = [each for each in asked.directors if each != owner]
        reason = f"is an address of {owner}, and {listed(others)} could check nobody from there"
        yield Problem(here, check.bindto, reason, "Write bind_if: INTERFACE instead")


def _pages(check: Pages, path: str) -> List[Tuple[str, Page]]:
    urls: List[Tuple[str, Page]] = [(f"{path}.url[{place}]", each) for place, each in numbered(check.url)]
    return urls or [(path, check)]


def _check_pages(check: Pages, asked: Asked) -> Iterator[Problem]:
    for path, page in _pages(check, asked.path):
        for name in OF_REGEX:
            value = getattr(page, name)
            # A number that is 0 is told too.
            if page.regex == "" and value is not None and value is not False and value != "":
                yield Problem(f"{path}.{name}", value, "has no effect without a regex", "Write regex too, or remove it")
        low, high = page.regex_min_offset, page.regex_max_offset
        if low is not None and high is not None and low > high:
            yield Problem(f"{path}.regex_min_offset", low, "is more than regex_max_offset", f"Write at most {high}")


def _check_status(check: Union[HttpGet, SslGet], asked: Asked) -> Iterator[Problem]:
    """What nginx answers itself has one status."""
    ours = {} if check.connect_ip else _ours(check, asked)
    for path, page in _pages(check, asked.path):
        title = "" if None in (page.path, page.status_code) else ours.get(page.path.partition("?")[0])
        if title and not _expects(page.status_code, OK):
            reason = f"is never the answer of {title} to its health_path, which is {OK}"
            yield Problem(f"{path}.status_code", page.status_code, reason, "Remove it, or ask for another path")


def _ours(check: Asking, asked: Asked) -> Mapping[str, str]:
    """By its health_path, what a message calls a site of ours that is asked."""
    ports = {each.host: check.connect_port or checked_port_of(each, asked.service) for each in asked.servers}
    return {
        site.server.health_path: site.title
        for site in asked.whole.sites
        for host in site.hosts & set(ports)
        if ports[host] in [port for _address, port in site.sockets(host)]
    }


def _expects(told: Union[int, str], status: int) -> bool:
    """Whether a status is one of those that a check expects."""
    ranges = (each.partition("-") for each in str(told).split())
    return any(int(low) <= status <= int(high or low) for low, _dash, high in ranges)


def _check_sni(check: SslGet, asked: Asked) -> Iterator[Problem]:
    reason, remedy = _no_name(check, asked) if check.enable_sni else ("", "")
    if reason:
        yield Problem(f"{asked.path}.enable_sni", True, reason, remedy)


def _no_name(check: SslGet, asked: Asked) -> Tuple[str, str]:
    """Why a server cannot be told a name, and what to do: that of a server itself keepalived does not take for it."""
    names = [each.virtualhost for each in check.pages if each is not None]
    if "" in names and any(each.virtualhost for each in asked.servers):
        return "tells no virtualhost of a server, only that of the check or of the service", "Write one for the check"
    names = [each or asked.service.virtualhost for each in names]
    if "" in names:
        return "has no name to tell", "Write virtualhost: NAME too"
    ported = next((each for each in names if each and ":" in each), "")
    return (f"tells a name alone, and {ported} has a port", "Write the name without it") if ported else ("", "")


def _check_datagram(check: UdpCheck, asked: Asked) -> Iterator[Problem]:
    if check.require_reply not in (None, False) and check.payload == "":
        reason = "waits for an answer to what nobody understands, as it is sent anything: no server is ever well"
        remedy = "Write payload: what a server answers, or remove it"
        yield Problem(f"{asked.path}.require_reply", None, reason, remedy)
    for name in ("min_reply_length", "max_reply_length") if isinstance(check.require_reply, bool) else ():
        if getattr(check, name) is not None:
            reason = "has no effect without the octets that require_reply must begin with"
            yield Problem(f"{asked.path}.{name}", getattr(check, name), reason, "Write some in require_reply")
    low = check.min_reply_length or 0
    high = LONGEST_REPLY if check.max_reply_length is None else check.max_reply_length
    if low > high:
        reason = f"is more than max_reply_length, {high}"
        yield Problem(f"{asked.path}.min_reply_length", low, reason, f"Write at most {high}")


def _check_file(check: FileCheck, asked: Asked) -> Iterator[Problem]:
    if check.reverse and check.weight is None:
        remedy = "Write a weight, or remove reverse"
        yield Problem(f"{asked.path}.reverse", True, "has no effect without a weight", remedy)
    name, here = check.track_file, f"{asked.path}.track_file"
    yield from check_named(name, here, "lvs_vrrp_track_files", asked.cluster)
    for _place, file in numbered(asked.cluster.lvs_vrrp_track_files):
        if name is not None and name == file.name and file.init_file is None and file.file is not None:
            reason = f"is a file that nobody may write: keepalived takes its number for 0 until there is {file.file}"
            yield Problem(here, name, reason, "Write init_file: NUMBER for it in lvs_vrrp_track_files")


def _check_neighbours(check: BfdCheck, asked: Asked) -> Iterator[Problem]:
    here = f"{asked.path}.name"
    yield from check_named(check.name, here, "lvs_bfd_instances", asked.cluster)
    for _place, bfd in numbered(asked.cluster.lvs_bfd_instances):
        hosts: List[Optional[str]] = [*(each.host for each in asked.servers), *asked.directors]
        if check.name is None or check.name != bfd.name or bfd.hosts is None or None in (*hosts, *bfd.hosts):
            continue
        missing = [each or "a server outside the inventory" for each in hosts if each not in bfd.hosts]
        if missing:
            reason = f"has not {listed(missing)} among its hosts"
            yield Problem(here, check.name, reason, "Add them there, or check them in another way")


# What is looked at of a check, by a table that it has.
LOOKS: Sequence[Tuple[Type[Any], Callable[[Any, Asked], Iterator[Problem]]]] = (
    (Alpha, _check_alpha),
    (Asking, _check_port),
    (Way, _check_way),
    (Pages, _check_pages),
    (SslGet, _check_sni),
    (HttpGet, _check_status),
    (SslGet, _check_status),
    (UdpCheck, _check_datagram),
    (FileCheck, _check_file),
    (BfdCheck, _check_neighbours),
)

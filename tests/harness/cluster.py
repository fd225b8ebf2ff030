"""The cluster as described, read as the product's filters read it, so that no test repeats an address or a host."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.vars.hostvars import HostVars
from ansible.vars.manager import VariableManager
from ansible_collections.lvs.cluster.plugins.module_utils._description import inventory, members
from ansible_collections.lvs.cluster.plugins.module_utils._description.model import cluster as model
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.checkers import Wait
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.services import (
    RealServer,
    VirtualServer,
)
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.vrrp import VrrpInstance
from ansible_collections.lvs.cluster.plugins.module_utils._description.parts import port_of
from ansible_collections.lvs.cluster.plugins.module_utils._description.sites import Site, asked_of, sites_of
from ansible_collections.lvs.cluster.plugins.module_utils._description.views import keepalived
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import (
    ServerKey,
    ServiceKey,
    address_service,
    fwmark_service,
    server_key,
)
from ansible_collections.lvs.cluster.plugins.module_utils._net import endpoint, family_of
from ansible_collections.lvs.cluster.plugins.plugin_utils._files import read_file

T = TypeVar("T")


def only(things: Sequence[T]) -> T:
    """The one thing of its kind; whoever has several must say which."""
    assert len(things) == 1, f"not one but {len(things)}: {things}"
    return things[0]


@dataclass(frozen=True)
class Service:
    """A virtual service with all that its tests ask about it."""

    cluster: Cluster
    described: VirtualServer
    #: None where hosts direct it without one.
    carried_by: VrrpInstance | None

    @property
    def name(self) -> str:
        return self.described.name

    @property
    def instance(self) -> VrrpInstance:
        """The one that its address floats with."""
        assert self.carried_by, f"{self.name} is directed by {self.directors}, without an instance"
        return self.carried_by

    @property
    def key(self) -> ServiceKey:
        """As a director's table has it; of a group, the first of its addresses."""
        return self.keys[0]

    @property
    def keys(self) -> list[ServiceKey]:
        if self.described.fwmark:
            return [fwmark_service(self.described.fwmark)]
        return [address_service(each.protocol.lower(), each.address, each.port) for each in self.described.sockets]

    @property
    def vip(self) -> str:
        return self.described.addresses[0]

    @property
    def port(self) -> int:
        return self.described.checked_port

    @property
    def url(self) -> str:
        return f"http://{endpoint(self.vip, self.port)}/"

    @property
    def directors(self) -> list[str]:
        return list(self.carried_by.hosts if self.carried_by else self.described.hosts)

    @property
    def master(self) -> str:
        """The preferred one."""
        return self.directors[0]

    @property
    def backup(self) -> str:
        """The next one."""
        return self.directors[1]

    @property
    def realservers(self) -> set[str]:
        """The hosts; servers outside the inventory are none."""
        return {server.host for server in self.described.real_servers if server.host}

    @property
    def weights(self) -> dict[ServerKey, int]:
        """The servers in a director's table while all of them are well."""
        return {
            server_key(server.address or self._reached(server.host), self._port(server)): server.weight
            for server in self.described.real_servers
        }

    def server(self, host: str) -> ServerKey:
        """A host as this service's real server."""
        (server,) = (each for each in self.described.real_servers if each.host == host)
        return server_key(self._reached(server.host), self._port(server))

    def _reached(self, host: str) -> str:
        """Where a host gets what is for the virtual address."""
        return self.cluster.by_family[host][family_of(self.vip)]

    def _port(self, server: RealServer) -> int:
        """That of a server in a director's table; by NAT it may be its own."""
        return port_of(server, self.described) or self.key.port

    @property
    def backends(self) -> set[str]:
        """The hosts behind the real servers' nginx."""
        named = {name for site in self.cluster.sites if self.described in site.services for name in site.upstreams}
        pools = (each for each in self.cluster.described.lvs_nginx_upstreams if each.name in named)
        return {server.host for each in pools for server in each.servers if server.host}

    @property
    def takeover(self) -> float:
        """Seconds without an advert after which the backup takes over."""
        return keepalived.takeover_seconds(self.instance, self.backup)

    @property
    def skew(self) -> float:
        """Seconds that the backup waits after a master's goodbye (an advert of priority 0)."""
        return self.takeover - 3 * self.instance.advert_int

    @property
    def checks(self) -> list[Any]:
        """Those that ask servers over the network."""
        asked = asked_of(self.cluster.sites, self.cluster.described.lvs_virtual_servers)
        checks = keepalived.checks_of(self.described, asked.get(self.name))
        return [keepalived.settled_check(each, self.described) for each in checks if isinstance(each, Wait)]

    def detection(self, late: float) -> float:
        """Seconds at most until keepalived takes a silent real server out: every try of a round of checks times out.

        Each of the timers that go off one after the other may be late, by how much the probe's own were, within reason.
        """
        rounds: list[list[float]] = [
            [
                check.delay_loop or self.described.delay_loop,
                *[check.connect_timeout] * (check.retry + 1),
                *[check.delay_before_retry] * check.retry,
            ]
            for check in self.checks
        ]
        return min(sum(waits) + len(waits) * min(late, 1.0) for waits in rounds)


@dataclass(frozen=True)
class Cluster:
    """A description, and the hosts it is about."""

    described: model.Cluster
    #: Of each host, in the cluster's network: one of each family that it has there.
    by_family: Mapping[str, Mapping[str, str]]
    groups: Mapping[str, Sequence[str]]
    #: The description as it is written, for a test that changes it.
    variables: Mapping[str, Any]

    @property
    def addresses(self) -> Mapping[str, str]:
        """Of each host that of IPv4, if it has one."""
        firsts = {host: members.first_of(own) for host, own in self.by_family.items()}
        return {host: address for host, address in firsts.items() if address}

    @property
    def instances(self) -> tuple[VrrpInstance, ...]:
        return self.described.instances

    @property
    def services(self) -> tuple[Service, ...]:
        carrying = {address: instance for instance in self.instances for address in instance.addresses}
        return tuple(
            Service(self, service, carrying.get(service.addresses[0])) for service in self.described.lvs_virtual_servers
        )

    @property
    def sites(self) -> Sequence[Site]:
        """What nginx serves."""
        return sites_of(self.described)

    @property
    def service(self) -> Service:
        """Of a cluster that has one."""
        return only(self.services)

    @property
    def instance(self) -> VrrpInstance:
        """Of a cluster that has one."""
        return only(self.instances)

    @property
    def client(self) -> str:
        """Of a cluster that has one."""
        return only(self.groups["lvs_clients"])

    def another(self, number: int = 1) -> str:
        """An address beside the virtual one, which nobody has."""
        return str(ipaddress.ip_address(self.service.vip) + number)

    def with_another_service(self, address: str, third: str = "") -> dict[str, Any]:
        """The description of a cluster of one service, with one more address, or two, and the same service on each."""
        service, upstream = (only(self.variables[name]) for name in ("lvs_virtual_servers", "lvs_nginx_upstreams"))
        named = {"second": address, **({"third": third} if third else {})}
        floating = {
            "lvs_vrrp_instances": [
                {**each, "virtual_ipaddress": [*each["virtual_ipaddress"], *(f"{own}/32" for own in named.values())]}
                for each in self.variables.get("lvs_vrrp_instances", [])
            ]
        }
        return {
            **(floating if self.instances else {}),
            "lvs_virtual_servers": [
                service,
                *({**service, "name": name, "address": own} for name, own in named.items()),
            ],
            "lvs_nginx_upstreams": [
                {**upstream, "virtual_server": service["name"]},
                *({**upstream, "name": name, "virtual_server": name} for name in named),
            ],
        }


def read(*paths: Path, name: str = "") -> Cluster:
    """A cluster of an inventory, which must be without problems: the one of this name, or the first that is described.

    paths: the sources of the inventory; what a later one says holds. One that describes nothing has an empty cluster.
    """
    loader = DataLoader()
    hosts = InventoryManager(loader, sources=[str(path) for path in paths])
    hostvars = HostVars(hosts, VariableManager(loader, hosts), loader)
    telling = [host.name for host in hosts.get_hosts() if any(table in hostvars[host.name] for table in model.TABLES)]
    if name:
        telling = [host for host in telling if hostvars[host].get("lvs_cluster", model.DEFAULT_NAME) == name]
        assert telling, f"nobody describes a cluster {name}"
    problems: list[Any] = []
    described = model.read_cluster({}, problems)
    if telling:
        described, _members, problems = inventory.described(hostvars, telling[0], read_file)
    assert not problems, problems
    # Also of hosts that the description does not name, as clients.
    addresses = {host: members.host_addresses(hostvars[host]) for host in hostvars}
    variables = hostvars[telling[0]] if telling else {}
    return Cluster(
        described,
        addresses,
        hosts.get_groups_dict(),
        # Another's may need the lookups of a play.
        {variable: variables[variable] for variable in variables if variable.startswith("lvs_")},
    )

# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""The roles' own variables: a table for each entry point of a role, documented by its docstring, with its defaults.

tools/document.py writes from it the roles' argument specifications, their defaults, and the tables of their READMEs.
What follows from the description of a cluster is no variable of a role, and stands in none of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Mapping, Tuple, Type

from ansible_collections.lvs.cluster.plugins.module_utils._addresses.stacks import STACKS
from ansible_collections.lvs.cluster.plugins.module_utils._description.kinds import (
    BOOLEAN,
    WORD,
    choice,
    list_of,
    mapping_of,
    option,
    scalar,
    table,
)
from ansible_collections.lvs.cluster.plugins.module_utils._marks.rules import FILES

from .cluster import Cluster
from .hosts import HostVariables


def _stack(help_text: str) -> Any:
    return option(choice(list(STACKS), "network"), help_text, default="{{ ansible_facts['lvs_network'] }}")


def _file_name(help_text: str) -> Any:
    return option(scalar(str, "name of a file"), help_text, default="")


@dataclass(frozen=True)
class Entry:
    """One of the entries of a default that is a mapping.

    why: why it is there; the comment beside it.
    """

    key: str
    value: Any
    why: str


@dataclass(frozen=True)
class HeldAddress:
    """An address that an interface holds for itself alone."""

    address: str = option(scalar(str, "IPv4 or IPv6 address"), "the address, without a length")
    label: str = option(scalar(str, "label"), "its label, as eth0:0; one of IPv6 has none", default="")


@dataclass(frozen=True)
class Addresses:
    """Virtual addresses that an interface holds, now and after each boot.

    Gives an interface addresses beside those that it has, both now and at boot, through what sets up the host's
    network. The other roles have it do so. What has left the list stays until C(purge).
    """

    addresses_list: Tuple[HeldAddress, ...] = option(
        list_of(table(HeldAddress)), "the addresses, each for itself alone", default=()
    )
    addresses_interface: str = option(WORD, "the interface that holds them", default="lo")
    addresses_dummy: bool = option(
        BOOLEAN,
        "whether the interface is a dummy device, which is made for the addresses and goes with the last of them",
        default=False,
    )
    addresses_owner: str = option(
        WORD, "whose addresses they are, as the name of a cluster; files have it in their names", default="lvs"
    )
    addresses_stack: str = _stack("who sets up the host's network at boot; found by looking")
    addresses_networkd_file: str = _file_name(
        "the file of the host's own that networkd sets up the interface from; empty for the one that it is found to "
        "use, and for C(lo) one that the role makes"
    )


@dataclass(frozen=True)
class AddressesPurge:
    """Let go of addresses that have left the list.

    Comes once nobody sends here for them any more.
    """


@dataclass(frozen=True)
class AddressesTeardown:
    """Let go of all addresses.

    Now, and for the next boot. What other owners and other people put there stays.
    """


@dataclass(frozen=True)
class Director:
    """The kernel side of a director.

    Installs ipvsadm, loads the kernel modules of IPVS and of the schedulers in use, now and at boot, and sets the
    kernel's IPVS settings. What is in the IPVS table is keepalived's business.

    A host that directs services without keepalived (C(hosts) of C(lvs_virtual_servers)) gets the whole IPVS table too,
    C(lvs_timeouts), and the addresses, now and at boot. What somebody else has in the table goes; a server that
    M(lvs.cluster.ipvs_drain) has drained stays so.

    Packets for services with a C(fwmark) get their mark, now and at boot.
    """

    director_sysctls: Mapping[str, Any] = option(
        mapping_of(scalar(str, "value"), "setting"),
        "kernel settings of IPVS, by name (Documentation/networking/ipvs-sysctl.rst)",
        default=(
            Entry(
                "net.ipv4.vs.expire_nodest_conn",
                1,
                "A connection whose real server was removed ends at once, so that its client connects anew.",
            ),
            Entry(
                "net.ipv4.vs.expire_quiescent_template",
                1,
                "A persistent client of a server of weight 0 goes to another one.",
            ),
            Entry(
                "net.ipv4.vs.conn_reuse_mode",
                3,
                "A client that takes a port again is a new connection (1), also while its former one still waits for "
                "the end that only the real server saw (2): else it would go to the same real server, in service or "
                "not.",
            ),
        ),
    )

    director_marking: str = option(
        choice(list(FILES), "way to mark packets"),
        "who marks packets for services with a C(fwmark): nftables, or C(tc) where the kernel has not its family C(ip)",
        default="nft",
    )

    director_module_parameters: Mapping[str, Any] = option(
        mapping_of(scalar(str, "value"), "parameter"),
        "parameters of the kernel's modules, as C(ip_vs.conn_tab_bits); in force once the module is loaded anew, at "
        "the latest by the next boot, which is told",
        default=(),
    )


@dataclass(frozen=True)
class DirectorTeardown:
    """Remove what the next boot would load and set.

    Removes the files. Modules and settings stay in the running kernel, where others may use them. Of a host that
    directs without keepalived the addresses go first, then the whole IPVS table. Nothing is marked any more.
    """


@dataclass(frozen=True)
class DirectorPurge:
    """Mark no packets any more that no service wants marked.

    Comes once the director has no such service.
    """


@dataclass(frozen=True)
class Keepalived:
    """keepalived, configured from the cluster's description.

    Installs keepalived, tests its configuration on every director and puts it beside the live one, loads it on all
    directors together or on none, starts keepalived where it does not run, and asks each what it runs then. Never
    restarts it.
    """

    keepalived_absent: Tuple[str, ...] = option(
        list_of(WORD),
        "directors that are switched off, and need not agree with the others; for the command line, once",
        default=(),
    )
    keepalived_allow_empty: bool = option(
        BOOLEAN,
        "whether a running director may lose its last VRRP instance or virtual server; for the command line, once",
        default=False,
    )


@dataclass(frozen=True)
class KeepalivedTeardown:
    """Stop keepalived and remove its configuration.

    Stops and disables keepalived, which gives up its addresses and its IPVS services. Its scripts go, and the user who
    ran them, if the role made him. Packages stay.
    """


@dataclass(frozen=True)
class Nginx:
    """nginx with sites in front of pools of application servers.

    Installs nginx and makes it serve the sites and proxy to the pools, answer health checks itself, and log and pass on
    the client's address. A configuration that C(nginx -t) refuses never goes live. Reloads, never restarts.
    """

    nginx_served_by_header: str = option(
        scalar(str, "name of a header"),
        "a header of responses that names the host that answered, as X-Served-By; empty for none",
        default="",
    )
    nginx_certificates: Mapping[str, str] = option(
        mapping_of(scalar(str, "text of PEM"), "path"),
        "certificates that are written, by the paths that C(ssl_certificate) names: each with those who signed it, "
        "behind it; of other paths the host has its own",
        default=(),
    )
    nginx_certificate_keys: Mapping[str, str] = option(
        mapping_of(scalar(str, "text of PEM"), "path"),
        "their keys, by the paths that C(ssl_certificate_key) names; keep them in a vault",
        default=(),
        no_log=True,
    )
    nginx_session_ticket_secret: str = option(
        scalar(str, "text of at least 32 characters"),
        "what keys of TLS session tickets are made from, the same on all hosts, so that a session goes on with "
        "another of them; the first run of a week (UTC) changes the keys. Keep it in a vault. Empty for keys of each "
        "nginx's own",
        default="",
        no_log=True,
    )


@dataclass(frozen=True)
class NginxPurge:
    """Remove the configuration where nothing is left to serve.

    Comes after the directors, which send here until they know better, and refuses a host while one of them has not been
    told in the same run.
    """


@dataclass(frozen=True)
class NginxTeardown:
    """Remove the configuration and reload nginx.

    Removes the configuration, and puts back what the role took away of the distribution's. Packages stay.
    """


@dataclass(frozen=True)
class Groups:
    """The groups of a play's hosts, by their part."""

    directors: str = option(WORD, "the group whose hosts become directors", default="")
    real_servers: str = option(WORD, "the group whose hosts become real servers", default="")


@dataclass(frozen=True)
class Packages:
    """Packages that a host is missing.

    Installs them by the index of a source that answers, or else by the one that is there. The other roles have it do so
    for what a host does not have: what is installed needs no source of packages.
    """

    packages_names: Tuple[str, ...] = option(
        list_of(WORD), "the packages, by the names that the package manager has for them", default=()
    )


@dataclass(frozen=True)
class Preflight:
    """Check the description and the hosts before anything changes.

    Refuses a description of a cluster (variables that start with C(lvs_)) that has problems, all of them in one
    message, before any host of it is touched. Then looks whether each host has the interfaces and the addresses that
    it needs; one that has not stops its cluster, and no other one of the inventory.

    Gathers the facts that the other roles use.
    """

    preflight_groups: Mapping[str, str] = option(
        table(Groups),
        "the groups of the play's hosts, by their part; a described host outside its group is refused, and so is a "
        "host of them for which nothing is described",
        default=(),
    )
    preflight_serving: bool = option(
        BOOLEAN,
        "whether the hosts are to serve; what a host lacks for that alone, as IPVS in its kernel, keeps nobody from "
        "taking a cluster down",
        default=True,
    )


@dataclass(frozen=True)
class Description(HostVariables, Cluster):
    """The description of a cluster, which all roles read.

    Documents the variables; there are no tasks of this name. C(main) checks them, those of all hosts at once. It also
    takes digits that are text for a number, and, where a type is C(raw), the name of a host for a mapping.

    C(lvs_address), C(lvs_interface) and C(lvs_addresses) are a host's own. All others are the cluster's: write them in
    C(group_vars) of a group that all its hosts are in.
    """


@dataclass(frozen=True)
class Realserver:
    """Virtual addresses on the loopback, silent on ARP.

    Silences ARP for addresses that are not the interface's own, then gives C(lo), or a dummy device, the virtual
    addresses, both now and at boot, through netplan, systemd-networkd, NetworkManager, ifupdown or network-scripts,
    whichever sets up the host's network.
    """

    realserver_interface: str = option(
        WORD,
        "C(lo), or the name of a dummy device that is there for the virtual addresses alone, as C(lvs0); found by "
        "looking: C(lo), but C(lvs0) where a NetworkManager before 1.42 leaves C(lo) alone",
        default="{{ ansible_facts['lvs_holder'] }}",
    )

    realserver_network: str = _stack(
        "who sets up the host's network at boot, and so keeps the addresses; found by looking (docs/stacks.md)"
    )
    realserver_networkd_file: str = _file_name(
        "a file of the host's own that networkd sets up the interface from, to which the addresses are then added; "
        "empty for none, and the role makes one"
    )


@dataclass(frozen=True)
class RealserverGateway:
    """Have the host answer by its director, whatever its default route.

    Comes after all that is to be installed, which comes by the host's own way, and before the directors send anything.
    For a host with C(lvs_set_gateway) alone.
    """


@dataclass(frozen=True)
class RealserverPurge:
    """Let go of addresses that have left the description.

    Comes after the directors, which send here for those addresses until they know better. After C(main) in the same run
    it refuses a host while one of them has not been told.
    """


@dataclass(frozen=True)
class RealserverTeardown:
    """Remove the addresses and the ARP settings.

    Removes the addresses first, and only then the silence about them, now and for the next boot. What other clusters
    and other people put there stays.
    """


# By role, its entry points.
ROLES: Mapping[str, Mapping[str, Type[Any]]] = {
    "addresses": {"main": Addresses, "purge": AddressesPurge, "teardown": AddressesTeardown},
    "director": {"main": Director, "purge": DirectorPurge, "teardown": DirectorTeardown},
    "keepalived": {"main": Keepalived, "teardown": KeepalivedTeardown},
    "nginx": {"main": Nginx, "purge": NginxPurge, "teardown": NginxTeardown},
    "packages": {"main": Packages},
    # Not "description", which has tasks: Ansible would check what follows by it, host by host.
    "preflight": {"main": Preflight, "variables": Description},
    "realserver": {
        "main": Realserver,
        "gateway": RealserverGateway,
        "purge": RealserverPurge,
        "teardown": RealserverTeardown,
    },
}

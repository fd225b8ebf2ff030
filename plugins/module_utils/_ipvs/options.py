# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""Between the options of the modules and the model: what a user wants, checked, and what is there, as options.

What ipvsadm would take and silently turn into something else is refused here, since it could never be found again.
"""

from __future__ import annotations

from typing import Any, Mapping, Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._net import (
    HIGHEST_PORT,
    AddressError,
    canonical_address,
    family_of,
    is_unicast,
)
from ansible_collections.lvs.cluster.plugins.module_utils._problems import OptionsError, Problem, bad_option

from .model import (
    LONGEST_TIMEOUT,
    IpvsValueError,
    Pool,
    Server,
    ServerKey,
    Service,
    ServiceKey,
    Table,
    address_service,
    canonical_flags,
    canonical_granularity,
    fwmark_service,
    server_key,
)

Options = Mapping[str, Any]

# What ipvsadm stores as C(int) or C(unsigned int); see its parse_options().
HIGHEST_FWMARK = (1 << 32) - 1
HIGHEST_THRESHOLD = (1 << 31) - 1

DESCRIBED_TWICE = "Remove one of the two"


def desired_key(options: Options, path: str = "") -> ServiceKey:
    """The service that options name."""
    fwmark, address, port = options.get("fwmark"), options.get("address"), options.get("port")
    if fwmark is not None and address is not None:
        raise bad_option(_at(path, "fwmark"), fwmark, f"and address {address} are two services", "Write one of the two")
    if fwmark is not None:
        _in_range(path, "fwmark", fwmark, 1, HIGHEST_FWMARK)
        for name, given in (("protocol", options.get("protocol")), ("port", port)):
            if given is not None:
                remedy = f"Leave it out, and mark the packets of the wanted {name}"
                raise bad_option(_at(path, name), given, "does not go with a fwmark", remedy)
        return fwmark_service(fwmark, options.get("family") or "ipv4")
    if address is None:
        raise bad_option(_at(path, "address"), None, "missing", "Write the service's address, or its fwmark")
    if port is None:
        raise bad_option(_at(path, "port"), None, "missing", "Write the port, or 0 for all of them with persistence")
    if options.get("family") not in (None, family_of(address)):
        raise bad_option(_at(path, "family"), options["family"], f"is not the family of {address}", "Leave it out")
    _in_range(path, "port", port, 0, HIGHEST_PORT)
    return address_service(options.get("protocol") or "tcp", _address(path, address), port)


def desired_service(options: Options, path: str = "") -> Service:
    """The service that options describe."""
    key = desired_key(options, path)
    lb_algo = options.get("lb_algo") or "wlc"
    timeout = options.get("persistence_timeout")
    _check_service(key, options, path)
    try:
        flags = canonical_flags(lb_algo, tuple(options.get("lb_flags") or ()))
    except IpvsValueError as error:
        raise bad_option(_at(path, "lb_flags"), f"scheduler {lb_algo}", str(error)) from None
    granularity: str | None = None
    if options.get("persistence_granularity") is not None:
        text = str(options["persistence_granularity"])
        try:
            granularity = canonical_granularity(key.family, text)
        except IpvsValueError as error:
            raise bad_option(_at(path, "persistence_granularity"), text, str(error)) from None
    return Service(
        key=key,
        lb_algo=lb_algo,
        lb_flags=flags,
        persistence_timeout=timeout,
        persistence_granularity=granularity,
        persistence_engine=options.get("persistence_engine"),
        ops=bool(options.get("ops")),
    )


def _check_service(key: ServiceKey, options: Options, path: str) -> None:
    if not key.fwmark:
        _require_host(path, key.address)
    for name in ("lb_algo", "persistence_engine"):
        _word(_at(path, name), options.get(name))
    timeout = options.get("persistence_timeout")
    if timeout is not None:
        _in_range(path, "persistence_timeout", timeout, 1, LONGEST_TIMEOUT)
    else:
        for name in ("persistence_granularity", "persistence_engine"):
            if options.get(name) is not None:
                remedy = "Set persistence_timeout too (ipvsadm's default is 360)"
                raise bad_option(_at(path, name), options[name], "means nothing without persistence", remedy)
        if not key.fwmark and not key.port:
            raise bad_option(
                _at(path, "port"), 0, "needs persistence", "Set persistence_timeout, or a port from 1 to 65535"
            )
    if options.get("ops") and not key.fwmark and key.protocol != "udp":
        raise bad_option(_at(path, "ops"), "one-packet scheduling", f"is not for {key.protocol}", "Set protocol to udp")


def desired_server(service: ServiceKey, options: Options, path: str = "", lb_kind: str | None = None) -> Server:
    """The server that options describe; C(lb_kind) is for those that have none of their own."""
    kind = options.get("lb_kind") or lb_kind or "DR"
    key = desired_server_key(service, options, kind, path)
    if kind != "TUN" and family_of(key.address) != service.family:
        reason = f"is not {service.family}, as the service is"
        raise bad_option(
            _at(path, "address"), key.address, reason, "Only lb_kind TUN reaches servers of the other family"
        )
    weight = 1 if options.get("weight") is None else options["weight"]
    upper, lower = options.get("uthreshold") or 0, options.get("lthreshold") or 0
    _in_range(path, "weight", weight, 0, 65535)
    _in_range(path, "uthreshold", upper, 0, HIGHEST_THRESHOLD)
    if not is_number(lower, 0, upper):
        raise bad_option(_at(path, "lthreshold"), lower, f"is not from 0 to uthreshold, which is {upper}")
    tun_type, tun_port, tun_checksum = _tunnel(kind, options, path)
    return Server(key, kind, weight, upper, lower, tun_type, tun_port, tun_checksum)


def desired_address(text: str) -> str:
    """The address that an option names."""
    return _address("", text)


def desired_weight(weight: int | None) -> int | None:
    """The weight that an option names, if it names one."""
    if weight is not None:
        _in_range("", "weight", weight, 0, 65535)
    return weight


def desired_server_key(service: ServiceKey, options: Options, kind: str | None, path: str = "") -> ServerKey:
    """The server that options name; without a port it has the service's."""
    address, port = options["address"], options.get("port")
    canonical = _address(path, address)
    _require_host(path, canonical)
    if port is None:
        port = service.port
    _in_range(path, "port", port, 0, HIGHEST_PORT)
    if kind in ("DR", "TUN") and not service.fwmark and port != service.port:
        raise bad_option(
            _at(path, "port"),
            port,
            f"is not the service's port {service.port}: with lb_kind {kind} nothing rewrites the port of a packet",
            f"Write {service.port} or leave it out, or use lb_kind NAT",
        )
    return server_key(canonical, port)


def _tunnel(kind: str, options: Options, path: str) -> tuple[str | None, int | None, str | None]:
    tun_type, port, checksum = (options.get(name) for name in ("tun_type", "tun_port", "tun_checksum"))
    if kind != "TUN":
        for name in ("tun_type", "tun_port", "tun_checksum"):
            if options.get(name) is not None:
                raise bad_option(
                    _at(path, name), options[name], f"does not go with lb_kind {kind}", "Set lb_kind to TUN"
                )
        return None, None, None
    tun_type = tun_type or "ipip"
    if tun_type == "gue" and port is None:
        raise bad_option(
            _at(path, "tun_port"), None, "missing", "tun_type gue needs the UDP port of the tunnel's far end"
        )
    if tun_type != "gue" and port is not None:
        raise bad_option(
            _at(path, "tun_port"), port, f"does not go with tun_type {tun_type}", "Leave it out, or use gue"
        )
    if port is not None:
        _in_range(path, "tun_port", port, 1, HIGHEST_PORT)
    if checksum is not None and (tun_type == "ipip" or (tun_type, checksum) == ("gre", "remcsum")):
        remedy = "Leave it out" if tun_type == "ipip" else "gre has none or csum"
        raise bad_option(_at(path, "tun_checksum"), checksum, f"is not for tun_type {tun_type}", remedy)
    return tun_type, port, None if tun_type == "ipip" else checksum or "none"


def desired_table(services: Sequence[Options], path: str = "services") -> Table:
    """The table that a list describes; all its problems at once."""
    table: Table = {}
    problems: list[Problem] = []
    for index, options in enumerate(services):
        here = f"{path}[{index}]"
        try:
            service = desired_service(options, here)
            if service.key in table:
                raise bad_option(here, service.key, "is described twice", DESCRIBED_TWICE)
        except OptionsError as error:
            problems += error.problems
            continue
        table[service.key] = Pool(service, {})
        for number, server in enumerate(options.get("real_servers") or []):
            problems += _add_server(
                table[service.key], server, f"{here}.real_servers[{number}]", options.get("lb_kind")
            )
    if problems:
        raise OptionsError(problems)
    return table


def _add_server(pool: Pool, options: Options, path: str, lb_kind: str | None) -> list[Problem]:
    try:
        server = desired_server(pool.service.key, options, path, lb_kind)
        if server.key in pool.servers:
            raise bad_option(path, server.key, "is described twice", DESCRIBED_TWICE)
    except OptionsError as error:
        return error.problems
    pool.servers[server.key] = server
    return []


def _address(path: str, text: str) -> str:
    try:
        return canonical_address(text)
    except AddressError as error:
        remedy = "Write it in numbers, as 192.0.2.10 or 2001:db8::10"
        raise bad_option(_at(path, "address"), text, str(error), remedy) from None


def _require_host(path: str, address: str) -> None:
    if not is_unicast(address):
        remedy = "Write one that routers forward to one host, as 192.0.2.10 or 2001:db8::10"
        raise bad_option(_at(path, "address"), address, "is not the address of one host", remedy)


def _word(path: str, text: str | None) -> None:
    # What has a space or a # in it would be another rule to ipvsadm --restore.
    if text is not None and not text.replace("_", "").replace("-", "").isalnum():
        raise bad_option(path, repr(text), "is not a name", "Write letters, digits, - and _ only")


def is_number(value: int, low: int, high: int) -> bool:
    """Whether an option is a number of a range; Ansible lets true and false pass for numbers, ipvsadm does not."""
    return not isinstance(value, bool) and low <= value <= high


def _in_range(path: str, name: str, value: int, low: int, high: int) -> None:
    if not is_number(value, low, high):
        raise bad_option(_at(path, name), value, f"is not a number from {low} to {high}")


def _at(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


# The way back: what the info module returns is what the other modules take.


def key_options(key: ServiceKey) -> dict[str, Any]:
    """The options that name a service."""
    if key.fwmark:
        return {"fwmark": key.fwmark, "family": key.family}
    return {"protocol": key.protocol, "address": key.address, "port": key.port}


def service_options(service: Service) -> dict[str, Any]:
    """The options that describe a service; those that say nothing are left out."""
    options = {
        **key_options(service.key),
        "lb_algo": service.lb_algo,
        "lb_flags": list(service.lb_flags),
        "ops": service.ops,
    }
    for name in ("persistence_timeout", "persistence_granularity", "persistence_engine"):
        if getattr(service, name) is not None:
            options[name] = getattr(service, name)
    return options


def server_options(server: Server) -> dict[str, Any]:
    """The options that describe a server."""
    options = {
        "address": server.key.address,
        "port": server.key.port,
        "lb_kind": server.lb_kind,
        "weight": server.weight,
        "uthreshold": server.uthreshold,
        "lthreshold": server.lthreshold,
    }
    for name in ("tun_type", "tun_port", "tun_checksum"):
        if getattr(server, name) is not None:
            options[name] = getattr(server, name)
    return options


def table_options(table: Table) -> list[dict[str, Any]]:
    """The list that describes a table."""
    return [
        {
            **service_options(pool.service),
            "real_servers": [server_options(pool.servers[each]) for each in sorted(pool.servers)],
        }
        for _key, pool in sorted(table.items())
    ]

"""Tables of IPVS as hypothesis draws them: every kind of service and server that the kernel accepts."""

from __future__ import annotations

import ipaddress

from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import (
    LONGEST_TIMEOUT,
    Pool,
    Server,
    ServerKey,
    Service,
    ServiceKey,
    Table,
    address_service,
    fwmark_service,
    server_key,
)
from hypothesis import strategies as st

FLAGS = {
    "mh": ("mh-fallback", "mh-port"),
    "sh": ("sh-fallback", "sh-port"),
    "rr": ("flag-1", "flag-2", "flag-3"),
    "wlc": ("flag-1", "flag-2", "flag-3"),
    "wrr": (),
}


def addresses(family: str, network: str = "") -> st.SearchStrategy[str]:
    """Few addresses, so that services and servers meet again."""
    base = ipaddress.ip_address(network or {"ipv4": "192.0.2.0", "ipv6": "2001:db8::"}[family])
    return st.integers(1, 12).map(lambda number: str(base + number))


ports = st.sampled_from([1, 53, 80, 443, 65535])
families = st.sampled_from(["ipv4", "ipv6"])


@st.composite
def service_keys(draw: st.DrawFn) -> ServiceKey:
    """Any service."""
    family = draw(families)
    protocol = draw(st.sampled_from(["tcp", "udp", "sctp", "fwmark"]))
    if protocol == "fwmark":
        return fwmark_service(draw(st.sampled_from([1, 7, (1 << 31) - 1, 1 << 31, (1 << 32) - 1])), family)
    return address_service(protocol, draw(addresses(family)), draw(st.one_of(st.just(0), ports)))


@st.composite
def services(draw: st.DrawFn, key: ServiceKey) -> Service:
    """Any settings of a service."""
    lb_algo = draw(st.sampled_from(sorted(FLAGS)))
    needs_persistence = not key.fwmark and not key.port
    timeout = draw(
        st.integers(1, LONGEST_TIMEOUT) if needs_persistence else st.none() | st.integers(1, LONGEST_TIMEOUT)
    )
    masks = {"ipv4": ["255.255.255.0", "255.0.0.0", "0.0.0.0"], "ipv6": ["1", "64", "127"]}[key.family]
    return Service(
        key=key,
        lb_algo=lb_algo,
        lb_flags=tuple(sorted(draw(st.sets(st.sampled_from(FLAGS[lb_algo]))))) if FLAGS[lb_algo] else (),
        persistence_timeout=timeout,
        persistence_granularity=None if timeout is None else draw(st.none() | st.sampled_from(masks)),
        persistence_engine=draw(st.none() | st.just("sip")) if timeout else None,
        ops=draw(st.booleans()) if key.protocol in ("udp", "fwmark") else False,
    )


@st.composite
def server_keys(draw: st.DrawFn, service: ServiceKey, kind: str) -> ServerKey:
    """Any server that the service can have."""
    family = draw(families) if kind == "TUN" else service.family
    network = {"ipv4": "198.51.100.0", "ipv6": "2001:db8:1::"}[family]
    port = draw(st.one_of(st.just(0), ports)) if service.fwmark or kind == "NAT" else service.port
    return server_key(draw(addresses(family, network)), port)


@st.composite
def servers(draw: st.DrawFn, service: ServiceKey) -> Server:
    """Any settings of a server."""
    kind = draw(st.sampled_from(["DR", "NAT", "TUN"]))
    return draw(server_settings(draw(server_keys(service, kind)), kind))


def kinds_of(service: ServiceKey, key: ServerKey) -> list[str]:
    """How a server can be reached that has this address and port."""
    if (":" in key.address) != (service.family == "ipv6"):
        return ["TUN"]
    return ["DR", "NAT", "TUN"] if service.fwmark or key.port == service.port else ["NAT"]


@st.composite
def server_settings(draw: st.DrawFn, key: ServerKey, kind: str) -> Server:
    """Any settings of a server that is reached in some way."""
    upper = draw(st.sampled_from([0, 0, 1, 100, (1 << 31) - 1]))
    tun_type = draw(st.sampled_from(["ipip", "gue", "gre"])) if kind == "TUN" else None
    checksums = {"gue": ["none", "csum", "remcsum"], "gre": ["none", "csum"]}.get(tun_type or "", [])
    return Server(
        key=key,
        lb_kind=kind,
        weight=draw(st.sampled_from([0, 1, 3, 65535])),
        uthreshold=upper,
        lthreshold=draw(st.integers(0, upper)) if upper else 0,
        tun_type=tun_type,
        tun_port=draw(st.sampled_from([1, 6080, 65535])) if tun_type == "gue" else None,
        tun_checksum=draw(st.sampled_from(checksums)) if checksums else None,
    )


@st.composite
def pools(draw: st.DrawFn, key: ServiceKey) -> Pool:
    """A service with up to four servers."""
    drawn = draw(st.lists(servers(key), max_size=4))
    return Pool(draw(services(key)), {each.key: each for each in drawn})


@st.composite
def tables(draw: st.DrawFn, max_services: int = 4) -> Table:
    """A table of a few services."""
    keys = draw(st.lists(service_keys(), max_size=max_services, unique=True))
    return {key: draw(pools(key)) for key in keys}


@st.composite
def edited_servers(draw: st.DrawFn, service: ServiceKey, before: dict[ServerKey, Server]) -> dict[ServerKey, Server]:
    """The servers of a service after a change: some stay, have another weight or all settings anew, go, or come."""
    after = {each.key: each for each in draw(st.lists(servers(service), max_size=1))}
    for key, server in before.items():
        change = draw(st.sampled_from(["stays", "weight", "settings", "goes"]))
        if change == "settings":
            server = draw(server_settings(key, draw(st.sampled_from(kinds_of(service, key)))))  # noqa: PLW2901
        elif change == "weight":
            server = server._replace(weight=draw(st.sampled_from([0, 1, 3, 65535])))  # noqa: PLW2901
        if change != "goes":
            after[key] = server
    return after


@st.composite
def edited(draw: st.DrawFn, before: Table) -> Table:
    """A table after a change; two tables drawn apart hardly ever have a service in common, let alone a server."""
    after = draw(tables(1))
    for key, pool in before.items():
        if draw(st.sampled_from(["stays", "stays", "stays", "goes"])) == "stays":
            service = draw(st.just(pool.service) | services(key))
            after[key] = Pool(service, draw(edited_servers(key, pool.servers)))
    return after


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Table, Table]:
    """A table, and another that it becomes."""
    before = draw(tables(3))
    return before, draw(edited(before))

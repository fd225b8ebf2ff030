# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""What nginx serves, and what stands behind it, in its own words."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Any, ClassVar, Mapping, Optional, Tuple

from ansible_collections.lvs.cluster.plugins.module_utils._description.kinds import (
    BOOLEAN,
    FILE,
    LOCATION,
    NAME,
    NETWORK,
    PORT,
    WORD,
    choice,
    integer,
    list_of,
    meant,
    nginx_text,
    option,
    or_listed,
    raw_directives,
    require_regex,
    scalar,
    seconds,
    table,
    text,
)
from ansible_collections.lvs.cluster.plugins.module_utils._nginx.variables import unknown
from ansible_collections.lvs.cluster.plugins.module_utils._problems import BadValue

from .servers import Server

# Built into nginx; of the nginx.conf of nginx.org and of Red Hat. Ours has the cluster's name.
LOG_FORMATS = ("combined", "main")

METHODS = ("round_robin", "least_conn", "ip_hash", "random", "random two", "random two least_conn")
METHODS_TOLD = f"{', '.join(METHODS)}, hash KEY, hash KEY consistent"
FAILURES = (
    *("error", "timeout", "invalid_header", "http_500", "http_502", "http_503", "http_504", "http_403", "http_404"),
    *("http_429", "non_idempotent", "off"),
)
# Said in each server, whatever is said around it.
OF_TLS = dict.fromkeys(
    (
        *("ssl_protocols", "ssl_ciphers", "ssl_prefer_server_ciphers", "ssl_session_cache", "ssl_session_timeout"),
        *("ssl_ecdh_curve", "ssl_session_ticket_key", "ssl_reject_handshake"),
    ),
    "what all sites of a port have in common",
)
NOT_HERE = "is not in the nginx of Debian 12 and 13"
BY_KEEPALIVED = (
    f"{NOT_HERE}, which tells a server that fails from the requests that it fails",
    "Write max_fails and fail_timeout of the servers, and proxy_next_upstream",
)


def _method(value: Any) -> str:
    told = str(value)
    if told in METHODS:
        return told
    found = re.fullmatch(r"hash ([A-Za-z0-9_$.:/-]+)( consistent)?", told)
    if not found:
        raise BadValue("is not a known method", f"Write one of {METHODS_TOLD}{meant(told, METHODS)}")
    if unknown(found[1]):
        reason = f"has {unknown(found[1])[0]}, which is no variable of nginx's own"
        raise BadValue(reason, "Write another one, as hash $request_uri consistent")
    return told


def _size(value: Any) -> str:
    told = str(value)
    if isinstance(value, bool) or not re.fullmatch(r"[0-9]{1,9}[kKmM]?|[0-9]{1,3}[gG]", told):
        raise BadValue("is not a size", "Write one as 50m; 0 is without a limit")
    return told


def _server_name(value: Any) -> str:
    told = str(value).lower()
    # One of nginx's regular expressions would need to be known to compare it with the others.
    if not re.fullmatch(r"(?:\*?\.)?[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?(?:\.\*)?", told) or ".." in told:
        raise BadValue(
            "is not the name of a site", "Write one as shop.example.com, *.example.com, .example.com or www.example.*"
        )
    if len(told) > 253:
        raise BadValue(f"has {len(told)} characters", "Write at most 253")
    if told.startswith(("*.", ".")) and told.endswith(".*"):
        raise BadValue("has a * at either end", "Keep one of them")
    try:
        ipaddress.ip_address(told)
    except ValueError:
        return told
    raise BadValue(
        "is an address, by which a check asks", "Leave server_name out: such a site answers by its addresses"
    )


def _place(value: Any) -> str:
    """A prefix, a path alone (C(=)), a prefix before regular expressions (C(^~)), or one of these (C(~), C(~*))."""
    found = re.fullmatch(r"(?:(=|\^~|~\*?) +)?(\S+)", str(value))
    if not found:
        raise BadValue("is no location of nginx", "Write one as /, /api/, '= /login', '~ \\.php$'")
    modifier, place = found[1] or "", found[2]
    if modifier.startswith("~"):
        if not re.fullmatch(r"[A-Za-z0-9/_.\\^$|()?*+\[\]-]+", place):
            raise BadValue("has a sign that ends the word, or a block", "Write the location in raw of the server")
        require_regex(place)
    elif not re.fullmatch(r"/[A-Za-z0-9/_.+@:=~&%,-]*", place):
        raise BadValue("is no path of a URL", "Write one that starts with /, as nginx has it: without % and its query")
    return f"{modifier} {place}".strip()


METHOD = scalar(_method, METHODS_TOLD)
SIZE = scalar(_size, "size, as 50m")
SERVER_NAME = scalar(_server_name, "name of a site")
PLACE = scalar(_place, "location of nginx")
RETURN = nginx_text(
    r"[1-9][0-9]{2}(?: [A-Za-z0-9/:._~%?&=+,@$-]+)?|https?://[A-Za-z0-9/:._~%?&=+,@$-]+",
    "status, with a URL or a word",
    "Write one as 301 https://$host$request_uri; other text goes into raw",
)
LOG_FORMAT = nginx_text(
    r"[ -&(-\[\]-~]+", "format of nginx's log", "Write one line without ' and \\, with nginx's variables"
)
HEADER = text(r"[A-Za-z0-9-]+", "name of a header", "Write one as X-Forwarded-For", 64)


@dataclass(frozen=True)
class UpstreamServer(Server):
    """A C(server) of an nginx upstream."""

    port: Optional[int] = option(PORT, "by default the upstream's", default=None)
    weight: int = option(integer(1, 65535), "share of the requests", default=1)
    max_fails: int = option(integer(0, 1000), "failures within fail_timeout that take it out", default=1)
    fail_timeout: int = option(integer(1, 86400, "seconds"), "for how long it is out, in seconds", default=10)
    max_conns: int = option(integer(0, 65535), "connections to it at once; 0 is without a limit", default=0)
    backup: bool = option(BOOLEAN, "asked only when all the others are out", default=False)
    down: bool = option(BOOLEAN, "drained: it gets no new requests, and ends those that it has", default=False)

    REFUSED: ClassVar[Mapping[str, Tuple[str, str]]] = {
        "slow_start": (NOT_HERE, "Raise its weight step by step, a run each"),
        "resolve": (
            f"{NOT_HERE}, as it came with 1.27.3",
            "Write a host of the inventory or an address; a run renews it",
        ),
        "service": (NOT_HERE, "Write a host of the inventory or an address, and its port"),
        "route": (NOT_HERE, "Write method: ip_hash, or hash $cookie_NAME consistent, of the upstream"),
        "drain": (NOT_HERE, "Write down: true"),
        "check": BY_KEEPALIVED,
        "health_check": BY_KEEPALIVED,
    }


@dataclass(frozen=True)
class Upstream:
    """C(upstream) of ngx_http_upstream_module: what stands behind nginx."""

    name: str = option(NAME, "a name for the pool")
    servers: Tuple[UpstreamServer, ...] = option(
        list_of(table(UpstreamServer, shorthand="host")), "host names, or mappings with host or address"
    )
    virtual_server: str = option(
        WORD,
        "of one that no location names: whose real servers run this nginx; needed when there are several virtual "
        "servers",
        default="",
    )
    vrrp_instance: str = option(
        WORD, "in its place: the instance whose hosts run this nginx, where nothing is balanced before them", default=""
    )
    listen: Tuple[int, ...] = option(list_of(PORT), "with vrrp_instance: the ports that clients connect to", default=())
    port: int = option(PORT, "where the servers listen", default=8080)
    method: str = option(METHOD, "how a server is chosen", default="round_robin")
    health_path: str = option(
        LOCATION,
        "of one that no location names: the path that nginx answers itself, for a check of nginx and not of what is "
        "behind it",
        default="/healthz",
    )
    keepalive: int = option(integer(0, 10000), "idle connections kept to the servers, a worker", default=16)
    keepalive_timeout: float = option(
        seconds(0.001, 86400),
        "seconds for which one is kept; less than the application keeps it, or a request comes as it closes",
        default=1,
    )
    proxy_connect_timeout: float = option(seconds(0.001, 75), "seconds to wait for a connection", default=2)
    proxy_read_timeout: float = option(
        seconds(0.001, 86400), "seconds to wait for an answer, and for each next part of one", default=60
    )
    proxy_send_timeout: Optional[float] = option(
        seconds(0.001, 86400), "seconds to wait until it takes a part of a request; 60 by default", default=None
    )
    proxy_next_upstream: Tuple[str, ...] = option(
        list_of(choice(FAILURES, "failure")), "after which failures the next server is asked", default=()
    )
    proxy_next_upstream_tries: int = option(
        integer(0, 1000), "how many are asked at most; 0 is without a limit", default=0
    )
    proxy_next_upstream_timeout: float = option(
        seconds(0, 86400), "seconds within which the next is asked; 0 is without a limit", default=0
    )
    raw: str = raw_directives("in an upstream")

    REFUSED: ClassVar[Mapping[str, Tuple[str, str]]] = {
        "sticky": (NOT_HERE, "Write method: ip_hash, or hash $cookie_NAME consistent"),
        "slow_start": (NOT_HERE, "Raise the weight of a server step by step, a run each"),
        "health_check": BY_KEEPALIVED,
        "check": BY_KEEPALIVED,
        "resolver": (
            f"{NOT_HERE}, as it came with 1.27.3",
            "Write hosts of the inventory, or addresses; a run renews them",
        ),
        "queue": (NOT_HERE, "Remove it; max_conns of a server answers 502 above it"),
        "ntlm": (NOT_HERE, "Remove it"),
    }
    # Keywords that follow from something else, and from what.
    DERIVED: ClassVar[Mapping[str, str]] = {
        "server": "servers",
        "zone": "the count of the servers",
        **dict.fromkeys(("least_conn", "ip_hash", "random", "hash"), "the option method"),
        **dict.fromkeys(("keepalive", "keepalive_timeout"), "the option of this name"),
    }


@dataclass(frozen=True)
class Location:
    """A C(location): what answers a part of the paths."""

    location: str = option(PLACE, "the paths, as /, /api/, '= /login', '~ \\.php$'")
    upstream: str = option(WORD, "the upstream that is asked", default="")
    root: str = option(FILE, "the folder whose files are sent; the whole path is looked for in it", default="")
    return_: str = option(RETURN, "the answer, as 301 https://$host$request_uri", name="return", default="")
    raw: str = raw_directives("in a location")


@dataclass(frozen=True)
class NginxServer:
    """C(server) of ngx_http_core_module: a site."""

    name: str = option(NAME, "a name for the site")
    virtual_server: Tuple[str, ...] = option(
        or_listed(WORD),
        "before whose real servers it is; a list where several are; needed when there are several virtual servers",
        default=(),
    )
    vrrp_instance: str = option(
        WORD, "in its place: the instance whose hosts run this nginx, where nothing is balanced before them", default=""
    )
    listen: Tuple[int, ...] = option(
        list_of(PORT),
        "with vrrp_instance: the ports that clients connect to; with virtual_server: those of its ports that are the "
        "site's, by default all",
        default=(),
    )
    server_name: Tuple[str, ...] = option(
        or_listed(SERVER_NAME),
        "its names; without them it takes what is for no other site of its addresses",
        default=(),
    )
    ssl_certificate: str = option(FILE, "its certificate, with those between; then all of its port is TLS", default="")
    ssl_certificate_key: str = option(FILE, "the key of that", default="")
    http2: bool = option(BOOLEAN, "whether HTTP/2 is offered", default=False)
    locations: Tuple[Location, ...] = option(
        list_of(table(Location)), "what answers which paths; what none takes is not found", default=()
    )
    return_: str = option(
        RETURN, "the answer to what no location takes, as 301 https://$host$request_uri", name="return", default=""
    )
    client_max_body_size: str = option(SIZE, "the largest request; 1m by default", default="")
    health_path: str = option(
        LOCATION,
        "the path that nginx answers itself, for a check of nginx and not of what is behind it",
        default="/healthz",
    )
    raw: str = raw_directives("in a server")

    # Keywords that follow from something else, and from what.
    DERIVED: ClassVar[Mapping[str, str]] = {
        "listen": "virtual_server, or the option listen",
        "http2": "the option http2",
        "server_name": "the option server_name",
        "return": "the option return, which leaves health_path to nginx",
        "rewrite": "nothing that leaves health_path to nginx; write it in raw of a location",
        **dict.fromkeys(("ssl_certificate", "ssl_certificate_key"), "the option of this name"),
        **OF_TLS,
        "ssl": "what all sites of a port have",
        "access_log": "the name of the site",
        **dict.fromkeys(("set_real_ip_from", "real_ip_header", "real_ip_recursive"), "lvs_nginx_settings"),
    }


@dataclass(frozen=True)
class NginxSettings:
    """What holds for nginx as a whole."""

    log_format: str = option(LOG_FORMAT, "what stands in a line of an access log", default="")
    set_real_ip_from: Tuple[str, ...] = option(
        list_of(NETWORK), "whose word is taken on who the client is: proxies before the virtual servers", default=()
    )
    real_ip_header: str = option(HEADER, "where they say it; they append to X-Forwarded-For by default", default="")
    real_ip_recursive: bool = option(
        BOOLEAN, "whether the client is the last address in it that is none of them", default=True
    )
    worker_connections: Optional[int] = option(
        integer(64, 1000000),
        "connections of a worker: two a client that is proxied; 768 of Debian's nginx.conf, in which it is changed",
        default=None,
    )
    worker_rlimit_nofile: Optional[int] = option(
        integer(64, 10000000),
        "how many files a worker may have open; twice worker_connections by default, where these are written",
        default=None,
    )
    worker_shutdown_timeout: Optional[float] = option(
        seconds(1, 86400), "seconds after which a reload closes what old workers still serve", default=None
    )
    raw: str = raw_directives("in http")

    DERIVED: ClassVar[Mapping[str, str]] = {
        "upstream": "lvs_nginx_upstreams",
        "server": "lvs_nginx_servers",
        **OF_TLS,
    }

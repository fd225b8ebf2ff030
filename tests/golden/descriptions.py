"""Descriptions far outside the tidy, as hypothesis draws them, and as much of each as the checks accept."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from dataclasses import MISSING
from typing import Any

from ansible_collections.lvs.cluster.plugins.module_utils._description import inventory
from ansible_collections.lvs.cluster.plugins.module_utils._description.kinds import Reader, options
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.asking import ASKS as ASKED
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.checkers import CHECKS as CHECKS_READER
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.checkers import REGEX_OPTIONS, HttpGet
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.cluster import Cluster
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.globals import GlobalDefs
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.proxies import (
    METHODS,
    METHODS_TOLD,
    NginxServer,
    NginxSettings,
    Upstream,
    UpstreamServer,
)
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.scripts import Script
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.services import RealServer, VirtualServer
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.vrrp import VirtualAddress, VrrpInstance
from ansible_collections.lvs.cluster.plugins.module_utils._nginx.variables import KNOWN
from ansible_collections.lvs.cluster.tests.unit.plugins.module_utils._description.example import (
    HOSTS,
    OTHER_INSTANCE,
    OTHER_SERVICE,
    OTHER_UPSTREAM,
    OTHER_VIP,
    VIP,
    hostvars,
)
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

# keepalived looks closer at an instance whose interface is there.
THERE = [name for _index, name in socket.if_nameindex() if name.startswith("e")]
INTERFACE = THERE[0] if THERE else "eth0"
LONG = (62, 63, 64, 253, 1001)

# What stands for a value: mostly what is just about right, then what is not.
words = st.one_of(
    st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,20}", fullmatch=True),
    st.sampled_from(
        [
            "id",
            "inst",
            "group",
            "maxlen",
            "port",
            "ttl",
            "netlink_notify",
            "combined",
            "main",
            "off",
            "on",
            "true",
            "0",
            "App",
        ]
    ),
    st.sampled_from(
        ["include", "virtual_server", "default", "server", "}", "{", "a}", "a;", "a b", '"a', "#a", "$a", ""]
    ),
    st.sampled_from(LONG).map("a".__mul__),
)
signs = "abcXYZ019/_.%?&=+:@,-*()#!$;~'\"[]{}|\\^<> \n\t\u00e9"
paths = st.one_of(
    st.text(signs, max_size=12).map("/".__add__),
    st.from_regex(r"/[a-z0-9/_.%?&=+:@,-]{0,30}", fullmatch=True),
    st.sampled_from([997, 998, 999, 1000, 1001, 1023]).map(lambda many: "/" + "p" * many),
    st.sampled_from(
        ["/", "//", "/.", "/..", "/?", "/%", "/%s", "/%%n", "/at/", f"/healthz/at/{VIP}", "/@a", "/healthz"]
    ),
)
seconds = st.one_of(
    st.integers(0, 40),
    st.floats(0, 100000) | st.integers(0, 100000),
    st.integers(0, 100000).map(lambda steps: steps / 1000),
    st.sampled_from(
        [1e-05, 0.1 + 0.2, 0.001, 0.01, 0.015, 0.07, 1.0, 40.95, 40.96, 75, 255, 1000, 3600, 86400, "0.29"]
    ),
)
numbers = st.one_of(
    st.integers(0, 5),
    st.integers(0, 70000),
    st.sampled_from([255, 256, 65535, 65536, 10000, 2678400, 2**31 - 1, 2**31, 2**32, "7", " 7", True, -1]),
)
booleans = st.booleans()
HOSTS6 = {name: f"2001:db8::{address.rpartition('.')[2]}" for name, address in HOSTS.items()}
VIP6 = "2001:db8::100"
ipv4_addresses = st.one_of(
    st.ip_addresses(v=4).map(str),
    st.sampled_from([VIP, *HOSTS.values(), "127.0.0.1", "0.0.0.0", "224.0.0.18", "255.255.255.255", "192.0.2.0"]),
)
ipv6_addresses = st.one_of(
    st.ip_addresses(v=6).map(str),
    st.ip_addresses(v=6).map(lambda address: address.exploded),
    st.sampled_from(
        [VIP6, *HOSTS6.values(), "::1", "::", "ff02::12", "fe80::1", "::ffff:192.0.2.9", "2001:db8::%eth0"]
    ),
)
addresses = ipv4_addresses | ipv6_addresses
servers = st.one_of(
    st.sampled_from(list(HOSTS)),
    st.builds(lambda address, weight: {"address": address, "weight": weight}, addresses, numbers),
    st.builds(lambda host, weight: {"host": host, "weight": weight}, st.sampled_from(list(HOSTS)), numbers),
)
servers6 = servers | st.builds(lambda address: {"address": address}, ipv6_addresses)
floating6 = (
    st.builds(lambda address, length: f"{address}/{length}", ipv6_addresses, st.integers(0, 128)) | ipv6_addresses
)
floating = st.builds(lambda address, length: f"{address}/{length}", ipv4_addresses, st.integers(0, 32)) | floating6
passwords = st.one_of(
    st.text("abXY01%&()*+,-./:;<=>?@^_|", min_size=1, max_size=9), st.text(signs, max_size=10), st.integers(0, 99999999)
)

mail_addresses = st.one_of(
    st.from_regex(r"[a-z.+%=-]{1,8}(@[a-z.-]{1,8})?", fullmatch=True),
    st.text(signs, max_size=10).map("root@".__add__),
    st.sampled_from(["root", "root@localhost", "a.b+c=d%e@example.com"]),
)
labels = st.one_of(
    st.sampled_from([f"{INTERFACE}:web", f"{INTERFACE}:", "eth0", "eth0:" + "l" * 10, "eth0:" + "l" * 11]),
    st.text(signs, max_size=10).map("eth0:".__add__),
)
# The files of the user who describes it.
FILES = {"/inventory/files/notify.sh": b"#!/bin/sh\n", "/inventory/check": b"#!/usr/bin/env python3\n"}
arguments = st.text(signs, max_size=6) | st.from_regex(r"[a-z0-9/_.:=@,+%-]{1,8}", fullmatch=True)
scripts = st.one_of(
    st.sampled_from(["notify.sh", "/inventory/check", "gone.sh", ""]),
    st.builds(
        lambda source, args: {**source, "args": args},
        st.sampled_from(
            [
                {"file": "check"},
                {"content": "#!/bin/sh\n"},
                {"content": "true"},
                {"path": "/usr/bin/pgrep"},
                {"path": "a"},
            ]
        ),
        st.lists(arguments, min_size=1, max_size=3),
    ),
)
statuses = st.integers(90, 610) | st.sampled_from(["200-299", "299-200", "100-599", "503", "2xx"])
REGEXES = [
    "^ok$",
    r"a\.b\\c",
    "(a|b){2,3}[^'x]#!",
    r"\x22\d+\s*",
    "(",
    "a{2,1}",
    "$_PWD",
    "a$b ${c}",
    r"\u0041",
    "[[:alpha:]]",
    "(?i)x",
    "{ } # ! @",
    "'",
    "~SEQ(a,1)",
    "a++",
]
networks = floating | st.sampled_from(["default", "0.0.0.0/0", "198.51.100.0/24", "::/0", "2001:db8:1::/48"])
octets = st.sampled_from(["ab", "AB 00 12", "ab0012", "a", "a b", "xx", "a" * 1001, "00" * 500])
# What stands for text of a kind, by what the kind says that it accepts.
TEXTS = {
    "path of a URL": paths,
    "IPv4 or IPv6 address": addresses,
    "IPv4 or IPv6 address/length": floating,
    "label": labels,
    "mail address": mail_addresses,
    "name": words,
    "IPv4 or IPv6 network": networks,
    "IPv4 or IPv6 network, or default": networks,
    "name of a program": st.sampled_from(["nginx", "a/b", "n" * 16, "/usr/sbin/nginx", "a b"]),
    "name of at most 63 characters": st.just("watched"),
    "name of at most 27 characters": st.just("watched"),
    "path of a URL, without a query": paths,
    METHODS_TOLD: words,
    "multicast address of IPv4": addresses | st.sampled_from(["224.0.0.19", "239.255.255.255"]),
    "multicast address of IPv6": st.sampled_from(["ff02::13", "ff05::2", "2001:db8::1", "ff02:0::1"]),
    "path": st.sampled_from(["/run/watched", "/tmp/watched", "run", "/run/a b", "/run/#"]),
    "name of a site": st.one_of(
        st.sampled_from(
            ["shop.example.com", "*.example.com", ".example.com", "www.example.*", "_", "~^a", VIP, "a..b"]
        ),
        st.from_regex(r"[a-zA-Z0-9.*_-]{1,20}", fullmatch=True),
        st.sampled_from((40, 46, 63, 253)).map("a".__mul__),
    ),
    "location of nginx": st.one_of(
        st.sampled_from(
            [
                "/",
                "/api/",
                "= /healthz",
                "= /a",
                "^~ /a",
                "^~ /",
                "^~ /api/",
                r"~* \.(php|cgi)$",
                "~ (",
                "@a",
                "/a b",
                "/{",
                "/;",
            ]
        ),
        paths,
    ),
    "status, with a URL or a word": st.one_of(
        st.sampled_from(
            ["404", "301 https://$host$request_uri", "https://$host/", "200 $nothing", "302 $", "99", "444"]
        ),
        st.text(signs, max_size=8).map("302 /".__add__),
    ),
    "format of nginx's log": st.one_of(
        st.sampled_from(['$remote_addr "$request"', "'", "$nothing", "$http_a ${arg_b}"]),
        st.text(signs, min_size=1, max_size=12),
    ),
    "size, as 50m": st.sampled_from(["50m", 0, "1G", "5x", "-1", "999999999m"]),
    "name of a header": st.sampled_from(["X-Forwarded-For", "X-Real-IP", "proxy_protocol", "a;"]),
    "path of a file": st.sampled_from(["notify.sh", "gone.html", ""]),
    "100 to 599, or a range as 200-299, or list": statuses | st.lists(statuses, min_size=1, max_size=3),
    "regular expression": st.text(signs, max_size=8) | st.sampled_from(REGEXES),
    f"{', '.join(REGEX_OPTIONS)}, or list": st.lists(st.sampled_from([*REGEX_OPTIONS, "fast"]), min_size=1, max_size=3),
    "digest of 32 hex digits": st.sampled_from(["9b3a0c85a887a256d6939da88aabd8cd", "9B" * 16, "9b3a", "z" * 32]),
    "name of DNS": words | st.sampled_from([".", "a.example.com.", "a..b", ".a", "_sip._udp.example.com"]),
    "name and port of a site": words | st.sampled_from(["www.example.com:8443", "a:b", "192.0.2.9"]),
    "row of octets in hex": octets,
    "true, or row of octets in hex, x for any digit": octets,
    "netmask, or length of IPv6": st.sampled_from(
        ["255.255.255.0", "255.0.255.0", "0.0.0.0", "255.255.255.255", "24", 64, 128, 129]
    ),
    "socket of SNMP": st.sampled_from(["unix:/var/agentx/master", "tcp:127.0.0.1:705", "a b"]),
    "name of at most 15 characters": st.sampled_from([INTERFACE, "lo", "i" * 16]),
}
KINDS = {"int": numbers, "float": seconds, "bool": booleans}
# keepalived waits for an answer when it looks up a name.
BY_NAME: dict[str, Any] = {
    "host": st.sampled_from(["lvs1", "lvs2", "web1"]),
    "hosts": st.sampled_from([["lvs1"], ["lvs1", "lvs2"], ["lvs1", "app1", "app2", "lvs2"]]),
    "group": st.just(["web", "mail"]),
    "smtp_server": st.builds(lambda each, port: {"address": each, "port": port}, addresses, numbers),
}


def of_options(table: type[Any], *but: str) -> dict[str, Any]:
    """What may stand for each option of a table, by its kind, but for those that are told otherwise, and raw lines."""
    known = options(table).items()
    return {
        name: BY_NAME[name] if name in BY_NAME else of_kind(field.metadata["reader"])
        for name, field in known
        if name not in ("raw", *but)
    }


def table_of(name: str) -> type[Any]:
    """The table whose entries a variable lists."""
    (table,) = options(Cluster)[name].metadata["reader"].element.tables.values()
    return table


def of_kind(reader: Reader) -> st.SearchStrategy[Any]:
    if reader.kind == "list" or (reader.kind == "raw" and reader.element):
        assert reader.element
        return st.lists(of_kind(reader.element), min_size=1, max_size=3)
    if Script in reader.tables.values():
        return scripts
    if reader.tables:
        return of_tables(reader)
    if reader.choices:
        return st.sampled_from(reader.choices)
    if reader.accepts.startswith("true, or "):
        return booleans | TEXTS.get(reader.accepts, words)
    return KINDS[reader.kind] if reader.kind in KINDS else TEXTS[reader.accepts]


def of_tables(reader: Reader) -> st.SearchStrategy[Any]:
    if len(reader.tables) > 1:
        # Of each with options of its own alone: of another's, one would have all of it refused.
        one = st.one_of([mapping_of(table, type=st.just(word)) for word, table in reader.tables.items()])
        return one | one | st.lists(one, min_size=1, max_size=3) | st.just("none")
    (table,) = reader.tables.values()
    # A bare word stands for the first.
    first = next(iter(of_options(table).values()))
    return mapping_of(table) | first if reader.kind == "raw" else mapping_of(table)


def mapping_of(table: type[Any], *but: str, **required: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """What may stand for a table, with all that is required, and without some."""
    values = of_options(table, *but, *required)
    needed = {name: values.pop(name) for name, field in options(table).items() if field.default is MISSING}
    return st.fixed_dictionaries({**required, **needed}, optional=values)


RAW = st.sampled_from([["debug 1"], ["# } {"], ["}"], ["{"], ['"'], ["state MASTER"], ["debug 0", "debug 1"]])
# Of each type with options of its own alone: of another's, one would have all of it refused.
ASKS = st.one_of(st.fixed_dictionaries({"type": st.just(each.keyword)}, optional=of_options(each)) for each in ASKED)
INSTANCE = {
    "name": words,
    "virtual_router_id": numbers,
    "version": st.sampled_from([2, 3]),
    "advert_int": seconds,
    "preempt": booleans,
    "preempt_delay": seconds,
    "authentication": st.fixed_dictionaries({"auth_pass": passwords}),
    "unicast": booleans,
    "spread": booleans,
    "interface": st.sampled_from([INTERFACE, "lo"]),
    "virtual_ipaddress[1]": of_kind(options(VrrpInstance)["virtual_ipaddress"].metadata["reader"].element),
    "hosts": st.sampled_from([["lvs1"], ["lvs1", "lvs2"], ["lvs1", "app1", "app2", "lvs2"]]),
    "raw": RAW,
    "check": ASKS,
}
INSTANCE.update(of_options(VrrpInstance, *INSTANCE, "virtual_ipaddress"))
# The same of IPv6.
INSTANCE6 = {
    **INSTANCE,
    "name": st.just("six"),
    "virtual_ipaddress[1]": floating6
    | st.fixed_dictionaries({"address": floating6}, optional=of_options(VirtualAddress, "address")),
}
CHECKS = of_kind(CHECKS_READER)
CHECK = of_options(HttpGet, "url")
SERVICE = {
    "name": words,
    "port": numbers,
    "lb_algo": st.sampled_from(
        ["rr", "wrr", "lc", "wlc", "lblc", "lblcr", "dh", "sh", "sed", "nq", "fo", "ovf", "mh", "twos"]
    ),
    "mh-port": booleans,
    "sh-port": booleans,
    "delay_loop": seconds,
    "persistence_timeout": numbers,
    "sorry_server": servers,
    "inhibit_on_failure": booleans,
    "alpha": booleans,
    "quorum": numbers,
    "hysteresis": numbers,
    "real_servers[0]": servers,
    "real_servers[1]": mapping_of(RealServer, "address", host=st.just("web2")),
    "real_servers[2]": servers,
}
SERVED = ("address", "port", "fwmark", "marked", "group")
SERVICE.update(of_options(VirtualServer, *SERVICE, *SERVED, "real_servers", "hosts", "interface", "label", "check"))
SERVICE6 = {
    **SERVICE,
    "name": st.just("six"),
    "real_servers[0]": servers6,
    "real_servers[2]": servers6,
    "sorry_server": servers6,
    "check": CHECKS,
}
# What has none of its own address.
OTHERWISE = {name: values for name, values in SERVICE.items() if name not in ("name", "port")}
clients = st.sampled_from([VIP, OTHER_VIP, "198.51.100.7"])
MARKED = {
    **OTHERWISE,
    "fwmark": numbers,
    "marked[0].ports": st.lists(numbers, min_size=1, max_size=3),
    "marked[0].protocol": st.sampled_from(["TCP", "UDP", "SCTP"]),
    "marked[1]": st.builds(lambda address, port: {"address": address, "ports": [port]}, clients, numbers),
}
GROUP = {
    **OTHERWISE,
    "group[0].port": numbers,
    "group[1]": st.builds(lambda address, port: {"address": address, "port": port}, clients, numbers),
}
# What an upstream has no more once a location names it.
PLACED = ("name", "virtual_server", "vrrp_instance", "listen", "health_path")
POOL = {
    "port": numbers,
    "method": st.sampled_from(
        [*METHODS, "hash $request_uri", "hash $cookie_a$uri consistent", "hash a", "hash $nothing", "hash ;", "hash {"]
    ),
    **of_options(
        Upstream, "name", "servers", "virtual_server", "vrrp_instance", "listen", "port", "method", "health_path"
    ),
    "servers[0]": st.builds(
        lambda address, own: {"address": address, **own},
        addresses,
        st.fixed_dictionaries({}, optional=of_options(UpstreamServer, "host", "address")),
    ),
    "raw": st.sampled_from(["keepalive_requests 5;", "# a\nkeepalive_time 1h;", "}", "least_conn;", 'server "a;', ";"]),
}
UPSTREAM = {
    "name": words,
    "health_path": paths,
    **POOL,
}
PLACES = st.fixed_dictionaries(
    {"location": TEXTS["location of nginx"]},
    optional={
        "upstream": st.just("pool"),
        "root": st.sampled_from(["/srv/www", "/srv/a b", "srv"]),
        "return": TEXTS["status, with a URL or a word"],
        "raw": st.sampled_from(
            [
                "proxy_read_timeout 5s;",
                "proxy_set_header host a;\nproxy_set_header X-A $http_a;",
                "proxy_next_upstream off;",
                "if ($args) { return 403; }",
                "if ($args) { proxy_set_header A b; }",
                "} location /b {",
                "root /srv;",
                "alias /srv/;",
            ]
        ),
    },
)
SITE = {
    **of_options(NginxServer, "virtual_server", "vrrp_instance", "listen", "locations", "ssl_certificate_key"),
    "name": words,
    "locations": st.lists(PLACES, min_size=1, max_size=4),
    "virtual_server": st.sampled_from(["webs", ["webs", "more"], "more", "web", ["webs", "none"], ["webs", "six"]]),
    "health_path": paths,
    "raw": st.sampled_from(
        [
            "gzip off;",
            "client_max_body_size 5m;",
            "location /raw { return 204; }",
            "location / { return 204; }",
            "location ^~ / { return 204; }",
            "location ^~/api/ { return 204; }",
            "location =/healthz { return 204; }",
            "ssl_ecdh_curve X25519;",
            "if ($args) { return 403; }",
            "error_page 502 /a;",
            "listen 80;",
            "} server {",
            "'",
        ]
    ),
}
CHANGES = {
    "lvs_cluster": words,
    "lvs_sync_daemon": booleans,
    **{f"lvs_global_defs.{key}": values for key, values in of_options(GlobalDefs).items()},
    **{
        f"{name}[0].{key}": values
        for name in ("lvs_vrrp_track_processes", "lvs_vrrp_track_files", "lvs_bfd_instances", "lvs_vrrp_scripts")
        for key, values in of_options(table_of(name), "name").items()
    },
    **{
        name: of_kind(options(Cluster)[name].metadata["reader"])
        for name in ("lvs_vrrp_sync_groups", "lvs_static_ipaddress", "lvs_static_routes", "lvs_static_rules")
    },
    **{f"lvs_virtual_servers[0].check.{key}": values for key, values in CHECK.items()},
    "lvs_virtual_servers[1].check": CHECKS,
    **{f"lvs_vrrp_instances[{place}].{key}": values for place in (0, 1) for key, values in INSTANCE.items()},
    **{f"lvs_virtual_servers[{place}].{key}": values for place in (0, 1) for key, values in SERVICE.items()},
    **{f"lvs_vrrp_instances[2].{key}": values for key, values in INSTANCE6.items()},
    **{f"lvs_virtual_servers[6].{key}": values for key, values in SERVICE6.items()},
    **{f"lvs_virtual_servers[4].{key}": values for key, values in MARKED.items()},
    **{f"lvs_virtual_servers[5].{key}": values for key, values in GROUP.items()},
    **{f"lvs_nginx_upstreams[{place}].{key}": values for place in (0, 1) for key, values in UPSTREAM.items()},
    **{f"lvs_nginx_upstreams[2].{key}": values for key, values in POOL.items()},
    **{f"lvs_nginx_servers[{place}].{key}": values for place in (0, 1, 2) for key, values in SITE.items()},
    **{f"lvs_nginx_settings.{key}": values for key, values in of_options(NginxSettings).items()},
    "lvs_nginx_settings.raw": st.sampled_from(["server_tokens off;", "server { }", "map $uri $b { default 1; }", "a"]),
}
TLS = {"ssl_certificate": "/etc/ssl/a.crt", "ssl_certificate_key": "/etc/ssl/a.key"}
START = {
    "lvs_global_defs": {},
    "lvs_vrrp_track_processes": [{"name": "watched", "process": "nginx"}],
    "lvs_vrrp_track_files": [{"name": "watched", "file": "/run/watched"}],
    "lvs_bfd_instances": [{"name": "watched", "hosts": ["lvs1", "lvs2"]}],
    "lvs_vrrp_scripts": [{"name": "watched", "script": {"path": "/usr/bin/true"}}],
    "lvs_vrrp_instances[1]": OTHER_INSTANCE,
    "lvs_vrrp_instances[2]": {
        "name": "six",
        "virtual_router_id": 51,
        "virtual_ipaddress": [VIP6],
        "hosts": ["lvs1", "lvs2"],
    },
    "lvs_virtual_servers[1]": OTHER_SERVICE,
    "lvs_nginx_upstreams[0].virtual_server": "web",
    "lvs_nginx_upstreams[1]": OTHER_UPSTREAM,
    "lvs_nginx_upstreams[2]": {"name": "pool", "servers": ["app1", "app2"]},
    "lvs_virtual_servers[2]": {"name": "webs", "address": VIP, "port": 443, "real_servers": ["web1", "web2"]},
    "lvs_virtual_servers[3]": {"name": "more", "address": OTHER_VIP, "port": 443, "real_servers": ["web1"]},
    "lvs_virtual_servers[4]": {
        "name": "marked",
        "fwmark": 7,
        "marked": [{"address": VIP, "ports": [8443]}],
        "real_servers": ["web1", "web2"],
    },
    "lvs_virtual_servers[5]": {
        "name": "grouped",
        "group": [{"address": OTHER_VIP, "port": 8081}],
        "real_servers": ["web1", "web2"],
    },
    "lvs_virtual_servers[6]": {"name": "six", "address": VIP6, "port": 80, "real_servers": ["web1", "web2"]},
    "lvs_nginx_servers": [
        {"name": "shop", "virtual_server": "webs", "server_name": "shop.example.com", "return": "404", **TLS},
        {"name": "blog", "virtual_server": "webs", "server_name": "blog.example.com", "return": "404", **TLS},
        {
            "name": "any",
            "virtual_server": "more",
            "locations": [{"location": "/", "upstream": "pool"}],
            **TLS,
        },
    ],
    "lvs_nginx_settings": {},
}


def variables_with(changes: dict[str, Any]) -> dict[str, dict[str, Any]]:
    # An upstream refers to its service by name.
    names = {
        f"lvs_nginx_upstreams[{place}].virtual_server": changes[f"lvs_virtual_servers[{place}].name"]
        for place in (0, 1)
        if f"lvs_virtual_servers[{place}].name" in changes
    }
    groups = changes.get("lvs_vrrp_sync_groups", ())
    members = [changes.get(f"lvs_vrrp_instances[{place}].name", name) for place, name in ((0, "web"), (1, "mail"))]
    names.update({f"lvs_vrrp_sync_groups[{place}].group": members for place in range(len(groups))})
    variables = hostvars({**START, **changes, **names})
    told = {"lvs_interface": INTERFACE, "inventory_dir": "/inventory"}
    return {host: {**own, **told, "lvs_address": HOSTS6[host]} for host, own in variables.items()}


def read_script(paths: Sequence[str]) -> bytes | None:
    return next((FILES[path] for path in paths if path in FILES), None)


NAMED = "a" * 63
VARIABLES = [f"${each}" for each in sorted(KNOWN)]
LARGE = {
    "every variable of nginx's own": {
        "lvs_nginx_settings.log_format": " ".join(VARIABLES[::2]),
        "lvs_nginx_servers[0].return": f"302 /{'/'.join(VARIABLES[1::2])}",
    },
    "the longest names of sites": {
        "lvs_nginx_servers[0].server_name": [f"{'a' * each}.example.com" for each in (30, 52, 110, 241)],
    },
    "as many addresses as an advert has room for": {
        "lvs_vrrp_instances[0].virtual_ipaddress": [
            f"{VIP}/32",
            *(f"198.51.100.{place}/32" for place in range(1, 255)),
        ],
        "lvs_vrrp_instances[2].virtual_ipaddress": [VIP6, *(f"2001:db8:1::{place:x}/64" for place in range(1, 76))],
    },
    "a pool of a thousand": {
        "lvs_nginx_upstreams[0].servers": [{"address": "198.51.100.100", "port": 10000 + each} for each in range(1000)]
    },
    "the longest names and paths": {
        "lvs_cluster": NAMED,
        "lvs_vrrp_instances[0].name": NAMED,
        "lvs_virtual_servers[0].name": NAMED,
        "lvs_virtual_servers[0].check.path": "/" + "p" * 999,
        "lvs_nginx_upstreams[0].name": NAMED,
        "lvs_nginx_upstreams[0].health_path": "/" + "p" * 999,
    },
}

# Of most kinds one of several is accepted, so that little is left at its default.
CANDIDATES = {path: st.lists(values, min_size=1, max_size=4) for path, values in CHANGES.items()}
DESCRIPTIONS = st.fixed_dictionaries({}, optional=CANDIDATES)


def accepted(candidates: dict[str, list[Any]]) -> dict[str, Any]:
    """For each path the first value that the checks accept, if there is one."""
    left = {path: list(values) for path, values in candidates.items()}
    while True:
        changes = {path: values[0] for path, values in left.items()}
        variables = variables_with(changes)
        # A host that no list names knows its own address, and that none may be a server by that; the others do not.
        problems = [
            problem for host in ("lvs1", "web1") for problem in inventory.described(variables, host, read_script)[2]
        ]
        if not problems:
            return changes
        refused = [path for path in left if any(problem.path.startswith(path) for problem in problems)]
        for path in refused or [list(left)[-1]]:
            del left[path][0]
        left = {path: values for path, values in left.items() if values}


def found_in(changes: dict[str, Any], wrong: Callable[[dict[str, Any]], list[str]]) -> tuple[list[str], dict[str, Any]]:
    """What is wrong, and those of the changes that it needs; hypothesis finds them too, in minutes."""
    found = wrong(changes)
    for path in list(changes) if found else ():
        fewer = accepted({each: [value] for each, value in changes.items() if each != path})
        still = wrong(fewer)
        if still:
            found, changes = still, fewer
    return found, changes


def check_ten(number: int, check: Callable[[dict[str, list[Any]]], None]) -> None:
    """Ten descriptions: of more, hypothesis makes most from those it has.

    They are the same ones for a number in every run of the same tests; it also draws the constants of loaded modules.
    """

    @seed(number)
    @settings(
        max_examples=10,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(DESCRIPTIONS)
    def ten(description: dict[str, list[Any]]) -> None:
        check(description)

    ten()

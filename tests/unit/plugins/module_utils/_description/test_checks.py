# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._description import inventory
from ansible_collections.lvs.cluster.plugins.module_utils._description.problems import Problem
from ansible_collections.lvs.cluster.tests.unit.plugins.module_utils._description.example import (
    HOSTS,
    INSTANCE,
    OTHER_INSTANCE,
    OTHER_SERVICE,
    OTHER_UPSTREAM,
    OTHER_VIP,
    REMOVED,
    SERVICE,
    UPSTREAM,
    VIP,
    hostvars,
)

INSTANCES, SERVICES, UPSTREAMS = "lvs_vrrp_instances", "lvs_virtual_servers", "lvs_nginx_upstreams"
FIRST_INSTANCE, FIRST_SERVICE, FIRST_UPSTREAM = f"{INSTANCES}[0]", f"{SERVICES}[0]", f"{UPSTREAMS}[0]"
SECOND_INSTANCE, SECOND_SERVICE, SECOND_UPSTREAM = f"{INSTANCES}[1]", f"{SERVICES}[1]", f"{UPSTREAMS}[1]"
# Everything that a second instance, service and upstream need to be good.
TWO_OF_EACH = {SECOND_INSTANCE: OTHER_INSTANCE, SECOND_SERVICE: OTHER_SERVICE, SECOND_UPSTREAM: OTHER_UPSTREAM}
TWO_UPSTREAMS = {f"{FIRST_UPSTREAM}.virtual_server": "web", **TWO_OF_EACH}
# The second instance with directors of its own, with the first one's number.
PAIR_ELSEWHERE = {
    "hosts.lvs3": {"ansible_host": "198.51.100.13"},
    "hosts.lvs4": {"ansible_host": "198.51.100.14"},
    f"{SECOND_INSTANCE}.hosts": ["lvs3", "lvs4"],
    f"{SECOND_INSTANCE}.virtual_router_id": 51,
}
SECRET = "s3cret"
EVERY = "lvs1, lvs2, web1 and 3 more"


def problems_with(changes: dict[str, Any], host: str = "lvs1") -> list[Problem]:
    return inventory.described(hostvars(changes), host)[2]


def bad(case: str, changes: dict[str, Any], *fragments: str, path: str = "") -> Any:
    """One mistake, and what its only message must hold; it stands where the last change is, unless a path says else."""
    return pytest.param(changes, path or list(changes)[-1], fragments, id=case)


BAD_KEYS = [
    bad(
        "unknown key at the top",
        {"lvs_directors": ["lvs1"]},
        "unknown variable",
        "Remove it, or write one of lvs_vrrp_instances,",
        path=f"lvs_directors of host {EVERY}",
    ),
    bad(
        "unknown key of an instance", {f"{FIRST_INSTANCE}.priority": 100}, "unknown key", "write one of name, virtual_"
    ),
    bad("unknown key of a virtual server", {f"{FIRST_SERVICE}.ha_suspend": True}, "unknown key", "lb_algo, lb_kind"),
    bad("unknown key of a check", {f"{FIRST_SERVICE}.check.digest": "640"}, "unknown key", "status_code"),
    bad("unknown key of a real server", {f"{FIRST_SERVICE}.real_servers[1].uthreshold": 9}, "unknown key", "weight"),
    bad(
        "unknown key of a sorry server",
        {f"{FIRST_SERVICE}.sorry_server": {"address": "192.0.2.9", "weight": 1}},
        "unknown key",
        "host, address, port",
        path=f"{FIRST_SERVICE}.sorry_server.weight",
    ),
    bad("unknown key of an upstream", {f"{FIRST_UPSTREAM}.zone": "app 64k"}, "unknown key", "health_path"),
    bad("unknown key of an upstream server", {f"{FIRST_UPSTREAM}.servers[1].slow_start": 9}, "unknown key", "backup"),
    bad(
        "unknown key of an authentication",
        {f"{FIRST_INSTANCE}.authentication": {"auth_pass": "secret", "key": "x"}},
        "unknown key",
        "auth_pass, auth_type",
        path=f"{FIRST_INSTANCE}.authentication.key",
    ),
    bad(
        "unknown key that is a number",
        {f"{FIRST_SERVICE}.check": {80: "x"}},
        "unknown",
        path=f"{FIRST_SERVICE}.check.80",
    ),
    bad(
        "unknown key of two lines",
        {f"{FIRST_SERVICE}.check": {"a\nb": "x"}},
        "unknown",
        path=f'{FIRST_SERVICE}.check."a\\nb"',
    ),
    bad("misspelt optional key", {f"{FIRST_SERVICE}.delayloop": 6}, "(did you mean delay_loop?)"),
    bad(
        "misspelt required key",
        {f"{FIRST_INSTANCE}.hosts": REMOVED, f"{FIRST_INSTANCE}.host": ["lvs1"]},
        "(did you mean hosts?)",
    ),
    bad(
        "misspelt host of a real server",
        {f"{FIRST_SERVICE}.real_servers[0]": {"hots": "web1"}},
        "(did you mean host?)",
        path=f"{FIRST_SERVICE}.real_servers[0].hots",
    ),
    bad(
        "misspelt table of instances",
        {INSTANCES: REMOVED, "lvs_vrrp_instance": [INSTANCE]},
        "(did you mean lvs_vrrp_instances",
        path="lvs_vrrp_instance of host lvs1, web1, web2 and 2 more",
    ),
    bad(
        "misspelt table of virtual servers",
        {SERVICES: REMOVED, "lvs_virtual_server": [SERVICE]},
        "(did you mean lvs_virtual_servers",
        path="lvs_virtual_server of host lvs1, lvs2, app1 and 1 more",
    ),
    bad(
        "misspelt virtual_server of an upstream",
        {**TWO_OF_EACH, f"{FIRST_UPSTREAM}.virtual_servers": "web"},
        "(did you mean virtual_server?)",
    ),
]

BAD_HOSTS = [
    bad(
        "misspelt lvs_address of a real server",
        {"hosts.web1.lvs_adress": "198.51.100.21"},
        "is an unknown variable",
        "(did you mean lvs_address or lvs_addresses?)",
        path="lvs_adress of host web1",
    ),
    bad(
        "misspelt lvs_address of a backend",
        {"hosts.app1.lvs_addr": "198.51.100.31"},
        "(did you mean lvs_address or",
        path="lvs_addr of host app1",
    ),
    bad(
        "lvs_address that is empty",
        {"hosts.app1.lvs_address": ""},
        'lvs_address of host app1 = "": is not an IPv4 address',
        path="lvs_address of host app1",
    ),
    bad(
        "lvs_address that is a name",
        {"hosts.web1.lvs_address": "web1.example"},
        '= "web1.example": is not an IPv4 address',
        path="lvs_address of host web1",
    ),
    bad(
        "lvs_interface of two words",
        {"hosts.lvs2.lvs_interface": "eth 0"},
        '= "eth 0": is not a name',
        path="lvs_interface of host lvs2",
    ),
    bad(
        "lvs_addresses that are a list",
        {"hosts.lvs1.lvs_addresses": ["198.51.100.11"]},
        "is a list, not a mapping",
        "Write {INTERFACE: IPv4 address}",
        path="lvs_addresses of host lvs1",
    ),
    bad(
        "lvs_addresses that hold none",
        {"hosts.lvs1.lvs_addresses": {"eth1": "here"}},
        '= "here": is not an IPv4 address',
        path="lvs_addresses.eth1 of host lvs1",
    ),
    bad(
        "lvs_addresses without an interface",
        {"hosts.lvs1.lvs_addresses": {"eth 1": "198.51.100.11"}},
        '= "eth 1": is not a name',
        path="lvs_addresses of host lvs1",
    ),
    bad(
        "lvs_addresses that are empty", {"hosts.lvs1.lvs_addresses": {}}, "is empty", path="lvs_addresses of host lvs1"
    ),
    bad(
        "instance on an interface whose address is not told",
        {"hosts.lvs2.lvs_interface": "eth0", f"{FIRST_INSTANCE}.interface": "eth1"},
        '= "lvs2": is a host whose address on eth1, the interface of the instance, is not told',
        "Set lvs_addresses of that host to {eth1: ADDRESS}",
        path=f"{FIRST_INSTANCE}.hosts[1]",
    ),
    bad("name of a cluster that is no word", {"lvs_cluster": "my shop"}, '= "my shop": is not a name'),
]

BAD_SHAPES = [
    *(
        bad(f"{table} that is empty", {table: []}, "= []: is empty", "lvs.cluster.teardown")
        for table in (INSTANCES, SERVICES, UPSTREAMS)
    ),
    *(
        bad(f"{table} without a value", {table: None}, ": is empty", "Leave the variable out")
        for table in (INSTANCES, SERVICES, UPSTREAMS)
    ),
    bad(
        f"{SERVICES} in the shape of another role's",
        {SERVICES: {"web": SERVICE}},
        "is a mapping, not a list",
        "each entry as {name: ..., address: ..., port: ..., real_servers: ...}",
    ),
    *(
        bad(f"{table} that is a mapping", {table: {"name": "web"}}, "is a mapping, not a list", "even for one")
        for table in (INSTANCES, SERVICES, UPSTREAMS)
    ),
    *(
        bad(f"{table} that is a number", {table: 5}, "is a number, not a list", "Write a YAML list")
        for table in (INSTANCES, SERVICES, UPSTREAMS)
    ),
    *(
        bad(
            f"entry of {table} that is text",
            {f"{table}[0]": "web"},
            "is text, not a mapping",
            "Write keys such as name",
        )
        for table in (INSTANCES, SERVICES, UPSTREAMS)
    ),
    *(
        bad(f"entry of {table} that is empty", {f"{table}[0]": None}, "is empty, not a mapping", "keys such as name")
        for table in (INSTANCES, SERVICES, UPSTREAMS)
    ),
    *(
        bad(
            f"entry of {table} that stands there twice",
            {**TWO_UPSTREAMS, f"{table}[2]": entry},
            "same as [1]",
            "List it once",
        )
        for table, entry in ((INSTANCES, OTHER_INSTANCE), (SERVICES, OTHER_SERVICE), (UPSTREAMS, OTHER_UPSTREAM))
    ),
    bad("directors that are text", {f"{FIRST_INSTANCE}.hosts": "lvs1"}, "is text, not a list", "Write a YAML list"),
    bad("addresses that are text", {f"{FIRST_INSTANCE}.virtual_ipaddress": VIP}, "is text, not a list"),
    bad("real servers that are true", {f"{FIRST_SERVICE}.real_servers": True}, "is true or false, not a list"),
    bad(
        "real server that is a list", {f"{FIRST_SERVICE}.real_servers[0]": ["web1"]}, "is a list, not a mapping", "host"
    ),
    bad(
        "check that is text",
        {f"{FIRST_SERVICE}.check": "TCP_CHECK"},
        "is text, not a mapping",
        "Write keys such as type",
    ),
    bad("empty directors", {f"{FIRST_INSTANCE}.hosts": []}, "= []: is empty", "Write at least 1"),
    bad("empty virtual_ipaddress", {f"{FIRST_INSTANCE}.virtual_ipaddress": []}, "= []: is empty", "Write at least 1"),
    bad(
        "empty real_servers", {f"{FIRST_SERVICE}.real_servers": []}, "= []: is empty", "Write at least 1, or leave the"
    ),
    bad("empty servers of an upstream", {f"{FIRST_UPSTREAM}.servers": []}, "= []: is empty", "Write at least 1"),
    *(
        bad(f"missing {path}", {path: REMOVED}, ": is missing.", f"Write {path.rsplit('.', maxsplit=1)[-1]}: ")
        for path in (
            f"{FIRST_INSTANCE}.name",
            f"{FIRST_INSTANCE}.virtual_router_id",
            f"{FIRST_INSTANCE}.virtual_ipaddress",
            f"{FIRST_INSTANCE}.hosts",
            f"{FIRST_SERVICE}.name",
            f"{FIRST_SERVICE}.address",
            f"{FIRST_SERVICE}.port",
            f"{FIRST_SERVICE}.real_servers",
            f"{FIRST_UPSTREAM}.name",
            f"{FIRST_UPSTREAM}.servers",
        )
    ),
    bad(
        "null where a value must be", {f"{FIRST_SERVICE}.port": None}, "is missing", "Write port: the port that clients"
    ),
]

BAD_VALUES = [
    bad("VRID 0", {f"{FIRST_INSTANCE}.virtual_router_id": 0}, "= 0: is out of range", "a whole number from 1 to 255"),
    bad("VRID 256", {f"{FIRST_INSTANCE}.virtual_router_id": 256}, "= 256: is out of range", "from 1 to 255"),
    bad("VRID true", {f"{FIRST_INSTANCE}.virtual_router_id": True}, "= True: is not a whole number", "from 1 to 255"),
    bad("VRID that is a list", {f"{FIRST_INSTANCE}.virtual_router_id": [51]}, "= [...]: is not a whole number"),
    bad("version 4", {f"{FIRST_INSTANCE}.version": 4}, "= 4: is out of range", "from 2 to 3"),
    bad("advert_int 0", {f"{FIRST_INSTANCE}.advert_int": 0}, "= 0: is not a time", "Write seconds from 0.01 to 255"),
    bad("advert_int that is no number", {f"{FIRST_INSTANCE}.advert_int": "1s"}, '= "1s": is not a time', "0.01 to 255"),
    bad("advert_int true", {f"{FIRST_INSTANCE}.advert_int": True}, "= True: is not a time", "0.01 to 255"),
    bad("advert_int nan", {f"{FIRST_INSTANCE}.advert_int": float("nan")}, "= nan: is not a time", "0.01 to 255"),
    bad("advert_int beyond all floats", {f"{FIRST_INSTANCE}.advert_int": 10**400}, "...: is not a time", "0.01 to 255"),
    bad("preempt that is neither", {f"{FIRST_INSTANCE}.preempt": "maybe"}, '= "maybe": is neither', "true or false"),
    bad("name with a space", {f"{FIRST_INSTANCE}.name": "my web"}, '= "my web": is not a name', "without spaces"),
    bad("name that is a number", {f"{FIRST_INSTANCE}.name": 51}, "= 51: is not a name", "quote what is a number"),
    bad("name of two lines", {f"{FIRST_INSTANCE}.name": "a\nb"}, '= "a\\nb": is not a name'),
    bad("interface with a label", {f"{FIRST_INSTANCE}.interface": "eth0:1"}, '= "eth0:1": is not a name'),
    bad(
        "VIP that is no address",
        {f"{FIRST_INSTANCE}.virtual_ipaddress[0]": "192.0.2.300/32"},
        "not an IPv4 address",
        "/32",
    ),
    bad("VIP with a prefix of 33", {f"{FIRST_INSTANCE}.virtual_ipaddress[0]": f"{VIP}/33"}, "with a prefix length"),
    bad("VIP of IPv6", {f"{FIRST_INSTANCE}.virtual_ipaddress[0]": "2001:db8::1/128"}, "not an IPv4 address"),
    bad(
        "auth_pass missing",
        {f"{FIRST_INSTANCE}.authentication": {}},
        "missing",
        path=f"{FIRST_INSTANCE}.authentication.auth_pass",
    ),
    bad(
        "auth_type AH",
        {f"{FIRST_INSTANCE}.authentication": {"auth_pass": "secret", "auth_type": "AH"}},
        '= "AH": is not a known auth_type',
        "Write one of PASS",
        path=f"{FIRST_INSTANCE}.authentication.auth_type",
    ),
    bad(
        "service of IPv6",
        {f"{FIRST_SERVICE}.address": "2001:db8::1"},
        '= "2001:db8::1": is not an IPv4 address',
        "192.0.2.10",
    ),
    bad(
        "service with a prefix length",
        {f"{FIRST_SERVICE}.address": f"{VIP}/32"},
        "is not an IPv4 address",
        "192.0.2.10",
    ),
    bad("port 0", {f"{FIRST_SERVICE}.port": 0}, "= 0: is out of range", "from 1 to 65535"),
    bad("port 65536", {f"{FIRST_SERVICE}.port": 65536}, "= 65536: is out of range", "from 1 to 65535"),
    bad("port yes", {f"{FIRST_UPSTREAM}.servers[1].port": True}, "= True: is not a whole number", "from 1 to 65535"),
    bad("port by name", {f"{FIRST_SERVICE}.port": "http"}, '= "http": is not a whole number', "from 1 to 65535"),
    bad("port of 5000 digits", {f"{FIRST_SERVICE}.port": "8" * 5000}, "...: is not a whole number", "from 1 to 65535"),
    bad(
        "unknown scheduler",
        {f"{FIRST_SERVICE}.lb_algo": "wrrr"},
        '"wrrr": is not a known lb_algo',
        "(did you mean wrr?)",
    ),
    bad("unknown lb_kind", {f"{FIRST_SERVICE}.lb_kind": "NAT"}, '"NAT": is not a known lb_kind', "Write one of DR"),
    bad(
        "unknown check",
        {f"{FIRST_SERVICE}.check.type": "SSL_GET"},
        '"SSL_GET": is not a known check',
        "TCP_CHECK, HTTP_GET",
    ),
    bad("unknown protocol", {f"{FIRST_SERVICE}.protocol": "UDP"}, '"UDP": is not a known protocol', "Write one of TCP"),
    bad(
        "path without a slash",
        {f"{FIRST_SERVICE}.check.path": "healthz"},
        "is not the path of a URL",
        "starts with '/'",
    ),
    bad("path with a variable", {f"{FIRST_SERVICE}.check.path": "/$a"}, "has $, which keepalived or nginx", "% ? &"),
    bad("path with signs", {f"{FIRST_SERVICE}.check.path": "/a(b)* c"}, "has ( ) * a space, which", "two hex digits"),
    bad("path of two lines", {f"{FIRST_SERVICE}.check.path": "/a\nb"}, 'has "\\n", which keepalived or nginx'),
    bad("path of 1001 characters", {f"{FIRST_SERVICE}.check.path": "/" + "a" * 1000}, "has 1001", "at most 1000"),
    *(
        bad(f"health_path with {what}", {f"{FIRST_UPSTREAM}.health_path": value}, f"has {what}, with which nginx")
        for what, value in {
            "a query": "/healthz?full=1",
            "a sign that is written with %": "/a%20b",
            "two slashes side by side": "//healthz",
            "a part that is . or ..": "/a/../healthz",
        }.items()
    ),
    bad("health_path that ends in a dot", {f"{FIRST_UPSTREAM}.health_path": "/a/."}, "has a part that is . or .."),
    bad(
        "health_path that is a hop's",
        {f"{FIRST_UPSTREAM}.health_path": f"/healthz/at/{VIP}"},
        "ends as the paths at which nginx asks itself",
        "as /healthz",
    ),
    *(
        bad(f"VIP that is {what}", {f"{FIRST_INSTANCE}.virtual_ipaddress[1]": value}, f"is {what}", "192.0.2.10/32")
        for what, value in {
            "an address of the loopback": "127.0.0.9/32",
            "an address of no network": "0.0.0.0/32",
            "a multicast address": "224.0.0.18/32",
            "a reserved address": "244.52.102.76/32",
            "the broadcast address": "255.255.255.255/32",
        }.items()
    ),
    bad(
        "VIP of all networks",
        {f"{FIRST_INSTANCE}.virtual_ipaddress[0]": f"{VIP}/0"},
        "makes the whole internet one network",
        f"Write {VIP}/32",
    ),
    bad(
        "VIP that is its network's address",
        {f"{FIRST_INSTANCE}.virtual_ipaddress[1]": "198.51.100.0/24"},
        "is the network address of 198.51.100.0/24, which no host can have",
        "Write 198.51.100.0/32 if",
    ),
    bad(
        "VIP that is its network's broadcast address",
        {f"{FIRST_INSTANCE}.virtual_ipaddress[1]": "198.51.100.255/255.255.255.0"},
        "is the broadcast address of 198.51.100.0/24",
    ),
    bad(
        "real server on the loopback",
        {f"{FIRST_SERVICE}.real_servers[0]": {"address": "127.0.0.1"}},
        "is an address of the loopback, where every host finds itself",
        path=f"{FIRST_SERVICE}.real_servers[0].address",
    ),
    bad(
        "upstream server that is everybody",
        {f"{FIRST_UPSTREAM}.servers[0]": {"address": "224.0.0.1"}},
        "is a multicast address",
        path=f"{FIRST_UPSTREAM}.servers[0].address",
    ),
    bad("name of 64 characters", {f"{FIRST_SERVICE}.name": "a" * 64}, "...: has 64 characters", "Write at most 63"),
    bad("interface of 16", {f"{FIRST_INSTANCE}.interface": "a" * 16}, "has 16 characters", "Write at most 15"),
    bad("the loopback", {f"{FIRST_INSTANCE}.interface": "lo"}, "is the loopback, on which no other host is"),
    *(
        bad(f"instance named {name}", {f"{FIRST_INSTANCE}.name": name}, "is a word of keepalived's lvs_sync_daemon")
        for name in ("id", "inst", "group", "maxlen", "port", "ttl")
    ),
    bad("cluster named combined", {"lvs_cluster": "combined"}, "is a log_format that nginx", "Choose another"),
    bad(
        "time finer than milliseconds",
        {f"{FIRST_INSTANCE}.preempt_delay": 1e-05},
        "= 1e-05: is finer than",
        "3 decimals",
    ),
    bad("time with many decimals", {f"{FIRST_SERVICE}.delay_loop": "1.2345"}, "is finer than milliseconds"),
    bad(
        "path that is a number", {f"{FIRST_SERVICE}.check.path": 5}, "= 5: is not the path of a URL", "starts with '/'"
    ),
    bad("status_code 99", {f"{FIRST_SERVICE}.check.status_code": 99}, "= 99: is out of range", "from 100 to 599"),
    bad(
        "persistence of a year", {f"{FIRST_SERVICE}.persistence_timeout": 31536000}, "out of range", "2678400 (seconds)"
    ),
    bad("weight -1", {f"{FIRST_SERVICE}.real_servers[1].weight": -1}, "= -1: is out of range", "from 0 to 65535"),
    bad(
        "weight ten", {f"{FIRST_SERVICE}.real_servers[1].weight": "ten"}, '= "ten": is not a whole number', "0 to 65535"
    ),
    bad("weight 0 in nginx", {f"{FIRST_UPSTREAM}.servers[1].weight": 0}, "= 0: is out of range", "from 1 to 65535"),
    bad(
        "unknown method", {f"{FIRST_UPSTREAM}.method": "leastconn"}, "not a known method", "(did you mean least_conn?)"
    ),
    bad(
        "unknown lvs_sync_daemon",
        {"lvs_sync_daemon": "always"},
        '= "always": is neither true nor false',
        "true or false",
    ),
]

BAD_INSTANCES = [
    bad(
        "director listed twice",
        {f"{FIRST_INSTANCE}.hosts[2]": "lvs1"},
        '= "lvs1": is the same as [0]',
        "List it once",
    ),
    bad(
        "director not in the inventory",
        {f"{FIRST_INSTANCE}.hosts[1]": "lvs3"},
        '"lvs3": is not a host',
        "Add the host",
    ),
    bad("director by address", {f"{FIRST_INSTANCE}.hosts[1]": "192.0.2.12"}, "is not a host", "mend the name"),
    bad(
        "director without an address",
        {"hosts.lvs2.ansible_host": REMOVED},
        '"lvs2": is a host without an address',
        "Set lvs_address (or ansible_host)",
        path=f"{FIRST_INSTANCE}.hosts[1]",
    ),
    bad(
        "more directors than priorities",
        {
            **{f"hosts.d{number}": {"ansible_host": f"198.51.100.{number}"} for number in range(255)},
            f"{FIRST_INSTANCE}.hosts": [f"d{number}" for number in range(255)],
        },
        "= 255: are more than the 254 priorities",
        "several instances",
    ),
    bad(
        "VIP that is a host's own",
        {f"{FIRST_INSTANCE}.virtual_ipaddress[1]": "192.0.2.31/32"},
        '= "192.0.2.31": is the own address of host app1',
        "Choose an address that no host has",
    ),
    bad("VIP listed twice", {f"{FIRST_INSTANCE}.virtual_ipaddress[1]": f"{VIP}/32"}, "same as [0]", "List it once"),
    bad(
        "VIP with two prefixes",
        {f"{FIRST_INSTANCE}.virtual_ipaddress[1]": f"{VIP}/24"},
        "another prefix",
        "List it once",
    ),
    bad(
        "VIP of two instances",
        {**TWO_UPSTREAMS, f"{SECOND_INSTANCE}.virtual_ipaddress[1]": f"{VIP}/32"},
        f'= "{VIP}": floats with instance web already',
        "List it in one instance",
    ),
    bad(
        "same VRID on the default interface",
        {**TWO_UPSTREAMS, f"{SECOND_INSTANCE}.virtual_router_id": 51},
        "= 51: is the virtual_router_id of instance web on the same interface",
        "Choose an unused one",
    ),
    bad(
        "same VRID on a named interface",
        {
            **TWO_UPSTREAMS,
            f"{FIRST_INSTANCE}.interface": "eth1",
            f"{SECOND_INSTANCE}.interface": "eth1",
            f"{SECOND_INSTANCE}.virtual_router_id": "51",
        },
        "of instance web on the same interface",
    ),
    bad(
        "same VRID on an interface that may be the default",
        {**TWO_UPSTREAMS, f"{FIRST_INSTANCE}.interface": "eth1", f"{SECOND_INSTANCE}.virtual_router_id": 51},
        "of instance web, whose interface may be the same",
        "Choose an unused one",
    ),
    bad(
        "refused interface beside the same VRID",
        {**TWO_UPSTREAMS, f"{SECOND_INSTANCE}.virtual_router_id": 51, f"{SECOND_INSTANCE}.interface": "eth 1"},
        "is not a name",
    ),
    bad(
        "same VRID on interfaces of one name in one network",
        {
            **TWO_UPSTREAMS,
            **PAIR_ELSEWHERE,
            f"{FIRST_INSTANCE}.interface": "eth0",
            f"{SECOND_INSTANCE}.interface": "eth1",
            "hosts.lvs3": {"lvs_addresses": {"eth1": "192.0.2.13"}},
            "hosts.lvs4": {"lvs_addresses": {"eth1": "192.0.2.14"}},
        },
        "of instance web, on the same network",
        path=f"{SECOND_INSTANCE}.virtual_router_id",
    ),
    bad(
        "advert_int between the steps of VRRPv3",
        {f"{FIRST_INSTANCE}.version": 3, f"{FIRST_INSTANCE}.advert_int": 0.125},
        "= 0.125: VRRPv3 counts in hundredths of a second",
        "Write at most 2 decimals",
    ),
    bad(
        "more addresses than an advert names",
        {
            f"{FIRST_INSTANCE}.virtual_ipaddress": [
                f"{VIP}/32",
                *(f"198.51.100.{number}/32" for number in range(1, 255)),
                "203.0.113.1/32",
            ]
        },
        "= 256: are more than the 255 that an advert can name",
        "several instances",
    ),
    bad(
        "VIP that makes a host's address a broadcast address",
        {"hosts.app1.ansible_host": "198.51.100.127", f"{FIRST_INSTANCE}.virtual_ipaddress[1]": "198.51.100.100/25"},
        "makes 198.51.100.127, the address of host app1, the broadcast address of 198.51.100.0/25",
        "Write 198.51.100.100/32, or the length",
    ),
    bad(
        "VIP that makes another one a network address",
        {f"{FIRST_INSTANCE}.virtual_ipaddress": [f"{VIP}/32", "198.51.100.9/24", "198.51.100.0/32"]},
        "makes 198.51.100.0 the network address of 198.51.100.0/24",
        path=f"{FIRST_INSTANCE}.virtual_ipaddress[1]",
    ),
    bad(
        "directors that are one machine",
        {"hosts.lvs3": {"ansible_host": "192.0.2.11"}, f"{FIRST_INSTANCE}.hosts[2]": "lvs3"},
        '= "lvs3": is the same machine as lvs1, by its address 192.0.2.11',
        "Name the machine once",
    ),
    bad(
        "name of an earlier instance",
        {**TWO_UPSTREAMS, f"{SECOND_INSTANCE}.name": "web"},
        '= "web": is the name of an earlier entry too',
        "a name of its own",
    ),
    bad(
        "auth_pass of 9 characters",
        {f"{FIRST_INSTANCE}.authentication": {"auth_pass": "123456789"}},
        "has 9 characters",
        "Write at most 8",
        path=f"{FIRST_INSTANCE}.authentication.auth_pass",
    ),
    bad(
        "authentication with VRRPv3",
        {f"{FIRST_INSTANCE}.version": 3, f"{FIRST_INSTANCE}.authentication": {"auth_pass": "secret"}},
        "VRRPv3 has no authentication",
        "Remove it, or write version: 2",
    ),
    bad("fraction with VRRPv2", {f"{FIRST_INSTANCE}.advert_int": 0.5}, "= 0.5: VRRPv2 counts in whole", "version: 3"),
    bad(
        "advert_int too long for VRRPv3",
        {f"{FIRST_INSTANCE}.version": 3, f"{FIRST_INSTANCE}.advert_int": 41},
        "= 41: is more than VRRPv3 can express",
        "Write at most 40.95",
    ),
    bad(
        "delay of what is forbidden",
        {f"{FIRST_INSTANCE}.preempt": False, f"{FIRST_INSTANCE}.preempt_delay": 30},
        "= 30: delays what preempt: false forbids",
        "Remove one of the two",
    ),
]

BAD_SERVICES = [
    bad(
        "VIP that no instance carries",
        {f"{FIRST_SERVICE}.address": OTHER_VIP},
        f'= "{OTHER_VIP}": is carried by no VRRP instance',
        f"Add {OTHER_VIP}/32 to the virtual_ipaddress",
    ),
    bad(
        "VIP without any instance", {INSTANCES: REMOVED}, "carried by no VRRP instance", path=f"{FIRST_SERVICE}.address"
    ),
    bad(
        "VIP without an instance, beside another listed twice",
        {f"{FIRST_INSTANCE}.virtual_ipaddress[0]": f"{OTHER_VIP}/32"},
        "carried by no VRRP instance",
        path=f"{FIRST_SERVICE}.address",
    ),
    bad(
        "two services on one socket",
        {**TWO_UPSTREAMS, f"{SECOND_SERVICE}.port": 80, f"{SECOND_SERVICE}.address": VIP},
        "port 80 of this address is virtual server web already",
        "Make it one service",
    ),
    bad(
        "name of an earlier service",
        {
            f"{FIRST_UPSTREAM}.virtual_server": "web",
            SECOND_INSTANCE: OTHER_INSTANCE,
            SECOND_SERVICE: OTHER_SERVICE,
            f"{SECOND_SERVICE}.name": "web",
        },
        "is the name of an earlier entry too",
    ),
    bad(
        "port that DR cannot rewrite",
        {f"{FIRST_SERVICE}.real_servers[1].port": 8080},
        "= 8080: with lb_kind DR nothing rewrites the port, so it must be the service's, 80",
        "Remove it, or write port: 80",
    ),
    bad(
        "refused port of a service beside a real server's",
        {f"{FIRST_SERVICE}.real_servers[1].port": 80, f"{FIRST_SERVICE}.port": "http"},
        "is not a whole number",
    ),
    bad(
        "port of a sorry server that DR cannot rewrite",
        {f"{FIRST_SERVICE}.sorry_server": {"address": "192.0.2.99", "port": 8080}},
        "= 8080: with lb_kind DR",
        path=f"{FIRST_SERVICE}.sorry_server.port",
    ),
    bad(
        "real server not in the inventory", {f"{FIRST_SERVICE}.real_servers[0]": "web9"}, '"web9": is not a host', "Add"
    ),
    bad(
        "real server by address",
        {f"{FIRST_SERVICE}.real_servers[0]": "198.51.100.9"},
        "is not a host of the inventory",
        "Write {address: 198.51.100.9} for a server outside the inventory",
    ),
    bad(
        "real server without an address",
        {"hosts.web2": {"ansible_host": "web2.example"}},
        '"web2": is a host without an address',
        "Set lvs_address",
        path=f"{FIRST_SERVICE}.real_servers[1]",
    ),
    bad(
        "real server without host and address",
        {f"{FIRST_SERVICE}.real_servers[0]": {"weight": 1}},
        "names no server",
        "host",
    ),
    bad(
        "real server with host and address",
        {f"{FIRST_SERVICE}.real_servers[0]": {"host": "web1", "address": "192.0.2.21"}},
        '= "web1": has an address of its own in the inventory',
        "Remove host, or address",
    ),
    bad(
        "refused host of a real server",
        {f"{FIRST_SERVICE}.real_servers[0]": {"host": "web 1"}},
        "is not a name",
        path=f"{FIRST_SERVICE}.real_servers[0].host",
    ),
    bad("real server listed twice", {f"{FIRST_SERVICE}.real_servers[2]": "web1"}, "is the same as [0]", "List it once"),
    bad(
        "real server listed twice with two weights",
        {f"{FIRST_SERVICE}.real_servers[2]": "web2"},
        '= "web2": is listed twice',
        "the weight of both",
    ),
    bad(
        "host of the inventory as real server by its address",
        {f"{FIRST_SERVICE}.real_servers[2]": {"address": "192.0.2.31"}},
        '= "192.0.2.31": is host app1 of the inventory',
        "Write host: app1",
        path=f"{FIRST_SERVICE}.real_servers[2].address",
    ),
    bad(
        "real server that is a director",
        {f"{FIRST_SERVICE}.real_servers[2]": "lvs2"},
        '= "lvs2": is a director of this address too',
        "Use another host",
    ),
    bad(
        "real server in another network than the directors",
        {
            "hosts.web2.ansible_host": "198.51.100.22",
            f"{FIRST_INSTANCE}.virtual_ipaddress": ["203.0.113.1/32", f"{VIP}/24"],
        },
        '= "web2": is not in 192.0.2.0/24, the network of the directors',
        "Set lvs_address of the host",
        "or lvs_addresses of the directors",
        path=f"{FIRST_SERVICE}.real_servers[1]",
    ),
    bad(
        "real servers of one address",
        {f"{FIRST_SERVICE}.real_servers": [{"address": "198.51.100.9"}, {"address": "198.51.100.9", "weight": 2}]},
        '= "198.51.100.9": is listed twice',
        path=f"{FIRST_SERVICE}.real_servers[1]",
    ),
    bad(
        "real servers that are one machine",
        {"hosts.web3": {"ansible_host": "192.0.2.21"}, f"{FIRST_SERVICE}.real_servers[2]": "web3"},
        '= "web3": is the same machine as web1, by its address 192.0.2.21',
    ),
    bad(
        "real server that is a director's machine",
        {"hosts.web3": {"ansible_host": "192.0.2.12"}, f"{FIRST_SERVICE}.real_servers[2]": "web3"},
        '= "web3": is the same machine as lvs2, a director of this address too',
    ),
    bad(
        "real server that is a director by its address",
        {f"{FIRST_SERVICE}.real_servers[2]": {"address": "192.0.2.12"}},
        '= "192.0.2.12": is the same machine as lvs2, a director of this address too',
    ),
    bad(
        "real server that is the VIP",
        {f"{FIRST_SERVICE}.real_servers[2]": {"address": VIP}},
        f'= "{VIP}": floats with instance web, so that a director would send to itself',
        path=f"{FIRST_SERVICE}.real_servers[2].address",
    ),
    bad(
        "sorry server that is another VIP",
        {**TWO_UPSTREAMS, f"{FIRST_SERVICE}.sorry_server": {"address": OTHER_VIP}},
        "floats with instance mail",
        path=f"{FIRST_SERVICE}.sorry_server.address",
    ),
    bad(
        "sorry server that is a real server whose weight becomes 0",
        {f"{FIRST_SERVICE}.inhibit_on_failure": True, f"{FIRST_SERVICE}.sorry_server": "web2"},
        '= "192.0.2.22": is a real server too, which inhibit_on_failure keeps',
    ),
    bad(
        "hysteresis of the whole quorum",
        {f"{FIRST_SERVICE}.quorum": 2, f"{FIRST_SERVICE}.hysteresis": 2},
        "= 2: is not below quorum, 2",
        "Write at most 1, or more quorum",
    ),
    bad("hysteresis without a quorum", {f"{FIRST_SERVICE}.hysteresis": 1}, "= 1: is not below quorum, 1"),
    bad(
        "quorum that no real servers reach",
        {f"{FIRST_SERVICE}.quorum": 4},
        "= 4: is more than the weight of all real servers, 3",
        "Write at most 3",
    ),
    bad("sorry server not in the inventory", {f"{FIRST_SERVICE}.sorry_server": "web9"}, '"web9": is not a host', "Add"),
    bad(
        "sorry server that is a director",
        {f"{FIRST_SERVICE}.sorry_server": "lvs1"},
        "is a director of this address too",
    ),
    bad(
        "sorry server without host and address", {f"{FIRST_SERVICE}.sorry_server": {}}, "names no server", "Write host"
    ),
    bad(
        "path of a TCP_CHECK",
        {f"{FIRST_SERVICE}.check": {"path": "/"}},
        '= "/": belongs to HTTP_GET',
        "Remove it, or write type: HTTP_GET",
        path=f"{FIRST_SERVICE}.check.path",
    ),
    bad(
        "status of a TCP_CHECK",
        {f"{FIRST_SERVICE}.check": {"type": "TCP_CHECK", "status_code": 204}},
        "= 204: belongs to HTTP_GET",
        path=f"{FIRST_SERVICE}.check.status_code",
    ),
    bad("mh-port without mh", {f"{FIRST_SERVICE}.mh-port": True}, "= True: is a flag of lb_algo mh", "Remove one"),
    bad(
        "sh-port without sh", {f"{FIRST_SERVICE}.lb_algo": "mh", f"{FIRST_SERVICE}.sh-port": True}, "flag of lb_algo sh"
    ),
]

BAD_UPSTREAMS = [
    bad(
        "no virtual_server where there are two",
        TWO_OF_EACH,
        "is needed, as there are 2 virtual servers",
        "Write virtual_server: web or mail",
        path=f"{FIRST_UPSTREAM}.virtual_server",
    ),
    bad(
        "no virtual_server where there is none",
        {SERVICES: REMOVED},
        "there is no virtual server to stand behind",
        "Describe one in lvs_virtual_servers",
        path=f"{FIRST_UPSTREAM}.virtual_server",
    ),
    bad(
        "unknown virtual_server",
        {**TWO_UPSTREAMS, f"{SECOND_UPSTREAM}.virtual_server": "email"},
        '= "email": is not a virtual server',
        "Write one of web, mail",
    ),
    bad(
        "virtual_server where there is none",
        {SERVICES: REMOVED, f"{FIRST_UPSTREAM}.virtual_server": "web"},
        "is not a virtual server",
        "Describe it in lvs_virtual_servers",
    ),
    bad(
        "refused virtual_server",
        {**TWO_OF_EACH, f"{FIRST_UPSTREAM}.virtual_server": ["web"]},
        "= [...]: is not a name",
    ),
    bad(
        "virtual_server whose name was refused",
        {f"{FIRST_UPSTREAM}.virtual_server": "my.web", f"{FIRST_SERVICE}.name": "my web"},
        "is not a name",
    ),
    bad(
        "two upstreams of one virtual_server",
        {**TWO_UPSTREAMS, f"{SECOND_UPSTREAM}.virtual_server": "web"},
        '= "web": has upstream app already',
        "into one pool",
    ),
    bad(
        "two upstreams of the only virtual_server",
        {SECOND_UPSTREAM: {**OTHER_UPSTREAM, "virtual_server": "web"}},
        '= "web": has upstream app already',
        path=f"{SECOND_UPSTREAM}.virtual_server",
    ),
    bad(
        "unknown virtual_server beside the upstream of the only one",
        {SECOND_UPSTREAM: {**OTHER_UPSTREAM, "virtual_server": "wep"}},
        '= "wep": is not a virtual server',
        "Write one of web.",
        path=f"{SECOND_UPSTREAM}.virtual_server",
    ),
    bad("name of an earlier upstream", {**TWO_UPSTREAMS, f"{SECOND_UPSTREAM}.name": "app"}, "name of an earlier entry"),
    bad(
        "upstream server not in the inventory", {f"{FIRST_UPSTREAM}.servers[0]": "app9"}, '"app9": is not a host', "Add"
    ),
    bad("upstream server by address", {f"{FIRST_UPSTREAM}.servers[0]": "198.51.100.9"}, "{address: 198.51.100.9}"),
    bad("upstream server listed twice", {f"{FIRST_UPSTREAM}.servers[2]": "app1"}, "is the same as [0]", "List it once"),
    bad(
        "name that differs in case",
        {**TWO_UPSTREAMS, f"{SECOND_UPSTREAM}.name": "App"},
        '= "App": differs from the name of upstream app in case alone',
        "a name of its own",
    ),
    bad(
        "two health paths on one port",
        {**TWO_UPSTREAMS, f"{SECOND_SERVICE}.port": 80, f"{SECOND_UPSTREAM}.health_path": "/alive"},
        '= "/alive": is not /healthz, that of upstream app on the same port of host web1',
        "Write one path for both, as health_path: /healthz",
    ),
    bad(
        "upstream server that is the VIP",
        {f"{FIRST_UPSTREAM}.servers[0]": {"address": VIP}},
        f'= "{VIP}": is the address of virtual server web, which host web1 of this nginx holds itself',
        path=f"{FIRST_UPSTREAM}.servers[0].address",
    ),
    bad(
        "upstream server that is this nginx",
        {f"{FIRST_UPSTREAM}.servers[0]": {"host": "web1", "port": 80}},
        '= "web1, port 80": is an nginx that asks this upstream again',
        "Write the host and port of what is behind nginx",
    ),
    bad(
        "upstream server that is this nginx, by its address and the pool's port",
        {f"{FIRST_UPSTREAM}.port": 80, f"{FIRST_UPSTREAM}.servers": [{"address": "192.0.2.22"}]},
        "is an nginx that asks this upstream again",
        path=f"{FIRST_UPSTREAM}.servers[0]",
    ),
    bad("upstream server that names none", {f"{FIRST_UPSTREAM}.servers[0]": {"backup": False}}, "names no server"),
    *(
        bad(
            f"backup with {method}",
            {f"{FIRST_UPSTREAM}.method": method, f"{FIRST_UPSTREAM}.servers[1].backup": True},
            f"= True: nginx has no backup servers with method {method}",
            "round_robin or least_conn",
        )
        for method in ("ip_hash", "random")
    ),
    bad(
        "backup servers alone",
        {f"{FIRST_UPSTREAM}.servers": [{"host": "app1", "backup": True}]},
        "has backup servers alone",
        "Leave at least one without backup",
    ),
]


@pytest.mark.parametrize("host", HOSTS)
def test_the_good_description_has_no_problems(host):
    assert problems_with({}, host) == []


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param(TWO_UPSTREAMS, id="two of each"),
        pytest.param({UPSTREAMS: REMOVED}, id="no upstreams"),
        pytest.param({UPSTREAMS: REMOVED, SERVICES: REMOVED}, id="VRRP alone"),
        pytest.param({f"{FIRST_INSTANCE}.authentication": {"auth_pass": "12345678"}}, id="auth_pass of 8 characters"),
        pytest.param({f"{FIRST_INSTANCE}.version": 3, f"{FIRST_INSTANCE}.advert_int": 0.1}, id="fraction with VRRPv3"),
        pytest.param({f"{FIRST_INSTANCE}.version": 3, f"{FIRST_INSTANCE}.advert_int": 40.95}, id="longest of VRRPv3"),
        pytest.param({f"{FIRST_INSTANCE}.version": 3, f"{FIRST_INSTANCE}.advert_int": 0.01}, id="shortest of VRRPv3"),
        pytest.param({f"{FIRST_INSTANCE}.advert_int": 255}, id="longest of VRRPv2"),
        pytest.param({f"{FIRST_INSTANCE}.preempt_delay": 30}, id="preempt_delay"),
        pytest.param({f"{FIRST_INSTANCE}.preempt": False}, id="no preemption"),
        pytest.param({f"{FIRST_INSTANCE}.virtual_router_id": 1}, id="VRID 1"),
        pytest.param({f"{FIRST_INSTANCE}.virtual_router_id": 255}, id="VRID 255"),
        pytest.param(
            {
                **{f"hosts.d{number}": {"ansible_host": f"198.51.100.{number}"} for number in range(254)},
                f"{FIRST_INSTANCE}.hosts": [f"d{number}" for number in range(254)],
            },
            id="as many directors as priorities",
        ),
        pytest.param(
            {
                "hosts": {
                    **{name: {"ansible_host": HOSTS[name]} for name in HOSTS},
                    "192.0.2.23": {"lvs_address": "192.0.2.23"},
                },
                f"{FIRST_SERVICE}.real_servers[2]": "192.0.2.23",
            },
            id="a host whose name is an address",
        ),
        pytest.param({f"{FIRST_INSTANCE}.hosts": ["lvs2"]}, id="one director"),
        pytest.param({f"{FIRST_SERVICE}.real_servers[0]": {"host": "web1", "weight": 0}}, id="weight 0"),
        pytest.param({f"{FIRST_SERVICE}.real_servers[0]": {"host": "web1", "port": 80}}, id="the service's port again"),
        pytest.param({f"{FIRST_SERVICE}.sorry_server": {"address": "198.51.100.9"}}, id="sorry server elsewhere"),
        pytest.param({f"{FIRST_SERVICE}.lb_algo": "mh", f"{FIRST_SERVICE}.mh-port": "yes"}, id="mh with mh-port"),
        pytest.param({f"{FIRST_UPSTREAM}.servers[2]": {"host": "app1", "port": 8081}}, id="two servers on one host"),
        pytest.param({"lvs_sync_daemon": "false"}, id="text of -e lvs_sync_daemon=false"),
        pytest.param({"hosts.lvs1.lvs_interface": "eth0"}, id="variables of a host"),
        pytest.param({"lvs_cluster": "shop"}, id="name of the cluster"),
        pytest.param(
            {
                f"{FIRST_INSTANCE}.interface": "eth1",
                "hosts.lvs1": {"ansible_host": "lvs1.example", "lvs_addresses": {"eth1": "192.0.2.11"}},
            },
            id="director that has an address on the instance's interface alone",
        ),
        pytest.param(
            {
                "hosts.lvs2.lvs_interface": "eth0",
                f"{FIRST_INSTANCE}.interface": "eth1",
                f"{FIRST_INSTANCE}.unicast": False,
            },
            id="multicast on an interface whose address is not told",
        ),
        pytest.param(
            {
                **TWO_UPSTREAMS,
                f"{FIRST_INSTANCE}.interface": "eth0",
                f"{SECOND_INSTANCE}.interface": "eth1",
                f"{SECOND_INSTANCE}.virtual_router_id": 51,
            },
            id="same VRID on two interfaces",
        ),
        pytest.param({**TWO_UPSTREAMS, f"{SECOND_SERVICE}.port": 80}, id="same port on two addresses"),
        pytest.param({**TWO_UPSTREAMS, **PAIR_ELSEWHERE}, id="same VRID in another network"),
        pytest.param({f"{FIRST_INSTANCE}.virtual_ipaddress": [f"{VIP}/24"]}, id="all in one network"),
        pytest.param({"hosts.web2.ansible_host": "198.51.100.22"}, id="real server in a network that nothing tells"),
        pytest.param(
            {
                "hosts.web2.ansible_host": "198.51.100.22",
                "hosts.lvs2.lvs_addresses": {"eth1": "198.51.100.12"},
                f"{FIRST_INSTANCE}.virtual_ipaddress": [f"{VIP}/24"],
            },
            id="real server in another network of a director",
        ),
        pytest.param(
            {
                f"{FIRST_INSTANCE}.virtual_ipaddress": [
                    f"{VIP}/32",
                    *(f"198.51.100.{number}/32" for number in range(1, 255)),
                ]
            },
            id="as many addresses as an advert names",
        ),
        pytest.param({f"{FIRST_INSTANCE}.virtual_ipaddress[1]": "198.51.100.2/31"}, id="first of two addresses"),
        pytest.param({f"{FIRST_SERVICE}.sorry_server": "web2"}, id="sorry server that is a real server"),
        pytest.param(
            {f"{FIRST_SERVICE}.quorum": 3, f"{FIRST_SERVICE}.hysteresis": 2}, id="all of the weight as quorum"
        ),
        pytest.param(
            {f"{FIRST_SERVICE}.quorum": 3, f"{FIRST_SERVICE}.real_servers[0]": {"host": "web1", "weight": 0}},
            id="quorum beside a drained server",
        ),
        pytest.param({f"{FIRST_SERVICE}.check.path": "/" + "a" * 999}, id="path of 1000 characters"),
        pytest.param({f"{FIRST_SERVICE}.check.path": "//a%20b/../?c=d"}, id="path that nothing compares"),
        pytest.param({f"{FIRST_UPSTREAM}.health_path": "/.well-known/..."}, id="health_path with dots"),
        pytest.param({f"{FIRST_SERVICE}.delay_loop": 0.1 + 0.2}, id="time that was calculated"),
        pytest.param({f"{FIRST_INSTANCE}.name": "a" * 63}, id="name of 63 characters"),
        pytest.param(
            {
                "hosts.app3": {"ansible_host": "192.0.2.31"},
                f"{FIRST_UPSTREAM}.servers[2]": {"host": "app3", "port": 81},
            },
            id="upstream servers that are one machine",
        ),
        pytest.param({f"{FIRST_UPSTREAM}.servers[2]": {"host": "web1", "port": 81}}, id="upstream beside its nginx"),
        pytest.param(
            {**TWO_UPSTREAMS, f"{SECOND_UPSTREAM}.servers": [{"host": "web1", "port": 80}]},
            id="upstream that is another site of nginx",
        ),
        pytest.param(
            {
                **TWO_UPSTREAMS,
                f"{SECOND_SERVICE}.real_servers": ["app1"],
                f"{FIRST_UPSTREAM}.servers": [{"address": OTHER_VIP, "port": 25}],
            },
            id="upstream that is another service",
        ),
    ],
)
def test_what_is_legitimate_is_accepted(changes):
    assert problems_with(changes) == []


@pytest.mark.parametrize(
    ("changes", "path", "fragments"),
    [*BAD_KEYS, *BAD_HOSTS, *BAD_SHAPES, *BAD_VALUES, *BAD_INSTANCES, *BAD_SERVICES, *BAD_UPSTREAMS],
)
def test_one_mistake_is_reported_once_with_its_path_reason_and_remedy(changes, path, fragments):
    problems = problems_with(changes)

    assert [problem.path for problem in problems] == [path]
    assert problems[0].reason
    assert problems[0].remedy
    line = str(problems[0])
    assert line.startswith((f"{path}: ", f"{path} = "))
    assert len(line.splitlines()) == 1
    assert [fragment for fragment in fragments if fragment not in line] == [], line


def test_all_mistakes_are_reported_at_once():
    problems = problems_with(
        {
            f"{FIRST_INSTANCE}.virtual_router_id": 256,
            f"{FIRST_INSTANCE}.advert_int": 0,
            f"{FIRST_INSTANCE}.authentication": {"auth_pass": "123456789"},
            f"{FIRST_INSTANCE}.hosts": ["lvs1", "lvs1", "lvs9"],
            f"{FIRST_INSTANCE}.virtual_ipaddress": [f"{VIP}/32", f"{VIP}/32", "192.0.2.11/32"],
            f"{FIRST_SERVICE}.address": OTHER_VIP,
            f"{FIRST_SERVICE}.lb_algo": "fastest",
            f"{FIRST_SERVICE}.lb_kind": "TUNNEL",
            f"{FIRST_SERVICE}.check.typo": 1,
            f"{FIRST_SERVICE}.real_servers": [{"host": "web1", "weight": "ten"}, {"host": "web2", "port": 81}, "web9"],
            f"{FIRST_UPSTREAM}.servers": [],
            f"{FIRST_UPSTREAM}.virtual_server": "wep",
            "hosts.web1.ansible_host": "web1.example",
            "lvs_unheard_of": 1,
        }
    )

    assert sorted(problem.path for problem in problems) == sorted(
        [
            "lvs_unheard_of of host lvs1, web1, web2",
            f"{FIRST_INSTANCE}.virtual_router_id",
            f"{FIRST_INSTANCE}.advert_int",
            f"{FIRST_INSTANCE}.authentication.auth_pass",
            f"{FIRST_INSTANCE}.hosts[1]",
            f"{FIRST_INSTANCE}.hosts[2]",
            f"{FIRST_INSTANCE}.virtual_ipaddress[1]",
            f"{FIRST_INSTANCE}.virtual_ipaddress[2]",
            f"{FIRST_SERVICE}.address",
            f"{FIRST_SERVICE}.lb_algo",
            f"{FIRST_SERVICE}.lb_kind",
            f"{FIRST_SERVICE}.check.typo",
            f"{FIRST_SERVICE}.real_servers[0]",
            f"{FIRST_SERVICE}.real_servers[0].weight",
            f"{FIRST_SERVICE}.real_servers[1].port",
            f"{FIRST_SERVICE}.real_servers[2]",
            f"{FIRST_UPSTREAM}.servers",
            f"{FIRST_UPSTREAM}.virtual_server",
        ]
    )


@pytest.mark.parametrize(
    ("changes", "paths"),
    [
        pytest.param(
            {**TWO_UPSTREAMS, f"{FIRST_INSTANCE}.name": "a b", f"{SECOND_INSTANCE}.name": "c d"},
            [f"{FIRST_INSTANCE}.name", f"{SECOND_INSTANCE}.name"],
            id="two refused names are not one name",
        ),
        pytest.param(
            {
                **TWO_UPSTREAMS,
                f"{SECOND_SERVICE}.address": VIP,
                f"{FIRST_SERVICE}.port": "http",
                f"{SECOND_SERVICE}.port": "smtp",
            },
            [f"{FIRST_SERVICE}.port", f"{SECOND_SERVICE}.port"],
            id="two refused ports are not one port",
        ),
        pytest.param(
            {**TWO_UPSTREAMS, f"{UPSTREAMS}[0].virtual_server": "a b", f"{UPSTREAMS}[1].virtual_server": "c d"},
            [f"{FIRST_UPSTREAM}.virtual_server", f"{SECOND_UPSTREAM}.virtual_server"],
            id="two refused virtual servers are not one",
        ),
        pytest.param(
            {f"{FIRST_SERVICE}.real_servers": ["web9", {"host": "web9", "weight": 2}]},
            [f"{FIRST_SERVICE}.real_servers[{place}]" for place in (0, 1, 1)],
            id="an unknown host twice is unknown and twice",
        ),
        pytest.param(
            {**TWO_OF_EACH, f"{FIRST_SERVICE}.name": "a b", f"{SECOND_SERVICE}.name": "c d"},
            [f"{FIRST_SERVICE}.name", f"{SECOND_SERVICE}.name", f"{FIRST_UPSTREAM}.virtual_server"],
            id="two services without a name still need to be told apart",
        ),
    ],
)
def test_each_mistake_is_reported_for_itself(changes, paths):
    assert [problem.path for problem in problems_with(changes)] == paths


def test_a_circle_of_two_upstreams_is_told_of_both():
    circle = {
        **TWO_UPSTREAMS,
        f"{FIRST_UPSTREAM}.servers": [{"host": "web1", "port": 25}],
        f"{SECOND_UPSTREAM}.servers": [{"host": "web2", "port": 80}],
    }

    assert [problem.path for problem in problems_with(circle)] == [
        f"{upstream}.servers[0]" for upstream in (FIRST_UPSTREAM, SECOND_UPSTREAM)
    ]


def test_a_circle_by_way_of_a_service_is_told():
    circle = {
        **TWO_UPSTREAMS,
        f"{SECOND_SERVICE}.real_servers": ["app1"],
        f"{FIRST_UPSTREAM}.servers": [{"address": OTHER_VIP, "port": 25}],
        f"{SECOND_UPSTREAM}.servers": [{"host": "web2", "port": 80}],
    }

    assert [problem.path for problem in problems_with(circle)] == [
        f"{upstream}.servers[0]" for upstream in (FIRST_UPSTREAM, SECOND_UPSTREAM)
    ]


def test_hosts_behind_forwarded_ports_are_told_to_have_an_address():
    reached = {f"hosts.{name}.ansible_host": "127.0.0.1" for name in HOSTS}

    (problem,) = problems_with(reached)

    assert str(problem) == (
        f'ansible_host of host {EVERY} = "127.0.0.1": is an address of the loopback, where every host finds itself, so '
        "it is not the host's address in the cluster's network. "
        "Set lvs_address of the host to the one that it has there."
    )
    assert problems_with({**reached, **{f"hosts.{name}.lvs_address": own for name, own in HOSTS.items()}}) == []


def test_a_host_that_is_named_by_its_address_has_an_address():
    variables = hostvars({f"{FIRST_SERVICE}.real_servers[2]": "192.0.2.23"})
    variables["192.0.2.23"] = {key: value for key, value in variables["lvs1"].items() if key != "ansible_host"}

    assert inventory.described(variables, "lvs1")[2] == []
    assert inventory.view(variables, "lvs1")["keepalived"]["virtual_servers"][0]["real_servers"][2]["address"] == (
        "192.0.2.23"
    )


def test_three_of_a_kind_are_two_problems():
    third = {**OTHER_INSTANCE, "name": "third", "virtual_router_id": 51, "virtual_ipaddress": [f"{VIP}/32"]}
    problems = problems_with(
        {
            UPSTREAMS: [{**UPSTREAM, "name": name, "virtual_server": "web"} for name in ("a", "b", "c")],
            SERVICES: [SERVICE, {**SERVICE, "name": "b"}, {**SERVICE, "name": "c"}],
            INSTANCES: [INSTANCE, {**third, "name": "second"}, third],
        }
    )

    assert sorted(problem.path for problem in problems) == sorted(
        f"{path}.{key}"
        for key, paths in {
            "virtual_router_id": [f"{INSTANCES}[1]", f"{INSTANCES}[2]"],
            "virtual_ipaddress[0]": [f"{INSTANCES}[1]", f"{INSTANCES}[2]"],
            "address": [f"{SERVICES}[1]", f"{SERVICES}[2]"],
            "virtual_server": [f"{UPSTREAMS}[1]", f"{UPSTREAMS}[2]"],
        }.items()
        for path in paths
    )


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        pytest.param(
            {f"{FIRST_INSTANCE}.hosts": ["lvs 1", "lvs2", "lvs9"]}, f"{FIRST_INSTANCE}.hosts[2]", id="directors"
        ),
        pytest.param(
            {f"{FIRST_INSTANCE}.virtual_ipaddress": ["none", f"{VIP}/32", "192.0.2.21/32"]},
            f"{FIRST_INSTANCE}.virtual_ipaddress[2]",
            id="addresses",
        ),
        pytest.param(
            {f"{FIRST_SERVICE}.real_servers": [7, "web1", "web9"]},
            f"{FIRST_SERVICE}.real_servers[2]",
            id="real servers",
        ),
        pytest.param(
            {INSTANCES: ["web", {**INSTANCE, "version": 3, "advert_int": 41}]},
            f"{SECOND_INSTANCE}.advert_int",
            id="instances",
        ),
        pytest.param({SERVICES: [None, {**SERVICE, "sh-port": True}]}, f"{SECOND_SERVICE}.sh-port", id="services"),
    ],
)
def test_places_stay_right_after_a_refused_element(changes, path):
    problems = problems_with(changes)

    assert len(problems) == 2
    assert problems[1].path == path


def test_what_was_refused_is_not_taken_for_a_repetition():
    servers = [{"host": "web 1", "weight": 1}, {"host": "web 2", "weight": 1}]

    problems = problems_with({f"{FIRST_SERVICE}.real_servers": servers})

    assert [problem.path for problem in problems] == [f"{FIRST_SERVICE}.real_servers[{place}].host" for place in (0, 1)]


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({f"{FIRST_INSTANCE}.authentication": {"auth_pass": SECRET + "-too-long"}}, id="too long"),
        pytest.param({f"{FIRST_INSTANCE}.authentication": {"auth_pass": f"{SECRET} #"}}, id="forbidden characters"),
        pytest.param({f"{FIRST_INSTANCE}.authentication": {"auth_pass": [SECRET]}}, id="in a list"),
        pytest.param({f"{FIRST_INSTANCE}.authentication": {"auth_passs": SECRET}}, id="under a misspelt key"),
        pytest.param({f"{FIRST_INSTANCE}.authentication": {"pass": SECRET}}, id="under an unknown key"),
        pytest.param({f"{FIRST_INSTANCE}.authentication": SECRET}, id="in place of its mapping"),
        pytest.param({f"{FIRST_INSTANCE}.authentication": [{"auth_pass": SECRET}]}, id="with its mapping in a list"),
        pytest.param({f"{FIRST_INSTANCE}.preempt": {"auth_pass": SECRET}}, id="under its neighbour"),
        pytest.param({f"{FIRST_INSTANCE}.interface": [SECRET]}, id="in a list under its neighbour"),
        pytest.param({f"{FIRST_INSTANCE}.auth_pass": SECRET}, id="outside its mapping"),
        pytest.param({FIRST_INSTANCE: [{"auth_pass": SECRET}]}, id="in an entry that is a list"),
        pytest.param({INSTANCES: {"authentication": {"auth_pass": SECRET}}}, id="in a table that is a mapping"),
    ],
)
def test_no_message_shows_a_password(changes):
    problems = problems_with(changes)

    assert problems
    assert SECRET not in "\n".join(str(problem) for problem in problems)


def test_no_message_shows_a_password_of_digits():
    (problem,) = problems_with({f"{FIRST_INSTANCE}.authentication": 13579})

    assert "13579" not in str(problem)
    assert "is a number, not a mapping" in str(problem)


def test_a_password_of_digits_without_quotes_is_told_to_have_them():
    (problem,) = problems_with({f"{FIRST_INSTANCE}.authentication": {"auth_pass": 13579}})

    assert "13579" not in str(problem)
    assert (problem.reason, problem.remedy) == ("is a number, not text", "Quote it in YAML")


def test_a_long_value_is_cut():
    (problem,) = problems_with({f"{FIRST_SERVICE}.lb_algo": "w" * 500})

    assert len(str(problem)) < 300

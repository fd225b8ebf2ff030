# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each key of a description accepts, and what is told of what it does not."""

from __future__ import annotations

import pytest
from ansible_collections.lvs.cluster.tests.unit.plugins.module_utils._description.example import (
    INSTANCE,
    OTHER_INSTANCE,
    OTHER_SERVICE,
    OTHER_UPSTREAM,
    REMOVED,
    SERVICE,
    VIP,
)
from ansible_collections.lvs.cluster.tests.unit.plugins.module_utils._description.mistakes import (
    EVERY,
    FIRST_INSTANCE,
    FIRST_SERVICE,
    FIRST_UPSTREAM,
    INSTANCES,
    SECOND_INSTANCE,
    SECOND_SERVICE,
    SERVICES,
    TWO_OF_EACH,
    TWO_UPSTREAMS,
    UPSTREAMS,
    bad,
    problems_with,
    told_once,
)

SECRET = "s3cret"

KEYS = [
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
    bad("unknown key of a virtual server", {f"{FIRST_SERVICE}.hashed": True}, "unknown key", "lb_algo, lb_kind"),
    bad("unknown key of a check", {f"{FIRST_SERVICE}.check.nb_get_retry": 3}, "unknown key", "status_code"),
    bad("unknown key of a real server", {f"{FIRST_SERVICE}.real_servers[1].snmp_name": 9}, "unknown key", "weight"),
    bad(
        "unknown key of a sorry server",
        {f"{FIRST_SERVICE}.sorry_server": {"address": "192.0.2.9", "weight": 1}},
        "unknown key",
        "host, address, port",
        path=f"{FIRST_SERVICE}.sorry_server.weight",
    ),
    bad("unknown key of an upstream", {f"{FIRST_UPSTREAM}.zone": "app 64k"}, "unknown key", "health_path"),
    bad("unknown key of an upstream server", {f"{FIRST_UPSTREAM}.servers[1].max_fail": 9}, "unknown key", "max_fails?"),
    bad(
        "what only another nginx has", {f"{FIRST_UPSTREAM}.servers[1].slow_start": 9}, "is not in the nginx of", "step"
    ),
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

SHAPES = [
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
        "each entry as {name: ..., real_servers: ..., address: ..., port: ...}",
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

VALUES = [
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
        "is not an IPv4 or IPv6 address",
        "/32",
    ),
    bad("VIP with a prefix of 33", {f"{FIRST_INSTANCE}.virtual_ipaddress[0]": f"{VIP}/33"}, "with a prefix length"),
    bad("VIP of one link", {f"{FIRST_INSTANCE}.virtual_ipaddress[0]": "fe80::1/64"}, "is an address of one link"),
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
        "service of an interface",
        {f"{FIRST_SERVICE}.address": "2001:db8::1%eth0"},
        '= "2001:db8::1%eth0": is not an IPv4 or IPv6 address',
        "2001:db8::10",
    ),
    bad(
        "service with a prefix length",
        {f"{FIRST_SERVICE}.address": f"{VIP}/32"},
        "is not an IPv4 or IPv6 address",
        "192.0.2.10",
    ),
    bad("port 0", {f"{FIRST_UPSTREAM}.servers[1].port": 0}, "= 0: is out of range", "from 1 to 65535"),
    bad("port 65536", {f"{FIRST_SERVICE}.port": 65536}, "= 65536: is out of range", "from 0 to 65535"),
    bad("port yes", {f"{FIRST_UPSTREAM}.servers[1].port": True}, "= True: is not a whole number", "from 1 to 65535"),
    bad("port by name", {f"{FIRST_SERVICE}.port": "http"}, '= "http": is not a whole number', "from 0 to 65535"),
    bad("port of 5000 digits", {f"{FIRST_SERVICE}.port": "8" * 5000}, "...: is not a whole number", "from 0 to 65535"),
    bad(
        "unknown scheduler",
        {f"{FIRST_SERVICE}.lb_algo": "wrrr"},
        '"wrrr": is not a known lb_algo',
        "(did you mean wrr?)",
    ),
    bad("unknown lb_kind", {f"{FIRST_SERVICE}.lb_kind": "GRE"}, '"GRE": is not a known lb_kind', "Write one of DR"),
    bad(
        "unknown check",
        {f"{FIRST_SERVICE}.check.type": "HTTPS_GET"},
        '"HTTPS_GET": is not a known check',
        "TCP_CHECK, HTTP_GET, SSL_GET",
    ),
    bad(
        "unknown protocol",
        {f"{FIRST_SERVICE}.protocol": "udp"},
        '"udp": is not a known protocol',
        "Write one of TCP, UDP",
    ),
    bad(
        "path without a slash",
        {f"{FIRST_SERVICE}.check.path": "healthz"},
        "is not the path of a URL",
        "starts with '/'",
    ),
    bad("path with a variable", {f"{FIRST_SERVICE}.check.path": "/$a"}, "has $, which keepalived or nginx", "% ? &"),
    bad("path with signs", {f"{FIRST_SERVICE}.check.path": "/a(b)* c"}, "has ( ) * a space, which", "two hex digits"),
    bad("health_path with signs", {f"{FIRST_UPSTREAM}.health_path": "/a*(b"}, "has * (, which", "two hex digits"),
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
    *(
        bad(
            f"health_path that is a hop's to {address}",
            {f"{FIRST_UPSTREAM}.health_path": f"/healthz/at/{address}"},
            "ends as the paths at which nginx asks itself",
            "as /healthz",
        )
        for address in (VIP, "2001:db8::100")
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
    bad("status_code 99", {f"{FIRST_SERVICE}.check.status_code": 99}, "= 99: is no status of HTTP", "from 100 to 599"),
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
    bad("name of a cluster that is no word", {"lvs_cluster": "my shop"}, '= "my shop": is not a name'),
    bad(
        "auth_pass of 9 characters",
        {f"{FIRST_INSTANCE}.authentication": {"auth_pass": "123456789"}},
        "has 9 characters",
        "Write at most 8",
        path=f"{FIRST_INSTANCE}.authentication.auth_pass",
    ),
]


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({f"{FIRST_INSTANCE}.virtual_router_id": 1}, id="VRID 1"),
        pytest.param({f"{FIRST_INSTANCE}.virtual_router_id": 255}, id="VRID 255"),
        pytest.param({f"{FIRST_INSTANCE}.authentication": {"auth_pass": "12345678"}}, id="auth_pass of 8 characters"),
        pytest.param({f"{FIRST_SERVICE}.check.path": "/" + "a" * 999}, id="path of 1000 characters"),
        pytest.param({f"{FIRST_SERVICE}.check.path": "//a%20b/../?c=d"}, id="path that nothing compares"),
        pytest.param({f"{FIRST_UPSTREAM}.health_path": "/.well-known/..."}, id="health_path with dots"),
        pytest.param({f"{FIRST_SERVICE}.delay_loop": 0.1 + 0.2}, id="time that was calculated"),
        pytest.param({f"{FIRST_INSTANCE}.name": "a" * 63}, id="name of 63 characters"),
        pytest.param({"lvs_sync_daemon": "false"}, id="text of -e lvs_sync_daemon=false"),
        pytest.param({"lvs_cluster": "shop"}, id="name of the cluster"),
    ],
)
def test_what_is_legitimate_is_accepted(changes):
    assert problems_with(changes) == []


@pytest.mark.parametrize(("changes", "path", "fragments"), [*KEYS, *SHAPES, *VALUES])
def test_one_mistake_is_reported_once_with_its_path_reason_and_remedy(changes, path, fragments):
    told_once(changes, path, fragments)


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

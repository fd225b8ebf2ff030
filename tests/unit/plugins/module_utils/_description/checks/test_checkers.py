# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._description import inventory
from ansible_collections.lvs.cluster.tests.unit.plugins.module_utils._description.example import (
    HOSTS,
    VIP,
    hostvars,
)
from ansible_collections.lvs.cluster.tests.unit.plugins.module_utils._description.mistakes import (
    FIRST_INSTANCE,
    FIRST_SERVICE,
    bad,
    told_once,
)

CHECK = f"{FIRST_SERVICE}.check"
SECOND_SERVER = f"{FIRST_SERVICE}.real_servers[1]"
FILES, BFD = "lvs_vrrp_track_files", "lvs_bfd_instances"
LOAD = {"name": "load", "file": "/run/load", "init_file": {"value": 0}}
EDGE = {"name": "edge", "hosts": ["lvs1", "lvs2", "web1", "web2"]}


def checked(keyword: str, **told: Any) -> dict[str, Any]:
    return {"type": keyword, **told}


def in_path(case: str, option: str, check: dict[str, Any], *fragments: str, **changes: Any) -> Any:
    """A mistake in an option of the check of all servers."""
    return bad(case, {**changes, CHECK: check}, *fragments, path=f"{CHECK}.{option}")


MISTAKES = [
    in_path("the virtual address", "connect_ip", checked("TCP_CHECK", connect_ip=VIP), "would ask itself", "Remove"),
    in_path("from an address that floats", "bindto", checked("TCP_CHECK", bindto=VIP), "floats", "bind_if: INTERFACE"),
    in_path(
        "from an address of one director",
        "bindto",
        checked("PING_CHECK", bindto=HOSTS["lvs1"]),
        "is an address of lvs1, and lvs2 could check nobody",
    ),
    in_path("from a port of no address", "bind_port", checked("UDP_CHECK", bind_port=4000), "no effect without bindto"),
    in_path(
        "from a port that the kernel still holds",
        "bind_port",
        checked("TCP_CHECK", bindto="192.0.2.210", bind_port=4000),
        "is still taken by the check before",
        "longer delay_loop",
    ),
    in_path("regex that is none", "regex", checked("HTTP_GET", regex="("), "is no regular expression: "),
    in_path("regex of PCRE's own", "regex", checked("HTTP_GET", regex=r"\u0041"), "reads as something else"),
    in_path("regex that is substituted", "regex", checked("HTTP_GET", regex="${_HASH}"), "reads as something else"),
    in_path("regex with quotes", "regex", checked("HTTP_GET", regex='"ok"'), "without double quotes", r"\x22"),
    in_path(
        "status that nginx never answers",
        "status_code",
        checked("HTTP_GET", path="/healthz", status_code=[204, "300-399"]),
        "is never the answer of upstream app to its health_path, which is 200",
    ),
    in_path("regex of two lines", "regex", checked("HTTP_GET", regex="a\nb"), "in one line"),
    in_path("no regex to reverse", "regex_no_match", checked("HTTP_GET", regex_no_match=True), "without a regex"),
    in_path("no regex to begin at", "regex_max_offset", checked("HTTP_GET", regex_max_offset=0), "without a regex"),
    bad(
        "no regex of one of several pages",
        {CHECK: checked("HTTP_GET", url=["/", {"path": "/a", "regex_options": "caseless"}])},
        "without a regex",
        path=f"{CHECK}.url[1].regex_options",
    ),
    in_path(
        "unknown option of PCRE",
        "regex_options[1]",
        checked("HTTP_GET", regex="a", regex_options=["caseless", "fast"]),
        "is not a known option of PCRE",
    ),
    in_path(
        "search that ends before it begins",
        "regex_min_offset",
        checked("HTTP_GET", regex="a", regex_min_offset=9, regex_max_offset=8),
        "= 9: is more than regex_max_offset",
    ),
    in_path("range backwards", "status_code", checked("HTTP_GET", status_code="299-200"), "ends before", "200-299"),
    in_path("status of a list", "status_code[1]", checked("HTTP_GET", status_code=[200, "ok"]), "is no status of HTTP"),
    in_path("short digest", "digest", checked("HTTP_GET", digest="9b3a"), "is not a digest of 32 hex digits", "md5sum"),
    in_path("digest of nothing", "digest", checked("HTTP_GET", digest={}), "has none of md5, file"),
    in_path("page that is no file", "digest", checked("HTTP_GET", digest={"file": "gone"}), '= "gone": is no file'),
    in_path("no name for SNI", "enable_sni", checked("SSL_GET", enable_sni=True), "has no name", "virtualhost: NAME"),
    in_path(
        "name of a server for SNI",
        "enable_sni",
        checked("SSL_GET", enable_sni=True),
        "tells no virtualhost of a server",
        **{f"{FIRST_SERVICE}.virtualhost": "b", SECOND_SERVER: {"host": "web2", "virtualhost": "a"}},
    ),
    in_path(
        "name with a port for SNI",
        "enable_sni",
        checked("SSL_GET", enable_sni=True, virtualhost="www.example.com:8443"),
        "www.example.com:8443 has a port",
    ),
    in_path(
        "answer to what nobody understands",
        "require_reply",
        checked("UDP_CHECK", require_reply=True),
        "no server is ever well",
        "Write payload",
    ),
    in_path(
        "length of any answer",
        "max_reply_length",
        checked("UDP_CHECK", payload="00", require_reply=True, max_reply_length=9),
        "= 9: has no effect without the octets",
    ),
    in_path(
        "answer longer than it may be",
        "min_reply_length",
        checked("UDP_CHECK", payload="00", require_reply="00", min_reply_length=256),
        "= 256: is more than max_reply_length, 255",
    ),
    in_path("half an octet", "payload", checked("UDP_CHECK", payload="abc"), "is not a row of octets in hex"),
    in_path("name of DNS with an empty part", "name", checked("DNS_CHECK", name="a..b"), "is not a name of DNS"),
    in_path("no name of DNS", "name", checked("DNS_CHECK"), "is missing", "one of which the server knows"),
    in_path("no script", "misc_path", checked("MISC_CHECK"), "is missing"),
    in_path("file that is not described", "track_file", checked("FILE_CHECK", track_file="load"), "not described in"),
    in_path(
        "file that nobody writes",
        "track_file",
        checked("FILE_CHECK", track_file="load"),
        "is a file that nobody may write",
        "Write init_file: NUMBER",
        **{FILES: [{"name": "load", "file": "/run/load"}]},
    ),
    in_path(
        "reverse of no weight",
        "reverse",
        checked("FILE_CHECK", track_file="load", reverse=True),
        "without a weight",
        **{FILES: [LOAD]},
    ),
    in_path("neighbours that are not described", "name", checked("BFD_CHECK", name="edge"), "not described in"),
    in_path(
        "neighbours without a server",
        "name",
        checked("BFD_CHECK", name="edge"),
        "has not web2 among its hosts",
        **{BFD: [{"name": "edge", "hosts": ["lvs1", "lvs2", "web1"]}]},
    ),
    bad(
        "neighbour outside the inventory",
        {
            BFD: [{"name": "edge", "hosts": ["lvs1", "lvs2", "web1"]}],
            SECOND_SERVER: {"address": "192.0.2.29", "check": checked("BFD_CHECK", name="edge")},
        },
        "has not a server outside the inventory among its hosts",
        path=f"{SECOND_SERVER}.check.name",
    ),
    bad(
        "one of several checks of one server",
        {SECOND_SERVER: {"host": "web2", "check": [{}, checked("UDP_CHECK", require_reply=True)]}},
        "no server is ever well",
        path=f"{SECOND_SERVER}.check[1].require_reply",
    ),
]


@pytest.mark.parametrize(("changes", "path", "fragments"), MISTAKES)
def test_one_mistake_is_reported_once_with_its_path_reason_and_remedy(changes, path, fragments):
    told_once(changes, path, fragments)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({CHECK: checked("TCP_CHECK", connect_ip="192.0.2.210", bind_if="eth0")}, id="another address"),
        pytest.param(
            {CHECK: checked("TCP_CHECK", bindto="192.0.2.210", bind_port=4000, delay_loop=61)},
            id="from what nobody is known to have",
        ),
        pytest.param(
            {f"{FIRST_INSTANCE}.hosts": ["lvs1"], CHECK: checked("TCP_CHECK", bindto=HOSTS["lvs1"])},
            id="from the address of the only director",
        ),
        pytest.param(
            {CHECK: checked("SSL_GET", enable_sni=True), f"{FIRST_SERVICE}.virtualhost": "www.example.com"},
            id="a name of the service",
        ),
        pytest.param({CHECK: checked("UDP_CHECK", payload="ab 00", require_reply="aX 0x")}, id="a reply"),
        pytest.param({CHECK: checked("HTTP_GET", status_code=["200-299", 304])}, id="several of status"),
        pytest.param({CHECK: checked("DNS_CHECK", name=".")}, id="the root of DNS"),
        pytest.param({FILES: [LOAD], CHECK: checked("FILE_CHECK", track_file="load", weight=0)}, id="a file"),
        pytest.param({BFD: [EDGE], CHECK: checked("BFD_CHECK", name="edge")}, id="neighbours"),
        pytest.param({CHECK: [{}, checked("PING_CHECK")], SECOND_SERVER: {"host": "web2", "check": "none"}}, id="none"),
    ],
)
def test_accepted(changes):
    assert inventory.described(hostvars(changes), "lvs1")[2] == []


@pytest.mark.filterwarnings("error")
def test_a_regex_that_a_later_python_may_read_otherwise_is_taken_without_a_word():
    assert inventory.view(hostvars({CHECK: checked("HTTP_GET", regex="[[a&&b]")}), "lvs1")

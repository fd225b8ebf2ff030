# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._description import inventory
from ansible_collections.lvs.cluster.tests.unit.plugins.module_utils._description.example import VIP, hostvars
from ansible_collections.lvs.cluster.tests.unit.plugins.module_utils._description.mistakes import (
    FIRST_INSTANCE,
    FIRST_SERVICE,
    bad,
    told_once,
)

RAW = f"{FIRST_INSTANCE}.raw"
GLOBALS = "lvs_global_defs"

MISTAKES = [
    bad("lines that are text", {RAW: "debug 1"}, "is text, not a list", "Write a YAML list"),
    bad("no line at all", {RAW: []}, "is empty"),
    bad("line that is a number", {RAW: [1]}, "is no line of text", "Quote it", path=f"{RAW}[0]"),
    bad("line that is empty", {RAW: ["debug 1", " "]}, "is no line of text", path=f"{RAW}[1]"),
    bad("two lines in one", {RAW: ["debug 1\ndebug 2"]}, "has a sign that ends a line", path=f"{RAW}[0]"),
    bad("line that keepalived would cut", {RAW: ["d" * 1001]}, "has 1001 characters", "at most 1000", path=f"{RAW}[0]"),
    bad("file that is included", {RAW: ["include /etc/more"]}, "for the reader of the whole file", path=f"{RAW}[0]"),
    bad("line for one host alone", {RAW: ["@lvs1 debug 1"]}, "for the reader of the whole file", path=f"{RAW}[0]"),
    bad("block that is never closed", {RAW: ["extra {", "check"]}, "has a block that it does not close"),
    bad("block that is not the user's", {RAW: ["}", "vrrp_instance x {"]}, "closes a block that it did not open"),
    bad("quotation that is never closed", {RAW: ['debug "1']}, "has a quotation that does not end"),
    bad(
        "keyword that the table has",
        {RAW: ["debug 1", "smtp_alert"]},
        '= "smtp_alert": follows from the option smtp_alert',
        "Remove the line",
    ),
    bad("keyword that follows from another table", {RAW: ["priority 10"]}, '= "priority": follows from hosts'),
    bad("block that the table has", {RAW: ["virtual_ipaddress", "{ 192.0.2.9 }"]}, "the option virtual_ipaddress"),
    bad(
        "block within a check",
        {f"{FIRST_SERVICE}.check.raw": ["url {", "path /", "}"]},
        '= "url": follows from the option',
    ),
    bad(
        "server within a service",
        {f"{FIRST_SERVICE}.raw": ["real_server 192.0.2.9 80 {", "}"]},
        '= "real_server": follows from real_servers',
    ),
    bad(
        "check of one server",
        {f"{FIRST_SERVICE}.real_servers[1].raw": ["TCP_CHECK {", "}"]},
        '= "TCP_CHECK": follows from check',
    ),
    bad("name of the host", {f"{GLOBALS}": {"raw": ["router_id x"]}}, "the host's name", path=f"{GLOBALS}.raw"),
    bad(
        "what no reload can change",
        {GLOBALS: {"raw": ["nftables lvs"]}},
        "no reload can change it",
        path=f"{GLOBALS}.raw",
    ),
    bad(
        "mail to nobody",
        {f"{FIRST_INSTANCE}.smtp_alert": True},
        "mails, and nobody gets it",
        "notification_email of lvs_global_defs",
    ),
    bad(
        "mail of everything to nobody",
        {GLOBALS: {"smtp_alert_checker": True}},
        "mails, and nobody gets it",
        path=f"{GLOBALS}.smtp_alert_checker",
    ),
    bad(
        "mail to what is no address",
        {GLOBALS: {"notification_email": ["root@example.com", "a b"]}},
        '= "a b": is not a mail address',
        path=f"{GLOBALS}.notification_email[1]",
    ),
    bad(
        "addresses that drop what clients send",
        {GLOBALS: {"vrrp_strict": True}},
        "drop what clients send",
        "strict_mode: true",
        path=f"{GLOBALS}.vrrp_strict",
    ),
    bad(
        "label that is longer than the kernel's",
        {f"{FIRST_INSTANCE}.virtual_ipaddress[0]": {"address": VIP, "label": "eth0:1234567890a"}},
        "has 16 characters",
        path=f"{FIRST_INSTANCE}.virtual_ipaddress[0].label",
    ),
    bad(
        "label of no interface",
        {f"{FIRST_INSTANCE}.virtual_ipaddress[0]": {"address": VIP, "label": "web"}},
        "is not a label",
        "as eth0:web",
        path=f"{FIRST_INSTANCE}.virtual_ipaddress[0].label",
    ),
]


@pytest.mark.parametrize(("changes", "path", "fragments"), MISTAKES)
def test_one_mistake_is_reported_once_with_its_path_reason_and_remedy(changes, path, fragments):
    told_once(changes, path, fragments)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({RAW: ['# } { " of a comment', "debug 1", "debug 1"]}, id="lines that come twice"),
        pytest.param({RAW: ["extra {", "  smtp_alert", "}"]}, id="known keyword in a block of its own"),
        pytest.param({GLOBALS: {"smtp_alert": True, "notification_email": ["root"]}}, id="mail to somebody"),
        pytest.param({f"{FIRST_INSTANCE}.smtp_alert": False}, id="no mail"),
    ],
)
def test_accepted(changes):
    assert inventory.described(hostvars(changes), "lvs1")[2] == []


def test_every_raw_line_is_told_in_a_remark():
    changes = {RAW: ["extra {", "  check", "}"], f"{FIRST_SERVICE}.check.raw": ["# as it is"]}
    (told,) = inventory.views(hostvars(changes), ["lvs1"])

    assert told["cluster"]["remarks"] == [
        f"{RAW} goes into keepalived.conf as it is: extra {{; check; }}.",
        f"{FIRST_SERVICE}.check.raw goes into keepalived.conf as it is: # as it is.",
    ]

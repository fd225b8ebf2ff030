"""Tables as text, recorded and drawn."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.beyond import within
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.commands import IpvsParseError, IpvsRuleError, run
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.listing import parse_thresholds
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import (
    Server,
    Service,
    Table,
    address_service,
    fwmark_service,
    server_key,
)
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.save import parse, render, with_thresholds
from ansible_collections.lvs.cluster.tests.unit.ipvs_strategies import tables
from hypothesis import given

RECORDED = Path(__file__).parent / "recorded"
RELEASES = sorted(path.name for path in RECORDED.iterdir() if path.is_dir())

WEB = address_service("tcp", "192.0.2.10", 80)


def recorded(release: str, name: str) -> str:
    return (RECORDED / release / f"{name}.txt").read_text()


@given(tables())
def test_what_is_rendered_is_parsed_to_the_same_table(table: Table) -> None:
    assert parse(render(table)) == table


@pytest.mark.parametrize("release", RELEASES)
def test_a_recorded_table_renders_to_the_recorded_text_except_for_negative_marks(release: str) -> None:
    text = recorded(release, "save").replace("-f -1 ", "-f 4294967295 ")
    assert sorted(render(parse(recorded(release, "save"))).splitlines()) == sorted(text.splitlines())


@pytest.mark.parametrize("release", RELEASES)
def test_a_recorded_table_is_what_was_restored_once_the_thresholds_are_added(release: str) -> None:
    saved = parse(recorded(release, "save"))
    restored = parse((RECORDED / "table.rules").read_text())
    assert saved != restored, "the thresholds are not in the saved text"
    assert with_thresholds(saved, parse_thresholds(recorded(release, "thresholds"))) == restored


def test_defaults_are_those_of_ipvsadm() -> None:
    table = parse("-A -t 192.0.2.10:80 -p\n-a -t 192.0.2.10:80 -r 192.0.2.21")
    assert table[WEB].service == Service(WEB, lb_algo="wlc", persistence_timeout=360)
    assert table[WEB].servers == {
        server_key("192.0.2.21", 80): Server(server_key("192.0.2.21", 80), lb_kind="DR", weight=1)
    }


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("-A -t 192.0.2.10:80 -s rr -p", "-A -t 192.0.2.10:80 -s rr -p 360"),
        ("-A -t 192.0.2.10:80", "-A -t 192.0.2.10:80 -s wlc"),
        ("-A -t 192.0.2.10:80 -s sh -b flag-1", "-A -t 192.0.2.10:80 -s sh -b sh-fallback"),
        ("-A -t 192.0.2.10:80 -s mh -b mh-port,mh-fallback", "-A -t 192.0.2.10:80 -s mh -b mh-fallback,mh-port"),
        ("-A -t 192.0.2.10:80 -s rr -p 9 -M 255.255.255.255", "-A -t 192.0.2.10:80 -s rr -p 9"),
        ("-A -t [2001:db8:0::10]:80 -s rr -p 9 -M 128", "-A -t [2001:db8::10]:80 -s rr -p 9"),
        ("--add-service --tcp-service 192.0.2.10:80 --scheduler rr", "-A -t 192.0.2.10:80 -s rr"),
        ("-A -f -1 -s rr", "-A -f 4294967295 -s rr"),
        ("# a comment\n\n-A -f 7 -s rr", "-A -f 7 -s rr"),
    ],
)
def test_two_ways_to_write_the_same_are_the_same(written: str, meant: str) -> None:
    assert parse(written) == parse(meant)


def test_the_port_of_a_dr_server_that_ipvsadm_adds_is_the_services_and_what_is_saved_is_what_is_there() -> None:
    rules = "-A -t 192.0.2.10:80 -s rr\n-a -t 192.0.2.10:80 -r 192.0.2.21:8080 -g -w 1\n"
    added = run([line.split() for line in rules.splitlines()], {})
    assert list(added[WEB].servers) == [server_key("192.0.2.21", 80)]
    assert list(parse(rules)[WEB].servers) == [server_key("192.0.2.21", 8080)]
    assert render(parse(rules)) == rules


@pytest.mark.parametrize(
    "rule",
    ["-A -t 192.0.2.11:80 -s rr -p 0", "-A -t 192.0.2.11:80 -s rr -p 2678401", "-a {} -r 192.0.2.21:80 (null) -w 1"],
)
def test_what_ipvsadm_prints_and_does_not_take_is_read_as_saved_alone(rule: str) -> None:
    rules = ["-A -t 192.0.2.10:80 -s rr", rule.format("-t 192.0.2.10:80")]
    table = parse("\n".join(rules))
    assert render(table).splitlines() == rules
    with pytest.raises(IpvsParseError):
        run([line.split() for line in rules], {})
    possible, reasons = within(table)
    assert render(possible).splitlines() == rules[:1]
    assert len(reasons) == 1


def test_a_mark_of_ipv6_is_another_service() -> None:
    table = parse("-A -f 7 -s rr\n-A -f 7 -6 -s wlc")
    assert {key: pool.service.lb_algo for key, pool in table.items()} == {
        fwmark_service(7): "rr",
        fwmark_service(7, "ipv6"): "wlc",
    }


def test_a_weight_beyond_the_documented_ones_is_read() -> None:
    # ipvsadm 1.31 stores it, contrary to its manual.
    table = parse("-A -t 192.0.2.10:80 -s rr\n-a -t 192.0.2.10:80 -r 192.0.2.21 -w 70000")
    assert next(iter(table[WEB].servers.values())).weight == 70000


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("-A -t 192.0.2.10:80 -s rr\n-A --new 7", "line 2: -A --new 7: --new is not understood"),
        ("-A -t 192.0.2.10:80 -s", "line 1: .*-s is not understood"),
        ("-C", "line 1: -C: -C does not belong in a table"),
        ("-D -t 192.0.2.10:80", "line 1: .* does not belong in a table"),
        ("-A -t 192.0.2.10:80 -u 192.0.2.10:80", "not one service"),
        ("-A -s rr", "not one service"),
        ("-A -t example.com:80 -s rr", "is not an IPv4 or IPv6 address"),
        ("-A -t 192.0.2.10:http -s rr", "http is not a number"),
        ("-A -t [2001:db8::10] -s rr", "is not an address with a port"),
        ("-A -t 192.0.2.10:80 -6", "-6 goes with -f"),
        ("-A -f 0 -s rr", "0 is no firewall mark"),
        ("-A -t 192.0.2.10:80 -s rr -s wrr", "-s twice"),
        ("-A -t 192.0.2.10:80 -r 192.0.2.21", "-r does not go with -A"),
        ("-A -t 192.0.2.10:80 -s sh -b flag-3", "has no flag flag-3"),
        ("-A -t 192.0.2.10:80\n-a -t 192.0.2.10:80", "line 2: .*no server"),
    ],
)
def test_a_line_that_is_not_understood_is_named(text: str, complaint: str) -> None:
    with pytest.raises(IpvsParseError, match=complaint):
        parse(text)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("-A -f 7\n-A -f 7", "line 2: -A -f 7: Service already exists"),
        ("-a -f 7 -r 192.0.2.21:0", "line 1: .*Service not defined"),
        ("-A -f 7\n-a -f 7 -r 192.0.2.21:0\n-a -f 7 -r 192.0.2.21:0 -m", "line 3: .*Destination already exists"),
    ],
)
def test_what_the_kernel_would_refuse_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(IpvsRuleError, match=complaint):
        parse(text)

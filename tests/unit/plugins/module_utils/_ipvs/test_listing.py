"""Listings, connections, daemons, timeouts and sysctls, as three releases print them."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.commands import IpvsParseError
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.connections import parse_connections
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.counters import plan_zero, zeroed
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.daemons import (
    Daemon,
    parse_daemons,
    plan_start,
    plan_stop,
    run_daemons,
)
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.info import (
    daemon_options,
    parse_sysctl,
    parse_title,
    statistics,
)
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.listing import (
    PERSISTENT,
    RATE,
    STATS,
    THRESHOLDS,
    parse_listing,
    parse_service,
    parse_thresholds,
)
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import address_service, fwmark_service, server_key
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.save import parse
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.timeouts import (
    Timeouts,
    merged,
    parse_timeouts,
    plan_timeouts,
    render_timeouts,
)

RECORDED = Path(__file__).parent / "recorded"
RELEASES = sorted(path.name for path in RECORDED.iterdir() if path.is_dir())
WEB = address_service("tcp", "192.0.2.10", 80)


@pytest.fixture(params=RELEASES)
def release(request: pytest.FixtureRequest) -> Path:
    return RECORDED / str(request.param)


def test_there_are_three_releases() -> None:
    assert len(RELEASES) >= 3


@pytest.mark.parametrize(
    ("name", "columns"),
    [("thresholds", THRESHOLDS), ("stats", STATS), ("rate", RATE), ("persistent", PERSISTENT)],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_every_listing_has_the_servers_of_the_saved_table(release: Path, name: str, columns: tuple[str, ...]) -> None:
    listing = parse_listing((release / f"{name}.txt").read_text(), columns)
    saved = parse((release / "save.txt").read_text())
    assert set(listing.services) == set(saved)
    assert set(listing.servers) == {(key, each) for key, pool in saved.items() for each in pool.servers}


def test_thresholds_are_numbers_by_name(release: Path) -> None:
    listing = parse_listing((release / "thresholds.txt").read_text(), THRESHOLDS)
    assert listing.servers[WEB, server_key("192.0.2.22", 80)] == {
        "uthreshold": 100,
        "lthreshold": 50,
        "active_connections": 0,
        "inactive_connections": 0,
    }
    assert listing.services[WEB] == {}


def test_thresholds_are_read_of_the_servers_that_have_any(release: Path) -> None:
    text = (release / "thresholds.txt").read_text()
    everyone = parse_listing(text, THRESHOLDS).servers
    limits = {key: (each["uthreshold"], each["lthreshold"]) for key, each in everyone.items()}
    assert parse_thresholds(text) == {key: pair for key, pair in limits.items() if pair != (0, 0)} != limits


def test_thresholds_in_an_unknown_form_are_an_error(release: Path) -> None:
    text = (release / "thresholds.txt").read_text()
    with pytest.raises(IpvsParseError, match=r"-> 192\.0\.2\.21:0 none"):
        parse_thresholds(text.replace("192.0.2.21:0                 0 ", "192.0.2.21:0                 none "))


def test_counters_are_numbers_of_services_and_servers(release: Path) -> None:
    listing = parse_listing((release / "stats-live.txt").read_text(), STATS)
    assert listing.services[WEB]["connections"] == 1
    assert listing.servers[WEB, server_key("192.0.2.1", 8081)]["incoming_packets"] >= 1
    assert fwmark_service(7, "ipv6") in parse_listing((release / "stats.txt").read_text(), STATS).services


def test_an_empty_table_has_an_empty_listing() -> None:
    title = "IP Virtual Server version 1.2.1 (size=0)\nProt LocalAddress:Port\n  -> RemoteAddress:Port\n"
    assert parse_listing(title, STATS) == ({}, {})


@pytest.mark.parametrize(
    "line",
    ["  -> 192.0.2.21:80 1 2", "TCP  192.0.2.10:80 1 2 3", "XYZ 192.0.2.10:80 1 2 3 4 5", "TCP  192.0.2.10:80"],
)
def test_a_line_that_is_not_understood_is_named(line: str) -> None:
    title = "IP Virtual Server version 1.2.1 (size=0)\nProt LocalAddress:Port\n  -> RemoteAddress:Port\n"
    with pytest.raises(IpvsParseError, match="line 4: "):
        parse_listing(f"{title}{line}\n", STATS)


def test_statistics_put_all_numbers_of_a_server_together(release: Path) -> None:
    stats = parse_listing((release / "stats-live.txt").read_text(), STATS)
    persistent = parse_listing((release / "persistent-live.txt").read_text(), PERSISTENT)
    rates = parse_listing((release / "stats-live.txt").read_text(), RATE)
    (web,) = [
        each
        for each in statistics(stats, rates, persistent)
        if each["service"].get("port") == 80 and each["service"]["address"] == "192.0.2.10"
    ]
    (server,) = [each for each in web["real_servers"] if each["port"] == 8081]
    assert (server["persistent_connections"], server["inactive_connections"], server["weight"]) == (1, 1, 1)
    assert server["connections"] == server["connections_per_second"] == 1


def test_connections_are_read_with_templates_and_engines(release: Path) -> None:
    with (release / "connections.txt").open() as lines:
        connections, more = parse_connections(lines, 100)
    assert not more
    assert len(connections) == 5
    (sip,) = [each for each in connections if each["protocol"] == "udp" and each["template"]]
    assert (sip["persistence_engine"], sip["persistence_data"]) == ("sip", "abc-def@example.com")
    assert (sip["service_address"], sip["service_port"]) == ("192.0.2.10", 5060)
    (ipv6,) = [each for each in connections if ":" in str(each["client_address"])]
    assert (ipv6["client_address"], ipv6["server_port"], ipv6["state"]) == ("2001:db8::50", 8080, "ESTABLISHED")
    (refused,) = [each for each in connections if each["state"] == "CLOSE"]
    assert not refused["template"]


@pytest.mark.parametrize(
    ("line", "template"),
    [
        ("TCP C0000232 0000 C000020A 0050 C0000201 1F91 NONE 297", True),
        # Of an established connection, on Linux 7.2.7.
        ("TCP C0000232 0000 C000020A 0050 C6336415 1F90 ASSURED     300", True),
        ("TCP C0000232 0000 C000020A 0050 C0000201 1F91 CLOSE 7", False),
        ("TCP C0000232 BACE C000020A 0050 C0000201 1F91 NONE 7", False),
    ],
)
def test_a_template_is_of_no_port_and_of_a_state_of_its_own(line: str, template: bool) -> None:
    ((connection,), _more) = parse_connections([line], 9)
    assert connection["template"] is template


def test_no_more_connections_are_read_than_wanted(release: Path) -> None:
    def lines():
        yield from (release / "connections.txt").read_text().splitlines()[:4]
        pytest.fail("read on")

    assert len(parse_connections(lines(), 2)[0]) == 2
    assert parse_connections(lines(), 2)[1]


@pytest.mark.parametrize("line", ["TCP zz 0050 C000020A 0050 C0000201 1F91 CLOSE 7", "TCP", "XXX 1 2 3 4 5 6 7 8"])
def test_a_connection_that_is_not_understood_is_named(line: str) -> None:
    with pytest.raises(IpvsParseError, match="line 1: "):
        parse_connections([line], 9)


def test_daemons_are_read_with_all_their_settings(release: Path) -> None:
    master = Daemon("master", "dum0", 7, "224.0.0.81", 8848, 1, 1472)
    assert parse_daemons((release / "daemon1.txt").read_text()) == {"master": master}
    both = parse_daemons((release / "daemon2.txt").read_text())
    assert both["backup"] == Daemon("backup", "dum0", 7, "239.1.1.1", 9000, 3, 1400)
    assert parse_daemons((release / "daemon3.txt").read_text())["master"].mcast_group == "ff02::81"
    assert daemon_options(both)[0]["sync_maxlen"] == 1472
    assert parse_daemons("") == {}


def test_a_daemon_that_has_what_is_wanted_is_left_alone(release: Path) -> None:
    running = parse_daemons((release / "daemon1.txt").read_text())
    assert plan_start(running, Daemon("master", "dum0", 7)) == []
    assert plan_start(running, Daemon("master", "dum0", 7, mcast_port=8848)) == []


def test_a_daemon_that_has_not_is_stopped_and_started(release: Path) -> None:
    running = parse_daemons((release / "daemon1.txt").read_text())
    wanted = Daemon("master", "dum0", 8, mcast_group="224.0.0.82", mcast_port=1, mcast_ttl=2, sync_maxlen=1000)
    commands = plan_start(running, wanted)
    assert [command[0] for command in commands] == ["--stop-daemon", "--start-daemon"]
    assert run_daemons(commands, running) == {"master": wanted}


def test_a_daemon_is_stopped_only_where_it_runs(release: Path) -> None:
    running = parse_daemons((release / "daemon1.txt").read_text())
    assert plan_stop(running, "backup") == []
    assert run_daemons(plan_stop(running, "master"), running) == {}


def test_what_is_no_daemon_is_named() -> None:
    with pytest.raises(IpvsParseError, match="line 1: neither"):
        parse_daemons("neither of both")


def test_timeouts_are_read_and_only_different_ones_are_set(release: Path) -> None:
    current = parse_timeouts((release / "timeout.txt").read_text())
    assert current == Timeouts(900, 120, 300)
    assert plan_timeouts(current, Timeouts(900, None, 300)) == []
    assert plan_timeouts(current, Timeouts(900, 60, None)) == [("--set", "0", "60", "0")]
    assert merged(current, Timeouts(None, 60, None)) == Timeouts(900, 60, 300)
    assert parse_timeouts(render_timeouts(current)) == current


def test_what_are_no_timeouts_is_named() -> None:
    with pytest.raises(IpvsParseError, match="not the timeouts"):
        parse_timeouts("Timeout: 1")


def test_sysctls_are_numbers_where_they_are_numbers(release: Path) -> None:
    lines = (release / "sysctls.txt").read_text().splitlines()
    values = {name: parse_sysctl(value) for name, _colon, value in (line.partition(":") for line in lines)}
    assert values["sync_threshold"] == [3, 50]
    assert values["expire_quiescent_template"] == 0
    assert parse_sysctl("0-3\n") == "0-3"
    assert parse_sysctl("-4\n") == -4


def test_the_title_has_the_version_and_the_size(release: Path) -> None:
    title = parse_title((release / "list.txt").read_text())
    assert title["version"] == "1.2.1"
    assert title["connection_table_size"] in (256, 4096)
    with pytest.raises(IpvsParseError, match="not a title"):
        parse_title("Prot LocalAddress:Port")


def test_counters_are_zeroed_where_they_are_not_zero(release: Path) -> None:
    live = parse_listing((release / "stats-live.txt").read_text(), STATS)
    assert plan_zero(live, None) == [("-Z",)]
    assert plan_zero(live, WEB) == [("-Z", "-t", "192.0.2.10:80")]
    one = zeroed(live, WEB)
    assert plan_zero(one, WEB) == []
    assert plan_zero(one, None) == [("-Z",)]
    assert plan_zero(zeroed(live, None), None) == []


def test_a_service_of_a_listing_is_the_one_of_a_saved_table() -> None:
    listing = """Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward TunnelInfo    Weight ActiveConn InActConn
UDP  192.0.2.10:53 sh (sh-fallback,sh-port) persistent 300 mask 255.255.255.0 pe sip ops
  -> 192.0.2.21:53                Tunnel  gue:6080:+c   1      0          0
  -> 192.0.2.22:53                Tunnel  gue:6080:+r   1      0          0
  -> 192.0.2.23:5353              Masq    n/a           1      0          0
  -> 192.0.2.24:53                Tunnel  ipip          1      0          0
  -> 192.0.2.25:53                Tunnel  gre:-c        0      0          0
  -> 192.0.2.26:5353              Route   n/a           65535  0          0
  -> 192.0.2.27:53                (null)  n/a           1      0          0
"""
    name = "-u 192.0.2.10:53"
    saved = [
        f"-A {name} -s sh -p 300 -M 255.255.255.0 --pe sip -o -b sh-fallback,sh-port",
        f"-a {name} -r 192.0.2.21:53 -i -w 1 --tun-type gue --tun-port 6080 --tun-csum",
        f"-a {name} -r 192.0.2.22:53 -i -w 1 --tun-type gue --tun-port 6080 --tun-remcsum",
        f"-a {name} -r 192.0.2.23:5353 -m -w 1",
        f"-a {name} -r 192.0.2.24:53 -i -w 1 --tun-type ipip",
        f"-a {name} -r 192.0.2.25:53 -i -w 0 --tun-type gre --tun-nocsum",
        f"-a {name} -r 192.0.2.26:5353 -g -w 65535",
        f"-a {name} -r 192.0.2.27:53 (null) -w 1",
    ]
    assert parse_service(listing) == parse("\n".join(saved))
    for broken in (listing.replace("Tunnel", "Tun"), listing.replace("+r", "+x"), listing.replace(" ops", " opt")):
        with pytest.raises(IpvsParseError):
            parse_service(broken)

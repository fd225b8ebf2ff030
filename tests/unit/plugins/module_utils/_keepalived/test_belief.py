"""What keepalived believes, compared with a kernel that is text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.daemons import Daemon, parse_daemons
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.save import lines, parse, render
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.addresses import Address, parse_addresses
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.belief import (
    Belief,
    Instance,
    Kernel,
    believed,
    delete_address,
    render_addresses,
    repairs,
)
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.status import (
    parse_check_data,
    parse_sync_daemon,
    parse_vrrp_addresses,
    parse_vrrp_data,
)

RECORDED = Path(__file__).parent / "recorded"
CHECKS = {
    version: (RECORDED / version / "keepalived_check.data").read_text()
    for version in ("2.2.7", "2.3.3", "2.3.4", "2.2.7-many")
}
VRRP = (RECORDED / "2.2.7" / "keepalived.data").read_text()

TABLE = """\
-A -f 7 -s rr
-a -f 7 -r 192.0.2.50:81 -m -w 1
-A -t 192.0.2.10:80 -s wrr -p 300
-a -t 192.0.2.10:80 -r 192.0.2.50:80 -g -w 3
-a -t 192.0.2.10:80 -r 192.0.2.51:80 -g -w 0
-A -u [2001:db8::10]:53 -s sh
-a -u [2001:db8::10]:53 -r [2001:db8::50]:53 -g -w 1
"""


def of_checks(text: str) -> Belief:
    return believed([], {}, parse_check_data(text), None)


def edited(version: str, *edits: tuple[str, str]) -> Belief:
    """A recorded belief with other words in it, each where they come first."""
    text = CHECKS[version]
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new, 1)
    return of_checks(text)


def rendered(belief: Belief) -> str:
    assert belief.table is not None
    return render(belief.table)


def rules(belief: Belief, table: str, memory: Any = None) -> str:
    return lines(repairs(belief, Kernel(parse(table), {}, ()), memory or {}).rules)


@pytest.mark.parametrize("version", ["2.2.7", "2.3.3", "2.3.4"])
def test_the_table_has_what_keepalived_put_there(version: str) -> None:
    belief = of_checks(CHECKS[version])
    # The second server is inhibited while its check fails.
    assert sorted(rendered(belief).splitlines()) == sorted(TABLE.splitlines())
    assert belief.left_alone == ()
    assert rules(belief, TABLE) == ""


def test_flags_persistence_thresholds_and_weights_are_keepalived_s() -> None:
    belief = edited(
        "2.2.7",
        ("sh-port = disabled", "sh-port = enabled"),
        ("sh-fallback = disabled", "sh-fallback = enabled"),
        ("persistence timeout = 300", "persistence timeout = 60\n   persistence granularity = 255.255.255.0"),
        ("connection limit range = 0 -> 0", "connection limit range = 5 -> 10"),
        ("effective weight = 3", "effective weight = 70000"),
    )
    text = rendered(belief)
    assert "-A -u [2001:db8::10]:53 -s sh -b sh-fallback,sh-port\n" in text
    assert "-A -t 192.0.2.10:80 -s wrr -p 60 -M 255.255.255.0\n" in text
    assert "-a -t 192.0.2.10:80 -r 192.0.2.50:80 -g -w 65535 -x 10 -y 5\n" in text
    assert "-w 0" in rendered(edited("2.2.7", ("effective weight = 3", "effective weight = -2")))


def test_one_packet_scheduling_is_believed_of_udp_alone() -> None:
    head, tail = CHECKS["2.2.7"].split(" VS VIP = 2001:db8::10")
    off, on = "One packet scheduling = disabled", "One packet scheduling = enabled"
    belief = of_checks(f"{head} VS VIP = 2001:db8::10{tail.replace(off, on)}")
    assert "-A -u [2001:db8::10]:53 -s sh -o\n" in rendered(belief)
    belief = edited("2.2.7", (off, f"{on} (inactive due to not UDP)"))
    assert "192.0.2.10" not in rendered(belief)
    assert "one-packet scheduling" in belief.left_alone[0]


def test_servers_that_keepalived_took_out_are_not_in_the_table() -> None:
    belief = edited("2.2.7", ("RS set = 1", "RS set = 0"))
    assert "192.0.2.50:80" not in rendered(belief)
    assert rules(belief, TABLE) == "-d -t 192.0.2.10:80 -r 192.0.2.50:80\n"


def test_a_service_that_keepalived_has_not_set_up_is_not_in_the_table() -> None:
    assert "192.0.2.10" not in rendered(edited("2.2.7", ("alive = 1", "alive = 0")))
    assert "192.0.2.10" not in rendered(edited("2.3.3", ("VS alive = 1", "VS alive = 0")))


@pytest.mark.parametrize(
    ("version", "lost"),
    [
        ("2.2.7", [("quorum_state_up = 1", "quorum_state_up = 0")]),
        ("2.3.3", [("     set = 0\n     alive = 0", "     set = 1\n     alive = 1")]),
    ],
)
def test_the_sorry_server_stands_in_and_what_is_inhibited_waits(version: str, lost: list[tuple[str, str]]) -> None:
    healthy = [("   alive = 0\n   num failed checkers = 1", "   alive = 1\n   num failed checkers = 0")]
    text = rendered(edited(version, *lost, *healthy))
    assert "-a -t 192.0.2.10:80 -r 192.0.2.99:80 -g -w 1\n" in text
    assert "-a -t 192.0.2.10:80 -r 192.0.2.51:80 -g -w 0\n" in text
    text = rendered(edited(version, *healthy))
    assert "192.0.2.99" not in text
    assert "-a -t 192.0.2.10:80 -r 192.0.2.51:80 -g -w 2\n" in text


def test_a_sorry_server_that_is_inhibited_is_always_there() -> None:
    sorry = "sorry server = [192.0.2.99]:tcp:80\n     forwarding method = DR\n     Inhibit on failure is "
    text = rendered(edited("2.2.7", (f"{sorry}OFF", f"{sorry}ON")))
    assert "-a -t 192.0.2.10:80 -r 192.0.2.99:80 -g -w 0\n" in text
    belief = edited(
        "2.2.7", ("sorry server = ", "sorry server (duplicates rs) = "), ("quorum_state_up = 1", "quorum_state_up = 0")
    )
    assert "192.0.2.10 80" in belief.left_alone[0]


def test_a_group_is_a_service_of_the_kernel_for_each_of_its_addresses_and_marks() -> None:
    belief = of_checks(CHECKS["2.2.7-many"])
    assert belief.left_alone == ()
    text = rendered(belief)
    server = next(each for each in parse_check_data(CHECKS["2.2.7-many"]) if "group" in each)["real_servers"][0]
    # Nothing rewrites the port of a packet, whatever port is checked; what has a mark may have any.
    for service, port in (("-t 203.0.113.10:443", 443), ("-t 203.0.113.11:443", 443), ("-f 9", 0)):
        assert f"-A {service} -s rr\n" in text
        assert f"-a {service} -r {server['address']}:{port} -g -w {server['weight']}\n" in text


def test_a_server_of_a_group_that_has_no_port_has_none_by_nat() -> None:
    # ipvswrapper.c: ipvs_group_cmd() gives the kernel what is written, and check_data.c fills in nothing for a group.
    belief = edited(
        "2.2.7-many",
        ("RIP = 198.51.100.1, RPORT = 443,", "RIP = 198.51.100.1, RPORT = 0,"),
        ("   forwarding method = DR", "   forwarding method = NAT"),
    )
    assert belief.left_alone == ()
    for service in ("203.0.113.10:443", "203.0.113.11:443"):
        assert f"-a -t {service} -r 198.51.100.1:0 -m -w 1\n" in rendered(belief)


def test_what_cannot_be_told_is_left_alone_and_then_nobody_is_a_stranger() -> None:
    belief = edited("2.2.7-many", ("VIP = 203.0.113.10, VPORT = 443", "VIP Range = 203.0.113.10-12, VPORT = 443"))
    assert belief.left_alone == ("virtual_server group grp: a group with a range of addresses",)
    stranger = "-A -t 203.0.113.11:443 -s rr\n"
    assert rules(belief, rendered(belief) + stranger) == ""


@pytest.mark.parametrize(
    ("told", "rule"),
    [
        pytest.param("GUE, port = 6080, no checksum", "--tun-type gue --tun-port 6080 --tun-nocsum", id="UDP"),
        pytest.param("GUE, port = 6080, remote checksum", "--tun-type gue --tun-port 6080 --tun-remcsum", id="checked"),
        pytest.param("GRE, checksum", "--tun-type gre --tun-csum", id="GRE"),
    ],
)
def test_a_tunnel_is_of_what_keepalived_says(told: str, rule: str) -> None:
    belief = edited(
        "2.2.7-many", ("   forwarding method = TUN, type = IPIP", f"   forwarding method = TUN, type = {told}")
    )
    assert belief.left_alone == ()
    assert f"-a -f 7 -r 198.51.100.1:0 -i -w 1 {rule}\n" in rendered(belief)


def test_a_table_is_mended_rule_by_rule_and_deletions_come_last() -> None:
    drifted = (
        TABLE.replace("-s wrr -p 300", "-s rr -p 300")
        .replace("192.0.2.50:80 -g -w 3", "192.0.2.50:80 -g -w 9")
        .replace("-a -f 7 -r 192.0.2.50:81 -m -w 1\n", "-a -f 7 -r 192.0.2.59:81 -m -w 1\n")
    )
    belief = of_checks(CHECKS["2.2.7"])
    assert rules(belief, drifted + "-A -t 192.0.2.9:80 -s rr\n").splitlines() == [
        "-a -f 7 -r 192.0.2.50:81 -m -w 1",
        "-E -t 192.0.2.10:80 -s wrr -p 300",
        "-e -t 192.0.2.10:80 -r 192.0.2.50:80 -g -w 3",
        "-d -f 7 -r 192.0.2.59:81",
        "-D -t 192.0.2.9:80",
    ]
    assert rules(belief, "") == rendered(belief)


def test_a_persistence_engine_stays_for_no_dump_has_it() -> None:
    belief = of_checks(CHECKS["2.2.7"])
    assert rules(belief, TABLE.replace("-p 300", "-p 300 --pe sip")) == ""


MEMORY = {"tcp 192.0.2.10:80": {"192.0.2.50:80": 3, "192.0.2.51:80": 2}}
DRAINED = TABLE.replace("192.0.2.50:80 -g -w 3", "192.0.2.50:80 -g -w 0")


def test_a_drained_server_stays_drained_also_when_it_has_to_be_added() -> None:
    belief = of_checks(CHECKS["2.2.7"])
    for table in (DRAINED, ""):
        found = repairs(belief, Kernel(parse(table), {}, ()), MEMORY)
        # Not the other one, which keepalived itself has at weight 0.
        assert (found.drained, found.undrained) == (["tcp 192.0.2.10:80 -> 192.0.2.50:80"], [])
        assert render(found.table) == render(parse(DRAINED))
    assert rules(belief, DRAINED, MEMORY) == ""
    assert rules(belief, DRAINED) == "-e -t 192.0.2.10:80 -r 192.0.2.50:80 -g -w 3\n"


def test_a_drained_server_that_has_a_weight_again_is_told_of() -> None:
    found = repairs(of_checks(CHECKS["2.2.7"]), Kernel(parse(TABLE), {}, ()), MEMORY)
    assert (found.nothing, found.drained) == (True, [])
    assert found.undrained == ["tcp 192.0.2.10:80 -> 192.0.2.50:80"]


# Daemons

SYNC = {"vrrp_instance": "web", "interface": "eth0", "syncid": 51}
MASTER = "master sync daemon (mcast=eth0, syncid=51, maxlen=1472, group=224.0.0.81, port=8848, ttl=1)"
BACKUP = MASTER.replace("master", "backup")
START = "--mcast-interface eth0 --syncid 51 --mcast-group 224.0.0.81 --mcast-port 8848 --mcast-ttl 1"


def daemons(sync: Any, state: str, running: str) -> list[str]:
    belief = believed([{"name": "web", "state": state}], {"web": []}, [], sync)
    found = repairs(belief, Kernel({}, parse_daemons(running), ()), {})
    return [" ".join(command) for command in found.daemons]


@pytest.mark.parametrize(
    ("sync", "state", "running", "commands"),
    [
        (SYNC, "MASTER", MASTER, []),
        (SYNC, "BACKUP", BACKUP, []),
        (SYNC, "MASTER", "", [f"--start-daemon master {START}"]),
        (SYNC, "BACKUP", MASTER, ["--stop-daemon master", f"--start-daemon backup {START}"]),
        (SYNC, "BACKUP", f"{MASTER}\n{BACKUP}", ["--stop-daemon master"]),
        (
            SYNC,
            "MASTER",
            MASTER.replace("syncid=51", "syncid=9"),
            ["--stop-daemon master", f"--start-daemon master {START}"],
        ),
        (SYNC, "FAULT", MASTER, []),
        (SYNC, "INIT", "", []),
        (None, "MASTER", f"{MASTER}\n{BACKUP}", ["--stop-daemon backup", "--stop-daemon master"]),
        (None, "MASTER", "", []),
        (
            {"interface": "eth0", "syncid": 51},
            "BACKUP",
            "",
            [f"--start-daemon backup {START}", f"--start-daemon master {START}"],
        ),
    ],
)
def test_the_sync_daemon_goes_with_the_state_of_its_instance(
    sync: Any, state: str, running: str, commands: list[str]
) -> None:
    assert daemons(sync, state, running) == commands


def test_an_instance_in_fault_leaves_the_daemons_alone_and_says_so() -> None:
    belief = believed([{"name": "web", "state": "FAULT"}], {"web": []}, [], SYNC)
    assert belief.left_alone == ("lvs_sync_daemon: the state of its VRRP instance web is FAULT",)
    assert belief.whole, "the table is known all the same"


def test_without_virtual_servers_table_and_daemons_are_others() -> None:
    belief = believed([{"name": "web", "state": "MASTER"}], {"web": []}, None, None)
    assert repairs(belief, Kernel(parse(TABLE), parse_daemons(MASTER), ()), MEMORY).nothing


def test_the_daemon_is_read_from_what_both_processes_write() -> None:
    assert parse_sync_daemon(VRRP) is None
    said = (
        " LVS syncd vrrp instance = web\n LVS syncd interface = eth0\n LVS syncd syncid = 51\n"
        " LVS syncd maxlen = 1400\n LVS mcast group 224.0.0.82\n LVS syncd mcast port = 8849\n"
        " LVS syncd mcast ttl = 2\n"
    )
    whole = {**SYNC, "sync_maxlen": 1400, "mcast_group": "224.0.0.82", "mcast_port": 8849, "mcast_ttl": 2}
    assert parse_sync_daemon(f"{said}{VRRP}") == whole
    assert parse_sync_daemon(said.replace("instance", "name")) == whole
    (daemon,) = (believed([{"name": "web", "state": "MASTER"}], {"web": []}, [], whole).daemons or {}).values()
    assert daemon == Daemon("master", "eth0", 51, "224.0.0.82", 8849, 2, 1400)


# Addresses

STANDING = json.dumps(
    [
        {"ifname": "lo", "addr_info": [{"family": "inet", "local": "127.0.0.1", "prefixlen": 8}]},
        {
            "ifname": "eth0",
            "addr_info": [
                {"family": "inet", "local": "192.0.2.1", "prefixlen": 24},
                {"family": "inet", "local": "192.0.2.10", "prefixlen": 32},
                {"family": "inet", "local": "192.0.2.11", "prefixlen": 24, "secondary": True},
                {"family": "inet6", "local": "2001:db8::10", "prefixlen": 128},
            ],
        },
        {"ifname": "gone"},
    ]
)
VIPS = (("192.0.2.10", "eth0"), ("192.0.2.11", "eth0"), ("2001:db8::10", "eth0"))


def found_with(state: str, *standing: Address) -> Any:
    belief = Belief(instances=(Instance("web", state, VIPS),))
    return repairs(belief, Kernel({}, {}, standing or parse_addresses(STANDING)), {})


def test_no_address_stands_where_no_master_is() -> None:
    for state in ("BACKUP", "FAULT"):
        found = found_with(state)
        assert [" ".join(delete_address(each)) for each in found.addresses] == [
            "ip address delete 192.0.2.10/32 dev eth0",
            "ip address delete 192.0.2.11/24 dev eth0",
            "ip address delete 2001:db8::10/128 dev eth0",
        ]
    assert render_addresses(found.addresses).splitlines()[0] == "inet 192.0.2.10/32 dev eth0"


def test_a_master_has_its_addresses_and_what_it_lacks_is_named() -> None:
    assert (found_with("MASTER").nothing, found_with("MASTER").missing) == (True, [])
    found = found_with("MASTER", Address("192.0.2.10", 32, "eth0"), Address("192.0.2.11", 32, "lo"))
    assert found.nothing
    assert found.missing == [
        "192.0.2.11 dev eth0 (VRRP instance web)",
        "2001:db8::10 dev eth0 (VRRP instance web)",
    ]


def test_an_instance_on_its_way_is_not_acted_upon() -> None:
    found = found_with("INIT")
    assert found.nothing
    assert found.left_alone[0] == "192.0.2.10/32 dev eth0: the state of VRRP instance web is INIT"


def test_an_address_that_others_are_secondary_to_is_left_alone() -> None:
    primary = Address("192.0.2.10", 24, "eth0")
    for other, goes in (
        (Address("192.0.2.1", 24, "eth0", secondary=True), False),
        (Address("192.0.2.1", 24, "eth0"), True),
        (Address("192.0.2.1", 24, "eth1", secondary=True), True),
        (Address("198.51.100.1", 24, "eth0", secondary=True), True),
    ):
        found = found_with("BACKUP", primary, other)
        assert bool(found.addresses) is goes
        assert bool(found.left_alone) is not goes


def test_addresses_come_with_their_interfaces() -> None:
    many = (RECORDED / "2.2.7-many" / "keepalived.data").read_text()
    assert parse_vrrp_addresses(many) == {
        "web": [
            ("203.0.113.10", "vrrp.53"),
            ("203.0.113.11", "vrrp.53"),
            ("203.0.113.12", "vrrp.53"),
            ("2001:db8::12", "vrrp0"),
        ],
        "other": [("203.0.113.13", "vrrp0")],
    }


def test_two_readings_of_the_same_are_equal_and_others_are_not() -> None:
    instances, addresses = parse_vrrp_data(VRRP), parse_vrrp_addresses(VRRP)
    first, again = (believed(instances, addresses, parse_check_data(CHECKS["2.2.7"]), None) for _time in range(2))
    assert first == again
    assert first.settled
    down = CHECKS["2.2.7"].replace("RS set = 1", "RS set = 0", 1)
    assert first != believed(instances, addresses, parse_check_data(down), None)
    backup = parse_vrrp_data(VRRP.replace("State = MASTER", "State = BACKUP", 1))
    assert first != believed(backup, addresses, parse_check_data(CHECKS["2.2.7"]), None)

"""What three versions of keepalived write of themselves."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.status import (
    StatusError,
    parse_check_data,
    parse_json,
    parse_scripts,
    parse_vrrp_data,
    parse_vrrp_terms,
)

RECORDED = Path(__file__).parent / "recorded"
JSON = (RECORDED / "2.2.7" / "keepalived.json").read_text()
TEXT = (RECORDED / "2.2.7" / "keepalived.data").read_text()
MANY = RECORDED / "2.2.7-many"


@pytest.mark.parametrize("recorded", ["2.2.7", "2.2.7-many"])
def test_json_and_text_say_the_same_but_for_counters(recorded: str) -> None:
    by_json = parse_json((RECORDED / recorded / "keepalived.json").read_text())
    by_text = parse_vrrp_data((RECORDED / recorded / "keepalived.data").read_text())
    assert [{**each, "counters": {}} for each in by_json] == by_text


@pytest.mark.parametrize("version", ["2.2.7", "2.3.3"])
def test_scripts_come_with_their_words_from_wherever_they_stand(version: str) -> None:
    text = (RECORDED / f"{version}-scripts" / "keepalived.data").read_text()
    scripts = parse_scripts(text)
    folder = "/etc/keepalived/scripts"
    assert scripts[0] == [f"{folder}/read-e3bfe686d09a.sh", "/run/marks/pipe"]
    assert [f"{folder}/notify-56b4f141d3b4.sh", "told"] in scripts
    # A pipe's, six of the instance, and two that it tracks.
    assert len(scripts) == len({each[0] for each in scripts}) == 9
    (instance,) = parse_vrrp_data(text)
    assert (instance["name"], instance["virtual_ipaddress"]) == ("web", ["192.0.2.100"])
    assert parse_scripts(TEXT) == []


def test_addresses_come_without_what_is_said_of_them_and_excluded_ones_apart() -> None:
    web, other = parse_vrrp_data((MANY / "keepalived.data").read_text())
    assert (web["interface"], other["interface"]) == ("vrrp.53", "vrrp0")
    assert web["virtual_ipaddress"] == ["203.0.113.10", "203.0.113.11"]
    assert web["virtual_ipaddress_excluded"] == ["203.0.113.12", "2001:db8::12"]
    assert (other["virtual_ipaddress"], other["virtual_ipaddress_excluded"]) == (["203.0.113.13"], [])


def test_directors_agree_on_the_interface_below_one_of_a_mac_address_of_its_own() -> None:
    dump = (MANY / "keepalived.data").read_text()
    for told in ("vrrp.53, vmac on vrrp0", "vrrp.53, vmac on vrrp0, xmit base i/f"):
        web, other = parse_vrrp_terms(dump.replace("vrrp.53, vmac on vrrp0", told))
        assert (web["interface"], other["interface"]) == ("vrrp0", "vrrp0")


def test_instances_have_states_addresses_and_times() -> None:
    web, web6 = parse_json(JSON)
    assert (web["name"], web["state"], web["virtual_router_id"], web["priority"]) == ("web", "MASTER", 51, 254)
    assert web["virtual_ipaddress"] == ["192.0.2.10", "192.0.2.11"]
    assert web["holds_virtual_ipaddress"]
    assert web["last_transition"] == 1795219039.099913
    assert web["counters"]["advert_sent"] == 28
    assert web6["virtual_ipaddress"] == ["fe80::1111", "2001:db8::10"]


def test_a_list_of_the_second_json_version_is_read_too() -> None:
    assert parse_json(json.dumps({"vrrp": json.loads(JSON)})) == parse_json(JSON)
    assert parse_json("[]") == []


def test_backups_and_faults_have_names_and_hold_nothing() -> None:
    dump = json.loads(JSON)[:1]
    for number, name in ((0, "INIT"), (1, "BACKUP"), (3, "FAULT"), (97, "TRANSITION")):
        dump[0]["data"].update(state=number, vipset=False)
        (instance,) = parse_json(json.dumps(dump))
        assert (instance["state"], instance["holds_virtual_ipaddress"]) == (name, False)
    (backup, _web6) = parse_vrrp_data(TEXT.replace("State = MASTER", "State = BACKUP").replace("global set", "global"))
    assert (backup["state"], backup["holds_virtual_ipaddress"]) == ("BACKUP", False)


@pytest.mark.parametrize("version", ["2.2.7", "2.3.3", "2.3.4"])
def test_virtual_servers_have_their_servers_and_the_verdicts_of_their_checkers(version: str) -> None:
    web, mark, dns = parse_check_data((RECORDED / version / "keepalived_check.data").read_text())
    assert (web["protocol"], web["address"], web["port"], web["quorum_up"]) == ("tcp", "192.0.2.10", 80, True)
    up, down = web["real_servers"]
    assert (up["address"], up["weight"], up["alive"], up["failed_checkers"]) == ("192.0.2.50", 3, True, 0)
    assert up["checkers"] == [{"type": "TCP_CHECK", "enabled": True, "up": True, "has_run": True}]
    assert (down["address"], down["alive"], down["failed_checkers"]) == ("192.0.2.51", False, 1)
    assert [(each["type"], each["up"]) for each in down["checkers"]] == [("HTTP_GET", False)]
    assert (mark["fwmark"], mark["family"]) == (7, "ipv4")
    assert [each["type"] for each in mark["real_servers"][0]["checkers"]] == ["TCP_CHECK", "PING_CHECK"]
    assert (dns["protocol"], dns["address"], dns["real_servers"][0]["checkers"]) == ("udp", "2001:db8::10", [])


def test_a_server_has_the_verdicts_of_its_own_service_alone() -> None:
    services = parse_check_data((MANY / "keepalived_check.data").read_text())
    assert [
        (
            service.get("port", service.get("fwmark", service.get("group"))),
            service["alive"],
            service["quorum_up"],
            service["lb_kind"],
            *((each["lb_kind"], each["alive"], each["in_table"]) for each in service["real_servers"]),
            *((each["type"], each["up"]) for each in service["real_servers"][0]["checkers"]),
        )
        for service in services
    ] == [
        (80, True, False, "NAT", ("NAT", False, False), ("TCP_CHECK", False)),
        (8080, True, True, "NAT", ("NAT", True, True), ("MISC_CHECK", True)),
        (7, True, True, "TUN", ("TUN", True, True), ("MISC_CHECK", True)),
        (70, True, False, "TUN", ("TUN", False, False), ("MISC_CHECK", False)),
        ("grp", True, True, "DR", ("DR", True, True), ("MISC_CHECK", True)),
    ]


def test_a_half_written_file_is_not_taken_for_a_whole_one() -> None:
    with pytest.raises(StatusError):
        parse_json(JSON[:200])
    with pytest.raises(StatusError, match="says nothing of"):
        parse_vrrp_data(TEXT[: TEXT.index("Wantstate")])
    text = (RECORDED / "2.2.7" / "keepalived_check.data").read_text()
    with pytest.raises(StatusError, match="says nothing of"):
        parse_check_data(text[: text.index("quorum_state_up")])

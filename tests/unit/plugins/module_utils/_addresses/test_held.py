from __future__ import annotations

import json

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._addresses import held
from hypothesis import given
from hypothesis import strategies as st

# `ip -json -4 address show dev lo` of iproute2 6.1 (Debian 12), on a host with an address of its own and a virtual one.
RECORDED = json.dumps(
    [
        {
            "ifindex": 1,
            "ifname": "lo",
            "flags": ["LOOPBACK", "UP", "LOWER_UP"],
            "addr_info": [
                {"family": "inet", "local": "127.0.0.1", "prefixlen": 8, "scope": "host", "label": "lo"},
                {"family": "inet", "local": "10.0.0.7", "prefixlen": 32, "scope": "global", "label": "lo"},
                {
                    "family": "inet",
                    "local": "192.0.2.100",
                    "prefixlen": 32,
                    "broadcast": "192.0.2.100",
                    "scope": "global",
                    "label": "lo:0",
                },
            ],
        }
    ]
)
ADDRESSES = [f"192.0.2.{number}" for number in range(1, 6)]
LABELS = st.dictionaries(st.sampled_from(ADDRESSES), st.sampled_from(["", "lo:0", "lo:1", "lo:2"]))
HELD = st.dictionaries(st.sampled_from(ADDRESSES), st.sampled_from(["lo", "lo:0", "lo:1", "lo:2"]))
OURS = st.sets(st.sampled_from(ADDRESSES))


def apply(current: dict[str, str], commands: list[list[str]]) -> dict[str, str]:
    """What the kernel does: an address that is there cannot be added, one that is not cannot be deleted."""
    held = dict(current)
    for _ip, _address, verb, prefixed, *rest in commands:
        address = prefixed.removesuffix("/32")
        if verb == "delete":
            del held[address]
        else:
            assert address not in held
            held[address] = rest[-1]
    return held


def test_recorded_addresses_are_read() -> None:
    assert held.standing(RECORDED) == [
        ("127.0.0.1", 8, "lo", False),
        ("10.0.0.7", 32, "lo", True),
        ("192.0.2.100", 32, "lo:0", True),
    ]
    assert held.held(held.standing(RECORDED)) == {"10.0.0.7": "lo", "192.0.2.100": "lo:0"}


def test_address_is_added_under_its_label_and_without_a_broadcast_address() -> None:
    assert held.plan({}, {"192.0.2.100": "lo:0"}, set(), purge=True).commands == [
        ["ip", "address", "add", "192.0.2.100/32", "dev", "lo", "label", "lo:0"]
    ]


def test_address_without_a_label_is_added_without_one() -> None:
    commands, ours = held.plan({}, {"192.0.2.100": ""}, set(), purge=True)
    assert commands == [["ip", "address", "add", "192.0.2.100/32", "dev", "lo"]]
    assert held.render({}, ours, commands) == "inet 192.0.2.100/32 scope global lo\n"
    assert held.problems_of([{"address": "192.0.2.100"}, {"address": "2001:db8::100", "label": ""}], "lvs") == []


def test_address_of_somebody_else_stays_whatever_its_label() -> None:
    current = {"10.0.0.7": "lo", "192.0.2.99": "lo:7", "192.0.2.100": "lo:0"}
    commands, ours = held.plan(current, {}, {"192.0.2.100"}, purge=True)
    assert commands == [["ip", "address", "delete", "192.0.2.100/32", "dev", "lo"]]
    assert ours == set()
    assert held.surplus(current, {}, {"192.0.2.100"}) == ["192.0.2.100"]


def test_address_of_ipv6_is_added_without_asking_for_it_on_the_network_and_has_no_label() -> None:
    commands, ours = held.plan({}, {"2001:db8::100": "lo:0"}, set(), purge=True)
    assert commands == [["ip", "address", "add", "2001:db8::100/128", "dev", "lo", "nodad"]]
    assert held.render({}, ours, commands) == "inet6 2001:db8::100/128 scope global\n"
    assert held.plan({"2001:db8::100": ""}, {}, ours, purge=True).commands == [
        ["ip", "address", "delete", "2001:db8::100/128", "dev", "lo"]
    ]


def test_a_host_sends_nothing_of_its_own_from_an_address_of_ipv6_on_a_card() -> None:
    wanted = {"192.0.2.100": "", "2001:db8::100": ""}
    assert held.plan({}, wanted, set(), purge=True, interface="eth0").commands == [
        ["ip", "address", "add", "192.0.2.100/32", "dev", "eth0"],
        ["ip", "address", "add", "2001:db8::100/128", "dev", "eth0", "nodad", "preferred_lft", "0"],
    ]


def test_another_interface_has_labels_of_its_own() -> None:
    wanted = {"192.0.2.100": "eth0:0"}
    assert held.plan({}, wanted, set(), purge=True, interface="eth0").commands == [
        ["ip", "address", "add", "192.0.2.100/32", "dev", "eth0", "label", "eth0:0"]
    ]
    addresses = [{"address": "192.0.2.100", "label": "eth0:0"}]
    assert held.problems_of(addresses, "lvs", "eth0") == []
    assert [each.path for each in held.problems_of(addresses, "lvs", "eth1")] == ["addresses[0].label"]
    assert [each.path for each in held.problems_of([], "lvs", "eth0:0")] == ["interface"]


def test_nothing_goes_unless_it_is_to_be_purged() -> None:
    assert held.plan({"192.0.2.1": "lo:0"}, {}, {"192.0.2.1"}, purge=False) == ([], {"192.0.2.1"})


@pytest.mark.parametrize("label", ["lo", "lo:1"])
def test_address_that_is_there_is_ours_from_now_on_and_keeps_its_label(label: str) -> None:
    assert held.plan({"192.0.2.100": label}, {"192.0.2.100": "lo:0"}, set(), purge=True) == ([], {"192.0.2.100"})


def test_address_that_stands_for_more_than_itself_is_refused() -> None:
    current = [*held.standing(RECORDED), held.Standing("192.0.2.101", 24, "lo:1")]
    assert held.too_wide(current, {"192.0.2.100": "lo:0", "192.0.2.101": "lo:1"}) == [("192.0.2.101", 24, "lo:1", True)]
    assert held.too_wide(current, {"192.0.2.100": "lo:0"}) == []


@pytest.mark.parametrize("label", ["lo:0", "lo:lvs-12", "lo:a.b_C", "lo:123456789012"])
def test_labels_of_lo_are_taken(label: str) -> None:
    assert held.problems_of([{"address": "192.0.2.100", "label": label}], "lvs") == []


def test_all_that_is_wrong_is_told_at_once_each_with_its_path() -> None:
    addresses = [
        {"address": "192.0.2.010", "label": "lo:0"},
        {"address": "192.0.2.100", "label": "lo:1"},
        {"address": "192.0.2.100", "label": "eth0:1"},
        {"address": "255.255.255.255", "label": "lo:2"},
        {"address": "0.0.0.0", "label": "lo:1\n"},
    ]
    assert [each.path for each in held.problems_of(addresses, "a/b")] == [
        "addresses[0].address",
        "addresses[2].address",
        "addresses[2].label",
        "addresses[3].address",
        "addresses[4].address",
        "addresses[4].label",
        "owner",
    ]


def test_new_addresses_come_before_old_ones_go() -> None:
    commands = held.plan({"192.0.2.1": "lo:0"}, {"192.0.2.2": "lo:1"}, {"192.0.2.1"}, purge=True).commands
    assert [command[2] for command in commands] == ["add", "delete"]


@given(HELD, LABELS, OURS)
def test_plan_leads_to_what_is_wanted_and_leaves_the_rest(
    current: dict[str, str], wanted: dict[str, str], ours: set[str]
) -> None:
    commands, after = held.plan(current, wanted, ours, purge=True)
    assert set(apply(current, commands)) == (set(current) - ours) | set(wanted)
    assert after == set(wanted)


@given(HELD, LABELS, OURS, st.booleans())
def test_diff_shows_what_the_plan_leads_to(
    current: dict[str, str], wanted: dict[str, str], ours: set[str], purge: bool
) -> None:
    commands, after = held.plan(current, wanted, ours, purge)
    assert held.render(current, after, commands) == held.render(apply(current, commands), after, [])


@given(LABELS)
def test_nothing_is_done_where_nothing_differs(labels: dict[str, str]) -> None:
    assert held.plan(labels, labels, set(labels), purge=True) == ([], set(labels))


@given(OURS)
def test_memory_is_read_as_it_was_written(addresses: set[str]) -> None:
    assert held.read_memory(held.write_memory(addresses)) == addresses
    assert held.read_memory("") == set()


# `ip -json -details address show` of iproute2 6.15, shortened.
LINKS = """[
    {"ifname": "lo", "flags": ["LOOPBACK", "UP", "LOWER_UP"], "addr_info": []},
    {"ifname": "eth0", "flags": ["UP"], "linkinfo": {"info_kind": "veth"}},
    {"ifname": "lvs0", "flags": ["BROADCAST", "NOARP", "UP"], "linkinfo": {"info_kind": "dummy"}, "addr_info": [
        {"family": "inet", "local": "192.0.2.100", "prefixlen": 32, "scope": "global", "label": "lvs0"},
        {"family": "inet6", "local": "fe80::1", "prefixlen": 64, "scope": "link"}
    ]}
]"""


def test_dummy_device_is_made_where_there_is_none_and_set_up_where_it_is_down() -> None:
    there = held.links(LINKS)["lvs0"]
    up = ["ip", "link", "set", "lvs0", "up"]
    assert (there.kind, held.links(LINKS)["lo"].kind) == ("dummy", "")
    assert held.making(None, "lvs0") == [["ip", "link", "add", "lvs0", "type", "dummy"], up]
    assert held.making(there._replace(is_up=False), "lvs0") == [up]
    assert held.making(there, "lvs0") == []


def test_dummy_device_goes_with_its_last_address_and_stays_with_that_of_somebody_else() -> None:
    there = held.links(LINKS)["lvs0"]
    assert held.unmaking(there, "lvs0", {"192.0.2.100"}) == [["ip", "link", "delete", "lvs0", "type", "dummy"]]
    assert held.unmaking(there, "lvs0", set()) == held.unmaking(None, "lvs0", set()) == []

from __future__ import annotations

import json

from ansible_collections.lvs.cluster.plugins.module_utils import _loopback
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
LABELS = st.dictionaries(st.sampled_from(ADDRESSES), st.sampled_from(["lo:0", "lo:1", "lo:2"]))
HELD = st.dictionaries(st.sampled_from(ADDRESSES), st.sampled_from(["lo", "lo:0", "lo:1", "lo:2"]))


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
    assert _loopback.held(RECORDED) == {"10.0.0.7": "lo", "192.0.2.100": "lo:0"}


def test_address_is_added_as_its_own_broadcast_under_its_label() -> None:
    assert _loopback.plan({}, {"192.0.2.100": "lo:0"}, purge=True) == [
        ["ip", "address", "add", "192.0.2.100/32", "broadcast", "192.0.2.100", "dev", "lo", "label", "lo:0"]
    ]


def test_address_of_somebody_else_stays() -> None:
    commands = _loopback.plan(_loopback.held(RECORDED), {}, purge=True)
    assert commands == [["ip", "address", "delete", "192.0.2.100/32", "dev", "lo"]]


def test_nothing_goes_unless_it_is_to_be_purged() -> None:
    assert _loopback.plan(_loopback.held(RECORDED), {}, purge=False) == []


def test_address_is_not_taken_away_to_change_its_number() -> None:
    assert _loopback.plan({"192.0.2.100": "lo:1"}, {"192.0.2.100": "lo:0"}, purge=True) == []


def test_new_addresses_come_before_old_ones_go() -> None:
    verbs = [command[2] for command in _loopback.plan({"192.0.2.1": "lo:0"}, {"192.0.2.2": "lo:1"}, purge=True)]
    assert verbs == ["add", "delete"]


@given(HELD, LABELS)
def test_plan_leads_to_what_is_wanted_and_leaves_the_rest(current: dict[str, str], wanted: dict[str, str]) -> None:
    others = {address for address, label in current.items() if label == "lo"}
    after = apply(current, _loopback.plan(current, wanted, purge=True))
    assert set(after) == others | set(wanted)
    assert all(_loopback.LABEL.fullmatch(after[address]) for address in wanted)


@given(HELD, LABELS)
def test_diff_shows_what_the_plan_leads_to(current: dict[str, str], wanted: dict[str, str]) -> None:
    commands = _loopback.plan(current, wanted, purge=True)
    assert _loopback.render(current, commands) == _loopback.render(apply(current, commands), [])


@given(LABELS)
def test_nothing_is_done_where_nothing_differs(labels: dict[str, str]) -> None:
    assert _loopback.plan(labels, labels, purge=True) == []

"""What the role realserver does by what a host has, worked out as Ansible does."""

from __future__ import annotations

from typing import Any

import pytest
from golden.programs import of_a_role

NOTHING = {"interface": "lo", "leaving": []}
HELD = [{"address": "192.0.2.100", "label": "lo:0"}]


def described(
    vips: list[Any],
    tunnelled: list[str] | None = None,
    gue: list[int] | None = None,
    sets_gateway: bool = False,
    **facts: Any,
) -> dict[str, Any]:
    """A host of cluster lvs, which is silent on ARP; facts: what else it tells."""
    its = {"vips": vips, "tunnelled": tunnelled or [], "gue": gue or [], "sets_gateway": sets_gateway}
    told = {"lvs_held": {"lo": ["lvs"]}, "lvs_cards": ["eth0"], "lvs_sysctls_of": ["lvs"]}
    return {
        "realserver_interface": "lo",
        "__realserver_views": {"realserver": its, "cluster": {"name": "lvs"}},
        "ansible_facts": {**told, "lvs_tunnels": {}, "lvs_gue": {}, "lvs_tunnelled": {}, "lvs_gateway_of": [], **facts},
    }


@pytest.mark.parametrize(
    ("vips", "silent", "looked", "is_leaving"),
    [
        pytest.param([], ["lvs"], {"__addresses_held": NOTHING}, True, id="cut off before it answered ARP again"),
        pytest.param([], [], {"__addresses_held": NOTHING}, False, id="never any"),
        pytest.param([], ["edge"], {"__addresses_held": NOTHING}, False, id="silent for another cluster"),
        pytest.param(HELD, ["lvs"], {"__addresses_held": NOTHING}, False, id="as described"),
        pytest.param(HELD, ["lvs"], {"__addresses_held": {**NOTHING, "leaving": ["192.0.2.9"]}}, True, id="one left"),
        pytest.param(
            HELD, ["lvs"], {"__addresses_held": {**NOTHING, "interface": "lvs0"}}, True, id="another interface"
        ),
        pytest.param(HELD, ["lvs"], {}, True, id="nobody looked"),
    ],
)
def test_what_has_left_the_description_is_let_go_of_until_nothing_of_it_is_left(
    vips: list[Any], silent: list[str], looked: dict[str, Any], is_leaving: bool
) -> None:
    given = described(vips, lvs_sysctls_of=silent)
    assert of_a_role("realserver", "__realserver_leaving", **given, **looked) is is_leaving


@pytest.mark.parametrize(
    ("tunnelled", "of", "is_leaving"),
    [
        pytest.param(["web"], ["lvs"], False, id="as described"),
        pytest.param([], ["lvs", "edge"], True, id="none described any more"),
        pytest.param([], ["edge"], False, id="those of another cluster"),
    ],
)
def test_packets_are_taken_out_of_tunnels_as_long_as_some_are_described(
    tunnelled: list[str], of: list[str], is_leaving: bool
) -> None:
    given = described(HELD, tunnelled=tunnelled, lvs_tunnels=dict.fromkeys(of, True))
    assert of_a_role("realserver", "__realserver_leaving", **given, __addresses_held=NOTHING) is is_leaving


@pytest.mark.parametrize(
    ("gue", "of", "left", "is_leaving"),
    [
        pytest.param([6080], {"lvs": [6080]}, [], False, id="as described"),
        pytest.param([6080], {}, [], False, id="not yet open"),
        pytest.param([6081], {"lvs": [6080]}, [6080], True, id="another one"),
        pytest.param([], {"lvs": [6080], "edge": [6081]}, [6080], True, id="none described any more"),
        pytest.param([], {"lvs": []}, [], True, id="cut off before it was open"),
        pytest.param([], {"edge": [6081]}, [], False, id="that of another cluster"),
    ],
)
def test_a_port_of_tunnels_closes_once_none_come_to_it(
    gue: list[int], of: dict[str, list[int]], left: list[int], is_leaving: bool
) -> None:
    given = described(HELD, tunnelled=["web"], gue=gue, lvs_gue=of)
    assert of_a_role("realserver", "__realserver_leaving", **given, __addresses_held=NOTHING) is is_leaving
    assert of_a_role("realserver", "__realserver_gue_left", **given) == left
    assert of_a_role("realserver", "__realserver_gue_of_others", **given) == of.get("edge", [])


@pytest.mark.parametrize(
    ("is_led", "of", "is_leaving"),
    [
        pytest.param(True, ["lvs"], False, id="as described"),
        pytest.param(False, ["edge", "lvs"], True, id="no more"),
        pytest.param(False, ["edge"], False, id="by another cluster"),
    ],
)
def test_a_host_answers_by_its_own_default_route_once_it_is_led_no_more(
    is_led: bool, of: list[str], is_leaving: bool
) -> None:
    given = described(HELD, sets_gateway=is_led, lvs_gateway_of=of)
    assert of_a_role("realserver", "__realserver_leaving", **given, __addresses_held=NOTHING) is is_leaving


@pytest.mark.parametrize(
    ("before", "names", "is_leaving"),
    [
        pytest.param({}, "web mail", False, id="none before"),
        pytest.param({"lvs": ["mail", "web"]}, "web mail", False, id="as described"),
        pytest.param({"lvs": ["dns", "web"]}, "web mail dns", True, id="one left"),
        pytest.param({"edge": ["dns"]}, "web mail", False, id="those of another cluster"),
    ],
)
def test_a_boot_knows_whose_packets_come_in_tunnels_and_whose_may_still(
    before: dict[str, list[str]], names: str, is_leaving: bool
) -> None:
    """As host_facts reads it again."""
    given = described(HELD, tunnelled=["web", "mail"], lvs_tunnels={"lvs": True}, lvs_tunnelled=before)
    assert of_a_role("realserver", "__realserver_tunnel_modules", **given) == f"# In tunnels: {names}\nipip\n"
    assert of_a_role("realserver", "__realserver_leaving", **given, __addresses_held=NOTHING) is is_leaving

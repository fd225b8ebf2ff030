"""The services of a table as they are given: converted as Ansible would, and refused with all that is wrong."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.given import given_services
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.spec import SERVER, TABLE_SERVICE
from ansible_collections.lvs.cluster.plugins.module_utils._problems import OptionsError

WEB = {"address": "192.0.2.10", "port": 80}
VALUES: list[Any] = [
    *("", "80", " 80", "-1", "1.5", "1e2", "0x10", "yes", "off", "True", "tcp", "DR", "ipv6", "a,b", "a=b", "{}", "²"),
    *(0, 1, 80, -1, 2**40, 1.0, 1.5, True, False, [], ["a"], ["a", 1], [["a"]], {}, {"a": 1}, {"address": "192.0.2.1"}),
    *([{"address": "192.0.2.1", "weight": "7"}], ["address=192.0.2.1 weight=7"], [{"weight": 7}], [5], [{"a": 1}]),
]


def ansible(options: dict[str, Any]) -> dict[str, Any] | None:
    """What AnsibleModule makes of a service, without what was not given; None for one that it refuses."""
    result = ArgumentSpecValidator(TABLE_SERVICE).validate(options)
    if result.error_messages:
        return None
    return without_defaults(result.validated_parameters, options)


def without_defaults(validated: dict[str, Any], options: dict[str, Any]) -> dict[str, Any]:
    servers = validated["real_servers"]
    kept = {name: value for name, value in validated.items() if name in options}
    if servers:
        kept["real_servers"] = [
            {name: value for name, value in each.items() if value != SERVER[name].get("default")} for each in servers
        ]
    return kept


def ours(options: dict[str, Any]) -> dict[str, Any] | None:
    try:
        return dict(given_services([options])[0])
    except OptionsError:
        return None


@pytest.mark.parametrize("name", sorted(TABLE_SERVICE))
def test_a_service_is_what_ansible_would_make_of_it(name: str) -> None:
    for value in VALUES:
        options = {**WEB, name: value}
        assert ours(options) == ansible(options), value


@pytest.mark.parametrize("name", sorted(SERVER))
def test_a_server_is_what_ansible_would_make_of_it(name: str) -> None:
    for value in VALUES:
        if value == SERVER[name].get("default"):
            continue
        options = {**WEB, "real_servers": [{"address": "192.0.2.21", name: value}]}
        assert ours(options) == ansible(options), value


def test_what_is_right_is_not_copied() -> None:
    services = [WEB]
    assert given_services(services)[0] is WEB


def test_what_is_given_as_nothing_is_not_given() -> None:
    """A template gives null for what it leaves out."""
    assert given_services([{**WEB, "protocol": None, "real_servers": None, "lb_flags": None}]) == [
        {**WEB, "protocol": None, "real_servers": None, "lb_flags": None}
    ]


def test_all_problems_come_at_once_each_with_its_path_and_what_would_do() -> None:
    services = [
        {**WEB, "ports": 80, "protocol": "icmp", "real_servers": [{"address": "192.0.2.21", "wieght": 1}, {}]},
        {**WEB, "port": "http", "ops": "perhaps", "lb_flags": {}, "real_servers": ["web", None]},
        {**WEB, "port": "9" * 99 + "x"},
    ]
    with pytest.raises(OptionsError) as caught:
        given_services(services)
    inner, outer = (", ".join(sorted(each)) for each in (SERVER, TABLE_SERVICE))
    assert [problem.sentence for problem in caught.value.problems] == [
        f"services[0].ports: there is no such option. Did you mean port? Supported parameters include: {outer}",
        "services[0].protocol: icmp must be one of: tcp, udp, sctp",
        "services[0].real_servers[0].wieght: there is no such option. Did you mean weight?"
        f" Supported parameters include: {inner}",
        "services[0].real_servers[1].address: missing. Write the address",
        "services[1].port: http is not a whole number",
        "services[1].ops: perhaps is not true or false",
        "services[1].lb_flags: {} is not a list",
        "services[1].real_servers[0]: web is not a dictionary of options",
        "services[1].real_servers[1]: None is not a dictionary of options",
        f"services[2].port: {'9' * 60}... is not a whole number",
    ]

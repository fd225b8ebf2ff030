"""Tables that other programs made, with what ipvsadm cannot say: told as they are, left alone, removed on request."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.basic import AnsibleModule
from ansible_collections.lvs.cluster.plugins.module_utils._host import ipvs_boot
from ansible_collections.lvs.cluster.tests.kernel import netlink
from ansible_collections.lvs.cluster.tests.kernel.conftest import drain_state, kernel_table, run
from ansible_collections.lvs.cluster.tests.kernel.test_modules import changes_checks_and_stays, saved
from ansible_collections.lvs.cluster.tests.unit.playing import ModuleFailedError, play

WEB = {"address": "192.0.2.10", "port": 80}
NEW = {"address": "192.0.2.11", "port": 80}


@pytest.fixture(autouse=True)
def others() -> str:
    """A server of each kind that ipvsadm cannot make beside one that it can, and two such services."""
    run(["ipvsadm", "-C"])
    service = ("192.0.2.10", 80)
    netlink.add_service(*service)
    netlink.add_server(service, ("192.0.2.20", 80), weight=3)
    netlink.add_server(service, ("192.0.2.21", 8080))
    netlink.add_server(service, ("192.0.2.22", 8080), netlink.TUNNELLED)
    netlink.add_server(service, ("192.0.2.23", 80), netlink.BYPASSED)
    netlink.add_service("192.0.2.10", 81, persistence_timeout=0)
    netlink.add_service("192.0.2.10", 82, persistence_timeout=2678401)
    netlink.add_server(("192.0.2.10", 82), ("192.0.2.20", 82))
    return kernel_table()


def test_info_tells_what_the_kernel_holds() -> None:
    services = play("ipvs_info", gather=["services"])["services"]
    servers = [(each["address"], each["port"], each["lb_kind"]) for each in services[0]["real_servers"]]
    assert servers == [
        ("192.0.2.20", 80, "DR"),
        ("192.0.2.21", 8080, "DR"),
        ("192.0.2.22", 8080, "TUN"),
        ("192.0.2.23", 80, "BYPASS"),
    ]
    assert [each.get("persistence_timeout") for each in services] == [None, 0, 2678401]


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("ipvs_service", {**NEW, "lb_algo": "rr"}),
        ("ipvs_server", {"service": WEB, "address": "192.0.2.24"}),
        ("ipvs_table", {"services": [{**WEB, "lb_algo": "rr", "real_servers": [{"address": "192.0.2.24"}]}]}),
        ("ipvs_drain", {"address": "192.0.2.20", "timeout": 0}),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_what_nothing_asks_for_is_left_alone(others: str, name: str, options: dict[str, Any]) -> None:
    changes_checks_and_stays(name, options, drain_state)
    lost = {line for line in others.splitlines() if line not in kernel_table()}
    assert all("192.0.2.20" in line for line in lost), lost


@pytest.mark.parametrize(
    ("address", "port", "reason"),
    [
        ("192.0.2.21", 8080, "cannot name a DR server of another port"),
        ("192.0.2.22", 8080, "cannot name a TUN server of another port"),
        ("192.0.2.23", 80, "no option for its way to forward"),
    ],
)
def test_a_server_that_ipvsadm_cannot_edit_is_not_drained_but_removed(
    others: str, address: str, port: int, reason: str
) -> None:
    for check in (True, False):
        with pytest.raises(ModuleFailedError, match=reason) as caught:
            play("ipvs_drain", check=check, address=address, timeout=0)
        assert f"tcp 192.0.2.10:80 -> {address}:{port}" in str(caught.value)
    assert kernel_table() == others
    changes_checks_and_stays(
        "ipvs_server", {"service": WEB, "address": address, "port": port, "state": "absent"}, kernel_table
    )
    assert f"{address}:{port}" not in kernel_table()


def test_one_that_has_the_weight_already_hinders_nobody() -> None:
    netlink.add_server(("192.0.2.10", 80), ("192.0.2.25", 8080), weight=0)
    assert not play("ipvs_drain", address="192.0.2.25", timeout=0)["changed"]


@pytest.mark.parametrize("port", [80, 81, 82])
def test_it_goes_with_its_service(port: int) -> None:
    changes_checks_and_stays("ipvs_service", {**WEB, "port": port, "state": "absent"})
    assert f"192.0.2.10:{port} " not in kernel_table()


def test_a_table_purges_it() -> None:
    services = [{**WEB, "lb_algo": "rr", "real_servers": [{"address": "192.0.2.20", "weight": 3}]}]
    changes_checks_and_stays("ipvs_table", {"services": services, "purge": True})
    assert saved() == ["-A -t 192.0.2.10:80 -s rr", "-a -t 192.0.2.10:80 -r 192.0.2.20:80 -g -w 3"]
    netlink.add_service("192.0.2.10", 81, persistence_timeout=0)
    changes_checks_and_stays("ipvs_table", {"services": [], "purge": True})
    assert saved() == []


def test_a_service_that_is_described_becomes_as_it_is_described() -> None:
    changes_checks_and_stays("ipvs_service", {**WEB, "port": 82, "lb_algo": "wrr", "persistence_timeout": 9})
    assert "-A -t 192.0.2.10:82 -s wrr -p 9" in saved()
    assert "-a -t 192.0.2.10:82 -r 192.0.2.20:82 -g -w 1" in saved()


def test_it_is_not_restored_at_boot_and_a_warning_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    rules: list[str] = []
    warnings: list[str] = []

    def boot_of(module: AnsibleModule, text: str) -> ipvs_boot.Boot:
        rules.append(text)
        return ipvs_boot.Boot.untouched(module)

    monkeypatch.setattr(ipvs_boot.Boot, "of", boot_of)
    monkeypatch.setattr(AnsibleModule, "warn", lambda _module, text: warnings.append(text))
    play("ipvs_table", services=[], persist=True)
    assert [each.split(": ")[0] for each in warnings] == [
        "tcp 192.0.2.10:80 -> 192.0.2.21:8080",
        "tcp 192.0.2.10:80 -> 192.0.2.22:8080",
        "tcp 192.0.2.10:80 -> 192.0.2.23:80",
        "tcp 192.0.2.10:81",
        "tcp 192.0.2.10:82",
    ]
    run(["ipvsadm", "-C"])
    run(["ipvsadm", "-R"], stdin=rules[0])
    assert saved() == ["-A -t 192.0.2.10:80 -s rr", "-a -t 192.0.2.10:80 -r 192.0.2.20:80 -g -w 3"]

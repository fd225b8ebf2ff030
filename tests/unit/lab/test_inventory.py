"""What the lab takes from an inventory. inventory.json is the output of ansible-inventory --list (core 2.19.14)."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from lvslab.errors import UsageError
from lvslab.inventory import Node, check_subnet, lab_name, parse

LISTING: dict[str, Any] = json.loads(Path(__file__).with_name("inventory.json").read_text(encoding="utf-8"))
PATH = Path("inventories/lab")


def listing(**changes: dict[str, Any]) -> dict[str, Any]:
    """The recorded listing with some hosts' variables changed."""
    changed = deepcopy(LISTING)
    for host, facts in changes.items():
        changed["_meta"]["hostvars"].setdefault(host, {}).update(facts)
    return changed


def test_every_host_of_the_subnet_is_a_node() -> None:
    nodes = {node.name: node for node in parse(PATH, LISTING).nodes}
    assert sorted(nodes) == ["app1", "app2", "client", "lvs1", "lvs2", "web1", "web2"]
    assert nodes["app1"] == Node("app1", "198.18.0.31", "trixie", ("lab-backend",))
    assert nodes["lvs2"] == Node("lvs2", "198.18.0.12", "bookworm", ())


def test_a_host_elsewhere_is_no_node() -> None:
    changed = listing(other={"ansible_host": "192.0.2.1"}, named={"ansible_host": "router.example"}, bare={})
    assert parse(PATH, changed).nodes == parse(PATH, LISTING).nodes


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        pytest.param({"lvs1": {"lab_subnet": "198.18.5.0/24"}}, "must be the same", id="two-subnets"),
        pytest.param({"lvs1": {"lab_image": "buster"}}, "lvs1: lab_image is 'buster'", id="unknown-suite"),
        pytest.param({"lvs1": {"lab_services": "sshd"}}, "lvs1: lab_services must be a list", id="services-no-list"),
        pytest.param({"lvs1": {"ansible_host": "198.18.0.12"}}, "already belongs to", id="address-twice"),
        pytest.param({"lvs1": {"ansible_host": "198.18.0.1"}}, "the machine that runs Ansible", id="first-address"),
        pytest.param({"lvs1": {"ansible_host": "198.18.0.254"}}, "that runs the nodes", id="last-but-one"),
    ],
)
def test_an_inventory_that_cannot_be_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        parse(PATH, listing(**changes))


def test_an_inventory_without_subnet_says_what_to_set() -> None:
    with pytest.raises(UsageError, match="set it in group_vars/all"):
        parse(PATH, {"_meta": {"hostvars": {"a": {"ansible_host": "198.18.0.2"}}}})


def test_an_inventory_without_nodes_is_refused() -> None:
    with pytest.raises(UsageError, match="no host has an ansible_host inside"):
        parse(PATH, {"_meta": {"hostvars": {"a": {"lab_subnet": "198.18.0.0/24"}}}})


@pytest.mark.parametrize("subnet", ["192.168.0.0/24", "198.16.0.0/14", "198.18.0.1/24", "198.18.0.0/29", "web"])
def test_only_a_test_network_is_a_lab_subnet(subnet: str) -> None:
    with pytest.raises(UsageError, match="lab_subnet"):
        check_subnet(subnet)


@pytest.mark.parametrize("subnet", ["198.18.0.0/15", "198.19.255.0/24", "198.18.0.16/28"])
def test_any_part_of_the_test_networks_will_do(subnet: str) -> None:
    assert str(check_subnet(subnet)) == subnet


def test_a_lab_is_named_after_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / "failover"
    folder.mkdir()
    assert lab_name(folder) == lab_name(folder / "hosts.yml") == "failover"


def test_a_name_that_the_shell_would_stumble_over_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="letters, digits"):
        lab_name(tmp_path / "my lab")

"""The inventories that ship: nothing is wrong with them, and keepalived and nginx accept what they come to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._description import inventory
from ansible_collections.lvs.cluster.plugins.module_utils._description.views.host import placed, plain
from golden.descriptions import INTERFACE
from golden.programs import (
    keepalived_says,
    keepaliveds,
    nginx_says,
    render_keepalived,
    render_nginx,
    render_rules,
    variables_of,
    without_scripts,
)

SHIPPED = sorted(path.parent for path in Path(__file__).parents[2].glob("inventories/*/hosts.yml"))
# As site.yml tells preflight.
PARTS = {"directors": "lvs_directors", "real_servers": "lvs_realservers"}


@pytest.fixture(scope="module", params=SHIPPED, ids=lambda path: path.name)
def entries(request: pytest.FixtureRequest) -> list[dict[str, Any]]:
    """What preflight is told of each host that site.yml sets up."""
    known = variables_of(request.param)
    groups = known[next(iter(known))]["groups"]
    return inventory.views(known, [host for part in PARTS.values() for host in groups[part]], PARTS)


def test_the_checks_find_nothing_and_remark_what_nobody_checks_alone(entries: list[dict[str, Any]]) -> None:
    assert entries
    unchecked = any(plain(each["view"])["director"]["static"] for each in entries)
    for each in entries:
        assert (each["host"], each["cluster"]["problems"]) == (each["host"], [])
        assert [line.split()[:2] for line in each["cluster"]["remarks"]] == [["nothing", "checks"]] * unchecked


@pytest.mark.parametrize("program", keepaliveds())
def test_keepalived_accepts_what_the_directors_get(entries: list[dict[str, Any]], program: str, tmp_path: Path) -> None:
    views = [placed(plain(each["view"]), INTERFACE) for each in entries]
    directors = [view for view in views if view["keepalived"]["vrrp_instances"]]
    assert len(directors) > 1 or any(view["director"]["static"] for view in views)
    for view in directors:
        path = tmp_path / "keepalived.conf"
        path.write_text(without_scripts(render_keepalived(view), view))
        assert not keepalived_says(path, program).errors


def test_a_director_without_keepalived_gets_a_table_and_its_addresses(entries: list[dict[str, Any]]) -> None:
    views = [placed(plain(each["view"]), INTERFACE) for each in entries]
    for view in [each for each in views if each["director"]["static"]]:
        assert [line.split()[0] for line in render_rules(view).splitlines()] == ["-A", "-a", "-a", "--set"]
        assert [each["label"] for card in view["director"]["cards"] for each in card["addresses"]] == [f"{INTERFACE}:0"]


def test_nginx_accepts_what_the_real_servers_get(entries: list[dict[str, Any]], tmp_path: Path) -> None:
    views = [plain(each["view"]) for each in entries]
    servers = [view for view in views if view["nginx"]["servers"]]
    # What has services that are no web site has no nginx.
    others = [each for view in views for each in view["keepalived"]["virtual_servers"] if each["protocol"] != "TCP"]
    assert bool(servers) != bool(others)
    for view in servers:
        path = tmp_path / "lvs.conf"
        path.write_text(render_nginx(view))
        assert nginx_says(path, tmp_path) == ""

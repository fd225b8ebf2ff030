"""The inventories that ship: nothing is wrong with them, and keepalived and nginx accept what they come to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.vars.hostvars import HostVars
from ansible.vars.manager import VariableManager
from ansible_collections.lvs.cluster.plugins.module_utils._description import inventory
from ansible_collections.lvs.cluster.plugins.module_utils._description.views.host import placed, plain
from golden.descriptions import INTERFACE
from golden.programs import keepalived_says, keepaliveds, nginx_says, render_keepalived, render_nginx

SHIPPED = sorted(path.parent for path in Path(__file__).parents[2].glob("inventories/*/hosts.yml"))
# As site.yml tells preflight.
PARTS = {"directors": "lvs_directors", "real_servers": "lvs_realservers"}


@pytest.fixture(scope="module", params=SHIPPED, ids=lambda path: path.name)
def entries(request: pytest.FixtureRequest) -> list[dict[str, Any]]:
    """What preflight is told of each host that site.yml sets up."""
    loader = DataLoader()
    hosts = InventoryManager(loader, sources=[str(request.param)])
    known = HostVars(hosts, VariableManager(loader, hosts), loader)
    groups = hosts.get_groups_dict()
    return inventory.views(known, [host for part in PARTS.values() for host in groups[part]], PARTS)


def test_the_checks_find_nothing_and_remark_nothing(entries: list[dict[str, Any]]) -> None:
    assert entries
    for each in entries:
        assert (each["host"], each["cluster"]["problems"], each["cluster"]["remarks"]) == (each["host"], [], [])


@pytest.mark.parametrize("program", keepaliveds())
def test_keepalived_accepts_what_the_directors_get(entries: list[dict[str, Any]], program: str, tmp_path: Path) -> None:
    views = [placed(plain(each["view"]), INTERFACE) for each in entries]
    directors = [view for view in views if view["keepalived"]["vrrp_instances"]]
    assert len(directors) > 1
    for view in directors:
        path = tmp_path / "keepalived.conf"
        path.write_text(render_keepalived(view))
        assert not keepalived_says(path, program).errors


def test_nginx_accepts_what_the_real_servers_get(entries: list[dict[str, Any]], tmp_path: Path) -> None:
    views = [plain(each["view"]) for each in entries]
    servers = [view for view in views if view["nginx"]["servers"]]
    assert servers
    for view in servers:
        path = tmp_path / "lvs.conf"
        path.write_text(render_nginx(view))
        assert nginx_says(path, tmp_path) == ""

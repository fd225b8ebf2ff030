"""What the checks of a description accept, keepalived and nginx accept, whatever else it is."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._description import inventory
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.versions import too_old
from ansible_collections.lvs.cluster.plugins.plugin_utils._files import read_file
from golden.descriptions import LARGE, THERE, accepted, check_ten, found_in, read_script, variables_with
from golden.programs import (
    KEEPALIVEDS,
    OLD_NGINX,
    keepalived_says,
    keepaliveds,
    nginx_says,
    nginxes,
    render_keepalived,
    render_nginx,
    variables_of,
    version_of,
    without_scripts,
)

CASES = sorted(Path(__file__).parent.glob("*/inventory.yml"))
ASKED = keepaliveds()
NGINXES = nginxes()
# A machine that has no such interface is told so.
REMARKS = [r"tracked interface \w+ doesn't exist"]
REMARKS += [] if THERE else [r"^Non-existent interface", r"WARNING - interface eth0 .* doesn't exist"]
# A service whose servers are drained has less weight than its quorum, whatever that is.
REMARKS_ON_DRAINED = [r"exceeds total weight", r"; setting hysteresis"]


def complaints(changes: dict[str, Any], folder: Path) -> list[str]:
    """All that keepalived and nginx say of what two hosts get."""
    variables = variables_with(changes)
    path = folder / "rendered.conf"
    view = inventory.view(variables, "lvs1", read_script)
    path.write_text(without_scripts(render_keepalived(view), view))
    remarks = [*REMARKS, *(REMARKS_ON_DRAINED if "weight 0\n" in path.read_text() else [])]
    said = []
    # The others are refused before they are asked.
    for program in [each for each in ASKED if not too_old(version_of(each), view["keepalived"]["needs"])]:
        found = keepalived_says(path, program)
        all_said = [*found.errors, *found.warnings, *(["crashed"] if found.crashed else [])]
        said += [f"{program}: {each}" for each in all_said if not any(re.search(remark, each) for remark in remarks)]
    view = inventory.view(variables, "web1", read_script)
    for version, program in NGINXES.items():
        path.write_text(render_nginx(view, version))
        said += [f"{program}: {each}" for each in nginx_says(path, folder, program).splitlines()]
    return said


@pytest.mark.parametrize("program", KEEPALIVEDS)
def test_keepalived_of_every_distribution_is_asked(program: str) -> None:
    if not shutil.which(program):
        pytest.skip(f"tools/install could not have {program} on this machine")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("accepted")


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.parent.name)
def test_templates_are_rendered_as_the_roles_do(case: Path) -> None:
    known = variables_of(case)
    for kept in case.parent.glob("*.conf"):
        host, program, _conf = kept.name.split(".")
        view = inventory.view(known, host, read_file)
        nginx = known[host].get("golden_nginx", OLD_NGINX)
        rendered = render_nginx(view, nginx) if program == "nginx" else render_keepalived(view)
        assert rendered == kept.read_text()


@pytest.mark.parametrize("changes", LARGE.values(), ids=LARGE)
def test_the_largest_that_is_accepted_keepalived_and_nginx_accept(folder: Path, changes: dict[str, Any]) -> None:
    assert inventory.described(variables_with(changes), "lvs1", read_script)[2] == []
    assert complaints(changes, folder) == []


@pytest.mark.parametrize("number", range(10))
def test_what_is_accepted_keepalived_and_nginx_accept(folder: Path, number: int) -> None:
    def check(description: dict[str, list[Any]]) -> None:
        found, changes = found_in(accepted(description), lambda some: complaints(some, folder))
        assert found == [], changes

    check_ten(number, check)

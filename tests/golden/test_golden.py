"""Description in, configuration out: what the roles write, to the letter, and keepalived's and nginx's word on it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._description import inventory
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.versions import too_old
from ansible_collections.lvs.cluster.plugins.plugin_utils._files import read_file
from golden.programs import (
    keepalived_says,
    keepaliveds,
    nginx_says,
    nginxes,
    render_marks,
    render_nginx,
    render_rules,
    variables_of,
    version_of,
    without_scripts,
)

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
# Preflight refuses an interface that a host has not; this machine may have none of them.
ABSENT = re.compile(r"tracked interface eth\d doesn't exist")
CASES = sorted(path.parent for path in HERE.glob("*/inventory.yml"))


def kept(folder: Path) -> list[Path]:
    """What a case's hosts get."""
    return [path for path in folder.iterdir() if path.suffix in (".conf", ".rules")]


@pytest.fixture(scope="module", params=CASES, ids=lambda path: path.name)
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A case's folder, and a folder with what was rendered for it."""
    folder: Path = request.param
    output = tmp_path_factory.mktemp(folder.name)
    ansible = Path(sys.executable).with_name("ansible-playbook")
    command = [ansible, "-i", folder / "inventory.yml", "-e", f"golden_output={output}", HERE / "render.yml"]
    environment = {**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")}
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    known = variables_of(folder / "inventory.yml")
    for host in known["localhost"]["groups"]["lvs_directors"]:
        view = inventory.view(known, host, read_file)
        if view["director"]["static"]:
            (output / f"{host}.ipvsadm.rules").write_text(render_rules(view))
        for language, text in render_marks(view).items():
            (output / f"{host}.{language}.rules").write_text(text)
    if os.environ.get("GOLDEN_ACCEPT"):
        for old in kept(folder):
            old.unlink()
        for new in output.iterdir():
            shutil.copy(new, folder)
    return folder, output


def test_rendered_is_what_is_kept(case: tuple[Path, Path]) -> None:
    """`GOLDEN_ACCEPT=1 make golden` keeps what is rendered; the difference is then for the eyes of a reviewer."""
    folder, output = case
    rendered = {path.name: path.read_text() for path in output.iterdir()}
    assert rendered == {path.name: path.read_text() for path in kept(folder)}


@pytest.mark.parametrize("program", keepaliveds())
def test_keepalived_accepts_it(case: tuple[Path, Path], program: str, tmp_path: Path) -> None:
    """Or refuses nothing but what the role would, before it came to this."""
    known = variables_of(case[0] / "inventory.yml")
    for path in case[1].glob("*.keepalived.conf"):
        view = inventory.view(known, path.name.split(".")[0], read_file)
        refused = too_old(version_of(program), view["keepalived"]["needs"])
        unknown = {each["path"].rpartition(".")[2] for each in view["keepalived"]["needs"]} if refused else set()
        asked = tmp_path / path.name
        asked.write_text(without_scripts(path.read_text(), view))
        found = keepalived_says(asked, program)
        told = {re.sub(r".*Unknown keyword '(\w+)'.*", r"\1", each) for each in found.errors if not ABSENT.search(each)}
        assert told <= unknown, found.errors


def test_keepalived_refuses_a_misspelt_keyword(case: tuple[Path, Path], tmp_path: Path) -> None:
    """The test above can fail: the same files with one wrong word are refused, and the word's line is named."""
    broken = tmp_path / "keepalived.conf"
    for source in list(case[1].glob("*.keepalived.conf"))[:1]:
        broken.write_text(source.read_text().replace("advert_int", "advert_interval", 1))
        found = keepalived_says(broken)
        assert any("advert_interval" in error for error in found.errors), found


@pytest.mark.parametrize("version", nginxes())
def test_nginx_accepts_it(case: tuple[Path, Path], version: str, tmp_path: Path) -> None:
    known = variables_of(case[0] / "inventory.yml")
    for path in case[1].glob("*.nginx.conf"):
        asked = tmp_path / path.name
        asked.write_text(render_nginx(inventory.view(known, path.name.split(".")[0], read_file), version))
        assert nginx_says(asked, tmp_path, nginxes()[version]) == ""


def test_nginx_refuses_a_misspelt_directive(case: tuple[Path, Path], tmp_path: Path) -> None:
    broken = tmp_path / "broken.conf"
    for path in case[1].glob("*.nginx.conf"):
        broken.write_text(path.read_text().replace("max_fails", "most_fails", 1))
        assert "most_fails" in nginx_says(broken, tmp_path)

"""What a user gets: the built collection, installed into an empty place and used by name, far from the checkout."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
SHIPPED = {
    "CHANGELOG.md",
    "FILES.json",
    "LICENSE",
    "MANIFEST.json",
    "README.md",
    "changelogs",
    "docs",
    "inventories",
    "meta",
    "playbooks",
    "plugins",
    "roles",
}


@dataclass(frozen=True)
class Place:
    """An empty directory with the collection installed into it, and an environment without the checkout."""

    directory: Path
    tarball: Path

    def run(self, *command: str | Path) -> str:
        env = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
        env["ANSIBLE_COLLECTIONS_PATH"] = str(self.directory / "collections")
        env["ANSIBLE_HOME"] = str(self.directory / "home")
        done = subprocess.run(
            command, cwd=self.directory, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        shown = " ".join(map(str, command))
        assert done.returncode == 0, f"{shown} exited with {done.returncode}:\n{done.stdout}\n{done.stderr}"
        return done.stdout


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    directory = tmp_path_factory.mktemp("artifact")
    galaxy = ["ansible-galaxy", "collection"]
    subprocess.run([*galaxy, "build", "--output-path", directory], cwd=CHECKOUT, check=True)
    place = Place(directory, next(directory.glob("lvs-cluster-*.tar.gz")))
    place.run(*galaxy, "install", "--offline", "--collections-path", directory / "collections", place.tarball)
    return place


def test_nothing_is_shipped_but_what_users_need(place: Place) -> None:
    with tarfile.open(place.tarball) as tarball:
        assert {name.split("/")[0] for name in tarball.getnames()} <= SHIPPED
        assert not [name for name in tarball.getnames() if name.startswith("inventories/lab")]


@pytest.mark.parametrize(
    ("kind", "pattern"),
    [("module", "plugins/modules/*.py"), ("filter", "plugins/filter/*.py"), ("role", "roles/*/")],
)
def test_everything_is_found_and_documented(place: Place, kind: str, pattern: str) -> None:
    expected = {f"lvs.cluster.{path.stem}" for path in CHECKOUT.glob(pattern) if path.stem != "__init__"}
    assert expected
    assert set(json.loads(place.run("ansible-doc", "--type", kind, "--list", "--json", "lvs.cluster"))) == expected
    place.run("ansible-doc", "--type", kind, *sorted(expected))


def test_the_whole_description_is_documented_by_the_role_that_checks_it(place: Place) -> None:
    role = json.loads(place.run("ansible-doc", "--type", "role", "--json", "lvs.cluster.preflight"))
    options = role["lvs.cluster.preflight"]["entry_points"]["variables"]["options"]

    number = options["lvs_vrrp_instances"]["options"]["virtual_router_id"]
    assert (number["type"], number["required"], number["description"][1]) == ("int", True, "1 to 255.")
    server = options["lvs_virtual_servers"]["options"]["real_servers"]["options"]["weight"]
    assert (server["type"], server["default"]) == ("int", 1)
    assert {"lvs_address", "lvs_interface", "lvs_addresses"} <= set(options)


def test_site_runs_by_name_over_the_example(place: Place) -> None:
    inventory = CHECKOUT / "inventories" / "example"
    place.run("ansible-playbook", "lvs.cluster.site", "--syntax-check", "--inventory", inventory)


def test_galaxy_imports_it_without_a_complaint(place: Place) -> None:
    # Its exit status is 0 even after errors.
    log = place.run(sys.executable, "-m", "galaxy_importer.main", place.tarball)
    assert "Importer processing completed successfully" in log, log
    complaints = re.findall(r"^(?:WARNING|ERROR).*(?:\n .*)*", log, re.MULTILINE)
    assert not complaints, log

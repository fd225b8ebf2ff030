"""What the role nginx hands to its modules, worked out as Ansible does."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.lvs.cluster.tests.unit.playing import ModuleFailedError, play
from golden.programs import ROLES, of_a_role

MAIN = """
user root;
pid {folder}/pid;
error_log {folder}/error.log;
include {folder}/modules-enabled/*.conf;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/1; proxy_temp_path {folder}/2; fastcgi_temp_path {folder}/3;
    uwsgi_temp_path {folder}/4; scgi_temp_path {folder}/5;
    include {folder}/conf.d/*.conf;
}}
"""


def of_role(name: str, **variables: Any) -> Any:
    """A variable of the role, with what a host has."""
    return of_a_role("nginx", name, __nginx_cluster="lvs", **variables)


def test_whatever_is_a_secret_goes_without_being_shown() -> None:
    leaving = of_role("__nginx_leaving_files")
    assert {each["state"] for each in leaving} == {"absent"}
    paths = [each["path"] for each in leaving if each.get("secret")]
    tickets = [f"/etc/nginx/lvs.tickets/{name}" for name in ("current", "former", "next")]
    assert paths == tickets
    assert "/etc/nginx/conf.d/lvs.conf" in [each["path"] for each in leaving]
    assert [each["path"] for each in leaving if each.get("lists")] == ["/etc/nginx/lvs.written"]


def test_certificates_and_keys_go_once_they_are_written_no_more_unless_a_site_names_them(tmp_path: Path) -> None:
    paths = [str(tmp_path / name) for name in ("shop.crt", "shop.key", "blog.crt", "blog.key")]
    shop_crt, shop_key, blog_crt, blog_key = paths

    def write(certificates: list[str], keys: list[str], named: list[str]) -> set[str]:
        """Which files are there then."""
        texts = dict.fromkeys(keys, "c2VjcmV0\n")
        variables = {
            "nginx_certificates": dict.fromkeys(certificates, "text\n"),
            "nginx_certificate_keys": dict(texts),
            "__nginx_list_file": str(tmp_path / "lvs.written"),
            "__nginx_views": {"nginx": {"named_files": named}},
        }
        texts.update(variables["nginx_certificates"])
        told = play("files", files=[of_role("__nginx_list", **variables)], secret_files=texts)
        assert "c2VjcmV0" not in str(told)
        return {str(path) for path in tmp_path.iterdir()} - {variables["__nginx_list_file"]}

    assert write([shop_crt, blog_crt], [shop_key, blog_key], paths) == set(paths)
    assert (tmp_path / "lvs.written").read_text() == "".join(f"{each}\n" for each in sorted(paths))
    assert write([shop_crt], [], [shop_crt, shop_key]) == {shop_crt, shop_key}
    assert write([], [], []) == {shop_key}
    assert not (tmp_path / "lvs.written").exists()


def test_a_certificate_of_another_cluster_on_the_host_stays(tmp_path: Path) -> None:
    shared, own = str(tmp_path / "shared.crt"), str(tmp_path / "own.crt")

    def write(cluster: str, *paths: str) -> set[str]:
        variables = {
            "nginx_certificates": dict.fromkeys(paths, "text\n"),
            "__nginx_list_file": str(tmp_path / f"{cluster}.written"),
            "__nginx_views": {"nginx": {"named_files": []}},
        }
        texts = dict(variables["nginx_certificates"])
        play("files", files=[of_role("__nginx_list", **variables)], secret_files=texts)
        return {str(path) for path in tmp_path.glob("*.crt")}

    write("one", shared, own)
    write("other", shared)
    assert write("one") == {shared}
    assert write("other") == set()


class Host:
    """What the role writes on a host, and the nginx that tests it there."""

    def __init__(self, folder: Path) -> None:
        self.main, self.sites = folder / "modules-enabled" / "90-lvs.conf", folder / "conf.d" / "lvs.conf"
        self.page = folder / "conf.d" / "page.conf"
        for path in (self.main, self.sites):
            path.parent.mkdir()

    def write(self, main: str, sites: str) -> list[str]:
        variables = {
            "__nginx_main_file": str(self.main),
            "__nginx_file": str(self.sites),
            "__nginx_welcome_page": [{"path": str(self.page), "state": "absent"}],
        }
        test = of_role("__nginx_test", **variables)
        for place in of_role("__nginx_places", __nginx_settings={"main": main}, **variables):
            Path(place).touch()
        files = [
            {"path": str(self.main), **({"content": main, "validate": test} if main else {"state": "absent"})},
            {"path": str(self.sites), "content": sites, "validate": test},
            *variables["__nginx_welcome_page"],
        ]
        return list(play("files", files=files)["differing"])


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    nginx = shutil.which("nginx")
    assert nginx, "make install has it"
    programs = tmp_path / "bin"
    programs.mkdir()
    (tmp_path / "nginx.conf").write_text(MAIN.format(folder=tmp_path))
    # Whoever is not root mounts in a namespace of users too.
    for name, command in {
        "nginx": f"{nginx} -p {tmp_path} -c {tmp_path}/nginx.conf -e stderr",
        "unshare": f"{shutil.which('unshare')} --map-root-user",
    }.items():
        (programs / name).write_text(f'#!/bin/sh\nexec {command} "$@"\n')
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(programs), prepend=":")
    return Host(tmp_path)


LIMIT = "worker_rlimit_nofile 2048;\n"


def test_what_stands_outside_of_http_is_tested_before_it_is_written(host: Host) -> None:
    other = host.main.parent / "50-own.conf"
    other.write_text(LIMIT)
    with pytest.raises(ModuleFailedError, match=f'"worker_rlimit_nofile" directive is duplicate in {host.main}:1'):
        host.write(LIMIT, "# ours\n")
    assert (host.main.read_text(), host.sites.read_text()) == ("", "")
    other.unlink()
    assert host.write(LIMIT, "# ours\n") == [str(host.main), str(host.sites)]


def test_files_are_tested_as_they_shall_be_with_one_another(host: Host) -> None:
    host.main.write_text("no_such_word;\n")
    host.sites.write_text("no_such_word;\n")
    host.page.write_text("no_such_word;\n")
    assert host.write(LIMIT, "# ours\n") == [str(host.main), str(host.sites), str(host.page)]
    host.main.write_text("no_such_word;\n")
    assert host.write("", "# others\n") == [str(host.main), str(host.sites)]
    assert not host.main.exists()
    with pytest.raises(ModuleFailedError, match=f'"no_such_word" in {host.sites}:2'):
        host.write(LIMIT, "# ours\nno_such_word;\n")


@pytest.mark.usefixtures("host")
def test_nginx_conf_is_tested_in_its_place_beside_what_it_includes(tmp_path: Path) -> None:
    tasks = yaml.safe_load((ROLES / "nginx" / "tasks" / "write.yml").read_text())
    (written,) = [each["ansible.builtin.lineinfile"] for each in tasks if "ansible.builtin.lineinfile" in each]
    assert written["path"] == "/etc/nginx/nginx.conf"
    path, candidate = tmp_path / "nginx.conf", tmp_path / "elsewhere" / "nginx.conf"
    test = written["validate"].replace(written["path"], str(path))
    (tmp_path / "own.conf").write_text("# included by its name alone\n")
    candidate.parent.mkdir()

    def status(text: str) -> int:
        candidate.write_text(path.read_text().replace("http {", f"http {{ {text}"))
        return subprocess.run(shlex.split(test % candidate), check=False).returncode

    assert status("include own.conf;") == 0
    assert status("no_such_word;") == 1

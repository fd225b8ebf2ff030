"""What a running nginx does with a file is what the modules say of it; a real nginx, in a folder of its own."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._host import nginx as door
from ansible_collections.lvs.cluster.plugins.module_utils._host.systemd import Service
from ansible_collections.lvs.cluster.plugins.modules import nginx_answers, nginx_loaded
from ansible_collections.lvs.cluster.tests.unit.playing import ModuleFailedError, play
from golden.programs import free_ports
from harness.certificates import issue
from harness.clock import wait_for

# The host's own address, and a virtual one.
OWN, VIP = "127.0.0.1", "127.0.0.2"
MAIN = """
pid {folder}/pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/1; proxy_temp_path {folder}/2; fastcgi_temp_path {folder}/3;
    uwsgi_temp_path {folder}/4; scgi_temp_path {folder}/5;
    include {folder}/conf.d/*.conf;
}}
"""


class Nginx:
    """An nginx with files in conf.d, as the modules find it."""

    def __init__(self, folder: Path, program: str) -> None:
        self.folder = folder
        self.ours = folder / "conf.d" / "lvs.conf"
        self.ours.parent.mkdir()
        (folder / "nginx.conf").write_text(MAIN.format(folder=folder))
        self.command = [program, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")]

    def write(self, text: str, name: str = "lvs.conf") -> None:
        time.sleep(0.02)  # ticks of the kernel's clock, by which the age of a worker is told
        (self.ours.parent / name).write_text(text)

    @property
    def pid(self) -> int:
        path = self.folder / "pid"
        return int(path.read_text() or 0) if path.exists() else 0

    def start(self) -> None:
        time.sleep(0.02)
        subprocess.run(self.command, check=True)
        wait_for("nginx to run", lambda: self.pid and door.worker_starts(self.pid), patience=10)

    def reload(self) -> None:
        """As systemd does, which says that it succeeds."""
        time.sleep(0.02)
        test = subprocess.run([*self.command, "-t", "-q"], capture_output=True, text=True, check=False)
        assert (test.returncode, test.stderr) == (0, "")
        subprocess.run([*self.command, "-s", "reload"], check=True)

    def stop(self) -> None:
        if self.pid:
            os.kill(self.pid, signal.SIGTERM)
            wait_for("nginx to end", lambda: not (self.folder / "pid").exists(), patience=10)

    def loaded(self, wait: float = 10, **options: Any) -> bool:
        return bool(play("nginx_loaded", path=str(self.ours), wait=wait, **options)["loaded"])

    def answers(self, **options: Any) -> dict[str, Any]:
        fixed = {"path": str(self.ours), "addresses": [OWN], "checks": [], "header": "X-LVS-Cluster", "value": "lvs"}
        return play("nginx_answers", **fixed, **options)


@pytest.fixture
def nginx(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Nginx]:
    program = shutil.which("nginx")
    assert program, "make install has it"
    made = Nginx(tmp_path, program)
    wrapper = tmp_path / "bin" / "nginx"
    wrapper.parent.mkdir()
    wrapper.write_text(f'#!/bin/sh\nexec {" ".join(made.command)} "$@"\n')
    wrapper.chmod(0o755)
    monkeypatch.setenv("PATH", f"{wrapper.parent}", prepend=":")
    monkeypatch.setattr(nginx_answers, "PATIENCE", 0.5)
    for module in (nginx_loaded, nginx_answers):
        monkeypatch.setattr(module, "service", lambda *_asked: Service(made.pid, enabled=True))
    yield made
    made.stop()


@pytest.fixture
def port() -> int:
    return free_ports(1)[0]


def listen(*sockets: str, name: str = "", answer: str = "ours") -> str:
    lines = "".join(f"listen {each}; " for each in sockets)
    return f"server {{ {lines}{name and f'server_name {name}; '}location / {{ return 200 '{answer}'; }} }}\n"


def get(address: str, port: int, host: str) -> str:
    with socket.create_connection((address, port), timeout=5) as connection:
        connection.sendall(f"GET / HTTP/1.0\r\nHost: {host}\r\n\r\n".encode())
        return connection.makefile().read().rpartition("\n\n")[2]


def test_address_in_use_is_named_with_who_holds_it_after_each_reload(nginx: Nginx, port: int) -> None:
    nginx.write("")
    nginx.start()
    assert nginx.loaded()
    with socket.create_server((OWN, port)):
        nginx.write(listen(str(port)))
        for _run in range(2):
            nginx.reload()
            with pytest.raises(
                ModuleFailedError, match=rf"\*:{port} is held by \w+ \(process {os.getpid()}\)"
            ) as failed:
                nginx.loaded(wait=1)
            assert "runs on without" in str(failed.value)
    nginx.reload()
    assert nginx.loaded()
    assert nginx.answers(listens=[{"port": port}, {"address": VIP, "port": port}])["answers"] == []


@pytest.mark.parametrize("back", [False, True], ids=["address to all", "all to address"])
def test_going_from_an_address_to_every_one_or_back_takes_a_restart(nginx: Nginx, port: int, back: bool) -> None:
    before, after = (f"{VIP}:{port}", str(port))[:: -1 if back else 1]
    nginx.write(listen(before))
    nginx.start()
    nginx.write(listen(after))
    nginx.reload()
    with pytest.raises(ModuleFailedError, match=rf":{port} is held by nginx itself, .*since before") as failed:
        nginx.loaded(wait=1)
    assert "systemctl restart nginx" in failed.value.result["error"]["remedy"]
    nginx.stop()
    nginx.start()
    assert nginx.loaded()


def test_socket_that_a_reload_did_not_open_is_told_though_workers_are_young(nginx: Nginx, port: int) -> None:
    """A worker that died is started again, and runs with what the process of nginx has."""
    nginx.write("")
    nginx.start()
    with socket.create_server((OWN, port)):
        nginx.write(listen(f"{VIP}:{port}"), "own.conf")
        nginx.write(listen(str(port)))
        with pytest.raises(ModuleFailedError, match=r"for somebody else to answer: \w+ \(process"):
            nginx.answers(listens=[{"port": port}])
    for pid, title, _fields in list(door._children(nginx.pid, door.PROC)):
        if title == "nginx: worker process":
            os.kill(pid, signal.SIGKILL)
    wait_for("a worker", lambda: door.worker_starts(nginx.pid), patience=10)
    assert nginx.loaded()
    with pytest.raises(ModuleFailedError, match=f"does not answer at {OWN}:{port} .* Connection refused"):
        nginx.answers(listens=[{"port": port}])


def test_certificate_that_is_shown_is_compared_with_the_file(nginx: Nginx, port: int) -> None:
    certificate, key = nginx.folder / "shop.crt", nginx.folder / "shop.key"

    def put() -> None:
        time.sleep(0.02)
        issued = issue(["shop.example.com"])
        certificate.write_text(issued.certificate)
        key.write_text(issued.key)

    pair = {"ssl_certificate": str(certificate), "ssl_certificate_key": str(key), "server_name": ["shop.example.com"]}
    site = {"name": "shop", "server_name": "shop.example.com", "ssl_certificate": str(certificate)}
    listens = [{"port": port, "ssl": True, "sites": [site]}]
    put()
    nginx.write(
        f"server {{ listen {port} ssl default_server; ssl_reject_handshake on; }} server {{ listen {port} ssl;"
        f" server_name shop.example.com; ssl_certificate {certificate}; ssl_certificate_key {key}; }}"
    )
    nginx.start()
    assert nginx.loaded(certificates=[pair])
    assert nginx.answers(listens=listens)["answers"] == []
    assert nginx.answers(listens=[{"port": port, "ssl": True, "sites": [{**site, "server_name": ""}]}])["answers"] == []
    put()
    assert not nginx.loaded(wait=0, certificates=[pair])
    with pytest.raises(ModuleFailedError, match="shows another certificate"):
        nginx.answers(listens=listens)
    nginx.reload()
    assert nginx.loaded(certificates=[pair])
    assert nginx.answers(listens=listens)["answers"] == []


def test_operators_site_that_ours_hides_at_the_virtual_address_is_told_by_name(nginx: Nginx, port: int) -> None:
    nginx.write(listen(str(port), f"{VIP}:{port}", name="shop"))
    nginx.write(listen(str(port), name="blog", answer="theirs"), "own.conf")
    nginx.start()
    assert (get(OWN, port, "blog"), get(VIP, port, "blog")) == ("theirs", "ours")
    told = str(nginx.answers(listens=[{"port": port}, {"port": port, "address": VIP}])["warnings"])
    assert f"own.conf has 'listen {port}' of server blog, which cannot be reached at {VIP}:{port}" in told
    nginx.write(listen(str(port), f"{VIP}:{port}", name="blog", answer="theirs"), "own.conf")
    nginx.reload()
    wait_for("the reload", lambda: get(VIP, port, "blog") == "theirs", patience=10)
    assert "warnings" not in nginx.answers()


def test_session_goes_on_with_another_nginx_that_has_the_same_keys(nginx: Nginx, port: int) -> None:
    """Two servers with contexts of their own stand for two hosts."""
    keys = nginx.folder / "keys"
    keys.mkdir()
    issued = issue(["shop.example.com"])
    for name, text in {"crt": issued.certificate, "key": issued.key, "current": "c" * 80, "next": "n" * 80}.items():
        (keys / name).write_text(text)

    def server(address: str, *names: str) -> str:
        tickets = "".join(f"ssl_session_ticket_key {keys}/{each}; " for each in names)
        return (
            f"server {{ listen {address}:{port} ssl; ssl_protocols TLSv1.2; ssl_certificate {keys}/crt;"
            f" ssl_certificate_key {keys}/key; {tickets}}}\n"
        )

    nginx.write(server(OWN, "current", "next") + server(VIP, "next", "current") + server("127.0.0.3"))
    nginx.start()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE

    def reused(address: str, session: ssl.SSLSession | None) -> ssl.SSLSocket:
        plain = socket.create_connection((address, port), timeout=5)
        return context.wrap_socket(plain, session=session)

    with contextlib.closing(reused(OWN, None)) as first:
        session = first.session
    for address, goes_on in ((VIP, True), ("127.0.0.3", False)):
        with contextlib.closing(reused(address, session)) as second:
            assert second.session_reused is goes_on, address


def test_checks_of_a_service_of_ipv6_are_answered_by_way_of_its_address(nginx: Nginx, port: int) -> None:
    """The host has one address of IPv6 here, which is its own and virtual at once."""
    own, told = "::1", {"path": str(nginx.ours), "header": "X-LVS-Cluster", "value": "lvs"}
    listens = [{"port": port}, {"port": port, "address": "::"}, {"port": port, "address": own}]
    nginx.write(
        f"server {{ listen {port}; listen [::]:{port}; listen [{own}]:{port}; server_name [{own}];"
        f" location = /healthz {{ proxy_bind {own}; proxy_pass http://[{own}]:{port}/healthz/at/{own}; }}"
        f" location = /healthz/at/{own} {{ add_header X-LVS-Cluster lvs; return 200 ok; }} }}"
    )
    nginx.start()
    asked = {**told, "addresses": [OWN, own], "checks": [{"port": port, "path": "/healthz"}], "listens": listens}
    assert play("nginx_answers", **asked)["answers"] == [200, 200]
    nginx.write(f"server {{ listen [{own}]:{port}; return 404; }}", "own.conf")
    nginx.reload()
    with pytest.raises(ModuleFailedError, match=rf"own.conf has 'listen \[{own}\]:{port}'"):
        play("nginx_answers", **asked)

"""Health checks, with an nginx that says what it is told to say and a server in its place."""

from __future__ import annotations

import http.server
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._host.systemd import Service
from ansible_collections.lvs.cluster.plugins.modules import nginx_answers
from ansible_collections.lvs.cluster.tests.unit.playing import ModuleFailedError, play
from harness.certificates import issue

OURS = "/etc/nginx/conf.d/lvs.conf"


@pytest.fixture(autouse=True)
def nobody_listens(program, monkeypatch: pytest.MonkeyPatch) -> None:
    """And nobody waits."""
    monkeypatch.setattr(nginx_answers, "PATIENCE", 0.1)
    program("ss", "true")


class Site(http.server.BaseHTTPRequestHandler):
    """Answers as nginx does, on one path."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/healthz" else 404)
        self.send_header("X-LVS-Cluster", "lvs")
        self.end_headers()

    def log_message(self, *_words: object) -> None:
        pass


@pytest.fixture
def port() -> Iterator[int]:
    """Where a site answers."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def reads(put: Any, port: int, other: str = "", ours: str = OURS) -> None:
    put("nginx", f"cat <<'E'\n# configuration file {ours}:\nserver {{ listen {port}; }}\n\n{other}\nE")


def answers(port: int, **options: Any) -> dict[str, Any]:
    fixed = {"path": OURS, "addresses": ["127.0.0.1"], "header": "X-LVS-Cluster", "value": "lvs"}
    return play("nginx_answers", **{**fixed, "checks": [{"port": port, "path": "/healthz"}], **options})


def test_answer_of_ours_passes(program, port: int) -> None:
    reads(program, port)
    result = answers(port)
    assert (result["answers"], result["changed"]) == ([200], False)


def test_file_that_nginx_does_not_read_is_refused(program, port: int) -> None:
    reads(program, port, ours="/etc/nginx/conf.d/other.conf")
    with pytest.raises(ModuleFailedError, match=r"the line 'include /etc/nginx/conf.d/\*.conf;'") as failed:
        answers(port)
    assert failed.value.result["error"]["kind"] == "nginx"
    assert answers(port, check=True)["answers"] == []


def test_site_in_our_place_is_named_before_anything_is_asked(program, port: int) -> None:
    reads(program, port, f"# configuration file /etc/nginx/own.conf:\nserver {{ listen 127.0.0.1:{port}; }}")
    with pytest.raises(ModuleFailedError, match=f"/etc/nginx/own.conf has 'listen 127.0.0.1:{port}'"):
        answers(port, ask=False)
    assert answers(port, ask=False, replaces=["/etc/nginx/own.conf"])["answers"] == []


def test_process_on_our_port_is_named(program, port: int) -> None:
    reads(program, port)
    program("ss", f"""echo 'LISTEN 0 5 *:{port} *:* users:(("apache2",pid=633,fd=4))'""")
    with pytest.raises(ModuleFailedError, match=r"apache2 \(process 633\)"):
        answers(port, ask=False)


@pytest.mark.parametrize(
    ("options", "got"),
    [
        ({"value": "other"}, "status 200"),
        ({"checks_path": "/elsewhere"}, "status 404"),
        ({"checks_port": 1}, "Connection refused"),
    ],
    ids=["another cluster's", "no such path", "nobody"],
)
def test_any_other_answer_is_refused(program, port: int, options: dict[str, Any], got: str) -> None:
    reads(program, port)
    check = {"port": options.pop("checks_port", port), "path": options.pop("checks_path", "/healthz")}
    with pytest.raises(ModuleFailedError, match=f"gets {got} and not the answer of"):
        answers(port, checks=[check], **options)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[tuple[int, str]]:
    """Where a site answers by TLS, and its certificate."""
    issued, path, key = issue(["shop.example.com"]), tmp_path / "shop.crt", tmp_path / "shop.key"
    path.write_text(issued.certificate)
    key.write_text(issued.key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path, key)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1], str(path)
        server.shutdown()


@pytest.fixture(autouse=True)
def nothing_is_in_the_way(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Nor does any nginx run; what is put into it is in its way."""
    found: list[str] = []
    monkeypatch.setattr(nginx_answers, "service", lambda *_asked: Service(0, enabled=False))
    monkeypatch.setattr(nginx_answers, "in_its_way", lambda *_asked: found)
    return found


def test_tls_is_answered_with_the_certificate_of_the_file(program, shop: tuple[int, str]) -> None:
    port, path = shop
    reads(program, port)
    sites = [{"name": "shop", "ssl_certificate": path}]
    named = [{**sites[0], "server_name": "shop.example.com"}]
    listens = [{"port": port, "ssl": True, "sites": each} for each in (sites, named)]
    assert answers(port, checks=[], listens=listens)["answers"] == []
    Path(path).write_text(issue(["shop.example.com"]).certificate)
    with pytest.raises(
        ModuleFailedError, match=f"127.0.0.1:{port} .* another certificate for shop.example.com than {path}"
    ):
        answers(port, checks=[], listens=listens[1:])
    assert answers(port, checks=[], listens=listens, check=True)["answers"] == []


def test_plain_http_is_no_tls_and_nobody_is_no_answer(program, port: int, nothing_is_in_the_way: list[str]) -> None:
    reads(program, port)
    with pytest.raises(ModuleFailedError, match="no TLS") as failed:
        answers(port, listens=[{"port": port, "sites": [{"name": "shop", "ssl_certificate": "/etc/shop.crt"}]}])
    assert "See its error log" in failed.value.result["error"]["remedy"]
    assert answers(port, listens=[{"port": port}, {"port": port, "address": "127.0.0.1"}])["answers"] == [200]
    nothing_is_in_the_way.append("*:1 is held by apache2")
    with pytest.raises(ModuleFailedError, match=r"Connection refused; \*:1 is held by apache2") as failed:
        answers(port, listens=[{"port": 1}])
    assert "Stop who holds it" in failed.value.result["error"]["remedy"]


def test_address_that_the_host_has_not_is_not_asked_elsewhere(program, port: int) -> None:
    reads(program, port)
    with pytest.raises(ModuleFailedError, match="Cannot assign requested address"):
        answers(port, listens=[{"port": port, "address": "192.0.2.100"}])


def test_process_on_a_port_of_tls_is_named_beforehand(program, port: int) -> None:
    reads(program, port)
    program("ss", """echo 'LISTEN 0 5 *:443 *:* users:(("apache2",pid=633,fd=4))'""")
    with pytest.raises(ModuleFailedError, match=r"apache2 \(process 633\)"):
        answers(port, listens=[{"port": 443, "ssl": True}], check=True)


def test_site_that_ours_hides_at_an_address_is_told_by_name(program, port: int) -> None:
    own = "# configuration file /etc/nginx/own.conf:\nserver { listen 80; server_name blog www.blog; }"
    program("nginx", f"cat <<'E'\n# configuration file {OURS}:\n\n{own}\nE")
    listens = [{"port": 80, "default_server": True}, {"port": 80, "address": "192.0.2.100"}]
    told = str(answers(port, checks=[], listens=listens, check=True)["warnings"])
    assert (
        "/etc/nginx/own.conf has 'listen 80' of server blog www.blog, which cannot be reached at 192.0.2.100:80" in told
    )
    assert "Write 'listen 192.0.2.100:80;' beside it" in told
    gone = answers(port, checks=[], listens=listens, ask=False, replaces=["/etc/nginx/own.conf"])
    assert "warnings" not in gone
    assert "warnings" not in answers(port, checks=[], listens=listens[:1], ask=False)


def test_what_nginx_refuses_is_a_warning_where_it_is_about_to_be_mended(program, port: int) -> None:
    program("nginx", """echo 'cannot load certificate "/etc/ssl/shop.crt"' >&2; exit 1""")
    with pytest.raises(ModuleFailedError, match=r"refuses its configuration as it is: .* /?.*shop.crt"):
        answers(port, check=True)
    told = answers(port, check=True, mending=True)
    assert 'cannot load certificate "/etc/ssl/shop.crt"' in str(told["warnings"])
    program("ss", f"""echo 'LISTEN 0 5 *:{port} *:* users:(("apache2",pid=633,fd=4))'""")
    with pytest.raises(ModuleFailedError, match=r"apache2 \(process 633\)"):
        answers(port, check=True, mending=True)


def test_file_of_what_stands_outside_of_http_must_be_read_where_it_is_there(program, port: int, tmp_path: Path) -> None:
    reads(program, port)
    main = tmp_path / "90-lvs.conf"
    assert answers(port, main=str(main))["answers"] == [200]
    main.touch()
    with pytest.raises(ModuleFailedError, match=f"nginx does not read {main}. Write the line .*/\\*.conf;' before all"):
        answers(port, main=str(main), check=True)
    reads(program, port, f"# configuration file {main}:\n")
    assert answers(port, main=str(main))["answers"] == [200]

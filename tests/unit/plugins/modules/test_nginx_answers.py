"""Health checks, with an nginx that says what it is told to say and a server in its place."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.lvs.cluster.plugins.modules import nginx_answers
from ansible_collections.lvs.cluster.tests.unit.playing import ModuleFailedError, play

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
    fixed = {"path": OURS, "address": "127.0.0.1", "header": "X-LVS-Cluster", "value": "lvs"}
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

"""The modules that look at nginx, with an nginx that says what it is told to say and a server in its place."""

from __future__ import annotations

import http.server
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._host.nginx import worker_starts
from ansible_collections.lvs.cluster.plugins.modules import nginx_answers, nginx_loaded
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
    with pytest.raises(ModuleFailedError, match=r"needs the line 'include /etc/nginx/conf.d/\*.conf;'"):
        answers(port)
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
def conf(tmp_path: Path) -> Path:
    path = tmp_path / "lvs.conf"
    path.write_text("server {}\n")
    return path


def loaded(monkeypatch: pytest.MonkeyPatch, conf: Path, age: float | None, **options: Any) -> dict[str, Any]:
    """With workers that started so many seconds after the file was written; None for no nginx."""
    monkeypatch.setattr(nginx_loaded, "main_process", lambda *_asked: 0 if age is None else 1)
    monkeypatch.setattr(nginx_loaded, "worker_starts", lambda _parent: [conf.stat().st_ctime + (age or 0)])
    result = play("nginx_loaded", path=str(conf), **options)
    return {key: result[key] for key in ("changed", "running", "loaded")}


def test_file_that_is_younger_than_the_workers_is_a_change(monkeypatch: pytest.MonkeyPatch, conf: Path) -> None:
    assert loaded(monkeypatch, conf, 1) == {"changed": False, "running": True, "loaded": True}
    assert loaded(monkeypatch, conf, -1) == {"changed": True, "running": True, "loaded": False}
    assert loaded(monkeypatch, conf, None) == {"changed": False, "running": False, "loaded": False}
    with pytest.raises(ModuleFailedError, match="runs on without"):
        loaded(monkeypatch, conf, -1, wait=0.1)
    with pytest.raises(ModuleFailedError, match="does not run"):
        loaded(monkeypatch, conf, None, wait=0.1)


def test_start_of_a_worker_is_read_from_proc(tmp_path: Path) -> None:
    """This process in the place of a worker: its parent, and a start that is not long ago."""
    stat = Path("/proc/self/stat").read_text()
    for pid, title in (("11", "nginx: worker process"), ("12", "nginx: worker process is shutting down"), ("13", "sh")):
        (tmp_path / pid).mkdir()
        (tmp_path / pid / "cmdline").write_text(title + "\0")
        (tmp_path / pid / "stat").write_text(stat)
    (start,) = worker_starts(os.getppid(), str(tmp_path))
    assert time.time() - 3600 < start <= time.time()

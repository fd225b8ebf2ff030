# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The script that asks a proxy, run by a real bash and asking real sockets."""

from __future__ import annotations

import os
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.ask import NO_UNIT, TEXT

# What systemctl says of a unit, and does with it: it serves from then on, where there is a file that says so.
SYSTEMCTL = """#!/bin/sh
echo "$@" >>"$FOLDER/calls"
case "$1" in
show) cat "$FOLDER/state" ;;
*) [ ! -e "$FOLDER/heals" ] || touch "$FOLDER/healed" ;;
esac
"""


def request(connection: socket.socket) -> bytes:
    """All of a request: bash writes it line by line."""
    held = b""
    while not held.endswith(b"\r\n\r\n"):
        more = connection.recv(4096)
        assert more, held
        held += more
    return held


@contextmanager
def proxy(answer: bytes | None) -> Iterator[int]:
    """Something that answers every request with these bytes; with None it takes connections, and hangs. Its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _peer = server.accept()
                except OSError:
                    return
                with connection:
                    request(connection)
                    connection.sendall(answer or b"")

        if answer is not None:
            threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def ask(tmp_path: Path) -> Callable[..., int]:
    """Runs the script; its exit status."""
    script = tmp_path / "ask-proxy"
    # What it remembers is not the host's.
    script.write_text(TEXT.replace("/run/lvs-cluster", str(tmp_path / "run")))
    script.chmod(0o755)
    (tmp_path / "systemctl").write_text(SYSTEMCTL)
    (tmp_path / "systemctl").chmod(0o755)
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "FOLDER": str(tmp_path)}

    def run(kind: str, port: int, *more: str, unit: str = NO_UNIT, seconds: float = 5) -> int:
        words = [str(script), kind, "127.0.0.1", str(port), str(seconds), unit, *more]
        done = subprocess.run(words, capture_output=True, text=True, check=False, env=environment)
        assert done.stdout + done.stderr == ""
        return done.returncode

    return run


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.mark.parametrize(
    ("answer", "status", "serves"),
    [
        (b"HTTP/1.1 200 OK\r\nServer: nginx\r\n\r\nok\n", "200", True),
        (b"HTTP/1.0 200\r\n\r\n", "200", True),
        (b"HTTP/1.1 204 No Content\r\n\r\n", "204", True),
        (b"HTTP/1.1 503 Service Unavailable\r\n\r\n", "200", False),
        (b"HTTP/1.1 2000 OK\r\n\r\n", "200", False),
        (b"SSH-2.0 200\r\n", "201", False),
        (b"", "200", False),
    ],
)
def test_a_page_is_right_when_its_status_is(ask: Callable[..., int], answer: bytes, status: str, serves: bool) -> None:
    with proxy(answer) as port:
        assert (ask("HTTP_GET", port, "/healthz", status) == 0) is serves


def test_who_takes_a_connection_and_hangs_serves_no_page_and_the_script_ends_in_time(ask: Callable[..., int]) -> None:
    with proxy(None) as port:
        assert ask("TCP_CHECK", port) == 0
        start = time.monotonic()
        assert ask("HTTP_GET", port, "/healthz", "200", seconds=0.2) == 1
        assert 0.2 <= time.monotonic() - start < 2


@pytest.mark.parametrize("words", [["TCP_CHECK"], ["HTTP_GET", "/healthz", "200"]])
def test_a_port_on_which_nobody_listens_serves_nothing(ask: Callable[..., int], words: list[str]) -> None:
    kind, *more = words
    assert ask(kind, closed_port(), *more) == 1


def test_a_request_names_path_and_host(ask: Callable[..., int]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        running = threading.Thread(target=lambda: ask("HTTP_GET", port, "/a?b=%20", "200", seconds=0.5))
        running.start()
        connection, _peer = server.accept()
        with connection:
            assert request(connection) == b"GET /a?b=%20 HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n"
        running.join()


@pytest.mark.parametrize("state", ["inactive", "active", "activating"])
def test_a_unit_that_did_not_fail_is_left_alone(ask: Callable[..., int], tmp_path: Path, state: str) -> None:
    """Somebody has stopped it, or it is busy."""
    (tmp_path / "state").write_text(f"{state}\n")
    assert ask("TCP_CHECK", closed_port(), unit="nginx") == 1
    assert (tmp_path / "calls").read_text() == "show --property ActiveState --value nginx\n"


def test_a_unit_that_failed_is_started_once_and_not_again_within_a_minute(
    ask: Callable[..., int], tmp_path: Path
) -> None:
    (tmp_path / "state").write_text("failed\n")
    for _run in range(3):
        assert ask("TCP_CHECK", closed_port(), unit="nginx") == 1
    mark = tmp_path / "run" / "restarted-nginx"
    assert (tmp_path / "calls").read_text().count("--no-block start nginx") == 1
    with proxy(None) as port:
        assert ask("TCP_CHECK", port, unit="nginx") == 0
        assert mark.exists()
        os.utime(mark, (time.time() - 130, time.time() - 130))
        assert ask("TCP_CHECK", port, unit="nginx") == 0
        assert not mark.exists()
    assert ask("TCP_CHECK", closed_port(), unit="nginx") == 1
    assert (tmp_path / "calls").read_text().count("--no-block start nginx") == 2


def test_a_start_that_helps_is_no_failure(ask: Callable[..., int], tmp_path: Path) -> None:
    (tmp_path / "state").write_text("failed\n")
    (tmp_path / "heals").touch()
    port = closed_port()
    served = threading.Event()

    def heal() -> None:
        while not (tmp_path / "healed").exists():
            time.sleep(0.01)
        with socket.create_server(("127.0.0.1", port)):
            served.wait(5)

    healing = threading.Thread(target=heal)
    healing.start()
    assert ask("TCP_CHECK", port, unit="nginx") == 0
    served.set()
    healing.join()

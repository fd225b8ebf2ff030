"""The lab's application server."""

from __future__ import annotations

import importlib.util
import json
import socket
import threading
from http.server import ThreadingHTTPServer
from pathlib import Path
from urllib.request import urlopen

import pytest
from lvsprobe.targets import Target
from lvsprobe.websocket import converse

BACKEND = Path(__file__).parents[3] / "lab/node/opt/backend.py"


@pytest.fixture
def backend():
    """The program as a module."""
    spec = importlib.util.spec_from_file_location("backend", BACKEND)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_an_answer_leaves_in_one_piece(backend):
    """Stopped between two pieces, it would fail a request; nginx sends again only what was not answered at all."""
    # Each piece is a packet of its own there.
    client, server = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    client.sendall(b"GET /x HTTP/1.1\r\nHost: app\r\nConnection: close\r\n\r\n")

    with client, server:
        backend.Handler(server, ("192.0.2.1", 40000), None)
        head, _, body = client.recv(65536).partition(b"\r\n\r\n")

    assert head.startswith(b"HTTP/1.1 200")
    assert body.startswith(b'{"backend":')


def test_a_websocket_says_texts_back_to_the_probe(backend):
    with ThreadingHTTPServer(("127.0.0.1", 0), backend.Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        told = converse(
            Target("127.0.0.1", server.server_address[1], "/"), ["one", "zwei \N{SNOWMAN}"], 5.0, "X-Served-By"
        )
        server.shutdown()
    name = socket.gethostname()
    assert told == {"realserver": None, "answers": [f"{name}: one", f"{name}: zwei \N{SNOWMAN}"], "error": None}


def test_who_speaks_no_websocket_is_told_by_the_probe(backend):
    class Plain(backend.Handler):
        def speak_websocket(self):
            self.send_error(404)

    with ThreadingHTTPServer(("127.0.0.1", 0), Plain) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        assert converse(Target("127.0.0.1", server.server_address[1], "/"), ["one"], 5.0, "")["error"] == "http 404"
        server.shutdown()


def test_large_requests_are_read_and_large_answers_given(backend):
    with ThreadingHTTPServer(("127.0.0.1", 0), backend.Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}"
        with urlopen(f"{url}/upload", data=bytes(200_000)) as answer:
            received = json.load(answer)["received"]
        with urlopen(f"{url}/large?bytes=200000") as answer:
            text = answer.read()
        server.shutdown()
    assert received == 200_000
    assert (len(text) > 200_000, json.loads(text)["path"]) == (True, "/large?bytes=200000")

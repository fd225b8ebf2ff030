"""The lab's application server."""

from __future__ import annotations

import importlib.util
import socket
from pathlib import Path

BACKEND = Path(__file__).parents[3] / "lab/node/opt/backend.py"


def test_an_answer_leaves_in_one_piece():
    """Stopped between two pieces, it would fail a request; nginx sends again only what was not answered at all."""
    spec = importlib.util.spec_from_file_location("backend", BACKEND)
    backend = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(backend)
    # Each piece is a packet of its own there.
    client, server = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    client.sendall(b"GET /x HTTP/1.1\r\nHost: app\r\nConnection: close\r\n\r\n")

    with client, server:
        backend.Handler(server, ("192.0.2.1", 40000), None)
        head, _, body = client.recv(65536).partition(b"\r\n\r\n")

    assert head.startswith(b"HTTP/1.1 200")
    assert body.startswith(b'{"backend":')

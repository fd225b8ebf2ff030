#!/usr/bin/env python3
"""A small application server that says who answered whom, also by WebSocket; stands behind nginx in the lab."""

from __future__ import annotations

import base64
import hashlib
import json
import socket
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

PORT = 8080
LONGEST_SLEEP = 30.0
LARGEST = 100_000_000
# RFC 6455
WEBSOCKET_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TEXT, CLOSE = 0x81, 0x88
SHORT = 126


class Server(ThreadingHTTPServer):
    """Has room for all who come at once when a director has taken over; of five the rest would ask again in seconds."""

    request_queue_size = 128


class Handler(BaseHTTPRequestHandler):
    """Answers every GET; /slow?seconds=N takes its time, and /large?bytes=N has so many spaces after what it says.

    What a POST brings is read, and its length told. A WebSocket says each text back, behind the backend's name.
    """

    protocol_version = "HTTP/1.1"
    # An answer leaves in one piece. Who is stopped between its head and its body has failed a request that nobody can
    # send again.
    wbufsize = -1

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        if url.path == "/slow":
            time.sleep(min(float(parse_qs(url.query).get("seconds", ["1"])[0]), LONGEST_SLEEP))
        if self.headers.get("Upgrade", "").lower() == "websocket":
            self.speak_websocket()
            return
        spaces = int(parse_qs(url.query).get("bytes", ["0"])[0]) if url.path == "/large" else 0
        self.answer(0, min(spaces, LARGEST))

    def do_POST(self) -> None:
        received, expected = 0, int(self.headers.get("Content-Length", "0"))
        while received < expected and (piece := self.rfile.read(min(expected - received, 65536))):
            received += len(piece)
        self.answer(received, 0)

    def answer(self, received: int, spaces: int) -> None:
        name = socket.gethostname()
        body = json.dumps(
            {
                "backend": name,
                "client": self.headers.get("X-Real-IP") or self.headers.get("X-Forwarded-For"),
                "peer": self.client_address[0],
                "forwarded_for": self.headers.get("X-Forwarded-For"),
                "forwarded_proto": self.headers.get("X-Forwarded-Proto"),
                "host": self.headers.get("Host"),
                "path": self.path,
                "received": received,
            }
        ).encode()
        body += b" " * spaces
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Backend", name)
        self.end_headers()
        self.wfile.write(body)

    def speak_websocket(self) -> None:
        """Short texts, in one frame each (RFC 6455, 5.2); whatever else comes ends it."""
        key = self.headers["Sec-WebSocket-Key"] + WEBSOCKET_GUID
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Accept", base64.b64encode(hashlib.sha1(key.encode()).digest()).decode())
        self.end_headers()
        self.close_connection = True
        while True:
            self.wfile.flush()
            kind, length = self.rfile.read(2) or (CLOSE, 0)
            length &= 0x7F
            if kind != TEXT or length >= SHORT:
                break
            mask, masked = self.rfile.read(4), self.rfile.read(length)
            text = bytes(byte ^ mask[place % 4] for place, byte in enumerate(masked))
            answer = f"{socket.gethostname()}: ".encode() + text
            self.wfile.write(bytes((TEXT, len(answer))) + answer)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing: under load the journal would be the bottleneck."""


if __name__ == "__main__":
    Server(("", PORT), Handler).serve_forever()

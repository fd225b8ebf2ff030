#!/usr/bin/env python3
"""A small application server that says who answered whom; stands behind nginx in the lab."""

from __future__ import annotations

import json
import socket
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

PORT = 8080
LONGEST_SLEEP = 30.0


class Handler(BaseHTTPRequestHandler):
    """Answers every GET; /slow?seconds=N takes its time."""

    protocol_version = "HTTP/1.1"
    # An answer leaves in one piece. Who is stopped between its head and its body has failed a request that nobody can
    # send again.
    wbufsize = -1

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        if url.path == "/slow":
            time.sleep(min(float(parse_qs(url.query).get("seconds", ["1"])[0]), LONGEST_SLEEP))
        name = socket.gethostname()
        body = json.dumps(
            {
                "backend": name,
                "client": self.headers.get("X-Real-IP") or self.headers.get("X-Forwarded-For"),
                "peer": self.client_address[0],
                "path": self.path,
            }
        ).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Backend", name)
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing: under load the journal would be the bottleneck."""


if __name__ == "__main__":
    ThreadingHTTPServer(("", PORT), Handler).serve_forever()

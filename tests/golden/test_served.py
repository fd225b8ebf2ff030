"""What a real nginx of each distribution does with what it gets, asked at addresses of this machine's loopback."""

from __future__ import annotations

import contextlib
import http.client
import http.server
import json
import math
import os
import pwd
import signal
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._description import inventory
from ansible_collections.lvs.cluster.tests.unit.plugins.module_utils._description.example import REMOVED, hostvars
from golden.programs import free_ports, nginx_file, nginxes, render_nginx

# Addresses of the description, and of the loopback in their place.
DESCRIBED, HERE = "192.0.2.", "127.0.2."
VIP = f"{HERE}100"
NAME = "shop.example.com"
# Seconds that an application keeps idle connections: gunicorn's, the shortest of the common ones.
IDLE = 2


class Application(http.server.BaseHTTPRequestHandler):
    """Answers with what it was asked, and how; takes a WebSocket, and says nothing at all at /die.

    A connection that was idle for long it closes, as many do; the request that comes just then gets no answer.
    """

    protocol_version = "HTTP/1.1"
    answered = math.inf

    def do_POST(self) -> None:
        if time.monotonic() - self.answered > IDLE:
            self.close_connection = True
            return
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()
        self.answered = time.monotonic()

    def do_GET(self) -> None:
        if self.path == "/die":
            self.close_connection = True
            return
        if self.headers["Upgrade"]:
            self.send_response(101)
            self.send_header("Upgrade", self.headers["Upgrade"])
            self.send_header("Connection", "Upgrade")
            self.end_headers()
            self.wfile.write(b"from the application")
            self.close_connection = True
            return
        body = json.dumps({"port": self.server.server_port, "path": self.path, **dict(self.headers.items())}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: Any) -> None:
        pass


class Quiet(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_arguments: Any) -> None:
        """A connection that nginx has closed."""


class Serving:
    """A running nginx of one version, behind whose sites are two applications."""

    def __init__(self, program: str, version: str, folder: Path) -> None:
        self.program, self.version, self.folder = program, version, folder
        self.plain, self.secure, self.bare, self.other = free_ports(4)
        self.applications = [Quiet((f"{HERE}{last}", 0), Application) for last in (31, 32)]
        self.process: subprocess.Popen[bytes] | None = None

    def variables(self) -> dict[str, Any]:
        servers = [
            {"address": f"{DESCRIBED}{last}", "port": each.server_port}
            for last, each in zip((31, 32), self.applications, strict=True)
        ]
        services = {"web": self.plain, "webs": self.secure, "bare": self.bare}
        tls = {"ssl_certificate": "/a", "ssl_certificate_key": "/b", "http2": True}
        redirect = {"virtual_server": "web", "return": f"301 https://$host:{self.secure}$request_uri"}
        return {
            "hosts.app1": REMOVED,
            "hosts.app2": REMOVED,
            "lvs_virtual_servers": [
                {"name": name, "address": f"{DESCRIBED}100", "port": port, "real_servers": ["web1", "web2"]}
                for name, port in services.items()
            ],
            "lvs_nginx_upstreams": [
                {"name": "app", "servers": servers},
                {"name": "bare", "virtual_server": "bare", "servers": servers[:1]},
            ],
            "lvs_nginx_servers": [
                {
                    "name": "shop",
                    "virtual_server": "webs",
                    "server_name": NAME,
                    **tls,
                    "locations": [{"location": "/", "upstream": "app"}],
                },
                {"name": "shop80", "server_name": NAME, **redirect},
            ],
        }

    def view(self, **changes: Any) -> dict[str, Any]:
        return inventory.view(hostvars({**self.variables(), **changes}), "web1")

    def described(self, **changes: Any) -> str:
        return render_nginx(self.view(**changes), self.version).replace(DESCRIBED, HERE)

    def start(self, **changes: Any) -> None:
        main = nginx_file(self.described(**changes), self.folder)
        user = f"daemon off; user {pwd.getpwuid(os.geteuid()).pw_name};"
        self.process = subprocess.Popen([self.program, "-e", "stderr", "-p", self.folder, "-c", main, "-g", user])
        deadline = time.monotonic() + 30
        while True:
            with contextlib.suppress(OSError):
                socket.create_connection((VIP, self.plain), timeout=1).close()
                return
            assert time.monotonic() < deadline, "nginx does not start"
            assert self.process.poll() is None, "nginx ends"
            time.sleep(0.05)

    def reload(self, **changes: Any) -> None:
        assert self.process
        nginx_file(self.described(**changes), self.folder)
        self.process.send_signal(signal.SIGHUP)

    def stop(self) -> None:
        if self.process:
            self.process.terminate()
            self.process.wait(30)
        for each in self.applications:
            each.shutdown()
            each.server_close()

    def get(self, port: int, path: str = "/", **headers: str) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection(VIP, port, timeout=10)
        return self._answer(connection, path, headers)

    def post_twice(self, port: int, pause: float) -> list[int]:
        """The statuses of two requests that change something, with a pause between them."""
        found = []
        for seconds in (pause, 0):
            with contextlib.closing(http.client.HTTPConnection(VIP, port, timeout=10)) as connection:
                connection.request("POST", "/", b"more")
                found.append(connection.getresponse().status)
            time.sleep(seconds)
        return found

    def get_secure(self, path: str = "/", **headers: str) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection(VIP, self.secure, timeout=10)
        connection.sock = self.handshake(NAME)
        return self._answer(connection, path, {"Host": NAME, **headers})

    @staticmethod
    def _answer(
        connection: http.client.HTTPConnection, path: str, headers: dict[str, str]
    ) -> tuple[int, dict[str, str], bytes]:
        with contextlib.closing(connection):
            connection.request("GET", path, headers={name.replace("_", "-"): each for name, each in headers.items()})
            answer = connection.getresponse()
            return answer.status, {name.lower(): each for name, each in answer.headers.items()}, answer.read()

    def handshake(self, name: str | None, protocol: str = "http/1.1") -> ssl.SSLSocket:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_alpn_protocols([protocol])
        connection = socket.create_connection((VIP, self.secure), timeout=10)
        return context.wrap_socket(connection, server_hostname=name)


@pytest.fixture(scope="module", params=nginxes().items(), ids=lambda each: each[0])
def serving(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    version, program = request.param
    found = Serving(program, version, tmp_path_factory.mktemp("nginx"))
    try:
        for each in found.applications:
            threading.Thread(target=each.serve_forever, daemon=True).start()
        found.start()
        yield found
    finally:
        found.stop()


def test_a_check_is_answered_before_the_redirect_and_by_whatever_name(serving: Serving) -> None:
    for name in (NAME, "nobody.example.com", f"192.0.2.21:{serving.plain}"):
        status, headers, body = serving.get(serving.plain, "/healthz", Host=name)
        assert (status, headers["x-lvs-cluster"], body) == (200, "lvs", b"ok\n"), name

    status, headers, _body = serving.get(serving.plain, "/a?b=c", Host=NAME)
    assert (status, headers["location"]) == (301, f"https://{NAME}:{serving.secure}/a?b=c")


def test_what_is_for_no_site_gets_none(serving: Serving) -> None:
    assert serving.get(serving.plain, "/", Host="nobody.example.com")[0] == 404
    for name in (None, "nobody.example.com"):
        with pytest.raises(ssl.SSLError, match=r"(?i)unrecognized.name"):
            serving.handshake(name)


def test_a_site_with_tls_answers_its_own_check_and_offers_http_2(serving: Serving) -> None:
    status, headers, _body = serving.get_secure("/healthz")
    assert (status, headers["x-lvs-cluster"]) == (200, "lvs")
    with serving.handshake(NAME, "h2") as connection:
        assert connection.selected_alpn_protocol() == "h2"


def test_a_check_is_answered_whoever_else_is_kept_out(serving: Serving) -> None:
    serving.reload(lvs_nginx_settings={"raw": "deny all; auth_basic closed; auth_basic_user_file /dev/null;"})
    until(lambda: serving.get_secure("/")[0] == 403)
    for get, port in ((serving.get, serving.plain), (serving.get, serving.bare), (serving.get_secure, None)):
        words = [*([port] if port else []), "/healthz"]
        until(lambda get=get, words=words: get(*words)[::2] == (200, b"ok\n"))
    serving.reload()
    until(lambda: serving.get_secure("/")[0] == 200)


def test_what_was_asked_before_is_answered_on_beside_what_is_asked_now(serving: Serving) -> None:
    told = serving.view()["nginx"]["questions"]
    upstreams, servers = ([*serving.variables()[f"lvs_nginx_{name}"]] for name in ("upstreams", "servers"))
    app, bare = upstreams
    shop, _redirect = servers
    known = {"hosts.web1.ansible_facts": {"lvs_nginx_asked": {"lvs": told}}}

    def ok(port: int, path: str, **headers: str) -> bool:
        return serving.get(port, path, **headers)[::2] == (200, b"ok\n")

    moved = {
        "lvs_nginx_upstreams": [app, {**bare, "health_path": "/up"}],
        "lvs_nginx_servers": [{**each, "health_path": "/up"} for each in servers],
    }
    serving.reload(**moved, **known)
    for path in ("/healthz", "/up"):
        until(lambda path=path: ok(serving.plain, path) and ok(serving.plain, path, Host=NAME))
        until(lambda path=path: ok(serving.bare, path) and serving.get_secure(path)[::2] == (200, b"ok\n"))
    serving.reload(**moved)
    until(lambda: not ok(serving.plain, "/healthz"))

    tls = {name: shop[name] for name in ("ssl_certificate", "ssl_certificate_key", "http2", "locations")}
    secret = {"name": "bare", "virtual_server": "bare", "server_name": "bare.example.com", **tls}
    serving.reload(lvs_nginx_upstreams=[app], lvs_nginx_servers=[*servers, secret], **known)
    until(lambda: ok(serving.bare, "/healthz"))
    until(lambda: serving.get(serving.bare, "/")[0] == 400)

    services = [each for each in serving.variables()["lvs_virtual_servers"] if each["name"] != "web"]
    through = f"http {serving.plain} /healthz about {DESCRIBED}100:{serving.secure}"
    known = {"hosts.web1.ansible_facts": {"lvs_nginx_asked": {"lvs": [*told, through]}}}
    serving.reload(lvs_virtual_servers=services, lvs_nginx_servers=[shop], **known)
    until(lambda: serving.get(serving.plain, "/", Host=NAME)[0] == 404)
    until(lambda: ok(serving.plain, "/healthz"))
    serving.reload()
    until(lambda: serving.get(serving.plain, "/", Host=NAME)[0] == 301)


def test_a_port_that_servers_of_nat_leave_serves_clients_until_directors_know(serving: Serving) -> None:
    asked = {"lvs_nginx_asked": {"lvs": serving.view()["nginx"]["questions"]}}
    *others, bare = serving.variables()["lvs_virtual_servers"]
    servers = [{"host": host, "port": serving.other} for host in bare["real_servers"]]
    moved = {"lvs_virtual_servers": [*others, {**bare, "lb_kind": "NAT", "real_servers": servers}]}

    serving.reload(**moved, **{"hosts.web1.ansible_facts": asked})
    until(lambda: open_ports(serving.bare, serving.other) == [serving.bare, serving.other])
    for port in (serving.bare, serving.other):
        until(lambda port=port: b"X-Real-IP" in serving.get(port)[2])
        until(lambda port=port: serving.get(port, "/healthz")[::2] == (200, b"ok\n"))

    serving.reload(**moved)
    until(lambda: open_ports(serving.bare, serving.other) == [serving.other])
    serving.reload()
    until(lambda: open_ports(serving.bare, serving.other) == [serving.bare])


def open_ports(*ports: int) -> list[int]:
    """Those of them that take connections."""
    with contextlib.ExitStack() as stack:
        attempts = {port: stack.enter_context(socket.socket()) for port in ports}
        return [port for port, attempt in attempts.items() if attempt.connect_ex((VIP, port)) == 0]


def test_an_application_is_told_of_the_client_and_not_what_the_client_says(serving: Serving) -> None:
    forged = {"X_Forwarded_For": "203.0.113.9", "X_Real_IP": "203.0.113.9", "X_Forwarded_Proto": "ftp"}
    status, _headers, body = serving.get_secure("/", **forged)
    told = json.loads(body)

    assert (status, told["Host"], told["X-Forwarded-Proto"]) == (200, NAME, "https")
    assert (told["X-Forwarded-For"], told["X-Real-IP"]) == ("127.0.0.1", "127.0.0.1")


def test_an_application_gets_the_chain_from_whom_nginx_is_told_to_believe(serving: Serving) -> None:
    def chain() -> str:
        body = serving.get_secure("/", X_Forwarded_For="203.0.113.9")[2]
        told: str = json.loads(body)["X-Forwarded-For"]
        return told

    serving.reload(lvs_nginx_settings={"set_real_ip_from": ["127.0.0.0/8"]})
    until(lambda: chain() == "203.0.113.9, 127.0.0.1")
    serving.reload()
    until(lambda: chain() == "127.0.0.1")


def test_a_request_without_a_host_reaches_the_application_with_one(serving: Serving) -> None:
    with socket.create_connection((VIP, serving.bare), timeout=10) as connection:
        connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
        answer = b"".join(iter(lambda: connection.recv(4096), b""))

    assert json.loads(answer.partition(b"\r\n\r\n")[2])["Host"] == VIP


def test_an_application_is_told_of_the_name_that_chose_its_site(serving: Serving) -> None:
    def told(path: str, host: str) -> str:
        name: str = json.loads(serving.get_secure(path, Host=host)[2])["Host"]
        return name

    assert told("/", f"{NAME}:{serving.secure}") == f"{NAME}:{serving.secure}"
    assert told("/", NAME.upper()) == NAME.upper()
    # Of two names nginx goes by the one in the line.
    for other in ("evil.example.com", f"{NAME}.evil.example.com", f"evil.example.com:{serving.secure}"):
        assert told(f"https://{NAME}/", other) == NAME


@pytest.mark.parametrize(("asked", "line"), [("websocket", "101"), ("WebSocket", "101"), ("h2c", "200")])
def test_a_websocket_is_passed_on_and_nothing_else(serving: Serving, asked: str, line: str) -> None:
    with serving.handshake(NAME) as connection:
        words = ("GET /chat HTTP/1.1", f"Host: {NAME}", "Connection: Upgrade", f"Upgrade: {asked}", "", "")
        connection.sendall("\r\n".join(words).encode())
        answer = connection.recv(4096)
        if line == "101" and not answer.endswith(b"application"):
            answer += connection.recv(4096)

    assert answer.split()[1].decode() == line, answer
    assert answer.endswith(b"from the application") is (line == "101")


def pool(serving: Serving, **second: Any) -> dict[str, Any]:
    """Change the second application of the pool."""
    return {
        "lvs_nginx_upstreams": [
            {
                "name": "app",
                "servers": [
                    {"address": f"{DESCRIBED}31", "port": serving.applications[0].server_port},
                    {"address": f"{DESCRIBED}32", "port": serving.applications[1].server_port, **second},
                ],
            },
            {"name": "bare", "virtual_server": "bare", "servers": [{"address": f"{DESCRIBED}31"}]},
        ]
    }


def until(holds: Any) -> None:
    """Old workers may answer a moment longer after a reload."""
    deadline = time.monotonic() + 15
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_server_that_is_down_costs_no_request_and_leaves_one_that_is_never_given_up(serving: Serving) -> None:
    first, second = (each.server_port for each in serving.applications)
    failed: list[Any] = []
    answered: list[int] = []
    done = threading.Event()

    def ask() -> None:
        while not done.is_set():
            try:
                status, _headers, body = serving.get_secure("/")
                answered.append(json.loads(body)["port"] if status == 200 else failed.append(status) or 0)
            except OSError as error:
                failed.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        until(lambda: {first, second} <= set(answered))
        serving.reload(**pool(serving, down=True))
        until(lambda: len(answered) > 60 and set(answered[-20:]) == {first})
    finally:
        done.set()
        asking.join()
    assert failed == []

    # Of two of which one is down, nginx would take the other for failed too, for ten seconds.
    assert serving.get_secure("/die")[0] == 502
    assert [serving.get_secure("/")[0] for _each in range(5)] == [200] * 5
    serving.reload()


def test_an_application_that_closes_idle_connections_early_costs_no_request_that_changes_something(
    serving: Serving,
) -> None:
    until(lambda: serving.post_twice(serving.bare, 0) == [200, 200])
    assert serving.post_twice(serving.bare, IDLE + 0.5) == [200, 200]
    # What is kept for longer than the application keeps it: nobody repeats such a request.
    app, bare = serving.variables()["lvs_nginx_upstreams"]
    serving.reload(lvs_nginx_upstreams=[app, {**bare, "keepalive_timeout": 60}])
    until(lambda: serving.post_twice(serving.bare, IDLE + 0.5) == [200, 502])
    serving.reload()

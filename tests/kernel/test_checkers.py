"""Every check, run by a real keepalived: its server is taken out when it fails, and put back when it succeeds again."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._description import inventory
from ansible_collections.lvs.cluster.plugins.module_utils._host.ipvsadm import Ipvsadm
from ansible_collections.lvs.cluster.plugins.module_utils._host.keepalived import Keepalived, dumped
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.expected import differences
from ansible_collections.lvs.cluster.plugins.plugin_utils._files import read_file
from ansible_collections.lvs.cluster.tests.kernel.conftest import (
    MARKS,
    namespace,
    run_command,
    running_keepalived,
    sh,
    user_of_scripts,
)
from ansible_collections.lvs.cluster.tests.unit.playing import play
from golden.programs import keepaliveds, render_keepalived, variables_of

CASE = Path(__file__).parent / "checked" / "inventory.yml"
DIRECTOR, SERVER, BESIDE = "192.0.2.11", "192.0.2.21", "192.0.2.31"
PAGE = (CASE.parent / "files" / "page.txt").read_bytes()
# The answer of each page: its status and its body.
WELL = {
    "/status": (204, b""),
    "/range": (304, b""),
    "/digest": (200, PAGE),
    "/regex": (200, b"now:\nready: 12 \n"),
    "/no_regex": (200, b"at ease"),
    "/virtualhost": (200, b""),
    "/one": (200, b""),
    "/two": (302, b""),
    "/tls": (200, b""),
}


def view() -> dict[str, Any]:
    return inventory.view(variables_of(CASE), "lvs1", read_file)


LISTENERS = {"tcp": 8001, "way": 9002, "both": 8017, "smtp": 25, "dns": 53, "udp": 8012, "silent": 8013}
OF_UDP = ("dns", "udp", "silent")


class Server:
    """A host that answers all of these questions, and stops to at a word.

    asked: what it was asked with, by the name of the check.
    """

    def __init__(self) -> None:
        self.pages = dict(WELL)
        self.answers = {"smtp": b"220 ready\r\n", "dns": b"\x00", "udp": b"pong"}
        self.asked: dict[str, set[Any]] = {name: set() for name in ("virtualhost", "tls", "way", "smtp", "dns", "udp")}
        self._listening: dict[str, socket.socket] = {}
        for name in LISTENERS:
            self.listen(name)
        self._serve(80)
        self._serve(8443, tls=True)

    def listen(self, name: str) -> None:
        kind = socket.SOCK_DGRAM if name in OF_UDP else socket.SOCK_STREAM
        with namespace("servers"):
            held = socket.socket(socket.AF_INET, kind)
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind((BESIDE if name == "way" else SERVER, LISTENERS[name]))
        if kind == socket.SOCK_STREAM:
            held.listen(16)
        self._listening[name] = held
        threading.Thread(target=self._answer, args=(name, held), daemon=True).start()

    def close(self, name: str) -> None:
        # What another thread waits for is not closed until that has heard of it.
        held = self._listening.pop(name)
        with contextlib.suppress(OSError):
            held.shutdown(socket.SHUT_RDWR)
        held.close()

    def _answer(self, name: str, held: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                if name in OF_UDP:
                    self._answer_datagram(name, held)
                else:
                    connection, peer = held.accept()
                    self.asked.get(name, set()).add(peer)
                    threading.Thread(target=self._talk, args=(name, connection), daemon=True).start()

    def _answer_datagram(self, name: str, held: socket.socket) -> None:
        question, peer = held.recvfrom(2048)
        if name == "udp":
            self.asked["udp"].add(peer)
        if name == "dns":
            self.asked["dns"].add(question[12:])
            # RFC 1035, 4.1.1: the same id, an answer, and how it went.
            answer = question[:2] + b"\x81" + self.answers["dns"] + question[4:6] + bytes(6) + question[12:]
            held.sendto(answer, peer)
        elif name == "udp" and question == b"ping" and self.answers["udp"]:
            held.sendto(self.answers["udp"], peer)

    def _talk(self, name: str, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            if name != "smtp":
                return
            connection.sendall(self.answers["smtp"])
            for line in connection.makefile("rb"):
                self.asked["smtp"].add(line)
                connection.sendall(b"250 so be it\r\n")

    def _serve(self, port: int, *, tls: bool = False) -> None:
        server = self

        class Handler(BaseHTTPRequestHandler):
            # Head and page in one go, as most servers send a small one.
            wbufsize = -1

            def do_GET(self) -> None:
                status, body = server.pages[self.path]
                name = self.headers["Host"]
                if self.path == "/virtualhost":
                    server.asked["virtualhost"].add((self.request_version, name))
                self.send_response(status)
                if status not in (204, 304):
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
                self.close_connection = True

            def log_message(self, *_words: object) -> None:
                pass

        with namespace("servers"):
            http = ThreadingHTTPServer((SERVER, port), Handler)
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain("/run/marks/cert.pem", "/run/marks/key.pem")
            context.sni_callback = lambda _socket, name, _context: self.asked["tls"].add(name)
            http.socket = context.wrap_socket(http.socket, server_side=True, do_handshake_on_connect=False)
        http.daemon_threads = True
        threading.Thread(target=http.serve_forever, daemon=True).start()


class Director:
    """A keepalived that runs."""

    def __init__(self, program: str, directory: Path) -> None:
        self._program = program
        self._directory = directory

    def weight(self, port: int) -> int | None:
        """What the only server of a service weighs in the kernel's table; none where it is not there."""
        for key, pool in Ipvsadm(run_command, "ipvsadm").table().items():
            if key.port == port:
                return next((each.weight for each in pool.servers.values()), None)
        return None

    def running(self) -> dict[str, Any]:
        keepalived = Keepalived.running(str(self._directory / "keepalived.pid"), "/tmp")
        assert keepalived, self.log()
        return dumped(keepalived, run_command, self._program, timeout=20)

    def log(self) -> str:
        return (self._directory / "log").read_text(errors="replace")[-3000:]

    def until(self, holds: Callable[[], Any], seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < deadline, self.log()
            time.sleep(0.1)


@pytest.fixture(autouse=True, scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A host in a network of its own, beside one that has the user of scripts."""
    with user_of_scripts(tmp_path_factory.mktemp("users")):
        sh(
            "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=www.example.com"
            f" -keyout {MARKS}/key.pem -out {MARKS}/cert.pem"
        )
        sh("ip netns add servers && ip link add check0 type veth peer name check1 netns servers")
        sh(f"ip link set check0 up && ip addr add {DIRECTOR}/24 dev check0")
        sh(f"ip -n servers addr add {SERVER}/24 dev check1 && ip -n servers addr add {BESIDE}/24 dev check1")
        sh("ip -n servers link set check1 up && ip -n servers link set lo up && ipvsadm -C")
        yield Server()
        # The link by itself: the servers' sockets keep the namespace, whose name goes alone.
        sh("ip link del check0 && ip netns del servers")


PORTS = {each["name"]: each["port"] for each in view()["keepalived"]["virtual_servers"]}


@pytest.fixture(scope="module", params=keepaliveds())
def director(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Director]:
    """One of each version that has found its server well."""
    for name in ("quorum", "server"):
        (MARKS / name).unlink(missing_ok=True)
    (MARKS / "misc").touch()
    (MARKS / "weighed").write_text("7\n")
    wanted = view()
    scripts = wanted["keepalived"]["scripts"]
    play("keepalived_scripts", scripts=scripts["files"], programs=scripts["programs"], user=scripts["user"], purge=True)
    directory = tmp_path_factory.mktemp("checkers")
    director = Director(request.param, directory)
    with running_keepalived(directory, render_keepalived(wanted), "Entering MASTER STATE", request.param):
        yield director


def write(name: str, text: str) -> Callable[[], Any]:
    return lambda: (MARKS / name).write_text(f"{text}\n")


def ping(ignored: int) -> Callable[[], Any]:
    return lambda: sh(f"ip netns exec servers sysctl -qw net.ipv4.icmp_echo_ignore_all={ignored}")


def page(path: str, status: int, body: bytes = b"") -> Callable[[Server], Any]:
    return lambda server: server.pages.update({path: (status, body)})


def answer(name: str, told: bytes) -> Callable[[Server], Any]:
    return lambda server: server.answers.update({name: told})


def closed(name: str) -> Callable[[Server], Any]:
    return lambda server: server.close(name)


# What makes each check fail, and what it asks again.
FAILURES: dict[str, Callable[[Server], Any]] = {
    "tcp": closed("tcp"),
    "way": closed("way"),
    "status": page("/status", 200),
    "range": page("/range", 404),
    "digest": page("/digest", 200, PAGE + b" "),
    "regex": page("/regex", 200, b"now:\nready: soon\n"),
    "no_regex": page("/no_regex", 200, b"I am overloaded"),
    "virtualhost": page("/virtualhost", 404),
    "urls": page("/two", 200),
    "tls": page("/tls", 503),
    "smtp": answer("smtp", b"421 go away\r\n"),
    "misc": lambda _server: (MARKS / "misc").unlink(),
    "weighed": lambda _server: write("weighed", "1")(),
    "dns": answer("dns", b"\x02"),
    "udp": answer("udp", b"ding"),
    "silent": closed("silent"),
    "ping": lambda _server: ping(1)(),
    "file": lambda _server: write("planned", "1")(),
}


def mend(server: Server, name: str) -> None:
    server.pages.update(WELL)
    server.answers.update({"smtp": b"220 ready\r\n", "dns": b"\x00", "udp": b"pong"})
    if name in ("tcp", "way", "silent"):
        server.listen(name)
    (MARKS / "misc").touch()
    write("weighed", "7")()
    write("planned", "0")()
    ping(0)()


@pytest.mark.parametrize("name", FAILURES)
def test_a_check_that_fails_takes_its_server_out_and_one_that_succeeds_puts_it_back(
    director: Director, server: Server, name: str
) -> None:
    weight = 5 if name == "weighed" else 1
    director.until(lambda: director.weight(PORTS[name]) == weight)
    FAILURES[name](server)
    director.until(lambda: director.weight(PORTS[name]) is None)
    mend(server, name)
    director.until(lambda: director.weight(PORTS[name]) == weight)


def test_a_server_is_asked_as_it_is_described(director: Director, server: Server) -> None:
    director.until(lambda: all(server.asked.values()))
    assert server.asked["virtualhost"] == {("HTTP/1.1", "www.example.com")}
    assert server.asked["tls"] == {"www.example.com"}
    assert {address for address, _port in server.asked["way"]} == {DIRECTOR}
    assert server.asked["udp"] == {(DIRECTOR, 40012)}
    assert b"HELO lvs1.example.com\r\n" in server.asked["smtp"]
    # RFC 1035, 4.1.2: the name, type A, class IN.
    assert server.asked["dns"] == {b"\x03www\x07example\x03com\x00\x00\x01\x00\x01"}
    director.until(lambda: director.weight(PORTS["unchecked"]) == 1)


def test_an_exit_status_and_a_number_in_a_file_are_weights(director: Director) -> None:
    director.until(lambda: director.weight(PORTS["weighed"]) == 5 and director.weight(PORTS["load"]) == 9)
    write("weighed", "12")()
    write("load", "3")()
    director.until(lambda: director.weight(PORTS["weighed"]) == 10 and director.weight(PORTS["load"]) == 3)
    write("weighed", "7")()
    write("load", "0")()
    director.until(lambda: director.weight(PORTS["weighed"]) == 5 and director.weight(PORTS["load"]) == 9)


def test_one_of_several_checks_is_enough_to_fall_and_its_scripts_are_told(director: Director, server: Server) -> None:
    def said(name: str) -> list[str]:
        return (MARKS / name).read_text().split()[-1:] if (MARKS / name).exists() else []

    for fail, well in (
        (lambda: server.close("both"), lambda: server.listen("both")),
        (write("planned", "1"), write("planned", "0")),
    ):
        director.until(lambda: director.weight(PORTS["both"]) == 1 and said("server") == said("quorum") == ["up"])
        fail()
        # It stays in the table, without a weight.
        director.until(lambda: director.weight(PORTS["both"]) == 0 and said("server") == said("quorum") == ["down"])
        well()
    director.until(lambda: director.weight(PORTS["both"]) == 1 and said("server") == said("quorum") == ["up"])


def test_where_a_regex_is_found_is_counted_from_the_head_of_an_answer(director: Director, server: Server) -> None:
    """That of these answers has more than 100 octets, and of regex_max_offset there are 300."""
    director.until(lambda: director.weight(PORTS["regex"]) == 1)
    page("/regex", 200, b" " * 250 + WELL["/regex"][1])(server)
    director.until(lambda: director.weight(PORTS["regex"]) is None)
    page("/regex", 200, b" " * 50 + WELL["/regex"][1])(server)
    director.until(lambda: director.weight(PORTS["regex"]) == 1)
    mend(server, "regex")


def test_what_runs_is_what_is_described(director: Director) -> None:
    told = view()["keepalived"]
    paths = [each["path"] for each in told["scripts"]["files"]]
    assert differences(told["vrrp_instances"], told["virtual_servers"], paths, director.running()) == []

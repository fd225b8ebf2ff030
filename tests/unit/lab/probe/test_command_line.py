# Copyright: Contributors to the lvs.cluster collection
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""The program as a whole."""

from __future__ import annotations

import ipaddress
import json
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from ansible_collections.lvs.cluster.tests.unit.lab.probe.route_tables import HEADER, IPV6_LAB_IS_UP, LAB_IS_UP
from lvsprobe import targets
from lvsprobe.cli import main, parse_args, permitted_target
from lvsprobe.routes import parse_ipv4_routes, parse_ipv6_routes

PROGRAMS = Path(__file__).resolve().parents[4] / "lab" / "node" / "opt"


@pytest.mark.parametrize(
    "argv",
    [
        ["load", "http://192.0.2.1/"],
        ["hold", "http://192.0.2.1/"],
        ["arp", "192.0.2.1"],
        ["load", "http://198.19.0.1/"],
        ["load", "http://[2001:db8::1]/"],
        ["arp", "198.18.7.100"],
        ["arp", "2001:2::64"],
        ["ndp", "198.18.5.100"],
        ["ndp", "2001:2:0:1::64"],
    ],
)
def test_a_refusal_is_one_line_and_status_2(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(argv, read_routes=lambda: parse_ipv4_routes(LAB_IS_UP)) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("probe: ")
    assert told.err.count("\n") == 1


@pytest.mark.parametrize(
    ("url", "interface"),
    [
        pytest.param("http://198.18.5.100/", None, id="a neighbour"),
        pytest.param("http://198.18.7.100/", "eth0", id="behind a router"),
        pytest.param("http://[2001:2::64]/", "eth0", id="IPv6"),
    ],
)
def test_no_target_can_be_reached_by_another_way_than_the_permitted_one(url: str, interface: str | None) -> None:
    routes = parse_ipv4_routes(LAB_IS_UP) + parse_ipv6_routes(IPV6_LAB_IS_UP)
    assert permitted_target(url, routes).interface == interface


@pytest.mark.parametrize(
    "arguments",
    ["--rate 2001", "--rate 0", "--rate nan", "--seconds 601", "--seconds -1", "--seconds inf", "--timeout x"],
)
def test_load_is_bounded(arguments: str) -> None:
    with pytest.raises(SystemExit) as end:
        parse_args(["load", "http://198.18.5.100/", *arguments.split()])
    assert end.value.code == 2


class Page(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.send_header("X-Name", "web1")
        self.end_headers()

    def log_message(self, *_args: object) -> None:
        pass


@pytest.fixture
def page_url() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


LOOPBACK_AS_LAB = """
import ipaddress, sys
sys.path.insert(0, sys.argv.pop(1))
from lvsprobe import cli, routes, targets
targets.LAB_NETWORKS = (ipaddress.IPv4Network("127.0.0.0/8"),)
loopback = "header\\neth0 0000007F 00000000 0001 0 0 0 000000FF 0 0 0\\n"
sys.exit(cli.main(read_routes=lambda: routes.parse_ipv4_routes(loopback)))
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_measurement_and_not_the_report(page_url: str, number: signal.Signals) -> None:
    options = ["--seconds", "60", "--hold", "--json", "--name-header", "X-Name"]
    command = [sys.executable, "-c", LOOPBACK_AS_LAB, str(PROGRAMS), "load", page_url, *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr
        assert running.stderr.readline() == "probing\n"
        running.send_signal(number)
        out, err = running.communicate(timeout=30)
    told = json.loads(out)
    assert (running.returncode, err) == (0, "")
    assert told["stopped_early"]
    assert told["requested"] == told["succeeded"] >= 1
    assert set(told["realservers"]) == {"web1"}
    assert told["held"]["survived"]


def test_a_measurement_has_status_0_whatever_failed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(targets, "LAB_NETWORKS", (ipaddress.IPv4Network("127.0.0.0/8"),))
    loopback = parse_ipv4_routes(HEADER + "eth0\t0000007F\t00000000\t0001\t0\t0\t0\t000000FF\t0\t0\t0\n")
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{bound.getsockname()[1]}/"
        assert main(["load", url, "--rate", "500", "--seconds", "0.01"], read_routes=lambda: loopback) == 0
        assert "failed       5 (refused 5)" in capsys.readouterr().out
        assert main(["hold", url, "--json"], read_routes=lambda: loopback) == 0
        assert json.loads(capsys.readouterr().out)["held"]["error"] == "refused"


def test_the_file_that_is_started_refuses_as_the_package_does() -> None:
    command = [sys.executable, "-BES", PROGRAMS / "probe", "load", "http://192.0.2.1/"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("probe: 192.0.2.1 is not in 198.18.0.0/15")

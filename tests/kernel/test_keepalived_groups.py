"""Groups of several ports in the kernel's table, and what a reload that extends them comes to."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.grammar import parse
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.groups import DIES_SINCE, that_it_dies_of
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.versions import is_before
from ansible_collections.lvs.cluster.tests.kernel.conftest import run, running_keepalived
from ansible_collections.lvs.cluster.tests.unit.playing import play
from golden.programs import keepaliveds, version_of

# As the role has them: a server of several ports has none of its own.
GROUP = """
virtual_server_group {kind} {{
{sockets}
}}
virtual_server group {kind} {{
  lb_algo rr
  lb_kind {kind}
  protocol TCP
  delay_loop 0.5
  {sorry}
  real_server 198.51.100.21 {{
    weight 3
    MISC_CHECK {{
      misc_path "/usr/bin/test -e {up}"
    }}
  }}
}}
"""
ADDRESSES = {"DR": "203.0.115.20", "NAT": "203.0.115.30"}
SORRY = "sorry_server 198.51.100.99"


class Director:
    """A keepalived, and the file that makes the checks succeed."""

    def __init__(self, program: str, directory: Path) -> None:
        self.version = version_of(program)
        self.directory = directory
        self.up = directory / "up"
        self.process: subprocess.Popen[str] | None = None

    def configuration(self, *ports: int, sorry: str = SORRY) -> str:
        text = "global_defs {\n  lvs_flush\n}\n"
        for kind, address in ADDRESSES.items():
            sockets = "\n".join(f"  {address} {port}" for port in ports)
            text += GROUP.format(kind=kind, sockets=sockets, sorry=sorry, up=self.up)
        return text

    def log(self) -> str:
        return (self.directory / "log").read_text(errors="replace")

    def reload(self, configuration: str) -> None:
        """Another configuration; its processes are through with it where one says that nothing is left to activate."""
        assert self.process
        (self.directory / "keepalived.conf").write_text(configuration)
        known = self.log().count("Activating BFD healthchecker")
        self.process.send_signal(signal.SIGHUP)
        self.until(lambda: self.log().count("Activating BFD healthchecker") > known)

    def repair(self) -> None:
        play("keepalived_repair", pid_file=str(self.directory / "keepalived.pid"))

    def until(self, holds: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 30
        while not holds():
            assert time.monotonic() < deadline, run(["ipvsadm", "-S", "-n"]) + self.log()[-3000:]
            time.sleep(0.1)


def rules(*ports: int, server: str = "198.51.100.21", weight: int = 3) -> set[str]:
    """All ports of both groups: nothing rewrites the port of a packet, which is 0 where it could."""
    return {
        rule
        for port in ports
        for kind, own in (("DR", port), ("NAT", 0))
        for address in [f"{ADDRESSES[kind]}:{port}"]
        for rule in (
            f"-A -t {address} -s rr",
            f"-a -t {address} -r {server}:{own} -{'g' if kind == 'DR' else 'm'} -w {weight}",
        )
    }


def held() -> set[str]:
    return set(run(["ipvsadm", "-S", "-n"]).splitlines())


@pytest.fixture(params=keepaliveds())
def director(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Director]:
    run(["ipvsadm", "-C"])
    director = Director(request.param, tmp_path)
    director.up.touch()
    start = director.configuration(80, 443)
    with running_keepalived(tmp_path, start, "Activating BFD healthchecker", request.param) as process:
        director.process = process
        director.until(lambda: held() == rules(80, 443))
        yield director


def test_a_port_that_comes_to_a_group_has_the_servers_that_it_should_have_after_a_repair(director: Director) -> None:
    """2.2.7 gives those of lb_kind DR no port, and would not find them again when their checks fail."""
    director.reload(director.configuration(80, 443, 8080))
    director.repair()
    assert held() == rules(80, 443, 8080)
    director.up.unlink()
    director.until(lambda: held() == rules(80, 443, 8080, server="198.51.100.99", weight=1))
    director.up.touch()
    director.until(lambda: held() == rules(80, 443, 8080))
    director.reload(director.configuration(80))
    director.repair()
    assert held() == rules(80)


def test_of_a_port_that_comes_it_dies_where_it_is_foretold(director: Director) -> None:
    """Without a sorry server; one in the same reload saves it, and may go in the next one."""
    steps = [
        director.configuration(80, 443, sorry=""),
        director.configuration(80, 443, 8080, sorry=""),
        director.configuration(80, 443, 8080, 8443),
        director.configuration(80, 443, 8080, 8443, sorry=""),
    ]
    director.reload(steps[0])
    dies = not is_before(director.version, DIES_SINCE)
    for before, after, foretold in zip(steps, steps[1:], (dies, False, False), strict=False):
        assert bool(dies and that_it_dies_of(parse(before), parse(after))) == foretold
        deaths = director.log().count("Respawning")
        director.reload(after)
        assert director.log().count("Respawning") == deaths + foretold
    director.repair()
    assert held() == rules(80, 443, 8080, 8443)

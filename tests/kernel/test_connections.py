"""Real connections through the kernel: what a change of the table does to them, and what draining waits for."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.lvs.cluster.tests.kernel.conftest import kernel_table, namespace, run, sh
from ansible_collections.lvs.cluster.tests.unit.playing import ModuleFailedError, play

VIP = "192.0.2.10"
SERVERS = ("198.51.100.21", "198.51.100.22")
# Each service has a port of its own, so that a connection tells which one it went through.
STAYS, EDITED, GOES, COMES = 80, 81, 82, 83

NETWORK = """
ip netns add clients && ip netns add servers
ip link add outside type veth peer name eth0 netns clients
ip link add inside type veth peer name eth0 netns servers
ip addr add 192.0.2.1/24 dev outside && ip addr add 192.0.2.10/32 dev outside && ip link set outside up
ip addr add 198.51.100.1/24 dev inside && ip link set inside up
ip -n clients link set eth0 up && ip -n clients addr add 192.0.2.50/24 dev eth0
ip -n servers link set eth0 up && ip -n servers addr add 198.51.100.21/24 dev eth0
ip -n servers addr add 198.51.100.22/24 dev eth0 && ip -n servers route add default via 198.51.100.1
echo 1 >/proc/sys/net/ipv4/ip_forward
"""


def answer(listener: socket.socket, name: bytes) -> None:
    """Each line is answered with the server's name."""
    while True:
        connection, _client = listener.accept()
        threading.Thread(target=converse, args=(connection, name), daemon=True).start()


def converse(connection: socket.socket, name: bytes) -> None:
    with contextlib.suppress(OSError), connection:
        while connection.recv(100):
            connection.sendall(name)


@pytest.fixture(scope="module", autouse=True)
def network() -> None:
    """Clients, the director, which is this process, and two servers that answer with their addresses."""
    sh(NETWORK)
    with namespace("servers"):
        for address in SERVERS:
            listener = socket.create_server((address, 8080))
            threading.Thread(target=answer, args=(listener, address.encode()), daemon=True).start()


class Connection:
    """A connection of a client to the virtual address."""

    def __init__(self, port: int) -> None:
        with namespace("clients"):
            self.socket = socket.create_connection((VIP, port), timeout=3)
        self.server = self.ask()

    def ask(self) -> str:
        """The server that answers; an error if none does."""
        self.socket.sendall(b"?")
        return self.socket.recv(100).decode()

    def lives(self) -> bool:
        """Whether its server, and no other, still answers."""
        self.socket.settimeout(1)
        with contextlib.suppress(OSError):
            return self.ask() == self.server
        return False

    def close(self) -> None:
        self.socket.close()


def service(port: int, *, weights: tuple[int, ...] = (1, 1), **options: Any) -> dict[str, Any]:
    servers = [
        {"address": address, "port": 8080, "weight": weight} for address, weight in zip(SERVERS, weights, strict=False)
    ]
    return {"address": VIP, "port": port, "lb_algo": "rr", "lb_kind": "NAT", "real_servers": servers, **options}


@pytest.fixture
def table() -> list[dict[str, Any]]:
    services = [service(STAYS), service(EDITED), service(GOES)]
    run(["ipvsadm", "-C"])
    play("ipvs_table", services=services, purge=True)
    return services


def eventually(condition: Callable[[], bool], seconds: float = 10) -> bool:
    """Whether something becomes true before a deadline."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


@pytest.mark.usefixtures("table")
def test_established_connections_survive_a_change_that_adds_edits_and_deletes() -> None:
    through_untouched, through_edited, through_deleted = Connection(STAYS), Connection(EDITED), Connection(GOES)
    changed = service(EDITED, weights=(7, 0), lb_algo="wrr", persistence_timeout=60)
    result = play("ipvs_table", services=[service(STAYS), changed, service(COMES)], purge=True)
    assert {command.split()[1] for command in result["commands"]} == {"-A", "-a", "-E", "-e", "-D"}
    assert Connection(COMES).server in SERVERS
    assert through_untouched.lives()
    assert through_edited.lives(), "its server was edited, and its service"
    assert not through_deleted.lives(), "a test that could not see a lost connection would prove nothing"


@pytest.mark.usefixtures("table")
def test_a_connection_survives_that_its_server_is_edited_in_every_setting() -> None:
    connection = Connection(EDITED)
    server = {"service": {"address": VIP, "port": EDITED}, "address": connection.server, "port": 8080, "lb_kind": "NAT"}
    play("ipvs_server", **server, weight=0)
    assert connection.lives()
    play("ipvs_server", **server, weight=65535, uthreshold=100, lthreshold=50)
    assert connection.lives()
    assert play("ipvs_server", **server, state="absent")["changed"]
    assert not connection.lives()


@pytest.mark.usefixtures("table")
def test_draining_waits_for_the_connection_and_sends_new_ones_elsewhere() -> None:
    connection = Connection(STAYS)
    (other,) = set(SERVERS) - {connection.server}
    drain = {"address": connection.server, "service": {"address": VIP, "port": STAYS}}
    result = play("ipvs_drain", **drain, timeout=1, interval=0.2)
    assert result["changed"]
    assert not result["drained"]
    assert result["waited"] >= 1
    assert result["remaining"][0]["active_connections"] == 1
    assert connection.lives()
    assert {Connection(STAYS).server for _again in range(4)} == {other}

    threading.Timer(0.5, connection.close).start()
    result = play("ipvs_drain", **drain, timeout=20, interval=0.2)
    assert not result["changed"]
    assert result["drained"]
    assert 0.2 < result["waited"] < 20
    assert result["remaining"][0]["inactive_connections"] >= 1

    assert play("ipvs_drain", **drain, state="restored")["changed"]
    assert {Connection(STAYS).server for _again in range(4)} == set(SERVERS)
    assert not play("ipvs_drain", **drain, state="restored")["changed"]


@pytest.mark.usefixtures("quiet")
def test_draining_waits_for_what_is_inactive_if_it_is_told_to() -> None:
    run(["ipvsadm", "-C"])
    play("ipvs_timeouts", udp=1)
    play("ipvs_table", services=[service(COMES, protocol="udp")])
    with namespace("clients"), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.sendto(b"?", (VIP, COMES))
    used = {"protocol": "udp", "address": VIP, "port": COMES}

    def inactive(address: str) -> int:
        (left,) = play("ipvs_drain", check=True, address=address, service=used)["remaining"]
        return int(left["inactive_connections"])

    (server,) = [each for each in SERVERS if inactive(each)]
    assert play("ipvs_drain", address=server, service=used, timeout=0)["drained"], "UDP is never active"
    assert not play("ipvs_drain", address=server, service=used, timeout=0, wait_for=["inactive"])["drained"]
    result = play("ipvs_drain", address=server, service=used, timeout=20, wait_for=["inactive"], interval=0.1)
    assert (result["drained"], result["remaining"][0]["inactive_connections"]) == (True, 0)
    assert result["waited"] > 0


@pytest.mark.usefixtures("table")
@pytest.mark.parametrize("expire", [False, True])
def test_a_known_client_of_a_persistent_service_leaves_a_drained_server_only_with_the_sysctl(expire: bool) -> None:
    play("ipvs_table", services=[service(COMES, persistence_timeout=300)])
    known = Connection(COMES)
    known.close()
    result = play(
        "ipvs_drain",
        address=known.server,
        port=8080,
        expire_quiescent_template=expire,
        timeout=0,
        wait_for=["persistent"],
    )
    assert result["expire_quiescent_template"] is expire
    assert bool(result.get("warnings")) is not expire
    assert (Connection(COMES).server != known.server) is expire
    (left,) = [each for each in result["remaining"] if each["service"]["port"] == COMES]
    assert left["persistent_connections"] == 1
    assert not result["drained"]


@pytest.mark.usefixtures("table")
def test_a_hash_scheduler_is_drained_only_with_its_fallback() -> None:
    play("ipvs_table", services=[service(COMES, lb_algo="mh")])
    drain = {"address": SERVERS[0], "service": {"address": VIP, "port": COMES}}
    before = kernel_table()
    with pytest.raises(ModuleFailedError, match="mh-fallback"):
        play("ipvs_drain", **drain)
    assert kernel_table() == before
    play("ipvs_table", services=[service(COMES, lb_algo="mh", lb_flags=["mh-fallback"])])
    assert play("ipvs_drain", **drain)["drained"]
    assert {Connection(COMES).server for _again in range(4)} == {SERVERS[1]}


@pytest.mark.usefixtures("table")
def test_counters_and_connections_are_numbers_and_go_back_to_zero() -> None:
    zero = {"service": {"address": VIP, "port": STAYS}}
    play("ipvs_zero", **zero)  # what an earlier test left in the memory of removed servers
    connections = [Connection(STAYS), Connection(STAYS)]

    def statistics() -> dict[str, Any]:
        found = play("ipvs_info", gather=["statistics"])["statistics"]
        return next(each for each in found if each["service"]["port"] == STAYS)

    # The kernel brings them up to date every two seconds.
    assert eventually(lambda: statistics()["connections"] == 2)
    counted = statistics()
    assert counted["incoming_packets"] >= 4
    assert sum(each["active_connections"] for each in counted["real_servers"]) >= 2
    listed = play("ipvs_info", gather=["connections"], connections_limit=10000)["connections"]
    (mine,) = [each for each in listed if each["client_port"] == connections[0].socket.getsockname()[1]]
    assert (mine["client_address"], mine["service_port"], mine["state"]) == ("192.0.2.50", STAYS, "ESTABLISHED")
    assert (mine["server_address"], mine["server_port"]) == (connections[0].server, 8080)
    assert play("ipvs_info", gather=["connections"], connections_limit=1)["connections_truncated"]

    planned = play("ipvs_zero", check=True, **zero)
    assert planned["changed"]
    assert statistics()["connections"] == 2, "check mode touched the counters"
    assert play("ipvs_zero", **zero)["commands"] == planned["commands"]
    assert statistics()["connections"] == 0
    assert not play("ipvs_zero", **zero)["changed"]
    others = Connection(EDITED)
    assert eventually(lambda: play("ipvs_zero", check=True)["changed"])
    assert play("ipvs_zero")["commands"] == ["ipvsadm -Z"]
    assert not play("ipvs_zero")["changed"]
    assert others.lives()
    assert [each.lives() for each in connections] == [True, True]

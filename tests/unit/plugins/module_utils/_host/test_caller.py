"""Who has a run on a host: with processes and sockets of this machine."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._host import caller
from ansible_collections.lvs.cluster.plugins.module_utils._host.caller import Caller, callers


@pytest.fixture
def proc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A module below sudo below sshd, which is below who listens, below a first process; no sockets."""
    monkeypatch.setattr(caller, "PROC", str(tmp_path))
    parents = {str(os.getpid()): "300", "300": "200", "200": "100", "100": "1", "1": "0"}
    for process, parent in parents.items():
        folder = tmp_path / process / "fd"
        folder.mkdir(parents=True)
        (folder.parent / "stat").write_text(f"{process} (a ) name) S {parent} 1 1")
    (tmp_path / "net").mkdir()
    return tmp_path


def listed(*sockets: tuple[str, str, str, int]) -> str:
    rows = [
        f"{n}: {here} {there} {state} 0:0 0:0 0 0 0 {inode}" for n, (here, there, state, inode) in enumerate(sockets)
    ]
    return "  sl  local_address\n" + "".join(f"   {row} 1 0000\n" for row in rows)


def digits(address: str, port: int) -> str:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    packed = socket.inet_pton(family, address)
    words = [int.from_bytes(packed[start : start + 4], sys.byteorder) for start in range(0, len(packed), 4)]
    return "".join(f"{word:08X}" for word in words) + f":{port:04X}"


NOBODY = digits("0.0.0.0", 0)
LISTENS = (digits("0.0.0.0", 22), NOBODY, "0A", 1)
HERE, THERE = digits("198.51.100.21", 22), digits("203.0.113.9", 50000)
CALLED = [Caller("203.0.113.9", "198.51.100.21")]


@pytest.mark.parametrize(
    ("sockets", "found"),
    [
        pytest.param([LISTENS, (HERE, THERE, "01", 7)], CALLED, id="called"),
        pytest.param([LISTENS, (HERE, THERE, "01", 8)], [], id="another's connection"),
        pytest.param([LISTENS, (HERE, THERE, "06", 7)], [], id="an ended one"),
        pytest.param([(HERE, THERE, "01", 7)], [], id="an own one, as for a forwarded port"),
    ],
)
def test_who_calls_is_who_is_connected_to_a_parent(proc: Path, sockets, found) -> None:
    (proc / "200" / "fd" / "4").symlink_to("socket:[7]")
    (proc / "300" / "fd" / "0").symlink_to("/dev/null")
    (proc / "net" / "tcp").write_text(listed(*sockets))
    assert callers() == found


def test_an_address_of_ipv4_is_one_whatever_the_socket(proc: Path) -> None:
    (proc / "200" / "fd" / "4").symlink_to("socket:[7]")
    (proc / "200" / "fd" / "5").symlink_to("socket:[9]")
    sockets = [
        (digits("::", 22), digits("::", 0), "0A", 1),
        (digits("::ffff:198.51.100.21", 22), digits("::ffff:203.0.113.9", 50000), "01", 7),
        (digits("2001:db8::21", 22), digits("2001:db8::9", 50000), "01", 9),
    ]
    (proc / "net" / "tcp6").write_text(listed(*sockets))
    assert callers() == [*CALLED, Caller("2001:db8::9", "2001:db8::21")]


def test_nobody_calls_where_parents_do_not_tell(proc: Path) -> None:
    (proc / "net" / "tcp").write_text(listed(LISTENS, (HERE, THERE, "01", 7)))
    (proc / "300" / "stat").unlink()
    assert callers() == []


def test_a_connection_of_this_process_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the kernel's own words."""
    monkeypatch.setattr(caller, "_ancestors", lambda: [str(os.getpid())])
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        accepted, _address = server.accept()
        with accepted:
            assert callers() == [Caller("127.0.0.1", "127.0.0.1")]
            assert client.getpeername() == server.getsockname()

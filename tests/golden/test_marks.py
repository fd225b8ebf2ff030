"""What nftables gets to mark packets, in a real kernel: it is loaded, read back, and packets have the mark."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._marks.rules import Mark, of_nft, removal, rules

MARKS = [Mark("192.0.2.100", "tcp", port, 80) for port in (80, 443)] + [Mark("192.0.2.100", "udp", 53, 4294967295)]
# Somebody else's table, which counts packets with the mark where IPVS would see them.
OTHERS = """
table ip others {
    counter marked { }
    chain seen { type filter hook input priority 0; meta mark 80 counter name marked; }
}
"""
# A packet to each of three ports, of which two are marked.
SEND = "for port in 80 443 8080; do timeout 5 bash -c 'echo >/dev/tcp/192.0.2.100/'$port; done 2>/dev/null"


def kernel(script: str) -> str:
    """What a shell prints in a network of its own."""
    alone = ["unshare", "--net"] if os.getuid() == 0 else ["unshare", "--user", "--map-root-user", "--net"]
    done = subprocess.run([*alone, "sh", "-ec", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(autouse=True, scope="module")
def _with_nftables() -> None:
    try:
        kernel("echo 'table ip lvs_cluster' | nft -f -")
    except AssertionError as told:
        pytest.skip(f"the kernel of this machine has no nftables, or nobody here may use it: {told}")


def test_nft_loads_it_over_itself_and_shows_the_same(tmp_path: Path) -> None:
    for name, marks in (("before", MARKS[1:]), ("after", MARKS)):
        (tmp_path / name).write_text(rules("nft", marks))
    shown = kernel(f"cd {tmp_path}; nft -f before; nft -f after; nft -j list table ip lvs_cluster")
    assert of_nft(shown) == MARKS


def test_packets_have_the_mark_and_other_tables_stay(tmp_path: Path) -> None:
    (tmp_path / "marks").write_text(rules("nft", MARKS))
    (tmp_path / "others").write_text(OTHERS)
    (gone,) = removal("nft")
    told = kernel(
        f"cd {tmp_path}; ip link set lo up; ip address add 192.0.2.100/32 dev lo; nft -f others; nft -f marks\n"
        f"{SEND} || true; {' '.join(gone)}; nft -j list counters table ip others; nft -j list tables"
    )
    counters, tables = (json.loads(line)["nftables"][1:] for line in told.splitlines())
    assert counters[0]["counter"]["packets"] == 2
    assert [each["table"]["name"] for each in tables] == ["others"]

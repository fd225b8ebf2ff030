"""Marks on a host whose nft, tc and systemctl write down what they are told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.lvs.cluster.plugins.modules import fwmarks
from ansible_collections.lvs.cluster.tests.unit.playing import ModuleFailedError, play

SHOP = [{"fwmark": 1, "address": "192.0.2.100", "port": port} for port in (80, 443)]
FILES = {"nft": "marks.nft", "tc": "marks.tc"}
# What nft shows of the rules that it was given.
SHOWN = """
import json, pathlib, re, sys
kept = pathlib.Path(sys.argv[1])
if not kept.exists():
    sys.exit("Error: No such file or directory")
def match(protocol, field, right):
    return {"match": {"op": "==", "left": {"payload": {"protocol": protocol, "field": field}}, "right": right}}
chain = {"name": "prerouting", "type": "filter", "hook": "prerouting", "prio": -150, "policy": "accept"}
found = re.findall(r"ip daddr (.*) (.*) dport (.*) meta mark set (.*)", kept.read_text())
rules = [
    {"rule": {"expr": [match("ip", "daddr", address), match(protocol, "dport", int(port)),
                       {"mangle": {"key": {"meta": {"key": "mark"}}, "value": int(mark)}}]}}
    for address, protocol, port, mark in found
]
print(json.dumps({"nftables": [{"chain": chain}, *rules]}))
"""


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program) -> Path:
    """A host whose table is the file table, and whose unit is enabled and active where there is a file on."""
    (tmp_path / "show.py").write_text(SHOWN)
    program(
        "nft",
        f'case "$1" in -j) exec python3 {tmp_path}/show.py {tmp_path}/table;; delete) rm {tmp_path}/table;;'
        f" -f) cat >{tmp_path}/table;; esac",
    )
    program("tc", f'echo "tc $*" >>{tmp_path}/said; [ "$2" != - ] || cat >/dev/null')
    state = f"[ -e {tmp_path}/on ] && on=active,enabled || on=inactive,disabled"
    program(
        "systemctl",
        f"echo systemctl $* >>{tmp_path}/said; {state}\n"
        'case "$1 $2" in "show "*) echo Id=lvs-marks.service; echo ActiveState=${on%,*}; echo UnitFileState=${on#*,};;'
        f' "enable --now") touch {tmp_path}/on;; "disable --now") rm {tmp_path}/on;; esac',
    )
    monkeypatch.setattr(fwmarks, "FILES", {name: str(tmp_path / file) for name, file in FILES.items()})
    monkeypatch.setattr(fwmarks, "UNIT_FILE", str(tmp_path / "lvs-marks.service"))
    return tmp_path


def mark(marks: list[dict[str, Any]], **options: Any) -> dict[str, Any]:
    return play("fwmarks", marks=marks, **options)


def table(host: Path) -> list[str]:
    return [line.strip() for line in (host / "table").read_text().splitlines() if "mark set" in line]


def test_marks_run_and_the_boot_makes_them_and_a_second_run_changes_nothing(host: Path) -> None:
    tried = mark(SHOP, check=True)
    assert tried["changed"]
    assert not (host / "table").exists()
    result = mark(SHOP)
    assert result["commands"] == tried["commands"]
    assert result["commands"][0].startswith("nft -f - <<< ")
    assert result["commands"][1:] == ["systemctl daemon-reload", "systemctl enable --now lvs-marks.service"]
    assert table(host) == [f"ip daddr 192.0.2.100 tcp dport {port} meta mark set 1" for port in (80, 443)]
    assert (host / "marks.nft").read_text().strip() == (host / "table").read_text().strip()
    assert str(host / "marks.nft") in (host / "lvs-marks.service").read_text()
    assert [each["after_header"].rsplit("/", maxsplit=1)[-1] for each in result["diff"]] == [
        "marks.nft",
        "lvs-marks.service",
        "marks",
    ]
    again = mark(SHOP)
    assert (again["changed"], again["commands"]) == (False, [])


def test_what_somebody_changed_is_put_right(host: Path) -> None:
    mark(SHOP)
    (host / "table").unlink()
    assert mark(SHOP)["commands"][0].startswith("nft -f - <<< ")
    assert len(table(host)) == 2
    (host / "on").unlink()
    assert mark(SHOP)["commands"] == ["systemctl enable --now lvs-marks.service"]


def test_what_leaves_goes_from_the_next_boot_at_once_and_from_the_kernel_with_purge(host: Path) -> None:
    mark(SHOP)
    kept = mark(SHOP[:1], purge=False)
    assert kept["leaving"] == ["192.0.2.100 tcp 443 mark 1"]
    assert "443" not in (host / "marks.nft").read_text()
    assert len(table(host)) == 2
    assert mark(SHOP[:1])["leaving"] == []
    assert len(table(host)) == 1


def test_packets_that_get_another_mark_have_one_at_a_time(host: Path) -> None:
    mark(SHOP)
    other = [SHOP[0], {**SHOP[1], "fwmark": 2}]
    assert mark(other, purge=False)["leaving"] == ["192.0.2.100 tcp 443 mark 1"]
    assert table(host) == [f"ip daddr 192.0.2.100 tcp dport {port} meta mark set 1" for port in (80, 443)]
    assert (host / "marks.nft").read_text().count("mark set 2") == 1
    assert not mark(other, purge=False)["changed"]
    mark(other)
    assert table(host)[1] == "ip daddr 192.0.2.100 tcp dport 443 meta mark set 2"


def test_without_marks_nothing_is_left(host: Path) -> None:
    mark(SHOP)
    assert mark([])["commands"] == [
        "nft delete table ip lvs_cluster",
        "systemctl disable --now lvs-marks.service",
        "systemctl daemon-reload",
    ]
    assert sorted(path.name for path in host.iterdir() if path.name in ("table", "on", *FILES.values())) == []
    assert not (host / "lvs-marks.service").exists()
    assert not mark([])["changed"]


def test_the_other_language_takes_the_place_of_the_first(host: Path) -> None:
    mark(SHOP)
    mark(SHOP, language="tc", interfaces=["eth0"])
    assert not (host / "marks.nft").exists()
    assert not (host / "table").exists()
    assert "filter replace dev eth0" in (host / "marks.tc").read_text()
    assert "tc -batch -" in (host / "said").read_text()


def test_tc_is_told_where(host: Path) -> None:
    with pytest.raises(ModuleFailedError, match="interfaces is empty"):
        mark(SHOP, language="tc")
    assert not (host / "marks.tc").exists()
    assert not mark([], language="tc")["changed"]


def test_a_program_that_is_missing_is_told_with_the_variable_that_chooses_another(
    host: Path, program, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusing = 'echo "Error: Could not process rule: Operation not supported" >&2; exit 1'
    program("nft", f'[ "$1" = -j ] || cat >/dev/null; {refusing}')
    for persist in (False, True):
        with pytest.raises(ModuleFailedError, match="director_marking") as failed:
            mark(SHOP, persist=persist)
        assert failed.value.result["error"]["kind"] == "no_marks"
    assert [name for name in ("on", "marks.nft", "lvs-marks.service") if (host / name).exists()] == []
    monkeypatch.setattr("ansible.module_utils.basic.AnsibleModule.get_bin_path", lambda *_words, **_options: None)
    with pytest.raises(ModuleFailedError, match="There is no nft on this host"):
        mark(SHOP, persist=False)
    assert not (host / "marks.nft").exists()
    assert json.dumps(mark([], persist=False)["commands"]) == "[]"

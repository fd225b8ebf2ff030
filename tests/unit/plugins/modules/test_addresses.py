"""What the module addresses refuses, in the form that all modules fail in; what it does is for a real kernel to say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._host import memory
from ansible_collections.lvs.cluster.tests.unit.playing import ModuleFailedError, play

HELD = [{"address": "192.0.2.100", "label": "lo:0"}]
WIDE = """echo '[{"addr_info": [{"local": "192.0.2.100", "prefixlen": 24, "label": "lo:0"}]}]'"""
CARD = """echo '[{"ifname": "eth0"}]'"""


@pytest.fixture(autouse=True)
def remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "ROOT", str(tmp_path))


@pytest.mark.parametrize(
    ("ip", "options", "kind", "told"),
    [
        ("true", {"addresses": [{"address": "192.0.2.010", "label": "lo:0"}]}, "refused_options", "192.0.2.010"),
        ("true", {"addresses": HELD, "owner": "../lvs"}, "refused_options", "owner"),
        (WIDE, {"addresses": HELD}, "wide_address", "takes all of 192.0.2.0/24"),
        ("true", {"addresses": HELD, "dummy": True}, "refused_options", "'lo' is no dummy device"),
        (
            CARD,
            {"addresses": HELD, "dummy": True, "interface": "eth0"},
            "other_device",
            "no dummy device but a network",
        ),
        ("echo 'RTNETLINK answers: No buffer space' >&2; exit 2", {"addresses": HELD}, "refused", "No buffer space"),
    ],
    ids=["address", "owner", "network", "no dummy", "card", "kernel"],
)
def test_a_failure_has_its_kind(
    program: Callable[[str, str], None], ip: str, options: dict[str, object], kind: str, told: str
) -> None:
    program("ip", ip)
    with pytest.raises(ModuleFailedError, match=told) as caught:
        play("addresses", **options)
    assert caught.value.result["error"]["kind"] == kind


def test_a_host_without_ip_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ansible.module_utils.basic.AnsibleModule.get_bin_path", lambda *_words, **_options: None)
    with pytest.raises(ModuleFailedError, match="Install the package iproute2") as caught:
        play("addresses", addresses=HELD)
    assert caught.value.result["error"]["kind"] == "no_ip"

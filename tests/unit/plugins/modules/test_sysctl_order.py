"""Whose file of kernel settings has the last word at boot."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._host import sysctl
from ansible_collections.lvs.cluster.tests.unit.playing import ModuleFailedError, play


def test_line_that_the_next_boot_follows_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sysctl, "FOLDERS", (str(tmp_path),))
    options = {"path": f"{tmp_path}/60-lvs.conf", "values": {"net.ipv4.conf.all.arp_ignore": 1}}
    later = tmp_path / "99-own.conf"
    later.write_text("net.ipv4.conf.all.arp_ignore = 1\n")
    assert play("sysctl_order", **options)["read_after"] == [str(later)]
    later.write_text("net.ipv4.conf.all.arp_ignore = 0\n")
    with pytest.raises(ModuleFailedError, match=r"99-own\.conf, line 1, sets net.ipv4.conf.all.arp_ignore to 0 after"):
        play("sysctl_order", **options)

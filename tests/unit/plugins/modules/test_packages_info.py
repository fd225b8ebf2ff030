"""Which packages a host does not have, by the record that dpkg keeps of them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from ansible_collections.lvs.cluster.tests.unit.playing import play

STATUS = """
Package: nginx
Status: install ok installed
Version: 1.26.3-3

Package: ipvsadm
Status: deinstall ok config-files
Version: 1:1.31-1

Package: keepalived
Status: install ok half-configured
Version: 1:2.3.3-1
"""


@pytest.mark.skipif(not shutil.which("dpkg-query"), reason="reads the format of dpkg by dpkg's own program")
def test_what_is_not_there_or_not_there_as_a_whole_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "status").write_text(STATUS)
    (tmp_path / "updates").mkdir()
    monkeypatch.setitem(os.environ, "DPKG_ADMINDIR", str(tmp_path))
    assert play("packages_info", names=["nginx"])["missing"] == []
    names = ["kmod", "nginx", "ipvsadm", "keepalived"]
    assert play("packages_info", names=names)["missing"] == ["kmod", "ipvsadm", "keepalived"]


def test_package_manager_of_another_kind_is_to_say_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ansible.module_utils.basic.AnsibleModule.get_bin_path", lambda *_words, **_options: None)
    assert play("packages_info", names=["nginx", "kmod"])["missing"] == ["nginx", "kmod"]

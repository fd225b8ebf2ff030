"""Whether nginx runs with a file as it is, with workers that started when they are told to have."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._host.systemd import Service, service
from ansible_collections.lvs.cluster.plugins.modules import nginx_loaded
from ansible_collections.lvs.cluster.tests.unit.playing import ModuleFailedError, play


@pytest.fixture
def conf(tmp_path: Path) -> Path:
    path = tmp_path / "lvs.conf"
    path.write_text("server {}\n")
    return path


def loaded(monkeypatch: pytest.MonkeyPatch, conf: Path, age: float | None, **options: Any) -> dict[str, Any]:
    """With workers that started so many seconds after the file was written; None for no nginx."""
    monkeypatch.setattr(nginx_loaded, "service", lambda *_asked: Service(0 if age is None else 1, enabled=True))
    monkeypatch.setattr(nginx_loaded, "worker_starts", lambda _parent: [conf.stat().st_ctime + (age or 0)])
    result = play("nginx_loaded", path=str(conf), **options)
    return {key: result[key] for key in ("changed", "running", "loaded")}


def test_file_that_is_younger_than_the_workers_is_a_change(monkeypatch: pytest.MonkeyPatch, conf: Path) -> None:
    assert loaded(monkeypatch, conf, 1) == {"changed": False, "running": True, "loaded": True}
    assert loaded(monkeypatch, conf, -1) == {"changed": True, "running": True, "loaded": False}
    assert loaded(monkeypatch, conf, None) == {"changed": False, "running": False, "loaded": False}
    with pytest.raises(ModuleFailedError, match="runs on without"):
        loaded(monkeypatch, conf, -1, wait=0.1)
    with pytest.raises(ModuleFailedError, match="does not run") as failed:
        loaded(monkeypatch, conf, None, wait=0.1)
    assert failed.value.result["error"]["remedy"] == "See 'journalctl -u nginx'"


def test_files_that_differ_are_told_and_are_no_change(monkeypatch: pytest.MonkeyPatch, conf: Path) -> None:
    monkeypatch.setattr(nginx_loaded, "service", lambda *_asked: Service(0, enabled=True))
    conf.chmod(0o644)
    page = conf.parent / "default"
    page.symlink_to(conf)

    def look(content: str) -> dict[str, Any]:
        files = [{"path": str(conf), "content": content}, {"path": str(page), "state": "absent"}]
        return play("nginx_loaded", path=str(conf), files=files)

    found = look("server {\n}\n")
    assert (found["differing"], found["changed"]) == ([str(conf), str(page)], False)
    page.unlink()
    assert look("server {}\n")["differing"] == []
    conf.chmod(0o600)
    assert look("server {}\n")["differing"] == [str(conf)]


def test_unit_is_as_systemd_says() -> None:
    def told(text: str) -> Service:
        return service(lambda _words, **_options: (0, text, ""), "nginx.service")

    assert told("MainPID=4711\nUnitFileState=enabled\n") == (4711, True)
    assert told("UnitFileState=masked-runtime\nMainPID=0\n") == (0, False)
    assert told("") == (0, False)

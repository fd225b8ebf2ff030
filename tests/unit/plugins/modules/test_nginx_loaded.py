"""Whether nginx runs with a file as it is, with workers that started when they are told to have."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._host.systemd import Service, service
from ansible_collections.lvs.cluster.plugins.modules import nginx_loaded
from ansible_collections.lvs.cluster.tests.unit.playing import ModuleFailedError, play
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import Encoding, PrivateFormat
from harness.certificates import Issued, issue


@pytest.fixture
def conf(tmp_path: Path) -> Path:
    path = tmp_path / "lvs.conf"
    path.write_text("server {}\n")
    return path


@pytest.fixture(scope="module")
def shop() -> Issued:
    return issue(["shop.example.com", "*.shop.example.com"])


def pair_of(certificate: Path, key: Path, *names: str) -> dict[str, Any]:
    return {"ssl_certificate": str(certificate), "ssl_certificate_key": str(key), "server_name": list(names)}


def judged(
    folder: Path, *, certificate: str = "", key: str = "", names: list[str] | None = None, **options: Any
) -> None:
    """A pair of which the host has these files; empty for none."""
    paths = {"certificate": folder / "shop.crt", "key": folder / "shop.key"}
    for path, text in zip(paths.values(), (certificate, key), strict=True):
        path.unlink(missing_ok=True)
        if text:
            path.write_text(text)
    pair = pair_of(*paths.values(), *(names or ["shop.example.com"]))
    play("nginx_loaded", path=str(folder / "lvs.conf"), certificates=[pair], **options)


def loaded(monkeypatch: pytest.MonkeyPatch, conf: Path, age: float | None, **options: Any) -> dict[str, Any]:
    """With workers that started so many seconds after the file was written; None for no nginx."""
    monkeypatch.setattr(nginx_loaded, "service", lambda *_asked: Service(0 if age is None else 1, enabled=True))
    monkeypatch.setattr(nginx_loaded, "worker_starts", lambda _parent: [conf.stat().st_ctime + (age or 0)])
    monkeypatch.setattr(nginx_loaded, "in_its_way", lambda *_asked: [])
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


def test_any_file_that_was_written_or_has_gone_is_a_change(monkeypatch: pytest.MonkeyPatch, conf: Path) -> None:
    folder, whole = conf.parent / "modules-enabled", conf.parent / "nginx.conf"
    folder.mkdir()
    main = folder / "90-lvs.conf"
    main.touch()
    monkeypatch.setattr(nginx_loaded, "MAIN_FILE", str(whole))
    monkeypatch.setattr(nginx_loaded, "service", lambda *_asked: Service(1, enabled=True))
    since = [0.0]
    monkeypatch.setattr(nginx_loaded, "worker_starts", lambda _parent: since)

    def changed(**wanted: Any) -> bool:
        result = play("nginx_loaded", path=str(conf), files=[{"path": str(main), **wanted}])
        assert result["differing"] == []
        return bool(result["changed"])

    main.chmod(0o644)
    for write, wanted in (
        (lambda: main.write_text("events;\n"), {"content": "events;\n"}),
        (lambda: whole.write_text("events {}\n"), {"content": "events;\n"}),
        (main.unlink, {"state": "absent"}),
    ):
        since[0] = time.time()
        time.sleep(0.02)
        write()
        assert changed(**wanted)
        time.sleep(0.02)
        since[0] = time.time()
        assert not changed(**wanted)


def test_certificate_that_was_renewed_is_a_change_and_so_is_a_link_to_another(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, shop: Issued
) -> None:
    path, link, key = tmp_path / "lvs.conf", tmp_path / "live.crt", tmp_path / "shop.key"
    (tmp_path / "shop1.crt").write_text(shop.certificate)
    path.touch()
    key.write_text(shop.key)
    link.symlink_to("shop1.crt")
    monkeypatch.setattr(nginx_loaded, "service", lambda *_asked: Service(1, enabled=True))
    since = [time.time() + 0.01]
    monkeypatch.setattr(nginx_loaded, "worker_starts", lambda _parent: since)

    def changed() -> bool:
        time.sleep(0.02)
        return bool(play("nginx_loaded", path=str(path), certificates=[pair_of(link, key)])["changed"])

    assert not changed()
    (tmp_path / "shop1.crt").write_text(shop.certificate)
    assert changed()
    since[0] = time.time() + 0.01
    assert not changed()
    link.rename(tmp_path / "moved.crt")
    (tmp_path / "moved.crt").rename(link)
    assert changed()


def test_a_pair_is_judged_by_what_will_be_there(tmp_path: Path, shop: Issued) -> None:
    other = issue(["shop.example.com"])
    judged(tmp_path, **shop._asdict())
    judged(tmp_path, **shop._asdict(), names=["any.shop.example.com", "*.shop.example.com", "~^shop", "_"])
    written = {"path": str(tmp_path / "shop.crt"), "content": other.certificate}
    with pytest.raises(ModuleFailedError, match=r"shop.key is not the key of \S+/shop.crt"):
        judged(tmp_path, **shop._asdict(), files=[written])
    secret = {str(tmp_path / "shop.key"): other.key}
    for check in (False, True):
        judged(tmp_path, **shop._asdict(), files=[written], secret_files=secret, check=check)
        judged(tmp_path, files=[written], secret_files=secret, check=check)
    assert not (tmp_path / "shop.crt").exists()


@pytest.mark.parametrize("check", [False, True], ids=["run", "check mode"])
def test_a_pair_that_a_client_would_turn_away_from_is_refused(tmp_path: Path, shop: Issued, check: bool) -> None:
    def refusal(issued: Issued, **options: Any) -> str:
        with pytest.raises(ModuleFailedError) as failed:
            judged(tmp_path, **issued._asdict(), check=check, **options)
        assert failed.value.result["error"]["kind"] == "refused_certificate"
        return str(failed.value)

    assert "certificate has expired. Renew it" in refusal(issue(["shop.example.com"], begins=-9, ends=-2))
    assert "certificate is not yet valid" in refusal(issue(["shop.example.com"], begins=2))
    assert "not valid for 'www.example.com'" in refusal(shop, names=["shop.example.com", "www.example.com"])
    assert "not valid for 'any.example.com'" in refusal(shop, names=["*.example.com"])
    assert f"There is no file {tmp_path}/shop.key. Put it there" in refusal(Issued(shop.certificate, ""))
    assert "shop.key is not the key of" in refusal(Issued(shop.certificate, issue(["x"]).key))
    assert "There is no certificate in" in refusal(Issued("no certificate\n", shop.key))
    assert "OpenSSL cannot read" in refusal(Issued(shop.certificate, "no key\n"))
    locked = serialization.load_pem_private_key(shop.key.encode(), None).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"password")
    )
    assert "has a password, and nginx asks nobody" in refusal(Issued(shop.certificate, locked.decode()))


def test_time_that_is_over_is_a_warning_where_clients_have_the_certificate_already(conf: Path, shop: Issued) -> None:
    certificate, key = conf.parent / "shop.crt", conf.parent / "shop.key"
    over = issue(["shop.example.com"], begins=-9, ends=-2)
    certificate.write_text(over.certificate)
    key.write_text(over.key)
    live = f"server {{ ssl_certificate {certificate}; ssl_certificate_key {key}; }}\n"

    def look(*names: str, **options: Any) -> str:
        pair = pair_of(certificate, key, *(names or ["shop.example.com"]))
        return str(play("nginx_loaded", path=str(conf), certificates=[pair], **options).get("warnings", ""))

    with pytest.raises(ModuleFailedError, match=r"certificate has expired\. Renew it"):
        look()
    conf.write_text(live)
    assert f"{certificate}: certificate has expired, and clients turn away" in look()
    with pytest.raises(ModuleFailedError, match=r"not valid for 'www\.example\.com'"):
        look("www.example.com")
    other = issue(["shop.example.com"], begins=-9, ends=-1)
    written = {"secret_files": {str(key): other.key}}
    with pytest.raises(ModuleFailedError, match="certificate has expired"):
        look(files=[{"path": str(certificate), "content": other.certificate}], **written)
    certificate.write_text(shop.certificate)
    key.write_text(shop.key)
    assert look() == ""


def test_who_holds_a_socket_is_told_where_nginx_did_not_take_the_file(
    monkeypatch: pytest.MonkeyPatch, conf: Path, program: Any
) -> None:
    conf.write_text("server { listen 443 ssl; }\n")
    program("ss", """echo 'LISTEN 0 5 192.0.2.21:443 *:* users:(("apache2",pid=633,fd=4))'""")
    monkeypatch.setattr(nginx_loaded, "worker_starts", lambda _parent: [])
    for pid, told in ((1, "runs on without"), (0, "does not run, for")):
        monkeypatch.setattr(nginx_loaded, "service", lambda *_asked, pid=pid: Service(pid, enabled=True))
        with pytest.raises(ModuleFailedError, match=told) as failed:
            play("nginx_loaded", path=str(conf), wait=0.1)
        assert r"*:443 is held by apache2 (process 633), which listens on 192.0.2.21:443" in str(failed.value)


def test_unit_is_as_systemd_says() -> None:
    def told(text: str) -> Service:
        return service(lambda _words, **_options: (0, text, ""), "nginx.service")

    assert told("MainPID=4711\nUnitFileState=enabled\n") == (4711, True)
    assert told("UnitFileState=masked-runtime\nMainPID=0\n") == (0, False)
    assert told("") == (0, False)

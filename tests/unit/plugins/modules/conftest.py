"""What the tests of modules share."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.basic import AnsibleModule
from ansible_collections.lvs.cluster.plugins.module_utils._host import kernel
from ansible_collections.lvs.cluster.tests.unit.fake_ipvsadm import FakeIpvsadm

RULES = """
-A -t 192.0.2.10:80 -s wrr
-a -t 192.0.2.10:80 -r 192.0.2.21:80 -g -w 0 -x 10
-a -t 192.0.2.10:80 -r 192.0.2.22:80 -g -w 5
-A -f 7 -s rr
-a -f 7 -r 192.0.2.21:0 -g -w 1
"""


@pytest.fixture
def ipvsadm(monkeypatch: pytest.MonkeyPatch) -> FakeIpvsadm:
    """The program that the modules find."""
    fake = FakeIpvsadm(RULES)
    monkeypatch.setattr(AnsibleModule, "run_command", lambda _module, words, **options: fake(words, **options))
    monkeypatch.setattr(AnsibleModule, "get_bin_path", lambda _module, name: f"/sbin/{name}")
    # This machine's kernel is not the one of the table: what it has is not known before it is asked.
    monkeypatch.setattr(kernel, "LIB_MODULES", "/nonexistent")
    monkeypatch.setattr("socket.if_nametoindex", lambda _name: 1)
    return fake


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Puts a program on PATH, by its name and its script."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder), prepend=":")

    def put(name: str, script: str) -> None:
        path = folder / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    return put


@pytest.fixture
def after_each_step(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], None]], None]:
    """Have something looked at after any change of a file's name or mode."""

    def start(look: Callable[[], None]) -> None:
        for name in ("replace", "rename", "link", "open", "chmod", "fchmod"):
            real = getattr(os, name)

            def then_look(*words: Any, real: Any = real, **options: Any) -> Any:
                result = real(*words, **options)
                look()
                return result

            monkeypatch.setattr(os, name, then_look)

    return start


@pytest.fixture
def meeting(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], Any], str], Any]:
    """Has something done by another run too, once this one is about to call a function of C(os), and by both well.

    Where it does not have to wait for this one, it has ended before.
    """

    def both(step: Callable[[], Any], name: str) -> Any:
        processes = multiprocessing.get_context("fork")
        here, ended = processes.Event(), processes.Event()

        def do_the_same() -> None:
            here.wait()
            step()
            ended.set()

        other = processes.Process(target=do_the_same)
        other.start()
        real = getattr(os, name)

        def meet(*words: Any, **options: Any) -> Any:
            here.set()
            ended.wait(1)
            return real(*words, **options)

        monkeypatch.setattr(os, name, meet)
        try:
            return step()
        finally:
            here.set()
            other.join()
            assert other.exitcode == 0

    return both

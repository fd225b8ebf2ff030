"""What is read of nginx's processes."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._host.nginx import worker_connections, worker_starts


def test_start_of_a_worker_is_read_from_proc(tmp_path: Path) -> None:
    """This process in the place of a worker: its parent, and a start that is not long ago."""
    stat = Path("/proc/self/stat").read_text()
    for pid, title in (("11", "nginx: worker process"), ("12", "nginx: worker process is shutting down"), ("13", "sh")):
        (tmp_path / pid).mkdir()
        (tmp_path / pid / "cmdline").write_text(title + "\0")
        (tmp_path / pid / "stat").write_text(stat)
    (start,) = worker_starts(os.getppid(), str(tmp_path))
    assert time.time() - 3600 < start <= time.time()


@pytest.mark.parametrize(
    ("text", "many"),
    [
        ("events {\n\tworker_connections 768;\n\t# multi_accept on;\n}\n", 768),
        ("events {\n    # worker_connections 768;\n}\n", 0),
        ("events {}\n", 0),
    ],
)
def test_what_nginx_conf_gives_a_worker_is_read(tmp_path: Path, text: str, many: int) -> None:
    (tmp_path / "nginx.conf").write_text(text)
    assert worker_connections(str(tmp_path / "nginx.conf")) == many
    assert worker_connections(str(tmp_path / "none")) == 0

# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.

"""What was found out about each host's part in a cluster, kept for the tasks that follow in the same run.

Filters and actions run in processes of their own, one for each task and host, so memory keeps nothing; and as facts the
views of two hundred hosts would be templated, copied and hidden from the log again and again. So they are files, for
this user alone, in the directory that Ansible makes for each run and removes after it.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ansible import constants
from ansible_collections.lvs.cluster.plugins.module_utils._description.views.host import as_json

Entry = dict[str, Any]


def _path(host: str, kind: str) -> Path:
    # A host may have any name.
    return Path(constants.DEFAULT_LOCAL_TMP, f"lvs-cluster-{hashlib.sha256(host.encode()).hexdigest()}-{kind}.json")


def keep(entries: Iterable[Mapping[str, Any]]) -> None:
    """Keep what is known of each C(host), instead of what was kept of it before."""
    for entry in entries:
        _write(_path(entry["host"], "view"), entry["view"])
        _write(_path(entry["host"], "entry"), {key: value for key, value in entry.items() if key != "view"})


def _write(path: Path, content: Any) -> None:
    # Only its owner may read a file that is made so.
    handle, name = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(as_json(content))
    os.replace(name, path)


def kept(host: str) -> Entry | None:
    """What is known of a host but for its view, which is a hundred times as large; None if nothing was kept."""
    try:
        entry: Entry = _read(_path(host, "entry"))
    except FileNotFoundError:
        return None
    return entry


def kept_view(host: str) -> Entry:
    """The view of a host of which something is known."""
    view: Entry = _read(_path(host, "view"))
    return view


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))

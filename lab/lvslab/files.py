"""A small file that the lab writes."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class File:
    content: bytes
    mode: int = 0o644


def read(path: Path) -> File:
    """A file of the checkout; of its mode counts what git keeps: whether it may be executed."""
    return File(path.read_bytes(), 0o755 if os.access(path, os.X_OK) else 0o644)


def tree(folder: Path) -> dict[str, File]:
    """All files below a folder of the checkout."""
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.parent.name != "__pycache__")
    return {str(path.relative_to(folder)): read(path) for path in paths}

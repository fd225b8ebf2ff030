"""Entry point of ``python -m lvslab``."""

from __future__ import annotations

import sys

from lvslab.cli import main

sys.exit(main(sys.argv[1:]))

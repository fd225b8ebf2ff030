"""What holds for every run of pytest in this checkout."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# A shared machine stalls now and then, which is no fault of what is tested.
settings.register_profile("shared machine", deadline=None)
settings.load_profile("shared machine")


@pytest.hookimpl(tryfirst=True)  # before the plugin that writes the report reads the option
def pytest_configure(config: pytest.Config) -> None:
    """Number the reports of a scenario: it verifies more than once with the same options, and every verdict counts."""
    path = config.option.xmlpath
    if path and "MOLECULE_SCENARIO_NAME" in os.environ:
        report = Path(path)
        number = 1 + len(list(report.parent.glob(f"{report.stem}-[0-9]*{report.suffix}")))
        config.option.xmlpath = str(report.with_stem(f"{report.stem}-{number}"))

"""The conformance suite is collected only when it is asked for (``-m conformance``): torch takes seconds to load."""

from __future__ import annotations

from pathlib import Path

import pytest


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave everything in this folder alone unless ``-m`` names it."""
    return None if "conformance" in config.getoption("markexpr") else True

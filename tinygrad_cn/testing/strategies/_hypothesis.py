"""Hypothesis, which is optional: one place where it is looked for."""

from __future__ import annotations

from tinygrad_cn.errors import MissingExtraError

try:
    from hypothesis import strategies as st
    from hypothesis.extra import numpy as hnp
except ImportError as error:  # the engine itself does without
    raise MissingExtraError(
        "tinygrad_cn.testing.strategies needs Hypothesis: pip install 'tinygrad_cn[testing]'"
    ) from error

__all__ = ["hnp", "st"]

"""Results with named fields, as PyTorch returns them from functions that give more than one tensor."""

from __future__ import annotations

from typing import Any, NamedTuple


class ValuesIndices(NamedTuple):
    """Chosen values and where they stood."""

    values: Any
    indices: Any


class MinMax(NamedTuple):
    """The smallest and the largest values."""

    min: Any
    max: Any

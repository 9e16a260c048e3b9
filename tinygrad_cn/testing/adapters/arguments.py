"""What the adapters share: arguments of which some are differentiated, and results of which some carry a gradient."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import Any

import numpy as np

from tinygrad_cn.errors import MissingExtraError

__all__ = ["Arguments", "flat", "imported"]


def imported(name: str, package: str) -> ModuleType:
    """The framework, which is no dependency of ours.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise MissingExtraError(f"this target needs {package}: pip install {package}") from error


class Arguments:
    """The arguments of a function; those that are floating arrays are differentiated.

    Args:
        values (sequence): arrays as the framework has them, and anything else.
        arrays (sequence): for each, the NumPy array, or ``None`` for what is no array.
    """

    def __init__(self, values: Sequence[Any], arrays: Sequence[np.ndarray | None]) -> None:
        self.values = list(values)
        self.places = [i for i, a in enumerate(arrays) if a is not None and a.dtype.kind == "f"]
        self.arrays = tuple(a for a in arrays if a is not None and a.dtype.kind == "f")
        if not self.places:
            raise ValueError("there is no floating array among the inputs, so there is nothing to differentiate by")

    def filled(self, arrays: Sequence[Any]) -> list[Any]:
        """All arguments, with ``arrays`` in place of the differentiated ones."""
        arguments = list(self.values)
        for i, array in zip(self.places, arrays, strict=True):
            arguments[i] = array
        return arguments


def flat(value: Any) -> Iterator[Any]:
    """The leaves of nested tuples, lists and dicts, in order."""
    if isinstance(value, dict):
        for item in value.values():
            yield from flat(item)
    elif isinstance(value, tuple | list):
        for item in value:
            yield from flat(item)
    else:
        yield value

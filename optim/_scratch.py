"""Scratch memory for updates: kept from step to step, so that a step allocates nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

__all__ = ["Scratch"]

#: Elements of a piece. Smaller ones stay in a nearer cache, larger ones cost fewer calls; measured on whole steps.
_PIECE = 65536

_Pieces = list[tuple[Any, ...]]


class Scratch:
    """Cuts the arrays of an update into pieces that fit the cache, and lends each piece two arrays to work in."""

    def __init__(self) -> None:
        self._kept: dict[tuple[tuple[int, ...], str], tuple[np.ndarray, np.ndarray]] = {}

    def pieces(self, *arrays: np.ndarray | None) -> _Pieces:
        """For each piece: the parts of ``arrays``, which have one shape, and two arrays of that shape to write into.

        The parts are views, written in place. ``None`` stays ``None``.
        """
        first = arrays[0]
        assert first is not None
        if first.size <= _PIECE or not all(a is None or a.flags.c_contiguous for a in arrays):
            return [(*arrays, *self._lend(first.shape, first.dtype))]
        return list(self._cut(arrays, first.size, self._lend((_PIECE,), first.dtype)))

    def _cut(
        self, arrays: tuple[Any, ...], size: int, scratch: tuple[np.ndarray, np.ndarray]
    ) -> Iterator[tuple[Any, ...]]:
        flat = [None if a is None else a.reshape(-1) for a in arrays]
        for start in range(0, size, _PIECE):
            part = slice(start, start + _PIECE)
            lent = scratch if start + _PIECE <= size else tuple(s[: size - start] for s in scratch)
            yield (*[None if a is None else a[part] for a in flat], *lent)

    def _lend(self, shape: tuple[int, ...], dtype: np.dtype) -> tuple[np.ndarray, np.ndarray]:
        key = (shape, dtype.char)
        kept = self._kept.get(key)
        if kept is None:
            kept = self._kept[key] = (np.empty(shape, dtype), np.empty(shape, dtype))
        return kept

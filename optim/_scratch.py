"""Updates piece by piece: in the cache, shared among threads, and in scratch memory that is kept from step to step."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from tinygrad_cn.kernels.threads import share, team

__all__ = ["Scratch"]

#: Elements of a piece. Smaller ones stay in a nearer cache, larger ones cost fewer calls; measured on whole steps.
_PIECE = 131072
#: What an element of one array counts for, among multiplications, when threads are shared out.
_WORK = 2


class Scratch:
    """Runs an update over pieces of its arrays that fit the cache, and lends it arrays to work in."""

    def __init__(self) -> None:
        self._rooms: dict[tuple[int, str], np.ndarray] = {}
        self._numbers: dict[tuple[str, int], tuple[Any, list[np.ndarray]]] = {}
        self._whole: dict[tuple[tuple[int, ...], str, int], list[np.ndarray]] = {}
        self._free: dict[tuple[tuple[int, ...], str], list[np.ndarray]] = {}

    def each(self, change: Callable[..., Any], *arrays: Any, spare: int = 2) -> None:
        """Call ``change(*parts, *lent)`` for each piece: once for all where a piece is everything.

        Args:
            change: writes into the parts, which are views, and into what is lent. It may run in several threads.
            arrays: of one shape, or ``None``, which stays ``None``. Complex ones are given as pairs of real numbers.
                Tensors are given whole, so that what is done to them is recorded; ``None`` is lent to them, which as
                ``out=`` makes new ones.
            spare: how many arrays of the shape of a part are lent.
        """
        first = arrays[0]
        if not isinstance(first, np.ndarray):
            change(*arrays, *[None] * spare)
            return
        whole = self._whole.get((first.shape, first.dtype.char, spare))
        if whole is not None and first.size <= _PIECE:  # known to be small and real
            change(*arrays, *whole)
            return
        if first.dtype.kind == "c":
            arrays = tuple(None if a is None else _in_pairs(a) for a in arrays)
            first = arrays[0]
        if first.size <= _PIECE or not all(a is None or a.flags.c_contiguous for a in arrays):
            key = first.shape, first.dtype.char, spare
            whole = self._whole.get(key)
            if whole is None:
                whole = self._whole[key] = [np.empty(first.shape, first.dtype) for _ in range(spare)]
            change(*arrays, *whole)
            return
        flat = [None if a is None else a.reshape(-1) for a in arrays]

        def run(starts: Sequence[int]) -> None:
            lent = self._take((_PIECE,), first.dtype, spare)
            for start in starts:
                part = slice(start, start + _PIECE)
                rest = slice(first.size - start)  # a whole piece but at the end
                change(*[None if a is None else a[part] for a in flat], *[a[rest] for a in lent])
            self._give_back(lent)

        threads = team(_WORK * first.size * sum(a is not None for a in arrays))
        self._give_back(self._take((_PIECE,), first.dtype, spare * threads))  # all there is need of, at the first step
        share(run, range(0, first.size, _PIECE), threads)

    def scalars(self, like: Any, *values: Any) -> Sequence[Any]:
        """Numbers as 0-d arrays of the dtype of the parts that `each` makes of ``like``: NumPy converts them no more.

        They hold until the next call. Where ``like`` is a Tensor the values stay what they are.
        """
        if not isinstance(like, np.ndarray):
            return values
        key = like.dtype.char, len(values)
        kept = self._numbers.get(key)
        if kept is not None and kept[0] == values:
            return kept[1]
        arrays = [np.empty_like(like.real, shape=()) for _ in values] if kept is None else kept[1]
        for array, value in zip(arrays, values, strict=True):
            array[()] = value
        self._numbers[key] = values, arrays
        return arrays

    def room(self, shape: tuple[int, ...], dtype: Any, number: int = 0) -> np.ndarray:
        """An array to work in as a whole: the same memory at each call with this ``number``, whatever the shape."""
        size, key = math.prod(shape), (number, np.dtype(dtype).char)
        room = self._rooms.get(key)
        if room is None or room.size < size:
            room = self._rooms[key] = np.empty(size, dtype)
        return room[:size].reshape(shape)

    def _take(self, shape: tuple[int, ...], dtype: np.dtype, count: int) -> list[np.ndarray]:
        free = self._free.setdefault((shape, dtype.char), [])
        taken = []
        for _ in range(count):
            try:
                taken.append(free.pop())
            except IndexError:  # no look before: another thread may be quicker
                taken.append(np.empty(shape, dtype))
        return taken

    def _give_back(self, arrays: list[np.ndarray]) -> None:
        for array in arrays:
            self._free[array.shape, array.dtype.char].append(array)


def _in_pairs(array: np.ndarray) -> np.ndarray:
    """A complex array as a view (*shape, 2) of its real and imaginary parts."""
    real = array.real
    return as_strided(real, (*real.shape, 2), (*real.strides, real.itemsize))

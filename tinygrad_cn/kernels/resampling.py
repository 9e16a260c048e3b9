"""Resampling along axes: each output is a weighted sum of a few inputs, one axis after the other.

Nearest, linear and cubic interpolation differ only in which inputs an output reads and with which weights. Such a
`Lines` table is a sparse matrix; its transpose is a table of the same kind, so the adjoint of resampling is
resampling, and the set is closed under differentiation.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .arrays import Array

# Past so many inputs an output one pass for each is slower than laying them out and adding up runs.
_MANY = 16


@dataclass(frozen=True, eq=False)
class Lines:
    """A sparse matrix (outputs x `size`) by rows: row i has `count[i]` entries, at `index` with `weight`.

    Rows follow each other in `index` and `weight`.
    """

    size: int
    count: NDArray[np.int64]
    index: NDArray[np.int64]
    weight: NDArray[Any]

    @cached_property
    def first(self) -> NDArray[np.int64]:
        """Where each row begins."""
        return np.cumsum(self.count) - self.count

    @cached_property
    def transposed(self) -> Lines:
        """The table of the adjoint."""
        rows = np.repeat(np.arange(len(self.count)), self.count)
        order = np.argsort(self.index, kind="stable")
        count = np.bincount(self.index, minlength=self.size)
        back = Lines(len(self.count), count, rows[order], self.weight[order])
        back.__dict__["transposed"] = self
        return back

    @cached_property
    def picks(self) -> bool:
        """Whether every output is one input as it is."""
        return bool((self.count == 1).all() and (self.weight == 1).all())


def _lines(size: int, index: NDArray[np.int64], weight: NDArray[Any]) -> Lines:
    """The table of rows of equal length. Shape: index, weight (outputs, entries)."""
    return Lines(size, np.full(len(index), index.shape[1]), index.reshape(-1), weight.reshape(-1))


def nearest_lines(size: int, out: int, scale: float | None, exact: bool, dtype: np.dtype) -> Lines:
    """Each output is the input whose cell it falls into: its left edge, or its centre with ``exact``.

    Where that is a boundary of cells, rounding decides: positions are rounded as PyTorch rounds them for ``dtype``.
    """
    i, ratio, half = np.arange(out, dtype=np.float64), _ratio(size, out, scale, False), 0.5 if exact else 0.0
    if dtype == np.float64:
        place = ((i + half) * ratio).astype(np.float32)
    elif exact:
        place = (np.float64(np.float32(ratio)) * (i + half) - half).astype(np.float32) + np.float32(half)
    else:
        place = i.astype(np.float32) * np.float32(ratio)
    index = np.minimum(np.floor(place).astype(np.int64), size - 1)
    return _lines(size, index[:, None], np.ones((out, 1)))


def _ratio(size: int, out: int, scale: float | None, align_corners: bool) -> float:
    """How far apart, in inputs, neighbouring outputs lie."""
    if align_corners:
        return (size - 1) / (out - 1) if out > 1 else 0.0
    return 1 / scale if scale else size / max(out, 1)


def _positions(size: int, out: int, scale: float | None, align_corners: bool) -> NDArray[Any]:
    i, ratio = np.arange(out), _ratio(size, out, scale, align_corners)
    return i * ratio if align_corners else (i + 0.5) * ratio - 0.5


def linear_lines(size: int, out: int, scale: float | None, align_corners: bool) -> Lines:
    """Each output lies on the straight line between the two inputs around it."""
    place = np.maximum(_positions(size, out, scale, align_corners), 0)
    low = np.minimum(np.floor(place).astype(np.int64), size - 1)
    part = np.clip(place - low, 0, 1)
    high = np.minimum(low + 1, size - 1)
    return _lines(size, np.stack([low, high], 1), np.stack([1 - part, part], 1))


def _keys(distance: NDArray[Any], a: float) -> NDArray[Any]:
    """The cubic convolution kernel of Keys (1981, doi:10.1109/TASSP.1981.1163711) with parameter ``a``."""
    x = np.abs(distance)
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
    return np.where(x <= 1, near, np.where(x < 2, far, 0))


def cubic_lines(size: int, out: int, scale: float | None, align_corners: bool) -> Lines:
    """Each output is a cubic in the four inputs around it (Keys' kernel with a = -0.75), edges repeated."""
    place = _positions(size, out, scale, align_corners)
    low = np.floor(place).astype(np.int64)
    reach = np.arange(-1, 3)
    weight = _keys((place - low)[:, None] - reach, -0.75)
    return _lines(size, np.clip(low[:, None] + reach, 0, size - 1), weight)


def smooth_lines(size: int, out: int, scale: float | None, align_corners: bool, cubic: bool) -> Lines:
    """Antialiased: the triangle or Keys' kernel (a = -0.5), widened where the image shrinks."""
    ratio = _ratio(size, out, scale, align_corners)
    stretch = max(ratio, 1.0)
    reach = (2.0 if cubic else 1.0) * stretch
    counts, indices, weights = [], [], []
    for i in range(out):
        centre = ratio * (i + 0.5)
        start = max(int(centre - reach + 0.5), 0)
        stop = min(int(centre + reach + 0.5), size)
        distance = (np.arange(start, stop) - centre + 0.5) / stretch
        weight = _keys(distance, -0.5) if cubic else np.maximum(1 - np.abs(distance), 0)
        total = weight.sum()
        counts.append(stop - start)
        indices.append(np.arange(start, stop))
        weights.append(weight / total if total else weight)
    return Lines(size, np.array(counts, np.int64), np.concatenate(indices), np.concatenate(weights))


def resample(x: Array, lines: Sequence[Lines]) -> Array:
    """Apply one table along each of the last axes.

    Args:
        x (ndarray): the images
        lines (sequence of Lines): one for each of the last axes

    Shape: x (..., *S) with S the tables' sizes; result (..., *S')

    >>> resample(np.array([[1.0, 3.0]]), [linear_lines(2, 3, None, True)])
    array([[1., 2., 3.]])
    """
    axes = range(x.ndim - len(lines), x.ndim)
    # What shrinks comes first: the others then have less to do.
    for axis, table in sorted(zip(axes, lines, strict=True), key=lambda pair: len(pair[1].count) / pair[1].size):
        x = _along(x, axis, table)
    return x


def _along(x: Array, axis: int, table: Lines) -> Array:
    if table.picks:
        return np.take(x, table.index, axis)
    shape = (*x.shape[:axis], len(table.count), *x.shape[axis + 1 :])
    most = int(table.count.max(initial=0))
    weight = table.weight.astype(x.real.dtype)
    tail = (1,) * (x.ndim - axis - 1)
    before: tuple[Any, ...] = (slice(None),) * axis
    if most > _MANY:
        full = np.flatnonzero(table.count)
        laid_out = np.take(x, table.index, axis) * weight.reshape(-1, *tail)
        out = np.zeros_like(x, shape=shape, order="C")
        out[(*before, full)] = np.add.reduceat(laid_out, table.first[full], axis)
        return out
    total: Array | None = None
    for t in range(most):
        rows = np.flatnonzero(table.count > t)
        entry = table.first[rows] + t
        term = np.take(x, table.index[entry], axis)
        term *= weight[entry].reshape(-1, *tail)
        if len(rows) == len(table.count):
            total = term if total is None else np.add(total, term, out=total)
        else:
            total = np.zeros_like(x, shape=shape, order="C") if total is None else total
            total[(*before, rows)] += term
    return np.zeros_like(x, shape=shape, order="C") if total is None else total


def scaled_size(size: int, scale: float) -> int:
    """The size of an axis of ``size`` scaled, rounded down."""
    return math.floor(float(size) * scale)


def resample_bytes(x: NDArray[np.uint8], lines: Sequence[Lines]) -> NDArray[np.uint8]:
    """`resample` of uint8 in whole numbers: weights as 16-bit fractions, rounded to bytes after each axis.

    The last axis comes first, and an axis that keeps its size is left out, as in PyTorch, so that every byte agrees.
    """
    for axis, table in reversed(list(zip(range(x.ndim - len(lines), x.ndim), lines, strict=True))):
        if len(table.count) == table.size:
            continue
        table = _merged(table)
        largest = float(table.weight.max(initial=0))
        bits = next((b for b in range(22) if int(0.5 + largest * (1 << (b + 1))) >= 1 << 15), 22)
        weight = np.trunc(table.weight * (1 << bits) + np.copysign(0.5, table.weight)).astype(np.int64)
        whole = Lines(table.size, table.count, table.index, weight)
        total = _along(x.astype(np.int64), axis, whole)
        x = np.clip((total + (1 << (bits - 1))) >> bits, 0, 255).astype(np.uint8)
    return x


def _merged(table: Lines) -> Lines:
    """The same table with the entries of a row that read the same input added up."""
    rows = np.repeat(np.arange(len(table.count)), table.count)
    keys, place = np.unique(rows * table.size + table.index, return_inverse=True)
    count = np.bincount(keys // table.size, minlength=len(table.count))
    return Lines(table.size, count, keys % table.size, np.bincount(place, table.weight, len(keys)))

"""Counting: how often integers occur, and how many values fall into bins. Results carry no gradient."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from tinygrad_cn.errors import DTypeError, ShapeError
from tinygrad_cn.functions._arguments import raw, tensor
from tinygrad_cn.graph import Handle, grad_mode
from tinygrad_cn.ops import indexing


class Histogram(NamedTuple):
    """The counts (or densities) and the edges of the bins, of `histogram` and `histogramdd`."""

    hist: Any
    bin_edges: Any


def bincount(input: Any, weights: Any = None, minlength: int = 0) -> Any:
    """How often each of 0, 1, ... occurs, or the sum of the weights of its occurrences.

    Args:
        input (Tensor): a vector of integers, none negative.
        weights (Tensor, optional): of the shape of ``input``.
        minlength (int): the least length of the result.

    Raises:
        RuntimeError: negative integers; shapes that do not fit.

    >>> import tinygrad_cn as tg
    >>> tg.bincount(tg.tensor([0, 2, 2])).tolist()
    [1, 0, 2]
    """
    array = tensor("bincount", input)._array
    if array.dtype.kind not in "iu":
        raise DTypeError(f"bincount(): takes integers, not {array.dtype}; convert with .long()")
    if array.ndim != 1 or (array.size and array.min() < 0):
        raise ShapeError(f"bincount(): takes a vector of integers that are not negative, got shape {array.shape}")
    if minlength < 0:
        raise RuntimeError(f"bincount(): minlength must not be negative, got {minlength}")
    if weights is None:
        return input._wrap(np.bincount(array.astype(np.int64), minlength=minlength))
    scale = tensor("bincount", weights, "weights")._array
    if scale.shape != array.shape:
        raise ShapeError(f"bincount(): weights of shape {scale.shape} for an input of shape {array.shape}")
    if weights._node is not None:
        length = max(minlength, int(array.max(initial=-1)) + 1)
        return indexing.embed(weights, index=array.astype(np.int64), shape=(length,))
    if not array.size:  # as in PyTorch: integers then
        return input._wrap(np.zeros(minlength, dtype=np.int64))
    counts = np.bincount(array.astype(np.int64), weights=scale, minlength=minlength)
    return input._wrap(counts.astype(np.float32 if scale.dtype == np.float32 else np.float64))


def _limits(name: str, array: np.ndarray, low: float, high: float, widen: float) -> tuple[float, float]:
    """The bounds of the bins: the values' own where both given ones are equal; a range of one point is widened."""
    if low == high and array.size:
        low, high = float(array.min()), float(array.max())
    if not (math.isfinite(low) and math.isfinite(high)):
        raise RuntimeError(f"{name}(): the range [{low}, {high}] is not finite; give one")
    if low > high:
        raise RuntimeError(f"{name}(): the upper bound {high} is less than the lower one {low}")
    return (low - widen, high + widen) if low == high else (low, high)


def _evenly(low: float, high: float, bins: int, dtype: np.dtype) -> np.ndarray:
    """The edges of bins of one width, counted from the nearer end, in the arithmetic of ``dtype`` as in PyTorch."""
    a, b = dtype.type(low), dtype.type(high)
    step = (b - a) / dtype.type(bins)
    index = np.arange(bins + 1)
    return np.where(index < (bins + 1) // 2, a + step * index.astype(dtype), b - step * (bins - index).astype(dtype))


def _binned(column: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """The bin of each value, -1 for those outside; the last bin contains its right edge."""
    found = np.minimum(np.searchsorted(edges, column, "right") - 1, len(edges) - 2)
    return np.where((column >= edges[0]) & (column <= edges[-1]), found, -1)


def histc(input: Any, bins: int = 100, min: float = 0, max: float = 0) -> Any:
    """How many values fall into each of ``bins`` bins of one width between ``min`` and ``max``.

    Args:
        input (Tensor): floating; all its elements.
        bins (int): how many bins, at least 1.
        min (number): the lower bound; with ``max`` equal to it both are those of the values.
        max (number): the upper bound, which belongs to the last bin.

    Raises:
        RuntimeError: no bins; bounds that are not finite or in the wrong order; no floating tensor.
    """
    array = tensor("histc", input)._array
    if array.dtype.kind != "f":
        raise DTypeError(f"histc(): takes a floating tensor, not {array.dtype}; convert with .float()")
    if bins <= 0:
        raise RuntimeError(f"histc(): the number of bins must be at least 1, got {bins}")
    low, high = _limits("histc", array, raw(min), raw(max), 1)
    a, b = array.dtype.type(low), array.dtype.type(high)
    values = array[(array >= a) & (array <= b)]
    place = np.minimum(((values - a) * array.dtype.type(bins) / (b - a)).astype(np.int64), bins - 1)
    return input._wrap(np.bincount(place, minlength=bins).astype(array.dtype))


def _edges(name: str, columns: np.ndarray, bins: Any, bounds: Any) -> list[np.ndarray]:
    """The edges of the bins along each of the columns."""
    count = columns.shape[1]
    if isinstance(bins, Handle) or (isinstance(bins, Sequence) and any(isinstance(b, Handle) for b in bins)):
        given = [bins] if isinstance(bins, Handle) else list(bins)
        if len(given) != count:
            raise RuntimeError(f"{name}(): {len(given)} sequences of edges for {count} dimensions")
        for b in given:
            if b._array.ndim != 1 or not b._array.size:
                raise ShapeError(f"{name}(): edges must be a vector with elements, got shape {b._array.shape}")
            if b._array.dtype != columns.dtype:
                raise DTypeError(f"{name}(): the edges are {b._array.dtype}, the values {columns.dtype}; convert one")
            if b._array[0] <= b._array[-1] and (np.diff(b._array) < 0).any():  # else no value lies inside
                raise RuntimeError(f"{name}(): the edges of the bins must increase")
        return [b._array.copy() for b in given]
    numbers = [bins] * count if isinstance(bins, int) else [int(b) for b in bins]
    if len(numbers) != count:
        raise RuntimeError(f"{name}(): {len(numbers)} numbers of bins for {count} dimensions")
    if any(n <= 0 for n in numbers):
        raise RuntimeError(f"{name}(): the number of bins must be at least 1, got {bins}")
    if bounds is not None and len(bounds) != 2 * count:
        raise RuntimeError(f"{name}(): range must have {2 * count} numbers for {count} dimensions, got {len(bounds)}")
    edges = []
    for i, n in enumerate(numbers):
        if bounds is not None:
            low, high = float(bounds[2 * i]), float(bounds[2 * i + 1])
        elif columns.size:
            low, high = float(columns[:, i].min()), float(columns[:, i].max())
        else:
            low, high = 0.0, 1.0
        low, high = _limits(name, columns[:0], low, high, 0.5)
        edges.append(_evenly(low, high, n, columns.dtype))
    return edges


def _histogram(
    name: str, columns: np.ndarray, bins: Any, bounds: Any, weight: Any, density: bool
) -> tuple[np.ndarray, list[np.ndarray]]:
    edges = _edges(name, columns, bins, bounds)
    shape = tuple(len(e) - 1 for e in edges)
    inside = np.ones(len(columns), dtype=bool)
    flat = np.zeros(len(columns), dtype=np.int64)
    for i, e in enumerate(edges):
        place = _binned(columns[:, i], e) if len(e) > 1 else np.full(len(columns), -1)
        inside &= place >= 0
        flat = flat * (len(e) - 1) + place
    weights = None if weight is None else weight.reshape(-1)[inside]
    hist = np.bincount(flat[inside], weights=weights, minlength=math.prod(shape)).astype(columns.dtype).reshape(shape)
    if density:
        hist = hist / hist.sum()
        for i, e in enumerate(edges):
            hist = hist / np.diff(e).reshape((-1,) + (1,) * (len(shape) - 1 - i))
    return hist, edges


def _weights(name: str, weight: Any, shape: tuple[int, ...], dtype: np.dtype) -> Any:
    if weight is None:
        return None
    array = tensor(name, weight, "weight")._array
    if array.shape != shape:
        raise ShapeError(f"{name}(): weight of shape {array.shape}, but there are values of shape {shape}")
    if weight._node is not None and grad_mode.get():
        raise RuntimeError(f"{name}(): has no gradient for its weight; detach() it")
    if array.dtype != dtype:
        raise DTypeError(f"{name}(): weight is {array.dtype}, the values are {dtype}; convert one")
    return array


def _values(name: str, input: Any) -> np.ndarray:
    array = tensor(name, input)._array
    if array.dtype not in (np.float32, np.float64):
        raise DTypeError(f"{name}(): takes float32 or float64, not {array.dtype}; convert with .float()")
    return array


def histogram(input: Any, bins: Any, *, range: Any = None, weight: Any = None, density: bool = False) -> Histogram:
    """The named pair (hist, bin_edges) of how many values fall into each bin, or the sum of their weights.

    Args:
        input (Tensor): floating; all its elements.
        bins (int or Tensor): how many bins of one width, or their edges in increasing order.
        range (pair of numbers, optional): the bounds of the bins; those of the values by default.
        weight (Tensor, optional): of the shape of ``input``.
        density (bool): divide so that the sum of hist times the widths is 1.

    Raises:
        RuntimeError: bins, bounds, shapes or dtypes that do not fit.

    >>> import tinygrad_cn as tg
    >>> tg.histogram(tg.tensor([1., 2., 1.]), bins=2).hist
    tensor([2., 1.])
    """
    array = _values("histogram", input)
    scale = _weights("histogram", weight, array.shape, array.dtype)
    hist, edges = _histogram("histogram", array.reshape(-1, 1), bins, range, scale, density)
    return Histogram(input._wrap(hist), input._wrap(edges[0]))


def histogramdd(input: Any, bins: Any, *, range: Any = None, weight: Any = None, density: bool = False) -> Histogram:
    """The named pair (hist, bin_edges) of how many points fall into each cell of a grid.

    Args:
        input (Tensor): points along the last axis, of shape (..., D).
        bins (int, ints, or D Tensors): how many bins along all or each of the D axes, or their edges.
        range (2 D numbers, optional): the lower and upper bound of each axis.
        weight (Tensor, optional): of the shape (...) .
        density (bool): divide so that the sum of hist times the sizes of the cells is 1.

    Raises:
        RuntimeError: bins, bounds, shapes or dtypes that do not fit.
    """
    array = _values("histogramdd", input)
    if array.ndim < 2:
        raise ShapeError(f"histogramdd(): takes points along the last of at least two axes, got shape {array.shape}")
    scale = _weights("histogramdd", weight, array.shape[:-1], array.dtype)
    hist, edges = _histogram("histogramdd", array.reshape(-1, array.shape[-1]), bins, range, scale, density)
    return Histogram(input._wrap(hist), tuple(input._wrap(e) for e in edges))

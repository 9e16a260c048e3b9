"""Distances between all pairs of rows."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_cn.errors import DTypeError, ShapeError
from tinygrad_cn.functions._arguments import tensor
from tinygrad_cn.ops import arithmetic, linear_algebra, reductions, shape

__all__ = ["cdist"]

#: From this many rows on squared distances come from one matrix product, unless told otherwise.
_MANY_ROWS = 25

_MODES = (
    "use_mm_for_euclid_dist_if_necessary",
    "use_mm_for_euclid_dist",
    "donot_use_mm_for_euclid_dist",
)


def cdist(x1: Any, x2: Any, p: float = 2.0, compute_mode: str | None = _MODES[0]) -> Any:
    """The p-norm distances between all pairs of a row of ``x1`` and a row of ``x2``; the gradient at 0 is 0.

    Args:
        x1, x2 (floating Tensors)
        p (float): at least 0, ``math.inf`` included.
        compute_mode (str): whether Euclidean distances may come from one matrix product, which is faster and loses
            digits where rows are close: "use_mm_for_euclid_dist_if_necessary" (above 25 rows),
            "use_mm_for_euclid_dist", "donot_use_mm_for_euclid_dist".

    Shape:
        (..., n, k), (..., m, k) -> (..., n, m).

    Raises:
        ShapeError: the rows have different lengths, or a tensor has no rows.
        RuntimeError: a negative ``p``, tensors of integers, another mode.

    >>> import tinygrad_cn as tg
    >>> tg.cdist(tg.tensor([[0., 0.]]), tg.tensor([[3., 4.], [0., 0.]]))
    tensor([[5., 0.]])
    """
    x, y = tensor("cdist", x1, "x1")._array, tensor("cdist", x2, "x2")._array
    if x.dtype.kind != "f" or y.dtype.kind != "f":
        raise DTypeError(f"cdist(): expects floating tensors, got {x.dtype} and {y.dtype}; convert with .float()")
    if x.dtype != y.dtype:
        raise DTypeError(f"cdist(): the tensors have dtypes {x.dtype} and {y.dtype}; convert one with .to(dtype)")
    if x.ndim < 2 or y.ndim < 2 or x.shape[-1] != y.shape[-1]:
        raise ShapeError(f"cdist(): expects rows of one length, got shapes {list(x.shape)} and {list(y.shape)}")
    if not p >= 0:
        raise RuntimeError(f"cdist(): p must be at least 0, got {p}")
    mode = compute_mode if compute_mode is not None else _MODES[0]
    if mode not in _MODES:
        raise ValueError(f"cdist(): compute_mode must be one of {', '.join(_MODES)}; got {compute_mode!r}")
    if p == 2 and (mode == _MODES[1] or (mode == _MODES[0] and max(x.shape[-2], y.shape[-2]) > _MANY_ROWS)):
        return _euclidean(x1, x2)
    apart = arithmetic.subtract(shape.expand_dims(x1, axis=-2), shape.expand_dims(x2, axis=-3))  # (..., n, m, k)
    return _norm(apart, p)


def _norm(apart: Any, p: float) -> Any:
    if p == 2:
        return reductions.norm2(apart, axis=-1, keepdims=False)
    size = arithmetic.absolute(apart)
    if p == 0:
        return reductions.sum_(arithmetic.nonzero_count(apart), axis=-1, keepdims=False)
    if p == 1:
        return reductions.sum_(size, axis=-1, keepdims=False)
    if p == math.inf:
        if not size._array.shape[-1]:
            return reductions.sum_(size, axis=-1, keepdims=False)
        return reductions.amax(size, axis=-1, keepdims=False)
    one = apart._array.dtype.type(1)
    still = np.equal(apart._array, 0)  # elements and pairs at a distance of 0 are constants
    powers = arithmetic.where(still, 0, arithmetic.power(arithmetic.where(still, one, size), float(p)))
    total = reductions.sum_(powers, axis=-1, keepdims=False)
    return _root(total, 1.0 / p)


def _euclidean(a: Any, b: Any) -> Any:
    """|a - b|^2 = |a|^2 + |b|^2 - 2 a.b for all pairs: one matrix product."""
    lengths_a = reductions.sum_(arithmetic.multiply(a, a), axis=-1, keepdims=True)  # (..., n, 1)
    lengths_b = reductions.sum_(arithmetic.multiply(b, b), axis=-1, keepdims=True)  # (..., m, 1)
    squares = arithmetic.subtract(
        arithmetic.add(lengths_a, shape.swapaxes(lengths_b, axis1=-1, axis2=-2)),
        arithmetic.multiply(linear_algebra.matmul(a, shape.swapaxes(b, axis1=-1, axis2=-2)), 2),
    )
    return _root(squares, 0.5)


def _root(x: Any, exponent: float) -> Any:
    """``x`` to a power, 0 without a gradient where ``x`` is not above 0."""
    positive = np.greater(x._array, 0)
    one = x._array.dtype.type(1)
    return arithmetic.where(positive, arithmetic.power(arithmetic.where(positive, x, one), exponent), 0)

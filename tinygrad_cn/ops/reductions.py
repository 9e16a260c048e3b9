"""Reductions along axes, and running sums and products."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_cn.op import op
from tinygrad_cn.ops.guarded import times

Axis = int | tuple[int, ...] | None


def restored(g: Any, shape: tuple[int, ...], axis: Axis, keepdims: bool) -> Any:
    """``g`` with the reduced axes back as axes of size 1, so that it broadcasts against the reduction's input."""
    if keepdims or axis is None or not shape:
        return g
    axes = (axis,) if isinstance(axis, int) else axis
    return np.expand_dims(g, tuple(a % len(shape) for a in axes))


def reduced_count(shape: tuple[int, ...], axis: Axis) -> int:
    """How many elements each element of the result was made of."""
    if axis is None or not shape:
        return math.prod(shape)
    axes = (axis,) if isinstance(axis, int) else axis
    return math.prod(shape[a] for a in axes)


def _spread(g: Any, x_shape: tuple[int, ...], axis: Axis, keepdims: bool) -> Any:
    return np.broadcast_to(restored(g, x_shape, axis, keepdims), x_shape)


def _sum(x: Any, *, axis: Any = None, keepdims: Any = False) -> Any:
    return np.add.reduce(x, axis=axis, keepdims=keepdims, dtype=x.dtype)


sum_ = op("sum", _sum, x=_spread)


def _mean(x: Any, *, axis: Any = None, keepdims: Any = False) -> Any:
    total = np.add.reduce(x, axis=axis, keepdims=keepdims, dtype=x.dtype)
    count = reduced_count(x.shape, axis)
    return total / count if count else total * math.nan


mean = op(
    "mean",
    _mean,
    x=lambda g, x_shape, axis, keepdims: _spread(g / reduced_count(x_shape, axis), x_shape, axis, keepdims),
)


def _centred(x: Any, axis: Axis) -> Any:
    return x - np.mean(x, axis=axis, keepdims=True)


def _variance(x: Any, *, axis: Any = None, correction: float = 1, keepdims: Any = False) -> Any:
    d = x - _mean(x, axis=axis, keepdims=True)
    total = np.add.reduce(d * d, axis=axis, keepdims=keepdims)
    freedom = reduced_count(x.shape, axis) - correction
    return total / freedom if freedom > 0 else total / total.dtype.type(0)


def _variance_x(g: Any, x: Any, axis: Axis, correction: float, keepdims: bool) -> Any:
    freedom = max(reduced_count(x.shape, axis) - correction, 0)
    scale = 2 / freedom if freedom else math.inf
    return restored(g, x.shape, axis, keepdims) * (scale * _centred(x, axis))


variance = op("variance", _variance, x=_variance_x, label="Var")


def _deviation_x(g: Any, x: Any, out: Any, axis: Axis, correction: float, keepdims: bool) -> Any:
    """Zero for a constant, where the deviation has a kink and 0 is the sub-gradient of least norm."""
    flat = out == 0
    half = np.where(flat, 0, g) / np.where(flat, 1, out * 2)
    return _variance_x(half, x, axis, correction, keepdims)


deviation = op(
    "deviation",
    lambda x, *, axis=None, correction=1, keepdims=False: np.sqrt(
        _variance(x, axis=axis, correction=correction, keepdims=keepdims)
    ),
    x=_deviation_x,
    label="Std",
)

# ---------------------------------------------------------------------------------------- extremes


def _shared(g: Any, x: Any, out: Any, axis: Axis, keepdims: bool) -> Any:
    """Ties share the gradient evenly, as in PyTorch's ``amax``."""
    best = restored(out, x.shape, axis, keepdims)
    hit = (x == best) | ((x != x) & (best != best))
    count = np.sum(hit, axis=axis, keepdims=True, dtype=np.int64)
    share = restored(g, x.shape, axis, keepdims) / _as_like(count, g)
    return np.where(hit, share, 0)


def _as_like(count: Any, g: Any) -> Any:
    """The counts in the cotangent's dtype, so that float32 stays float32."""
    raw = getattr(count, "_array", count)
    return raw.astype(getattr(g, "_array", g).dtype)


amax = op("amax", lambda x, *, axis=None, keepdims=False: np.amax(x, axis=axis, keepdims=keepdims), x=_shared)
amin = op("amin", lambda x, *, axis=None, keepdims=False: np.amin(x, axis=axis, keepdims=keepdims), x=_shared)

# ------------------------------------------------------------------------------ exponentials, norm


def _logsumexp(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    if not x.size and not reduced_count(x.shape, axis):
        return np.log(_sum(np.exp(x), axis=axis, keepdims=keepdims))
    top = np.max(x.real, axis=axis, keepdims=True)
    top = np.where(np.isfinite(top), top, top.dtype.type(0))
    total = np.log(np.add.reduce(np.exp(x - top), axis=axis, keepdims=True)) + top
    return total if keepdims else np.squeeze(total, axis=axis)


def _logsumexp_x(g: Any, x: Any, out: Any, axis: Axis, keepdims: bool) -> Any:
    """g softmax(x); zero where all of x is -inf."""
    whole = restored(out, x.shape, axis, keepdims)
    share = np.exp(x - np.where(np.isfinite(whole), whole, 0))
    return times(restored(g, x.shape, axis, keepdims), np.where(np.isfinite(whole), share, 0))


logsumexp = op("logsumexp", _logsumexp, x=_logsumexp_x)


def _norm(x: Any, *, axis: Any = None, keepdims: Any = False) -> Any:
    return np.sqrt(np.add.reduce(x * x, axis=axis, keepdims=keepdims))


def _norm_x(g: Any, x: Any, out: Any, axis: Axis, keepdims: bool) -> Any:
    """g x / |x|, and 0 at 0, where the norm has a kink and 0 is the sub-gradient of least norm."""
    length, g = restored(out, x.shape, axis, keepdims), restored(g, x.shape, axis, keepdims)
    flat = length == 0
    return times(np.where(flat, 0, g) / np.where(flat, 1, length), x)


#: The Euclidean norm.
norm2 = op("norm2", _norm, x=_norm_x, label="LinalgVectorNorm")

# ---------------------------------------------------------------------------------------- products


def _others(x: Any, *, axis: int) -> Any:
    """For each element, the product of the others along ``axis``: defined and exact also where some are 0."""
    zero = x == 0
    count = np.sum(zero, axis=axis, keepdims=True)
    rest = np.prod(np.where(zero, 1, x), axis=axis, keepdims=True, dtype=x.dtype)
    without = rest / np.where(zero, 1, x)
    return np.where(count == 0, without, np.where((count == 1) & zero, rest, 0)).astype(x.dtype)


def _others_by_pairs(x: Any, *, axis: int) -> Any:
    """The same, spelled as a product over all pairs with the diagonal left out; quadratic, but differentiable."""
    n = x.shape[axis]
    rows = np.expand_dims(np.moveaxis(x, axis, -1), -2)
    product = np.prod(np.where(np.eye(n, dtype=bool), 1, rows), axis=-1)
    return np.moveaxis(product, -1, axis)


def _others_x(g: Any, needs: Any, x: Any, axis: int) -> Any:
    """Each output is a product of its row of factors, of which x_k is one: sum over the rows."""
    n = x.shape[axis]
    rows = np.moveaxis(x, axis, -1)
    eye = np.eye(n, dtype=bool)
    pairs = np.where(eye, 1, np.expand_dims(rows, -2))  # (..., i, k): the factors of output i
    inner = _others(pairs, axis=-1)  # (..., i, k): d out_i / d factor k
    gi = np.expand_dims(np.moveaxis(g, axis, -1), -1)
    return (np.moveaxis(np.sum(np.where(eye, 0, gi * inner), axis=-2), -1, axis),)


others = op("others", _others, joint=_others_x, composite=_others_by_pairs)


def _prod(x: Any, *, axis: Any = None, keepdims: Any = False) -> Any:
    return np.multiply.reduce(x, axis=axis, keepdims=keepdims, dtype=x.dtype)


def _prod_x(g: Any, x: Any, axis: int | None, keepdims: bool) -> Any:
    if not x.shape:
        return g
    if axis is None:
        return np.reshape(g * others(np.reshape(x, (-1,)), axis=0), x.shape)
    return restored(g, x.shape, axis, keepdims) * others(x, axis=axis)


prod = op("prod", _prod, x=_prod_x)

# ------------------------------------------------------------------------------------ running ones

cumsum = op(
    "cumsum",
    lambda x, *, axis: np.cumsum(x, axis=axis, dtype=x.dtype),
    x=lambda g, axis: np.flip(np.cumsum(np.flip(g, axis), axis), axis),
)


def _cumprod_x(g: Any, x: Any, out: Any, axis: int) -> Any:
    """sum over j >= i of g_j out_j / x_i; where x has zeros, by the products without x_i, row by row."""
    if not np.any(x == 0):
        return np.flip(np.cumsum(np.flip(g * out, axis), axis), axis) / x
    n = x.shape[axis]
    rows = np.expand_dims(np.moveaxis(x, axis, -1), -2)  # (..., 1, n)
    without = np.cumprod(np.where(np.eye(n, dtype=bool), 1, rows), axis=-1)  # (..., i, j)
    later = np.where(np.triu(np.ones((n, n), dtype=bool)), without, 0)
    return np.moveaxis(np.sum(np.expand_dims(np.moveaxis(g, axis, -1), -2) * later, axis=-1), -1, axis)


cumprod = op("cumprod", lambda x, *, axis: np.cumprod(x, axis=axis, dtype=x.dtype), x=_cumprod_x)

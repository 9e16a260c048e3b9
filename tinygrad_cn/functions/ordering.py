"""Order statistics: medians, quantiles, the k-th smallest, the most frequent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_cn.errors import DTypeError, ShapeError
from tinygrad_cn.functions._arguments import accepts_axis, axis, tensor
from tinygrad_cn.functions.reduction import sort
from tinygrad_cn.functions.results import ValuesIndices
from tinygrad_cn.graph import Handle
from tinygrad_cn.ops import arithmetic, indexing, running, shape

Positions = Callable[[np.ndarray], np.ndarray]


def _picked(name: str, positions: Positions, input: Any, dim: int, keepdim: bool) -> ValuesIndices:
    """The element of each line at the position that ``positions`` (of lines along the last axis) gives."""
    array = tensor(name, input)._array
    number = axis(name, dim, array.ndim)
    if array.ndim == 0:
        return ValuesIndices(shape.copy(input), input._wrap(np.zeros((), dtype=np.int64)))
    if array.shape[number] == 0:
        raise IndexError(f"{name}(): dim {dim} has size 0; there is nothing to choose from")
    index = np.expand_dims(positions(np.moveaxis(array, number, -1)), number).astype(np.int64)
    values = indexing.take_along_axis(input, index=index, axis=number)
    if not keepdim:
        values, index = shape.squeeze(values, axis=number), np.squeeze(index, number)
    return ValuesIndices(values, input._wrap(index))


def _isnan(lines: np.ndarray) -> np.ndarray:
    return np.isnan(lines) if lines.dtype.kind == "f" else np.zeros(lines.shape, dtype=bool)


def _at_rank(lines: np.ndarray, rank: Any) -> np.ndarray:
    """The positions of the elements that stand at ``rank`` when the lines are sorted."""
    order = np.argsort(lines, axis=-1, kind="stable")
    where = np.broadcast_to(np.asarray(rank)[..., None], (*lines.shape[:-1], 1))
    return np.take_along_axis(order, where, -1)[..., 0]


@accepts_axis
def kthvalue(input: Any, k: int, dim: int = -1, keepdim: bool = False) -> ValuesIndices:
    """The named pair (values, indices) of the ``k``-th smallest elements along ``dim``, counted from 1.

    Raises:
        RuntimeError: there are fewer than ``k``, or ``k`` is less than 1.

    >>> import tinygrad_cn as tg
    >>> tg.kthvalue(tg.tensor([3., 1., 2.]), 2).values
    tensor(2.)
    """
    array = tensor("kthvalue", input)._array
    size = array.shape[axis("kthvalue", dim, array.ndim)] if array.ndim else 1
    if not 1 <= k <= size:
        raise RuntimeError(f"kthvalue(): k is {k}, but dim {dim} of shape {array.shape} has {size} elements")
    return _picked("kthvalue", lambda lines: _at_rank(lines, k - 1), input, dim, keepdim)


def _median_position(lines: np.ndarray) -> np.ndarray:
    missing = _isnan(lines)
    middle = _at_rank(lines, (lines.shape[-1] - 1) // 2)
    return np.where(missing.any(axis=-1), np.argmax(missing, axis=-1), middle)


def _nanmedian_position(lines: np.ndarray) -> np.ndarray:
    count = np.sum(~_isnan(lines), axis=-1)
    return _at_rank(lines, np.maximum(count - 1, 0) // 2)


@accepts_axis
def median(input: Any, dim: int | None = None, keepdim: bool = False) -> Any:
    """The median: of an even number of elements the lower one in the middle; NaN where there is one.

    Args:
        input (Tensor)
        dim (int, optional): the axis; without it the median of all elements, whose equals share the gradient.
        keepdim (bool): keep the axis with size 1.

    Returns:
        Tensor, or with ``dim`` the named pair (values, indices).
    """
    if dim is None:
        return running.median(tensor("median", input))
    return _picked("median", _median_position, input, dim, keepdim)


@accepts_axis
def nanmedian(input: Any, dim: int | None = None, keepdim: bool = False) -> Any:
    """The median of the elements that are not NaN; otherwise as `median`."""
    if dim is None:
        return running.nanmedian(tensor("nanmedian", input))
    return _picked("nanmedian", _nanmedian_position, input, dim, keepdim)


def _mode_position(lines: np.ndarray) -> np.ndarray:
    """In sorted lines, the end of the first of the longest runs of equal elements."""
    order = np.argsort(lines, axis=-1, kind="stable")
    ordered = np.take_along_axis(lines, order, -1)
    place = np.broadcast_to(np.arange(lines.shape[-1]), lines.shape)
    starts = np.concatenate([np.ones_like(lines[..., :1], bool), ordered[..., 1:] != ordered[..., :-1]], axis=-1)
    length = place - np.maximum.accumulate(np.where(starts, place, 0), axis=-1)
    return np.take_along_axis(order, np.argmax(length, axis=-1)[..., None], -1)[..., 0]


@accepts_axis
def mode(input: Any, dim: int = -1, keepdim: bool = False) -> ValuesIndices:
    """The named pair (values, indices) of the most frequent elements along ``dim``, the smallest of several such."""
    return _picked("mode", _mode_position, input, dim, keepdim)


def msort(input: Any) -> Any:
    """``input`` sorted along its first axis."""
    return sort(input, dim=0).values


# --------------------------------------------------------------------------------------- quantiles

_INTERPOLATIONS = ("linear", "lower", "higher", "midpoint", "nearest")


def _levels(name: str, input: Any, q: Any) -> Any:
    """``q`` as a Tensor, checked."""
    array = tensor(name, input)._array
    if array.dtype not in (np.float32, np.float64):
        raise DTypeError(f"{name}(): takes float32 or float64, not {array.dtype}; convert with .float()")
    if array.size == 0:
        raise RuntimeError(f"{name}(): the input of shape {array.shape} holds no elements")
    if not isinstance(q, Handle):
        q = input._wrap(np.asarray(q, dtype=array.dtype))
    if q._array.ndim > 1:
        raise ShapeError(f"{name}(): q must be a number or a vector, got shape {q._array.shape}")
    if q._array.dtype != array.dtype:
        raise DTypeError(f"{name}(): q is {q._array.dtype}, the input {array.dtype}; convert one")
    if not ((q._array >= 0) & (q._array <= 1)).all():
        raise RuntimeError(f"{name}(): q must be in [0, 1], got {q._array.tolist()}")
    return q


def _quantile(name: str, input: Any, q: Any, dim: int | None, keepdim: bool, interpolation: str, skip_nan: bool) -> Any:
    if interpolation not in _INTERPOLATIONS:
        raise RuntimeError(
            f"{name}(): interpolation must be one of {', '.join(_INTERPOLATIONS)}, got {interpolation!r}"
        )
    q = _levels(name, input, q)
    ndim = input._array.ndim
    lines = shape.reshape(input, shape=(-1,)) if dim is None or ndim == 0 else input
    number = axis(name, dim if dim is not None else 0, ndim) if ndim else axis(name, dim or 0, ndim)
    if dim is not None and ndim:
        lines = shape.swapaxes(lines, axis1=number, axis2=ndim - 1)
    ordered = sort(lines, dim=-1).values  # NaN last
    last = ordered._array.shape[-1] - 1
    missing = np.isnan(lines._array)
    levels = shape.reshape(q, shape=(-1,))
    if skip_nan:
        top = np.maximum(np.sum(~missing, axis=-1, keepdims=True) - 1, 0).astype(ordered._array.dtype)
        ranks = arithmetic.multiply(levels, q._wrap(top))
    else:
        spread = q._wrap(np.full((*missing.shape[:-1], 1), last, dtype=ordered._array.dtype))
        ranks = arithmetic.multiply(levels, spread)
        broken = missing.any(axis=-1, keepdims=True)
        ranks = arithmetic.where(q._wrap(np.broadcast_to(broken, ranks._array.shape)), float(last), ranks)
    result = _interpolated(ordered, ranks, interpolation)  # (..., levels)
    result = shape.transpose(result, axes=(result.ndim - 1, *range(result.ndim - 1)))
    if dim is not None and ndim:  # (levels, ..., the axis that stood last) -> that axis where `number` was
        if keepdim or number != ndim - 1:
            result = shape.expand_dims(result, axis=result.ndim)
            result = shape.swapaxes(result, axis1=number + 1, axis2=ndim)
            if not keepdim:
                result = shape.squeeze(result, axis=number + 1)
    elif keepdim:
        result = shape.reshape(result, shape=(result._array.shape[0], *(1 for _ in range(ndim))))
    return result if q._array.ndim else shape.squeeze(result, axis=0)


def _interpolated(ordered: Any, ranks: Any, interpolation: str) -> Any:
    """The values of the sorted lines at fractional ranks."""
    place = ranks._array
    last = ordered._array.ndim - 1

    def at(where: np.ndarray) -> Any:
        return indexing.take_along_axis(ordered, index=where.astype(np.int64), axis=last)

    if interpolation == "nearest":
        return at(np.rint(place))
    if interpolation == "lower":
        return at(np.floor(place))
    if interpolation == "higher":
        return at(np.ceil(place))
    low, high = at(np.floor(place)), at(np.ceil(place))
    weight = 0.5 if interpolation == "midpoint" else arithmetic.subtract(ranks, np.floor(place))
    gap = arithmetic.subtract(high, low)
    endless = np.isinf(low._array) & (low._array == high._array)  # there is nothing between two equal infinities
    if endless.any():
        gap = arithmetic.where(low._wrap(endless), 0.0, gap)
    return arithmetic.add(low, arithmetic.multiply(gap, weight))


@accepts_axis
def quantile(
    input: Any, q: Any, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear"
) -> Any:
    """The ``q``-quantiles of all elements, or along ``dim``; NaN where there is one.

    Args:
        input (Tensor): float32 or float64.
        q (number or Tensor): in [0, 1]; a vector puts its axis in front of the result. Differentiable when linear.
        dim (int, optional)
        keepdim (bool): keep the axis with size 1.
        interpolation (str): between the neighbours of a fractional rank: ``"linear"``, ``"lower"``, ``"higher"``,
            ``"midpoint"`` or ``"nearest"``.

    Raises:
        RuntimeError: ``q`` outside [0, 1] or of another dtype; nothing to take a quantile of.

    >>> import tinygrad_cn as tg
    >>> tg.quantile(tg.tensor([1., 2., 4.]), 0.75)
    tensor(3.)
    """
    return _quantile("quantile", input, q, dim, keepdim, interpolation, skip_nan=False)


@accepts_axis
def nanquantile(
    input: Any, q: Any, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear"
) -> Any:
    """The quantiles of the elements that are not NaN; otherwise as `quantile`."""
    return _quantile("nanquantile", input, q, dim, keepdim, interpolation, skip_nan=True)
